// The discovered devices: forms of messages, removal, merging, names, presence, limits, bad input.
#include "tests/cli/spoke/discovery/home_fixture.h"

namespace strawberry::cli::discovery {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class DiscoveryTest : public HomeTest {};

json switch_of(const std::string& device_id, const std::string& name, const std::string& topic = "t/set") {
  return {{"name", name}, {"command_topic", topic}, {"device", {{"identifiers", {device_id}}, {"name", "Box"}}}};
}

TEST_F(DiscoveryTest, LightBecomesADeviceWithSkills) {
  const json light = {
      {"name", nullptr},
      {"schema", "json"},
      {"command_topic", "zigbee2mqtt/kitchen/set"},
      {"state_topic", "zigbee2mqtt/kitchen"},
      {"brightness", true},
      {"brightness_scale", 254},
      {"supported_color_modes", {"xy", "color_temp"}},
      {"unique_id", "lamp_1_light"},
      {"availability", {{{"topic", "bridge/state"}, {"value_template", "{{ value_json.state }}"}}}},
      {"device", {{"identifiers", {"lamp_1"}}, {"name", "Kitchen Light"}, {"suggested_area", "Kitchen"}}}};
  const Changes changes = discover("light/kitchen/light", light);
  EXPECT_THAT(changes.problems, IsEmpty());
  EXPECT_THAT(changes.added, ElementsAre("id:lamp_1"));
  EXPECT_THAT(changes.changed, IsEmpty());
  EXPECT_THAT(changes.subscribe, ElementsAre("bridge/state", "zigbee2mqtt/kitchen"));
  EXPECT_EQ(home_.topics(), changes.subscribe);
  EXPECT_EQ(home_.device("id:lamp_1")->name, "Kitchen Light");
  EXPECT_EQ(home_.device("id:lamp_1")->area, "Kitchen");
  EXPECT_THAT(skill("Light.turn_on").at("docstring").get<std::string>(),
              HasSubstr("Turn on Kitchen Light, in Kitchen.\nbrightness_pct: brightness in percent, from 0 to 100\n"));
  EXPECT_EQ(skill("Light.turn_on").at("input_schema").at("properties").at("brightness_pct"),
            json({{"type", "integer"}, {"minimum", 0}, {"maximum", 100}}));
  EXPECT_THAT(discover("light/kitchen/light", light).is_empty(), true) << "the same again changes nothing";
  EXPECT_EQ(home_.online("id:lamp_1"), false);
  EXPECT_THAT(call("Light.turn_on"), ElementsAre("no: it is not available now: Kitchen Light"));

  EXPECT_THAT(tell("bridge/state", R"({"state":"online"})").presence, ElementsAre("id:lamp_1"));
  EXPECT_EQ(home_.online("id:lamp_1"), true);
  EXPECT_THAT(call("Light.turn_on", {{"brightness_pct", 50}}),
              ElementsAre(R"(zigbee2mqtt/kitchen/set {"state":"ON","brightness":127})"));
  tell("zigbee2mqtt/kitchen", R"({"state":"ON","brightness":127})");
  EXPECT_EQ(state("Light").at("state"), "on");
  EXPECT_EQ(state("Light").at("brightness_pct"), 50);
  EXPECT_THAT(call("Light.toggle"), ElementsAre(R"(zigbee2mqtt/kitchen/set {"state":"OFF"})"));
}

TEST_F(DiscoveryTest, ShortNamesBaseTopicAndOwnDevice) {
  const Changes changes = discover("switch/plug", {{"~", "shelly/plug"},
                                                   {"name", "Plug"},
                                                   {"cmd_t", "~/command"},
                                                   {"stat_t", "~"},
                                                   {"qos", 1},
                                                   {"ret", true},
                                                   {"opt", true}});
  EXPECT_THAT(changes.subscribe, ElementsAre("shelly/plug"));
  EXPECT_EQ(only_key(), "entity:switch/plug");
  EXPECT_EQ(home_.device(only_key())->name, "Plug");
  EXPECT_EQ(home_.online(only_key()), std::nullopt);
  EXPECT_THAT(skills(), ElementsAre("Switch.turn_on() -> str", "Switch.turn_off() -> str", "Switch.toggle() -> str"));
  const auto plan = home_.call(only_key(), "Switch.turn_on", json::array(), json::object());
  ASSERT_TRUE(plan) << plan.error().message;
  ASSERT_THAT(plan->publications, SizeIs(1));
  EXPECT_EQ(plan->publications[0].topic, "shelly/plug/command");
  EXPECT_EQ(plan->publications[0].payload, "ON");
  EXPECT_EQ(plan->publications[0].qos, 1);
  EXPECT_TRUE(plan->publications[0].retain);
  EXPECT_EQ(plan->result, "sent: turn on Plug");
  EXPECT_EQ(state("Switch").at("state"), "on");
}

TEST_F(DiscoveryTest, DeviceFormHasAllComponentsAndSharedKeys) {
  const json device = {
      {"dev", {{"ids", "0x1"}, {"name", "Heater"}, {"mf", "ACME"}, {"mdl", "H1"}, {"sw", "2.0"}, {"sa", "Bath"}}},
      {"o", {{"name", "firmware"}}},
      {"~", "heater"},
      {"avty_t", "~/online"},
      {"pl_avail", "1"},
      {"pl_not_avail", "0"},
      {"stat_t", "~/state"},
      {"qos", 2},
      {"cmps",
       {{"power",
         {{"p", "switch"},
          {"uniq_id", "h1p"},
          {"name", "Power"},
          {"cmd_t", "~/set"},
          {"val_tpl", "{{ value_json.on }}"}}},
        {"temp",
         {{"p", "sensor"},
          {"uniq_id", "h1t"},
          {"dev_cla", "temperature"},
          {"unit_of_meas", "°C"},
          {"val_tpl", "{{ value_json.t }}"}}}}}};
  const Changes changes = discover("device/heater", device);
  EXPECT_THAT(changes.problems, IsEmpty());
  EXPECT_THAT(changes.subscribe, ElementsAre("heater/online", "heater/state"));
  EXPECT_THAT(skills(), ElementsAre("PowerSwitch.turn_on() -> str", "PowerSwitch.turn_off() -> str",
                                    "PowerSwitch.toggle() -> str"));
  EXPECT_EQ(home_.device(only_key())->manufacturer, "ACME");
  EXPECT_EQ(home_.device(only_key())->software, "2.0");
  tell("heater/online", "1");
  tell("heater/state", R"({"on":"ON","t":21.5})");
  EXPECT_EQ(state("TemperatureSensor"), json({{"name", "Temperature"},
                                              {"kind", "sensor"},
                                              {"state", 21.5},
                                              {"unit", "°C"},
                                              {"device_class", "temperature"}}));
  EXPECT_EQ(home_.call(only_key(), "PowerSwitch.turn_off", nullptr, nullptr)->publications[0].qos, 2);

  json fewer = device;
  fewer["cmps"]["power"] = {{"p", "switch"}};
  EXPECT_THAT(discover("device/heater", fewer).changed, ElementsAre("id:0x1"));
  EXPECT_THAT(skills(), IsEmpty());
  EXPECT_EQ(state("TemperatureSensor").at("state"), 21.5) << "what was known stays known";
  fewer["cmps"].erase("power");
  fewer["cmps"].erase("temp");
  fewer["cmps"]["other"] = {{"p", "button"}, {"uniq_id", "o"}, {"cmd_t", "~/press"}, {"name", "Other"}};
  discover("device/heater", fewer);
  EXPECT_THAT(skills(), ElementsAre("OtherButton.press() -> str")) << "what is not named any more is gone";
  const Changes end = discover_text("device/heater", "");
  EXPECT_THAT(end.gone, ElementsAre("id:0x1"));
  EXPECT_THAT(end.unsubscribe, ElementsAre("heater/online"));
  EXPECT_THAT(home_.topics(), IsEmpty());
  EXPECT_THAT(home_.device_keys(), IsEmpty());
}

TEST_F(DiscoveryTest, EntitiesMoveToTheDeviceFormByTheMigrationMarker) {
  discover("switch/box/power", switch_of("box", "Power"));
  discover_text("switch/box/power", R"({"migrate_discovery": true})");
  EXPECT_THAT(skills(), SizeIs(3)) << "until the other form is there";
  const json form = {{"dev", {{"ids", "box"}, {"name", "Box"}}},
                     {"o", {{"name", "x"}}},
                     {"cmps", {{"power", {{"p", "switch"}, {"name", "Power"}, {"cmd_t", "new/set"}}}}}};
  EXPECT_THAT(discover("device/box", form).problems, IsEmpty());
  discover_text("switch/box/power", "");
  EXPECT_THAT(call("PowerSwitch.turn_on"), ElementsAre("new/set ON"));
}

TEST_F(DiscoveryTest, MessagesWithAnIdentityInCommonAreOneDevice) {
  EXPECT_THAT(discover("switch/a", switch_of("one", "A")).added, ElementsAre("id:one"));
  json second = switch_of("two", "B");
  second["device"]["connections"] = json::array({json::array({"mac", "AA:BB"})});
  EXPECT_THAT(discover("switch/b", second).added, ElementsAre("id:two"));
  json bridge = switch_of("one", "C");
  bridge["device"]["connections"] = json::array({json::array({"mac", "aa:bb"})});
  const Changes merged = discover("switch/c", bridge);
  EXPECT_THAT(merged.gone, ElementsAre("id:two"));
  EXPECT_THAT(merged.changed, ElementsAre("id:one"));
  EXPECT_THAT(home_.device("id:one")->identities, ElementsAre("id:one", "id:two", "mac:aa:bb"));
  EXPECT_THAT(skills("id:one"), SizeIs(9));
  EXPECT_THAT(discover_text("switch/a", "").changed, ElementsAre("id:one"));
  discover_text("switch/b", "");
  EXPECT_THAT(discover_text("switch/c", "").gone, ElementsAre("id:one"));
  EXPECT_THAT(discover_text("switch/c", "").is_empty(), true);
}

TEST_F(DiscoveryTest, NamesFollowTheEntitiesNotTheOrder) {
  const std::vector<std::pair<std::string, std::string>> all = {{"s1", "Child lock"}, {"s2", "Power-on behavior"},
                                                                {"s3", "Box"},        {"s4", "Box Left"},
                                                                {"s5", "3rd"},        {"s6", "客厅"},
                                                                {"s7", "Light"}};
  for (const auto& [id, name] : all) discover("switch/" + id, switch_of("box", name));
  std::vector<std::string> names;
  const json all_states = home_.read(only_key());
  for (const auto& [name, value] : all_states.items()) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("ChildLockSwitch", "LeftSwitch", "LightSwitch", "PowerOnBehaviorSwitch", "S6Switch",
                                 "Switch", "Switch3rd"));
  EXPECT_EQ(skill("Switch.turn_on").at("docstring"), "Turn on Box.");
  EXPECT_EQ(skill("LeftSwitch.turn_on").at("docstring"), "Turn on Left of Box.");

