/// Tokens whose signature has been verified, so that a device that comes back with its token costs a digest and not a
/// signature and two JSON documents.
///
/// Keeps keyed digests, no tokens. What a token says is remembered as it was; whether it has expired, and whether its
/// key still counts, the owner has to ask each time.
///
/// Threading: one thread.   Bounds: Options::tokens_max, then the longest unused is forgotten.
#pragma once

#include <cstddef>
#include <list>
#include <string_view>
#include <unordered_map>

#include "common/identity/token.h"
#include "common/text/keyed_digest.h"

namespace strawberry::plugin {

class VerifiedTokens {
 public:
  struct Options {
    std::size_t tokens_max = 10'000;
  };

  explicit VerifiedTokens(Options options) : options_(options) {}

  /// Null when the token is not known, or was verified later than `now`: a clock that was set back may make it one
  /// that does not count yet. Valid until the next remember().
  const Claims* find(std::string_view token, WallTime now);
  void remember(std::string_view token, const Claims& claims, WallTime now);
  std::size_t size() const { return by_digest_.size(); }

 private:
  using Digest = KeyedDigest::Value;
  struct Entry {
    Digest digest;
    Claims claims;
    WallTime verified_at;
  };
  struct DigestHash {
    std::size_t operator()(const Digest& digest) const;
  };

  Options options_;
  KeyedDigest digest_;
  std::list<Entry> by_age_;  // the longest unused first
  std::unordered_map<Digest, std::list<Entry>::iterator, DigestHash> by_digest_;
};

}  // namespace strawberry::plugin
