/// Limits attempts to sign in, by address and by user at an address: some are free, then the pauses between them
/// double. Attempts from other addresses never lock a user out.
///
/// An attempt counts before its outcome is known, so that concurrent ones all count; forgive() undoes that.
/// Addresses count by their network_of(), other texts as they are. Pure.
///
/// Threading: none of its own.   Bounds: Options::entries_max of each kind; the entry that was idle longest is
/// forgotten.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/text/clock.h"

namespace strawberry::bridge {

/// Returns the network_of() an address; of any other text, its beginning.
std::string place_of(std::string_view address);

class LoginLimiter {
 public:
  struct Options {
    std::size_t free_per_user = 5;      // of one user from one address
    std::size_t free_per_address = 30;  // of all users from one address
    std::chrono::milliseconds first_pause{1'000};
    std::chrono::milliseconds pause_max = std::chrono::minutes(15);
    std::chrono::milliseconds forgotten_after = std::chrono::hours(1);
    std::size_t entries_max = 10'000;
  };

  LoginLimiter(const Clock& clock, Options options) : clock_(clock), options_(options) {}

  /// Counts an attempt; or returns how long to wait, and counts nothing.
  std::optional<std::chrono::milliseconds> attempt(std::string_view address, std::string_view user);
  /// Called after a successful attempt: clears the user at this address, and removes one attempt of the address.
  void forgive(std::string_view address, std::string_view user);
  std::size_t entries() const { return by_address_.entries.size() + by_user_.entries.size(); }

 private:
  struct Tries {
    std::size_t count = 0;
    SteadyTime last{};
    SteadyTime next{};  // earliest time of the next attempt
  };
  struct Entry {
    std::string key;
    Tries tries;
  };
  struct Table {
    std::list<Entry> by_use;  // most recently used first
    std::unordered_map<std::string_view, std::list<Entry>::iterator> entries;
  };

  Tries& tries_of(Table& table, const std::string& key);
  void count(Tries& tries, std::size_t free) const;

  const Clock& clock_;
  const Options options_;
  Table by_address_;
  Table by_user_;
};

}  // namespace strawberry::bridge
