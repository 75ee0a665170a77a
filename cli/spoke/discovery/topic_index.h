/// Maps topics to the entities that read them, and keeps the last message of each: an entity that is added later gets
/// it, since the topic is not subscribed to again.
///
/// Threading: one thread.   Lifetime: entities are removed before they are destroyed.   Errors: Failure at a limit.
/// Bounds: the constructor's.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cli/spoke/discovery/entity.h"
#include "common/text/result.h"

namespace strawberry::cli::discovery {

class TopicIndex {
 public:
  struct Readers {
    std::vector<Entity*> entities{};
    std::optional<std::string> last{};
  };
  using Entry = std::map<std::string, Readers>::value_type;

  TopicIndex(std::size_t topics_max, std::size_t wildcards_max, std::size_t kept_bytes_max)
      : topics_max_(topics_max), wildcards_max_(wildcards_max), kept_bytes_max_(kept_bytes_max) {}

  /// Returns true when the filter is new.
  Result<bool> add(const std::string& filter, Entity* entity);
  /// Returns true when no entity reads it any more.
  bool remove(const std::string& filter, Entity* entity);
  /// Returns those whose filter matches.
  std::vector<Entry*> readers_of(const std::string& topic);
  const std::optional<std::string>* last_of(const std::string& filter) const;
  void keep(Readers& readers, std::string_view payload);
  std::vector<std::string> filters() const;

 private:
  const std::size_t topics_max_;
  const std::size_t wildcards_max_;
  const std::size_t kept_bytes_max_;
  std::size_t kept_bytes_ = 0;
  std::map<std::string, Readers> topics_;
  std::set<std::string> wildcards_;  // the filters with wildcards
};

}  // namespace strawberry::cli::discovery
