/// Announcements of common devices by zigbee2mqtt's own code: skills, payloads of calls, states.
#include <fstream>
#include <iterator>

#include "tests/cli/spoke/discovery/home_fixture.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace strawberry::cli::discovery {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;

class Zigbee2Mqtt : public HomeTest {
 protected:
  /// Each `VENDOR_FILE:MODEL=NAME`: discovers the device, which is online then.
  void announce(const std::vector<std::string>& devices) {
    const test::TempDir directory;
    const std::string file = directory.file("messages.json");
    test::ChildProcess::Options options;
    options.argv = {STRAWBERRY_NODE, STRAWBERRY_SOURCE_DIR "/tests/node/zigbee2mqtt_discovery.mjs", file};
    options.argv.insert(options.argv.end(), devices.begin(), devices.end());
    test::ChildProcess process(std::move(options));
    ASSERT_EQ(process.wait_for_exit(50s), 0) << process.output();
    std::ifstream in(file);
    const json all = json::parse(std::string(std::istreambuf_iterator<char>(in), {}));
    for (const auto& [name, messages] : all.items()) {
      for (const json& message : messages) {
        const auto changes =
            home_.take(message.at("topic").get<std::string>(), message.at("payload").get<std::string>());
        EXPECT_THAT(changes.problems, IsEmpty()) << name;
        for (const auto& key : changes.added) keys_[home_.device(key)->name] = key;
      }
      tell("zigbee2mqtt/" + name + "/availability", R"({"state":"online"})");
    }
    tell("zigbee2mqtt/bridge/state", R"({"state":"online"})");
    for (const auto& [name, messages] : all.items()) EXPECT_EQ(home_.online(keys_.at(name)), true) << name;
  }
  std::vector<std::string> of(const std::string& device) { return skills(keys_.at(device)); }
  std::vector<std::string> run(const std::string& device, const std::string& path,
                               const json& kwargs = json::object()) {
    return call(path, kwargs, keys_.at(device));
  }
  json now(const std::string& device, const std::string& class_name) { return state(class_name, keys_.at(device)); }
  void says(const std::string& device, const json& payload) {
    EXPECT_THAT(tell("zigbee2mqtt/" + device, payload.dump()).problems, IsEmpty()) << device;
  }

  std::map<std::string, std::string> keys_;  // by name
};

TEST_F(Zigbee2Mqtt, Lights) {
  announce({"ikea:LED1545G12=Kitchen Light", "ikea:LED1924G9=Desk Lamp", "philips:9290012573A=Hue Bulb",
            "lumi:ZNLDP12LM=Hall"});
  EXPECT_THAT(run("Kitchen Light", "Light.turn_on", {{"brightness_pct", 50}}),
              ElementsAre(R"(zigbee2mqtt/Kitchen Light/set {"state":"ON","brightness":127})"));
  EXPECT_THAT(run("Kitchen Light", "Light.turn_on", {{"color_temp_kelvin", 2700}, {"transition", 1}}),
              ElementsAre(R"(zigbee2mqtt/Kitchen Light/set {"state":"ON","color_temp":370,"transition":1})"));
  EXPECT_THAT(run("Kitchen Light", "Light.turn_on", {{"effect", "blink"}}),
              ElementsAre(R"(zigbee2mqtt/Kitchen Light/set {"state":"ON","effect":"blink"})"));
  EXPECT_THAT(of("Kitchen Light").front(), ::testing::Not(HasSubstr("color_name")));
  EXPECT_THAT(run("Desk Lamp", "Light.turn_on", {{"color_name", "blue"}}),
              ElementsAre(R"(zigbee2mqtt/Desk Lamp/set {"state":"ON","color":{"x":0.136,"y":0.04}})"));
  EXPECT_THAT(run("Hue Bulb", "Light.turn_off"), ElementsAre(R"(zigbee2mqtt/Hue Bulb/set {"state":"OFF"})"));
  EXPECT_THAT(run("Hue Bulb", "PowerOnBehaviorSelect.select_option", {{"option", "previous"}}),
              ElementsAre("zigbee2mqtt/Hue Bulb/set/power_on_behavior previous"));
  says("Desk Lamp", {{"state", "ON"},
                     {"brightness", 254},
                     {"color_mode", "xy"},
                     {"color", {{"x", 0.7}, {"y", 0.3}}},
                     {"color_temp", 250},
                     {"update", {{"state", "idle"}, {"installed_version", 1}, {"latest_version", 2}}}});
  EXPECT_EQ(now("Desk Lamp", "Light").at("brightness_pct"), 100);
  EXPECT_EQ(now("Desk Lamp", "Light").at("rgb_color").at(0), 255);
  EXPECT_EQ(now("Desk Lamp", "Update").at("state"), "on");
  EXPECT_EQ(skill("Update.install", keys_.at("Desk Lamp")).at("confirm"), true);
  EXPECT_THAT(run("Desk Lamp", "Update.install").front(),
              HasSubstr("zigbee2mqtt/bridge/request/device/ota_update/update {\"id\""));
  EXPECT_EQ(home_.device(keys_.at("Hue Bulb"))->manufacturer, "Philips");
}

