#include "cli/spoke/discovery/discovered_home.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "cli/spoke/device_skills.h"
#include "cli/spoke/discovery/components/components.h"
#include "cli/spoke/discovery/device_reading.h"
#include "cli/spoke/discovery/device_registration.h"
#include "cli/spoke/discovery/device_table.h"
#include "cli/spoke/discovery/discovery_message.h"
#include "cli/spoke/discovery/entity_reader.h"
#include "cli/spoke/discovery/skill_text.h"
#include "cli/spoke/discovery/topic_index.h"
#include "cli/text.h"

namespace strawberry::cli::discovery {
namespace {

using nlohmann::json;

constexpr std::size_t problem_bytes_max = 300;
constexpr std::size_t kept_messages_bytes_max = 8 * 1024 * 1024;
constexpr std::size_t entities_that_fit = 16;

}  // namespace

class DiscoveredHome::Parts {
 public:
  Parts(Options options, const Clock& clock)
      : options_(std::move(options)),
        clock_(clock),
        devices_(options_.devices_max, options_.entities_per_device_max),
        topics_(options_.topics_max, options_.wildcard_topics_max, kept_messages_bytes_max) {}

  Changes take(const std::string& topic, std::string_view payload) {
    changes_ = {};
    problems_left_out_ = 0;
    if (is_discovery(topic)) {
      take_discovery(topic, payload);
    } else {
      take_state(topic, payload);
    }
    if (problems_left_out_ > 0)
      changes_.problems.push_back(printable(topic, 150) + ": " + std::to_string(problems_left_out_) + " problems more");
    tidy();
    return std::move(changes_);
  }

  const Options& options() const { return options_; }
  const DeviceTable& devices() const { return devices_; }
  const TopicIndex& topics() const { return topics_; }
  const Clock& clock() const { return clock_; }
  Entity* entity(const std::string& id) { return entities_.at(id).get(); }

 private:
  /// The last message of a discovery topic.
  struct Source {
    std::size_t hash = 0;
    std::vector<std::string> entities{};  // ids of its entities
  };

  bool is_discovery(const std::string& topic) const {
    const std::string begin = options_.prefix + "/";
    constexpr std::string_view end = "/config";
    return topic.compare(0, begin.size(), begin) == 0 && topic.size() > end.size() &&
           topic.compare(topic.size() - end.size(), end.size(), end) == 0;
  }

  void problem(const std::string& where, const std::string& what) {
    if (changes_.problems.size() >= options_.problems_per_message_max) {
      ++problems_left_out_;
      return;
    }
    changes_.problems.push_back(printable(where + ": " + what, problem_bytes_max - 4));
  }

  // --- discovery ---

  void take_discovery(const std::string& topic, std::string_view payload) {
    const auto where = read_discovery_topic(options_.prefix, topic);
    if (!where) return problem(topic, "it is no topic of discovery");
    if (payload.empty()) return forget(topic);
    if (payload.size() > options_.config_bytes_max)
      return problem(topic, "it has more than " + std::to_string(options_.config_bytes_max) + " bytes");
    if (is_passed_over(where->component)) return;
    const std::size_t hash = std::hash<std::string_view>()(payload);
    const auto known = sources_.find(topic);
    if (known != sources_.end() && known->second.hash == hash) return;
    if (known == sources_.end() && sources_.size() >= options_.entities_max)
      return problem(topic, "there are more than " + std::to_string(options_.entities_max) + " discovery topics");
    auto message = read_discovery_message(*where, payload);
    if (!message) return problem(topic, message.error().message);
    if (message->is_own) return;
    if (message->is_migration) return release(topic);
    take_entities(topic, hash, std::move(*message));
  }

  void take_entities(const std::string& topic, std::size_t hash, DiscoveryMessage message) {
    Source before = std::exchange(sources_[topic], Source{hash, {}});
    for (EntityConfig& config : message.entities) {
      const bool was_there =
          std::find(before.entities.begin(), before.entities.end(), config.id) != before.entities.end();
      const bool is_wanted =
          !config.settings.empty() && !is_passed_over(config.component) && is_enabled(config.settings);
      if (!is_wanted) continue;
      if (take_entity(topic, config, message.device)) {
        sources_[topic].entities.push_back(config.id);
      } else if (was_there) {
        drop_if_of(topic, config.id);
      }
    }
    const auto& now = sources_[topic].entities;
    if (!now.empty()) check_number_of_skills(topic, *entities_.at(now.back()));
    for (const std::string& id : before.entities) {
      if (std::find(now.begin(), now.end(), id) == now.end()) drop_if_of(topic, id);
    }
  }

  static bool is_enabled(const json& settings) {
    const auto enabled = settings.find("enabled_by_default");
    return enabled == settings.end() || *enabled != false;
  }

