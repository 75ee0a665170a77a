/// What is to be done next for one device that a broker announces, so that it is a device of the hub while it is
/// announced and available, and none otherwise. Pure.
#pragma once

#include "common/text/clock.h"

namespace strawberry::cli::discovery {

struct Membership {
  enum class Phase {
    away,     // no connection, and nothing under way
    asking,   // for its registration or for another token
    joining,  // connecting and registering its skills
    there,    // connected, or coming back by itself
    leaving,
  };
  Phase phase = Phase::away;
  bool is_announced = true;
  bool is_available = false;
  bool is_registered = false;  // the hub gave it an id and a token
  bool needs_token = false;    // the one it has is not good any more
  bool has_new_skills = false;
  SteadyTime not_before{};  // of the next attempt
};

enum class Step {
  none,
  enroll,
  get_token,
  join,
  offer,     // its skills again
  leave,     // it comes back, perhaps soon
  withdraw,  // its skills, and then leave
  forget,
};

/// A device that was never available is not registered, so that what was announced years ago and is gone takes no room
/// at the hub.
Step next_step(const Membership& device, SteadyTime now);

}  // namespace strawberry::cli::discovery
