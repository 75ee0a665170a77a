/// Kept audit lines, on a real database.
#include <gtest/gtest.h>

#include "bridge/adapters/sqlite/sqlite_storage.h"
#include "tests/support/run_task.h"
#include "tests/support/temp_dir.h"

namespace strawberry::bridge {
namespace {

class AuditStoreTest : public testing::Test {
 protected:
  template <class T>
  Reply<T> run(Task<Reply<T>> task) {
    return test::run_task(loop_, std::move(task));
  }
  void add(std::int64_t ts_ms, const std::string& actor, const std::string& user, const std::string& action,
           bool is_refusal = false) {
    ASSERT_TRUE(run(store_->audit().add_audit(
        {{0, ts_ms, is_refusal, actor, user, action, "lamp", is_refusal ? "forbidden" : "ok", ""}})));
  }
  /// The times, newest first; `+` when there is more.
  std::string found(const AuditQuery& query) {
    const auto page = run(store_->audit().read_audit(query));
    std::string text;
    for (const auto& row : page->rows) text += std::to_string(row.ts_ms) + " ";
    before_ = page->before;
    return text + (page->before ? "+" : "");
  }

  asio::io_context loop_;
  test::TempDir directory_;
  std::unique_ptr<SqliteStorage> store_ = std::move(SqliteStorage::open(loop_, directory_.file("hub.db"), {}).value());
  std::optional<std::int64_t> before_;
};

TEST_F(AuditStoreTest, LinesAreFoundByTimeUserAndActionNewestFirst) {
  add(10, "alice", "alice", "devices.update");
  add(20, "admin", "alice", "users.update");
  add(30, "bob", "bob", "devices.update", true);
  EXPECT_EQ(found({}), "30 20 10 ");
  EXPECT_EQ(found({.since_ms = 20}), "30 20 ");
  EXPECT_EQ(found({.until_ms = 20}), "10 ");
  EXPECT_EQ(found({.user = "alice"}), "20 10 ");
  EXPECT_EQ(found({.user = "admin"}), "20 ") << "who did it counts as well";
  EXPECT_EQ(found({.action = "devices.update"}), "30 10 ");
  EXPECT_EQ(found({.action = "update"}), "30 20 10 ");
  EXPECT_EQ(found({.action = "%"}), "");
}

TEST_F(AuditStoreTest, APageIsFollowedByTheNextWithoutALineTwice) {
  for (int i = 1; i <= 5; ++i) add(i, "alice", "alice", "devices.update");
  EXPECT_EQ(found({.rows_max = 2}), "5 4 +");
  add(6, "alice", "alice", "devices.update");
  EXPECT_EQ(found({.before = before_, .rows_max = 2}), "3 2 +");
  EXPECT_EQ(found({.before = before_, .rows_max = 2}), "1 ");
}

TEST_F(AuditStoreTest, OneLookGoesThroughSoManyLinesAndSaysThatThereAreMore) {
  add(1, "bob", "bob", "devices.update");
  std::vector<AuditRow> many(AuditStore::looked_through_max,
                             AuditRow{0, 2, false, "alice", "alice", "a.b", "", "ok", ""});
  ASSERT_TRUE(run(store_->audit().add_audit(std::move(many))));
  EXPECT_EQ(found({.user = "bob"}), "+");
  EXPECT_EQ(found({.user = "bob", .before = before_}), "1 ");
}

TEST_F(AuditStoreTest, WhatIsTooOldGoesAndRefusalsPushOutNoAct) {
  add(1, "alice", "alice", "devices.update");
  add(2, "alice", "alice", "devices.update");
  for (int i = 3; i <= 6; ++i) add(i, "bob", "bob", "devices.update", true);
  ASSERT_TRUE(run(store_->audit().forget_audit(0, 2, 2)));
  EXPECT_EQ(found({}), "6 5 2 1 ");
  ASSERT_TRUE(run(store_->audit().forget_audit(2, 2, 2)));
  EXPECT_EQ(found({}), "6 5 2 ");
  ASSERT_TRUE(run(store_->audit().forget_audit(2, 1, 1)));
  EXPECT_EQ(found({}), "6 2 ");
  ASSERT_TRUE(run(store_->audit().forget_audit(100, 9, 9)));
  EXPECT_EQ(found({}), "");
}

}  // namespace
}  // namespace strawberry::bridge
