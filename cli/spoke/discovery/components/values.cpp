// Entities with one value or one press: number, select, text, button, scene, notify.
#include <algorithm>
#include <cmath>

#include "cli/spoke/discovery/components/components.h"

namespace strawberry::cli::discovery {
namespace {

using nlohmann::json;
using Type = ActionParameter::Type;

bool is_whole(double number) { return std::trunc(number) == number; }

// --- number ---

bool take_number_state(Entity& entity, const std::string& text) {
  if (text == entity.settings.text("payload_reset", "None")) return entity.state = nullptr, true;
  const auto number = parse_number(text);
  if (!number) return false;
  entity.state = json_number(*number);
  return true;
}
constexpr Reading number_readings[] = {{"state_topic", "value_template", take_number_state}};

class Number final : public Component {
 public:
  std::string_view name() const override { return "number"; }
  std::vector<std::string_view> required() const override { return {"command_topic"}; }
  std::span<const Reading> readings() const override { return number_readings; }
  std::vector<Action> actions(const Entity& entity) const override {
    const Settings& settings = entity.settings;
    if (!can_send(entity, "command_topic", "command_template")) return {};
    const double least = settings.number("min", 1), most = settings.number("max", 100),
                 step = settings.number("step", 1);
    ActionParameter value{.name = "value",
                          .type = is_whole(step) && is_whole(least) ? Type::integer : Type::number,
                          .about = "value",
                          .is_required = true,
                          .least = std::min(least, most),
                          .most = std::max(least, most)};
    if (const std::string unit = settings.text("unit_of_measurement"); !unit.empty()) value.about += " in " + unit;
    return {{"set_value", "set %", {std::move(value)}}};
  }
  Result<void> act(Entity& entity, const std::string& /*action*/, const Arguments& given,
                   Commands& out) const override {
    const double value = given.number("value");
    if (is_optimistic(entity)) entity.state = json_number(value);
    return out.send("command_topic", "command_template", whole_or_float(value));
  }
  void describe(const Entity& entity, json& out) const override {
    for (const auto& [key, shown] :
         {std::pair{"unit_of_measurement", "unit"}, std::pair{"device_class", "device_class"}})
      if (const std::string text = entity.settings.text(key); !text.empty()) out[shown] = text;
    out["min"] = json_number(entity.settings.number("min", 1));
    out["max"] = json_number(entity.settings.number("max", 100));
  }
};

// --- select ---

bool take_select(Entity& entity, const std::string& text) {
  if (text == "None") return entity.state = nullptr, true;
  const auto options = entity.settings.list("options");
  if (std::find(options.begin(), options.end(), text) == options.end()) return false;
  entity.state = text;
  return true;
}
constexpr Reading select_readings[] = {{"state_topic", "value_template", take_select}};

class Select final : public Component {
 public:
  std::string_view name() const override { return "select"; }
  std::vector<std::string_view> required() const override { return {"command_topic", "options"}; }
  std::span<const Reading> readings() const override { return select_readings; }
  std::vector<Action> actions(const Entity& entity) const override {
    auto options = entity.settings.list("options");
    if (options.empty() || !can_send(entity, "command_topic", "command_template")) return {};
    return {{"select_option", "choose an option of %", {choice("option", "option", std::move(options))}}};
  }
  Result<void> act(Entity& entity, const std::string& /*action*/, const Arguments& given,
                   Commands& out) const override {
    if (is_optimistic(entity)) entity.state = given.text("option");
    return out.send("command_topic", "command_template", given.text("option"));
  }
  void describe(const Entity& entity, json& out) const override { out["options"] = entity.settings.list("options"); }
};

// --- text ---

constexpr std::size_t text_bytes_max = 1024;

bool is_secret(const Entity& entity) { return entity.settings.text("mode") == "password"; }

bool take_text_state(Entity& entity, const std::string& text) {
  if (text.size() > text_bytes_max) return false;
  entity.state = is_secret(entity) ? "<hidden>" : text;
  return true;
}
constexpr Reading text_readings[] = {{"state_topic", "value_template", take_text_state}};

class Text final : public Component {
 public:
  std::string_view name() const override { return "text"; }
  std::vector<std::string_view> required() const override { return {"command_topic"}; }
  std::span<const Reading> readings() const override { return text_readings; }
  std::vector<Action> actions(const Entity& entity) const override {
    if (!can_send(entity, "command_topic", "command_template")) return {};
    return {{"set_value", "set %", {{.name = "value", .about = "text", .is_required = true}}}};
  }
  Result<void> act(Entity& entity, const std::string& /*action*/, const Arguments& given,
                   Commands& out) const override {
    const std::string text = given.text("value");
    const auto length = static_cast<double>(length_of_text(text));
    if (length < entity.settings.number("min", 0) || length > entity.settings.number("max", 255))
      return fail("the text is too short or too long: " + to_python_text(whole_or_float(length)) + " characters (" +
                  to_python_text(whole_or_float(entity.settings.number("min", 0))) + " to " +
                  to_python_text(whole_or_float(entity.settings.number("max", 255))) + ")");
    if (is_optimistic(entity)) take_text_state(entity, text);
    return out.send("command_topic", "command_template", text);
  }
};

// --- button, scene, notify ---

class Button final : public Component {
 public:
  std::string_view name() const override { return "button"; }
  std::vector<std::string_view> required() const override { return {"command_topic"}; }
  std::vector<Action> actions(const Entity& entity) const override {
    if (!can_send(entity, "command_topic", "command_template")) return {};
    return {{"press", "press %"}};
  }
  Result<void> act(Entity& entity, const std::string& /*action*/, const Arguments& /*given*/,
                   Commands& out) const override {
    return out.send("command_topic", "command_template", entity.settings.text("payload_press", "PRESS"));
  }
};

class Scene final : public Component {
 public:
  std::string_view name() const override { return "scene"; }
  std::vector<std::string_view> required() const override { return {"command_topic"}; }
  std::vector<Action> actions(const Entity& /*entity*/) const override { return {{"turn_on", "turn on the scene %"}}; }
  Result<void> act(Entity& entity, const std::string& /*action*/, const Arguments& /*given*/,
                   Commands& out) const override {
    return out.send("command_topic", "", entity.settings.text("payload_on", "ON"));
  }
};

class Notify final : public Component {
 public:
  std::string_view name() const override { return "notify"; }
  std::vector<std::string_view> required() const override { return {"command_topic"}; }
  std::vector<Action> actions(const Entity& entity) const override {
    if (!can_send(entity, "command_topic", "command_template")) return {};
    return {{"send_message", "send a message to %", {{.name = "message", .about = "text", .is_required = true}}}};
  }
  Result<void> act(Entity& /*entity*/, const std::string& /*action*/, const Arguments& given,
                   Commands& out) const override {
    return out.send("command_topic", "command_template", given.text("message"));
  }
};

}  // namespace

const Component& number() {
  static const Number one;
  return one;
}
const Component& select_component() {
  static const Select one;
  return one;
}
const Component& text_component() {
  static const Text one;
  return one;
}
const Component& button() {
  static const Button one;
  return one;
}
const Component& scene() {
  static const Scene one;
  return one;
}
const Component& notify() {
  static const Notify one;
  return one;
}

}  // namespace strawberry::cli::discovery
