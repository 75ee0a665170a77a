/// Tokens with names: issued, listed and revoked on the files of a hub that does not run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "common/identity/token.h"
#include "tests/cli/hub_run.h"
#include "tests/support/test_hub.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;
using test::count_lines;
using test::Finished;
using ::testing::HasSubstr;
using ::testing::Not;

class NamedToken : public ::testing::Test {
 protected:
  Finished ctl(std::vector<std::string> words) const {
    words.insert(words.begin(), {"--data-dir", hub_.directory().path().string()});
    return test::control(std::move(words));
  }
  Finished issue(const std::string& name, std::vector<std::string> more = {"--user", "alice"}) const {
    more.insert(more.begin(), {"token", "issue", "--name", name});
    return ctl(std::move(more));
  }
  std::string jti_of(const Finished& issued) const {
    EXPECT_EQ(issued.code, 0) << issued.output;
    const auto claims = verify_token(hub_.keys(), test::first_line(issued.output), SystemClock().wall_now());
    EXPECT_TRUE(claims) << issued.output;
    return claims.value_or(Claims{}).jti;
  }
  json listed(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"--json", "token", "list"});
    const Finished done = ctl(std::move(more));
    EXPECT_EQ(done.code, 0) << done.output;
    return json::parse(done.output, nullptr, false);
  }
  void expect_refusal(const std::vector<std::string>& words, int code, const std::string& because) const {
    const Finished refused = ctl(words);
    EXPECT_EQ(refused.code, code) << refused.output;
    EXPECT_EQ(count_lines(refused.output), 1U) << refused.output;
    EXPECT_THAT(refused.output, HasSubstr(because));
    EXPECT_THAT(refused.output, Not(HasSubstr("eyJ"))) << "a token was printed";
  }

  /// Adds a token made from another one, as the bridge lists it.
  void refresh(const std::string& jti, const std::string& parent, const std::string& root) {
    SQLite::Statement row(hub_.database(),
                          "INSERT INTO issued_tokens (jti, name, type, subject, user_id, kid, issued_at, expires_at, "
                          "parent_jti, root_jti)"
                          " SELECT ?, '', type, subject, user_id, kid, issued_at, expires_at,"
                          " ?, ? FROM issued_tokens WHERE parent_jti = ''");
    row.bind(1, jti);
    row.bind(2, parent);
    row.bind(3, root);
    row.exec();
  }

  test::TestHub hub_;
};

TEST_F(NamedToken, IsListedWithEverythingButItself) {
  const Finished issued = issue("Home Assistant", {"--user", "alice", "--ttl", "365d"});
  const std::string jti = jti_of(issued);
  const Finished shown = ctl({"token", "list"});
  EXPECT_EQ(shown.code, 0);
  EXPECT_EQ(count_lines(shown.output), 2U) << shown.output;
  EXPECT_THAT(shown.output, HasSubstr("Home Assistant  user alice"));
  EXPECT_THAT(shown.output, HasSubstr("live"));
  EXPECT_THAT(shown.output, HasSubstr(jti));
  EXPECT_THAT(shown.output, Not(HasSubstr("eyJ")));

  const auto claims = verify_token(hub_.keys(), test::first_line(issued.output), SystemClock().wall_now());
  const json entry{{"name", "Home Assistant"},
                   {"type", "user"},
                   {"id", "alice"},
                   {"user_id", "alice"},
                   {"jti", jti},
                   {"parent", nullptr},
                   {"root", jti},
                   {"issued_at", format_rfc3339(claims->issued_at)},
                   {"expires_at", format_rfc3339(claims->expires_at)},
                   {"last_used", nullptr},
                   {"state", "live"}};
  EXPECT_EQ(listed(), (json{{"total", 1}, {"tokens", json::array({entry})}}));
}

TEST_F(NamedToken, IsOneOfAllThatAreListed) {
  hub_.add_device("lamp", "alice", "Lamp");
  EXPECT_EQ(ctl({"token", "list"}).output.rfind("no tokens; issue one", 0), 0U);
  jti_of(ctl({"token", "issue", "--user", "bob"}));
  jti_of(ctl({"token", "issue", "--admin"}));
  jti_of(ctl({"token", "issue", "--device", "lamp"}));
  jti_of(ctl({"token", "issue", "--enroll", "--user", "alice"}));
  jti_of(issue("Node-RED"));
  const json all = listed();
  ASSERT_EQ(all.at("total"), 5);
  EXPECT_EQ(all.at("tokens")[0].at("name"), "Node-RED") << "those with a name come first";
  EXPECT_EQ(listed({"--user", "alice"}).at("total"), 3) << "hers and those of her devices";
  expect_refusal({"token", "list", "--user", "carol"}, 2, "there is no user 'carol'");
  const std::string shown = ctl({"token", "list"}).output;
  for (const char* whose : {"user bob", "admin", "device lamp of alice", "a new device of alice", "user alice"}) {
    EXPECT_THAT(shown, HasSubstr(whose));
  }
}

