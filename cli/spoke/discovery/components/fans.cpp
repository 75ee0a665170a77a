// Fans and humidifiers.
#include <algorithm>
#include <cmath>

#include "cli/spoke/discovery/components/components.h"
#include "cli/spoke/discovery/components/humidity.h"

namespace strawberry::cli::discovery {
namespace {

using nlohmann::json;
using Type = ActionParameter::Type;

double lowest_speed(const Entity& entity) { return entity.settings.number("speed_range_min", 1); }
double speed_count(const Entity& entity) {
  return std::max(1.0, entity.settings.number("speed_range_max", 100) - lowest_speed(entity) + 1);
}

bool take_fan_percentage(Entity& entity, const std::string& text) {
  if (text == entity.settings.text("payload_reset_percentage", "None"))
    return entity.values["percentage"] = nullptr, true;
  const auto number = parse_number(text);
  if (!number) return false;
  const double percent = std::floor((*number - (lowest_speed(entity) - 1)) * 100 / speed_count(entity));
  if (!(percent >= 0 && percent <= 100)) return false;
  entity.values["percentage"] = static_cast<int>(percent);
  return true;
}

bool take_fan_preset(Entity& entity, const std::string& text) {
  if (text == entity.settings.text("payload_reset_preset_mode", "None"))
    return entity.values["preset_mode"] = nullptr, true;
  return take_text(entity, "preset_mode", text);
}

std::string oscillation_word(const Entity& entity, bool is_on) {
  return is_on ? entity.settings.text("payload_oscillation_on", "oscillate_on")
               : entity.settings.text("payload_oscillation_off", "oscillate_off");
}

bool take_fan_oscillation(Entity& entity, const std::string& text) {
  if (text == "None") return entity.values["oscillating"] = nullptr, true;
  const bool is_on = text == oscillation_word(entity, true);
  if (!is_on && text != oscillation_word(entity, false)) return false;
  entity.values["oscillating"] = is_on;
  return true;
}

bool take_fan_direction(Entity& entity, const std::string& text) {
  const Settings& settings = entity.settings;
  if (text == settings.text("payload_direction_forward", "forward"))
    return entity.values["direction"] = "forward", true;
  if (text == settings.text("payload_direction_reverse", "reverse"))
    return entity.values["direction"] = "reverse", true;
  return take_text(entity, "direction", text);
}

constexpr Reading fan_readings[] = {{"state_topic", "state_value_template", take_power, "value_template"},
                                    {"percentage_state_topic", "percentage_value_template", take_fan_percentage},
                                    {"preset_mode_state_topic", "preset_mode_value_template", take_fan_preset},
                                    {"oscillation_state_topic", "oscillation_value_template", take_fan_oscillation},
                                    {"direction_state_topic", "direction_value_template", take_fan_direction}};

class Fan final : public Component {
 public:
  std::string_view name() const override { return "fan"; }
  std::vector<std::string_view> required() const override { return {"command_topic"}; }
  std::span<const Reading> readings() const override { return fan_readings; }

  std::vector<Action> actions(const Entity& entity) const override {
    if (!can_send(entity, "command_topic", "command_template")) return {};
    const bool has_speed = can_send(entity, "percentage_command_topic", "percentage_command_template");
    const auto presets = entity.settings.list("preset_modes");
    const bool has_preset =
        !presets.empty() && can_send(entity, "preset_mode_command_topic", "preset_mode_command_template");
    ActionParameter percentage{
        .name = "percentage", .type = Type::integer, .about = "speed in percent", .least = 0, .most = 100};
    std::vector<ActionParameter> on;
    if (has_speed) on.push_back(percentage);
    if (has_preset) on.push_back(choice("preset_mode", "preset mode", presets, false));
    std::vector<Action> actions = {
        {"turn_on", "turn on %", std::move(on)}, {"turn_off", "turn off %"}, {"toggle", "toggle %"}};
    percentage.is_required = true;
    if (has_speed) actions.push_back({"set_percentage", "set the speed of %", {percentage}});
    if (has_preset)
      actions.push_back(
          {"set_preset_mode", "set the preset mode of %", {choice("preset_mode", "preset mode", presets)}});
    if (can_send(entity, "oscillation_command_topic", "oscillation_command_template"))
      actions.push_back(
          {"oscillate",
           "make % oscillate, or not",
           {{.name = "oscillating", .type = Type::boolean, .about = "whether it oscillates", .is_required = true}}});
    if (can_send(entity, "direction_command_topic", "direction_command_template"))
      actions.push_back(
          {"set_direction", "set the direction of %", {choice("direction", "direction", {"forward", "reverse"})}});
    return actions;
  }