  bool take_entity(const std::string& topic, const EntityConfig& config, const json& device) {
    auto made = read_entity(config, topic, templates_);
    if (!made) {
      problem(topic, named(config) + made.error().message);
      return false;
    }
    Entity* entity = made->get();
    const auto known = entities_.find(config.id);
    if (known == entities_.end() && entities_.size() >= options_.entities_max) {
      problem(topic, "there are more than " + std::to_string(options_.entities_max) + " entities");
      return false;
    }
    if (const std::string other = holder_of_unique_id(*entity); !other.empty() && other != config.id) {
      problem(topic, named(config) + "its unique_id belongs to " + in_quotes(entities_.at(other)->source, 100));
      return false;
    }
    for (const std::string& each : entity->problems) problem(topic, named(config) + each);
    std::unique_ptr<Entity> old;
    if (known != entities_.end()) {
      keep_state(*known->second, *entity);
      old = std::move(known->second);
      entities_.erase(known);
      if (old->source != topic)
        sources_[old->source].entities.erase(
            std::remove(sources_[old->source].entities.begin(), sources_[old->source].entities.end(), config.id),
            sources_[old->source].entities.end());
    }
    entities_[config.id] = std::move(*made);
    if (!entity->unique_id.empty()) unique_ids_[unique_key(*entity)] = config.id;
    if (auto good = devices_.add(entity, device, changes_); !good) {
      problem(topic, named(config) + good.error().message);
      unlist(*entity);
      entities_.erase(config.id);
      if (old) retire(std::move(old));
      return false;
    }
    if (old && old->unique_id != entity->unique_id) unlist(*old);
    if (old) devices_.remove(old.get(), changes_);
    subscribe(*entity);
    if (old) unsubscribe(*old);
    return true;
  }

  static std::string named(const EntityConfig& config) {
    return config.component + " " + printable(config.object_id, 60) + ": ";
  }

  /// Keeps the known state when a discovery message changes.
  static void keep_state(const Entity& old, Entity& entity) {
    if (old.component != entity.component) return;
    entity.state = old.state;
    entity.values = old.values;
    entity.attributes = old.attributes;
    entity.heard = old.heard;
  }

  static std::string unique_key(const Entity& entity) {
    return std::string(entity.component->name()) + " " + entity.unique_id;
  }
  std::string holder_of_unique_id(const Entity& entity) const {
    if (entity.unique_id.empty()) return {};
    const auto there = unique_ids_.find(unique_key(entity));
    return there == unique_ids_.end() ? "" : there->second;
  }
  void unlist(const Entity& entity) {
    if (holder_of_unique_id(entity) == entity.id) unique_ids_.erase(unique_key(entity));
  }

  void subscribe(Entity& entity) {
    for (const std::string& filter : filters_of(entity)) {
      auto is_new = topics_.add(filter, &entity);
      if (!is_new) {
        problem(entity.source, is_new.error().message + ", not subscribed: " + in_quotes(filter, 100));
        continue;
      }
      if (*is_new) changes_.subscribe.push_back(filter);
      if (const auto* last = topics_.last_of(filter); !*is_new && last != nullptr && *last) {
        Message message(**last, clock_.wall_now());
        tell(entity, filter, message);
      }
    }
  }

  void unsubscribe(Entity& entity) {
    for (const std::string& filter : filters_of(entity)) {
      if (topics_.remove(filter, &entity)) changes_.unsubscribe.push_back(filter);
    }
  }

  void retire(std::unique_ptr<Entity> entity) {
    devices_.remove(entity.get(), changes_);
    unsubscribe(*entity);
    unlist(*entity);
  }

  /// Removes the entity only while it belongs to this topic: another may have taken it over.
  void drop_if_of(const std::string& topic, const std::string& id) {
    const auto there = entities_.find(id);
    if (there == entities_.end() || there->second->source != topic) return;
    auto entity = std::move(there->second);
    entities_.erase(there);
    retire(std::move(entity));
  }

  void forget(const std::string& topic) {
    const auto there = sources_.find(topic);
    if (there == sources_.end()) return;
    const Source source = std::move(there->second);
    sources_.erase(there);
    for (const std::string& id : source.entities) drop_if_of(topic, id);
  }

  /// Keeps the entities until another topic has them, or this one is cleared.
  void release(const std::string& topic) {
    if (const auto there = sources_.find(topic); there != sources_.end()) there->second.hash = 0;
  }

  void check_number_of_skills(const std::string& topic, const Entity& entity) {
    const HomeDevice* device = devices_.find(entity.device);
    // The skills of a few entities always fit.
    if (device->entities.size() < entities_that_fit) return;
    if (const std::size_t left_out = registration_of(*device).left_out; left_out > 0)
      problem(topic, "its device has too many skills for a registration: " + std::to_string(left_out) +
                         " are left out (at most " + std::to_string(skills_max) + ", and " +
                         std::to_string(registration_text_bytes_max) + " bytes)");
  }

  // --- states ---

  void take_state(const std::string& topic, std::string_view payload) {
    const auto readers = topics_.readers_of(topic);
    if (readers.empty()) return;
    if (payload.size() > options_.payload_bytes_max)
      return problem(topic, "it has more than " + std::to_string(options_.payload_bytes_max) + " bytes");
    Message message(payload, clock_.wall_now());
    for (TopicIndex::Entry* entry : readers) {
      topics_.keep(entry->second, payload);
      for (Entity* entity : entry->second.entities) tell(*entity, entry->first, message);
    }
  }

