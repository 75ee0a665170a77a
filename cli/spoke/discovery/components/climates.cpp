// Heating and cooling: climate, water_heater.
#include <algorithm>

#include "cli/spoke/discovery/components/components.h"
#include "cli/spoke/discovery/components/humidity.h"

namespace strawberry::cli::discovery {
namespace {

using nlohmann::json;
using Type = ActionParameter::Type;
using Texts = std::vector<std::string>;

Texts list_or(const Entity& entity, const char* key, Texts otherwise) {
  auto list = entity.settings.list(key);
  return list.empty() ? otherwise : list;
}

bool is_fahrenheit(const Entity& entity) { return entity.settings.text("temperature_unit", "C") == "F"; }

ActionParameter temperature_parameter(const Entity& entity, const char* name, const std::string& about,
                                      bool is_required, double least, double most) {
  const bool in_fahrenheit = is_fahrenheit(entity);
  const auto in_unit = [&](double celsius) { return in_fahrenheit ? celsius * 9 / 5 + 32 : celsius; };
  return {.name = name,
          .type = Type::number,
          .about = about + (in_fahrenheit ? " in °F" : " in °C"),
          .is_required = is_required,
          .least = entity.settings.number("min_temp", in_unit(least)),
          .most = entity.settings.number("max_temp", in_unit(most))};
}

void describe_temperatures(const Entity& entity, json& out) { out["unit"] = is_fahrenheit(entity) ? "°F" : "°C"; }

template <const char* const& Name>
bool take_named_number(Entity& entity, const std::string& text) {
  return take_number(entity, Name, text);
}
template <const char* const& Name>
bool take_named_text(Entity& entity, const std::string& text) {
  return take_text(entity, Name, text);
}

bool take_mode(Entity& entity, const std::string& text) {
  if (text == "None") return entity.state = nullptr, true;
  entity.state = text;
  return true;
}

constexpr const char* temperature_name = "temperature";
constexpr const char* current_temperature_name = "current_temperature";
constexpr const char* target_temp_high_name = "target_temp_high";
constexpr const char* target_temp_low_name = "target_temp_low";
constexpr const char* current_humidity_name = "current_humidity";
constexpr const char* target_humidity_name = "humidity";
constexpr const char* hvac_action_name = "hvac_action";
constexpr const char* fan_mode_name = "fan_mode";
constexpr const char* swing_mode_name = "swing_mode";
constexpr const char* swing_horizontal_mode_name = "swing_horizontal_mode";
constexpr const char* preset_mode_name = "preset_mode";

constexpr Reading climate_readings[] = {
    {"mode_state_topic", "mode_state_template", take_mode, "value_template"},
    {"temperature_state_topic", "temperature_state_template", take_named_number<temperature_name>, "value_template"},
    {"temperature_high_state_topic", "temperature_high_state_template", take_named_number<target_temp_high_name>,
     "value_template"},
    {"temperature_low_state_topic", "temperature_low_state_template", take_named_number<target_temp_low_name>,
     "value_template"},
    {"current_temperature_topic", "current_temperature_template", take_named_number<current_temperature_name>,
     "value_template"},
    {"current_humidity_topic", "current_humidity_template", take_named_number<current_humidity_name>, "value_template"},
    {"target_humidity_state_topic", "target_humidity_state_template", take_named_number<target_humidity_name>,
     "value_template"},
    {"action_topic", "action_template", take_named_text<hvac_action_name>, "value_template"},
    {"fan_mode_state_topic", "fan_mode_state_template", take_named_text<fan_mode_name>, "value_template"},
    {"swing_mode_state_topic", "swing_mode_state_template", take_named_text<swing_mode_name>, "value_template"},
    {"swing_horizontal_mode_state_topic", "swing_horizontal_mode_state_template",
     take_named_text<swing_horizontal_mode_name>, "value_template"},
    {"preset_mode_state_topic", "preset_mode_value_template", take_named_text<preset_mode_name>, "value_template"}};

/// A mode: an action with its parameter, its topics and its choices.
struct ClimateMode {
  const char* action;
  const char* parameter;
  const char* phrase;
  const char* command_topic;
  const char* command_template;
  const char* state_topic;
};
constexpr ClimateMode climate_modes[] = {
    {"set_fan_mode", fan_mode_name, "set the fan mode of %", "fan_mode_command_topic", "fan_mode_command_template",
     "fan_mode_state_topic"},
    {"set_swing_mode", swing_mode_name, "set the swing mode of %", "swing_mode_command_topic",
     "swing_mode_command_template", "swing_mode_state_topic"},
    {"set_swing_horizontal_mode", swing_horizontal_mode_name, "set the horizontal swing mode of %",
     "swing_horizontal_mode_command_topic", "swing_horizontal_mode_command_template",
     "swing_horizontal_mode_state_topic"},
    {"set_preset_mode", preset_mode_name, "set the preset mode of %", "preset_mode_command_topic",
     "preset_mode_command_template", "preset_mode_state_topic"}};

Texts choices_of(const Entity& entity, const ClimateMode& mode) {
  if (mode.parameter == fan_mode_name) return list_or(entity, "fan_modes", {"auto", "low", "medium", "high"});
  if (mode.parameter == swing_mode_name) return list_or(entity, "swing_modes", {"on", "off"});
  if (mode.parameter == swing_horizontal_mode_name) return list_or(entity, "swing_horizontal_modes", {"on", "off"});
  Texts presets = entity.settings.list("preset_modes");
  if (std::find(presets.begin(), presets.end(), "none") == presets.end()) presets.insert(presets.begin(), "none");
  return presets;
}

/// The targets of a temperature, each with its topics.
struct ClimateTarget {
  const char* parameter;
  const char* command_topic;
  const char* command_template;
  const char* state_topic;
  const char* about;
};
constexpr ClimateTarget climate_targets[] = {
    {temperature_name, "temperature_command_topic", "temperature_command_template", "temperature_state_topic",
     "temperature"},
    {target_temp_low_name, "temperature_low_command_topic", "temperature_low_command_template",
     "temperature_low_state_topic", "lowest temperature"},
    {target_temp_high_name, "temperature_high_command_topic", "temperature_high_command_template",
     "temperature_high_state_topic", "highest temperature"}};

class Climate final : public Component {
 public:
  std::string_view name() const override { return "climate"; }
  std::span<const Reading> readings() const override { return climate_readings; }