TEST_F(Zigbee2Mqtt, PlugsAndSwitches) {
  announce({"ikea:E2206=Plug", "tuya:TS011F_plug_1=Metering Plug", "innr:SP 240=Innr", "lumi:QBKG03LM=Wall",
            "tuya:TS0002=Relay", "custom_devices_diy:DNCKATSW001=Own"});
  EXPECT_THAT(of("Plug"), IsSupersetOf({"Switch.turn_on() -> str", "Switch.turn_off() -> str", "Switch.toggle() -> str",
                                        "IdentifyButton.press() -> str"}));
  EXPECT_THAT(run("Plug", "Switch.turn_on"), ElementsAre("zigbee2mqtt/Plug/set ON"));
  EXPECT_THAT(run("Plug", "IdentifyButton.press"), ElementsAre("zigbee2mqtt/Plug/set/identify identify"));
  EXPECT_THAT(run("Metering Plug", "ChildLockSwitch.turn_on"),
              ElementsAre("zigbee2mqtt/Metering Plug/set/child_lock LOCK"));
  EXPECT_THAT(run("Metering Plug", "CountdownNumber.set_value", {{"value", 60}}),
              ElementsAre("zigbee2mqtt/Metering Plug/set/countdown 60"));
  EXPECT_THAT(run("Wall", "LeftSwitch.turn_off"), ElementsAre("zigbee2mqtt/Wall/left/set OFF"));
  EXPECT_THAT(run("Relay", "L2Switch.turn_on"), ElementsAre("zigbee2mqtt/Relay/l2/set ON"));
  EXPECT_THAT(of("Own"), Contains("Switch.turn_on() -> str"));
  says("Innr", {{"state", "ON"},
                {"power", 12.5},
                {"voltage", 230},
                {"current", 0.05},
                {"energy", 1.5},
                {"update", {{"state", "idle"}, {"installed_version", 1}, {"latest_version", 1}}}});
  EXPECT_EQ(now("Innr", "Switch").at("state"), "on");
  EXPECT_EQ(now("Innr", "PowerSensor"),
            json({{"name", "Power"}, {"kind", "sensor"}, {"state", 12.5}, {"unit", "W"}, {"device_class", "power"}}));
  EXPECT_EQ(now("Innr", "Update").at("state"), "off");
}

