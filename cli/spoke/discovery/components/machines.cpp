// Vacuum cleaners, lawn mowers, and updates.
#include <algorithm>

#include "cli/spoke/discovery/components/components.h"
#include "common/contract/bounded_json.h"
#include "common/text/json_text.h"

namespace strawberry::cli::discovery {
namespace {

using nlohmann::json;

constexpr std::size_t told_bytes_max = 16 * 1024;

/// Returns a JSON object, or a discarded value.
json object_of(const std::string& text) {
  if (text.size() > told_bytes_max || nests_too_deep(text)) return json(json::value_t::discarded);
  json told = json_from(text);
  return told.is_object() ? told : json(json::value_t::discarded);
}

// --- vacuum ---

bool take_vacuum(Entity& entity, const std::string& text) {
  const json told = object_of(text);
  if (told.is_discarded()) return false;
  if (const auto state = told.find("state"); state != told.end() && (state->is_string() || state->is_null()))
    entity.state = *state;
  for (const char* name : {"fan_speed", "battery_level"}) {
    const auto value = told.find(name);
    if (value != told.end() && value->is_primitive()) entity.values[name] = *value;
  }
  return true;
}

constexpr Reading vacuum_readings[] = {{"state_topic", "value_template", take_vacuum}};

struct VacuumAction {
  const char* name;
  const char* feature;
  bool is_usual;  // available without `supported_features`
  const char* phrase;
  const char* payload_key;
};
constexpr VacuumAction vacuum_actions[] = {
    {"start", "start", true, "start %", "payload_start"},
    {"pause", "pause", false, "pause %", "payload_pause"},
    {"stop", "stop", true, "stop %", "payload_stop"},
    {"return_to_base", "return_home", true, "send % back to its base", "payload_return_to_base"},
    {"clean_spot", "clean_spot", true, "let % clean where it is", "payload_clean_spot"},
    {"locate", "locate", false, "let % make itself heard", "payload_locate"}};

class Vacuum final : public Component {
 public:
  std::string_view name() const override { return "vacuum"; }
  std::span<const Reading> readings() const override { return vacuum_readings; }

  std::vector<Action> actions(const Entity& entity) const override {
    const auto features = entity.settings.list("supported_features");
    const auto has = [&](const char* feature) {
      return std::find(features.begin(), features.end(), feature) != features.end();
    };
    const bool is_told = entity.settings.has("supported_features");
    std::vector<Action> actions;
    for (const VacuumAction& each : vacuum_actions) {
      if (can_send(entity, "command_topic") && (is_told ? has(each.feature) : each.is_usual))
        actions.push_back({each.name, each.phrase});
    }
    const auto speeds = entity.settings.list("fan_speed_list");
    if (has("fan_speed") && !speeds.empty() && can_send(entity, "set_fan_speed_topic"))
      actions.push_back({"set_fan_speed", "set the suction of %", {choice("fan_speed", "speed", speeds)}});
    if (has("send_command") && can_send(entity, "send_command_topic"))
      actions.push_back({"send_command",
                         "send a command to %",
                         {{.name = "command", .about = "name of the command", .is_required = true},
                          {.name = "params", .type = ActionParameter::Type::object, .about = "its parameters"}}});
    return actions;
  }

