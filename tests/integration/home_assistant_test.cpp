/// A user's Home Assistant, scripted: the announcements of that user's devices, and the effect of its buttons
/// (docs/contract.md, section 11).
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>

#include "tests/support/hub_process.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr auto patience = 10s;

TestMessage at_most_once(const std::string& topic, const std::string& payload, bool retain = false) {
  TestMessage message;
  message.topic = topic;
  message.payload = payload;
  message.qos = 0;
  message.retained = retain;
  return message;
}

std::string config_topic(const std::string& id) { return "homeassistant/device/" + id + "/config"; }
std::string state_topic(const std::string& id) { return "homeassistant/device/" + id + "/state"; }

/// Holds the user's token, speaks MQTT 3.1.1 as Home Assistant does by default, and remembers the last messages.
class HomeAssistantClient {
 public:
  HomeAssistantClient(const HubProcess& hub, const std::string& user, int version = 4)
      : client_(options(hub, user, version)) {
    if (client_.connect() != 0) throw std::runtime_error("no connection");
    for (const char* filter : {"homeassistant/+/+/config", "homeassistant/+/+/+/config", "homeassistant/device/+/state",
                               "devices/+/status", "hub/state"}) {
      if (client_.subscribe(filter, 0) > 2) throw std::runtime_error(std::string("refused: ") + filter);
    }
  }

  MqttTestClient& mqtt() { return client_; }
  void say(const std::string& payload, bool retain = false) {
    client_.publish(at_most_once("homeassistant/status", payload, retain));
  }
  /// The next configuration of it that `wanted` accepts.
  std::optional<json> config(const std::string& id, const std::function<bool(const json&)>& wanted = {}) {
    auto found = client_.wait_for(
        [&](const TestMessage& message) {
          if (message.topic != config_topic(id) || message.payload.empty()) return false;
          return !wanted || wanted(json::parse(message.payload));
        },
        patience);
    if (!found) return std::nullopt;
    return json::parse(found->payload);
  }
  std::optional<json> state(const std::string& id, const std::function<bool(const json&)>& wanted = {}) {
    auto found = client_.wait_for(
        [&](const TestMessage& message) {
          return message.topic == state_topic(id) && !message.payload.empty() &&
                 (!wanted || wanted(json::parse(message.payload)));
        },
        patience);
    if (!found) return std::nullopt;
    return json::parse(found->payload);
  }
  bool is_told_that_it_is_gone(const std::string& id) {
    return client_
        .wait_for(
            [&](const TestMessage& message) { return message.topic == config_topic(id) && message.payload.empty(); },
            patience)
        .has_value();
  }
  void press(const json& button) {
    client_.publish(
        at_most_once(button.at("command_topic").get<std::string>(), button.at("payload_press").get<std::string>()));
  }

 private:
  static MqttTestClient::Options options(const HubProcess& hub, const std::string& user, int version) {
    MqttTestClient::Options options;
    options.port = hub.port();
    options.version = version;
    options.client_id = "home_assistant_of_" + user;
    options.user_name = user;
    options.password = hub.files().user_token(user);
    options.will = at_most_once("homeassistant/status", "offline");
    return options;
  }
  MqttTestClient client_;
};

bool has_button(const json& config, const std::string& key) {
  return config.at("cmps").contains(key) && config.at("cmps").at(key).size() > 1;
}

/// Everything retained below homeassistant/, as an admin sees it.
std::map<std::string, std::string> retained(HubProcess& hub) {
  auto admin = hub.admin();
  admin->mqtt().subscribe("homeassistant/device/#");
  admin->result_of("devices", {{"op", "list"}});  // retained messages arrive before this answer
  std::map<std::string, std::string> all;
  for (const auto& message : admin->mqtt().take_all()) {
    if (message.retained && message.topic.starts_with("homeassistant/")) all[message.topic] = message.payload;
  }
  return all;
}

/// Waits until at most these are retained.
bool is_retained_only(HubProcess& hub, const std::set<std::string>& topics) {
  for (const auto deadline = std::chrono::steady_clock::now() + patience;;) {
    std::set<std::string> seen;
    for (const auto& [topic, payload] : retained(hub)) seen.insert(topic);
    if (seen == topics) return true;
    if (std::chrono::steady_clock::now() > deadline) return false;
  }
}

