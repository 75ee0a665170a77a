/// The revocations that a restored database takes over from the replaced one.
#include "bridge/adapters/sqlite/kept_revocations.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include "bridge/adapters/sqlite/database.h"
#include "bridge/adapters/sqlite/migrations.h"
#include "bridge/adapters/sqlite/revoked_tokens.h"
#include "tests/support/temp_dir.h"

namespace strawberry::bridge {
namespace {

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

constexpr std::int64_t now = 1'767'225'600'000;

/// Two databases: `replaced_` is the previous one, `restored_` that of an earlier backup.
class KeptRevocations : public testing::Test {
 protected:
  KeptRevocations() {
    for (const auto& path : {replaced_, restored_}) EXPECT_TRUE(migrate_database(path));
  }
  static std::string row(const std::string& id, bool is_active, std::int64_t tokens_valid_from) {
    return "INSERT INTO devices (device_id, user_id, name, normalized_name, is_active, tokens_valid_from, created_at,"
           " last_seen, skills_heartbeat_at) VALUES ('" +
           id + "', 'alice', '" + id + "', '" + id + "', " + (is_active ? "1, " : "0, ") +
           std::to_string(tokens_valid_from) + ", 1000, NULL, NULL);";
  }
  void keep() {
    const auto kept = keep_revocations(replaced_, restored_, now);
    EXPECT_TRUE(kept) << kept.error().message;
  }
  std::string devices() {
    return column(restored_,
                  "SELECT device_id || ':' || is_active || ':' || tokens_valid_from FROM devices ORDER BY device_id");
  }
  std::string deleted() {
    return column(restored_, "SELECT device_id || ':' || tokens_valid_from FROM deleted_devices ORDER BY device_id");
  }

