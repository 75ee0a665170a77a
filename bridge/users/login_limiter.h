/// How often somebody may try to sign in, by address and by user at an address: freely at first, then after pauses that
/// double. Nobody is kept out by what others try from elsewhere.
///
/// An attempt counts before it is known how it ends, so that many at once are as many; forgive() takes it back.
/// Addresses of IPv6 are one by their first 64 bits. Pure.
///
/// Threading: none of its own.   Bounds: Options::entries_max of each kind; the one not heard of for longest is
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

class LoginLimiter {
 public:
  struct Options {
    std::size_t free_per_user = 5;      // of one user from one address
    std::size_t free_per_address = 30;  // of all users
    std::chrono::milliseconds first_pause{1'000};
    std::chrono::milliseconds pause_max = std::chrono::minutes(15);
    std::chrono::milliseconds forgotten_after = std::chrono::hours(1);
    std::size_t entries_max = 10'000;
  };

  LoginLimiter(const Clock& clock, Options options) : clock_(clock), options_(options) {}

  /// Counts an attempt; or gives how long to wait, and counts nothing.
  std::optional<std::chrono::milliseconds> attempt(std::string_view address, std::string_view user);
  /// The attempt succeeded: the user is free at this address again, and the address has one attempt less.
  void forgive(std::string_view address, std::string_view user);
  std::size_t entries() const { return by_address_.entries.size() + by_user_.entries.size(); }

 private:
  struct Tries {
    std::size_t count = 0;
    SteadyTime last{};
    SteadyTime next{};  // not before
  };
  struct Entry {
    std::string key;
    Tries tries;
  };
  struct Table {
    std::list<Entry> by_use;  // the latest first
    std::unordered_map<std::string_view, std::list<Entry>::iterator> entries;
  };

  Tries& tries_of(Table& table, const std::string& key);
  void count(Tries& tries, std::size_t free) const;

  const Clock& clock_;
  const Options options_;
  Table by_address_;
  Table by_user_;
};

/// The part of an address that one party has: all of IPv4, the first 64 bits of IPv6. What is no address stays as it
/// is.
std::string network_of(std::string_view address);

}  // namespace strawberry::bridge
