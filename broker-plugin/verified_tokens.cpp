#include "broker-plugin/verified_tokens.h"

#include <cstring>
#include <iterator>

namespace strawberry::plugin {

std::size_t VerifiedTokens::DigestHash::operator()(const Digest& digest) const {
  std::size_t hash = 0;
  std::memcpy(&hash, digest.data(), sizeof hash);
  return hash;
}

const Claims* VerifiedTokens::find(std::string_view token, WallTime now) {
  const auto found = by_digest_.find(digest_.of(token));
  if (found == by_digest_.end() || found->second->verified_at > now) return nullptr;
  by_age_.splice(by_age_.end(), by_age_, found->second);
  return &found->second->claims;
}

void VerifiedTokens::remember(std::string_view token, const Claims& claims, WallTime now) {
  if (options_.tokens_max == 0) return;
  const auto [place, is_new] = by_digest_.try_emplace(digest_.of(token));
  if (!is_new) by_age_.erase(place->second);
  place->second = by_age_.insert(by_age_.end(), {place->first, claims, now});
  if (by_digest_.size() <= options_.tokens_max) return;
  by_digest_.erase(by_age_.front().digest);
  by_age_.pop_front();
}

}  // namespace strawberry::plugin