  test::TempDir directory_;
  const std::string replaced_ = directory_.file("replaced.db");
  const std::string restored_ = directory_.file("restored.db");
};

TEST_F(KeptRevocations, AreThoseOfBothForTokens) {
  exec(replaced_, "INSERT INTO revoked_tokens VALUES ('both', 1, 9000000000000), ('since', 2, 9000000000001)");
  exec(restored_, "INSERT INTO revoked_tokens VALUES ('both', 1, 9000000000002), ('then', 3, 9000000000003)");
  exec(replaced_, "INSERT INTO spent_tokens VALUES ('once', 1), ('twice', 2)");
  exec(restored_, "INSERT INTO spent_tokens VALUES ('once', 1)");
  keep();
  keep();
  EXPECT_EQ(column(restored_, "SELECT jti || ':' || expires_at FROM revoked_tokens ORDER BY jti"),
            "both:9000000000002 since:9000000000001 then:9000000000003");
  EXPECT_EQ(column(restored_, "SELECT enroll_id FROM spent_tokens ORDER BY enroll_id"), "once twice");
  EXPECT_EQ(column(replaced_, "SELECT count(*) FROM revoked_tokens"), "2") << "it was only read";
}

std::string account(const std::string& id, const std::string& role, const std::string& guest_of = "",
                    bool is_disabled = false, const std::string& password = "old") {
  return "INSERT INTO users (user_id, role, guest_of, is_disabled, password_hash, created_at) VALUES ('" + id + "', '" +
         role + "', '" + guest_of + "', " + (is_disabled ? "1" : "0") + ", '" + password + "', 1000);";
}

TEST_F(KeptRevocations, OfPeopleGiveNobodyMoreThanBefore) {
  exec(restored_, account("mallory", "member") + account("bob", "admin") + account("eve", "member") +
                      account("gerda", "member", "", true) + account("guest", "guest", "bob") +
                      account("visitor", "member"));
  exec(replaced_, account("mallory", "member", "", true) + account("bob", "member") +
                      account("eve", "admin", "", false, "new") + account("gerda", "member") +
                      account("guest", "guest", "eve") + account("visitor", "guest", "eve") + account("late", "admin"));
  keep();
  keep();
  EXPECT_EQ(column(restored_,
                   "SELECT user_id || ':' || role || ':' || guest_of || ':' || is_disabled || ':' || password_hash"
                   " FROM users ORDER BY user_id"),
            "bob:member::0:old eve:member::0:new gerda:member::1:old guest:guest:eve:0:old mallory:member::1:old "
            "visitor:guest:eve:0:old");
}

TEST_F(KeptRevocations, OfPeopleWhoWereDeletedOrCannotBeGuestsDisableThem) {
  exec(restored_, account("carol", "member") + account("alice", "admin") + account("host", "member") +
                      account("guest", "guest", "host") + account("moved", "member") + row("lamp", true, 0));
  exec(replaced_, account("alice", "guest", "bob") + account("host", "guest", "bob") +
                      "INSERT INTO user_revocations VALUES ('carol', 5000), ('alice', 6000);");
  keep();
  EXPECT_EQ(column(restored_, "SELECT user_id || ':' || role || ':' || is_disabled FROM users ORDER BY user_id"),
            "alice:member:1 carol:member:1 guest:guest:0 host:member:1 moved:member:0")
      << "of moved the other database knows nothing";
}

TEST_F(KeptRevocations, OfDevicesAreTheLaterOnes) {
  exec(replaced_, row("revoked", false, 5'000) + row("restarted", true, 3'000) + row("older", true, 1'000) +
                      row("new", true, 6'000) + row("unlimited", true, 0));
  exec(restored_, row("revoked", true, 0) + row("restarted", true, 0) + row("older", false, 2'000));
  keep();
  EXPECT_EQ(devices(), "older:0:2000 restarted:1:3000 revoked:0:5000");
  EXPECT_EQ(deleted(), "new:6000") << "which the backup does not know, but another one may";
}

TEST_F(KeptRevocations, OfDeletedDevicesHoldForTheRestoredOnes) {
  exec(replaced_, "INSERT INTO deleted_devices VALUES ('lamp', 'alice', 7000), ('radio', 'bob', 8000)");
  exec(restored_, row("lamp", true, 0) + "INSERT INTO deleted_devices VALUES ('radio', 'bob', 9000)");
  keep();
  EXPECT_EQ(devices(), "lamp:1:7000") << "it is there again, with new tokens only";
  EXPECT_EQ(deleted(), "radio:9000");
}

TEST_F(KeptRevocations, OfUsersAreTheLaterOnes) {
  exec(replaced_, "INSERT INTO user_revocations VALUES ('alice', 7000), ('bob', 8000), ('carol', 5000)");
  exec(restored_, "INSERT INTO user_revocations VALUES ('alice', 6000), ('bob', 9000), ('dora', 4000)");
  keep();
  keep();
  EXPECT_EQ(column(restored_, "SELECT user_id || ':' || tokens_valid_from FROM user_revocations ORDER BY user_id"),
            "alice:7000 bob:9000 carol:5000 dora:4000");
}

TEST_F(KeptRevocations, OfLinesHoldForWhatWasMadeSince) {
  const std::string issue =
      "INSERT INTO issued_tokens (jti, name, type, subject, user_id, kid, issued_at, expires_at, parent_jti, root_jti)"
      " VALUES ('1', '', 'user', 'alice', 'alice', 'k', 1, 9000000000000,"
      " '', '1')";
  for (const auto& path : {replaced_, restored_}) exec(path, issue);
  exec(replaced_,
       "INSERT INTO issued_tokens (jti, name, type, subject, user_id, kid, issued_at, expires_at, parent_jti, root_jti)"
       " VALUES ('2', '', 'user', 'alice', 'alice', 'k', 2, 9000000000001, '1', '1')");
  ASSERT_TRUE(revoke_token(replaced_, "2", now, now));
  keep();
  EXPECT_EQ(column(restored_, "SELECT jti || ':' || expires_at FROM revoked_tokens"), "1:9000000000001")
      << "the first of the line, until the last of it has expired";
}

TEST_F(KeptRevocations, ComeWithTheIdsOfUsers) {
  exec(replaced_, "INSERT INTO taken_ids VALUES ('alice', 900), ('bob', 3), ('lamp', 4)");
  exec(restored_, row("lamp", true, 0));
  keep();
  EXPECT_EQ(column(restored_, "SELECT id || ':' || first_seen FROM taken_ids ORDER BY id"), "alice:900 bob:3");
}

TEST_F(KeptRevocations, AreReadFromEveryEarlierVersion) {
  for (std::size_t version = 1; version < migrations().size(); ++version) {
    const std::string path = directory_.file("version-" + std::to_string(version));
    {
      SQLite::Database database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
      for (std::size_t i = 0; i < version; ++i) database.exec(std::string(migrations()[i]));
      database.exec(row("lamp", false, 1'000 * static_cast<std::int64_t>(version)));
      if (version >= 2) database.exec("INSERT INTO revoked_tokens VALUES ('jti', 1, 9000000000000)");
    }
    const std::string restored = directory_.file("restored-" + std::to_string(version));
    ASSERT_TRUE(migrate_database(restored));
    exec(restored, row("lamp", true, 0));
    const auto kept = keep_revocations(path, restored, now);
    ASSERT_TRUE(kept) << kept.error().message;
    EXPECT_EQ(column(restored, "SELECT is_active || ':' || tokens_valid_from FROM devices"),
              "0:" + std::to_string(1'000 * version));
    EXPECT_EQ(column(restored, "SELECT count(*) FROM revoked_tokens"), version >= 2 ? "1" : "0");
  }
}

TEST_F(KeptRevocations, OfADamagedDatabaseAreNoneAndThatIsAnError) {
  const std::string damaged = directory_.file("damaged.db");
  SQLite::Database(damaged, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec("CREATE TABLE other (x)");
  EXPECT_FALSE(keep_revocations(damaged, restored_, now));
  EXPECT_FALSE(keep_revocations(directory_.file("missing.db"), restored_, now));
}

TEST_F(KeptRevocations, DoNotGoBeyondTheMostThereCanBe) {
  const auto fill = [](const std::string& path, const std::string& prefix, std::int64_t rows, std::int64_t expires_at) {
    exec(path, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + std::to_string(rows) +
                   ") INSERT INTO revoked_tokens SELECT '" + prefix + "' || i, 0, " + std::to_string(expires_at) +
                   " FROM n");
  };
  fill(restored_, "then ", revoked_tokens_max / 2, now + 1);
  fill(replaced_, "since ", revoked_tokens_max / 2, now + 1);
  fill(replaced_, "expired ", 10, 1);
  keep();
  EXPECT_EQ(column(restored_, "SELECT count(*) FROM revoked_tokens"), std::to_string(revoked_tokens_max));
  fill(replaced_, "one more ", 1, now + 1);
  exec(replaced_, row("lamp", false, 5'000));
  const auto refused = keep_revocations(replaced_, restored_, now);
  ASSERT_FALSE(refused);
  EXPECT_EQ(column(restored_, "SELECT count(*) FROM revoked_tokens"), std::to_string(revoked_tokens_max));
  EXPECT_EQ(deleted(), "") << "all or nothing";
}

TEST_F(KeptRevocations, OfUsersDoNotGoBeyondTheMostThereCanBe) {
  exec(restored_, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
                      std::to_string(user_revocations_max) +
                      ") INSERT INTO user_revocations SELECT 'u' || i, 1 FROM n");
  exec(replaced_, "INSERT INTO user_revocations VALUES ('u1', 2)");
  keep();
  exec(replaced_, "INSERT INTO user_revocations VALUES ('one more', 3)");
  EXPECT_FALSE(keep_revocations(replaced_, restored_, now));
}

}  // namespace
}  // namespace strawberry::bridge
