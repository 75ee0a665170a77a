#include "bridge/protocol/reply_cache.h"

#include <utility>

namespace strawberry {
namespace {

/// Two copies of the key, the reply, and what the containers need per entry.
std::size_t cost(const std::string& key, const std::string& payload) { return 2 * key.size() + payload.size() + 256; }

}  // namespace

ReplyCache::Seen ReplyCache::begin(const std::string& key) {
  expire();
  const auto [entry, is_new] = entries_.try_emplace(key);
  if (is_new) return {};
  if (entry->second.payload) return {false, entry->second.payload};
  return {true, std::nullopt};
}

void ReplyCache::finish(const std::string& key, std::string payload) {
  const auto entry = entries_.find(key);
  if (entry == entries_.end() || entry->second.payload) return;
  bytes_ += cost(key, payload);
  entry->second = {std::move(payload), clock_.steady_now()};
  finished_.push_back(key);
  while (bytes_ > options_.bytes_max && !finished_.empty()) drop_oldest();
}

void ReplyCache::forget(const std::string& key) {
  const auto entry = entries_.find(key);
  if (entry != entries_.end() && !entry->second.payload) entries_.erase(entry);
}

void ReplyCache::drop_oldest() {
  const auto entry = entries_.find(finished_.front());
  bytes_ -= cost(entry->first, *entry->second.payload);
  entries_.erase(entry);
  finished_.pop_front();
}

void ReplyCache::expire() {
  const auto now = clock_.steady_now();
  while (!finished_.empty() && now - entries_.at(finished_.front()).finished_at >= options_.lifetime) drop_oldest();
}

}  // namespace strawberry
