#include "cli/spoke/discovery/entity_reader.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "cli/spoke/discovery/abbreviations.h"
#include "cli/spoke/discovery/components/components.h"
#include "cli/spoke/discovery/topic_filter.h"
#include "cli/text.h"

namespace strawberry::cli::discovery {
namespace {

using nlohmann::json;

/// Keys that are read here and not stored with the others.
constexpr std::array<std::string_view, 10> other_keys = {
    "availability", "components",        "device",   "name",      "object_id",
    "origin",       "default_entity_id", "platform", "unique_id", "enabled_by_default"};

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

bool is_command_topic(std::string_view key) {
  return ends_with(key, "command_topic") || key == "set_position_topic" || key == "set_fan_speed_topic" ||
         key == "send_command_topic";
}

std::string title_of(std::string text) {
  std::replace(text.begin(), text.end(), '_', ' ');
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 32);
  return text;
}

class EntityReader {
 public:
  EntityReader(const EntityConfig& config, TemplateCache& templates) : config_(config), templates_(templates) {}

  Result<std::unique_ptr<Entity>> read(const std::string& source) {
    auto entity = std::make_unique<Entity>();
    entity_ = entity.get();
    entity->id = config_.id;
    entity->source = source;
    entity->object_id = config_.object_id;
    entity->unique_id = text_member(config_.settings, "unique_id");
    for (const auto& [key, value] : config_.settings.items()) {
      const auto full = full_key(key);
      if (!full.empty() && std::find(other_keys.begin(), other_keys.end(), full) == other_keys.end()) take(full, value);
    }
    entity->component = find_component(config_.component, entity->settings);
    if (entity->component == nullptr)
      return fail("a component that is not supported: " + in_quotes(config_.component, 40));
    for (const auto required : entity->component->required()) {
      if (!entity->settings.has(required)) return fail(faults_of(required));
    }
    entity->name = name();
    read_availability();
    entity->settings.shrink();
    return entity;
  }

 private:
  void complain(const std::string& what) { entity_->problems.push_back(printable(what, 200)); }

  std::string faults_of(std::string_view key) const {
    const std::string begin = std::string(key) + ": ";
    for (const auto& problem : entity_->problems) {
      if (problem.compare(0, begin.size(), begin) == 0) return problem;
    }
    return "it has no " + std::string(key);
  }

  void take(std::string_view key, const json& value) {
    const bool is_topic = ends_with(key, "_topic"), is_template = ends_with(key, "_template");
    if (!is_topic && !is_template) return entity_->settings.set(key, value);
    if (value.is_null()) return;
    if (!value.is_string()) return complain(std::string(key) + ": it is no text");
    const auto& text = value.get_ref<const std::string&>();
    if (is_topic) {
      const std::string fault = is_command_topic(key) ? fault_of_topic(text) : fault_of_filter(text);
      if (!fault.empty()) return complain(std::string(key) + ": " + fault + ": " + in_quotes(text, 60));
      return entity_->settings.set(key, value);
    }
    auto made = templates_.get(text);
    if (!made) complain(std::string(key) + ": " + made.error().message);
    entity_->settings.set(key, true);
    entity_->settings.set_template(key, made ? *made : nullptr);
  }

  /// Empty for the main entity.
  std::string name() const {
    const auto given = config_.settings.find("name");
    if (given == config_.settings.end()) return title_of(entity_->settings.text("device_class"));
    return given->is_string() ? printable(given->get<std::string>(), 100) : "";
  }

  void read_availability() {
    const auto list = config_.settings.find("availability");
    entity_->availability.set_mode(entity_->settings.text("availability_mode", "latest"));
    const std::string topic = entity_->settings.text("availability_topic");
    if (!topic.empty()) add_source(topic, text_member(config_.settings, "availability_template"), config_.settings);
    if (list == config_.settings.end()) return;
    std::size_t number = 0;
    for (const json& each : list->is_array() ? *list : json::array({*list})) {
      if (number++ == availability_topics_max) {
        complain("availability: it has more than " + std::to_string(availability_topics_max) + " topics");
        break;
      }
      add_source(text_member(each, "topic"), text_member(each, "value_template"), each);
    }
    entity_->settings.erase("availability_topic");
  }

  void add_source(const std::string& topic, const std::string& how, const json& from) {
    if (const std::string fault = fault_of_filter(topic); !fault.empty())
      return complain("availability: " + fault + ": " + in_quotes(topic, 60));
    Availability::Source source{topic, nullptr, word(from, "payload_available", "online"),
                                word(from, "payload_not_available", "offline")};
    if (!how.empty()) {
      auto made = templates_.get(how);
      if (!made) return complain("availability: " + made.error().message);
      source.how = *made;
    }
    entity_->availability.add(std::move(source));
  }

