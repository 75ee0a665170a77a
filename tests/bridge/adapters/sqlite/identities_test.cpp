/// Whose an id is, and what stays of a device that is deleted.
#include "common/runtime/asio.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include "bridge/adapters/sqlite/device_rows.h"
#include "bridge/adapters/sqlite/issued_tokens.h"
#include "bridge/adapters/sqlite/sqlite_storage.h"
#include "tests/support/run_task.h"
#include "tests/support/temp_dir.h"

namespace strawberry::bridge {
namespace {

DeviceRow device(const std::string& id, const std::string& user = "alice", std::int64_t tokens_valid_from_ms = 0) {
  DeviceRow row;
  row.device_id = id;
  row.user_id = user;
  row.name = row.normalized_name = id;
  row.created_at_ms = 1'000;
  row.tokens_valid_from_ms = tokens_valid_from_ms;
  return row;
}

/// The first column, with a space between rows.
std::string column(const std::string& path, const std::string& select) {
  SQLite::Database database(path, SQLite::OPEN_READWRITE, 5'000);
  SQLite::Statement rows(database, select);
  std::string all;
  while (rows.executeStep()) all += (all.empty() ? "" : " ") + rows.getColumn(0).getString();
  return all;
}

void exec(const std::string& path, const std::string& sql) {
  SQLite::Database(path, SQLite::OPEN_READWRITE, 5'000).exec(sql);
}

class Identities : public testing::Test {
 protected:
  Identities() { store_ = std::move(SqliteStorage::open(loop_, path_, {}).value()); }
  template <class T>
  Reply<T> run(Task<Reply<T>> task) {
    return test::run_task(loop_, std::move(task));
  }
  /// What came of it: from when on tokens are valid, or the code.
  std::string added(DeviceRow row) {
    const auto reply = run(store_->devices().add_device(std::move(row)));
    return reply ? std::to_string(*reply) : std::string(to_string(reply.error().code));
  }
  std::string taken() { return column(path_, "SELECT id FROM taken_ids ORDER BY id"); }

  test::TempDir directory_;
  const std::string path_ = directory_.file("hub.db");
  asio::io_context loop_;
  std::unique_ptr<SqliteStorage> store_;
};

TEST_F(Identities, AreTakenByWhoeverOwnsATokenADeviceOrASession) {
  EXPECT_EQ(added(device("a", "owner")), "0");
  SessionRow session;
  session.session_id = "s";
  session.user_id = "talking";
  session.device_id = "d";
  ASSERT_TRUE(run(store_->conversations().add_session(session)));
  const auto record = [&](const std::string& jti, const std::string& type, const std::string& user_id) {
    IssuedToken token;
    token.jti = jti;
    token.type = type;
    token.subject = "subject";
    token.user_id = user_id;
    return record_token(path_, token, {}, false, 0).has_value();
  };
  EXPECT_TRUE(record("1", "user", "listed"));
  EXPECT_TRUE(record("2", "enroll", "enrolling"));
  EXPECT_TRUE(record("3", "admin", ""));
  EXPECT_FALSE(record("4", "user", "a")) << "is a device";
  EXPECT_FALSE(record("5", "enroll", "a"));
  ASSERT_TRUE(run(store_->devices().take_id("asking", 5)));
  EXPECT_EQ(taken(), "asking enrolling listed owner subject talking");
  for (const char* id : {"asking", "enrolling", "listed", "owner", "subject", "talking"}) {
    EXPECT_EQ(added(device(id)), "forbidden") << id;
  }
  std::string loaded;
  ASSERT_TRUE(store_->load_taken_ids([&](const std::string& id) { loaded += (loaded.empty() ? "" : " ") + id; }));
  EXPECT_EQ(loaded, taken());
}

TEST_F(Identities, OfDevicesAreNoUsers) {
  EXPECT_EQ(added(device("a", "a")), "forbidden");
  EXPECT_EQ(added(device("a")), "0");
  EXPECT_EQ(added(device("b", "a")), "bad_request");
  EXPECT_EQ(run(store_->devices().enroll_device(device("b", "a"), "once", 1)).error().code, ErrorCode::bad_request);
  EXPECT_EQ(run(store_->devices().take_id("a", 1)).error().code, ErrorCode::forbidden);
  EXPECT_EQ(taken(), "alice") << "what was refused has left nothing";
  EXPECT_TRUE(run(store_->devices().enroll_device(device("b"), "once", 1))) << "nor is the token spent";
}

TEST_F(Identities, StayTakenWhenTheirLastDeviceGoes) {
  EXPECT_EQ(added(device("a")), "0");
  ASSERT_TRUE(run(store_->devices().delete_device("alice", "a", 1'000)));
  EXPECT_EQ(added(device("alice", "bob")), "forbidden");
}

TEST_F(Identities, OfADeletedDeviceComeBackWithoutItsTokens) {
  EXPECT_EQ(added(device("a", "alice", 4'000)), "4000");
  ASSERT_TRUE(run(store_->devices().delete_device("alice", "a", 9'000)));
  EXPECT_EQ(added(device("a", "bob", 8'000)), "9000") << "whoever has it";
  EXPECT_EQ(column(path_, "SELECT tokens_valid_from FROM devices"), "9000");
  EXPECT_EQ(column(path_, "SELECT count(*) FROM deleted_devices"), "0") << "the device's own row knows";
  ASSERT_TRUE(run(store_->devices().delete_device("alice", "a", 5'000)));
  EXPECT_EQ(added(device("a", "alice", 6'000)), "9000") << "a clock that was set back";
  ASSERT_TRUE(run(store_->devices().delete_device("alice", "a", 10'000)));
  EXPECT_EQ(*run(store_->devices().enroll_device(device("a", "alice", 7'000), "once", 1)), 10'000);
  ASSERT_TRUE(run(store_->devices().delete_device("alice", "unknown", 10'000)));
  EXPECT_EQ(column(path_, "SELECT count(*) FROM deleted_devices"), "0");
}

TEST_F(Identities, OfDeletedDevicesAreRememberedUpToALimitForEachUser) {
  exec(path_, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
                  std::to_string(deleted_devices_per_user_max) +
                  ") INSERT INTO deleted_devices SELECT 'gone ' || i, 'alice', 1000 * i FROM n");
  exec(path_, "INSERT INTO deleted_devices VALUES ('others', 'bob', 1)");
  EXPECT_EQ(added(device("a")), "0");
  ASSERT_TRUE(run(store_->devices().delete_device("alice", "a", 2'000'000'000)));
  EXPECT_EQ(column(path_, "SELECT count(*) FROM deleted_devices WHERE user_id = 'alice'"),
            std::to_string(deleted_devices_per_user_max));
  EXPECT_EQ(column(path_, "SELECT count(*) FROM deleted_devices WHERE device_id IN ('a', 'others', 'gone 2')"), "3");
  EXPECT_EQ(column(path_, "SELECT count(*) FROM deleted_devices WHERE device_id = 'gone 1'"), "0") << "the oldest";
}

}  // namespace
}  // namespace strawberry::bridge
