#include "tests/cli/spoke/discovery/home_fixture.h"

namespace strawberry::cli::discovery {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

const json kitchen_device = {{"identifiers", {"lamp_1"}}, {"name", "Kitchen Light"}, {"suggested_area", "Kitchen"}};

const json kitchen_light = {
    {"name", nullptr},
    {"schema", "json"},
    {"command_topic", "zigbee2mqtt/kitchen/set"},
    {"state_topic", "zigbee2mqtt/kitchen"},
    {"brightness", true},
    {"brightness_scale", 254},
    {"supported_color_modes", {"xy", "color_temp"}},
    {"unique_id", "lamp_1_light"},
    {"availability", {{{"topic", "zigbee2mqtt/bridge/state"}, {"value_template", "{{ value_json.state }}"}}}},
    {"device", kitchen_device}};

TEST_F(HomeTest, LightBecomesADeviceWithSkills) {
  const Changes changes = discover("light/kitchen/light", kitchen_light);
  EXPECT_THAT(changes.problems, ElementsAre());
  EXPECT_THAT(changes.added, ElementsAre("id:lamp_1"));
  EXPECT_THAT(changes.changed, ElementsAre());
  EXPECT_THAT(changes.subscribe, ElementsAre("zigbee2mqtt/bridge/state", "zigbee2mqtt/kitchen"));
  EXPECT_EQ(home_.device("id:lamp_1")->name, "Kitchen Light");
  EXPECT_EQ(home_.device("id:lamp_1")->area, "Kitchen");
  EXPECT_EQ(skill("Light.turn_on").at("docstring").get<std::string>().substr(0, 36),
            "Turn on Kitchen Light, in Kitchen.\nb");
  EXPECT_EQ(home_.online("id:lamp_1"), false);

  EXPECT_THAT(tell("zigbee2mqtt/bridge/state", R"({"state":"online"})").presence, ElementsAre("id:lamp_1"));
  EXPECT_EQ(home_.online("id:lamp_1"), true);
  EXPECT_THAT(call("Light.turn_on", {{"brightness_pct", 50}}),
              ElementsAre(R"(zigbee2mqtt/kitchen/set {"state":"ON","brightness":127})"));
  tell("zigbee2mqtt/kitchen", R"({"state":"ON","brightness":127})");
  EXPECT_EQ(state("Light").at("state"), "on");
  EXPECT_EQ(state("Light").at("brightness_pct"), 50);
  EXPECT_THAT(call("Light.toggle"), ElementsAre(R"(zigbee2mqtt/kitchen/set {"state":"OFF"})"));
}

TEST_F(HomeTest, SwitchWithoutStateIsOptimistic) {
  discover("switch/plug", {{"~", "shelly/plug"}, {"name", "Plug"}, {"cmd_t", "~/command"}, {"qos", 1}, {"ret", true}});
  EXPECT_EQ(only_key(), "entity:switch/plug");
  EXPECT_EQ(home_.online(only_key()), std::nullopt);
  EXPECT_THAT(skills(), ElementsAre("Switch.turn_on() -> str", "Switch.turn_off() -> str", "Switch.toggle() -> str"));
  const auto plan = home_.call(only_key(), "Switch.turn_on", json::array(), json::object());
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->publications[0].topic, "shelly/plug/command");
  EXPECT_EQ(plan->publications[0].payload, "ON");
  EXPECT_EQ(plan->publications[0].qos, 1);
  EXPECT_TRUE(plan->publications[0].retain);
  EXPECT_EQ(plan->result, "sent: turn on Plug");
  EXPECT_EQ(state("Switch").at("state"), "on");
}

}  // namespace
}  // namespace strawberry::cli::discovery
