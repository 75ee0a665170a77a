#include "cli/spoke/discovery_run/membership.h"

namespace strawberry::cli::discovery {

Step next_step(const Membership& device, SteadyTime now) {
  using Phase = Membership::Phase;
  switch (device.phase) {
    case Phase::asking:
    case Phase::leaving: return Step::none;
    case Phase::joining:
    case Phase::there:
      if (!device.is_announced) return Step::withdraw;
      if (!device.is_available) return Step::leave;
      return device.has_new_skills && device.phase == Phase::there ? Step::offer : Step::none;
    case Phase::away: break;
  }
  if (!device.is_announced) return Step::forget;
  if (!device.is_available || now < device.not_before) return Step::none;
  if (!device.is_registered) return Step::enroll;
  return device.needs_token ? Step::get_token : Step::join;
}

}  // namespace strawberry::cli::discovery
