/// `strawberryctl key …` and `token revoke`: their changes to the files of a hub, and their errors.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/files.h"
#include "common/identity/token.h"
#include "tests/cli/hub_run.h"
#include "tests/common/generated_keys.h"
#include "tests/support/test_hub.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;
using test::content_of;
using test::count_lines;
using test::Finished;
using test::mode_of;
using test::trimmed;

class OfflineHub : public ::testing::Test {
 protected:
  OfflineHub() {
    const Finished made = ctl({"init"});
    if (made.code != 0) throw std::runtime_error(made.output);
  }
  Finished ctl(std::vector<std::string> words) const {
    words.insert(words.begin(), {"--data-dir", dir_.path.string()});
    return test::control(std::move(words));
  }
  json ctl_json(std::vector<std::string> words) const {
    words.insert(words.begin(), "--json");
    const Finished done = ctl(std::move(words));
    EXPECT_EQ(done.code, 0) << done.output;
    return json::parse(done.output, nullptr, false);
  }
  KeySet keys() const {
    auto keys = KeySet::load(dir_.keys());
    if (!keys) throw std::runtime_error(keys.error().message);
    return *keys;
  }
  std::vector<std::string> kids() const {
    std::vector<std::string> kids;
    const KeySet set = keys();
    for (const Key& key : set.keys()) kids.push_back(key.kid());
    return kids;
  }
  std::string signing_kid() const { return keys().signing_key().kid(); }
  std::string admin_token() const { return trimmed(content_of(dir_.admin_token())); }
  /// The name of the key that verifies it, or why none does.
  std::string verdict(const std::string& token) const {
    const auto claims = verify_token(keys(), token, SystemClock().wall_now());
    return claims ? claims->kid : std::string(to_string(claims.error()));
  }
  /// The command fails with this code and one line, and the keys stay unchanged.
  void expect_refusal(const std::vector<std::string>& words, int code, const std::string& because) const {
    const std::string before = content_of(dir_.keys());
    const Finished refused = ctl(words);
    EXPECT_EQ(refused.code, code) << refused.output;
    EXPECT_EQ(count_lines(refused.output), 1u) << refused.output;
    EXPECT_NE(refused.output.find(because), std::string::npos) << refused.output;
    EXPECT_EQ(content_of(dir_.keys()), before);
  }
  std::string write_file(const std::string& name, const std::string& content) const {
    std::string path = directory_.file(name);
    std::ofstream(path, std::ios::trunc) << content;
    return path;
  }

  test::TempDir directory_;
  DataDir dir_{directory_.path() / "var"};
};

using KeyCommand = OfflineHub;

TEST_F(KeyCommand, ListShowsTheKeysAndNoSecret) {
  ASSERT_EQ(ctl({"key", "rotate", "--algorithm", "ES256", "--kid", "new"}).code, 0);
  const std::string issuer = write_file("issuer.pem", test::generate_rsa_keys().public_pem);
  ASSERT_EQ(ctl({"key", "add", "--public", issuer, "--kid", "issuer"}).code, 0);
  const Finished shown = ctl({"key", "list"});
  EXPECT_EQ(shown.code, 0);
  EXPECT_EQ(count_lines(shown.output), 4u) << shown.output;

  const json listed = ctl_json({"key", "list"}).at("keys");
  ASSERT_EQ(listed.size(), 3u);
  EXPECT_EQ(listed[0], (json{{"kid", "new"}, {"algorithm", "ES256"}, {"can_sign", true}, {"signs", true}}));
  EXPECT_EQ(listed[1].at("can_sign"), true);
  EXPECT_EQ(listed[1].at("signs"), false);
  EXPECT_EQ(listed[2], (json{{"kid", "issuer"}, {"algorithm", "RS256"}, {"can_sign", false}, {"signs", false}}));

  const json stored = json::parse(content_of(dir_.keys()));
  for (const json& key : stored.at("keys")) {
    for (const char* secret : {"k", "d"}) {
      if (!key.contains(secret)) continue;
      EXPECT_EQ(shown.output.find(key.at(secret).get<std::string>()), std::string::npos);
      EXPECT_EQ(listed.dump().find(key.at(secret).get<std::string>()), std::string::npos);
    }
  }
}

