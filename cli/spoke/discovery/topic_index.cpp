#include "cli/spoke/discovery/topic_index.h"

#include <algorithm>

#include "cli/spoke/discovery/topic_filter.h"

namespace strawberry::cli::discovery {

Result<bool> TopicIndex::add(const std::string& filter, Entity* entity) {
  if (const auto there = topics_.find(filter); there != topics_.end()) {
    auto& entities = there->second.entities;
    if (std::find(entities.begin(), entities.end(), entity) == entities.end()) entities.push_back(entity);
    return false;
  }
  if (topics_.size() >= topics_max_) return fail("there are more than " + std::to_string(topics_max_) + " topics");
  if (has_wildcard(filter)) {
    if (wildcards_.size() >= wildcards_max_)
      return fail("there are more than " + std::to_string(wildcards_max_) + " topics with wildcards");
    wildcards_.insert(filter);
  }
  topics_[filter].entities.push_back(entity);
  return true;
}

bool TopicIndex::remove(const std::string& filter, Entity* entity) {
  const auto there = topics_.find(filter);
  if (there == topics_.end()) return false;
  auto& entities = there->second.entities;
  entities.erase(std::remove(entities.begin(), entities.end(), entity), entities.end());
  if (!entities.empty()) return false;
  if (there->second.last) kept_bytes_ -= there->second.last->size();
  wildcards_.erase(filter);
  topics_.erase(there);
  return true;
}

std::vector<TopicIndex::Entry*> TopicIndex::readers_of(const std::string& topic) {
  std::vector<Entry*> found;
  if (const auto there = topics_.find(topic); there != topics_.end()) found.push_back(&*there);
  for (const std::string& filter : wildcards_) {
    if (matches(filter, topic)) found.push_back(&*topics_.find(filter));
  }
  return found;
}

const std::optional<std::string>* TopicIndex::last_of(const std::string& filter) const {
  const auto there = topics_.find(filter);
  return there == topics_.end() ? nullptr : &there->second.last;
}

void TopicIndex::keep(Readers& readers, std::string_view payload) {
  if (readers.last) kept_bytes_ -= readers.last->size();
  readers.last.reset();
  if (kept_bytes_ + payload.size() > kept_bytes_max_) return;
  kept_bytes_ += payload.size();
  readers.last.emplace(payload);
}

std::vector<std::string> TopicIndex::filters() const {
  std::vector<std::string> all;
  for (const auto& [filter, readers] : topics_) all.push_back(filter);
  return all;
}

}  // namespace strawberry::cli::discovery