  std::vector<Action> actions(const Entity& entity) const override {
    std::vector<Action> actions;
    std::vector<ActionParameter> targets;
    for (const ClimateTarget& target : climate_targets) {
      if (!can_send(entity, target.command_topic, target.command_template)) continue;
      targets.push_back(
          temperature_parameter(entity, target.parameter, target.about, target.parameter == temperature_name, 7, 35));
    }
    const bool has_mode = can_send(entity, "mode_command_topic", "mode_command_template");
    const Texts modes = modes_of(entity);
    if (!targets.empty()) {
      std::stable_partition(targets.begin(), targets.end(), [](const auto& each) { return each.is_required; });
      if (has_mode) targets.push_back(choice("hvac_mode", "mode to set first", modes, false));
      actions.push_back({"set_temperature", "set the temperature of %", std::move(targets)});
    }
    if (has_mode) actions.push_back({"set_hvac_mode", "set the mode of %", {choice("hvac_mode", "mode", modes)}});
    for (const ClimateMode& mode : climate_modes) {
      if (!can_send(entity, mode.command_topic, mode.command_template)) continue;
      actions.push_back({mode.action, mode.phrase, {choice(mode.parameter, "mode", choices_of(entity, mode))}});
    }
    if (can_set_humidity(entity)) actions.push_back(humidity_action(entity, 30, 99));
    const bool has_power = can_send(entity, "power_command_topic", "power_command_template");
    if (has_power || (has_mode && !on_mode(modes).empty())) actions.push_back({"turn_on", "turn on %"});
    if (has_power || (has_mode && has_off(modes))) actions.push_back({"turn_off", "turn off %"});
    return actions;
  }

  Result<void> act(Entity& entity, const std::string& action, const Arguments& given, Commands& out) const override {
    if (action == "set_temperature") return set_temperature(entity, given, out);
    if (action == "set_hvac_mode") return set_mode(entity, given.text("hvac_mode"), out);
    if (action == "set_humidity") return set_humidity(entity, given, out);
    if (action == "turn_on" || action == "turn_off") return set_power(entity, action == "turn_on", out);
    const auto* mode = std::find_if(std::begin(climate_modes), std::end(climate_modes),
                                    [&](const ClimateMode& each) { return action == each.action; });
    if (mode == std::end(climate_modes)) return fail("it cannot " + action);
    if (is_optimistic(entity, mode->state_topic)) entity.values[mode->parameter] = given.text(mode->parameter);
    return out.send(mode->command_topic, mode->command_template, given.text(mode->parameter));
  }

