/// Counts what the plugin decides, and writes the retained `hub/broker` (docs/contract.md, section 9).
///
/// Threading: one thread.   Bounds: actions and reasons are words of this program's, never a client's; RefusedLogins'.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker-plugin/refused_logins.h"
#include "common/identity/keys.h"
#include "common/text/clock.h"

namespace strawberry::plugin {

class BrokerReport {
 public:
  explicit BrokerReport(const Clock& clock) : clock_(clock), started_(clock.steady_now()) {}

  void accepted_login() { ++accepted_; }
  void renewed_login() { ++renewed_; }
  /// `action`: connect, publish, …; both views must be of literals.
  void refused(std::string_view action, std::string_view reason) { ++refused_[action][reason]; }
  /// Who could not log in, beside the count.
  void refused_login(const RefusedAct& act) { refused_logins_.note(act, clock_.wall_now()); }
  /// The plugin ended a connection.
  void ended(std::string_view reason) { ++ended_[reason]; }

  /// What the report says of the moment.
  struct Now {
    std::size_t connections = 0;
    std::size_t stored_sessions = 0;
    std::size_t limited_addresses = 0;
    std::size_t devices = 0;
    std::optional<SteadyTime> directory_read_at;  // last time it was looked at with success
    const std::vector<Key>* keys = nullptr;
  };
  /// One line of JSON.
  std::string write(const Now& now) const;

 private:
  using Counts = std::map<std::string_view, std::uint64_t>;

  const Clock& clock_;
  SteadyTime started_;
  std::uint64_t accepted_ = 0;
  std::uint64_t renewed_ = 0;
  std::map<std::string_view, Counts> refused_;
  Counts ended_;
  RefusedLogins refused_logins_;
};

}  // namespace strawberry::plugin