  discover("switch/left", switch_of("two", "Relay"));
  EXPECT_THAT(skills("id:two").front(), "RelaySwitch.turn_on() -> str");
  discover("switch/right", switch_of("two", "Relay"));
  EXPECT_THAT(skills("id:two"), Contains("RelaySwitchLeft.turn_on() -> str"));
  EXPECT_THAT(skills("id:two"), Contains("RelaySwitchRight.turn_on() -> str"));
}

TEST_F(DiscoveryTest, DeviceNamesCanAlwaysBeCalled) {
  json config = switch_of("0x1234abcd", "A");
  config["device"]["name"] = "Hub";
  discover("switch/a", config);
  EXPECT_EQ(home_.device(only_key())->name, "Hub 1234abcd");
  config["device"]["name"] = "  \x01 Lamp ";
  discover("switch/a", config);
  EXPECT_EQ(home_.device(only_key())->name, "\\x01 Lamp");
  config["device"]["name"] = std::string(500, 'x');
  discover("switch/a", config);
  EXPECT_LE(home_.device(only_key())->name.size(), 120U);
}

TEST_F(DiscoveryTest, AvailabilityIsAllAnyOrTheLatest) {
  const auto with_mode = [&](const char* mode) {
    json config = switch_of(mode, "A");
    config["availability"] = {{{"topic", "a"}},
                              {{"topic", "b"}, {"payload_available", "yes"}, {"payload_not_available", "no"}}};
    config["availability_mode"] = mode;
    discover(std::string("switch/") + mode, config);
  };
  for (const char* mode : {"all", "any", "latest"}) with_mode(mode);
  const auto online = [&] {
    std::string text;
    for (const char* mode : {"id:all", "id:any", "id:latest"}) text += home_.online(mode).value_or(false) ? "1" : "0";
    return text;
  };
  EXPECT_EQ(online(), "000");
  EXPECT_THAT(tell("a", "online").presence, ElementsAre("id:any", "id:latest"));
  EXPECT_EQ(online(), "011");
  tell("b", "no");
  EXPECT_EQ(online(), "010");
  tell("b", "yes");
  EXPECT_EQ(online(), "111");
  tell("a", "offline");
  EXPECT_EQ(online(), "010");
  EXPECT_THAT(tell("a", "nonsense").is_empty(), true);
}