TEST_F(KeyCommand, RotateSignsWithANewKeyAndKeepsTheOldOnes) {
  const std::string old = signing_kid();
  const std::string token = admin_token();
  const json rotated = ctl_json({"key", "rotate"});
  EXPECT_EQ(rotated.at("algorithm"), "HS256") << "as the one before";
  EXPECT_EQ(rotated.at("signs"), true);
  EXPECT_EQ(kids(), (std::vector<std::string>{rotated.at("kid").get<std::string>(), old}));
  EXPECT_EQ(verdict(token), old);
  EXPECT_EQ(admin_token(), token);
  EXPECT_EQ(verdict(test::first_line(ctl({"token", "issue", "--admin"}).output)), rotated.at("kid").get<std::string>());
}

TEST_F(KeyCommand, EveryAlgorithmSignsTokensThatItsKeyVerifies) {
  for (const char* algorithm : {"HS256", "RS256", "ES256"}) {
    ASSERT_EQ(ctl({"key", "rotate", "--algorithm", algorithm, "--kid", std::string("of ") + algorithm}).code, 0);
    EXPECT_EQ(to_string(keys().signing_key().algorithm()), algorithm);
    EXPECT_EQ(verdict(test::first_line(ctl({"token", "issue", "--admin"}).output)), std::string("of ") + algorithm);
  }
  EXPECT_EQ(kids().size(), 4u);
  EXPECT_EQ(to_string(keys().keys()[1].algorithm()), "RS256");
  ASSERT_EQ(ctl({"key", "rotate"}).code, 0);
  EXPECT_EQ(to_string(keys().signing_key().algorithm()), "ES256") << "as the one before";
}

TEST_F(KeyCommand, AddLeavesTheSigningToTheOthers) {
  const std::string old = signing_kid();
  const json added = ctl_json({"key", "add", "--algorithm", "HS256"});
  EXPECT_EQ(added.at("signs"), false);
  EXPECT_EQ(kids(), (std::vector<std::string>{old, added.at("kid").get<std::string>()}));
  EXPECT_EQ(signing_kid(), old);
}

TEST_F(KeyCommand, AddTakesAnotherIssuersPublicKeyAsPemOrJwk) {
  const auto pair = test::generate_ec_keys();
  const auto set = json::parse(pair.public_jwks);
  const std::string token = issue_token(KeySet::parse(pair.private_jwks).value(),
                                        [] {
                                          Claims claims;
                                          claims.principal = {PrincipalType::user, "alice", "alice"};
                                          claims.issued_at = SystemClock().wall_now();
                                          claims.expires_at = claims.issued_at + std::chrono::hours(1);
                                          return claims;
                                        }())
                                .value();
  EXPECT_EQ(verdict(token), "token_unknown_key");
  for (const auto& [name, content] : std::map<std::string, std::string>{
           {"issuer.pem", pair.public_pem}, {"issuer.jwk", set["keys"][0].dump()}, {"issuer.jwks", set.dump()}}) {
    const std::string path = write_file(name, content);
    ASSERT_EQ(ctl({"key", "add", "--public", path, "--kid", "ec"}).code, 0) << name;
    EXPECT_EQ(verdict(token), "ec") << name;
    EXPECT_NE(signing_kid(), "ec");
    ASSERT_EQ(ctl({"key", "retire", "ec", "--yes"}).code, 0) << name;
  }
  ASSERT_EQ(ctl({"key", "add", "--public", directory_.file("issuer.jwk")}).code, 0) << "it has a kid of its own";
  EXPECT_EQ(verdict(token), "ec");
}