  static std::string word(const json& from, const char* key, const char* otherwise) {
    const auto there = from.find(key);
    return there == from.end() || there->is_structured() ? otherwise : to_python_text(Value(*there));
  }

  const EntityConfig& config_;
  TemplateCache& templates_;
  Entity* entity_ = nullptr;
};

std::string_view template_key_of(const Entity& entity, const Reading& reading) {
  const bool uses_other = !reading.other_template_key.empty() && !entity.settings.has(reading.template_key);
  return uses_other ? reading.other_template_key : reading.template_key;
}

/// A missing template may mean "not read": some kinds read a topic several times, each with its own template.
bool is_read(const Entity& entity, const Reading& reading) {
  const auto key = template_key_of(entity, reading);
  if (!entity.settings.can_use(key)) return false;
  const bool shares_topic = std::count_if(entity.component->readings().begin(), entity.component->readings().end(),
                                          [&](const Reading& each) { return each.topic_key == reading.topic_key; }) > 1;
  return !shares_topic || entity.settings.has(key);
}

bool is_given_up(const Entity& entity, const Template* how) {
  return std::find(entity.given_up.begin(), entity.given_up.end(), how) != entity.given_up.end();
}

/// The first problem of the entity is said, until it is announced anew.
void complain(Entity& entity, std::string_view key, const std::string& problem, Taken& taken) {
  if (!std::exchange(entity.has_complained, true)) taken.problem = std::string(key) + ": " + problem;
}

void take_reading(Entity& entity, const Reading& reading, Message& message, Taken& taken) {
  const Template* how = entity.settings.template_of(template_key_of(entity, reading));
  if (is_given_up(entity, how)) return;
  const auto& text = message.text(how);
  if (!text && text.error().is_over) entity.given_up.push_back(how);
  std::string problem;
  if (!text) {
    if (!text.error().is_missing) problem = text.error().message;
  } else if (!text->empty() && !reading.take(entity, *text)) {
    problem = "it means nothing: " + in_quotes(*text, 60);
  }
  if (problem.empty()) return;
  const auto key = template_key_of(entity, reading);
  complain(entity, entity.settings.has(key) ? key : reading.topic_key, problem, taken);
}

void take_attributes(Entity& entity, Message& message, std::size_t bytes_max, Taken& taken) {
  constexpr std::string_view key = "json_attributes_template";
  const Template* how = entity.settings.template_of(key);
  if (is_given_up(entity, how)) return;
  if (auto attributes = message.object(how, bytes_max)) entity.attributes = std::move(attributes);
  const auto& text = message.text(how);
  if (text || !text.error().is_over) return;
  entity.given_up.push_back(how);
  complain(entity, key, text.error().message, taken);
}

}  // namespace

Result<TemplatePtr> TemplateCache::get(const std::string& text) {
  if (const auto there = known_.find(text); there != known_.end()) {
    if (auto shared = there->second.lock()) return shared;
  }
  auto made = Template::read(text);
  if (!made) return tl::unexpected(made.error());
  known_[text] = *made;
  if (known_.size() > forget_at_) forget_unused();
  return *made;
}

void TemplateCache::forget_unused() {
  for (auto each = known_.begin(); each != known_.end();)
    each = each->second.expired() ? known_.erase(each) : std::next(each);
  forget_at_ = std::max<std::size_t>(1024, known_.size() * 2);
}

Result<std::unique_ptr<Entity>> read_entity(const EntityConfig& config, const std::string& source,
                                            TemplateCache& templates) {
  return EntityReader(config, templates).read(source);
}

std::vector<std::string> filters_of(const Entity& entity) {
  std::set<std::string> filters;
  for (const auto& source : entity.availability.sources()) filters.insert(source.topic);
  for (const Reading& reading : entity.component->readings()) {
    const std::string topic = entity.settings.text(reading.topic_key);
    if (!topic.empty() && is_read(entity, reading)) filters.insert(topic);
  }
  const std::string attributes = entity.settings.text("json_attributes_topic");
  if (!attributes.empty() && entity.settings.can_use("json_attributes_template")) filters.insert(attributes);
  return {filters.begin(), filters.end()};
}

Taken take_message(Entity& entity, const std::string& filter, Message& message, SteadyTime now,
                   std::size_t attributes_bytes_max) {
  Taken taken;
  std::string problem;
  taken.is_available_changed = entity.availability.take(filter, message, problem);
  if (!problem.empty()) complain(entity, "availability_template", problem, taken);
  for (const Reading& reading : entity.component->readings()) {
    if (entity.settings.text(reading.topic_key) != filter || !is_read(entity, reading)) continue;
    entity.heard = now;
    take_reading(entity, reading, message, taken);
  }
  if (entity.settings.text("json_attributes_topic") == filter)
    take_attributes(entity, message, attributes_bytes_max, taken);
  return taken;
}

}  // namespace strawberry::cli::discovery
