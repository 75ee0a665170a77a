/// Another user of the attacked hub, with two devices: one repeatedly calls a skill of the other, and measures how long
/// each call takes and whether it is answered.
///
/// Threading: one thread.   Errors: throws when the hub does not start.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "tests/support/hub_process.h"

namespace strawberry::enemy {

class Household {
 public:
  explicit Household(test::HubProcess& hub);

  struct Measured {
    std::vector<double> milliseconds;  // of each call that was answered, sorted
    int lost = 0;                      // calls without the right answer within answer_wait_max
    int refused_logins = 0;

    double percentile(double part) const;
  };
  static constexpr std::chrono::milliseconds answer_wait_max{5'000};

  /// Makes a call every `pause` for `time`, and sometimes reconnects.
  Measured live_for(std::chrono::milliseconds time, std::chrono::milliseconds pause);

  static constexpr std::chrono::seconds served_again_max{30};
  /// Reconnects both devices, as after a broker restart, until a call is answered: returns how long that took. Nullopt
  /// when it does not happen within served_again_max.
  std::optional<std::chrono::milliseconds> come_back();

 private:
  bool call();
  void offer_skill();

  test::HubProcess& hub_;
  std::unique_ptr<test::Spoke> speaker_;
  std::unique_ptr<test::Spoke> tablet_;
};

}  // namespace strawberry::enemy