TEST_F(KeyCommand, AddRefusesWhatIsNoPublicKeyForUs) {
  const auto pair = test::generate_rsa_keys();
  const json private_key = json::parse(pair.private_jwks)["keys"][0];
  const json public_key = json::parse(pair.public_jwks)["keys"][0];
  const auto refuse = [&](const std::string& content, int code, const std::string& because) {
    expect_refusal({"key", "add", "--kid", "x", "--public", write_file("file", content)}, code, because);
  };
  refuse(private_key.dump(), 4, "private half");
  refuse(json{{"kty", "oct"}, {"k", std::string(43, 'A')}}.dump(), 4, "shared secret");
  refuse(json{{"keys", {public_key, public_key}}}.dump(), 4, "is a set");
  refuse("rubbish", 4, "neither");
  refuse("", 4, "neither");
  refuse(test::generate_ec_keys("P-384").public_pem, 4, "another curve");
  refuse(test::generate_rsa_keys(1024).public_pem, 2, "2048");
  json other = public_key;
  other["alg"] = "RS512";
  refuse(other.dump(), 2, "RS256");
  expect_refusal({"key", "add", "--public", write_file("issuer.pem", pair.public_pem)}, 2, "--kid");
  expect_refusal({"key", "add", "--public", directory_.file("missing"), "--kid", "x"}, 4, "missing");
  expect_refusal({"key", "add"}, 2, "--algorithm");
  expect_refusal({"key", "add", "--algorithm", "none"}, 2, "none");
  // Two names for one key: after retiring one it would be valid under the other.
  ASSERT_EQ(ctl({"key", "add", "--public", directory_.file("issuer.pem"), "--kid", "one"}).code, 0);
  expect_refusal({"key", "add", "--public", directory_.file("issuer.pem"), "--kid", "two"}, 2, "'one'");
  expect_refusal({"key", "rotate", "--kid", "one"}, 2, "'one'");
}

TEST_F(KeyCommand, RetireMakesTokensOfTheKeyWorthless) {
  const std::string old = signing_kid();
  const std::string token = admin_token();
  ASSERT_EQ(ctl({"key", "rotate"}).code, 0);
  expect_refusal({"key", "retire", old}, 2, "--yes");
  const json retired = ctl_json({"key", "retire", old, "--yes"});
  EXPECT_EQ(retired.at("signing_kid"), signing_kid());
  EXPECT_EQ(kids().size(), 1u);
  EXPECT_EQ(verdict(token), "token_unknown_key");
  // The hub's own admin token is renewed, too.
  EXPECT_EQ(retired.at("admin_token_renewed"), true);
  EXPECT_EQ(verdict(admin_token()), signing_kid());
  EXPECT_EQ(mode_of(dir_.admin_token()), 0600u);
}

TEST_F(KeyCommand, RetireOfAnotherKeyLeavesTheAdminTokenAlone) {
  const std::string token = admin_token();
  ASSERT_EQ(ctl({"key", "rotate", "--kid", "new"}).code, 0);
  EXPECT_EQ(ctl_json({"key", "retire", "new", "--yes"}).at("admin_token_renewed"), false) << "the newest can go, too";
  EXPECT_EQ(admin_token(), token);
  EXPECT_EQ(verdict(token), signing_kid());
}

TEST_F(KeyCommand, RetireKeepsAKeyThatCanSign) {
  const std::string only = signing_kid();
  expect_refusal({"key", "retire", only, "--yes"}, 2, "rotate");
  const std::string issuer = write_file("issuer.pem", test::generate_rsa_keys().public_pem);
  ASSERT_EQ(ctl({"key", "add", "--public", issuer, "--kid", "issuer"}).code, 0);
  expect_refusal({"key", "retire", only, "--yes"}, 2, "rotate");
  expect_refusal({"key", "retire", "nobody", "--yes"}, 2, "'nobody'");
}

TEST_F(KeyCommand, ThereAreAtMostSixteenKeys) {
  for (std::size_t i = 1; i < KeySet::keys_max; ++i) ASSERT_EQ(ctl({"key", "rotate"}).code, 0);
  expect_refusal({"key", "rotate"}, 2, "16");
  expect_refusal({"key", "add", "--algorithm", "HS256"}, 2, "16");
  EXPECT_EQ(kids().size(), KeySet::keys_max);
}

