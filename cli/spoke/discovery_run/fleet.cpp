#include "cli/spoke/discovery_run/fleet.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "cli/spoke/discovery_run/fleet_member.h"
#include "cli/text.h"
#include "cli/token_times.h"

namespace strawberry::cli::discovery {
namespace {

using Phase = Membership::Phase;
using std::chrono::milliseconds;

// Memory of one device for the calls that it has answered: little, since there are many devices.
constexpr RecentCalls::Options memory_of_one{std::chrono::minutes(10), 256, 16 * 1024};

}  // namespace

Fleet::Fleet(asio::io_context& loop, const Clock& clock, DeviceFiles& files, Enrollment& enrollment, Options options)
    : loop_(loop),
      clock_(clock),
      files_(files),
      enrollment_(enrollment),
      options_(std::move(options)),
      look_timer_(loop) {}

Fleet::~Fleet() { *alive_ = false; }

void Fleet::announce(const Announced& device) {
  auto& member = members_[device.key];
  if (!member) {
    member = std::make_shared<Member>(loop_.get_executor());
    member->skills = options_.skills(device.key);
  }
  member->announced = device;
  member->state.is_announced = true;
  member->state.is_available = device.is_available;
  member->state.has_new_skills = true;
  if (member->device_id.empty()) {
    const auto known = files_.find(device.identities);
    const bool is_taken = known && std::any_of(members_.begin(), members_.end(), [&](const auto& other) {
                            return other.second != member && other.second->device_id == known->device_id;
                          });
    if (known && !is_taken) {
      member->device_id = known->device_id;
      member->known_name = known->name;
      member->state.is_registered = true;
    }
  }
  look_soon();
}

void Fleet::set_available(const std::string& key, bool is_available) {
  const auto found = members_.find(key);
  if (found == members_.end()) return;
  found->second->announced.is_available = is_available;
  found->second->state.is_available = is_available;
  look_soon();
}

void Fleet::remove(const std::string& key) {
  const auto found = members_.find(key);
  if (found == members_.end()) return;
  found->second->state.is_announced = false;
  look_soon();
}

Fleet::Numbers Fleet::numbers() const {
  Numbers numbers;
  for (const auto& [key, member] : members_) {
    if (!member->state.is_announced) continue;
    ++numbers.devices;
    if (member->is_connected) ++numbers.connected;
    if (!member->state.is_available) ++numbers.unavailable;
    if (member->refused_pause.count() > 0) ++numbers.refused;
  }
  return numbers;
}

Task<void> Fleet::close() {
  closing_ = true;
  look_timer_.cancel();
  for (const auto& [key, member] : members_) {
    if (member->spoke) member->spoke->stop_joining();
    member->end->set(ConnectionEnd{});
  }
  co_await enrollment_.stop();
  asio::steady_timer turn(loop_);
  do {
    turn.expires_after(milliseconds(2));
    co_await turn.async_wait(asio::use_awaitable);
  } while (tasks_ > 0);
}

// --- decisions ---

void Fleet::look_soon() {
  if (std::exchange(looks_soon_, true)) return;
  asio::post(loop_, [this, alive = alive_] {
    if (!*alive) return;
    looks_soon_ = false;
    look();
    if (options_.on_change) options_.on_change();
  });
}

void Fleet::look_at(SteadyTime time) {
  if (time >= look_at_) return;
  look_at_ = time;
  look_timer_.expires_at(std::chrono::time_point_cast<std::chrono::steady_clock::duration>(time));
  look_timer_.async_wait([this, alive = alive_](const boost::system::error_code& cancelled) {
    if (cancelled || !*alive) return;
    look_at_ = SteadyTime::max();
    look();
  });
}

void Fleet::look() {
  if (closing_) return;
  const SteadyTime now = clock_.steady_now();
  for (auto next = members_.begin(); next != members_.end();) {
    const auto [key, member] = *next++;  // a copy, since forgetting one erases it
    const Step step = next_step(member->state, now);
    if (step == Step::none && member->state.phase == Phase::away && now < member->state.not_before)
      look_at(member->state.not_before);
    if (step != Step::none) take(step, member);
  }
}

void Fleet::take(Step step, const MemberPtr& member) {
  switch (step) {
    case Step::none: break;
    case Step::enroll:
      if (is_asking_) break;
      if (clock_.steady_now() < enroll_not_before_) {
        look_at(enroll_not_before_);
        break;
      }
      begin_asking(*member);
      spawn(enroll(member));
      break;
    case Step::get_token:
      if (is_asking_) break;
      begin_asking(*member);
      spawn(get_token(member));
      break;
    case Step::join:
      if (joining_ >= options_.joining_max || !is_ready_to_join(*member)) break;
      begin_joining(member);
      spawn(be_there(member));
      break;
    case Step::offer:
      member->state.has_new_skills = false;
      member->spoke->offer();
      rename_if_needed(member);
      break;
    case Step::leave:
    case Step::withdraw:
      if (member->state.phase == Phase::joining) member->spoke->stop_joining();
      member->state.phase = Phase::leaving;
      member->end->set(ConnectionEnd{step == Step::withdraw, std::nullopt});
      break;
    case Step::forget: members_.erase(member->announced.key); break;
  }
}

void Fleet::spawn(Task<void> task) {
  ++tasks_;
  asio::co_spawn(loop_, std::move(task), [this](const std::exception_ptr&) {
    --tasks_;
    look_soon();
  });
}

// --- connections ---

bool Fleet::is_ready_to_join(Member& member) {
  const auto token = files_.token(member.device_id);
  if (!token) {
    say_of(member, token.error().message);
    member.state.not_before = clock_.steady_now() + next_refused_pause(member);
    look_soon();
    return false;
  }
  const auto times = times_of(*token);
  if (times && times->expires_at > clock_.wall_now()) return true;
  member.state.needs_token = true;
  look_soon();
  return false;
}

void Fleet::rename_if_needed(const MemberPtr& member) {
  if (member->is_renaming || member->known_name == member->announced.name) return;
  member->is_renaming = true;
  spawn(rename(member));
}

/// A name that the hub refused is only tried again after the device gets another one.
Task<void> Fleet::rename(MemberPtr member) {
  const std::string name = member->announced.name;
  const KnownDevice device{member->device_id, name, member->announced.identities};
  const auto renamed = co_await member->spoke->rename(name);
  member->is_renaming = false;
  if (!renamed && is_unreachable(renamed.error())) co_return;  // retried after the next connect
  member->known_name = name;
  if (!renamed) co_return say_of(*member, "the hub does not take its name: " + renamed.error().message);
  const auto token = files_.token(device.device_id);
  if (!token) co_return;
  if (auto stored = files_.put(device, *token); !stored) say_of(*member, stored.error().message);
}

SpokeDevice::Options Fleet::spoke_options(const MemberPtr& member) {
  SpokeDevice::Options options;
  HubConnection::Options& connection = options.connection;
  connection.endpoint = options_.endpoint;
  connection.who = {{PrincipalType::device, member->device_id, ""}, member->announced.name};
  connection.token = [this, id = member->device_id] { return files_.token(id).value_or(std::string()); };
  connection.connect_timeout = options_.connect_timeout;
  connection.reconnect_max = options_.reconnect_max;
  options.keep_token = [this, id = member->device_id](const std::string& token) {
    return files_.replace_token(id, token);
  };
  options.new_token_hint = "its token is in " + files_.path_of(member->device_id);
  options.memory = memory_of_one;
  options.loss.refused_max = options_.refused_max;
  options.gives_up_when_expired = true;
  Member* const one = member.get();  // longer than its device
  options.say_news = [this, one](SpokeDevice::News kind, const std::string& line) {
    if (kind == SpokeDevice::News::trouble) say_of(*one, line);
    if (kind == SpokeDevice::News::away) say_of_hub(line);
    if (kind == SpokeDevice::News::call) options_.say_call(printable(one->announced.name, 120) + ": " + line);
  };
  options.on_connection = [this, one](bool is_connected) {
    one->is_connected = is_connected;
    if (is_connected) {
      hub_troubles_.over();
      one->troubles.over();
    }
    look_soon();
  };
  options.give_up = [one](const CliError& why) { one->end->set(ConnectionEnd{false, why}); };
  return options;
}

void Fleet::begin_joining(const MemberPtr& member) {
  ++joining_;
  member->state.phase = Phase::joining;
  member->state.has_new_skills = false;
  member->end = std::make_shared<OneShot<ConnectionEnd>>(loop_.get_executor());
  member->spoke = std::make_unique<SpokeDevice>(loop_, *member->skills, spoke_options(member));
}

/// Runs from connecting to the end of the connection.
Task<void> Fleet::be_there(MemberPtr member) {
  const Outcome<void> joined = co_await member->spoke->join();
  --joining_;
  look_soon();
  std::optional<ConnectionEnd> end;
  if (joined && member->state.phase == Phase::joining) {
    member->state.phase = Phase::there;
    member->refused_pause = milliseconds(0);
    member->troubles.over();
    rename_if_needed(member);
  }
  if (joined || member->end->is_set()) end = co_await member->end->wait();
  const bool was_told_to = member->state.phase == Phase::leaving || closing_;
  member->state.phase = Phase::leaving;
  if (end && end->withdraws) {
    co_await member->spoke->withdraw();
  } else {
    co_await member->spoke->close();
  }
  member->spoke.reset();
  member->is_connected = false;
  member->state.phase = Phase::away;
  member->state.not_before = clock_.steady_now() + options_.soon;
  if (was_told_to) co_return;
  if (end && end->given_up) {
    not_let_in(*member, *end->given_up, true);
  } else if (!joined) {
    not_let_in(*member, joined.error(), joined.error().code == ExitCode::refused);
  }
}

void Fleet::not_let_in(Member& member, const CliError& why, bool is_refused) {
  const bool is_new = member.enrolled_at && clock_.steady_now() < *member.enrolled_at + options_.new_device_patience;
  if (!is_refused) return say_of_hub(why.message);
  if (is_new) return;
  member.state.needs_token = true;
  const auto token = files_.token(member.device_id);
  const auto times = token ? times_of(*token) : std::nullopt;
  if (times && times->expires_at <= clock_.wall_now()) return;  // it gets another one soon
  member.state.not_before = clock_.steady_now() + next_refused_pause(member);
  say_of(member, why.message + tried_again);
}

void Fleet::say_of(Member& member, const std::string& trouble) {
  if (member.troubles.is_new(trouble)) options_.say(printable(member.announced.name, 120) + ": " + trouble);
}

void Fleet::say_of_hub(const std::string& trouble) {
  if (hub_troubles_.is_new(trouble)) options_.say(trouble);
}

}  // namespace strawberry::cli::discovery
