/// Tokens made from others, in a whole hub: they are listed, end with their line or their user, and cannot be made from
/// a revoked one.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/identity/token.h"
#include "tests/cli/hub_run.h"
#include "tests/support/hub_process.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

/// Two seconds, with a margin for a busy machine.
constexpr auto soon = 5s;

class TokenLinesInAHub : public ::testing::Test {
 protected:
  Finished ctl(std::vector<std::string> words) const {
    words.insert(words.begin(), {"--data-dir", hub_.files().directory().path().string()});
    return control(std::move(words));
  }
  json ctl_json(std::vector<std::string> words) const {
    words.insert(words.begin(), "--json");
    const Finished done = ctl(std::move(words));
    if (done.code != 0) throw std::runtime_error(done.output);
    return json::parse(done.output);
  }
  std::string issue(std::vector<std::string> words) const {
    words.insert(words.begin(), {"token", "issue"});
    return ctl_json(std::move(words)).at("access_token").get<std::string>();
  }
  std::string jti_of(const std::string& token) const {
    return verify_token(hub_.files().keys(), token, SystemClock().wall_now()).value().jti;
  }
  std::unique_ptr<MqttTestClient> client(const std::string& client_id, const std::string& token) const {
    MqttTestClient::Options options;
    options.port = hub_.port();
    options.client_id = client_id;
    options.password = token;
    return std::make_unique<MqttTestClient>(options);
  }
  /// A connected client that receives the answers to `id`.
  std::unique_ptr<MqttTestClient> connected(const std::string& id, const std::string& client_id,
                                            const std::string& token) const {
    auto made = client(client_id, token);
    if (made->connect() != 0) throw std::runtime_error(client_id + " was not let in");
    made->subscribe("devices/" + id + "/response");
    return made;
  }
  static json ask(MqttTestClient& client, const std::string& id, const json& request) {
    client.publish("devices/" + id + "/request", request.dump());
    const auto message = client.wait_for("devices/" + id + "/response");
    return message ? json::parse(message->payload) : json();
  }
  static std::string token_in(const json& answer) { return answer.at("result").at("access_token").get<std::string>(); }
  static std::string refresh(MqttTestClient& client, const std::string& id) {
    const json answer = ask(client, id, {{"op", "refresh_token"}});
    EXPECT_TRUE(answer.value("success", false)) << answer.dump();
    return token_in(answer);
  }

  HubProcess hub_;
};

TEST_F(TokenLinesInAHub, EndWhenTheFirstIsRevokedAndGiveNothingMore) {
  const std::string first = issue({"--user", "alice", "--name", "Dashboard", "--ttl", "1d"});
  auto dashboard = connected("alice", "dashboard", first);
  const std::string second = refresh(*dashboard, "alice");
  auto successor = connected("alice", "successor", second);
  const std::string third = refresh(*successor, "alice");
  auto last = connected("alice", "last", third);
  auto other = connected("alice", "other", issue({"--user", "alice", "--name", "Node-RED"}));

  const json tokens = ctl_json({"token", "list", "--user", "alice"}).at("tokens");
  ASSERT_EQ(tokens.size(), 4U) << tokens.dump(2);
  std::map<std::string, json> parents;
  for (const json& token : tokens) {
    if (token.at("name") == "Dashboard") parents[token.at("jti").get<std::string>()] = token.at("parent");
  }
  EXPECT_EQ(parents, (std::map<std::string, json>{
                         {jti_of(first), nullptr}, {jti_of(second), jti_of(first)}, {jti_of(third), jti_of(second)}}));

  const Finished done = ctl({"token", "revoke", jti_of(first)});
  EXPECT_EQ(done.code, 0) << done.output;
  // Clients that are still connected have lost the permission already, whether the broker has ended the connection or
  // not.
  for (auto* client : {successor.get(), last.get()}) {
    client->publish("devices/alice/request", R"({"op":"refresh_token"})");
    if (const auto message = client->wait_for("devices/alice/response", 500ms)) {
      EXPECT_EQ(json::parse(message->payload).at("error").at("code"), "forbidden") << message->payload;
    }
  }
  for (auto* client : {dashboard.get(), successor.get(), last.get()}) EXPECT_TRUE(client->wait_for_end(soon));
  for (const std::string& token : {first, second, third}) EXPECT_NE(client("again", token)->connect(), 0);
  EXPECT_TRUE(other->is_connected());
  EXPECT_EQ(ctl_json({"token", "list", "--user", "alice"}).at("total"), 1);
}

TEST_F(TokenLinesInAHub, OfDevicesEndByTheirYoungestToo) {
  auto alice = connected("alice", "alice", issue({"--user", "alice"}));
  const std::string lamp =
      token_in(ask(*alice, "alice", {{"op", "register"}, {"name", "Lamp"}, {"device_id", "lamp"}}));
  const std::string radio =
      token_in(ask(*alice, "alice", {{"op", "register"}, {"name", "Radio"}, {"device_id", "radio"}}));
  auto first = connected("lamp", "lamp", lamp);
  const std::string renewed = refresh(*first, "lamp");
  auto second = connected("lamp", "lamp-2", renewed);
  auto other = connected("radio", "radio", radio);
  ASSERT_EQ(ctl({"token", "revoke", jti_of(renewed)}).code, 0);
  EXPECT_TRUE(first->wait_for_end(soon));
  EXPECT_TRUE(second->wait_for_end(soon));
  EXPECT_NE(client("lamp", lamp)->connect(), 0);
  EXPECT_TRUE(other->is_connected());
  EXPECT_TRUE(alice->is_connected());
}

TEST_F(TokenLinesInAHub, OfAUserAllEndAtOnceAndNewOnesBegin) {
  const std::string dashboard = issue({"--user", "alice"});
  auto alice = connected("alice", "alice", dashboard);
  const std::string lamp =
      token_in(ask(*alice, "alice", {{"op", "register"}, {"name", "Lamp"}, {"device_id", "lamp"}}));
  auto device = connected("lamp", "lamp", lamp);
  const std::string enroll = issue({"--enroll", "--user", "alice"});
  auto bob = connected("bob", "bob", issue({"--user", "bob"}));

  const Finished done = ctl({"token", "revoke", "--user", "alice", "--all"});
  EXPECT_EQ(done.code, 0) << done.output;
  EXPECT_TRUE(alice->wait_for_end(soon));
  EXPECT_TRUE(device->wait_for_end(soon));
  EXPECT_TRUE(bob->is_connected());
  for (const std::string& token : {dashboard, lamp, enroll}) EXPECT_NE(client("again", token)->connect(), 0);
  auto fresh = connected("alice", "fresh", issue({"--user", "alice"}));
  EXPECT_NE(refresh(*fresh, "alice"), "");
  EXPECT_EQ(client("lamp", issue({"--device", "lamp"}))->connect(), 0) << "the device is still there";
}

TEST_F(TokenLinesInAHub, CannotBeForged) {
  const std::string token = issue({"--user", "alice"});
  auto alice = connected("alice", "alice", token);
  TestMessage request;
  request.topic = "devices/alice/request";
  request.payload = R"({"op":"refresh_token"})";
  request.user_properties = {{"strawberry-token", "1767225600/0/Zm9yZ2Vk/"}};
  ASSERT_EQ(alice->publish(request), 0);
  const auto message = alice->wait_for("devices/alice/response");
  ASSERT_TRUE(message);
  const std::string made = token_in(json::parse(message->payload));
  EXPECT_EQ(verify_token(hub_.files().keys(), made, SystemClock().wall_now()).value().root_jti, jti_of(token));
}

}  // namespace
}  // namespace strawberry::test