TEST_F(KeyCommand, CommandsAtOnceLoseNothing) {
  std::vector<std::thread> commands;
  std::vector<int> codes(6, -1);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    commands.emplace_back([&, i] { codes[i] = ctl({"key", "rotate", "--kid", std::to_string(i)}).code; });
  }
  for (auto& command : commands) command.join();
  for (const int code : codes) EXPECT_EQ(code, 0);
  const auto all = kids();
  EXPECT_EQ(all.size(), codes.size() + 1);
  for (std::size_t i = 0; i < codes.size(); ++i)
    EXPECT_NE(std::find(all.begin(), all.end(), std::to_string(i)), all.end());
}

TEST_F(KeyCommand, WhatElseIsInTheFileStaysAndALoneKeyGetsAName) {
  const std::string secret(43, 'A');
  const json nameless = {{"keys", {{{"kty", "oct"}, {"k", secret}, {"comment", "made by hand"}}}}, {"owner", "me"}};
  write_file("var/keys.json", nameless.dump());
  const auto token = test::first_line(ctl({"token", "issue", "--admin"}).output);
  ASSERT_EQ(ctl({"key", "rotate"}).code, 0);
  const json stored = json::parse(content_of(dir_.keys()));
  EXPECT_EQ(stored.at("owner"), "me");
  EXPECT_EQ(stored.at("keys")[1].at("comment"), "made by hand");
  EXPECT_EQ(stored.at("keys")[1].at("k"), secret);
  EXPECT_EQ(verdict(token), kids()[1]) << "tokens from before its key had a name stay good";
}

TEST_F(KeyCommand, ABrokenOrOpenFileIsLeftAsItIs) {
  ASSERT_EQ(::chmod(dir_.keys().c_str(), 0644), 0);
  expect_refusal({"key", "rotate"}, 4, "0600");
  ASSERT_EQ(::chmod(dir_.keys().c_str(), 0600), 0);
  write_file("var/keys.json", "{");
  expect_refusal({"key", "rotate"}, 4, dir_.keys());
  expect_refusal({"key", "list"}, 4, dir_.keys());
}

TEST_F(KeyCommand, ChangedFilesStayTheirOwnersAlone) {
  const bool is_root = ::geteuid() == 0;
  if (is_root) {
    ASSERT_EQ(::chown(dir_.keys().c_str(), 4711, 4712), 0);
    ASSERT_EQ(::chown(dir_.admin_token().c_str(), 4711, 4712), 0);
  }
  const std::string old = signing_kid();
  ASSERT_EQ(ctl({"key", "rotate"}).code, 0);
  ASSERT_EQ(ctl({"key", "retire", old, "--yes"}).code, 0);
  for (const std::string& path : {dir_.keys(), dir_.admin_token()}) {
    struct stat status {};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600u) << path;
    EXPECT_EQ(status.st_uid, is_root ? 4711u : ::geteuid()) << path;
    EXPECT_EQ(status.st_gid, is_root ? 4712u : ::getegid()) << path;
  }
}

TEST_F(KeyCommand, RetireRenewsTheTokenThatMosquittoSubUses) {
  const std::string clients = (dir_.path / "clients").string();
  ASSERT_EQ(ctl({"token", "issue", "--admin", "--name", "scripts/run", "--mosquitto", clients}).code, 0);
  const std::string before = content_of(clients + "/mosquitto_sub");
  const std::string old = signing_kid();
  ASSERT_EQ(ctl({"key", "rotate"}).code, 0);
  EXPECT_EQ(content_of(clients + "/mosquitto_sub"), before) << "it is still good";
  const json retired = ctl_json({"key", "retire", old, "--yes"});
  EXPECT_EQ(retired.at("clients_token_renewed"), true);
  for (const char* client : {"mosquitto_sub", "mosquitto_pub", "mosquitto_rr"}) {
    const std::string options = content_of(clients + "/" + client);
    const std::size_t at = options.find("\n-P ") + 4;
    const auto claims = verify_token(keys(), options.substr(at, options.find('\n', at) - at), SystemClock().wall_now());
    ASSERT_TRUE(claims) << client;
    EXPECT_EQ(claims->principal.type, PrincipalType::admin);
    EXPECT_EQ(options.substr(0, at), before.substr(0, at)) << "the rest stays";
  }
}

