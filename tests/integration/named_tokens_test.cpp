/// Long-lived tokens of systems that act for a person: several at once, listed while the hub runs, revoked by name.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/hub_run.h"
#include "tests/support/hub_process.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

/// Two seconds, with a margin for a busy machine.
constexpr auto soon = 5s;

class NamedTokens : public ::testing::Test {
 protected:
  Finished ctl(std::vector<std::string> words) const {
    words.insert(words.begin(), {"--data-dir", hub_.files().directory().path().string()});
    return control(std::move(words));
  }
  std::string issue(const std::string& name) const {
    const Finished issued = ctl({"token", "issue", "--user", "alice", "--name", name, "--ttl", "365d"});
    if (issued.code != 0) throw std::runtime_error(issued.output);
    return first_line(issued.output);
  }
  /// Like such systems: with a client id of their own, without a user name.
  std::unique_ptr<MqttTestClient> client(const std::string& client_id, const std::string& token) const {
    MqttTestClient::Options options;
    options.port = hub_.port();
    options.client_id = client_id;
    options.password = token;
    options.clean = false;
    options.session_expiry_s = 3600;
    return std::make_unique<MqttTestClient>(options);
  }
  static json answer_on(MqttTestClient& client, const std::string& topic) {
    const auto message = client.wait_for(topic);
    return message ? json::parse(message->payload) : json();
  }

  HubProcess hub_;
};

TEST_F(NamedTokens, TwoSystemsOfOneUserAreThereAtOnce) {
  auto lamp = hub_.device("Lamp");
  lamp->offer("LampSkill", {"turn_on() -> str"});
  auto home_assistant = client("home-assistant", issue("Home Assistant"));
  auto node_red = client("nodered0123456789abcdef", issue("Node-RED"));
  for (auto* system : {home_assistant.get(), node_red.get()}) {
    ASSERT_EQ(system->connect(), 0) << hub_.broker().log();
    ASSERT_LT(system->subscribe("devices/+/status"), 0x80);
    EXPECT_TRUE(system->wait_for("devices/lamp/status"));
  }
  // Each receives its own answers, below a topic of its own.
  ASSERT_LT(home_assistant->subscribe("skills/alice/response/home-assistant"), 0x80);
  ASSERT_LT(node_red->subscribe("skills/alice/response/node-red"), 0x80);
  const auto ask = [](MqttTestClient& client, const std::string& name) {
    TestMessage request;
    request.topic = "skills/alice/request";
    request.payload = R"({"op":"list","correlation_id":")" + name + "\"}";
    request.response_topic = "skills/alice/response/" + name;
    ASSERT_EQ(client.publish(request), 0);
  };
  ask(*home_assistant, "home-assistant");
  ask(*node_red, "node-red");
  const json first = answer_on(*home_assistant, "skills/alice/response/home-assistant");
  const json second = answer_on(*node_red, "skills/alice/response/node-red");
  EXPECT_EQ(first.value("correlation_id", ""), "home-assistant");
  EXPECT_EQ(second.value("correlation_id", ""), "node-red");
  EXPECT_EQ(second.at("result").at("total"), 1);
  for (const TestMessage& message : home_assistant->take_all()) {
    EXPECT_EQ(message.topic.find("node-red"), std::string::npos) << message.topic;
  }
  EXPECT_TRUE(home_assistant->is_connected());
  EXPECT_TRUE(node_red->is_connected());
}

TEST_F(NamedTokens, TheOneThatIsRevokedByNameIsOutAndItsSessionWithIt) {
  const std::string token = issue("Home Assistant");
  auto home_assistant = client("home-assistant", token);
  auto node_red = client("node-red", issue("Node-RED"));
  ASSERT_EQ(home_assistant->connect(), 0);
  ASSERT_EQ(node_red->connect(), 0);
  ASSERT_LT(home_assistant->subscribe("devices/+/status"), 0x80);

  const Finished done = ctl({"token", "revoke", "--name", "Home Assistant", "--user", "alice"});
  EXPECT_EQ(done.code, 0) << done.output;
  EXPECT_TRUE(home_assistant->wait_for_end(soon)) << hub_.broker().log();
  EXPECT_NE(client("home-assistant", token)->connect(), 0);
  EXPECT_TRUE(node_red->is_connected());

  // Its successor starts with the same name and the same client id.
  auto successor = MqttTestClient::Options();
  successor.port = hub_.port();
  successor.client_id = "home-assistant";
  successor.password = issue("Home Assistant");
  MqttTestClient again(successor);
  EXPECT_EQ(again.connect(), 0) << hub_.broker().log();
}

TEST_F(NamedTokens, AreIssuedAndListedWhileTheHubWrites) {
  auto tablet = hub_.device("Tablet");
  constexpr int rounds = 10;
  for (int i = 0; i < rounds; ++i) {
    std::string last;
    for (int j = 0; j < 20; ++j) last = tablet->send("sessions", {{"op", "create"}, {"title", "a session"}});
    issue("token " + std::to_string(i));
    const Finished listed = ctl({"--json", "token", "list"});
    ASSERT_EQ(listed.code, 0) << listed.output;
    EXPECT_EQ(json::parse(listed.output).at("total"), i + 2) << "with the tablet's own";
    EXPECT_EQ(tablet->response("sessions", last).at("success"), true);
  }
}

}  // namespace
}  // namespace strawberry::test
