// The thread of an Engine: connects, and keeps the connection in use.
#include <algorithm>
#include <utility>

#include "common/contract/topics.h"
#include "common/text/ids.h"
#include "common/text/json_text.h"
#include "common/text/printable.h"
#include "common/text/strict_json.h"
#include "sdk/cpp/src/engine.h"
#include "sdk/cpp/src/why_unreachable.h"

namespace strawberry {
namespace {

using nlohmann::json;
using sdk::LossCause;
using std::chrono::milliseconds;

constexpr milliseconds disconnect_may_take{150};
constexpr milliseconds destroy_may_take{250};
constexpr milliseconds turn{200};
constexpr milliseconds hub_may_take{10'000};  // for one answer
constexpr milliseconds register_again_after{2'000};
constexpr milliseconds renew_again_min{1'000};
constexpr milliseconds renew_again_max{300'000};
constexpr int renewals_of_a_life = 10;

std::string hub_state_of(std::string_view payload) {
  constexpr std::size_t depth_max = 4;
  const auto state = parse_strict_object(payload, depth_max);
  return state ? text_member(*state, "state") : std::string();
}

std::string counted(std::size_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace

void Spoke::Engine::keep_connected() {
  while (!stops_) {
    Failure failure;
    const auto access = source_.read();
    if (!access) {
      failure = {LossCause::refused, access.error().message};
    } else {
      std::shared_ptr<sdk::MqttLink> link;
      const auto connected = connect(*access, link);
      std::optional<Failure> loss;
      if (connected) loss = serve(link, *access);
      retire(link);
      if (connected && !loss) continue;  // stopped, or to be renewed
      failure = connected ? *loss : connected.error();
      if (failure.cause == LossCause::refused && !connected) {
        failure.why = "the broker does not let it in: " + sdk::why_refused(access->claims, SystemClock().wall_now()) +
                      " (" + failure.why + "; " + source_.remedy(access->claims.id) + ")";
      } else if (failure.cause == LossCause::unreachable) {
        if (!connected) failure.why = explained(*access, failure.why);
        failure.why = "not connected to " + access->where() + ": " + failure.why + "; trying again";
      }
    }
    if (!stops_ && give_up(failure)) break;
  }
  ended(0);
}

/// Looked into once for what is not said again.
std::string Spoke::Engine::explained(const sdk::Access& access, const std::string& why) {
  if (why != unexplained_ || explained_.empty()) {
    unexplained_ = why;
    explained_ = sdk::why_unreachable(access, why, stops_);
  }
  return explained_;
}

/// After a loss: says it, and waits for the next attempt. True when there is none.
bool Spoke::Engine::give_up(const Failure& failure) {
  const bool was_connected = policy_.was_connected();
  const double jitter = static_cast<double>(random_()) / static_cast<double>(std::minstd_rand::max());
  const auto rest = policy_.lost(failure.cause, system_clock().steady_now(), jitter);
  if (!rest) {
    say_(LogLevel::error, "another connection came as the device " + id() +
                              ": it runs twice, here or on another machine (leave one of them)");
    ended(1);
    return true;
  }
  say_once(failure);
  if (failure.cause == LossCause::refused && !was_connected && ends_when_refused_) {
    ended(1);
    return true;
  }
  pause(*rest);
  return false;
}

/// Ends early when another token is put in place.
void Spoke::Engine::pause(milliseconds time) {
  const auto deadline = std::chrono::steady_clock::now() + time;
  const FileState before = source_.state();
  while (!stops_ && std::chrono::steady_clock::now() < deadline) {
    desk_.tick();
    post_->outbox.tick();
    if (!(source_.state() == before)) return;
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, std::min(deadline, std::chrono::steady_clock::now() + turn),
                        [this] { return stops_.load(); });
  }
}

Result<void, sdk::LinkFailure> Spoke::Engine::connect(const sdk::Access& access, std::shared_ptr<sdk::MqttLink>& link) {
  const std::string& id = access.claims.id;
  sdk::MqttLink::Options options;
  options.access = access;
  options.connect_timeout = options_.connect_timeout;
  options.keep_alive = options_.keep_alive;
  // A device has one connection, under its own id. A user may have several, each with its own replies.
  options.client_id = access.is_device() ? id : "spoke-" + new_id();
  const std::string response_to = access.is_device() ? "" : options.client_id;
  for (const Service service : {Service::skills, Service::chat, Service::sessions, Service::devices})
    options.filters.push_back(response_topic(service, id) + (response_to.empty() ? "" : "/" + response_to));
  options.filters.push_back(hub_state_topic);
  if (access.is_device()) options.filters.push_back(skill_call_topic(id));
  {
    const std::lock_guard lock(mutex_);
    news_ = {};
    hub_states_seen_ = 0;
  }
  post_->is_from(id, response_to);
  sdk::MqttLink::Handlers handlers;
  handlers.received = [this, call_topic = skill_call_topic(id)](const sdk::Received& message) {
    if (message.topic == call_topic) return desk_.called(message);
    if (message.topic != hub_state_topic) return requests_.received(message.payload);
    const std::lock_guard lock(mutex_);
    news_.hub_state = hub_state_of(message.payload);
    ++news_.hub_states;
    changed_.notify_all();
  };
  handlers.acknowledged = [post = post_](std::uint64_t number, int reason) {
    post->outbox.acknowledged(number, reason);
  };
  handlers.lost = [this](Failure why) {
    const std::lock_guard lock(mutex_);
    if (!news_.lost) news_.lost = std::move(why);
    changed_.notify_all();
  };
  try {
    link = std::make_shared<sdk::MqttLink>(std::move(options), std::move(handlers));
  } catch (const std::exception& error) {
    return tl::unexpected(Failure{LossCause::unreachable, printable(error.what(), 200)});
  }
  return link->open(stops_);
}

/// Destroys it, but not on a thread of Paho's, and waits no longer than a stop may take.
void Spoke::Engine::retire(std::shared_ptr<sdk::MqttLink>& link) {
  if (!link) return;
  link->close(disconnect_may_take);
  auto done = std::make_shared<std::pair<std::mutex, std::condition_variable>>();
  auto is_done = std::make_shared<bool>(false);
  std::thread([link = std::move(link), done, is_done]() mutable {
    // Another thread may still be publishing.
    while (link.use_count() > 1) std::this_thread::sleep_for(milliseconds(1));
    link.reset();
    const std::lock_guard lock(done->first);
    *is_done = true;
    done->second.notify_all();
  }).detach();
  std::unique_lock lock(done->first);
  while (!*is_done) {
    const bool in_time = done->second.wait_for(lock, destroy_may_take, [&] { return *is_done; });
    if (!in_time && stops_) return;  // it is abandoned
  }
}

std::optional<sdk::LinkFailure> Spoke::Engine::serve(const std::shared_ptr<sdk::MqttLink>& link,
                                                     const sdk::Access& access) {
  const auto now = [] { return system_clock().steady_now(); };
  policy_.connected(now());
  has_new_token_ = false;
  keeper_troubles_.over();
  explained_.clear();
  next_beat_ = next_register_ = next_sync_ = {};
  next_renewal_ = now();
  {
    const std::lock_guard lock(mutex_);
    is_connected_ = true;
    why_not_connected_.clear();
    losses_.over();
  }
  say_(LogLevel::info, "connected to " + access.where() + " as " + access.claims.id);
  post_->outbox.link_up(link);
  requests_.send_all();
  std::optional<Failure> loss;
  while (!stops_) {
    look_at_hub(access);
    desk_.tick();
    post_->outbox.tick();
    // A renewed token is used from the next connection on: reconnect when nothing is under way.
    const bool may_reconnect = has_new_token_ && desk_.is_idle() && requests_.is_idle() && post_->outbox.is_empty();
    std::unique_lock lock(mutex_);
    if (!news_.lost && !stops_ && !may_reconnect && news_.hub_states == hub_states_seen_ && !skills_changed_)
      changed_.wait_for(lock, turn);
    if (news_.lost) loss = news_.lost;
    if (loss || may_reconnect) break;
  }
  requests_.link_down();
  post_->outbox.link_down();
  const std::lock_guard lock(mutex_);
  is_connected_ = is_hub_online_ = is_registered_ = false;
  changed_.notify_all();
  return loss;
}

/// Does what is due: registration, heartbeat, token renewal, messages kept offline.
void Spoke::Engine::look_at_hub(const sdk::Access& access) {
  std::uint64_t hub_states = 0;
  bool has_come = false;
  bool is_there = false;
  bool must_register = false;
  {
    const std::lock_guard lock(mutex_);
    hub_states = news_.hub_states;
    if (hub_states != hub_states_seen_) {
      has_come = news_.hub_state == "online";
      if (!has_come) is_registered_ = false;
      is_hub_online_ = has_come;
    }
    is_there = is_hub_online_;
    if (has_kept_) next_sync_ = {};
    must_register = is_there && (has_come || skills_changed_ || !is_registered_);
    changed_.notify_all();
  }
  if (hub_states != hub_states_seen_) {
    const bool is_first = hub_states_seen_ == 0;
    hub_states_seen_ = hub_states;
    next_register_ = {};
    if (has_come && !is_first) requests_.send_all();
    if (!has_come) say_(LogLevel::warning, "the hub is not there; waiting for it");
  }
  const auto now = system_clock().steady_now();
  if (!is_there) return;
  try {
    if (access.is_device() && desk_.skills() > 0) {
      if (must_register && now >= next_register_) return register_skills();
      if (!must_register && now >= next_beat_) return beat();
    }
    if (now >= next_renewal_ && !has_new_token_) {
      const auto left = access.claims.renew_at() - SystemClock().wall_now();
      if (left.count() <= 0) return renew_token(access);
      next_renewal_ = now + std::min<milliseconds>(left, std::chrono::minutes(1));  // the clock may be set meanwhile
    }
    if (now >= next_sync_) send_offline();
  } catch (const HubError& error) {
    const std::lock_guard lock(mutex_);
    if (!news_.lost && !stops_ && keeper_troubles_.is_new(error.what())) say_(LogLevel::warning, error.what());
  }
}

json Spoke::Engine::ask_as_keeper(Service service, json body) {
  sdk::Requests::Wait wait;
  wait.on_pause = [this](const std::string&) {
    desk_.tick();
    post_->outbox.tick();
    const std::lock_guard lock(mutex_);
    if (news_.lost || stops_) throw HubError("stopped", "the connection was lost");
  };
  return requests_.ask(service, std::move(body), hub_may_take, wait);
}

void Spoke::Engine::register_skills() {
  {
    const std::lock_guard lock(mutex_);
    skills_changed_ = false;
  }
  next_register_ = system_clock().steady_now() + register_again_after;
  json skills = desk_.registration();
  const std::size_t count = skills.size();
  try {
    ask_as_keeper(Service::skills, {{"op", "register"}, {"skills", std::move(skills)}});
  } catch (const HubError& error) {
    if (!error.retryable()) next_register_ = system_clock().steady_now() + std::chrono::minutes(1);
    throw HubError(error.code(), std::string("cannot register: ") + error.what());
  }
  next_beat_ = system_clock().steady_now() + options_.heartbeat_every;
  keeper_troubles_.over();
  say_(LogLevel::info, "offers " + counted(count, "skill"));
  {
    const std::lock_guard lock(mutex_);
    is_registered_ = !skills_changed_;
    changed_.notify_all();
  }
  if (options_.on_ready) options_.on_ready();
}

/// The hub counts the device's skills; another number means that it lost them, or that another program registered.
void Spoke::Engine::beat() {
  next_beat_ = system_clock().steady_now() + std::min<milliseconds>(options_.heartbeat_every, std::chrono::minutes(1));
  const json reply = ask_as_keeper(Service::skills, {{"op", "heartbeat"}});
  if (reply.is_object() && reply.value("skills", json()) == desk_.skills()) {
    next_beat_ = system_clock().steady_now() + options_.heartbeat_every;
    return;
  }
  const std::lock_guard lock(mutex_);
  is_registered_ = false;
}

void Spoke::Engine::renew_token(const sdk::Access& access) {
  const auto life = std::chrono::duration_cast<milliseconds>(access.claims.expires_at - access.claims.issued_at);
  next_renewal_ = system_clock().steady_now() + std::clamp(life / renewals_of_a_life, renew_again_min, renew_again_max);
  std::string why;
  try {
    const json reply = ask_as_keeper(Service::devices, {{"op", "refresh_token"}});
    const std::string token = text_member(reply, "access_token");
    const auto claims = sdk::read_claims(token);
    if (claims) {
      const auto kept = source_.keep(token);
      if (kept) {
        has_new_token_ = true;
        return say_(LogLevel::info, "has a new token, valid until " + format_rfc3339(claims->expires_at));
      }
      why = kept.error().message;
    } else {
      why = "the hub sent no token";
    }
  } catch (const HubError& error) {
    why = error.what();
  }
  throw HubError("internal", "cannot renew its token: " + why);
}

/// An outage is one line, however its attempts fail; what is wrong with a token is another one for each.
void Spoke::Engine::say_once(const Failure& failure) {
  {
    const std::lock_guard lock(mutex_);
    why_not_connected_ = failure.why;
    if (stops_ || !losses_.is_new(failure.cause == LossCause::unreachable ? "not connected" : failure.why)) return;
  }
  say_(LogLevel::warning, failure.why);
}

}  // namespace strawberry
