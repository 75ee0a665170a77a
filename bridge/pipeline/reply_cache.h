/// Remembers what was asked and answered, so that a request seen again is not executed again (docs/contract.md, section
/// 3): the reply as long as there is room for it, and that the request ran, and what it asked, for the whole lifetime.
///
/// Threading: loop only.
/// Bounds: Options::bytes_max over all replies and Options::requests_max requests that ran. At either limit the user
/// who holds most loses the oldest: first the reply, then that it ran. Requests that still run are bounded by the
/// pipeline's requests in flight and never forgotten.
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
    bool is_another = false;             // what was seen under this key asked for something else
    bool running = false;                // the one reply will come
    bool ran = false;                    // it was answered
    std::optional<std::string> payload;  // the reply, to be sent once more; nothing when it is no longer kept
    bool is_new() const { return !is_another && !running && !ran; }
  };

  ReplyCache(const Clock& clock, Options options);

  /// Looks a request up and, when it is new, notes it as running. `content` tells apart what is asked under one key
  /// (request_content.h).
  Seen begin(std::string_view key, std::uint64_t content = 0);
  /// Keeps the reply of a request that ran; `user` is whose share of the room it takes.
  void finish(std::string_view key, std::string_view user, std::string payload);
  /// Forgets a request that was turned away without having run (busy, …): it may be tried again.
  void forget(std::string_view key);

  std::size_t bytes() const { return replies_.used(); }
  /// Requests that run and that ran.
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
    std::optional<RanList::iterator> ran;  // nothing: it still runs
  };
  struct FirstBytes {
    std::size_t operator()(const Sha256& digest) const {
      std::size_t hash = 0;
      std::memcpy(&hash, digest.data(), sizeof hash);
      return hash;
    }
  };

  void expire();
  /// After its place among the requests that ran was taken from it.
  void remove(RanList::iterator ran);

  const Clock& clock_;
  const Options options_;
  std::unordered_map<Sha256, Entry, FirstBytes> entries_;
  RanList ran_;  // oldest first
  SharedRoom<RanList::iterator> requests_;
  SharedRoom<RanList::iterator> replies_;
};

}  // namespace strawberry::bridge
