/// The list of issued tokens at its limits, and what it makes of a token.
#include "bridge/adapters/sqlite/issued_tokens.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include "bridge/adapters/sqlite/database.h"
#include "bridge/adapters/sqlite/revoked_tokens.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_hub.h"

namespace strawberry::bridge {
namespace {

constexpr std::int64_t now = 1'767'225'600'000;
constexpr std::int64_t day = 24LL * 60 * 60 * 1000;

IssuedToken token(std::string jti, std::string name = "", std::int64_t expires_at = now + day) {
  IssuedToken token;
  token.jti = std::move(jti);
  token.name = std::move(name);
  token.type = "user";
  token.subject = token.user_id = "alice";
  token.kid = "key";
  token.issued_at_ms = now;
  token.expires_at_ms = expires_at;
  return token;
}

class IssuedTokens : public ::testing::Test {
 protected:
  IssuedTokens() { EXPECT_TRUE(migrate_database(path_)); }
  Result<std::vector<IssuedToken>> record(const IssuedToken& token, bool beside_others = false,
                                          std::int64_t at = now) const {
    return record_token(path_, token, kids_, beside_others, at);
  }
  std::vector<IssuedToken> listed(std::int64_t at = now) const {
    return issued_tokens(path_, kids_, at).value().tokens;
  }
  /// As `jti state`, in order.
  std::vector<std::string> states(std::int64_t at = now) const {
    std::vector<std::string> states;
    for (const IssuedToken& token : listed(at)) states.push_back(token.jti + " " + std::string(to_string(token.state)));
    return states;
  }
  void exec(const std::string& sql) const { SQLite::Database(path_, SQLite::OPEN_READWRITE, 5'000).exec(sql); }
  void fill(std::int64_t rows, std::int64_t expires_at) const {
    exec("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + std::to_string(rows) +
         ") INSERT INTO issued_tokens (jti, name, type, subject, user_id, kid, issued_at, expires_at, parent_jti, "
         "root_jti)"
         " SELECT 'filler ' || i, '', 'user', 'bob', 'bob', 'key', i, " +
         std::to_string(expires_at) + ", '', 'filler ' || i FROM n");
  }
  /// The list is as long as it may be, less some: rows that nobody has to write.
  void pretend_room_for(std::int64_t rows) const {
    exec("UPDATE token_counts SET tokens = " + std::to_string(issued_tokens_max - rows) + " WHERE user_id = '*'");
  }
  std::int64_t count() const {
    return SQLite::Database(path_).execAndGet("SELECT count(*) FROM issued_tokens").getInt64();
  }

  test::TempDir directory_;
  std::string path_ = directory_.file("hub.db");
  std::set<std::string> kids_{"key"};
};

TEST_F(IssuedTokens, ComeBackAsTheyWereByNameThenAge) {
  ASSERT_TRUE(record(token("1", "")));
  ASSERT_TRUE(record(token("2", "Node-RED")));
  ASSERT_TRUE(record(token("3", "Küche ☕")));
  const auto tokens = listed();
  ASSERT_EQ(tokens.size(), 3U);
  EXPECT_EQ(states(), (std::vector<std::string>{"3 live", "2 live", "1 live"}));
  EXPECT_EQ(tokens[0].name, "Küche ☕");
  EXPECT_EQ(tokens[0].type + tokens[0].subject + tokens[0].user_id + tokens[0].kid, "useralicealicekey");
  EXPECT_EQ(tokens[0].issued_at_ms, now);
  EXPECT_EQ(tokens[0].expires_at_ms, now + day);
}

TEST_F(IssuedTokens, AreNoLongerLiveFromTheMomentOfTheirExpiry) {
  ASSERT_TRUE(record(token("1")));
  EXPECT_EQ(states(now + day - 1), std::vector<std::string>{"1 live"});
  EXPECT_EQ(states(now + day), std::vector<std::string>{"1 expired"});
}

TEST_F(IssuedTokens, SayWhenTheTokenTheDeviceOrTheKeyIsNoLongerGood) {
  exec(
      "INSERT INTO devices (device_id, user_id, name, normalized_name, created_at) VALUES ('lamp', 'alice', 'L', 'l', "
      "0)");
  const auto of_lamp = [](std::string jti, std::int64_t issued_at) {
    IssuedToken lamp = token(std::move(jti));
    lamp.type = "device";
    lamp.subject = "lamp";
    lamp.issued_at_ms = issued_at;
    return lamp;
  };
  ASSERT_TRUE(record(token("0")));
  ASSERT_TRUE(record(of_lamp("1", now)));
  ASSERT_TRUE(record(of_lamp("2", now + 1000)));
  IssuedToken enroll = token("3");
  enroll.type = "enroll";
  enroll.subject = "once";
  enroll.issued_at_ms = now + 2000;
  ASSERT_TRUE(record(enroll));
  EXPECT_EQ(states(), (std::vector<std::string>{"0 live", "1 live", "2 live", "3 live"}));

  ASSERT_TRUE(revoke_token(path_, "0", now, now + day));
  exec("UPDATE devices SET tokens_valid_from = " + std::to_string(now + 1000));
  exec("INSERT INTO spent_tokens VALUES ('once', 0)");
  EXPECT_EQ(states(), (std::vector<std::string>{"0 revoked", "1 revoked", "2 live", "3 spent"}));
  exec("UPDATE devices SET is_active = 0");
  EXPECT_EQ(states()[2], "2 revoked");
  exec("DELETE FROM devices");
  EXPECT_EQ(states()[2], "2 revoked");
  ASSERT_TRUE(record(token("4")));
  kids_ = {"another"};
  EXPECT_EQ(states(), (std::vector<std::string>{"0 revoked", "1 revoked", "4 revoked", "2 revoked", "3 spent"}));
}

TEST_F(IssuedTokens, OfOneNameAreOneAPrincipal) {
  ASSERT_TRUE(record(token("1", "Node-RED")));
  const auto taken = record(token("2", "Node-RED"));
  ASSERT_TRUE(taken);
  ASSERT_EQ(taken->size(), 1U);
  EXPECT_EQ(taken->front().jti, "1");
  EXPECT_EQ(count(), 1) << "nothing was written";

  IssuedToken bobs = token("3", "Node-RED");
  bobs.subject = bobs.user_id = "bob";
  EXPECT_TRUE(record(bobs)->empty()) << "another principal's";
  EXPECT_TRUE(record(token("4", "node-red"))->empty()) << "another name";
  EXPECT_TRUE(record(token("5"))->empty());
  EXPECT_TRUE(record(token("6"))->empty()) << "no name is no name";
  EXPECT_EQ(record(token("7", "Node-RED"), /*beside_others=*/true)->size(), 1U);
  EXPECT_EQ(count(), 6);

  ASSERT_TRUE(revoke_token(path_, "1", now, now + day));
  ASSERT_TRUE(revoke_token(path_, "7", now, now + day));
  EXPECT_TRUE(record(token("8", "Node-RED"))->empty()) << "the others are revoked";
  EXPECT_TRUE(record(token("9", "Node-RED", now + 2 * day), false, now + day)->empty()) << "the others have expired";
}

TEST_F(IssuedTokens, AreForgottenAMonthAfterTheirExpiry) {
  ASSERT_TRUE(record(token("1")));
  const std::int64_t last = now + day + listed_after_expiry_ms;
  ASSERT_TRUE(record(token("2", "", last + day), false, last));
  EXPECT_EQ(count(), 2);
  ASSERT_TRUE(record(token("3", "", last + day), false, last + 1));
  EXPECT_EQ(states(last + 1), (std::vector<std::string>{"2 live", "3 live"}));
}

TEST_F(IssuedTokens, AreSoManyAndNoMore) {
  fill(10, now + day);
  pretend_room_for(1);
  ASSERT_TRUE(record(token("last")));
  const auto refused = record(token("one too many"));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("1000000 live tokens"), std::string::npos) << refused.error().message;
  EXPECT_EQ(count(), 11);

  ASSERT_TRUE(revoke_token(path_, "filler 1", now, now + day));
  EXPECT_TRUE(record(token("in its place"))) << "what counts no longer makes room";
  EXPECT_EQ(count(), 11);
}

TEST_F(IssuedTokens, AreReadByThePageWithHowManyThereAre) {
  fill(12'000, now + day);
  exec("UPDATE issued_tokens SET expires_at = 1 WHERE issued_at <= 2000");
  const auto first = issued_tokens(path_, kids_, now, {.only_live = true, .limit = 10}).value();
  ASSERT_EQ(first.tokens.size(), 10U);
  EXPECT_EQ(first.tokens.front().jti, "filler 2001");
  EXPECT_EQ(first.total, 10'000);
  EXPECT_EQ(issued_tokens(path_, kids_, now, {.limit = 10}).value().total, 12'000);
  EXPECT_EQ(issued_tokens(path_, kids_, now, {.limit = 20'000}).value().tokens.size(), 12'000U);
  EXPECT_EQ(issued_tokens(path_, kids_, now, {.user_id = "alice"}).value().total, 0);
  EXPECT_EQ(issued_tokens(path_, kids_, now, {.jti = "filler 7"}).value().tokens.at(0).jti, "filler 7");
  EXPECT_EQ(issued_tokens(path_, {}, now, {.only_live = true}).value().total, 0) << "their key was retired";
}

TEST_F(IssuedTokens, ReadNoOlderDatabaseAndChangeNone) {
  {
    SQLite::Database database(path_, SQLite::OPEN_READWRITE);
    test::take_back_to_version(database, 3);
  }
  const auto refused = issued_tokens(path_, kids_, now);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("strawberryctl init"), std::string::npos) << refused.error().message;
  EXPECT_EQ(SQLite::Database(path_).execAndGet("PRAGMA user_version").getInt(), 3);
  EXPECT_FALSE(issued_tokens(directory_.file("missing.db"), kids_, now));
  ASSERT_TRUE(record(token("1"))) << "who writes brings it up to date";
  EXPECT_EQ(listed().size(), 1U);
}

}  // namespace
}  // namespace strawberry::bridge