class RevokeCommand : public OfflineHub {
 protected:
  /// The rows of revoked_tokens: jti and expiry.
  std::map<std::string, std::int64_t> revoked() const {
    SQLite::Database database(dir_.database(), SQLite::OPEN_READONLY);
    SQLite::Statement rows(database, "SELECT jti, expires_at FROM revoked_tokens");
    std::map<std::string, std::int64_t> revoked;
    while (rows.executeStep()) revoked[rows.getColumn(0).getString()] = rows.getColumn(1).getInt64();
    return revoked;
  }
  static std::int64_t now_ms() { return to_unix_ms(SystemClock().wall_now()); }
  static constexpr std::int64_t day_ms = 24LL * 60 * 60 * 1000;
};

TEST_F(RevokeCommand, TakesATokenBackByTheJtiItWasIssuedWith) {
  const json issued = ctl_json({"token", "issue", "--user", "alice"});
  const auto claims = verify_token(keys(), issued.at("access_token").get<std::string>(), SystemClock().wall_now());
  ASSERT_TRUE(claims);
  EXPECT_EQ(issued.at("jti"), claims->jti);
  EXPECT_NE(ctl_json({"token", "issue", "--user", "alice"}).at("jti"), issued.at("jti"));

  const json done = ctl_json({"token", "revoke", claims->jti});
  EXPECT_EQ(done.at("jti"), claims->jti);
  EXPECT_EQ(done.at("was_revoked"), false);
  ASSERT_EQ(revoked().count(claims->jti), 1u);
  EXPECT_NEAR(static_cast<double>(revoked()[claims->jti]), static_cast<double>(now_ms() + 365 * day_ms), 60'000.0);
  ASSERT_EQ(ctl({"token", "revoke", "another", "--ttl", "40d"}).code, 0);
  EXPECT_NEAR(static_cast<double>(revoked()["another"]), static_cast<double>(now_ms() + 40 * day_ms), 60'000.0);
}

TEST_F(RevokeCommand, TakesTheExpiryFromATokenInAFile) {
  const std::string path = directory_.file("alice.token");
  ASSERT_EQ(ctl({"token", "issue", "--user", "alice", "--ttl", "40d", "--output", path}).code, 0);
  const auto claims = verify_token(keys(), trimmed(content_of(path)), SystemClock().wall_now());
  ASSERT_TRUE(claims);
  const Finished done = ctl({"token", "revoke", "--file", path});
  EXPECT_EQ(done.code, 0) << done.output;
  EXPECT_EQ(done.output.find("eyJ"), std::string::npos) << "a token was printed";
  EXPECT_EQ(revoked(), (std::map<std::string, std::int64_t>{{claims->jti, to_unix_ms(claims->expires_at)}}));
}

TEST_F(RevokeCommand, StaysForAsLongAsATokenMadeFromItJustNowWouldBeGood) {
  ASSERT_EQ(ctl({"token", "revoke", "x", "--ttl", "1d"}).code, 0);
  EXPECT_NEAR(static_cast<double>(revoked()["x"]), static_cast<double>(now_ms() + 30 * day_ms), 60'000.0);
}

TEST_F(RevokeCommand, ASecondTimeTheLaterExpiryCounts) {
  ASSERT_EQ(ctl({"token", "revoke", "x", "--ttl", "50d"}).code, 0);
  const std::int64_t later = revoked()["x"];
  EXPECT_EQ(ctl_json({"token", "revoke", "x", "--ttl", "40d"}).at("was_revoked"), true);
  EXPECT_EQ(revoked()["x"], later);
}

TEST_F(RevokeCommand, ForgetsTokensThatHaveLongExpired) {
  {
    SQLite::Database database(dir_.database(), SQLite::OPEN_READWRITE);
    SQLite::Statement row(database, "INSERT INTO revoked_tokens (jti, revoked_at, expires_at) VALUES (?, 0, ?)");
    for (const auto& [jti, expires_at] : std::map<std::string, std::int64_t>{
             {"long gone", now_ms() - 2 * day_ms}, {"just gone", now_ms() - 1000}, {"to come", now_ms() + day_ms}}) {
      row.reset();
      row.bind(1, jti);
      row.bind(2, expires_at);
      row.exec();
    }
  }
  ASSERT_EQ(ctl({"token", "revoke", "x"}).code, 0);
  const auto rows = revoked();
  EXPECT_EQ(rows.count("long gone"), 0u);
  EXPECT_EQ(rows.count("just gone"), 1u) << "clocks are set back now and then";
  EXPECT_EQ(rows.count("to come"), 1u);
}

TEST_F(RevokeCommand, RenewsTheAdminTokenWhenItIsTheOne) {
  const std::string token = admin_token();
  EXPECT_EQ(ctl_json({"token", "revoke", "x"}).at("admin_token_renewed"), false);
  EXPECT_EQ(admin_token(), token);
  EXPECT_EQ(ctl_json({"token", "revoke", "--file", dir_.admin_token()}).at("admin_token_renewed"), true);
  EXPECT_NE(admin_token(), token);
  EXPECT_EQ(verdict(admin_token()), signing_kid());
}

/// So that a restore that runs at the same time neither loses what they write nor mixes its keys with theirs.
TEST_F(OfflineHub, CommandsThatWriteWaitForOneAnother) {
  const json issued = ctl_json({"token", "issue", "--user", "alice", "--name", "Radio"});
  const std::string admin = admin_token();
  std::ofstream(dir_.path / "http-endpoint") << "http://127.0.0.1:8080\n";
  {
    const auto lock = lock_directory(dir_, std::chrono::seconds(1));
    ASSERT_TRUE(lock);
    for (std::vector<std::string> words :
         std::vector<std::vector<std::string>>{{"token", "issue", "--user", "alice"},
                                               {"token", "issue", "--admin"},
                                               {"token", "revoke", "--name", "Radio"},
                                               {"token", "revoke", "--user", "alice", "--all"},
                                               {"token", "revoke", "--file", dir_.admin_token()},
                                               {"login-link"},
                                               {"key", "rotate"}}) {
      words.insert(words.end(), {"--timeout", "200ms"});
      expect_refusal(words, 4, "another command is changing its keys or tokens");
    }
  }
  EXPECT_EQ(admin_token(), admin);
  EXPECT_EQ(ctl_json({"token", "list"}).at("total"), 1) << "nothing was issued or revoked";
  EXPECT_EQ(ctl({"token", "issue", "--user", "alice", "--name", "Radio", "--replace"}).code, 0);
  EXPECT_EQ(ctl({"token", "revoke", "--file", dir_.admin_token()}).code, 0) << "it excluded itself";
}

TEST_F(RevokeCommand, RefusesWhatNamesNoToken) {
  expect_refusal({"token", "revoke"}, 2, "JTI");
  expect_refusal({"token", "revoke", "x", "--file", "y"}, 2, "either");
  expect_refusal({"token", "revoke", std::string(129, 'x')}, 2, "128");
  expect_refusal({"token", "revoke", "x", "--ttl", "forever"}, 2, "--ttl");
  expect_refusal({"token", "revoke", "--file", dir_.admin_token(), "--ttl", "1d"}, 2, "--ttl");
  expect_refusal({"token", "revoke", "--file", write_file("rubbish", "rubbish")}, 2, "token_malformed");
  expect_refusal({"token", "revoke", "--file", directory_.file("missing")}, 4, "missing");
  EXPECT_TRUE(revoked().empty());
  Claims claims;
  claims.principal = {PrincipalType::user, "alice", "alice"};
  claims.issued_at = SystemClock().wall_now();
  claims.expires_at = claims.issued_at + std::chrono::hours(1);
  expect_refusal({"token", "revoke", "--file", write_file("nameless", issue_token(keys(), claims).value())}, 2,
                 "no jti");
}

TEST_F(RevokeCommand, MakesNoDatabaseWhereNoHubIs) {
  const test::TempDir empty;
  const Finished refused = test::control({"--data-dir", empty.path().string(), "token", "revoke", "x"});
  EXPECT_EQ(refused.code, 4);
  EXPECT_NE(refused.output.find("strawberryctl init"), std::string::npos) << refused.output;
  EXPECT_TRUE(std::filesystem::is_empty(empty.path()));
}

}  // namespace
}  // namespace strawberry::cli
