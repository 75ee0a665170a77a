#include "bridge/pipeline/reply_cache.h"

#include <utility>

namespace strawberry::bridge {
namespace {

/// The reply, and what the containers need for it.
std::size_t cost(const std::string& payload) { return payload.size() + 256; }

}  // namespace

ReplyCache::ReplyCache(const Clock& clock, Options options)
    : clock_(clock), options_(options), requests_(options.requests_max), replies_(options.bytes_max) {}

ReplyCache::Seen ReplyCache::begin(std::string_view key, std::uint64_t content) {
  expire();
  const auto [found, is_new] = entries_.try_emplace(sha256(key), Entry{content, std::nullopt});
  const Entry& entry = found->second;
  if (is_new) return {};
  if (entry.content != content) return {true, false, false, std::nullopt};
  if (!entry.ran) return {false, true, false, std::nullopt};
  return {false, false, true, (*entry.ran)->payload};
}

void ReplyCache::finish(std::string_view key, std::string_view user, std::string payload) {
  const auto entry = entries_.find(sha256(key));
  if (entry == entries_.end() || entry->second.ran) return;
  const auto bytes = cost(payload);
  const auto ran = ran_.insert(ran_.end(), {entry->first, std::string(user), clock_.steady_now(), std::move(payload)});
  entry->second.ran = ran;
  requests_.put(user, ran, 1);
  replies_.put(user, ran, bytes);
  while (const auto given_up = replies_.make_room()) (*given_up)->payload.reset();
  while (const auto given_up = requests_.make_room()) remove(*given_up);
}

void ReplyCache::forget(std::string_view key) {
  const auto entry = entries_.find(sha256(key));
  if (entry != entries_.end() && !entry->second.ran) entries_.erase(entry);
}

/// It is its user's oldest request, so that its reply, where it is still kept, is the oldest too.
void ReplyCache::remove(RanList::iterator ran) {
  if (ran->payload) replies_.take_oldest(ran->user);
  entries_.erase(ran->key);
  ran_.erase(ran);
}

void ReplyCache::expire() {
  const auto now = clock_.steady_now();
  while (!ran_.empty() && now - ran_.front().at >= options_.lifetime) {
    requests_.take_oldest(ran_.front().user);
    remove(ran_.begin());
  }
}

}  // namespace strawberry::bridge
