// Locks and alarm systems: their skills ask the user first.
#include <algorithm>
#include <array>

#include "cli/spoke/discovery/components/components.h"

namespace strawberry::cli::discovery {
namespace {

bool take_lock(Entity& entity, const std::string& text) {
  const Settings& settings = entity.settings;
  constexpr std::array<std::pair<const char*, const char*>, 7> words = {{{"locked", "LOCKED"},
                                                                         {"unlocked", "UNLOCKED"},
                                                                         {"locking", "LOCKING"},
                                                                         {"unlocking", "UNLOCKING"},
                                                                         {"jammed", "JAMMED"},
                                                                         {"open", "OPEN"},
                                                                         {"opening", "OPENING"}}};
  for (const auto& [state, otherwise] : words) {
    if (text != settings.text(std::string("state_") + state, otherwise)) continue;
    entity.state = state;
    return true;
  }
  if (text == settings.text("payload_reset", "None")) return entity.state = nullptr, true;
  return false;
}

constexpr Reading lock_readings[] = {{"state_topic", "value_template", take_lock}};

class Lock final : public Component {
 public:
  std::string_view name() const override { return "lock"; }
  std::vector<std::string_view> required() const override { return {"command_topic"}; }
  std::span<const Reading> readings() const override { return lock_readings; }

  std::vector<Action> actions(const Entity& entity) const override {
    if (!can_send(entity, "command_topic", "command_template")) return {};
    std::vector<ActionParameter> code;
    if (!entity.settings.text("code_format").empty())
      code.push_back({.name = "code", .about = "code of the lock", .is_required = true});
    std::vector<Action> actions = {{"lock", "lock %", code, /*confirm=*/true},
                                   {"unlock", "unlock %", code, /*confirm=*/true}};
    if (!entity.settings.text("payload_open").empty()) actions.push_back({"open", "open %", code, /*confirm=*/true});
    return actions;
  }

  Result<void> act(Entity& entity, const std::string& action, const Arguments& given, Commands& out) const override {
    const Settings& settings = entity.settings;
    std::string word = settings.text("payload_open");
    if (action == "lock") word = settings.text("payload_lock", "LOCK");
    if (action == "unlock") word = settings.text("payload_unlock", "UNLOCK");
    if (is_optimistic(entity)) entity.state = action == "lock" ? "locked" : action == "unlock" ? "unlocked" : "open";
    const Value code = given.has("code") ? Value(given.text("code")) : Value(nullptr);
    return out.send("command_topic", "command_template", word, {{"code", code}});
  }
};

constexpr std::array alarm_states = {
    "disarmed", "armed_home", "armed_away", "armed_night", "armed_vacation", "armed_custom_bypass",
    "pending",  "arming",     "disarming",  "triggered"};

bool take_alarm(Entity& entity, const std::string& text) {
  if (text == "None") return entity.state = nullptr, true;
  if (std::find(alarm_states.begin(), alarm_states.end(), text) == alarm_states.end()) return false;
  entity.state = text;
  return true;
}

constexpr Reading alarm_readings[] = {{"state_topic", "value_template", take_alarm}};

struct AlarmAction {
  const char* name;
  const char* feature;  // in `supported_features`; empty: always available
  const char* phrase;
  const char* payload_key;
  const char* payload;
  const char* code_key;  // key that requires a code
};
constexpr AlarmAction alarm_actions[] = {
    {"disarm", "", "disarm %", "payload_disarm", "DISARM", "code_disarm_required"},
    {"arm_home", "arm_home", "arm % for people at home", "payload_arm_home", "ARM_HOME", "code_arm_required"},
    {"arm_away", "arm_away", "arm % for an empty house", "payload_arm_away", "ARM_AWAY", "code_arm_required"},
    {"arm_night", "arm_night", "arm % for the night", "payload_arm_night", "ARM_NIGHT", "code_arm_required"},
    {"arm_vacation", "arm_vacation", "arm % for a vacation", "payload_arm_vacation", "ARM_VACATION",
     "code_arm_required"},
    {"arm_custom_bypass", "arm_custom_bypass", "arm % with exceptions", "payload_arm_custom_bypass",
     "ARM_CUSTOM_BYPASS", "code_arm_required"},
    {"trigger", "trigger", "trigger the alarm of %", "payload_trigger", "TRIGGER", "code_trigger_required"}};

class AlarmControlPanel final : public Component {
 public:
  std::string_view name() const override { return "alarm_control_panel"; }
  std::vector<std::string_view> required() const override { return {"command_topic", "state_topic"}; }
  std::span<const Reading> readings() const override { return alarm_readings; }

  std::vector<Action> actions(const Entity& entity) const override {
    if (!can_send(entity, "command_topic", "command_template")) return {};
    const auto features = entity.settings.list("supported_features");
    std::vector<Action> actions;
    for (const AlarmAction& each : alarm_actions) {
      const bool is_there = *each.feature == '\0' || !entity.settings.has("supported_features") ||
                            std::find(features.begin(), features.end(), each.feature) != features.end();
      if (!is_there) continue;
      std::vector<ActionParameter> code;
      if (wants_code(entity, each)) code.push_back({.name = "code", .about = "code of the alarm", .is_required = true});
      actions.push_back({each.name, each.phrase, std::move(code), /*confirm=*/true});
    }
    return actions;
  }

  Result<void> act(Entity& entity, const std::string& action, const Arguments& given, Commands& out) const override {
    const Settings& settings = entity.settings;
    const auto* how = std::find_if(std::begin(alarm_actions), std::end(alarm_actions),
                                   [&](const AlarmAction& each) { return action == each.name; });
    if (how == std::end(alarm_actions)) return fail("it cannot " + action);
    const std::string code = given.text_or_empty("code"), wanted = settings.text("code");
    const bool is_checked_there = wanted == "REMOTE_CODE" || wanted == "REMOTE_CODE_TEXT";
    if (wants_code(entity, *how) && !is_checked_there && code != wanted) return fail("the code is wrong");
    const std::string word = settings.text(how->payload_key, how->payload);
    if (settings.template_of("command_template") == nullptr) return out.send("command_topic", "command_template", word);
    const Value given_code = given.has("code") ? Value(code) : Value(nullptr);
    return out.send("command_topic", "command_template", word, {{"action", word}, {"code", given_code}});
  }

 private:
  static bool wants_code(const Entity& entity, const AlarmAction& action) {
    return !entity.settings.text("code").empty() && entity.settings.flag(action.code_key, true);
  }
};

}  // namespace

const Component& lock() {
  static const Lock one;
  return one;
}
const Component& alarm_control_panel() {
  static const AlarmControlPanel one;
  return one;
}

}  // namespace strawberry::cli::discovery