TEST_F(DiscoveryTest, DeviceIsThereWhenOneOfItsEntitiesIs) {
  json first = switch_of("box", "A"), second = switch_of("box", "B");
  first["availability_topic"] = "a";
  second["availability_topic"] = "b";
  discover("switch/a", first);
  discover("switch/b", second);
  discover("switch/c", switch_of("box", "C"));
  EXPECT_EQ(home_.online("id:box"), false);
  tell("b", "online");
  EXPECT_EQ(home_.online("id:box"), true);
  EXPECT_THAT(call("ASwitch.turn_on"), ElementsAre("no: it is not available now: A of Box"));
  EXPECT_THAT(call("CSwitch.turn_on"), ElementsAre("t/set ON"));
  EXPECT_EQ(state("ASwitch").at("available"), false);
}

TEST_F(DiscoveryTest, EntityThatComesLaterKnowsWhatItsTopicSaid) {
  json config = switch_of("one", "A");
  config["availability_topic"] = "bridge";
  EXPECT_THAT(discover("switch/a", config).subscribe, ElementsAre("bridge"));
  tell("bridge", "online");
  config["device"]["identifiers"] = {"two"};
  const Changes changes = discover("switch/b", config);
  EXPECT_THAT(changes.subscribe, IsEmpty());
  EXPECT_EQ(home_.online("id:two"), true);
  EXPECT_THAT(discover_text("switch/a", "").unsubscribe, IsEmpty()) << "the other still reads it";
  EXPECT_THAT(discover_text("switch/b", "").unsubscribe, ElementsAre("bridge"));
}