std::set<std::string> topics_of(const std::vector<std::string>& ids) {
  std::set<std::string> topics;
  for (const auto& id : ids) topics.insert({config_topic(id), state_topic(id)});
  return topics;
}

TEST(HomeAssistantDiscovery, ExpiredSkillsAreSaidToEverybodyAndMakeTheButtonsUnavailable) {
  HubProcess::Options options;
  options.config = "[skills]\nexpiry_s = 6\n";
  HubProcess hub(options);
  auto speaker = hub.device("Speaker");
  HomeAssistantClient home(hub, "alice");
  auto alice = hub.user("alice");
  ASSERT_LT(alice->mqtt().subscribe("devices/+/skills"), 0x80);
  speaker->offer("MusicControlSkill", {"stop()"});
  const auto config =
      home.config("speaker", [](const json& each) { return has_button(each, "MusicControlSkill-stop"); });
  ASSERT_TRUE(config);
  const auto& availability = config->at("cmps").at("MusicControlSkill-stop").at("availability");
  EXPECT_EQ(availability.back().at("topic"), state_topic("speaker"));
  const auto counted = [](int wanted) { return [wanted](const json& each) { return each.at("skills") == wanted; }; };
  ASSERT_TRUE(home.state("speaker", counted(1)));
  home.mqtt().take_all();  // also what was said before it had any
  // Six seconds, and at most five until it is looked for.
  const auto said = alice->mqtt().wait_for(
      [](const TestMessage& message) {
        return message.topic == "devices/speaker/skills" && json::parse(message.payload).at("skills") == 0;
      },
      4 * patience);
  ASSERT_TRUE(said);
  EXPECT_TRUE(home.state("speaker", counted(0)));
  EXPECT_EQ(alice->result_of("skills", {{"op", "list"}}).at("total"), 0);
  speaker->result_of("skills", {{"op", "heartbeat"}});
  EXPECT_TRUE(home.state("speaker", counted(1))) << "and back with the heartbeat";
}

TEST(HomeAssistantDiscovery, AUserSeesTheHubAndTheirOwnDevices) {
  HubProcess hub;
  auto speaker = hub.device("Living Room Speaker");
  auto lamp = hub.device("Bobs Lamp", "bob");
  speaker->offer("MusicControlSkill", {"stop()", "play_song(name: str)"});
  lamp->offer("LampSkill", {"turn_on()"});
  HomeAssistantClient alices(hub, "alice");
  HomeAssistantClient bobs(hub, "bob", 5);

  const auto config =
      alices.config("living_room_speaker", [](const json& c) { return has_button(c, "MusicControlSkill-stop"); });
  ASSERT_TRUE(config);
  EXPECT_EQ(config->at("dev").at("name"), "Living Room Speaker");
  EXPECT_FALSE(has_button(*config, "MusicControlSkill-play_song")) << "nobody could say which song";
  const auto hub_config = alices.config("alice");
  ASSERT_TRUE(hub_config);
  EXPECT_EQ(config->at("dev").at("via_device"), hub_config->at("dev").at("ids").at(0));
  const auto state = alices.state("living_room_speaker", [](const json& s) { return s.at("skills") == 2; });
  ASSERT_TRUE(state);
  EXPECT_TRUE(alices.state("alice", [](const json& s) { return s.at("devices_online") == 1; }));

  ASSERT_TRUE(bobs.config("bobs_lamp"));
  ASSERT_TRUE(bobs.config("bob"));
  for (const auto& message : alices.mqtt().take_all()) {
    EXPECT_EQ(message.topic.find("bob"), std::string::npos) << message.topic;
    EXPECT_EQ(message.payload.find("bob"), std::string::npos) << message.payload;
  }
}

TEST(HomeAssistantDiscovery, ADeviceAddedLaterIsToldToAHomeAssistantThatIsThereAlready) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  HomeAssistantClient home(hub, "alice");
  ASSERT_TRUE(home.config("speaker"));
  // Neither connection nor skills change: no other message concerns it.
  auto admin = hub.admin();
  admin->result_of("devices", {{"op", "register"}, {"user_id", "alice"}, {"name", "Lamp"}, {"device_id", "lamp"}});
  const auto config = home.config("lamp");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->at("dev").at("name"), "Lamp");
  EXPECT_TRUE(home.state("lamp"));
}

