/// Remembers what was asked and answered, so that a request seen again is not executed again (docs/contract.md, section
/// 3).
///
/// Threading: loop only.   Bounds: Options::bytes_max over all keys and replies, then the oldest answers are forgotten
/// first; entries that still run are bounded by the dispatcher's requests in flight and never forgotten.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>

#include "common/clock.h"
#include "common/principal.h"
#include "common/topics.h"

namespace strawberry {

class ReplyCache {
 public:
  struct Options {
    std::chrono::milliseconds lifetime = std::chrono::minutes(10);
    std::size_t bytes_max = 64 * 1024 * 1024;
  };
  struct Seen {
    bool running = false;                // the one reply will come
    std::optional<std::string> payload;  // the reply, to be sent once more
    bool is_new() const { return !running && !payload; }
  };

  ReplyCache(const Clock& clock, Options options) : clock_(clock), options_(options) {}

  /// Looks a request up and, when it is new, notes it as running.
  Seen begin(const std::string& key);
  /// Keeps the reply of a request that ran.
  void finish(const std::string& key, std::string payload);
  /// Forgets a request that was turned away without having run (busy, …): it may be tried again.
  void forget(const std::string& key);

  std::size_t bytes() const { return bytes_; }
  std::size_t entries() const { return entries_.size(); }

 private:
  struct Entry {
    std::optional<std::string> payload;
    SteadyTime finished_at;
  };

  void drop_oldest();
  void expire();

  const Clock& clock_;
  Options options_;
  std::unordered_map<std::string, Entry> entries_;
  std::list<std::string> finished_;  // keys, oldest first
  std::size_t bytes_ = 0;
};

}  // namespace strawberry