TEST_F(DiscoveryTest, DisabledEntitiesAndOwnAnnouncementsAreLeftOut) {
  json config = switch_of("box", "A");
  config["enabled_by_default"] = false;
  EXPECT_TRUE(discover("switch/a", config).is_empty());
  json own = switch_of("box", "A");
  own["o"] = {{"name", "Strawberry Hub"}};
  EXPECT_TRUE(discover("switch/b", own).is_empty());
  EXPECT_TRUE(discover("device_automation/c", {{"atype", "trigger"}, {"topic", "x"}}).is_empty());
  EXPECT_THAT(home_.device_keys(), IsEmpty());
}

TEST_F(DiscoveryTest, StatesGetOldAndSwitchThemselvesOff) {
  discover("sensor/t", {{"name", "T"}, {"state_topic", "t"}, {"expire_after", 60}, {"unit_of_measurement", "W"}});
  tell("t", "5");
  EXPECT_EQ(state("Sensor").at("state"), 5);
  clock_.advance(std::chrono::seconds(61));
  EXPECT_EQ(state("Sensor").at("state"), nullptr);
  EXPECT_EQ(state("Sensor").at("available"), false);
  discover_text("sensor/t", "");
  discover("binary_sensor/m", {{"name", "M"}, {"state_topic", "m"}, {"off_delay", 10}});
  tell("m", "ON");
  EXPECT_EQ(state("BinarySensor").at("state"), "on");
  clock_.advance(std::chrono::seconds(11));
  EXPECT_EQ(state("BinarySensor").at("state"), "off");
}