TEST(HomeAssistantDiscovery, PressingAButtonRunsTheSkillEachTime) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  speaker->offer("MusicControlSkill", {"stop()"});
  HomeAssistantClient home(hub, "alice");
  const auto config = home.config("speaker", [](const json& c) { return has_button(c, "MusicControlSkill-stop"); });
  ASSERT_TRUE(config);
  std::set<std::string> ids;
  for (int press = 0; press < 2; ++press) {
    home.press(config->at("cmps").at("MusicControlSkill-stop"));
    const auto call = speaker->next_call();
    ASSERT_TRUE(call);
    EXPECT_EQ(call->at("skill_path"), "MusicControlSkill.stop");
    EXPECT_EQ(call->at("caller_device_id"), "alice");
    ids.insert(call->at("correlation_id").get<std::string>());
    speaker->answer(*call, true);
  }
  EXPECT_EQ(ids.size(), 2U);
}

TEST(HomeAssistantDiscovery, AButtonGoesWithItsSkill) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  speaker->offer("C", {"stop()", "next()"});
  HomeAssistantClient home(hub, "alice");
  ASSERT_TRUE(home.config("speaker", [](const json& c) { return has_button(c, "C-stop"); }));
  speaker->offer("C", {"next()"});
  const auto config =
      home.config("speaker", [](const json& c) { return c.at("cmps").contains("C-stop") && !has_button(c, "C-stop"); });
  ASSERT_TRUE(config);
  EXPECT_EQ(config->at("cmps").at("C-stop"), json::parse(R"({"p":"button"})"));
  EXPECT_TRUE(has_button(*config, "C-next"));
}

TEST(HomeAssistantDiscovery, WhatIsDeletedIsTakenBackAndForgotten) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  auto tablet = hub.device("Tablet");
  HomeAssistantClient home(hub, "alice");
  ASSERT_TRUE(home.config("speaker"));
  ASSERT_TRUE(home.config("tablet"));
  auto user = hub.user("alice");
  user->result_of("devices", {{"op", "delete"}, {"device_id", "speaker"}});
  EXPECT_TRUE(home.is_told_that_it_is_gone("speaker"));
  EXPECT_TRUE(is_retained_only(hub, topics_of({"alice", "tablet"})));
  user->result_of("devices", {{"op", "delete"}, {"device_id", "tablet"}});
  EXPECT_TRUE(home.is_told_that_it_is_gone("tablet"));
  EXPECT_TRUE(home.is_told_that_it_is_gone("alice")) << "a user without devices has no hub either";
  EXPECT_TRUE(is_retained_only(hub, {}));
}

TEST(HomeAssistantDiscovery, WhatWasDeletedInTheMomentOfACrashIsTakenBackAtTheNextStart) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  auto tablet = hub.device("Tablet");
  HomeAssistantClient home(hub, "alice");
  ASSERT_TRUE(home.config("speaker"));
  ASSERT_TRUE(home.config("tablet"));
  hub.kill_bridge();
  hub.files().delete_device("speaker");
  hub.start_bridge();
  EXPECT_TRUE(home.is_told_that_it_is_gone("speaker"));
  EXPECT_TRUE(is_retained_only(hub, topics_of({"alice", "tablet"})));
}

TEST(HomeAssistantDiscovery, ABirthBringsEverythingAgainToWhoWasBorn) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  auto lamp = hub.device("Lamp", "bob");
  HomeAssistantClient alices(hub, "alice");
  HomeAssistantClient bobs(hub, "bob");
  ASSERT_TRUE(alices.config("speaker") && bobs.config("lamp"));
  ASSERT_TRUE(is_retained_only(hub, topics_of({"alice", "speaker", "bob", "lamp"})));
  alices.mqtt().take_all();
  bobs.mqtt().take_all();
  alices.say("online");
  ASSERT_TRUE(alices.config("speaker"));
  EXPECT_TRUE(alices.state("speaker"));
  for (const auto& message : bobs.mqtt().take_all()) EXPECT_FALSE(message.topic.ends_with("/config")) << message.topic;
}