  void tell(Entity& entity, const std::string& filter, Message& message) {
    const Taken taken = take_message(entity, filter, message, clock_.steady_now(), options_.attributes_bytes_max);
    if (taken.is_available_changed) devices_.check_presence(entity.device, changes_);
    if (!taken.problem.empty()) problem(entity.source, taken.problem);
  }

  /// Removes changes without effect: a new device has not changed, nor has one that is gone; a filter may come back.
  void tidy() {
    const auto drop = [](std::vector<std::string>& from, const std::vector<std::string>& what) {
      from.erase(
          std::remove_if(from.begin(), from.end(),
                         [&](const auto& each) { return std::find(what.begin(), what.end(), each) != what.end(); }),
          from.end());
    };
    const auto never = changes_.added;  // added and removed again
    drop(changes_.changed, changes_.added);
    drop(changes_.changed, changes_.gone);
    drop(changes_.presence, changes_.gone);
    drop(changes_.added, changes_.gone);
    drop(changes_.gone, never);
    const auto subscribed = changes_.subscribe;
    drop(changes_.subscribe, changes_.unsubscribe);
    drop(changes_.unsubscribe, subscribed);
  }

  const Options options_;
  const Clock& clock_;
  TemplateCache templates_;
  DeviceTable devices_;
  TopicIndex topics_;
  std::unordered_map<std::string, std::unique_ptr<Entity>> entities_;  // by id
  std::unordered_map<std::string, std::string> unique_ids_;            // ids of entities
  std::unordered_map<std::string, Source> sources_;                    // by topic
  Changes changes_;
  std::size_t problems_left_out_ = 0;
};

DiscoveredHome::DiscoveredHome(Options options, const Clock& clock)
    : parts_(std::make_unique<Parts>(std::move(options), clock)) {}
DiscoveredHome::~DiscoveredHome() = default;

std::vector<std::string> DiscoveredHome::discovery_filters() const {
  const std::string& prefix = parts_->options().prefix;
  return {prefix + "/+/+/config", prefix + "/+/+/+/config"};
}

std::vector<std::string> DiscoveredHome::topics() const { return parts_->topics().filters(); }

Changes DiscoveredHome::take(const std::string& topic, std::string_view payload) {
  return parts_->take(topic, payload);
}

std::vector<std::string> DiscoveredHome::device_keys() const { return parts_->devices().keys(); }

const DiscoveredDevice* DiscoveredHome::device(const std::string& key) const {
  const HomeDevice* device = parts_->devices().find(key);
  return device == nullptr ? nullptr : &device->info;
}

json DiscoveredHome::skills(const std::string& key) const {
  const HomeDevice* device = parts_->devices().find(key);
  return device == nullptr ? json::array() : registration_of(*device).skills;
}

Result<CallPlan> DiscoveredHome::call(const std::string& key, const std::string& skill_path, const json& args,
                                      const json& kwargs) {
  const HomeDevice* device = parts_->devices().find(key);
  if (device == nullptr) return fail("the device is gone");
  const std::size_t dot = skill_path.find('.');
  const std::string class_name = skill_path.substr(0, dot);
  const std::string function = dot == std::string::npos ? "" : skill_path.substr(dot + 1);
  if (class_name == device_skill_class && function == read_action().name) {
    auto none = arguments_of(read_action(), skill_path, args, kwargs);
    if (!none) return tl::unexpected(none.error());
    return CallPlan{{}, read(key)};
  }
  const Entity* known = device->entity_of_class(class_name);
  const auto missing = [&] { return fail("there is no skill " + in_quotes(skill_path, 100) + " here"); };
  if (known == nullptr) return missing();
  const auto actions = known->component->actions(*known);
  const auto action =
      std::find_if(actions.begin(), actions.end(), [&](const Action& each) { return each.name == function; });
  if (action == actions.end()) return missing();
  const std::string shown = known->shown_name(device->info.name);
  if (!known->availability.is_available()) return fail("it is not available now: " + shown);
  auto given = arguments_of(*action, skill_path, args, kwargs);
  if (!given) return tl::unexpected(given.error());
  Entity& entity = *parts_->entity(known->id);
  Commands commands(entity, parts_->clock().wall_now());
  if (auto good = entity.component->act(entity, function, *given, commands); !good)
    return fail(shown + ": " + good.error().message);
  CallPlan plan;
  const auto qos = static_cast<int>(std::clamp(entity.settings.number("qos", 0), 0.0, 2.0));
  for (const auto& each : commands.all())
    plan.publications.push_back({each.topic, each.payload, qos, entity.settings.flag("retain", false)});
  plan.result = "sent: " + phrase_of(*action, shown);
  return plan;
}

json DiscoveredHome::read(const std::string& key) const {
  const HomeDevice* device = parts_->devices().find(key);
  return device == nullptr ? json::object() : read_device(*device, parts_->clock().steady_now());
}

std::optional<bool> DiscoveredHome::online(const std::string& key) const {
  const HomeDevice* device = parts_->devices().find(key);
  return device == nullptr ? std::nullopt : device->online();
}

}  // namespace strawberry::cli::discovery