TEST_F(DiscoveryTest, AttributesAreReadOnceAndBounded) {
  const json config = {{"name", "A"},
                       {"state_topic", "t"},
                       {"value_template", "{{ value_json.s }}"},
                       {"json_attributes_topic", "t"},
                       {"device", {{"ids", "d"}, {"name", "D"}}}};
  discover("sensor/a", config);
  json other = config;
  other["name"] = "B";
  discover("sensor/b", other);
  tell("t", R"({"s":"x","more":[1]})");
  EXPECT_EQ(state("ASensor").at("attributes"), json({{"s", "x"}, {"more", {1}}}));
  EXPECT_FALSE(state("BSensor").contains("attributes")) << "the same, told once";
  tell("t", json({{"s", "y"}, {"long", std::string(9000, 'x')}}).dump());
  EXPECT_EQ(state("ASensor").at("state"), "y");
  EXPECT_EQ(state("ASensor").at("attributes").at("s"), "x") << "too large to keep";
}

// --- errors ---

TEST_F(DiscoveryTest, BadMessagesAreOneLineEach) {
  EXPECT_THAT(discover_text("light/a", "{").problems, ElementsAre("homeassistant/light/a/config: it is not JSON"));
  EXPECT_THAT(discover_text("light/a", "[1]").problems,
              ElementsAre("homeassistant/light/a/config: it is no JSON object"));
  EXPECT_THAT(discover_text("light/a", std::string(300'000, ' ')).problems,
              ElementsAre(HasSubstr("more than 262144 bytes")));
  EXPECT_THAT(discover_text("light/a", std::string(5000, '[')).problems, ElementsAre(HasSubstr("nests too deep")));
  EXPECT_THAT(discover("light/a", {{"name", "A"}}).problems,
              ElementsAre(HasSubstr("light a: it has no command_topic")));
  EXPECT_THAT(discover("teapot/a", {{"x", 1}}).problems,
              ElementsAre(HasSubstr("a component that is not supported: 'teapot'")));
  EXPECT_THAT(discover("light/ä", {{"x", 1}}).problems, ElementsAre(HasSubstr("no topic of discovery")));
  EXPECT_THAT(home_.take("homeassistant/a/b/c/d/config", "{}").problems,
              ElementsAre(HasSubstr("no topic of discovery")));
  EXPECT_THAT(discover("device/a", {{"dev", {{"ids", "x"}}}}).problems, ElementsAre(HasSubstr("it has no components")));
  EXPECT_THAT(home_.device_keys(), IsEmpty());
  EXPECT_TRUE(home_.take("some/other/topic", "x").is_empty());
}

TEST_F(DiscoveryTest, TopicsWithWildcardsAreForReadingOnly) {
  EXPECT_THAT(discover("switch/a", switch_of("d", "A", "all/#")).problems,
              ElementsAre(HasSubstr("command_topic: it has a wildcard: 'all/#'")));
  EXPECT_THAT(discover("switch/a", switch_of("d", "A", "$SYS/x")).problems,
              ElementsAre(HasSubstr("it begins with '$'")));
  for (const char* filter : {"#", "+/+", "a/#/b", "a+/b", ""})
    EXPECT_THAT(discover("sensor/s", {{"name", filter}, {"state_topic", filter}}).problems, SizeIs(1)) << filter;
  EXPECT_THAT(discover("sensor/ble", {{"name", "BLE"},
                                      {"state_topic", "+/+/BTtoMQTT/AABB"},
                                      {"value_template", "{{ value_json.tempc | is_defined }}"}})
                  .subscribe,
              ElementsAre("+/+/BTtoMQTT/AABB"));
  tell("home/gateway/BTtoMQTT/AABB", R"({"tempc":20})");
  EXPECT_EQ(state("Sensor").at("state"), "20");
  EXPECT_TRUE(tell("home/gateway/BTtoMQTT/AABB", R"({"hum":50})").is_empty()) << "a value may be missing";
  EXPECT_EQ(state("Sensor").at("state"), "20");
  EXPECT_TRUE(tell("home/BTtoMQTT/AABB", R"({"tempc":30})").is_empty());
  EXPECT_EQ(state("Sensor").at("state"), "20");
}

TEST_F(DiscoveryTest, TemplateThatCannotBeUsedLeavesTheRest) {
  json config = switch_of("d", "A");
  config["state_topic"] = "s";
  config["value_template"] = "{{ states('x') }}";
  EXPECT_THAT(
      discover("switch/a", config).problems,
      ElementsAre(
          "homeassistant/switch/a/config: switch a: value_template: a function that is not supported: 'states()'"));
  EXPECT_THAT(home_.topics(), IsEmpty());
  EXPECT_THAT(call("ASwitch.turn_on"), ElementsAre("t/set ON"));
  EXPECT_EQ(state("ASwitch").at("problem"), "value_template: a function that is not supported: 'states()'");
  config["command_template"] = "{{ value | regex_replace('a','b') }}";
  EXPECT_THAT(discover("switch/a", config).problems, SizeIs(2));
  EXPECT_THAT(skills(), IsEmpty());
}

TEST_F(DiscoveryTest, TemplateThatTakesTooLongIsTriedOnce) {
  const std::string slow = "{% for a in range(999) %}{% for b in range(999) %}{% endfor %}{% endfor %}";
  discover("sensor/s",
           {{"name", "S"}, {"state_topic", "s"}, {"value_template", "{% if value == '1' %}" + slow + "{% endif %}x"}});
  tell("s", "0");
  EXPECT_EQ(state("Sensor").at("state"), "x");
  EXPECT_THAT(tell("s", "1").problems, ElementsAre(HasSubstr("value_template: it takes too long, or makes too much")));
  discover("sensor/s", {{"name", "S"}, {"state_topic", "s"}, {"value_template", slow}});
  EXPECT_TRUE(tell("s", "2").is_empty()) << "not tried again";
  EXPECT_THAT(discover_text("sensor/s", "").unsubscribe, ElementsAre("s"));
}

TEST_F(DiscoveryTest, AvailabilityTemplateThatTakesTooLongIsGivenUpAndWhatWasSaidStays) {
  const std::string slow = "{% for a in range(999) %}{% for b in range(999) %}{% endfor %}{% endfor %}";
  json config = switch_of("d", "A");
  config["availability"] =
      json::array({{{"topic", "a"}, {"value_template", "{% if value == 'slow' %}" + slow + "{% endif %}{{ value }}"}}});
  discover("switch/a", config);
  EXPECT_FALSE(tell("a", "online").presence.empty());
  EXPECT_THAT(tell("a", "slow").problems,
              ElementsAre(HasSubstr("availability_template: it takes too long, or makes too much")));
  EXPECT_TRUE(tell("a", "offline").is_empty()) << "not tried again";
  EXPECT_THAT(call("ASwitch.turn_on"), ElementsAre("t/set ON")) << "available, as it was";
  config["availability"][0]["value_template"] = "{{ value }}";
  discover("switch/a", config);
  tell("a", "offline");
  EXPECT_FALSE(tell("a", "online").presence.empty()) << "with another template it is read again";
}

TEST_F(DiscoveryTest, AttributesTemplateThatTakesTooLongIsTriedOnce) {
  const std::string slow = "{% for a in range(999) %}{% for b in range(999) %}{% endfor %}{% endfor %}";
  discover("sensor/s", {{"name", "S"},
                        {"state_topic", "s"},
                        {"json_attributes_topic", "j"},
                        {"json_attributes_template", "{% if value == 'slow' %}" + slow + "{% endif %}{{ value }}"}});
  tell("j", R"({"a":1})");
  EXPECT_THAT(tell("j", "slow").problems, ElementsAre(HasSubstr("json_attributes_template: it takes too long")));
  EXPECT_TRUE(tell("j", R"({"a":2})").is_empty());
  EXPECT_EQ(state("Sensor").at("attributes"), json({{"a", 1}}));
}

TEST_F(DiscoveryTest, StateThatMeansNothingIsSaidOnce) {
  json config = switch_of("d", "A");
  config["state_topic"] = "s";
  discover("switch/a", config);
  EXPECT_THAT(tell("s", "whatever").problems,
              ElementsAre("homeassistant/switch/a/config: state_topic: it means nothing: 'whatever'"));
  EXPECT_TRUE(tell("s", "whatever").is_empty());
  EXPECT_EQ(state("ASwitch").at("state"), nullptr);
  EXPECT_THAT(tell("s", std::string("\xff\x00", 2)).problems, IsEmpty());
  EXPECT_THAT(tell("s", std::string(70'000, 'x')).problems, ElementsAre(HasSubstr("more than 65536 bytes")));
  tell("s", "ON");
  EXPECT_EQ(state("ASwitch").at("state"), "on");
}

TEST_F(DiscoveryTest, SecondOwnerOfAUniqueIdIsRefused) {
  json config = switch_of("d", "A");
  config["unique_id"] = "u1";
  discover("switch/a", config);
  EXPECT_THAT(discover("switch/b", config).problems,
              ElementsAre(HasSubstr("its unique_id belongs to 'homeassistant/switch/a/config'")));
  discover_text("switch/a", "");
  EXPECT_THAT(home_.device_keys(), IsEmpty());
  config["name"] = "B";
  EXPECT_THAT(discover("switch/b", config).problems, IsEmpty());
}

TEST_F(DiscoveryTest, CallsAreCheckedAgainstTheSignature) {
  discover("number/n", {{"name", "N"}, {"command_topic", "n"}, {"min", 5}, {"max", 30}, {"unit_of_measurement", "s"}});
  EXPECT_EQ(skills().front(), "Number.set_value(value: int) -> str");
  EXPECT_THAT(call("Number.set_value"), ElementsAre("no: the argument value is missing"));
  EXPECT_THAT(call("Number.set_value", {{"value", 31}}),
              ElementsAre("no: the argument value is out of range: 31 (5 to 30)"));
  EXPECT_THAT(call("Number.set_value", {{"value", "x"}}), ElementsAre(HasSubstr("must be a whole number")));
  EXPECT_THAT(call("Number.set_value", {{"level", 6}}), ElementsAre(HasSubstr("no parameter 'level'")));
  EXPECT_THAT(call("Number.fly"), ElementsAre("no: there is no skill 'Number.fly' here"));
  EXPECT_THAT(call("Nothing"), ElementsAre("no: there is no skill 'Nothing' here"));
  EXPECT_THAT(call("Number.set_value", {{"value", 6}}, "id:none"), ElementsAre("no: the device is gone"));
  EXPECT_EQ(home_.call(only_key(), "Number.set_value", json::array({6}), nullptr)->publications[0].payload, "6");
  EXPECT_EQ(home_.call(only_key(), "Device.read", nullptr, nullptr)->result.at("Number").at("state"), 6);
}

class SmallHome : public HomeTest {
 protected:
  static DiscoveredHome::Options small() {
    DiscoveredHome::Options options;
    options.devices_max = 3;
    options.entities_max = 5;
    options.entities_per_device_max = 2;
    options.topics_max = 3;
    options.wildcard_topics_max = 1;
    options.problems_per_message_max = 2;
    return options;
  }
  Changes add(const std::string& id, const std::string& device, const std::string& topic = {}) {
    json config = switch_of(device, id);
    if (!topic.empty()) config["state_topic"] = topic;
    return small_.take("homeassistant/switch/" + id + "/config", config.dump());
  }
  DiscoveredHome small_{small(), clock_};
};

TEST_F(SmallHome, EveryLimitIsSaidAndLeavesTheRest) {
  EXPECT_THAT(add("a", "1", "t/+").problems, IsEmpty());
  EXPECT_THAT(add("b", "1", "u/+").problems,
              ElementsAre(HasSubstr("more than 1 topics with wildcards, not subscribed: 'u/+'")));
  EXPECT_THAT(add("c", "1").problems, ElementsAre(HasSubstr("its device has more than 2 entities")));
  EXPECT_THAT(small_.skills("id:1"), SizeIs(7));
  EXPECT_THAT(add("d", "2", "v").problems, IsEmpty());
  EXPECT_THAT(add("e", "3", "w").problems, IsEmpty());
  EXPECT_THAT(add("f", "4").problems, ElementsAre(HasSubstr("more than 5 discovery topics")));
  small_.take("homeassistant/switch/c/config", "");
  EXPECT_THAT(add("f", "4").problems, ElementsAre(HasSubstr("more than 3 devices")));
  EXPECT_THAT(small_.device_keys(), ElementsAre("id:1", "id:2", "id:3"));
  small_.take("homeassistant/switch/e/config", "");
  small_.take("homeassistant/switch/f/config", "");
  EXPECT_THAT(add("f", "4", "x").problems, IsEmpty());
  EXPECT_THAT(add("d", "2", "v2").unsubscribe, ElementsAre("v"));
  json bad = json::object();
  for (int i = 0; i < 5; ++i) bad["c" + std::to_string(i)] = {{"p", "light"}, {"name", i}};
  small_.take("homeassistant/switch/f/config", "");
  const auto problems =
      small_.take("homeassistant/device/x/config", json({{"dev", {{"ids", "x"}}}, {"cmps", bad}}).dump()).problems;
  EXPECT_THAT(problems, SizeIs(3));
  EXPECT_THAT(problems.back(), HasSubstr("3 problems more"));
}

TEST_F(DiscoveryTest, MoreSkillsThanARegistrationTakesAreSaid) {
  json components = json::object();
  for (int i = 0; i < 180; ++i)
    components["s" + std::to_string(i)] = {{"p", "switch"}, {"name", "S" + std::to_string(i)}, {"cmd_t", "t"}};
  const auto changes = discover("device/big", {{"dev", {{"ids", "big"}, {"name", "Big"}}}, {"cmps", components}});
  EXPECT_THAT(changes.problems,
              ElementsAre(HasSubstr("too many skills for a registration: 41 are left out (at most 500")));
  EXPECT_THAT(home_.skills("id:big"), SizeIs(500));
}

TEST_F(DiscoveryTest, ThousandsOfEntitiesComeAndGo) {
  for (int i = 0; i < 3000; ++i) {
    json config = switch_of("d" + std::to_string(i / 10), "S" + std::to_string(i), "t/" + std::to_string(i));
    config["state_topic"] = "s/" + std::to_string(i);
    config["availability_topic"] = "bridge";
    ASSERT_THAT(discover("switch/s" + std::to_string(i), config).problems, IsEmpty());
  }
  EXPECT_THAT(home_.device_keys(), SizeIs(300));
  EXPECT_THAT(tell("bridge", "online").presence, SizeIs(300));
  for (int i = 0; i < 3000; ++i) discover_text("switch/s" + std::to_string(i), "");
  EXPECT_THAT(home_.device_keys(), IsEmpty());
  EXPECT_THAT(home_.topics(), IsEmpty());
}

TEST(DiscoveryChanges, AddUp) {
  Changes changes;
  changes.added = {"a"};
  changes.subscribe = {"t"};
  Changes later;
  later.changed = {"a", "b"};
  later.unsubscribe = {"t"};
  changes.append(later);
  EXPECT_THAT(changes.added, ElementsAre("a"));
  EXPECT_THAT(changes.changed, ElementsAre("b"));
  EXPECT_THAT(changes.subscribe, IsEmpty());
  Changes last;
  last.gone = {"a", "b"};
  changes.append(last);
  EXPECT_THAT(changes.added, IsEmpty());
  EXPECT_THAT(changes.gone, ElementsAre("b"));
}

}  // namespace
}  // namespace strawberry::cli::discovery
