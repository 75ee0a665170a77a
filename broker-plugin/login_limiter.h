/// Slows down whoever tries tokens: each address may fail so many times at once, then so many times a minute.
///
/// Only failures count, and only failures are turned away sooner for it: a good token gets in from anywhere, so a
/// household does not suffer from one broken device behind the same address. Programs that come over the broker's Unix
/// socket all have one address, the path of the listener, and the broker does not show which process each is: there is
/// no limit for them, so that one program's bad token takes no answer from another. Threading: one thread.   Bounds:
/// Options::addresses_max addresses, the one that failed longest ago forgotten first.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/text/by_text.h"
#include "common/text/clock.h"

namespace strawberry::plugin {

class LoginLimiter {
 public:
  struct Options {
    std::size_t failures_at_once_max = 60;  // 0: no limit
    std::size_t failures_per_minute_max = 60;
    std::size_t addresses_max = 4'096;
  };

  LoginLimiter(const Clock& clock, Options options) : clock_(clock), options_(options) {}

  enum class Verdict {
    within,       // a failure like any other
    just_beyond,  // the first one over the limit: worth a line in the log
    beyond,
  };
  Verdict failed(std::string_view address);
  /// Addresses that would be turned away now.
  std::size_t limited() const;

 private:
  struct Failures {
    std::string address;
    double remaining = 0;  // failures it may still have
    SteadyTime counted_at;
    bool is_beyond = false;
  };
  using ByAge = std::list<Failures>;

  double remaining_now(const Failures& failures) const;
  Failures& failures_of(std::string_view address);

  const Clock& clock_;
  Options options_;
  ByAge by_age_;  // oldest failure first
  std::unordered_map<std::string_view, ByAge::iterator, TextHash, std::equal_to<>> by_address_;
};

/// What counts as one address: an IPv6 one by its first 64 bits, which is what one household or machine gets. Empty for
/// what is no IP address.
std::string address_group(std::string_view address);

}  // namespace strawberry::plugin