TEST_F(NamedToken, IsTakenBackByItsName) {
  const std::string kept = jti_of(issue("Node-RED"));
  const std::string jti = jti_of(issue("Home Assistant", {"--user", "alice", "--ttl", "365d"}));
  const Finished done = ctl({"token", "revoke", "--name", "Home Assistant"});
  EXPECT_EQ(done.code, 0) << done.output;
  EXPECT_THAT(done.output, HasSubstr("revoked " + jti));

  const json left = listed();
  ASSERT_EQ(left.at("total"), 1);
  EXPECT_EQ(left.at("tokens")[0].at("jti"), kept);
  const json all = listed({"--all"});
  ASSERT_EQ(all.at("total"), 2);
  EXPECT_EQ(all.at("tokens")[0].at("state"), "revoked");
  EXPECT_EQ(hub_.database().execAndGet("SELECT jti FROM revoked_tokens").getString(), jti);
  const auto days = (hub_.database().execAndGet("SELECT expires_at FROM revoked_tokens").getInt64() -
                     to_unix_ms(SystemClock().wall_now())) /
                    86'400'000;
  EXPECT_EQ(days, 364) << "as long as the token would have been good";

  const Finished again = ctl({"token", "revoke", "--name", "Home Assistant"});
  EXPECT_EQ(again.code, 0) << again.output;
  EXPECT_THAT(again.output, HasSubstr("had been revoked"));
  jti_of(issue("Home Assistant"));  // the name is free again
  EXPECT_EQ(ctl({"token", "revoke", "--name", "Home Assistant"}).output.rfind("revoked ", 0), 0U);
}

TEST_F(NamedToken, TakenBackByItsJtiStaysSoForAsLongAsItWouldHaveBeenGood) {
  const std::string jti = jti_of(issue("Node-RED", {"--user", "alice", "--ttl", "1000d"}));
  EXPECT_EQ(ctl({"token", "revoke", jti}).code, 0);
  const auto days = (hub_.database().execAndGet("SELECT expires_at FROM revoked_tokens").getInt64() -
                     to_unix_ms(SystemClock().wall_now())) /
                    86'400'000;
  EXPECT_EQ(days, 999);
}

TEST_F(NamedToken, IsNotGuessedWhenSeveralHaveTheName) {
  const std::string alices = jti_of(issue("Node-RED"));
  const std::string bobs = jti_of(issue("Node-RED", {"--user", "bob"}));
  expect_refusal({"token", "revoke", "--name", "Node-RED"}, 2, alices + " (user alice)");
  expect_refusal({"token", "revoke", "--name", "Node-RED"}, 2, bobs + " (user bob)");
  EXPECT_EQ(listed().at("total"), 2);
  expect_refusal({"token", "revoke", "--name", "Node-RED", "--user", "carol"}, 2, "there is no user");
  EXPECT_EQ(ctl({"token", "revoke", "--name", "Node-RED", "--user", "bob"}).code, 0);
  ASSERT_EQ(listed().at("total"), 1);
  EXPECT_EQ(listed().at("tokens")[0].at("jti"), alices);
}

TEST_F(NamedToken, IsNotMadeTwiceUnlessItTakesTheOldOnesPlace) {
  const std::string old = jti_of(issue("Node-RED"));
  expect_refusal({"token", "issue", "--user", "alice", "--name", "Node-RED"}, 2, "--replace");
  EXPECT_EQ(listed({"--all"}).at("total"), 1);
  const std::string fresh = jti_of(issue("Node-RED", {"--user", "alice", "--replace"}));
  ASSERT_EQ(listed().at("total"), 1);
  EXPECT_EQ(listed().at("tokens")[0].at("jti"), fresh);
  EXPECT_EQ(hub_.database().execAndGet("SELECT jti FROM revoked_tokens").getString(), old);
  jti_of(issue("Other", {"--user", "alice", "--replace"}));  // there is none to replace
  expect_refusal({"token", "issue", "--user", "alice", "--replace"}, 2, "--name");
}

TEST_F(NamedToken, ThatCouldNotBeHandedOverReplacesNothingAndIsNotListed) {
  const std::string old = jti_of(issue("Node-RED"));
  const std::string file = hub_.keys_path();  // there already
  EXPECT_EQ(issue("Node-RED", {"--user", "alice", "--replace", "--output", file}).code, 4);
  ASSERT_EQ(listed({"--all"}).at("total"), 1);
  EXPECT_EQ(listed().at("tokens")[0].at("jti"), old);
}

