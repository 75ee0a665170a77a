/// The permissions of limited tokens, guests and users without an account at each interface of a whole hub
/// (docs/contract.md, sections 1 and 12).
#include <gmock/gmock.h>

#include <fstream>
#include <set>

#include "common/identity/token.h"
#include "tests/cli/hub_run.h"
#include "tests/gateway/web_door.h"
#include "tests/support/temp_dir.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

/// For a machine that is very slow; what comes before what when a user is disabled: disabling_test.cpp.
constexpr auto at_last = 30s;

class RightsInAHub : public testing::Test {
 protected:
  void SetUp() override {
    lamp_->offer("LightSkill", {"turn_on() -> str"});
    door_->offer("DoorSkill", {"unlock() -> str"});
    door_->result_of("skills", {{"op", "register"},
                                {"skills",
                                 {{{"class_name", "DoorSkill"},
                                   {"function_name", "unlock"},
                                   {"signature", "unlock() -> str"},
                                   {"docstring", "Unlock the door."},
                                   {"confirm", true}}}}});
    admin_->result_of("users", {{"op", "create"}, {"user_id", "alice"}, {"password", "correct horse"}});
  }
  std::unique_ptr<Spoke> with(const std::string& user, const std::string& token) const {
    const Principal principal{PrincipalType::user, user, user};
    return std::make_unique<Spoke>(hub_, principal, 5, user + "-limited", token);
  }
  std::string issued(json wish) {
    wish.update({{"op", "token"}});
    return alice_->result_of("users", wish).at("access_token").get<std::string>();
  }
  std::unique_ptr<Spoke> guest() {
    admin_->result_of("users", {{"op", "create"}, {"user_id", "carol"}, {"role", "guest"}, {"guest_of", "alice"}});
    return hub_.user("carol");
  }
  static json says(const std::string& text) { return {{"messages", {{{"role", "user"}, {"content", text}}}}}; }
  static json call(const std::string& path) { return {{"op", "call"}, {"skill_path", path}}; }
  static std::set<std::string> classes(const json& entries) {
    std::set<std::string> found;
    for (const json& entry : entries) found.insert(entry.at("class_name").get<std::string>());
    return found;
  }
  httplib::Response mcp(const std::string& token, const std::string& method, const json& params) {
    auto client = web_.client(token);
    const json body{{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", params}};
    const httplib::Headers headers{{"Accept", "application/json, text/event-stream"},
                                   {"MCP-Protocol-Version", "2025-06-18"}};
    return answered(client.Post("/mcp", headers, body.dump(), "application/json"));
  }
  std::string data_dir() const { return hub_.files().directory().path().string(); }
  Finished ctl(std::vector<std::string> words) const {
    words.insert(words.begin(), {"--json", "--data-dir", data_dir()});
    return control(std::move(words));
  }

  StubLlm model_;
  HubProcess hub_{hub_with(model_)};
  GatewayProcess web_{hub_};
  std::unique_ptr<Spoke> admin_ = hub_.admin();
  std::unique_ptr<Spoke> alice_ = hub_.user("alice");
  std::unique_ptr<Spoke> lamp_ = hub_.device("Lamp");
  std::unique_ptr<Spoke> door_ = hub_.device("Front Door");
};

TEST_F(RightsInAHub, ATokenWithAPatternSeesItsSkillsAloneByEveryDoor) {
  const std::string token = issued({{"name", "lights"}, {"skills", {"LightSkill.*"}}});
  auto limited = with("alice", token);
  const std::set<std::string> lights{"LightSkill"};
  EXPECT_EQ(classes(limited->result_of("skills", {{"op", "list"}}).at("skills")), lights);
  const json found = limited->result_of("skills", {{"op", "search"}, {"query", "unlock the door"}});
  EXPECT_THAT(found.dump(), Not(HasSubstr("DoorSkill")));
  EXPECT_THAT(alice_->result_of("skills", {{"op", "search"}, {"query", "unlock the door"}}).dump(),
              HasSubstr("DoorSkill"));

  EXPECT_NE(limited->code_of("skills", call("DoorSkill.unlock")), "ok");
  EXPECT_FALSE(door_->next_call(200ms));
  const auto asked = limited->send("skills", call("LightSkill.turn_on"));
  const auto reached = lamp_->next_call();
  ASSERT_TRUE(reached);
  lamp_->answer(*reached, "on");
  EXPECT_EQ(limited->response("skills", asked).at("result"), "on");

  EXPECT_EQ(limited->code_of("chat", says("open the door")), "ok");
  ASSERT_FALSE(model_.requests().empty());
  const std::string offered = model_.requests().back().body.value("tools", json()).dump();
  EXPECT_THAT(offered, HasSubstr("turn_on"));
  EXPECT_THAT(offered, Not(HasSubstr("unlock")));

  const std::string tools = mcp(token, "tools/list", json::object()).body;
  EXPECT_THAT(tools, HasSubstr("turn_on"));
  EXPECT_THAT(tools, Not(HasSubstr("unlock")));
}

TEST_F(RightsInAHub, AGuestCallsNoSkillThatAsksFirstByAnyDoor) {
  auto carol = guest();
  const std::string token = hub_.files().user_token("carol");
  EXPECT_EQ(carol->code_of("skills", call("DoorSkill.unlock")), "not_found") << "a guest does not see it";
  EXPECT_FALSE(door_->next_call(100ms)) << "directly";

  model_.otherwise(stub_calling("unlock", json::object()));
  carol->ask("chat", says("open the door"));
  EXPECT_FALSE(door_->next_call(100ms)) << "by chat";

  auto http = web_.client(token);
  const auto answer =
      answered(http.Post("/api/v1/skills/call", R"({"skill_path":"DoorSkill.unlock"})", "application/json"));
  EXPECT_EQ(answer.status, 404) << answer.body;
  EXPECT_FALSE(door_->next_call(100ms)) << "by HTTP";

  const std::string tools = mcp(hub_.files().user_token("alice"), "tools/list", json::object()).body;
  const std::size_t at = tools.find("unlock");
  ASSERT_NE(at, std::string::npos) << tools;
  const std::size_t first = tools.rfind('"', at) + 1;
  const std::string tool = tools.substr(first, tools.find('"', at) - first);
  const auto by_mcp = mcp(token, "tools/call", {{"name", tool}, {"arguments", json::object()}});
  EXPECT_THAT(by_mcp.body, testing::AnyOf(HasSubstr("\"isError\":true"), HasSubstr("\"error\""))) << by_mcp.body;
  EXPECT_FALSE(door_->next_call(100ms)) << "by MCP";

  const auto asked = carol->send("skills", call("LightSkill.turn_on"));
  const auto reached = lamp_->next_call();
  ASSERT_TRUE(reached) << "what asks nobody";
  lamp_->answer(*reached, "on");
  EXPECT_EQ(carol->response("skills", asked).at("result"), "on");
}

TEST_F(RightsInAHub, ALimitedTokenGivesNoMoreThanItHas) {
  auto limited =
      with("alice", issued({{"name", "some"}, {"scope", "users skills:call"}, {"skills", {"LightSkill.*"}}}));
  const auto wish = [&](json more) {
    more.update({{"op", "token"}, {"name", "more"}});
    return limited->code_of("users", more);
  };
  EXPECT_EQ(wish({{"scope", "users skills:call chat"}}), "forbidden");
  EXPECT_EQ(wish({{"skills", {"*.*"}}}), "forbidden");
  EXPECT_EQ(wish({{"skills", {"LightSkill.*", "DoorSkill.unlock"}}}), "forbidden");
  EXPECT_EQ(wish({{"scope", "skills:call"}, {"skills", {"LightSkill.turn_on"}}}), "ok");
}

TEST_F(RightsInAHub, NobodyGetsATokenForTheDeviceOfAnother) {
  auto bob = hub_.user("bob");
  const json wish{{"op", "token"}, {"name", "x"}, {"device_id", "lamp"}};
  EXPECT_EQ(bob->code_of("users", wish), "not_found");
  json as_alice = wish;
  as_alice["user_id"] = "alice";
  EXPECT_EQ(bob->code_of("users", as_alice), "forbidden");
  EXPECT_EQ(alice_->code_of("users", wish), "ok");
}

TEST_F(RightsInAHub, ScopesThatAStrangersKeySignedAreWorthNothing) {
  const TestHub other;
  Claims claims;
  claims.principal = {PrincipalType::user, "alice", "alice"};
  claims.issued_at = SystemClock().wall_now();
  claims.expires_at = claims.issued_at + 1h;
  claims.jti = "forged";
  claims.rights.scopes = scopes_in("chat");
  EXPECT_THROW(with("alice", issue_token(other.keys(), claims).value()), std::runtime_error);
  EXPECT_NO_THROW(with("alice", issue_token(hub_.files().keys(), claims).value()));

  // The claims of a wider token under the signature of a narrower one.
  const std::string narrow = issued({{"name", "narrow"}, {"scope", "chat"}});
  const std::string wide = issued({{"name", "wide"}});
  const std::string mixed = wide.substr(0, wide.rfind('.')) + narrow.substr(narrow.rfind('.'));
  EXPECT_THROW(with("alice", mixed), std::runtime_error);
}

/// The web door's own connection, which password logins use.
class LoginsInAHub : public RightsInAHub {
 protected:
  void SetUp() override {
    RightsInAHub::SetUp();
    ASSERT_EQ(door_keeper_.connect(), 0);
    ASSERT_LT(door_keeper_.subscribe("users/" + id_ + "/response"), 0x80);
  }
  json login(const std::string& user, const std::string& password, const std::string& address) {
    door_keeper_.publish("users/" + id_ + "/request",
                         json{{"op", "login"}, {"user", user}, {"password", password}, {"address", address}}.dump());
    const auto message = door_keeper_.wait_for("users/" + id_ + "/response");
    return message ? json::parse(message->payload) : json();
  }
  static std::string code(const json& reply) {
    return reply.at("success").get<bool>() ? "ok" : reply.at("error").at("code").get<std::string>();
  }
  MqttTestClient::Options options() const {
    MqttTestClient::Options options;
    options.port = hub_.port();
    options.client_id = "door-keeper";
    options.password = hub_.files().token({PrincipalType::gateway, id_, ""});
    return options;
  }

  const std::string id_{gateway_principal_id};
  MqttTestClient door_keeper_{options()};
};

TEST_F(LoginsInAHub, AFloodIsLimitedWhereItComesFromAndForWhomAlone) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(code(login("alice", "wrong", "192.0.2.1")), "forbidden") << i;
  // Each further attempt doubles the pause: on a busy machine the first ones are over before the next attempt.
  json limited = login("alice", "wrong", "192.0.2.1");
  for (int i = 0; i < 6 && code(limited) == "forbidden"; ++i) limited = login("alice", "wrong", "192.0.2.1");
  EXPECT_EQ(code(limited), "rate_limited") << limited;
  EXPECT_EQ(code(login("alice", "correct horse", "192.0.2.1")), "rate_limited") << "also with the right password";
  EXPECT_GT(limited.at("error").at("details").at("retry_after_ms"), 0);
  EXPECT_EQ(code(login("alice", "correct horse", "192.0.2.2")), "ok") << "another address";
  EXPECT_EQ(code(login("bob", "wrong", "192.0.2.1")), "forbidden") << "another user";
}

TEST_F(LoginsInAHub, AUserWhoIsUnknownIsAnsweredAsOneWhoIsKnown) {
  json known = login("alice", "wrong", "192.0.2.3");
  json unknown = login("nobody", "wrong", "192.0.2.4");
  EXPECT_EQ(known, unknown);
  admin_->result_of("users", {{"op", "create"}, {"user_id", "dora"}});
  EXPECT_EQ(login("dora", "wrong", "192.0.2.5"), known) << "without a password";
}

TEST_F(RightsInAHub, StrawberryctlIssuesALimitedTokenThroughTheHub) {
  const Finished made = ctl({"token", "issue", "--user", "alice", "--name", "kiosk", "--scope", "skills:read chat",
                             "--skills", "LightSkill.*", "--skills", "front_door.DoorSkill.unlock"});
  ASSERT_EQ(made.code, 0) << made.output;
  const json said = json::parse(made.output);
  EXPECT_EQ(said.at("scope"), "skills:read chat");
  EXPECT_EQ(said.at("skills"), json({"LightSkill.*", "front_door.DoorSkill.unlock"}));
  auto kiosk = with("alice", said.at("access_token").get<std::string>());
  EXPECT_EQ(kiosk->code_of("skills", call("LightSkill.turn_on")), "forbidden") << "without skills:call";
  EXPECT_EQ(kiosk->code_of("chat", says("hello")), "ok");

  const json tokens = json::parse(ctl({"token", "list", "--user", "alice"}).output).at("tokens");
  ASSERT_EQ(tokens.size(), 3U) << "with those of the two devices";
  EXPECT_EQ(tokens[0].at("name"), "kiosk") << "those with a name come first";
  EXPECT_EQ(tokens[0].at("scope"), "skills:read chat");
  EXPECT_EQ(tokens[0].at("state"), "live");
  const Finished again = ctl({"token", "issue", "--user", "alice", "--name", "kiosk"});
  EXPECT_EQ(again.code, 2) << again.output;
  const Finished replaced = ctl({"token", "issue", "--user", "alice", "--name", "kiosk", "--replace"});
  ASSERT_EQ(replaced.code, 0) << replaced.output;
  EXPECT_EQ(json::parse(replaced.output).at("replaced"), json({said.at("jti")}));
  EXPECT_TRUE(kiosk->mqtt().wait_for_end(at_last));
  const Finished revoked = ctl({"token", "revoke", "--name", "kiosk", "--user", "alice"});
  ASSERT_EQ(revoked.code, 0) << revoked.output;
  EXPECT_EQ(json::parse(ctl({"token", "list", "--user", "alice"}).output).at("total"), 2);
}

TEST_F(RightsInAHub, StrawberryctlManagesTokensWithoutTheHubsFiles) {
  const TempDir elsewhere;
  const std::string file = elsewhere.file("admin.token");
  std::ofstream(file) << hub_.files().admin_token() << "\n";
  std::filesystem::permissions(file, std::filesystem::perms(0600));
  const auto remote = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"--json", "--data-dir", elsewhere.path().string(), "--token-file", file, "--host",
                                 "127.0.0.1", "--port", std::to_string(hub_.port())});
    return control(std::move(words));
  };
  const Finished made = remote({"token", "issue", "--device", "lamp", "--name", "spare", "--skills", "LightSkill.*"});
  ASSERT_EQ(made.code, 0) << made.output;
  const std::string jti = json::parse(made.output).at("jti").get<std::string>();
  const Finished listed = remote({"token", "list"});
  EXPECT_THAT(listed.output, HasSubstr(jti));
  const Finished revoked = remote({"token", "revoke", jti});
  EXPECT_EQ(revoked.code, 0) << revoked.output;
  EXPECT_THAT(remote({"token", "list"}).output, Not(HasSubstr(jti)));
  EXPECT_FALSE(std::filesystem::exists(elsewhere.path() / "hub.db"));
}

