// Switches and sirens.
#include "cli/spoke/discovery/components/components.h"
#include "common/contract/bounded_json.h"
#include "common/text/json_text.h"

namespace strawberry::cli::discovery {
namespace {

using nlohmann::json;
using Type = ActionParameter::Type;

/// Returns the payload of a state: the command's payload unless the settings have another.
std::string word_for(const Entity& entity, const char* state, const char* payload, const char* otherwise) {
  return entity.settings.text(state, entity.settings.text(payload, otherwise));
}

bool take_switch(Entity& entity, const std::string& text) {
  return take_on_off(entity, text, word_for(entity, "state_on", "payload_on", "ON"),
                     word_for(entity, "state_off", "payload_off", "OFF"));
}

constexpr Reading switch_readings[] = {{"state_topic", "value_template", take_switch}};

class Switch final : public Component {
 public:
  std::string_view name() const override { return "switch"; }
  std::vector<std::string_view> required() const override { return {"command_topic"}; }
  std::span<const Reading> readings() const override { return switch_readings; }
  std::vector<Action> actions(const Entity& entity) const override {
    if (!can_send(entity, "command_topic", "command_template")) return {};
    return {{"turn_on", "turn on %"}, {"turn_off", "turn off %"}, {"toggle", "toggle %"}};
  }
  Result<void> act(Entity& entity, const std::string& action, const Arguments& /*given*/,
                   Commands& out) const override {
    const bool is_on = action == "turn_on" || (action == "toggle" && entity.state != "on");
    if (is_optimistic(entity)) entity.state = is_on ? "on" : "off";
    return out.send("command_topic", "command_template", power_word(entity, is_on));
  }
};

bool take_siren(Entity& entity, const std::string& text) {
  if (take_switch(entity, text)) return true;
  if (text.size() > 8 * 1024 || nests_too_deep(text)) return false;
  const json told = json_from(text);
  if (!told.is_object()) return false;
  if (const auto state = told.find("state"); state != told.end() && state->is_string())
    take_switch(entity, state->get<std::string>());
  for (const char* name : {"tone", "duration", "volume_level"}) {
    const auto value = told.find(name);
    if (value != told.end() && value->is_primitive()) entity.values[name] = *value;
  }
  return true;
}

constexpr Reading siren_readings[] = {{"state_topic", "state_value_template", take_siren, "value_template"}};

class Siren final : public Component {
 public:
  std::string_view name() const override { return "siren"; }
  std::vector<std::string_view> required() const override { return {"command_topic"}; }
  std::span<const Reading> readings() const override { return siren_readings; }
  std::vector<Action> actions(const Entity& entity) const override {
    const Settings& settings = entity.settings;
    if (!can_send(entity, "command_topic", "command_template") || !settings.can_use("command_off_template")) return {};
    std::vector<ActionParameter> on;
    if (const auto tones = settings.list("available_tones"); !tones.empty())
      on.push_back(choice("tone", "tone", tones, false));
    if (settings.flag("support_volume_set", true))
      on.push_back({.name = "volume_level", .type = Type::number, .about = "volume", .least = 0, .most = 1});
    if (settings.flag("support_duration", true))
      on.push_back(
          {.name = "duration", .type = Type::integer, .about = "duration in seconds", .least = 1, .most = 86'400});
    return {{"turn_on", "turn on %", std::move(on)}, {"turn_off", "turn off %"}, {"toggle", "toggle %"}};
  }
  Result<void> act(Entity& entity, const std::string& action, const Arguments& given, Commands& out) const override {
    const Settings& settings = entity.settings;
    const bool is_on = action == "turn_on" || (action == "toggle" && entity.state != "on");
    const std::string word = power_word(entity, is_on);
    Value message = {{"state", word}};
    if (given.has("tone")) message["tone"] = given.text("tone");
    if (given.has("volume_level")) message["volume_level"] = given.number("volume_level");
    if (given.has("duration")) message["duration"] = given.whole("duration");
    if (is_optimistic(entity)) entity.state = is_on ? "on" : "off";
    const bool has_off = !is_on && settings.template_of("command_off_template") != nullptr;
    const char* how = has_off ? "command_off_template" : "command_template";
    if (settings.template_of(how) == nullptr) {
      out.publish(settings.text("command_topic"), to_json_text(message, /*has_spaces=*/false));
      return {};
    }
    Commands::More more;
    for (const auto& [name, value] : message.items()) more.emplace_back(name, value);
    return out.send("command_topic", how, word, std::move(more));
  }
};

}  // namespace

const Component& switch_component() {
  static const Switch one;
  return one;
}
const Component& siren() {
  static const Siren one;
  return one;
}

}  // namespace strawberry::cli::discovery
