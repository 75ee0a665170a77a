/// Decides when to retry after a connection was lost or could not be made, and when a retry is useless. Pure.
///
/// Two processes with one device id take the connection from each other for ever: the one that was there first is told
/// by MQTT 5 (0x8E) and gives way. A broker that does not tell is noticed by connections that never last, one after the
/// other: an attempt between them that finds no broker means that the broker is what comes and goes.
/// Threading: one thread.
#pragma once

#include <chrono>
#include <optional>

#include "common/text/clock.h"

namespace strawberry::sdk {

enum class LossCause {
  unreachable,  // no broker, or the network failed
  refused,      // the broker does not accept the token, or no token can be read
  taken_over,   // another connection used the same client id
};

class ReconnectPolicy {
 public:
  struct Options {
    std::chrono::milliseconds pause_min{500};
    std::chrono::milliseconds pause_max{30'000};
    std::chrono::milliseconds refused_pause_min{2'000};  // failed logins are counted (contract, section 1)
    std::chrono::milliseconds refused_pause_max{60'000};
    std::chrono::milliseconds quick_loss{5'000};  // a shorter connection was lost quickly
    int quick_losses_max = 5;                     // in a row; then this device runs twice
  };

  explicit ReconnectPolicy(Options options) : options_(options) {}

  void connected(SteadyTime now);
  bool was_connected() const { return was_connected_; }
  /// Called after each lost connection and each failed attempt: returns the pause, or nullopt when this device runs
  /// twice. `jitter` (0 … 1) shortens it by up to a fifth, so that a thousand devices do not reconnect at once.
  std::optional<std::chrono::milliseconds> lost(LossCause cause, SteadyTime now, double jitter);

 private:
  Options options_;
  bool was_connected_ = false;
  std::optional<SteadyTime> connected_at_;
  std::chrono::milliseconds pause_{};
  int quick_losses_ = 0;
};

}  // namespace strawberry::sdk
