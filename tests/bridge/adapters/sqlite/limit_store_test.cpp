/// Limits of single users, on a real database.
#include <gtest/gtest.h>

#include "bridge/adapters/sqlite/sqlite_storage.h"
#include "tests/support/run_task.h"
#include "tests/support/temp_dir.h"

namespace strawberry::bridge {
namespace {

class LimitStoreTest : public testing::Test {
 protected:
  void SetUp() override { open(); }
  void open() {
    store_.reset();
    SqliteStorage::Options options;
    options.limits.devices_per_user_max = 1;
    options.limits.sessions_per_user_max = 1;
    store_ = std::move(SqliteStorage::open(loop_, directory_.file("hub.db"), options).value());
  }
  template <class T>
  Reply<T> run(Task<Reply<T>> task) {
    return test::run_task(loop_, std::move(task));
  }
  void limit(LimitKind kind, std::optional<std::int64_t> value) {
    ASSERT_TRUE(run(store_->limits().put_limits("alice", {{kind, value}})));
  }
  /// `ok`, or the limit that refused it.
  std::string add_device(const std::string& id, const std::string& user = "alice") {
    DeviceRow row;
    row.device_id = row.name = row.normalized_name = id;
    row.user_id = user;
    const auto added = run(store_->devices().add_device(row));
    return added ? "ok" : added.error().details.value("limit", "?") + added.error().details.at("max").dump();
  }
  std::string add_session(const std::string& id, const std::string& user = "alice") {
    SessionRow row;
    row.session_id = id;
    row.user_id = user;
    row.device_id = "d";
    const auto added = run(store_->conversations().add_session(row));
    return added ? "ok" : added.error().details.value("limit", "?");
  }

  asio::io_context loop_;
  test::TempDir directory_;
  std::unique_ptr<SqliteStorage> store_;
};

TEST_F(LimitStoreTest, AUsersOwnLimitHoldsInsteadOfTheConfigurationsForThatUserAlone) {
  EXPECT_EQ(add_device("a"), "ok");
  EXPECT_EQ(add_device("b"), "devices_per_user_max1");
  limit(LimitKind::devices, 2);
  EXPECT_EQ(add_device("b"), "ok");
  EXPECT_EQ(add_device("c"), "devices_per_user_max2");
  EXPECT_EQ(add_device("d", "bob"), "ok");
  EXPECT_EQ(add_device("e", "bob"), "devices_per_user_max1");
  limit(LimitKind::devices, 0);
  EXPECT_EQ(add_device("c"), "ok") << "0: any number";
  limit(LimitKind::devices, std::nullopt);
  EXPECT_EQ(add_device("f"), "devices_per_user_max1");
}

TEST_F(LimitStoreTest, SessionsAndBytesHaveLimitsOfAUsersOwn) {
  limit(LimitKind::sessions, 2);
  EXPECT_EQ(add_session("1"), "ok");
  EXPECT_EQ(add_session("2"), "ok");
  EXPECT_EQ(add_session("3"), "sessions_per_user_max");
  EXPECT_EQ(run(store_->limits().stored_amounts("alice"))->sessions, 2);
  EXPECT_EQ(run(store_->limits().users_at_limit())->at(LimitKind::sessions), 1);
  EXPECT_EQ(add_session("4", "bob"), "ok");
  EXPECT_EQ(run(store_->limits().users_at_limit())->at(LimitKind::sessions), 2);
  EXPECT_EQ(run(store_->limits().users_at_limit())->at(LimitKind::stored_bytes), 0);
  limit(LimitKind::stored_bytes, 2048);
  EXPECT_EQ(run(store_->limits().users_at_limit())->at(LimitKind::stored_bytes), 1);
  limit(LimitKind::sessions, 0);
  EXPECT_EQ(add_session("3"), "stored_bytes_per_user_max");
}

TEST_F(LimitStoreTest, TheyAreThereAfterARestart) {
  limit(LimitKind::tokens_per_day, 500);
  limit(LimitKind::devices, 7);
  limit(LimitKind::devices, 8);
  open();
  UserLimitRows rows;
  ASSERT_TRUE(store_->load_limits([&rows](const std::string& user_id, LimitKind kind, std::int64_t value) {
    EXPECT_EQ(user_id, "alice");
    rows[kind] = value;
  }));
  EXPECT_EQ(rows, (UserLimitRows{{LimitKind::devices, 8}, {LimitKind::tokens_per_day, 500}}));
}

}  // namespace
}  // namespace strawberry::bridge
