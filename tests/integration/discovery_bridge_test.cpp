/// The Mosquitto `connection` of docs/home-assistant.md, for a Home Assistant with a broker of its own: two real
/// brokers, and the configuration in the document.
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "tests/cli/hub_run.h"
#include "tests/integration/discovery_fixture.h"

namespace strawberry::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const auto at = text.find(what);
  if (at == std::string::npos) throw std::runtime_error("docs/home-assistant.md has no '" + what + "'");
  return text.replace(at, what.size(), by);
}

/// The lines between the fences around `connection strawberry`, with the user's values filled in.
std::vector<std::string> documented_connection(const HubProcess& hub, const std::string& token) {
  std::string document = content_of(std::string(STRAWBERRY_SOURCE_DIR) + "/docs/home-assistant.md");
  const auto begin = document.find("connection strawberry\n");
  if (begin == std::string::npos) throw std::runtime_error("docs/home-assistant.md has no connection");
  std::string text = document.substr(begin, document.find("```", begin) - begin);
  text = replaced(text, "hub.local:1883", "127.0.0.1:" + std::to_string(hub.port()));
  text = replaced(text, "TOKEN", token);
  std::vector<std::string> lines;
  std::istringstream from(text);
  for (std::string line; std::getline(from, line);) lines.push_back(line);
  return lines;
}

class HomeAssistantsOwnBroker : public testing::Test {
 protected:
  HomeAssistantsOwnBroker() : broker(options()), home_assistant(client()) {}

  BrokerProcess::Options options() {
    BrokerProcess::Options own;
    own.config = documented_connection(hub, hub.files().user_token("alice"));
    return own;
  }
  std::unique_ptr<MqttTestClient> client() {
    MqttTestClient::Options mqtt;
    mqtt.port = broker.port();
    mqtt.client_id = "home-assistant-" + std::to_string(++clients_);
    mqtt.version = 4;
    auto connected = std::make_unique<MqttTestClient>(mqtt);
    if (connected->connect() != 0 || connected->subscribe("#", 0) > 2) throw std::runtime_error("no connection");
    return connected;
  }
  std::optional<json> next(const std::string& topic, const std::function<bool(const json&)>& wanted) {
    const auto message = home_assistant->wait_for(
        [&](const TestMessage& one) {
          return one.topic == topic && !one.payload.empty() && wanted(json::parse(one.payload));
        },
        20s);
    if (!message) return std::nullopt;
    return json::parse(message->payload);
  }

  int clients_ = 0;
  HubProcess hub;
  BrokerProcess broker;
  std::unique_ptr<MqttTestClient> home_assistant;
};

TEST_F(HomeAssistantsOwnBroker, HasTheHubsDevicesTheirStatesAndTheirButtons) {
  auto speaker = hub.device("Speaker");
  speaker->offer("MusicSkill", {"stop() -> bool"});
  const auto config = next("homeassistant/device/speaker/config",
                           [](const json& found) { return found.at("cmps").contains("MusicSkill-stop"); });
  ASSERT_TRUE(config) << broker.log();
  EXPECT_TRUE(next("devices/speaker/status", [](const json& status) { return status.at("state") == "online"; }));
  EXPECT_TRUE(next("hub/state", [](const json& state) { return state.at("state") == "online"; }));
  auto later = client();
  EXPECT_TRUE(later->wait_for("homeassistant/device/speaker/config", 10s)) << "it is not retained there";
  const json& button = config->at("cmps").at("MusicSkill-stop");
  TestMessage press;
  press.topic = button.at("command_topic").get<std::string>();
  press.payload = button.at("payload_press").get<std::string>();
  press.qos = 0;
  ASSERT_EQ(home_assistant->publish(press), 0);
  const auto call = speaker->next_call(10s);
  ASSERT_TRUE(call) << broker.log();
  EXPECT_EQ(call->at("skill_path"), "MusicSkill.stop");
  EXPECT_FALSE(speaker->next_call(300ms)) << "once";
  speaker->mqtt().disconnect();
  EXPECT_TRUE(next("devices/speaker/status", [](const json& status) { return status.at("state") == "offline"; }));
}

TEST_F(HomeAssistantsOwnBroker, HasNothingOfAnotherUsersAndIsToldAgainWhenHomeAssistantStarts) {
  auto speaker = hub.device("Speaker");
  auto radio = hub.device("Radio", "bob");
  const auto is_any = [](const json&) { return true; };
  ASSERT_TRUE(next("homeassistant/device/speaker/config", is_any)) << broker.log();
  std::this_thread::sleep_for(3s);  // it is announced twice
  for (const TestMessage& message : home_assistant->take_all())
    EXPECT_EQ(message.topic.find("radio"), std::string::npos) << message.topic;
  TestMessage birth;
  birth.topic = "homeassistant/status";
  birth.payload = "online";
  ASSERT_EQ(home_assistant->publish(birth), 0);
  EXPECT_TRUE(next("homeassistant/device/speaker/config", is_any)) << "not announced again";
}

}  // namespace
}  // namespace strawberry::test
