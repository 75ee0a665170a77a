#include "bridge/hub/audit_trail.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "common/runtime/asio.h"
#include "tests/support/fake_clock.h"
#include "tests/support/run_task.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

class FakeAuditStore final : public AuditStore {
 public:
  Task<Reply<void>> add_audit(std::vector<AuditRow> rows) override {
    if (fails) co_return error(ErrorCode::busy, "too much waits");
    kept.insert(kept.end(), rows.begin(), rows.end());
    co_return Reply<void>();
  }
  Task<Reply<void>> forget_audit(std::int64_t before_ms, std::int64_t acts_max, std::int64_t refusals_max) override {
    forgotten.push_back({before_ms, acts_max, refusals_max});
    co_return Reply<void>();
  }
  Task<Reply<AuditPage>> read_audit(AuditQuery) override { co_return AuditPage(); }

  bool fails = false;
  std::vector<AuditRow> kept;
  std::vector<std::vector<std::int64_t>> forgotten;
};

TEST(AuditTrail, KeepsEveryActAndCountsTheRefusalsItLeavesOut) {
  test::FakeClock clock;
  std::vector<json> lines;
  FakeAuditStore store;
  AuditTrail trail(clock, store, [&lines](const std::string& line) { lines.push_back(json::parse(line)); }, {});
  trail.tick();
  EXPECT_TRUE(lines.empty());
  for (int i = 0; i < 30; ++i) trail.refused("speaker", "", "devices.register", "lamp", "forbidden", "taken");
  for (int i = 0; i < 30; ++i) trail.acted("alice", "alice", "devices.register", "lamp");
  EXPECT_EQ(lines.size(), 50u);
  EXPECT_EQ(lines[0].at("reason"), "taken");
  trail.tick();
  trail.tick();
  ASSERT_EQ(lines.size(), 51u);
  EXPECT_EQ(lines.back().at("action"), "bridge.refusals");
  EXPECT_EQ(lines.back().at("left_out"), 10);
  clock.advance(std::chrono::seconds(1));
  trail.refused("speaker", "", "devices.register", "lamp", "forbidden", "taken");
  EXPECT_EQ(lines.size(), 52u);
}

TEST(AuditTrail, KeepsInTheStoreWhatItWritesAndTriesAgainWhatTheStoreDidNotTake) {
  test::FakeClock clock;
  asio::io_context loop;
  FakeAuditStore store;
  AuditTrail trail(clock, store, [](const std::string&) {}, {.days = 7, .lines_max = 100, .waiting_max = 3});
  store.fails = true;
  trail.acted("admin", "alice", "users.update", "alice");
  EXPECT_FALSE(test::run_task(loop, trail.flush()));
  trail.refused("bob", "bob", "users.audit", "", "forbidden", "only an admin may read the audit");
  store.fails = false;
  EXPECT_TRUE(test::run_task(loop, trail.flush()));
  ASSERT_EQ(store.kept.size(), 2u);
  EXPECT_EQ(store.kept[0].user_id, "alice");
  EXPECT_FALSE(store.kept[0].is_refusal);
  EXPECT_TRUE(store.kept[1].is_refusal);
  EXPECT_EQ(store.kept[1].outcome, "forbidden");
  for (int i = 0; i < 9; ++i) trail.acted("admin", "alice", "users.update", "alice");
  EXPECT_TRUE(test::run_task(loop, trail.flush()));
  EXPECT_EQ(store.kept.size(), 5u) << "no more wait than may";
  ASSERT_EQ(store.forgotten.size(), 1u) << "once in ten minutes";
  EXPECT_EQ(store.forgotten[0][0], to_unix_ms(clock.wall_now() - std::chrono::hours(24 * 7)));
  EXPECT_EQ(store.forgotten[0][1], 100);
  EXPECT_EQ(store.forgotten[0][2], 25);
  clock.advance(AuditTrail::forgotten_every);
  EXPECT_TRUE(test::run_task(loop, trail.flush()));
  EXPECT_EQ(store.forgotten.size(), 2u);
}

}  // namespace
}  // namespace strawberry::bridge
