/// Decides whether a device that lost its connection, or is refused, tries again. Pure except for its clock.
///
/// Two processes with one device id take the connection from each other for ever: the one that was there first is told
/// by MQTT 5 (0x8E) and gives way. A broker that does not tell is noticed by connections that never last, one after the
/// other: an attempt between them that finds no broker means that the broker is what comes and goes.
/// A token that was accepted once and is refused later is tried again, seldom, and for ever unless Options says how
/// long: keys, database, clocks or the token itself may be put right.
/// Threading: one thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "cli/hub_connection.h"
#include "common/text/clock.h"

namespace strawberry::cli {

class LossPolicy {
 public:
  struct Options {
    std::chrono::milliseconds quick_loss{5'000};  // a shorter connection was lost quickly
    int quick_losses_max = 5;                     // in a row; then this device runs twice
    /// How long a token that was good before may be refused; nothing: for ever.
    std::optional<std::chrono::milliseconds> refused_max;
    /// The pause after a refusal doubles from one to the other: failed logins are counted (contract, section 1).
    std::chrono::milliseconds refused_pause_min{2'000};
    std::chrono::milliseconds refused_pause_max{60'000};
  };
  enum class Verdict { try_again, taken_over, refused };

  explicit LossPolicy(const Clock& clock) : LossPolicy(clock, Options{}) {}
  LossPolicy(const Clock& clock, Options options) : clock_(clock), options_(options) {}

  void connected();
  /// Called after each lost connection and each failed attempt.
  Verdict lost(LossCause cause);
  /// After a refusal that is to be tried again: the pause before that; each time a longer one until it was connected.
  std::chrono::milliseconds refused_pause();

 private:
  const Clock& clock_;
  Options options_;
  bool was_connected_ = false;
  std::optional<SteadyTime> connected_at_;
  std::optional<SteadyTime> refused_since_;
  std::chrono::milliseconds refused_pause_{};
  int quick_losses_ = 0;
};

/// Returns why the broker does not accept this token, as far as the token shows it: `it expired on …`.
std::string why_refused(const std::string& token, WallTime now);

}  // namespace strawberry::cli
