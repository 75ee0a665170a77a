/// Decides the next step for one device that a broker announces, so that it is a device of the hub while it is
/// announced and available, and only then. Pure.
#pragma once

#include "common/text/clock.h"

namespace strawberry::cli::discovery {

struct Membership {
  enum class Phase {
    away,     // no connection, and no running task
    asking,   // requests its registration or another token
    joining,  // connecting and registering its skills
    there,    // connected, or reconnecting automatically
    leaving,
  };
  Phase phase = Phase::away;
  bool is_announced = true;
  bool is_available = false;
  bool is_registered = false;  // the hub gave it an id and a token
  bool needs_token = false;    // its token is no longer valid
  bool has_new_skills = false;
  SteadyTime not_before{};  // time of the next attempt
};

enum class Step {
  none,
  enroll,
  get_token,
  join,
  offer,     // register its skills again
  leave,     // disconnect; it may come back soon
  withdraw,  // withdraw its skills, then disconnect
  forget,
};

/// A device that was never available is not registered, so that devices announced years ago that no longer exist use no
/// room at the hub.
Step next_step(const Membership& device, SteadyTime now);

}  // namespace strawberry::cli::discovery
