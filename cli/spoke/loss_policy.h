/// Decides whether a device that lost its connection, or is refused, tries again. Pure except for its clock.
///
/// Two processes with one device id would take the connection from each other for ever: MQTT 5 informs the first one
/// (0x8E), which gives up. With a broker that does not inform it, connections that never last are detected.
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
    /// How long a token that was accepted before may be refused: keys and database may be changing.
    std::chrono::milliseconds refused_max{60'000};
  };
  enum class Verdict { try_again, taken_over, refused };

  explicit LossPolicy(const Clock& clock) : LossPolicy(clock, Options{}) {}
  LossPolicy(const Clock& clock, Options options) : clock_(clock), options_(options) {}

  void connected();
  /// Called after each lost connection and each failed attempt.
  Verdict lost(LossCause cause);

 private:
  const Clock& clock_;
  Options options_;
  bool was_connected_ = false;
  std::optional<SteadyTime> connected_at_;
  std::optional<SteadyTime> refused_since_;
  int quick_losses_ = 0;
};

/// Returns why the broker does not accept this token, as far as the token shows it: `it expired on …`.
std::string why_refused(const std::string& token, WallTime now);

}  // namespace strawberry::cli
