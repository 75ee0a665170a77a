// Covers and valves: entities that open and close, some to a position.
#include <algorithm>
#include <cmath>

#include "cli/spoke/discovery/components/components.h"
#include "common/contract/bounded_json.h"
#include "common/text/json_text.h"

namespace strawberry::cli::discovery {
namespace {

using nlohmann::json;
using Type = ActionParameter::Type;

/// Returns 0 to 100 for a value between `closed` and `open`, in either order.
double percent_of(double value, double closed, double open) {
  if (closed == open) return 0;
  const double percent = std::round((value - closed) * 100 / (open - closed));
  return std::isnan(percent) ? 0 : std::clamp(percent, 0.0, 100.0);
}
double value_of(double percent, double closed, double open) {
  return std::round(closed + percent * (open - closed) / 100);
}

ActionParameter position_parameter(const char* name, const char* about) {
  return {.name = name, .type = Type::integer, .about = about, .is_required = true, .least = 0, .most = 100};
}

void set_position(Entity& entity, double percent) {
  entity.values["position"] = static_cast<int>(percent);
  const bool is_moving = entity.state == "opening" || entity.state == "closing";
  if (!is_moving || percent == 0 || percent == 100) entity.state = percent == 0 ? "closed" : "open";
}

/// Handles the words of a state, which the settings may replace.
bool take_moving_state(Entity& entity, const std::string& text) {
  for (const char* word : {"open", "closed", "opening", "closing"}) {
    const std::string key = std::string("state_") + word;
    if (text != entity.settings.text(key, word)) continue;
    entity.state = word;
    return true;
  }
  if (text == "None") return entity.state = nullptr, true;
  return false;
}

// --- cover ---

double cover_closed(const Entity& entity) { return entity.settings.number("position_closed", 0); }
double cover_open(const Entity& entity) { return entity.settings.number("position_open", 100); }

bool take_cover_state(Entity& entity, const std::string& text) {
  if (text == entity.settings.text("state_stopped", "stopped")) {
    const auto position = entity.values.find("position");
    const bool is_closed =
        position != entity.values.end() ? *position == 0 : entity.state == "closed" || entity.state == "closing";
    entity.state = is_closed ? "closed" : "open";
    return true;
  }
  return take_moving_state(entity, text);
}

bool take_cover_position(Entity& entity, const std::string& text) {
  auto number = parse_number(text);
  if (!number && !nests_too_deep(text)) {
    // A template may return JSON with both position and tilt.
    const json told = json_from(text);
    if (told.is_object() && told.contains("position") && told["position"].is_number())
      number = told["position"].get<double>();
    if (number && told.contains("tilt_position") && told["tilt_position"].is_number())
      entity.values["tilt_position"] =
          static_cast<int>(percent_of(told["tilt_position"].get<double>(), entity.settings.number("tilt_min", 0),
                                      entity.settings.number("tilt_max", 100)));
  }
  if (!number) return text == "None";
  set_position(entity, percent_of(*number, cover_closed(entity), cover_open(entity)));
  return true;
}

bool take_cover_tilt(Entity& entity, const std::string& text) {
  const auto number = parse_number(text);
  if (!number) return text == "None";
  entity.values["tilt_position"] = static_cast<int>(
      percent_of(*number, entity.settings.number("tilt_min", 0), entity.settings.number("tilt_max", 100)));
  return true;
}

constexpr Reading cover_readings[] = {{"state_topic", "value_template", take_cover_state},
                                      {"position_topic", "position_template", take_cover_position, "value_template"},
                                      {"tilt_status_topic", "tilt_status_template", take_cover_tilt}};

class Cover final : public Component {
 public:
  std::string_view name() const override { return "cover"; }
  std::span<const Reading> readings() const override { return cover_readings; }

  std::vector<Action> actions(const Entity& entity) const override {
    const Settings& settings = entity.settings;
    const bool has_command = can_send(entity, "command_topic");
    const bool can_open = has_command && settings.payload("payload_open", "OPEN");
    const bool can_close = has_command && settings.payload("payload_close", "CLOSE");
    std::vector<Action> actions;
    if (can_open) actions.push_back({"open", "open %"});
    if (can_close) actions.push_back({"close", "close %"});
    if (has_command && settings.payload("payload_stop", "STOP")) actions.push_back({"stop", "stop %"});
    if (can_open && can_close) actions.push_back({"toggle", "open or close %"});
    if (can_send(entity, "set_position_topic", "set_position_template"))
      actions.push_back({"set_position",
                         "move % to a position",
                         {position_parameter("position", "position in percent (100 is open)")}});
    if (can_send(entity, "tilt_command_topic", "tilt_command_template")) {
      actions.push_back({"open_tilt", "open the slats of %"});
      actions.push_back({"close_tilt", "close the slats of %"});
      if (settings.payload("payload_stop_tilt", "STOP")) actions.push_back({"stop_tilt", "stop the slats of %"});
      actions.push_back({"set_tilt_position",
                         "turn the slats of % to a position",
                         {position_parameter("tilt_position", "position in percent (100 is open)")}});
    }
    return actions;
  }