  void describe(const Entity& entity, json& out) const override { describe_temperatures(entity, out); }

 private:
  static Texts modes_of(const Entity& entity) {
    return list_or(entity, "modes", {"auto", "off", "cool", "heat", "dry", "fan_only"});
  }
  static bool has_off(const Texts& modes) { return std::find(modes.begin(), modes.end(), "off") != modes.end(); }
  /// Returns the mode that `turn_on` selects, as Home Assistant does.
  static std::string on_mode(const Texts& modes) {
    for (const char* wanted : {"heat_cool", "heat", "cool", "auto"}) {
      if (std::find(modes.begin(), modes.end(), wanted) != modes.end()) return wanted;
    }
    const auto other = std::find_if(modes.begin(), modes.end(), [](const std::string& mode) { return mode != "off"; });
    return other == modes.end() ? "" : *other;
  }

  static Result<void> set_mode(Entity& entity, const std::string& mode, Commands& out) {
    if (is_optimistic(entity, "mode_state_topic")) entity.state = mode;
    return out.send("mode_command_topic", "mode_command_template", mode);
  }

  static Result<void> set_temperature(Entity& entity, const Arguments& given, Commands& out) {
    if (given.has("hvac_mode")) {
      if (auto sent = set_mode(entity, given.text("hvac_mode"), out); !sent) return sent;
    }
    for (const ClimateTarget& target : climate_targets) {
      if (!given.has(target.parameter)) continue;
      if (is_optimistic(entity, target.state_topic)) entity.values[target.parameter] = given.value(target.parameter);
      auto sent = out.send(target.command_topic, target.command_template, given.number(target.parameter));
      if (!sent) return sent;
    }
    if (out.all().empty()) return fail("no temperature is given");
    return {};
  }

  static Result<void> set_power(Entity& entity, bool is_on, Commands& out) {
    if (!can_send(entity, "power_command_topic", "power_command_template"))
      return set_mode(entity, is_on ? on_mode(modes_of(entity)) : "off", out);
    return out.send("power_command_topic", "power_command_template", power_word(entity, is_on));
  }
};

constexpr Reading water_heater_readings[] = {
    {"mode_state_topic", "mode_state_template", take_mode, "value_template"},
    {"temperature_state_topic", "temperature_state_template", take_named_number<temperature_name>, "value_template"},
    {"current_temperature_topic", "current_temperature_template", take_named_number<current_temperature_name>,
     "value_template"}};

class WaterHeater final : public Component {
 public:
  std::string_view name() const override { return "water_heater"; }
  std::span<const Reading> readings() const override { return water_heater_readings; }

  std::vector<Action> actions(const Entity& entity) const override {
    std::vector<Action> actions;
    if (can_send(entity, "temperature_command_topic", "temperature_command_template"))
      actions.push_back({"set_temperature",
                         "set the temperature of %",
                         {temperature_parameter(entity, temperature_name, "temperature", true, 43.3, 60)}});
    if (can_send(entity, "mode_command_topic", "mode_command_template"))
      actions.push_back(
          {"set_operation_mode",
           "set the mode of %",
           {choice("operation_mode", "mode",
                   list_or(entity, "modes",
                           {"off", "eco", "electric", "gas", "heat_pump", "high_demand", "performance"}))}});
    if (can_send(entity, "power_command_topic", "power_command_template")) {
      actions.push_back({"turn_on", "turn on %"});
      actions.push_back({"turn_off", "turn off %"});
    }
    return actions;
  }

  Result<void> act(Entity& entity, const std::string& action, const Arguments& given, Commands& out) const override {
    if (action == "set_temperature") {
      if (is_optimistic(entity, "temperature_state_topic"))
        entity.values[temperature_name] = given.value(temperature_name);
      return out.send("temperature_command_topic", "temperature_command_template", given.number(temperature_name));
    }
    if (action == "set_operation_mode") {
      if (is_optimistic(entity, "mode_state_topic")) entity.state = given.text("operation_mode");
      return out.send("mode_command_topic", "mode_command_template", given.text("operation_mode"));
    }
    return out.send("power_command_topic", "power_command_template", power_word(entity, action == "turn_on"));
  }

  void describe(const Entity& entity, json& out) const override { describe_temperatures(entity, out); }
};

}  // namespace

const Component& climate() {
  static const Climate one;
  return one;
}
const Component& water_heater() {
  static const WaterHeater one;
  return one;
}

}  // namespace strawberry::cli::discovery
