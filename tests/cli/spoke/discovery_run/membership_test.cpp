/// The next step for one announced device.
#include "cli/spoke/discovery_run/membership.h"

#include <gtest/gtest.h>

namespace strawberry::test {
namespace {

using cli::discovery::Membership;
using cli::discovery::next_step;
using cli::discovery::Step;
using Phase = Membership::Phase;
using namespace std::chrono_literals;

const SteadyTime now{1h};

Membership device(Phase phase) {
  Membership one;
  one.phase = phase;
  one.is_available = one.is_registered = true;
  return one;
}

TEST(Membership, ADeviceIsRegisteredThenThere) {
  Membership one = device(Phase::away);
  one.is_registered = false;
  EXPECT_EQ(next_step(one, now), Step::enroll);
  one.is_registered = true;
  EXPECT_EQ(next_step(one, now), Step::join);
  one.needs_token = true;
  EXPECT_EQ(next_step(one, now), Step::get_token);
}

TEST(Membership, ADeviceThatIsNotAvailableIsLeftAlone) {
  Membership one = device(Phase::away);
  one.is_available = one.is_registered = false;
  EXPECT_EQ(next_step(one, now), Step::none);
  for (const Phase phase : {Phase::joining, Phase::there}) {
    one.phase = phase;
    EXPECT_EQ(next_step(one, now), Step::leave);
  }
}

TEST(Membership, ADeviceThatIsNoLongerAnnouncedGoesWithItsSkillsAndIsForgotten) {
  Membership one = device(Phase::there);
  one.is_announced = false;
  EXPECT_EQ(next_step(one, now), Step::withdraw);
  one.phase = Phase::leaving;
  EXPECT_EQ(next_step(one, now), Step::none);
  one.phase = Phase::away;
  EXPECT_EQ(next_step(one, now), Step::forget);
}

TEST(Membership, ADeviceWaitsBeforeItIsTriedAgain) {
  Membership one = device(Phase::away);
  one.not_before = now + 1ns;
  EXPECT_EQ(next_step(one, now), Step::none);
  EXPECT_EQ(next_step(one, now + 1ns), Step::join);
}

TEST(Membership, NewSkillsAreOfferedOnceADeviceIsThere) {
  Membership one = device(Phase::joining);
  one.has_new_skills = true;
  EXPECT_EQ(next_step(one, now), Step::none);
  one.phase = Phase::there;
  EXPECT_EQ(next_step(one, now), Step::offer);
  one.is_available = false;
  EXPECT_EQ(next_step(one, now), Step::leave);
}

TEST(Membership, NothingIsDoneWhileSomethingIsUnderWay) {
  for (const Phase phase : {Phase::asking, Phase::leaving}) {
    Membership one = device(phase);
    one.is_announced = one.is_available = false;
    EXPECT_EQ(next_step(one, now), Step::none);
  }
}

}  // namespace
}  // namespace strawberry::test