TEST_F(Zigbee2Mqtt, BlindsAndValves) {
  announce({"ikea:E1757=Blind", "lonsonho:QS-Zigbee-C01=Curtain", "tuya:TS0601_cover_1=Shutter", "sonoff:SWV=Water"});
  EXPECT_THAT(of("Blind"), IsSupersetOf({"Cover.open() -> str", "Cover.close() -> str", "Cover.stop() -> str",
                                         "Cover.set_position(position: int) -> str"}));
  EXPECT_THAT(run("Blind", "Cover.open"), ElementsAre("zigbee2mqtt/Blind/set OPEN"));
  EXPECT_THAT(run("Blind", "Cover.set_position", {{"position", 40}}),
              ElementsAre(R"(zigbee2mqtt/Blind/set { "position": 40 })"));
  EXPECT_THAT(run("Curtain", "Cover.stop"), ElementsAre("zigbee2mqtt/Curtain/set STOP"));
  EXPECT_THAT(run("Water", "Switch.turn_on"), ElementsAre("zigbee2mqtt/Water/set ON"));
  tell("zigbee2mqtt/Blind",
       R"({"position":40,"state":"OPEN","update":{"state":"idle","installed_version":1,"latest_version":1}})");
  EXPECT_EQ(now("Blind", "Cover").at("position"), 40);
  EXPECT_EQ(now("Blind", "Cover").at("state"), "open");
}

TEST_F(Zigbee2Mqtt, Thermostats) {
  announce({"danfoss:014G2461=Living Room", "tuya:TS0601_thermostat=Bath", "bosch:BTH-RA=Bedroom",
            "eurotronic:SPZB0001=Spirit", "zen:Zen-01-W=Zen", "sinope:TH1123ZB=Office"});
  for (const char* device : {"Living Room", "Bath", "Bedroom", "Spirit", "Office"})
    EXPECT_THAT(of(device), Contains(HasSubstr("Climate.set_temperature(temperature: float"))) << device;
  EXPECT_THAT(run("Living Room", "Climate.set_temperature", {{"temperature", 21.5}}),
              ElementsAre("zigbee2mqtt/Living Room/set/occupied_heating_setpoint 21.5"));
  EXPECT_THAT(run("Living Room", "Climate.set_temperature", {{"temperature", 99}}),
              ElementsAre(HasSubstr("no: the argument temperature is out of range")));
  EXPECT_THAT(run("Bath", "Climate.set_hvac_mode", {{"hvac_mode", "off"}}),
              ElementsAre("zigbee2mqtt/Bath/set/system_mode off"));
  EXPECT_THAT(run("Bath", "Climate.set_preset_mode", {{"preset_mode", "eco"}}),
              ElementsAre("zigbee2mqtt/Bath/set/preset eco"));
  EXPECT_THAT(run("Bedroom", "Climate.set_hvac_mode", {{"hvac_mode", "heat"}}),
              ElementsAre(R"(zigbee2mqtt/Bedroom/set {"operating_mode": "manual"})"));
  EXPECT_THAT(run("Zen", "Climate.set_temperature", {{"target_temp_low", 18}, {"target_temp_high", 24}}),
              ElementsAre("zigbee2mqtt/Zen/set/occupied_heating_setpoint 18.0",
                          "zigbee2mqtt/Zen/set/occupied_cooling_setpoint 24.0"));
  tell(
      "zigbee2mqtt/Bath",
      R"({"local_temperature":19.5,"current_heating_setpoint":20,"system_mode":"heat","running_state":"heat","preset":"eco"})");
  const json bath = now("Bath", "Climate");
  EXPECT_EQ(bath.at("state"), "heat");
  EXPECT_EQ(bath.at("current_temperature"), 19.5);
  EXPECT_EQ(bath.at("temperature"), 20);
  EXPECT_EQ(bath.at("hvac_action"), "heating");
  EXPECT_EQ(bath.at("preset_mode"), "eco");
}

TEST_F(Zigbee2Mqtt, LocksAskFirst) {
  announce({"yale:YRD426NRSC=Front Door", "danalock:V3-BTZB/V3-BTZBE=Back Door"});
  for (const char* device : {"Front Door", "Back Door"}) {
    for (const char* path : {"Lock.lock", "Lock.unlock"})
      EXPECT_EQ(skill(path, keys_.at(device)).at("confirm"), true) << device;
  }
  EXPECT_THAT(run("Front Door", "Lock.unlock"), ElementsAre("zigbee2mqtt/Front Door/set UNLOCK"));
  says("Front Door", {{"state", "UNLOCK"}, {"lock_state", "unlocked"}, {"battery", 80}});
  EXPECT_EQ(now("Front Door", "Lock").at("state"), "unlocked");
  EXPECT_EQ(now("Front Door", "BatterySensor").at("state"), 80);
}

