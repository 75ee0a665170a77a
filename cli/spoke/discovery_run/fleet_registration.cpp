/// The fleet's requests to the hub: a registration of each new device, and another token where one is no longer valid.
#include <algorithm>
#include <utility>

#include "cli/spoke/discovery_run/fleet_member.h"
#include "cli/text.h"

namespace strawberry::cli::discovery {

using std::chrono::milliseconds;

void Fleet::begin_asking(Member& member) {
  is_asking_ = true;
  member.state.phase = Membership::Phase::asking;
}

void Fleet::end_asking(Member& member) {
  is_asking_ = false;
  member.state.phase = Membership::Phase::away;
}

Task<void> Fleet::enroll(MemberPtr member) {
  Outcome<Enrolled> enrolled = cli_error(ExitCode::local, "");
  if (member->unsaved) {
    enrolled = *member->unsaved;
  } else {
    enrolled = co_await enrollment_.enroll(member->announced.name);
  }
  end_asking(*member);
  if (closing_ && !enrolled) co_return;
  const SteadyTime now = clock_.steady_now();
  if (!enrolled) {
    const CliError& why = enrolled.error();
    const bool passes = is_unreachable(why) || why.hub_code == "shutting_down" || why.hub_code == "busy";
    enroll_not_before_ = now + (passes ? 5 * options_.soon : options_.no_room_pause);
    say_of_hub("the hub does not register " + in_quotes(member->announced.name) + ": " + why.message +
               "; this and other new devices are tried again");
    co_return;
  }
  hub_troubles_.over();
  member->unsaved = std::move(*enrolled);
  if (!store(*member)) {
    member->state.not_before = now + options_.refused_pause;
    co_return;
  }
  member->enrolled_at = now;
  if (member->unsaved->name != member->announced.name) {
    options_.say(in_quotes(member->announced.name) + " is called " + in_quotes(member->unsaved->name) +
                 " at the hub: another device of its user has that name");
  }
  member->unsaved.reset();
}

/// A device whose file cannot be written keeps its registration, and is not registered again.
bool Fleet::store(Member& member) {
  const KnownDevice device{member.unsaved->device_id, member.announced.name, member.announced.identities};
  if (auto stored = files_.put(device, member.unsaved->token); !stored) {
    say_of(member, stored.error().message);
    return false;
  }
  member.device_id = device.device_id;
  member.known_name = device.name;
  member.state.is_registered = true;
  return true;
}

Task<void> Fleet::get_token(MemberPtr member) {
  auto token = co_await enrollment_.new_token(member->device_id, member->announced.name);
  end_asking(*member);
  member->state.needs_token = false;  // without a new token the old one is tried: it may be valid again
  if (!token) {
    const bool passes = is_unreachable(token.error());
    member->state.needs_token = passes;
    member->state.not_before = clock_.steady_now() + (passes ? 5 * options_.soon : next_refused_pause(*member));
    // The same for all of them, unless the hub has something against this one.
    if (passes) say_of_hub("devices whose token has expired get no other one: " + token.error().message);
    if (!passes) say_of(*member, "it gets no other token: " + token.error().message);
    co_return;
  }
  if (auto stored = files_.replace_token(member->device_id, *token); !stored) {
    say_of(*member, stored.error().message);
    member->state.not_before = clock_.steady_now() + next_refused_pause(*member);
  }
}

milliseconds Fleet::next_refused_pause(Member& member) const {
  member.refused_pause = member.refused_pause.count() == 0
                             ? options_.refused_pause
                             : std::min(2 * member.refused_pause, options_.refused_pause_max);
  return member.refused_pause;
}

}  // namespace strawberry::cli::discovery
