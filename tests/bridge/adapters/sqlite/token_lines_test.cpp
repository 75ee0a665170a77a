/// Tokens made from others, on a real database: recorded before they are given, never from one that was taken back, and
/// so many and no more.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include "bridge/adapters/sqlite/issued_tokens.h"
#include "bridge/adapters/sqlite/revoked_tokens.h"
#include "bridge/adapters/sqlite/sqlite_storage.h"
#include "common/runtime/asio.h"
#include "tests/support/run_task.h"
#include "tests/support/temp_dir.h"

namespace strawberry::bridge {
namespace {

constexpr std::int64_t now = 1'767'225'600'000;
constexpr std::int64_t day = 24LL * 60 * 60 * 1000;

/// As the bridge makes them: of alice, from `parent` in the line of `root`.
NewToken made(const std::string& jti, const std::string& parent = "", const std::string& root = "",
              std::int64_t at = now) {
  NewToken token;
  token.row.jti = jti;
  token.row.type = "user";
  token.row.subject = token.row.user_id = "alice";
  token.row.kid = "key";
  token.row.issued_at_ms = at;
  token.row.expires_at_ms = at + 30 * day;
  token.row.parent_jti = parent;
  token.row.root_jti = root.empty() ? jti : root;
  if (!parent.empty()) {
    token.asking = AskingToken{parent, from_unix_ms(at - 1'000), parent == root ? "" : root, {}};
    token.asking_user_id = "alice";
  }
  return token;
}

class TokenLines : public ::testing::Test {
 protected:
  TokenLines() { open({}); }
  void open(StorageLimits limits) {
    store_.reset();
    SqliteStorage::Options options;
    options.limits = limits;
    store_ = std::move(SqliteStorage::open(loop_, path_, options).value());
  }
  std::string add(const NewToken& token) {
    const auto reply = test::run_task(loop_, store_->devices().add_token(token));
    return reply ? "ok" : std::string(to_string(reply.error().code));
  }
  std::vector<std::string> states(std::int64_t at = now, bool only_live = false) const {
    std::vector<std::string> states;
    TokenQuery query;
    query.only_live = only_live;
    const auto list = issued_tokens(path_, {"key"}, at, query).value();
    for (const IssuedToken& token : list.tokens)
      states.push_back(token.jti + "<" + token.parent_jti + "<" + token.root_jti + " " +
                       std::string(to_string(token.state)));
    return states;
  }
  std::string sql(const std::string& text) const {
    SQLite::Database database(path_, SQLite::OPEN_READWRITE, 5'000);
    SQLite::Statement rows(database, text);
    return rows.executeStep() ? rows.getColumn(0).getString() : std::string();
  }

  test::TempDir directory_;
  std::string path_ = directory_.file("hub.db");
  asio::io_context loop_;
  std::unique_ptr<SqliteStorage> store_;
};

using Lines = std::vector<std::string>;

TEST_F(TokenLines, AreListedWithTheTokenThatEachWasMadeFrom) {
  EXPECT_EQ(add(made("1")), "ok");
  EXPECT_EQ(add(made("2", "1", "1", now + 1'000)), "ok");
  EXPECT_EQ(add(made("3", "2", "1", now + 2'000)), "ok");
  EXPECT_EQ(states(now + 2'000), (Lines{"1<<1 live", "2<1<1 live", "3<2<1 live"}));
  EXPECT_EQ(sql("SELECT group_concat(user_id || ' ' || tokens) FROM token_counts"), "* 3,alice 3");
}

TEST_F(TokenLines, GoByTheNameOfTheirFirst) {
  IssuedToken named;
  static_cast<TokenRow&>(named) = made("1").row;
  named.name = "Node-RED";
  ASSERT_TRUE(record_token(path_, named, {"key"}, false, now));
  EXPECT_EQ(add(made("2", "1", "1")), "ok");
  EXPECT_EQ(add(made("3", "1", "")), "ok") << "a line of its own";
  EXPECT_EQ(sql("SELECT name FROM issued_tokens WHERE jti = '2'"), "Node-RED");
  EXPECT_EQ(sql("SELECT name FROM issued_tokens WHERE jti = '3'"), "");
}

TEST_F(TokenLines, EndWholeWhicheverOfThemIsRevoked) {
  for (const char* revoked : {"1", "2", "3"}) {
    sql("DELETE FROM issued_tokens");
    sql("DELETE FROM revoked_tokens");
    for (const auto& token : {made("1"), made("2", "1", "1"), made("3", "2", "1"), made("other")})
      ASSERT_EQ(add(token), "ok");
    const auto line = revoke_token(path_, revoked, now, now + day);
    ASSERT_TRUE(line) << line.error().message;
    EXPECT_EQ(line->root_jti, "1");
    EXPECT_TRUE(line->is_new);
    EXPECT_EQ(line->expires_at_ms, now + 30 * day) << "as long as any of them is good";
    EXPECT_EQ(states(now, /*only_live=*/true), (Lines{"other<<other live"}));
    EXPECT_EQ(sql("SELECT group_concat(jti) FROM revoked_tokens"), "1");
    EXPECT_FALSE(revoke_token(path_, "2", now, now + day)->is_new);
    EXPECT_EQ(add(made("4", "3", "1")), "forbidden");
    EXPECT_EQ(add(made("4", "1", "1")), "forbidden");
    EXPECT_EQ(add(made("4", "1")), "forbidden") << "nor a token of somebody else";
  }
}

TEST_F(TokenLines, OfATokenThatIsNotListedAreNamedByTheTokenItself) {
  const auto line = revoke_token(path_, "child", now, now + day, "root");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->root_jti, "root");
  EXPECT_EQ(line->expires_at_ms, now + 30 * day) << "others of it may have been made just now";
  EXPECT_EQ(revoke_token(path_, "alone", now, now + 90 * day)->root_jti, "alone");
  EXPECT_EQ(sql("SELECT expires_at FROM revoked_tokens WHERE jti = 'alone'"), std::to_string(now + 90 * day));
}

TEST_F(TokenLines, SayHowManyTokensOfOthersTheyHaveHadMade) {
  ASSERT_EQ(add(made("1")), "ok");
  ASSERT_EQ(add(made("2", "1", "1")), "ok");
  ASSERT_EQ(add(made("lamp", "2")), "ok");
  ASSERT_EQ(add(made("radio", "1")), "ok");
  EXPECT_EQ(revoke_token(path_, "1", now, now + day)->live_elsewhere, 2);
  ASSERT_TRUE(revoke_token(path_, "radio", now, now + day));
  EXPECT_EQ(revoke_token(path_, "1", now, now + day)->live_elsewhere, 1);
}

TEST_F(TokenLines, OfAUserEndAllAtOnce) {
  ASSERT_EQ(add(made("1")), "ok");
  NewToken bobs = made("bobs");
  bobs.row.subject = bobs.row.user_id = "bob";
  ASSERT_EQ(add(bobs), "ok");
  const auto valid_from = revoke_user(path_, "alice", now + 1);
  ASSERT_TRUE(valid_from) << valid_from.error().message;
  EXPECT_EQ(*valid_from, now + 1'000);
  EXPECT_EQ(states(now, /*only_live=*/true), (Lines{"bobs<<bobs live"}));
  EXPECT_EQ(add(made("2", "1", "1", now + 1'000)), "forbidden");
  EXPECT_EQ(add(made("2")), "busy") << "it would be dead";
  EXPECT_EQ(add(made("2", "", "", now + 1'000)), "ok");
  EXPECT_EQ(add(made("3", "2", "2", now + 2'000)), "ok");
  EXPECT_EQ(revoke_user(path_, "alice", now - day).value(), now - day + 1'000);
  EXPECT_EQ(sql("SELECT tokens_valid_from FROM user_revocations"), std::to_string(now + 1'000)) << "never moves back";
  EXPECT_EQ(sql("SELECT revision > 0 FROM directory_revision"), "1") << "the plugin must look";
}

TEST_F(TokenLines, HaveSoManyGoodTokensAndNoMore) {
  open({.tokens_per_user_max = 4, .tokens_per_principal_max = 3});
  for (const char* jti : {"1", "2", "3"}) ASSERT_EQ(add(made(jti)), "ok");
  const auto refused = test::run_task(loop_, store_->devices().add_token(made("4", "3", "3")));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::quota_exceeded);
  EXPECT_EQ(refused.error().details.dump(), R"({"limit":"tokens_per_principal_max","max":3,"used":3})");

  NewToken lamps = made("lamp");
  lamps.row.subject = "lamp";
  ASSERT_EQ(add(lamps), "ok");
  lamps.row.jti = lamps.row.root_jti = "lamp 2";
  const auto too_many = test::run_task(loop_, store_->devices().add_token(lamps));
  ASSERT_FALSE(too_many);
  EXPECT_EQ(too_many.error().details.dump(), R"({"limit":"tokens_per_user_max","max":4,"used":4})");
  EXPECT_EQ(sql("SELECT count(*) FROM issued_tokens"), "4");

  ASSERT_TRUE(revoke_token(path_, "1", now, now + day));
  EXPECT_EQ(add(lamps), "ok") << "what is revoked makes room";
  EXPECT_EQ(add(made("5", "", "", now + 30 * day)), "ok") << "and what has expired";
}

TEST_F(TokenLines, LeaveTheListAMonthAfterTheyHaveExpired) {
  ASSERT_EQ(add(made("1")), "ok");
  ASSERT_EQ(add(made("2", "", "", now + 60 * day)), "ok");
  EXPECT_EQ(sql("SELECT count(*) FROM issued_tokens"), "2");
  ASSERT_EQ(add(made("3", "", "", now + 60 * day + 1)), "ok");
  EXPECT_EQ(sql("SELECT group_concat(jti) FROM issued_tokens"), "2,3");
  EXPECT_EQ(sql("SELECT tokens FROM token_counts WHERE user_id = '*'"), "2");
}

TEST_F(TokenLines, DoNotFitIntoAFullList) {
  ASSERT_EQ(add(made("1")), "ok");
  sql("UPDATE token_counts SET tokens = " + std::to_string(issued_tokens_max) + " WHERE user_id = '*'");
  EXPECT_EQ(add(made("2")), "busy");
  EXPECT_EQ(add(made("2", "", "", now + 31 * day)), "ok") << "the first has expired";
}

TEST_F(TokenLines, AreWrittenWithTheirDeviceOrNotAtAll) {
  DeviceRow lamp;
  lamp.device_id = lamp.name = lamp.normalized_name = "lamp";
  lamp.user_id = "alice";
  NewToken token = made("1", "revoked", "revoked");
  token.row.type = "device";
  token.row.subject = "lamp";
  ASSERT_TRUE(revoke_token(path_, "revoked", now, now + day));
  EXPECT_FALSE(test::run_task(loop_, store_->devices().add_device(lamp, token)));
  EXPECT_FALSE(test::run_task(loop_, store_->devices().enroll_device(lamp, "once", now, token)));
  EXPECT_EQ(sql("SELECT count(*) FROM devices"), "0");
  EXPECT_EQ(sql("SELECT count(*) FROM spent_tokens"), "0");
  token.asking.reset();
  ASSERT_TRUE(test::run_task(loop_, store_->devices().enroll_device(lamp, "once", now, token)));
  EXPECT_EQ(states(), (Lines{"1<revoked<revoked revoked"}));
}

TEST_F(TokenLines, BeginWhenTheirDeviceBegins) {
  DeviceRow lamp;
  lamp.device_id = lamp.name = lamp.normalized_name = "lamp";
  lamp.user_id = "alice";
  for (const bool is_enrolled : {false, true}) {
    sql("DELETE FROM issued_tokens");
    sql("INSERT OR REPLACE INTO deleted_devices VALUES ('lamp', 'alice', " + std::to_string(now + 1'500) + ")");
    NewToken token = made("1");
    token.row.type = "device";
    token.row.subject = "lamp";
    const auto valid_from =
        test::run_task(loop_, is_enrolled ? store_->devices().enroll_device(lamp, "once", now, token)
                                          : store_->devices().add_device(lamp, token));
    ASSERT_TRUE(valid_from) << valid_from.error().message;
    EXPECT_EQ(*valid_from, now + 1'500) << "tokens of the one before stay dead";
    EXPECT_EQ(sql("SELECT issued_at || ' ' || expires_at FROM issued_tokens"),
              std::to_string(now + 2'000) + " " + std::to_string(now + 2'000 + 30 * day));
    EXPECT_EQ(states(), (Lines{"1<<1 live"}));
    ASSERT_TRUE(test::run_task(loop_, store_->devices().delete_device("alice", "lamp", now + 1'500)));
  }
}

TEST_F(TokenLines, NeedNoRoomOnAFullDisk) {
  store_.reset();
  SqliteStorage::Options options;
  options.disk.free_min_mib = 200;
  options.disk_free = [] { return std::optional<std::uint64_t>(0); };
  store_ = std::move(SqliteStorage::open(loop_, path_, options).value());
  ASSERT_TRUE(store_->health().disk_low);
  EXPECT_EQ(add(made("1")), "ok") << "or a device could not stay";
}

/// The two tokens of a program that a renewal gives, from the renewal token `parent`.
std::pair<NewToken, NewToken> renewed(const std::string& jti, const std::string& parent, const std::string& root,
                                      std::int64_t at = now) {
  NewToken renewal = made(jti, parent, root, at);
  renewal.row.type = "grant";
  renewal.row.subject = "holder-" + jti;
  NewToken access = made(jti + "-access", parent, root, at);
  access.row.expires_at_ms = at + 3'600'000;
  return {renewal, access};
}

class ProgramLines : public TokenLines {
 protected:
  ProgramLines() {
    auto [renewal, access] = renewed("r1", "session", "r1");
    renewal.asking.reset();
    access.asking.reset();
    renewal.row.name = access.row.name = "Home Assistant";
    if (!test::run_task(loop_, store_->devices().add_program(renewal, access))) throw std::runtime_error("not added");
  }
  std::string renew(const std::string& jti, const std::string& parent, std::int64_t at = now) {
    auto [renewal, access] = renewed(jti, parent, "r1", at);
    const auto reply = test::run_task(loop_, store_->devices().renew_program(renewal, access));
    return !reply ? std::string(to_string(reply.error().code)) : *reply ? "renewed" : "reused";
  }
};

TEST_F(ProgramLines, KeepTheNewestRenewalTokenAndWhatIsStillGood) {
  EXPECT_EQ(renew("r2", "r1"), "renewed");
  EXPECT_EQ(states(), (Lines{"r1-access<session<r1 live", "r2<r1<r1 live", "r2-access<r1<r1 live"}));
  EXPECT_EQ(sql("SELECT count(*) FROM issued_tokens WHERE name = 'Home Assistant'"), "3");
  EXPECT_EQ(renew("r3", "r2", now + 3'700'000), "renewed");
  EXPECT_EQ(states(now + 3'700'000), (Lines{"r3<r2<r1 live", "r3-access<r2<r1 live"})) << "nothing piles up";
}

TEST_F(ProgramLines, EndWhenARenewalTokenIsUsedTwice) {
  EXPECT_EQ(renew("r2", "r1"), "renewed");
  EXPECT_EQ(renew("thief", "r1"), "reused");
  EXPECT_EQ(states(now, /*only_live=*/true), Lines{});
  EXPECT_EQ(sql("SELECT group_concat(jti) FROM revoked_tokens"), "r1");
  EXPECT_EQ(renew("r3", "r2"), "forbidden") << "nor does the other one get more";
}

TEST_F(ProgramLines, EndWhenTheyAreRevoked) {
  for (int i = 0; i < 2; ++i)
    EXPECT_TRUE(test::run_task(loop_, store_->devices().revoke_line("alice", "r1", now, now + day)));
  EXPECT_EQ(states(now, /*only_live=*/true), Lines{});
  EXPECT_EQ(renew("r2", "r1"), "forbidden");
}

TEST_F(TokenLines, AreBoughtByAOneTimeTokenOnce) {
  EXPECT_TRUE(test::run_task(loop_, store_->devices().spend_token("sign-in-1", now, made("1"))));
  const auto again = test::run_task(loop_, store_->devices().spend_token("sign-in-1", now, made("2")));
  EXPECT_EQ(again.error().code, ErrorCode::forbidden);
  EXPECT_EQ(states(), Lines{"1<<1 live"});
  // Long after such a link has expired, what was spent is forgotten; what registered devices never is.
  sql("INSERT INTO spent_tokens VALUES ('a-device', 1)");
  EXPECT_TRUE(test::run_task(
      loop_, store_->devices().spend_token("sign-in-2", now + 3 * day, made("3", "", "", now + 3 * day))));
  EXPECT_EQ(sql("SELECT group_concat(enroll_id) FROM spent_tokens"), "a-device,sign-in-2");
}

}  // namespace
}  // namespace strawberry::bridge
