#include "bridge/hub/audit_trail.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "tests/support/fake_clock.h"

namespace strawberry {
namespace {

using nlohmann::json;

TEST(AuditTrail, KeepsEveryActAndCountsTheRefusalsItLeavesOut) {
  test::FakeClock clock;
  std::vector<json> lines;
  AuditTrail trail(clock, [&lines](const std::string& line) { lines.push_back(json::parse(line)); });
  trail.tick();
  EXPECT_TRUE(lines.empty());
  for (int i = 0; i < 30; ++i) trail.refused("speaker", "devices.register", "lamp", "forbidden", "taken");
  for (int i = 0; i < 30; ++i) trail.acted("alice", "devices.register", "lamp");
  EXPECT_EQ(lines.size(), 50u);
  EXPECT_EQ(lines[0].at("reason"), "taken");
  trail.tick();
  trail.tick();
  ASSERT_EQ(lines.size(), 51u);
  EXPECT_EQ(lines.back().at("action"), "bridge.refusals");
  EXPECT_EQ(lines.back().at("left_out"), 10);
  clock.advance(std::chrono::seconds(1));
  trail.refused("speaker", "devices.register", "lamp", "forbidden", "taken");
  EXPECT_EQ(lines.size(), 52u);
}

}  // namespace
}  // namespace strawberry
