/// Slows down clients that guess tokens: each address may fail a number of times at once, then a number of times a
/// minute.
///
/// An address counts by its network_of(). Only failures count, and only failures are refused earlier because of them: a
/// valid token is accepted from any address, so one broken device does not affect others behind the same address.
/// Connections over the broker's Unix socket all have one address, the path of the listener, and the broker does not
/// tell the processes apart: they have no limit, so that one program's invalid token does not affect the answers to
/// others. Threading: one thread. Bounds: Options::addresses_max addresses, the one that failed longest ago is
/// forgotten first.
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
    within,       // answered as any failure
    just_beyond,  // the first one over the limit: logged
    beyond,
  };
  Verdict failed(std::string_view address);
  /// Returns the number of addresses over their limit now.
  std::size_t limited() const;

 private:
  struct Failures {
    std::string address;
    double remaining = 0;  // failures left
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

}  // namespace strawberry::plugin