TEST_F(Zigbee2Mqtt, FansSirensAndAirPurifiers) {
  announce({"ikea:E2007=Air Purifier", "hampton_bay:99432=Ceiling Fan", "heiman:HS2WD-E=Siren"});
  EXPECT_THAT(run("Air Purifier", "Fan.set_percentage", {{"percentage", 100}}),
              ElementsAre("zigbee2mqtt/Air Purifier/set/fan_mode 9"));
  EXPECT_THAT(run("Air Purifier", "Fan.set_preset_mode", {{"preset_mode", "auto"}}),
              ElementsAre("zigbee2mqtt/Air Purifier/set/fan_mode auto"));
  EXPECT_THAT(run("Ceiling Fan", "Fan.turn_on", {{"percentage", 34}}),
              ElementsAre("zigbee2mqtt/Ceiling Fan/set/fan_state ON", "zigbee2mqtt/Ceiling Fan/set/fan_mode medium"));
  EXPECT_THAT(run("Ceiling Fan", "Light.turn_on"), ElementsAre(R"(zigbee2mqtt/Ceiling Fan/set {"state":"ON"})"));
  EXPECT_THAT(run("Siren", "MaxDurationNumber.set_value", {{"value", 30}}),
              ElementsAre("zigbee2mqtt/Siren/set/max_duration 30"));
}

TEST_F(Zigbee2Mqtt, SensorsButtonsAndRemotes) {
  announce({"lumi:MCCGQ11LM=Window", "ikea:E1525/E1745=Motion", "philips:9290012607=Hue Motion",
            "ikea:E1524/E1810=Remote", "sonoff:SNZB-02=Climate Sensor", "lumi:SJCGQ11LM=Leak", "lumi:DJT11LM=Vibration",
            "lumi:RTCZCGQ11LM=Presence", "lumi:WXKG11LM=Button", "develco:KEYZB-110=Keypad", "heiman:HS1CG-M=Gas",
            "ikea:E1766=Blind Remote", "tuya:TS0601_air_quality_sensor=Air", "philips:929003017102=Wall Module"});
  says("Window", {{"contact", false}, {"battery", 97}, {"voltage", 3000}, {"device_temperature", 25}});
  EXPECT_EQ(now("Window", "DoorBinarySensor").at("state"), "on") << "open";
  says("Climate Sensor", {{"temperature", 21.3}, {"humidity", 48}, {"battery", 100}, {"voltage", 3000}});
  EXPECT_EQ(now("Climate Sensor", "TemperatureSensor").at("state"), 21.3);
  EXPECT_EQ(now("Climate Sensor", "HumiditySensor").at("unit"), "%");
  tell("zigbee2mqtt/Hue Motion", R"({"occupancy":true,"illuminance":120,"led_indication":false})");
  EXPECT_EQ(now("Hue Motion", "OccupancyBinarySensor").at("state"), "on");
  EXPECT_EQ(now("Hue Motion", "LedIndicationSwitch").at("state"), "off");
  says("Leak",
       {{"water_leak", true}, {"battery_low", false}, {"battery", 100}, {"voltage", 3000}, {"device_temperature", 20}});
  EXPECT_EQ(now("Leak", "MoistureBinarySensor").at("state"), "on");
  EXPECT_THAT(of("Button"), IsEmpty()) << "only read";
  EXPECT_THAT(home_.skills(keys_.at("Button")).front().at("function_name"), "read");
  EXPECT_THAT(run("Presence", "MonitoringModeSelect.select_option", {{"option", "left_right"}}),
              ElementsAre("zigbee2mqtt/Presence/set/monitoring_mode left_right"));
}

}  // namespace
}  // namespace strawberry::cli::discovery