TEST(HomeAssistantDiscovery, AWillIsNoBirthWhateverItSays) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  auto admin = hub.admin();
  admin->mqtt().subscribe("homeassistant/status");
  {
    MqttTestClient::Options options;
    options.port = hub.port();
    options.client_id = "leaving";
    options.password = hub.files().user_token("alice");
    auto will = at_most_once("homeassistant/status", "offline", /*retain=*/true);
    will.user_properties = {{"strawberry-principal", "user/bob/bob"}};
    options.will = will;
    MqttTestClient leaving(options);
    ASSERT_EQ(leaving.connect(), 0);
    leaving.drop();
  }
  const auto seen = admin->mqtt().wait_for("homeassistant/status", patience);
  ASSERT_TRUE(seen) << "Home Assistant's will goes on working";
  EXPECT_EQ(seen->payload, "offline");
}

TEST(HomeAssistantDiscovery, TurnedOffForAUserItTakesEverythingBack) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  auto lamp = hub.device("Lamp", "bob");
  HomeAssistantClient home(hub, "alice");
  ASSERT_TRUE(home.state("speaker"));
  ASSERT_TRUE(is_retained_only(hub, topics_of({"alice", "speaker", "bob", "lamp"})));
  hub.stop_bridge();
  hub.configure("[home_assistant]\noff_for = \"alice\"\n");
  hub.start_bridge();
  EXPECT_TRUE(home.is_told_that_it_is_gone("speaker"));
  EXPECT_TRUE(home.is_told_that_it_is_gone("alice"));
  EXPECT_TRUE(is_retained_only(hub, topics_of({"bob", "lamp"})));
  hub.stop_bridge();
  hub.configure("[home_assistant]\nenabled = false\n");
  hub.start_bridge();
  EXPECT_TRUE(is_retained_only(hub, {}));
}

TEST(HomeAssistantDiscovery, TheHubCountsTodaysChatsAlsoOverARestart) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  HomeAssistantClient home(hub, "alice");
  ASSERT_TRUE(home.state("alice", [](const json& s) { return s.at("chats_today") == 0; }));
  const json hello = json::array({{{"role", "user"}, {"content", "hello"}}});
  speaker->result_of("chat", {{"messages", hello}});
  speaker->result_of("chat", {{"messages", hello}});
  ASSERT_TRUE(home.state("alice", [](const json& s) { return s.at("chats_today") == 2; }));
  hub.stop_bridge();
  home.mqtt().take_all();
  hub.start_bridge();
  const auto numbers = home.state("alice");
  ASSERT_TRUE(numbers);
  EXPECT_EQ(numbers->at("chats_today"), 2);
}

TEST(HomeAssistantDiscovery, LastSeenFollowsTheDevice) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  HomeAssistantClient home(hub, "alice");
  const auto first = home.state("speaker", [](const json& s) { return s.at("last_seen").is_string(); });
  ASSERT_TRUE(first);
  speaker->mqtt().drop();
  ASSERT_TRUE(home.state("alice", [](const json& s) { return s.at("devices_online") == 0; }));
  EXPECT_TRUE(home.state("speaker", [&](const json& s) { return s.at("last_seen") > first->at("last_seen"); }));
}

TEST(HomeAssistantDiscovery, AnotherUsersTokenPressesNothing) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  auto lamp = hub.device("Lamp", "bob");
  speaker->offer("C", {"stop()"});
  HomeAssistantClient home(hub, "alice");
  const auto config = home.config("speaker", [](const json& c) { return has_button(c, "C-stop"); });
  ASSERT_TRUE(config);
  const auto& button = config->at("cmps").at("C-stop");
  auto bob = hub.user("bob");
  constexpr int not_authorized = 0x87;
  EXPECT_EQ(
      bob->mqtt().publish(button.at("command_topic").get<std::string>(), button.at("payload_press").get<std::string>()),
      not_authorized);
  EXPECT_EQ(bob->code_of("skills", json::parse(button.at("payload_press").get<std::string>())), "not_found");
}

}  // namespace
}  // namespace strawberry::test