TEST_F(NamedToken, HasANameThatCanBeTypedAgain) {
  for (const auto* bad : {"two\nlines", "\x1b[31mred", "\xff", "\xe2\x80\xae", " before", "after ", "tab\t"}) {
    expect_refusal({"token", "issue", "--user", "alice", "--name", bad}, 2, "--name");
  }
  expect_refusal({"token", "issue", "--user", "alice", "--name", std::string(129, 'x')}, 2, "128 bytes");
  EXPECT_EQ(listed({"--all"}).at("total"), 0);
  for (const std::string& good :
       {std::string(128, 'x'), std::string("Oma's Küche 🍓"), std::string("'; DROP TABLE devices; --")}) {
    jti_of(issue(good, {"--user", "alice"}));
    EXPECT_EQ(ctl({"token", "revoke", "--name=" + good}).code, 0) << good;
  }
}

TEST_F(NamedToken, ThatHasExpiredIsNotRevoked) {
  jti_of(issue("Guest"));
  hub_.database().exec("UPDATE issued_tokens SET expires_at = 1");
  EXPECT_THAT(ctl({"token", "list"}).output, HasSubstr("--all"));
  EXPECT_EQ(listed({"--all"}).at("tokens")[0].at("state"), "expired");
  expect_refusal({"token", "revoke", "--name", "Guest"}, 2, "expired");
  jti_of(issue("Guest"));
  EXPECT_EQ(listed().at("total"), 1);
}

TEST_F(NamedToken, IsTakenBackWithAllThatWereMadeFromIt) {
  const std::string jti = jti_of(issue("Home Assistant"));
  refresh("child", jti, jti);
  refresh("grandchild", "child", jti);
  hub_.database().exec("UPDATE issued_tokens SET name = 'Home Assistant'");  // the name that refreshed tokens have
  refresh("lamp", "child", "lamp");
  ASSERT_EQ(listed().at("total"), 4);
  EXPECT_EQ(listed().at("tokens")[2].at("parent"), "child");
  EXPECT_THAT(ctl({"token", "list"}).output, HasSubstr("PARENT"));

  const Finished done = ctl({"token", "revoke", "grandchild"});
  EXPECT_EQ(done.code, 0) << done.output;
  EXPECT_THAT(done.output, HasSubstr("revoked grandchild, with the line of " + jti));
  EXPECT_THAT(done.output, HasSubstr("1 of them still count"));
  ASSERT_EQ(listed().at("total"), 1);
  EXPECT_EQ(listed().at("tokens")[0].at("jti"), "lamp");
  const Finished again = ctl({"token", "revoke", "--name", "Home Assistant", "--user", "alice"});
  EXPECT_THAT(again.output, HasSubstr("had been revoked"));
}

TEST_F(NamedToken, OfOneLineIsOneForItsName) {
  const std::string jti = jti_of(issue("Node-RED"));
  refresh("child", jti, jti);
  hub_.database().exec("UPDATE issued_tokens SET name = 'Node-RED'");
  expect_refusal({"token", "issue", "--user", "alice", "--name", "Node-RED"}, 2, "--replace");
  const Finished done = ctl({"token", "revoke", "--name", "Node-RED"});
  EXPECT_EQ(done.code, 0) << done.output;
  EXPECT_EQ(listed().at("total"), 0);
}

TEST_F(NamedToken, InAFileTakesItsLineWithItThoughNothingIsListed) {
  Claims claims;
  claims.principal = {PrincipalType::user, "alice", "alice"};
  claims.issued_at = SystemClock().wall_now();
  claims.expires_at = claims.issued_at + std::chrono::hours(1);
  claims.jti = "child";
  claims.root_jti = "root";
  const std::string file = hub_.directory().file("token");
  std::ofstream(file) << issue_token(hub_.keys(), claims).value() << "\n";
  const Finished done = ctl({"token", "revoke", "--file", file});
  EXPECT_EQ(done.code, 0) << done.output;
  EXPECT_EQ(hub_.database().execAndGet("SELECT group_concat(jti) FROM revoked_tokens").getString(), "root");
}

TEST_F(NamedToken, IsDeadWithAllOfItsUsersAndTheNextOneIsNot) {
  hub_.add_device("lamp", "alice", "Lamp");
  jti_of(issue("Node-RED"));
  jti_of(ctl({"token", "issue", "--device", "lamp"}));
  const std::string bobs = jti_of(issue("Node-RED", {"--user", "bob"}));
  const Finished done = ctl({"--json", "token", "revoke", "--user", "alice", "--all"});
  EXPECT_EQ(done.code, 0) << done.output;
  const json said = json::parse(done.output);
  EXPECT_EQ(said.at("user_id"), "alice");
  EXPECT_EQ(said.at("listed"), 2);
  EXPECT_LE(said.at("valid_from").get<std::string>(), format_rfc3339(SystemClock().wall_now()));
  ASSERT_EQ(listed().at("total"), 1);
  EXPECT_EQ(listed().at("tokens")[0].at("jti"), bobs);
  jti_of(issue("Node-RED"));
  EXPECT_EQ(listed().at("total"), 2) << "the new one is good";
  EXPECT_THAT(ctl({"token", "revoke", "--user", "alice", "--all"}).output, HasSubstr("1 live ones on the list"));
}

