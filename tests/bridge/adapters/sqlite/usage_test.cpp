/// Usage on a real database.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include "bridge/adapters/sqlite/database.h"
#include "bridge/adapters/sqlite/sqlite_storage.h"
#include "tests/support/run_task.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_hub.h"

namespace strawberry::bridge {
namespace {

UsageRow row(const std::string& user, std::int64_t day, const std::string& model, std::int64_t tokens = 1) {
  return {user, day, "tablet", "openai", model, false, {1, tokens, 0}};
}

class UsageRows : public testing::Test {
 protected:
  UsageRows() : store_(std::move(*SqliteStorage::open(loop_, directory_.file("hub.db"), {}))) {}
  template <class T>
  T run(Task<Reply<T>> task) {
    return test::run_task(loop_, std::move(task)).value();
  }
  void add(std::vector<UsageRow> rows) {
    ASSERT_TRUE(test::run_task(loop_, store_->usage().add_usage(std::move(rows), 0)));
  }

  test::TempDir directory_;
  asio::io_context loop_;
  std::unique_ptr<SqliteStorage> store_;
};

TEST_F(UsageRows, TheSameDayDeviceProviderAndModelIsOneRow) {
  add({row("alice", 20'000, "a", 5)});
  add({row("alice", 20'000, "a", 6), row("alice", 20'001, "a"), row("bob", 20'000, "a")});
  const auto report = run(store_->usage().read_usage("alice", 0, 10));
  ASSERT_EQ(report.rows.size(), 2U);
  EXPECT_EQ(report.rows[0].day, 20'001);
  EXPECT_EQ(report.rows[1].count, (UsageCount{2, 11, 0}));
}

TEST_F(UsageRows, WhatADayHasBeyondItsBoundIsOneRow) {
  std::vector<UsageRow> rows;
  for (std::size_t i = 0; i < usage_rows_max + 20; ++i) rows.push_back(row("alice", 20'000, "m" + std::to_string(i)));
  add(rows);
  add(rows);
  const auto report = run(store_->usage().read_usage("alice", 0, 2 * usage_rows_max));
  ASSERT_EQ(report.rows.size(), usage_rows_max + 1);
  EXPECT_EQ(report.rows[0].model, usage_model_other) << "the one without a device is the first";
  EXPECT_EQ(report.rows[0].count.requests, 40);
  EXPECT_EQ(report.total.requests, static_cast<std::int64_t>(2 * rows.size())) << "nothing is lost";
  add({row("alice", 20'001, "m")});
  EXPECT_EQ(run(store_->usage().read_usage("alice", 20'001, 10)).rows[0].model, "m") << "each day anew";
}

TEST_F(UsageRows, TokensOfADayAreThoseOfWhoUsedTheMost) {
  add({row("alice", 20'000, "a", 5), row("alice", 20'000, "b", 6), row("bob", 20'000, "a", 20),
       row("carol", 20'000, "a", 1), row("carol", 19'999, "a", 100)});
  const auto users = run(store_->usage().tokens_of_day(20'000, 2));
  ASSERT_EQ(users.size(), 2U);
  EXPECT_EQ(users[0].user_id + users[1].user_id, "bobalice");
  EXPECT_EQ(users[1].tokens, 11);
}

TEST_F(UsageRows, ChatsAreCountedByUserAndDay) {
  ASSERT_TRUE(test::run_task(loop_, store_->usage().add_chats({{"alice", 20'000, 2}, {"bob", 19'999, 7}}, 0)));
  ASSERT_TRUE(test::run_task(loop_, store_->usage().add_chats({{"alice", 20'000, 1}}, 0)));
  add({row("alice", 20'000, "a", 5)});
  auto users = run(store_->usage().tokens_of_day(20'000, 10));
  ASSERT_EQ(users.size(), 1U);
  EXPECT_EQ(users[0].chats, 3);
  EXPECT_GE(users[0].tokens, 5);
  ASSERT_TRUE(test::run_task(loop_, store_->usage().add_chats({}, 20'000)));
  EXPECT_TRUE(run(store_->usage().tokens_of_day(19'999, 10)).empty()) << "days before are forgotten";
}

TEST(UsageMigration, ADatabaseOfTheVersionBeforeKeepsWhatItHas) {
  const test::TempDir directory;
  const auto path = directory.file("hub.db");
  ASSERT_TRUE(migrate_database(path));
  {
    SQLite::Database database(path, SQLite::OPEN_READWRITE);
    test::take_back_to_version(database, 2);
    database.exec("INSERT INTO spent_tokens VALUES ('once', 1)");
  }
  ASSERT_TRUE(migrate_database(path));
  SQLite::Database database(path, SQLite::OPEN_READONLY);
  EXPECT_EQ(database.execAndGet("PRAGMA user_version").getInt(), database_version());
  EXPECT_EQ(database.execAndGet("SELECT count(*) FROM usage").getInt(), 0);
  EXPECT_EQ(database.execAndGet("SELECT enroll_id FROM spent_tokens").getString(), "once");
}

}  // namespace
}  // namespace strawberry::bridge