TEST_F(RightsInAHub, StrawberryctlIssuesTheSameLimitsWhenNoHubRuns) {
  hub_.stop_bridge();
  const Finished made = ctl({"token", "issue", "--user", "alice", "--name", "kiosk", "--scope", "skills:read chat",
                             "--skills", "front_door.DoorSkill.unlock"});
  ASSERT_EQ(made.code, 0) << made.output;
  const json said = json::parse(made.output);
  EXPECT_EQ(said.at("scope"), "skills:read chat");
  const auto claims =
      verify_token(hub_.files().keys(), said.at("access_token").get<std::string>(), SystemClock().wall_now());
  ASSERT_TRUE(claims);
  EXPECT_FALSE(claims->rights.has(Scope::any_skill));
  EXPECT_FALSE(claims->rights.has(Scope::skills_call));
  EXPECT_EQ(claims->rights.skills, (std::vector<std::string>{"front_door.DoorSkill.unlock"}));
  EXPECT_EQ(ctl({"token", "issue", "--user", "alice", "--scope", "everything"}).code, 2);
  EXPECT_EQ(ctl({"token", "issue", "--user", "alice", "--scope", ""}).code, 2);
  EXPECT_EQ(ctl({"token", "issue", "--admin", "--scope", "chat"}).code, 2);
}

}  // namespace
}  // namespace strawberry::test