  Result<void> act(Entity& entity, const std::string& action, const Arguments& given, Commands& out) const override {
    const Settings& settings = entity.settings;
    if (action == "set_preset_mode") return set_preset(entity, given.text("preset_mode"), out);
    if (action == "set_percentage" && given.number("percentage") > 0)
      return set_speed(entity, given.number("percentage"), out);
    if (action == "oscillate") {
      if (is_optimistic(entity, "oscillation_state_topic")) entity.values["oscillating"] = given.flag("oscillating");
      return out.send("oscillation_command_topic", "oscillation_command_template",
                      oscillation_word(entity, given.flag("oscillating")));
    }
    if (action == "set_direction") {
      if (is_optimistic(entity, "direction_state_topic")) entity.values["direction"] = given.text("direction");
      const std::string key = "payload_direction_" + given.text("direction");
      return out.send("direction_command_topic", "direction_command_template",
                      settings.text(key, given.text("direction")));
    }
    const bool is_zero = given.has("percentage") && given.number("percentage") == 0;
    const bool is_on = !is_zero && (action == "turn_on" || (action == "toggle" && entity.state != "on"));
    if (is_optimistic(entity)) entity.state = is_on ? "on" : "off";
    auto sent = out.send("command_topic", "command_template", power_word(entity, is_on));
    if (!sent || !is_on) return sent;
    if (given.has("percentage")) sent = set_speed(entity, given.number("percentage"), out);
    if (sent && given.has("preset_mode")) sent = set_preset(entity, given.text("preset_mode"), out);
    return sent;
  }

 private:
  static Result<void> set_speed(Entity& entity, double percent, Commands& out) {
    if (is_optimistic(entity, "percentage_state_topic")) entity.values["percentage"] = static_cast<int>(percent);
    const double speed = std::ceil(percent * speed_count(entity) / 100 + lowest_speed(entity) - 1);
    return out.send("percentage_command_topic", "percentage_command_template", whole_or_float(speed));
  }
  static Result<void> set_preset(Entity& entity, const std::string& mode, Commands& out) {
    if (is_optimistic(entity, "preset_mode_state_topic")) entity.values["preset_mode"] = mode;
    return out.send("preset_mode_command_topic", "preset_mode_command_template", mode);
  }
};

// --- humidifier ---

bool take_humidity_target(Entity& entity, const std::string& text) {
  if (text == entity.settings.text("payload_reset_humidity", "None")) return entity.values["humidity"] = nullptr, true;
  return take_number(entity, "humidity", text);
}
bool take_humidity_now(Entity& entity, const std::string& text) {
  return take_number(entity, "current_humidity", text);
}
bool take_humidifier_mode(Entity& entity, const std::string& text) {
  if (text == entity.settings.text("payload_reset_mode", "None")) return entity.values["mode"] = nullptr, true;
  return take_text(entity, "mode", text);
}
bool take_humidifier_action(Entity& entity, const std::string& text) { return take_text(entity, "action", text); }

constexpr Reading humidifier_readings[] = {
    {"state_topic", "state_value_template", take_power, "value_template"},
    {"target_humidity_state_topic", "target_humidity_state_template", take_humidity_target},
    {"current_humidity_topic", "current_humidity_template", take_humidity_now},
    {"mode_state_topic", "mode_state_template", take_humidifier_mode},
    {"action_topic", "action_template", take_humidifier_action}};

class Humidifier final : public Component {
 public:
  std::string_view name() const override { return "humidifier"; }
  std::vector<std::string_view> required() const override { return {"command_topic", "target_humidity_command_topic"}; }
  std::span<const Reading> readings() const override { return humidifier_readings; }

  std::vector<Action> actions(const Entity& entity) const override {
    std::vector<Action> actions;
    if (can_send(entity, "command_topic", "command_template"))
      actions = {{"turn_on", "turn on %"}, {"turn_off", "turn off %"}, {"toggle", "toggle %"}};
    if (can_set_humidity(entity)) actions.push_back(humidity_action(entity, 0, 100));
    const auto modes = entity.settings.list("modes");
    if (!modes.empty() && can_send(entity, "mode_command_topic", "mode_command_template"))
      actions.push_back({"set_mode", "set the mode of %", {choice("mode", "mode", modes)}});
    return actions;
  }

  Result<void> act(Entity& entity, const std::string& action, const Arguments& given, Commands& out) const override {
    if (action == "set_humidity") return set_humidity(entity, given, out);
    if (action == "set_mode") {
      if (is_optimistic(entity, "mode_state_topic")) entity.values["mode"] = given.text("mode");
      return out.send("mode_command_topic", "mode_command_template", given.text("mode"));
    }
    const bool is_on = action == "turn_on" || (action == "toggle" && entity.state != "on");
    if (is_optimistic(entity)) entity.state = is_on ? "on" : "off";
    return out.send("command_topic", "command_template", power_word(entity, is_on));
  }
};

}  // namespace

const Component& fan() {
  static const Fan one;
  return one;
}
const Component& humidifier() {
  static const Humidifier one;
  return one;
}

}  // namespace strawberry::cli::discovery
