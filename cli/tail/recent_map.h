/// A map that drops its oldest entry when it is full.
///
/// Threading: one thread.   Bounds: entries_max.
#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace strawberry::cli {

template <class Value>
class RecentMap {
 public:
  explicit RecentMap(std::size_t entries_max) : entries_max_(entries_max) {}

  /// Replaces an entry of the same key; the key is then the newest.
  void put(const std::string& key, Value value) {
    take(key);
    if (entries_max_ == 0) return;
    if (by_age_.size() >= entries_max_) take(std::string(by_age_.front().first));
    by_age_.emplace_back(key, std::move(value));
    entries_[key] = std::prev(by_age_.end());
  }
  /// Returns null when there is none. Valid until the next change.
  Value* find(const std::string& key) {
    const auto found = entries_.find(key);
    return found == entries_.end() ? nullptr : &found->second->second;
  }
  std::optional<Value> take(const std::string& key) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return std::nullopt;
    std::optional<Value> value(std::move(found->second->second));
    by_age_.erase(found->second);
    entries_.erase(found);
    return value;
  }
  std::optional<std::pair<std::string, Value>> take_oldest() {
    if (by_age_.empty()) return std::nullopt;
    std::pair<std::string, Value> oldest = std::move(by_age_.front());
    entries_.erase(oldest.first);
    by_age_.pop_front();
    return oldest;
  }
  std::size_t size() const { return by_age_.size(); }

 private:
  using Entries = std::list<std::pair<std::string, Value>>;

  std::size_t entries_max_;
  Entries by_age_;  // oldest first
  std::unordered_map<std::string, typename Entries::iterator> entries_;
};

}  // namespace strawberry::cli