TEST_F(NamedToken, IsListedUpToALimitAndTheRestCounted) {
  hub_.database().exec(
      "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10500) INSERT INTO issued_tokens"
      " (jti, name, type, subject, user_id, kid, issued_at, expires_at, parent_jti, root_jti)"
      " SELECT 'jti-' || i, '', 'user', 'bob', 'bob', 'no', 0, 9e15, '', '' FROM n");
  hub_.database().exec("UPDATE issued_tokens SET kid = '" + hub_.keys().signing_key().kid() + "'");
  const json some = listed();
  EXPECT_EQ(some.at("tokens").size(), 1'000U);
  EXPECT_EQ(some.at("total"), 10'500);
  EXPECT_EQ(listed({"--limit", "20000"}).at("tokens").size(), 10'500U);
  const Finished shown = ctl({"token", "list", "--limit", "2"});
  EXPECT_EQ(count_lines(shown.output), 4U) << shown.output;
  EXPECT_THAT(shown.output, HasSubstr("and 10498 more"));
  EXPECT_EQ(ctl({"token", "list", "--limit", "0"}).code, 2);
}

TEST_F(NamedToken, OptionsThatDoNotGoTogetherAreRefused) {
  expect_refusal({"token", "revoke", "--all"}, 2, "--user");
  expect_refusal({"token", "revoke", "--all", "--user", "a b"}, 2, "--user");
  expect_refusal({"token", "revoke", "--all", "--user", "alice", "--name", "x"}, 2, "--all");
  expect_refusal({"token", "revoke", "x", "--name", "y"}, 2, "either");
  expect_refusal({"token", "revoke", "--name", "x", "--ttl", "1d"}, 2, "--ttl");
  expect_refusal({"token", "revoke", "x", "--user", "alice"}, 2, "--user");
}

TEST_F(NamedToken, NeedsAHubThatIsThere) {
  const test::TempDir empty;
  for (const auto& words : std::vector<std::vector<std::string>>{{"list"}, {"revoke", "--name", "x"}}) {
    std::vector<std::string> asked{"--data-dir", empty.path().string(), "token"};
    asked.insert(asked.end(), words.begin(), words.end());
    const Finished refused = test::control(asked);
    EXPECT_EQ(refused.code, 4) << refused.output;
    EXPECT_THAT(refused.output, HasSubstr("strawberryctl init"));
  }
  EXPECT_TRUE(std::filesystem::is_empty(empty.path()));
  std::filesystem::copy(hub_.keys_path(), empty.path() / "keys.json");
  const Finished refused = test::control({"--data-dir", empty.path().string(), "token", "issue", "--user", "alice"});
  EXPECT_EQ(refused.code, 4) << refused.output;
  EXPECT_THAT(refused.output, HasSubstr("hub.db"));
}

TEST_F(NamedToken, ThatWasHandedOverInPartIsWorthNothing) {
  const auto clients = hub_.directory().path() / "clients";
  const auto output = hub_.directory().path() / "output";
  std::filesystem::create_directories(clients / "mosquitto_pub" / "in the way");
  std::filesystem::permissions(clients, std::filesystem::perms::owner_all);
  const Finished failed =
      issue("Node-RED", {"--user", "alice", "--mosquitto", clients.string(), "--output", output.string()});
  EXPECT_EQ(failed.code, 4) << failed.output;
  EXPECT_FALSE(std::filesystem::exists(output)) << "in the way of the next one";
  EXPECT_EQ(listed({"--all"}).at("total"), 0);

  const std::string options = test::content_of(clients / "mosquitto_sub");
  const std::size_t at = options.find("-P ");
  ASSERT_NE(at, std::string::npos) << options;
  const auto claims =
      verify_token(hub_.keys(), options.substr(at + 3, options.find('\n', at) - at - 3), SystemClock().wall_now());
  ASSERT_TRUE(claims);
  EXPECT_EQ(hub_.database().execAndGet("SELECT jti FROM revoked_tokens").getString(), claims->jti);
}

TEST_F(NamedToken, OfAnOlderHubIsListedAfterItsUpgrade) {
  test::take_back_to_version(hub_.database(), 3);
  expect_refusal({"token", "list"}, 4, "schema version 3");
  expect_refusal({"token", "revoke", "--name", "x"}, 4, "strawberryctl init");
  jti_of(issue("Node-RED"));  // upgrades the database, as every command that writes to it
  EXPECT_EQ(listed().at("total"), 1);
}

}  // namespace
}  // namespace strawberry::cli
