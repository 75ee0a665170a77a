// Each kind of entity: its skills, the messages of its calls, the reading of its states. The payloads follow the
// documentation of Home Assistant, Tasmota, ESPHome, WLED and OpenMQTTGateway.
#include "tests/cli/spoke/discovery/home_fixture.h"

namespace strawberry::cli::discovery {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class ComponentTest : public HomeTest {
 protected:
  /// One entity, the main one of its device.
  void add(const std::string& component, json config) {
    config["name"] = nullptr;
    config["device"] = {{"identifiers", {"x"}}, {"name", "Thing"}};
    EXPECT_THAT(discover(component + "/x", config).problems, IsEmpty());
  }
};

// --- lights ---

TEST_F(ComponentTest, TasmotaBulbHasATopicForEachThing) {
  add("light", {{"~", "tasmota"},
                {"stat_t", "~/STATE"},
                {"avty_t", "~/LWT"},
                {"pl_avail", "Online"},
                {"pl_not_avail", "Offline"},
                {"cmd_t", "~/cmnd/POWER"},
                {"val_tpl", "{{value_json.POWER}}"},
                {"pl_off", "OFF"},
                {"pl_on", "ON"},
                {"bri_cmd_t", "~/cmnd/Dimmer"},
                {"bri_stat_t", "~/STATE"},
                {"bri_scl", 100},
                {"on_cmd_type", "brightness"},
                {"bri_val_tpl", "{{value_json.Dimmer}}"},
                {"rgb_cmd_t", "~/cmnd/Color2"},
                {"rgb_stat_t", "~/STATE"},
                {"rgb_val_tpl", "{{value_json.Color.split(',')[0:3]|join(',')}}"},
                {"clr_temp_cmd_t", "~/cmnd/CT"},
                {"clr_temp_stat_t", "~/STATE"},
                {"clr_temp_val_tpl", "{{value_json.CT}}"},
                {"fx_cmd_t", "~/cmnd/Scheme"},
                {"fx_stat_t", "~/STATE"},
                {"fx_val_tpl", "{{value_json.Scheme}}"},
                {"fx_list", {"0", "1", "2"}}});
  tell("tasmota/LWT", "Online");
  EXPECT_THAT(call("Light.turn_on", {{"brightness_pct", 50}}), ElementsAre("tasmota/cmnd/Dimmer 50"));
  EXPECT_THAT(call("Light.turn_on", {{"color_name", "blue"}}), ElementsAre("tasmota/cmnd/Color2 0,0,255"));
  EXPECT_THAT(call("Light.turn_on", {{"color_temp_kelvin", 4000}, {"brightness_pct", 10}}),
              ElementsAre("tasmota/cmnd/Dimmer 10", "tasmota/cmnd/CT 250"));
  EXPECT_THAT(call("Light.turn_on", {{"effect", "2"}, {"brightness_pct", 100}}),
              ElementsAre("tasmota/cmnd/Dimmer 100", "tasmota/cmnd/Scheme 2"));
  EXPECT_THAT(call("Light.turn_on"), ElementsAre("tasmota/cmnd/Dimmer 100")) << "no brightness is known yet";
  EXPECT_THAT(call("Light.turn_off"), ElementsAre("tasmota/cmnd/POWER OFF"));
  EXPECT_THAT(call("Light.turn_on", {{"brightness_pct", 0}}), ElementsAre("tasmota/cmnd/POWER OFF"));
  EXPECT_THAT(call("Light.turn_on", {{"effect", "9"}}), ElementsAre(HasSubstr("no: the argument at /effect must be")));
  tell("tasmota/STATE", R"({"POWER":"ON","Dimmer":40,"Color":"255,128,0,0,0","CT":300,"Scheme":1})");
  EXPECT_EQ(state("Light"), json({{"name", "Thing"},
                                  {"kind", "light"},
                                  {"state", "on"},
                                  {"brightness", 102},
                                  {"brightness_pct", 40},
                                  {"rgb_color", {255, 128, 0}},
                                  {"color_temp_kelvin", 3333},
                                  {"effect", "1"}}));
  EXPECT_THAT(call("Light.turn_on"), ElementsAre("tasmota/cmnd/Dimmer 40"));
}

TEST_F(ComponentTest, WledStripMakesItsPayloadsByTemplates) {
  json effects = json::array();
  for (int i = 0; i < 187; ++i) effects.push_back("Effect " + std::to_string(i));
  add("light", {{"bri_cmd_t", "wled/1"},
                {"bri_stat_t", "wled/1/g"},
                {"bri_val_tpl", "{{value}}"},
                {"cmd_t", "wled/1"},
                {"stat_t", "wled/1/v"},
                {"stat_val_tpl", "{% if value == '0' %}OFF{% else %}ON{% endif %}"},
                {"on_cmd_type", "first"},
                {"rgb_cmd_t", "wled/1/col"},
                {"rgb_cmd_tpl", "{{'#%02x%02x%02x' | format(red, green, blue)}}"},
                {"fx_cmd_t", "wled/1/api"},
                {"fx_cmd_tpl", "FX={{ value.split(' ')[1] }}"},
                {"fx_list", effects}});
  EXPECT_THAT(call("Light.turn_on", {{"rgb_color", {255, 10, 0}}, {"brightness_pct", 100}}),
              ElementsAre("wled/1 ON", "wled/1/col #ff0a00", "wled/1 255"));
  EXPECT_THAT(call("Light.turn_on", {{"effect", "Effect 42"}}), ElementsAre("wled/1 ON", "wled/1/api FX=42"));
  EXPECT_THAT(call("Light.turn_on", {{"effect", "Effect 999"}}),
              ElementsAre(HasSubstr("no: the argument effect must be one of Effect 0, Effect 1")));
  EXPECT_THAT(skills().front(), HasSubstr("effect: str = None")) << "187 names are too long for a signature";
  EXPECT_EQ(skill("Light.turn_on").at("input_schema").at("properties").at("effect").at("enum").size(), 187U);
  tell("wled/1/v", "0");
  tell("wled/1/g", "128");
  EXPECT_EQ(state("Light").at("state"), "off");
  EXPECT_EQ(state("Light").at("brightness_pct"), 50);
}

TEST_F(ComponentTest, EspHomeLightTakesJson) {
  add("light", {{"schema", "json"},
                {"~", "esp/light/strip"},
                {"stat_t", "~/state"},
                {"cmd_t", "~/command"},
                {"brightness", true},
                {"clrm", true},
                {"sup_clrm", {"rgb"}},
                {"effect", true},
                {"fx_list", {"None", "Rainbow"}}});
  EXPECT_THAT(
      call("Light.turn_on", {{"hs_color", {120, 100}}, {"transition", 2}, {"effect", "Rainbow"}}),
      ElementsAre(
          R"(esp/light/strip/command {"state":"ON","color":{"r":0,"g":255,"b":0},"effect":"Rainbow","transition":2})"));
  EXPECT_THAT(call("Light.turn_on", {{"flash", "long"}}),
              ElementsAre(R"(esp/light/strip/command {"state":"ON","flash":10})"));
  EXPECT_THAT(call("Light.turn_off", {{"transition", 0.5}}),
              ElementsAre(R"(esp/light/strip/command {"state":"OFF","transition":0.5})"));
  tell("esp/light/strip/state",
       R"({"state":"ON","brightness":255,"color_mode":"rgb","color":{"r":255,"g":0,"b":0},"effect":"None"})");
  EXPECT_EQ(state("Light").at("rgb_color"), json({255, 0, 0}));
  EXPECT_EQ(state("Light").at("brightness_pct"), 100);
}

TEST_F(ComponentTest, JsonLightSpeaksInItsOwnColorMode) {
  add("light", {{"schema", "json"},
                {"cmd_t", "l"},
                {"sup_clrm", {"xy", "color_temp"}},
                {"min_mirs", 200},
                {"max_mirs", 400},
                {"transition", false},
                {"flash", false}});
  EXPECT_THAT(skills().front(), Not(HasSubstr("transition")));
  EXPECT_EQ(skill("Light.turn_on").at("input_schema").at("properties").at("color_temp_kelvin").at("maximum"), 5000);
  EXPECT_THAT(call("Light.turn_on", {{"color_name", "red"}}),
              ElementsAre(R"(l {"state":"ON","color":{"x":0.701,"y":0.299}})"));
  EXPECT_THAT(call("Light.turn_on", {{"color_temp_kelvin", 2500}}),
              ElementsAre(R"(l {"state":"ON","color_temp":400})"));
  EXPECT_THAT(call("Light.turn_on", {{"color_temp_kelvin", 6000}}),
              ElementsAre("no: the argument color_temp_kelvin is out of range: 6000 (2500 to 5000)"));
  EXPECT_EQ(state("Light").at("state"), "on") << "it reports no state";
  EXPECT_THAT(call("Light.toggle"), ElementsAre(R"(l {"state":"OFF"})"));
}

TEST_F(ComponentTest, TemplateLightPrintsItsCommands) {
  add("light", {{"schema", "template"},
                {"cmd_t", "t/set"},
                {"stat_t", "t"},
                {"stat_tpl", "{{ value.split(',')[0] }}"},
                {"bri_tpl", "{{ value.split(',')[1] }}"},
                {"r_tpl", "{{ value.split(',')[2] }}"},
                {"g_tpl", "{{ value.split(',')[3] }}"},
                {"b_tpl", "{{ value.split(',')[4] }}"},
                {"cmd_on_tpl",
                 "on,{{ brightness|d }},{{ red|d }}-{{ green|d }}-{{ blue|d }}{% if transition is defined %},{{ "
                 "transition }}{% endif %}"},
                {"cmd_off_tpl", "off"}});
  EXPECT_THAT(call("Light.turn_on", {{"brightness_pct", 20}, {"rgb_color", {1, 2, 3}}, {"transition", 3}}),
              ElementsAre("t/set on,51,1-2-3,3"));
  EXPECT_THAT(call("Light.turn_on"), ElementsAre("t/set on,,--"));
  EXPECT_THAT(call("Light.turn_off"), ElementsAre("t/set off"));
  tell("t", "on,255,9,8,7");
  EXPECT_EQ(state("Light").at("rgb_color"), json({9, 8, 7}));
  EXPECT_EQ(state("Light").at("state"), "on");
}

TEST_F(ComponentTest, LightsOfOtherTopics) {
  add("light",
      {{"cmd_t", "c"}, {"hs_cmd_t", "hs"}, {"hs_stat_t", "hs/s"}, {"white_command_topic", "w"}, {"white_scale", 100}});
  EXPECT_THAT(call("Light.turn_on", {{"color_name", "lime"}}), ElementsAre("hs 120.0,100.0", "c ON"));
  EXPECT_THAT(call("Light.turn_on", {{"white", 40}}), ElementsAre("w 40", "c ON"));
  tell("hs/s", "240,100");
  EXPECT_EQ(state("Light").at("rgb_color"), json({0, 0, 255}));
  add("light", {{"cmd_t", "c"}, {"xy_cmd_t", "xy"}});
  EXPECT_THAT(call("Light.turn_on", {{"rgb_color", {255, 0, 0}}}), ElementsAre("xy 0.701,0.299", "c ON"));
  add("light", {{"cmd_t", "c"}, {"rgb_cmd_t", "rgb"}});
  EXPECT_THAT(call("Light.turn_on", {{"rgb_color", {255, 0, 100}}, {"brightness_pct", 50}}),
              ElementsAre("rgb 128,0,50", "c ON"));
  add("light", {{"cmd_t", "c"}, {"rgbw_cmd_t", "rgbw"}, {"clr_temp_cmd_t", "ct"}, {"clr_temp_k", true}});
  EXPECT_THAT(call("Light.turn_on", {{"rgb_color", {1, 2, 3}}}), ElementsAre("rgbw 1,2,3,0", "c ON"));
  EXPECT_THAT(call("Light.turn_on", {{"color_temp_kelvin", 3000}}), ElementsAre("ct 3000", "c ON"));
}

// --- on and off ---

TEST_F(ComponentTest, TasmotaSwitchAndItsStates) {
  add("switch", {{"stat_t", "s"},
                 {"cmd_t", "c"},
                 {"val_tpl", "{{ value_json.POWER1 }}"},
                 {"pl_on", "1"},
                 {"pl_off", "0"},
                 {"stat_on", "ON"},
                 {"stat_off", "OFF"}});
  EXPECT_THAT(call("Switch.turn_on"), ElementsAre("c 1"));
  tell("s", R"({"POWER1":"ON"})");
  EXPECT_EQ(state("Switch").at("state"), "on");
  EXPECT_THAT(call("Switch.toggle"), ElementsAre("c 0"));
  EXPECT_EQ(state("Switch").at("state"), "on") << "until it says so itself";
  tell("s", R"({"POWER1":"None"})");
  EXPECT_EQ(state("Switch").at("state"), nullptr);
}

TEST_F(ComponentTest, SirenTakesToneVolumeAndDuration) {
  add("siren", {{"cmd_t", "c"}, {"stat_t", "s"}, {"av_tones", {"ping", "siren"}}});
  EXPECT_EQ(
      skills().front(),
      "Siren.turn_on(tone: Literal['ping', 'siren'] = None, volume_level: float = None, duration: int = None) -> str");
  EXPECT_THAT(call("Siren.turn_on", {{"tone", "ping"}, {"volume_level", 0.5}, {"duration", 10}}),
              ElementsAre(R"(c {"state":"ON","tone":"ping","volume_level":0.5,"duration":10})"));
  EXPECT_THAT(call("Siren.turn_off"), ElementsAre(R"(c {"state":"OFF"})"));
  tell("s", R"({"state":"ON","tone":"siren"})");
  EXPECT_EQ(state("Siren").at("tone"), "siren");
  EXPECT_EQ(state("Siren").at("state"), "on");
  add("siren",
      {{"cmd_t", "c"}, {"sup_dur", false}, {"sup_vol", false}, {"cmd_tpl", "{{ value }}!"}, {"cmd_off_tpl", "stop"}});
  EXPECT_THAT(call("Siren.turn_on"), ElementsAre("c ON!"));
  EXPECT_THAT(call("Siren.turn_off"), ElementsAre("c stop"));
}

// --- covers and valves ---

TEST_F(ComponentTest, TasmotaShutterOpensClosesAndMoves) {
  add("cover", {{"cmd_t", "c"},
                {"stat_t", "s"},
                {"pos_t", "p"},
                {"pos_tpl", "{{ value_json.Position }}"},
                {"set_pos_t", "set"},
                {"tilt_cmd_t", "tilt"},
                {"tilt_status_t", "tilt/s"},
                {"tilt_max", 90},
                {"tilt_opnd_val", 90}});
  EXPECT_THAT(skills(), ElementsAre("Cover.open() -> str", "Cover.close() -> str", "Cover.stop() -> str",
                                    "Cover.toggle() -> str", "Cover.set_position(position: int) -> str",
                                    "Cover.open_tilt() -> str", "Cover.close_tilt() -> str", "Cover.stop_tilt() -> str",
                                    "Cover.set_tilt_position(tilt_position: int) -> str"));
  EXPECT_THAT(call("Cover.open"), ElementsAre("c OPEN"));
  EXPECT_THAT(call("Cover.stop"), ElementsAre("c STOP"));
  EXPECT_THAT(call("Cover.set_position", {{"position", 30}}), ElementsAre("set 30"));
  EXPECT_THAT(call("Cover.open_tilt"), ElementsAre("tilt 90"));
  EXPECT_THAT(call("Cover.set_tilt_position", {{"tilt_position", 50}}), ElementsAre("tilt 45"));
  EXPECT_THAT(call("Cover.set_position", {{"position", 101}}), ElementsAre(HasSubstr("out of range")));
  tell("p", R"({"Position":30})");
  tell("tilt/s", "90");
  EXPECT_EQ(state("Cover").at("state"), "open");
  EXPECT_EQ(state("Cover").at("position"), 30);
  EXPECT_EQ(state("Cover").at("tilt_position"), 100);
  tell("s", "closing");
  EXPECT_EQ(state("Cover").at("state"), "closing");
  tell("p", R"({"Position":0})");
  EXPECT_EQ(state("Cover").at("state"), "closed");
  EXPECT_THAT(call("Cover.toggle"), ElementsAre("c OPEN"));
}

TEST_F(ComponentTest, CoverThatCountsTheOtherWayAndCannotStop) {
  add("cover", {{"cmd_t", "c"},
                {"pl_stop", nullptr},
                {"set_pos_t", "set"},
                {"set_pos_tpl", R"({"pos": {{ position }}, "of": {{ position_open }}})"},
                {"pos_t", "p"},
                {"pos_open", 0},
                {"pos_clsd", 255}});
  EXPECT_THAT(skills(), Not(Contains(HasSubstr("stop"))));
  EXPECT_THAT(call("Cover.set_position", {{"position", 25}}), ElementsAre(R"(set {"pos": 25, "of": 0})"));
  tell("p", "255");
  EXPECT_EQ(state("Cover").at("position"), 0);
  add("cover", {{"set_pos_t", "set"}, {"pos_t", "p"}, {"pos_open", 0}, {"pos_clsd", 200}});
  EXPECT_THAT(call("Cover.set_position", {{"position", 25}}), ElementsAre("set 150"));
}

TEST_F(ComponentTest, ValveWithAndWithoutPosition) {
  add("valve", {{"cmd_t", "c"}, {"stat_t", "s"}, {"pl_stop", "HALT"}});
  EXPECT_THAT(call("Valve.open"), ElementsAre("c OPEN"));
  EXPECT_THAT(call("Valve.stop"), ElementsAre("c HALT"));
  tell("s", "closed");
  EXPECT_EQ(state("Valve").at("state"), "closed");
  EXPECT_THAT(call("Valve.toggle"), ElementsAre("c OPEN"));
  discover_text("valve/x", "");
  add("valve", {{"cmd_t", "c"}, {"stat_t", "s"}, {"pos", true}});
  EXPECT_THAT(call("Valve.set_position", {{"position", 40}}), ElementsAre("c 40"));
  EXPECT_THAT(call("Valve.close"), ElementsAre("c 0"));
  tell("s", R"({"state":"opening","position":10})");
  EXPECT_EQ(state("Valve").at("state"), "opening");
  tell("s", "60");
  EXPECT_EQ(state("Valve").at("position"), 60);
  EXPECT_EQ(state("Valve").at("state"), "open");
}

// --- climate ---

TEST_F(ComponentTest, ClimateHasTemperaturesModesAndPower) {
  add("climate", {{"mode_cmd_t", "mode"},
                  {"mode_stat_t", "m"},
                  {"modes", {"off", "heat", "cool"}},
                  {"temp_cmd_t", "temp"},
                  {"temp_stat_t", "ts"},
                  {"min_temp", 5},
                  {"max_temp", 30},
                  {"curr_temp_t", "ct"},
                  {"act_t", "a"},
                  {"fan_mode_cmd_t", "fan"},
                  {"swing_mode_cmd_t", "swing"},
                  {"pr_mode_cmd_t", "preset"},
                  {"pr_modes", {"eco", "boost"}},
                  {"pr_mode_cmd_tpl", "P:{{ value }}"},
                  {"pow_cmd_t", "power"}});
  EXPECT_THAT(
      skills(),
      ElementsAre(
          "Climate.set_temperature(temperature: float, hvac_mode: Literal['off', 'heat', 'cool'] = None) -> str",
          "Climate.set_hvac_mode(hvac_mode: Literal['off', 'heat', 'cool']) -> str",
          "Climate.set_fan_mode(fan_mode: Literal['auto', 'low', 'medium', 'high']) -> str",
          "Climate.set_swing_mode(swing_mode: Literal['on', 'off']) -> str",
          "Climate.set_preset_mode(preset_mode: Literal['none', 'eco', 'boost']) -> str", "Climate.turn_on() -> str",
          "Climate.turn_off() -> str"));
  EXPECT_THAT(call("Climate.set_temperature", {{"temperature", 21}, {"hvac_mode", "heat"}}),
              ElementsAre("mode heat", "temp 21.0"));
  EXPECT_THAT(call("Climate.set_temperature", {{"temperature", 31}}),
              ElementsAre("no: the argument temperature is out of range: 31 (5 to 30)"));
  EXPECT_THAT(call("Climate.set_hvac_mode", {{"hvac_mode", "dry"}}), ElementsAre(HasSubstr("no: ")));
  EXPECT_THAT(call("Climate.set_preset_mode", {{"preset_mode", "eco"}}), ElementsAre("preset P:eco"));
  EXPECT_THAT(call("Climate.set_fan_mode", {{"fan_mode", "low"}}), ElementsAre("fan low"));
  EXPECT_THAT(call("Climate.turn_off"), ElementsAre("power OFF"));
  tell("m", "heat");
  tell("ts", "21.5");
  tell("ct", "19.25");
  tell("a", "heating");
  EXPECT_EQ(state("Climate").at("state"), "heat");
  EXPECT_EQ(state("Climate").at("temperature"), 21.5);
  EXPECT_EQ(state("Climate").at("current_temperature"), 19.25);
  EXPECT_EQ(state("Climate").at("hvac_action"), "heating");
  EXPECT_EQ(state("Climate").at("unit"), "°C");
  EXPECT_THAT(skill("Climate.set_temperature").at("docstring").get<std::string>(),
              HasSubstr("temperature in °C, from 5 to 30"));
}

TEST_F(ComponentTest, ClimateWithARangeAndInFahrenheit) {
  add("climate", {{"temp_lo_cmd_t", "lo"},
                  {"temp_hi_cmd_t", "hi"},
                  {"temp_unit", "F"},
                  {"mode_cmd_t", "mode"},
                  {"hum_cmd_t", "hum"}});
  EXPECT_THAT(call("Climate.set_temperature", {{"target_temp_low", 65}, {"target_temp_high", 75.5}}),
              ElementsAre("lo 65.0", "hi 75.5"));
  EXPECT_THAT(call("Climate.set_temperature"), ElementsAre("no: Thing: no temperature is given"));
  EXPECT_THAT(call("Climate.set_humidity", {{"humidity", 50}}), ElementsAre("hum 50"));
  EXPECT_THAT(call("Climate.turn_on"), ElementsAre("mode heat"));
  EXPECT_THAT(call("Climate.turn_off"), ElementsAre("mode off"));
}

TEST_F(ComponentTest, WaterHeaterSetsTemperatureAndMode) {
  add("water_heater", {{"temp_cmd_t", "t"},
                       {"mode_cmd_t", "m"},
                       {"modes", {"off", "eco"}},
                       {"pow_cmd_t", "p"},
                       {"min_temp", 30},
                       {"max_temp", 70}});
  EXPECT_THAT(call("WaterHeater.set_temperature", {{"temperature", 55}}), ElementsAre("t 55.0"));
  EXPECT_THAT(call("WaterHeater.set_operation_mode", {{"operation_mode", "eco"}}), ElementsAre("m eco"));
  EXPECT_THAT(call("WaterHeater.turn_on"), ElementsAre("p ON"));
}

// --- fan and humidifier ---

TEST_F(ComponentTest, EspHomeFanHasSpeedDirectionAndOscillation) {
  add("fan", {{"cmd_t", "c"},
              {"stat_t", "s"},
              {"pct_cmd_t", "pct"},
              {"pct_stat_t", "pct/s"},
              {"spd_rng_min", 1},
              {"spd_rng_max", 3},
              {"osc_cmd_t", "osc"},
              {"dir_cmd_t", "dir"},
              {"dir_stat_t", "dir/s"},
              {"pr_mode_cmd_t", "preset"},
              {"pr_modes", {"auto"}}});
  EXPECT_THAT(call("Fan.turn_on", {{"percentage", 100}}), ElementsAre("c ON", "pct 3"));
  EXPECT_THAT(call("Fan.turn_on", {{"preset_mode", "auto"}}), ElementsAre("c ON", "preset auto"));
  EXPECT_THAT(call("Fan.set_percentage", {{"percentage", 34}}), ElementsAre("pct 2"));
  EXPECT_THAT(call("Fan.set_percentage", {{"percentage", 0}}), ElementsAre("c OFF"));
  EXPECT_THAT(call("Fan.oscillate", {{"oscillating", true}}), ElementsAre("osc oscillate_on"));
  EXPECT_THAT(call("Fan.set_direction", {{"direction", "reverse"}}), ElementsAre("dir reverse"));
  tell("pct/s", "2");
  tell("s", "ON");
  tell("dir/s", "forward");
  EXPECT_EQ(state("Fan").at("percentage"), 66);
  EXPECT_EQ(state("Fan").at("direction"), "forward");
  EXPECT_EQ(state("Fan").at("oscillating"), true);
  EXPECT_THAT(call("Fan.toggle"), ElementsAre("c OFF"));
}

TEST_F(ComponentTest, HumidifierHasHumidityAndModes) {
  add("humidifier", {{"cmd_t", "c"},
                     {"stat_t", "s"},
                     {"hum_cmd_t", "h"},
                     {"hum_stat_t", "hs"},
                     {"min_hum", 30},
                     {"max_hum", 80},
                     {"mode_cmd_t", "m"},
                     {"modes", {"auto", "sleep"}}});
  EXPECT_THAT(call("Humidifier.set_humidity", {{"humidity", 45}}), ElementsAre("h 45"));
  EXPECT_THAT(call("Humidifier.set_humidity", {{"humidity", 20}}),
              ElementsAre(HasSubstr("out of range: 20 (30 to 80)")));
  EXPECT_THAT(call("Humidifier.set_mode", {{"mode", "sleep"}}), ElementsAre("m sleep"));
  EXPECT_THAT(call("Humidifier.turn_on"), ElementsAre("c ON"));
  tell("hs", "50");
  EXPECT_EQ(state("Humidifier").at("humidity"), 50);
}

// --- locks and alarms ---

TEST_F(ComponentTest, LockAsksFirstAndMayWantACode) {
  add("lock", {{"cmd_t", "c"}, {"stat_t", "s"}, {"pl_open", "OPEN"}});
  EXPECT_THAT(skills(), ElementsAre("Lock.lock() -> str", "Lock.unlock() -> str", "Lock.open() -> str"));
  for (const char* path : {"Lock.lock", "Lock.unlock", "Lock.open"}) EXPECT_EQ(skill(path).at("confirm"), true);
  EXPECT_THAT(call("Lock.unlock"), ElementsAre("c UNLOCK"));
  for (const auto& [payload, word] :
       {std::pair{"LOCKED", "locked"}, {"UNLOCKING", "unlocking"}, {"JAMMED", "jammed"}}) {
    tell("s", payload);
    EXPECT_EQ(state("Lock").at("state"), word);
  }
  add("lock",
      {{"cmd_t", "c"}, {"cod_form", "^\\d{4}$"}, {"cmd_tpl", R"({"action":"{{ value }}","code":"{{ code }}"})"}});
  EXPECT_THAT(call("Lock.lock"), ElementsAre("no: the argument code is missing"));
  EXPECT_THAT(call("Lock.lock", {{"code", "1234"}}), ElementsAre(R"(c {"action":"LOCK","code":"1234"})"));
}

TEST_F(ComponentTest, AlarmAsksFirstAndChecksItsCode) {
  add("alarm_control_panel", {{"cmd_t", "c"},
                              {"stat_t", "s"},
                              {"code", "4711"},
                              {"cod_arm_req", false},
                              {"sup_feat", {"arm_home", "arm_away"}}});
  EXPECT_THAT(skills(), ElementsAre("AlarmControlPanel.disarm(code: str) -> str", "AlarmControlPanel.arm_home() -> str",
                                    "AlarmControlPanel.arm_away() -> str"));
  EXPECT_EQ(skill("AlarmControlPanel.disarm").at("confirm"), true);
  EXPECT_THAT(home_.skills(only_key()).dump(), Not(HasSubstr("4711")));
  EXPECT_THAT(home_.read(only_key()).dump(), Not(HasSubstr("4711")));
  EXPECT_THAT(call("AlarmControlPanel.arm_away"), ElementsAre("c ARM_AWAY"));
  EXPECT_THAT(call("AlarmControlPanel.disarm", {{"code", "1"}}), ElementsAre("no: Thing: the code is wrong"));
  EXPECT_THAT(call("AlarmControlPanel.disarm", {{"code", "4711"}}), ElementsAre("c DISARM"));
  tell("s", "armed_away");
  EXPECT_EQ(state("AlarmControlPanel").at("state"), "armed_away");
  add("alarm_control_panel",
      {{"cmd_t", "c"}, {"stat_t", "s"}, {"code", "REMOTE_CODE"}, {"cmd_tpl", "{{ action }}/{{ code }}"}});
  EXPECT_THAT(call("AlarmControlPanel.trigger", {{"code", "77"}}), ElementsAre("c TRIGGER/77"));
}

// --- values ---

TEST_F(ComponentTest, NumbersSelectsTextsAndPresses) {
  add("number", {{"cmd_t", "n"}, {"min", 0}, {"max", 1}, {"step", 0.1}, {"cmd_tpl", R"({"v": {{ value }}})"}});
  EXPECT_EQ(skills().front(), "Number.set_value(value: float) -> str");
  EXPECT_THAT(call("Number.set_value", {{"value", 0.5}}), ElementsAre(R"(n {"v": 0.5})"));
  discover_text("number/x", "");
  add("select", {{"cmd_t", "s"}, {"stat_t", "st"}, {"ops", {"it's", "a\\b"}}});
  EXPECT_EQ(skills().front(), R"(Select.select_option(option: Literal['it\'s', 'a\\b']) -> str)");
  EXPECT_THAT(call("Select.select_option", {{"option", "it's"}}), ElementsAre("s it's"));
  EXPECT_THAT(call("Select.select_option", {{"option", "x"}}), ElementsAre(HasSubstr("no: ")));
  tell("st", "a\\b");
  EXPECT_EQ(state("Select").at("state"), "a\\b");
  discover_text("select/x", "");
  add("text", {{"cmd_t", "t"}, {"max", 5}, {"mode", "password"}});
  EXPECT_THAT(call("Text.set_value", {{"value", "größe"}}), ElementsAre("t größe"));
  EXPECT_THAT(call("Text.set_value", {{"value", "longer"}}),
              ElementsAre(HasSubstr("too short or too long: 6 characters (0 to 5)")));
  EXPECT_EQ(state("Text").at("state"), "<hidden>");
  discover_text("text/x", "");
  add("button", {{"cmd_t", "b"}, {"pl_prs", "GO"}, {"cmd_tpl", "{{ value }}!"}});
  EXPECT_THAT(call("Button.press"), ElementsAre("b GO!"));
  discover_text("button/x", "");
  add("scene", {{"cmd_t", "sc"}, {"pl_on", "party"}});
  EXPECT_THAT(call("Scene.turn_on"), ElementsAre("sc party"));
  discover_text("scene/x", "");
  add("notify", {{"cmd_t", "no"}});
  EXPECT_THAT(call("Notify.send_message", {{"message", "hello"}}), ElementsAre("no hello"));
}

// --- machines ---

TEST_F(ComponentTest, VacuumStartsReturnsAndTakesCommands) {
  add("vacuum", {{"cmd_t", "v"},
                 {"stat_t", "s"},
                 {"sup_feat", {"start", "pause", "return_home", "fan_speed", "send_command", "locate"}},
                 {"set_fan_spd_t", "f"},
                 {"fanspd_lst", {"min", "max"}},
                 {"send_cmd_t", "cmd"}});
  EXPECT_THAT(call("Vacuum.start"), ElementsAre("v start"));
  EXPECT_THAT(call("Vacuum.return_to_base"), ElementsAre("v return_to_base"));
  EXPECT_THAT(call("Vacuum.set_fan_speed", {{"fan_speed", "max"}}), ElementsAre("f max"));
  EXPECT_THAT(call("Vacuum.send_command", {{"command", "clean"}, {"params", {{"room", 2}}}}),
              ElementsAre(R"(cmd {"command":"clean","room":2})"));
  EXPECT_THAT(skills(), Not(Contains("Vacuum.stop() -> str")));
  tell("s", R"({"state":"docked","battery_level":90,"fan_speed":"min"})");
  EXPECT_EQ(state("Vacuum").at("state"), "docked");
  EXPECT_EQ(state("Vacuum").at("battery_level"), 90);
}

TEST_F(ComponentTest, LawnMowerMowsAndDocks) {
  add("lawn_mower", {{"start_mowing_command_topic", "m/start"},
                     {"dock_cmd_t", "m/dock"},
                     {"pause_command_topic", "m/p"},
                     {"pause_command_template", R"({"do":"{{ value }}"})"},
                     {"act_stat_t", "m/s"},
                     {"act_val_tpl", "{{ value_json.a }}"}});
  EXPECT_THAT(call("LawnMower.start_mowing"), ElementsAre("m/start start_mowing"));
  EXPECT_THAT(call("LawnMower.pause"), ElementsAre(R"(m/p {"do":"pause"})"));
  EXPECT_THAT(call("LawnMower.dock"), ElementsAre("m/dock dock"));
  tell("m/s", R"({"a":"mowing"})");
  EXPECT_EQ(state("LawnMower").at("state"), "mowing");
}

TEST_F(ComponentTest, UpdateIsInstalledWhenAllowed) {
  add("update", {{"cmd_t", "u"}, {"pl_inst", "go"}, {"stat_t", "s"}, {"l_ver_t", "l"}});
  EXPECT_EQ(skill("Update.install").at("confirm"), true);
  EXPECT_THAT(call("Update.install"), ElementsAre("u go"));
  tell("s", "1.0");
  tell("l", "1.1");
  EXPECT_EQ(state("Update").at("state"), "on");
  tell("s", R"({"installed_version":"1.1"})");
  EXPECT_EQ(state("Update").at("state"), "off");
  add("update", {{"stat_t", "s"}});
  EXPECT_THAT(skills(), IsEmpty()) << "nothing to publish";
}

// --- read only ---

TEST_F(ComponentTest, OpenMqttGatewaySensorsAndTrackers) {
  const json device = {{"ids", {"AABB"}},       {"cns", json::array({json::array({"mac", "AABB"})})},
                       {"mf", "Xiaomi"},        {"mdl", "LYWSD03MMC"},
                       {"name", "Thermometer"}, {"via_device", "OMG"}};
  discover("sensor/AABB-batt", {{"stat_t", "+/+/BTtoMQTT/AABB"},
                                {"dev_cla", "battery"},
                                {"unit_of_meas", "%"},
                                {"name", "battery"},
                                {"uniq_id", "AABB-batt"},
                                {"val_tpl", "{{ value_json.batt | is_defined }}"},
                                {"dev", device}});
  discover("sensor/AABB-tempc", {{"stat_t", "+/+/BTtoMQTT/AABB"},
                                 {"dev_cla", "temperature"},
                                 {"unit_of_meas", "°C"},
                                 {"name", "temp"},
                                 {"uniq_id", "AABB-tempc"},
                                 {"val_tpl", "{{ value_json.tempc | is_defined }}"},
                                 {"dev", device}});
  discover("device_tracker/AABB", {{"stat_t", "+/+/BTtoMQTT/AABB"},
                                   {"val_tpl", "{% if value_json.get('rssi') %}home{% else %}not_home{% endif %}"},
                                   {"src_type", "bluetooth_le"},
                                   {"name", "tracker"},
                                   {"dev", device}});
  EXPECT_THAT(home_.topics(), ElementsAre("+/+/BTtoMQTT/AABB"));
  EXPECT_THAT(tell("home/OMG/BTtoMQTT/AABB", R"({"tempc":21.4,"rssi":-60})").problems, IsEmpty());
  EXPECT_EQ(state("TempSensor").at("state"), 21.4);
  EXPECT_EQ(state("BatterySensor").at("state"), nullptr);
  EXPECT_EQ(state("TrackerDeviceTracker").at("state"), "home");
  EXPECT_EQ(home_.device(only_key())->via_device, "OMG");
}

TEST_F(ComponentTest, EventsAndBinarySensors) {
  add("event", {{"stat_t", "e"}, {"evt_typ", {"single", "double"}}, {"dev_cla", "button"}});
  tell("e", R"({"event_type":"double"})");
  EXPECT_EQ(state("Event").at("state"), "double");
  discover_text("event/x", "");
  add("binary_sensor", {{"stat_t", "b"},
                        {"pl_on", "true"},
                        {"pl_off", "false"},
                        {"dev_cla", "door"},
                        {"val_tpl", "{{ value_json.contact | lower }}"}});
  tell("b", R"({"contact":true})");
  EXPECT_EQ(state("BinarySensor").at("state"), "on");
  EXPECT_EQ(state("BinarySensor").at("device_class"), "door");
}

}  // namespace
}  // namespace strawberry::cli::discovery
