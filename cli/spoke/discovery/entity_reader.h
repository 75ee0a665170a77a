/// Makes an entity from its configuration: settings, templates, availability, and the problems with them.
///
/// Threading: one thread.   Lifetime: entities with the same template share it.   Errors: Failure when the entity is
/// unusable, Entity::problems for the rest.   Bounds: those of templates and topics.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "cli/spoke/discovery/discovery_message.h"
#include "cli/spoke/discovery/entity.h"

namespace strawberry::cli::discovery {

class TemplateCache {
 public:
  Result<TemplatePtr> get(const std::string& text);

 private:
  void forget_unused();

  std::unordered_map<std::string, std::weak_ptr<const Template>> known_;
  std::size_t forget_at_ = 1024;
};

Result<std::unique_ptr<Entity>> read_entity(const EntityConfig& config, const std::string& source,
                                            TemplateCache& templates);

/// Returns the filters that the entity reads, each once.
std::vector<std::string> filters_of(const Entity& entity);

/// The result of a message of one of them. True when availability changed.
struct Taken {
  bool is_available_changed = false;
  std::string problem;  // the entity's first one, in words
};
Taken take_message(Entity& entity, const std::string& filter, Message& message, SteadyTime now,
                   std::size_t attributes_bytes_max);

}  // namespace strawberry::cli::discovery
