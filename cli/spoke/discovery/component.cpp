#include "cli/spoke/discovery/component.h"

#include <algorithm>
#include <set>

namespace strawberry::cli::discovery {

using nlohmann::json;

namespace {
constexpr std::string_view unknown = "None";
}

Result<void> Commands::send(std::string_view topic_key, std::string_view template_key, Value value, More more) {
  const std::string topic = entity_.settings.text(topic_key);
  if (topic.empty()) return fail("it has no " + std::string(topic_key));
  if (!entity_.settings.can_use(template_key)) return fail("its " + std::string(template_key) + " cannot be used");
  if (entity_.settings.template_of(template_key) == nullptr) {
    publish(topic, to_python_text(value));
    return {};
  }
  more.emplace_back("value", std::move(value));
  auto payload = render(template_key, more);
  if (!payload) return tl::unexpected(payload.error());
  if (!payload->empty()) publish(topic, std::move(*payload));
  return {};
}

Result<std::string> Commands::render(std::string_view template_key, const More& variables) const {
  const Template* how = entity_.settings.template_of(template_key);
  if (how == nullptr) return fail("its " + std::string(template_key) + " cannot be used");
  Variables names;
  for (const auto& [name, value] : variables) names.emplace_back(name, &value);
  auto text = how->render(names, now_);
  if (!text) return fail("its " + std::string(template_key) + ": " + text.error().message);
  return std::move(*text);
}

std::vector<Action> Component::actions(const Entity& /*entity*/) const { return {}; }

Result<void> Component::act(Entity& /*entity*/, const std::string& action, const Arguments& /*given*/,
                            Commands& /*out*/) const {
  return fail("it cannot " + action);
}

void Component::describe(const Entity& /*entity*/, json& /*out*/) const {}

bool can_send(const Entity& entity, std::string_view topic_key, std::string_view template_key) {
  return !entity.settings.text(topic_key).empty() && (template_key.empty() || entity.settings.can_use(template_key));
}

bool is_optimistic(const Entity& entity, std::string_view state_topic_key) {
  return entity.settings.flag("optimistic", false) || entity.settings.text(state_topic_key).empty();
}

bool take_on_off(Entity& entity, const std::string& text, const std::string& on, const std::string& off) {
  if (text == on) {
    entity.state = "on";
  } else if (text == off) {
    entity.state = "off";
  } else if (text == unknown) {
    entity.state = nullptr;
  } else {
    return false;
  }
  return true;
}

std::string power_word(const Entity& entity, bool is_on) {
  return is_on ? entity.settings.text("payload_on", "ON") : entity.settings.text("payload_off", "OFF");
}

bool take_power(Entity& entity, const std::string& text) {
  return take_on_off(entity, text, power_word(entity, true), power_word(entity, false));
}

bool take_number(Entity& entity, const char* name, const std::string& text) {
  if (text == unknown) return entity.values[name] = nullptr, true;
  const auto number = parse_number(text);
  if (!number) return false;
  entity.values[name] = json_number(*number);
  return true;
}

bool take_text(Entity& entity, const char* name, const std::string& text) {
  if (text == unknown) return entity.values[name] = nullptr, true;
  entity.values[name] = text;
  return true;
}

Value number_value(double number, bool is_whole) { return is_whole ? whole_or_float(number) : Value(number); }

ActionParameter choice(std::string name, std::string about, std::vector<std::string> options, bool is_required) {
  std::set<std::string> seen;
  std::vector<std::string> once;
  for (std::string& option : options) {
    if (seen.insert(option).second) once.push_back(std::move(option));
  }
  ActionParameter made{.name = std::move(name), .about = std::move(about), .is_required = is_required};
  made.options = std::move(once);
  return made;
}

}  // namespace strawberry::cli::discovery
