/// Remembers requests and replies, so that a repeated request is not executed again (docs/contract.md, section 3): the
/// reply as long as there is room for it, and that the request ran, with a hash of its content, for the whole lifetime.
///
/// Threading: loop only.
/// Bounds: Options::bytes_max over all replies and Options::requests_max requests that ran. At either limit the user
/// who holds most loses the oldest entry: first the reply, then that the request ran. Active requests are never
/// forgotten; the pipeline's limit of requests in flight bounds them.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstring>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/runtime/shared_room.h"
#include "common/text/clock.h"
#include "common/text/sha256.h"

namespace strawberry::bridge {

class ReplyCache {
 public:
  struct Options {
    std::chrono::milliseconds lifetime = std::chrono::minutes(10);
    std::size_t bytes_max = 64 * 1024 * 1024;
    std::size_t requests_max = 200'000;
  };
  struct Seen {
    bool is_another = false;             // the request under this key had another content
    bool running = false;                // still active: its one reply will follow
    bool ran = false;                    // it was answered
    std::optional<std::string> payload;  // the reply, to be sent again; nothing when it is no longer kept
    bool is_new() const { return !is_another && !running && !ran; }
  };

  ReplyCache(const Clock& clock, Options options);

  /// Looks up a request and, when it is new, notes it as running. `content` distinguishes requests under one key
  /// (request_content.h).
  Seen begin(std::string_view key, std::uint64_t content = 0);
  /// Keeps the reply of a request that ran; it counts in the share of `user`.
  void finish(std::string_view key, std::string_view user, std::string payload);
  /// Forgets a request that was refused without having run (busy, …): it may be retried.
  void forget(std::string_view key);

  std::size_t bytes() const { return replies_.used(); }
  /// Returns the number of requests that are active or ran.
  std::size_t entries() const { return entries_.size(); }

 private:
  struct Ran {
    Sha256 key;
    std::string user;
    SteadyTime at;
    std::optional<std::string> payload;
  };
  using RanList = std::list<Ran>;
  struct Entry {
    std::uint64_t content;
    std::optional<RanList::iterator> ran;  // nothing: it is active
  };
  struct FirstBytes {
    std::size_t operator()(const Sha256& digest) const {
      std::size_t hash = 0;
      std::memcpy(&hash, digest.data(), sizeof hash);
      return hash;
    }
  };

  void expire();
  /// Called after its entry among the requests that ran was removed.
  void remove(RanList::iterator ran);

  const Clock& clock_;
  const Options options_;
  std::unordered_map<Sha256, Entry, FirstBytes> entries_;
  RanList ran_;  // oldest first
  SharedRoom<RanList::iterator> requests_;
  SharedRoom<RanList::iterator> replies_;
};

}  // namespace strawberry::bridge