  Result<void> act(Entity& entity, const std::string& action, const Arguments& given, Commands& out) const override {
    if (action == "set_fan_speed") return out.send("set_fan_speed_topic", "", given.text("fan_speed"));
    if (action == "send_command") {
      if (!given.has("params")) return out.send("send_command_topic", "", given.text("command"));
      json message = given.value("params");
      message["command"] = given.text("command");
      return out.send("send_command_topic", "", to_text(message));
    }
    const auto* how = std::find_if(std::begin(vacuum_actions), std::end(vacuum_actions),
                                   [&](const VacuumAction& each) { return action == each.name; });
    if (how == std::end(vacuum_actions)) return fail("it cannot " + action);
    return out.send("command_topic", "", entity.settings.text(how->payload_key, how->name));
  }
};

// --- lawn_mower ---

bool take_mower(Entity& entity, const std::string& text) {
  if (text == "None") return entity.state = nullptr, true;
  for (const char* word : {"error", "paused", "mowing", "docked", "returning"}) {
    if (text == word) return entity.state = text, true;
  }
  return false;
}

constexpr Reading mower_readings[] = {{"activity_state_topic", "activity_value_template", take_mower}};

struct MowerAction {
  const char* name;
  const char* phrase;
  const char* topic;
  const char* how;
  const char* state;
};
constexpr MowerAction mower_actions[] = {
    {"start_mowing", "let % mow", "start_mowing_command_topic", "start_mowing_command_template", "mowing"},
    {"pause", "pause %", "pause_command_topic", "pause_command_template", "paused"},
    {"dock", "send % back to its dock", "dock_command_topic", "dock_command_template", "docked"}};

class LawnMower final : public Component {
 public:
  std::string_view name() const override { return "lawn_mower"; }
  std::span<const Reading> readings() const override { return mower_readings; }
  std::vector<Action> actions(const Entity& entity) const override {
    std::vector<Action> actions;
    for (const MowerAction& each : mower_actions)
      if (can_send(entity, each.topic, each.how)) actions.push_back({each.name, each.phrase});
    return actions;
  }
  Result<void> act(Entity& entity, const std::string& action, const Arguments& /*given*/,
                   Commands& out) const override {
    const auto* how = std::find_if(std::begin(mower_actions), std::end(mower_actions),
                                   [&](const MowerAction& each) { return action == each.name; });
    if (how == std::end(mower_actions)) return fail("it cannot " + action);
    if (is_optimistic(entity, "activity_state_topic")) entity.state = how->state;
    return out.send(how->topic, how->how, how->name);
  }
};

// --- update ---

void compare_versions(Entity& entity) {
  const auto installed = entity.values.find("installed_version"), latest = entity.values.find("latest_version");
  if (installed == entity.values.end() || latest == entity.values.end() || installed->is_null() || latest->is_null())
    return;
  entity.state = *installed == *latest ? "off" : "on";
}

bool take_update(Entity& entity, const std::string& text) {
  if (text == "{}") return true;
  const json told = object_of(text);
  if (told.is_discarded()) {
    entity.values["installed_version"] = text.substr(0, 200);
  } else {
    for (const char* name : {"installed_version", "latest_version", "title", "release_summary", "release_url",
                             "in_progress", "update_percentage"}) {
      const auto value = told.find(name);
      if (value != told.end() && value->is_primitive() && to_text(*value).size() < 1024) entity.values[name] = *value;
    }
  }
  compare_versions(entity);
  return true;
}

bool take_latest_version(Entity& entity, const std::string& text) {
  entity.values["latest_version"] = text.substr(0, 200);
  compare_versions(entity);
  return true;
}

constexpr Reading update_readings[] = {{"state_topic", "value_template", take_update},
                                       {"latest_version_topic", "latest_version_template", take_latest_version}};

class Update final : public Component {
 public:
  std::string_view name() const override { return "update"; }
  std::span<const Reading> readings() const override { return update_readings; }
  std::vector<Action> actions(const Entity& entity) const override {
    if (!can_send(entity, "command_topic") || entity.settings.text("payload_install").empty()) return {};
    return {{"install", "install the update of %", {}, /*confirm=*/true}};
  }
  Result<void> act(Entity& entity, const std::string& /*action*/, const Arguments& /*given*/,
                   Commands& out) const override {
    return out.send("command_topic", "", entity.settings.text("payload_install"));
  }
};

}  // namespace

const Component& vacuum() {
  static const Vacuum one;
  return one;
}
const Component& lawn_mower() {
  static const LawnMower one;
  return one;
}
const Component& update_component() {
  static const Update one;
  return one;
}

}  // namespace strawberry::cli::discovery