  Result<void> act(Entity& entity, const std::string& action, const Arguments& given, Commands& out) const override {
    const Settings& settings = entity.settings;
    const bool is_assumed = is_optimistic(entity) && is_optimistic(entity, "position_topic");
    if (action == "toggle")
      return act(entity, entity.state == "closed" || entity.state == "closing" ? "open" : "close", given, out);
    if (action == "open" || action == "close") {
      if (is_assumed) set_position(entity, action == "open" ? 100 : 0);
      return out.send(
          "command_topic", "",
          action == "open" ? settings.text("payload_open", "OPEN") : settings.text("payload_close", "CLOSE"));
    }
    if (action == "stop") return out.send("command_topic", "", settings.text("payload_stop", "STOP"));
    if (action == "set_position") {
      const double percent = given.number("position");
      const double closed = cover_closed(entity), open = cover_open(entity);
      if (is_assumed) set_position(entity, percent);
      // With a template Home Assistant passes the percentage, without one the cover's own value.
      const bool has_template = settings.template_of("set_position_template") != nullptr;
      return out.send("set_position_topic", "set_position_template",
                      whole_or_float(has_template ? percent : value_of(percent, closed, open)),
                      {{"position", whole_or_float(percent)},
                       {"position_open", whole_or_float(open)},
                       {"position_closed", whole_or_float(closed)},
                       {"tilt_min", whole_or_float(settings.number("tilt_min", 0))},
                       {"tilt_max", whole_or_float(settings.number("tilt_max", 100))}});
    }
    return tilt(entity, action, given, out);
  }

 private:
  static Result<void> tilt(Entity& entity, const std::string& action, const Arguments& given, Commands& out) {
    const Settings& settings = entity.settings;
    if (action == "stop_tilt") return out.send("tilt_command_topic", "", settings.text("payload_stop_tilt", "STOP"));
    const double least = settings.number("tilt_min", 0), most = settings.number("tilt_max", 100);
    double value = 0;
    if (action == "open_tilt") value = settings.number("tilt_opened_value", 100);
    if (action == "close_tilt") value = settings.number("tilt_closed_value", 0);
    const bool is_set = action == "set_tilt_position";
    const double percent = is_set ? given.number("tilt_position") : percent_of(value, least, most);
    if (is_set) value = value_of(percent, least, most);
    if (settings.text("tilt_status_topic").empty() || settings.flag("tilt_optimistic", false))
      entity.values["tilt_position"] = static_cast<int>(percent);
    return out.send("tilt_command_topic", "tilt_command_template", whole_or_float(value),
                    {{"tilt_position", whole_or_float(percent)},
                     {"tilt_min", whole_or_float(least)},
                     {"tilt_max", whole_or_float(most)},
                     {"position_open", whole_or_float(cover_open(entity))},
                     {"position_closed", whole_or_float(cover_closed(entity))}});
  }
};

// --- valve ---

bool take_valve(Entity& entity, const std::string& text) {
  std::string state = text;
  std::optional<double> position = parse_number(text);
  if (!position && !nests_too_deep(text)) {
    const json told = json_from(text);
    if (told.is_object()) {
      state = text_member(told, "state");
      if (told.contains("position") && told["position"].is_number()) position = told["position"].get<double>();
    }
  }
  if (!entity.settings.flag("reports_position", false)) return take_moving_state(entity, state);
  const bool is_moving = state == entity.settings.text("state_opening", "opening") ||
                         state == entity.settings.text("state_closing", "closing");
  if (is_moving) take_moving_state(entity, state);
  if (position && !is_moving) entity.state = nullptr;
  if (position) set_position(entity, percent_of(*position, cover_closed(entity), cover_open(entity)));
  return position || is_moving || text == "None";
}

constexpr Reading valve_readings[] = {{"state_topic", "value_template", take_valve}};

class Valve final : public Component {
 public:
  std::string_view name() const override { return "valve"; }
  std::span<const Reading> readings() const override { return valve_readings; }

  std::vector<Action> actions(const Entity& entity) const override {
    const Settings& settings = entity.settings;
    if (!can_send(entity, "command_topic", "command_template")) return {};
    const bool has_position = settings.flag("reports_position", false);
    const bool can_open = has_position || settings.payload("payload_open", "OPEN");
    const bool can_close = has_position || settings.payload("payload_close", "CLOSE");
    std::vector<Action> actions;
    if (can_open) actions.push_back({"open", "open %"});
    if (can_close) actions.push_back({"close", "close %"});
    if (!settings.text("payload_stop").empty()) actions.push_back({"stop", "stop %"});
    if (can_open && can_close) actions.push_back({"toggle", "open or close %"});
    if (has_position)
      actions.push_back({"set_position",
                         "move % to a position",
                         {position_parameter("position", "position in percent (100 is open)")}});
    return actions;
  }

  Result<void> act(Entity& entity, const std::string& action, const Arguments& given, Commands& out) const override {
    const Settings& settings = entity.settings;
    if (action == "toggle")
      return act(entity, entity.state == "closed" || entity.state == "closing" ? "open" : "close", given, out);
    if (action == "stop") return out.send("command_topic", "command_template", settings.text("payload_stop"));
    const double percent = action == "set_position" ? given.number("position") : action == "open" ? 100 : 0;
    if (is_optimistic(entity)) set_position(entity, percent);
    if (!settings.flag("reports_position", false))
      return out.send(
          "command_topic", "command_template",
          action == "open" ? settings.text("payload_open", "OPEN") : settings.text("payload_close", "CLOSE"));
    return out.send("command_topic", "command_template",
                    whole_or_float(value_of(percent, cover_closed(entity), cover_open(entity))),
                    {{"position", whole_or_float(percent)},
                     {"position_open", whole_or_float(cover_open(entity))},
                     {"position_closed", whole_or_float(cover_closed(entity))}});
  }
};

}  // namespace

const Component& cover() {
  static const Cover one;
  return one;
}
const Component& valve() {
  static const Valve one;
  return one;
}

}  // namespace strawberry::cli::discovery
