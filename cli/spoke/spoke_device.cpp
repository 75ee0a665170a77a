#include "cli/spoke/spoke_device.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "cli/text.h"
#include "common/runtime/asio.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr const char* hub_state_topic = "hub/state";
constexpr milliseconds renewal_pause_min{1'000};
constexpr milliseconds renewal_pause_max{300'000};  // whatever the clocks say
constexpr int renewal_pauses_of_a_life = 10;
constexpr milliseconds timer_max = std::chrono::hours(24);
constexpr milliseconds tasks_end_pause{1};

std::string skills_in_words(std::size_t count) { return std::to_string(count) + (count == 1 ? " skill" : " skills"); }

/// True if a retry would get the same answer.
bool is_final(const CliError& error) { return error.hub_code == "bad_request" || error.hub_code == "forbidden"; }

}  // namespace

SpokeDevice::SpokeDevice(asio::io_context& loop, DeviceSkills& skills, Options options)
    : loop_(loop),
      options_(std::move(options)),
      skills_(skills),
      loss_policy_(clock_, options_.loss),
      call_topic_(skill_call_topic(options_.connection.who.principal.id)),
      result_topic_(skill_result_topic(options_.connection.who.principal.id)),
      hub_(loop, connection()),
      runner_(clock_, skills_,
              {[this](std::string answer) { hub_.publish_text(result_topic_, std::move(answer)); },
               [this](const SkillRunner::Report& report) {
                 const std::string took = std::to_string(report.took.count()) + " ms";
                 tell(News::call,
                      report.skill_path + "  " + took + (report.error.empty() ? "" : "  failed: " + report.error));
               },
               options_.memory}),
      heartbeat_(loop),
      renewal_(loop),
      token_watch_(loop),
      joined_(loop.get_executor()) {}

HubConnection::Options SpokeDevice::connection() {
  HubConnection::Options options = options_.connection;
  options.reconnect = true;
  options.own_client_id = true;
  options.services = {Service::skills, Service::devices};
  options.filters = {call_topic_};
  options.on_message = [this](const MqttMessage& message) { received(message); };
  options.on_ready = [this] { connected(); };
  options.on_lost = [this](const std::string& reason) { lost(reason); };
  return options;
}

Task<Outcome<void>> SpokeDevice::join() {
  Outcome<void> opened = co_await hub_.open();
  if (!opened) co_return opened;
  std::optional<Outcome<void>> joined = co_await joined_.wait();
  co_return joined ? *joined : Outcome<void>{};
}

void SpokeDevice::stop_joining() {
  closing_ = true;
  joined_.set(cli_error(ExitCode::unreachable, "it was closed"));
  hub_.stop_opening();
}

Task<void> SpokeDevice::close() {
  closing_ = true;
  heartbeat_.cancel();
  renewal_.cancel();
  token_watch_.cancel();
  runner_.stop();
  stop_joining();
  set_connected(false);
  co_await hub_.close();
  // Coroutines that waited for the hub get an error and run once more.
  asio::steady_timer turn(loop_);
  do {
    turn.expires_after(tasks_end_pause);
    co_await turn.async_wait(asio::use_awaitable);
  } while (tasks_ > 0);
}

Task<void> SpokeDevice::withdraw() {
  closing_ = true;
  if (connected_) co_await register_once();
  co_await close();
}

Task<Outcome<std::string>> SpokeDevice::rename(std::string name) {
  if (closing_ || !connected_) co_return cli_error(ExitCode::unreachable, "there is no connection");
  json body{{"op", "update"}, {"device_id", options_.connection.who.principal.id}, {"name", std::move(name)}};
  Outcome<json> reply = co_await hub_.request(Service::devices, std::move(body), options_.patience, nullptr);
  if (!reply) co_return tl::unexpected(reply.error());
  co_return reply->is_object() ? text_member(*reply, "name") : std::string();
}

void SpokeDevice::received(const MqttMessage& message) {
  if (closing_) return;
  if (message.topic == call_topic_) {
    if (!message.retained) runner_.called(message.payload);
    return;
  }
  if (message.topic != hub_state_topic) return;
  const auto state = parse_json(message.payload);
  if (state && state->is_object() && state->value("state", json()).is_string())
    hub_is(state->at("state").get<std::string>());
}

void SpokeDevice::connected() {
  loss_policy_.connected();
  losses_.over();
  token_watch_.cancel();
  tell(News::connection, "connected to " + hub_.where());
  set_connected(true);
}

void SpokeDevice::set_connected(bool is_connected) {
  if (std::exchange(connected_, is_connected) == is_connected) return;
  if (options_.on_connection) options_.on_connection(is_connected);
}

void SpokeDevice::tell(News kind, const std::string& line) const {
  if (options_.say_news) return options_.say_news(kind, line);
  options_.say(line);
}

void SpokeDevice::spawn(Task<void> task) {
  ++tasks_;
  asio::co_spawn(loop_, std::move(task), [this](const std::exception_ptr&) { --tasks_; });
}

void SpokeDevice::hub_is(const std::string& state) {
  hub_is_there_ = state == "online";
  if (hub_is_there_) {
    offer();
  } else {
    tell(News::connection, "the hub is not there; waiting for it");
  }
}

void SpokeDevice::lost(const std::string& reason) {
  set_connected(false);
  hub_is_there_ = false;
  if (closing_) return;
  const LossCause cause = hub_.loss_cause();
  const auto verdict = loss_policy_.lost(cause);
  if (verdict == LossPolicy::Verdict::taken_over) {
    return give_up("another connection came as the device " + options_.connection.who.principal.id +
                   ": it runs twice, here or on another machine; leave one of them");
  }
  if (cause == LossCause::refused) {
    const std::string words =
        "the broker does not let it in: " + why_refused(options_.connection.token(), clock_.wall_now()) +
        (options_.new_token_hint.empty() ? "" : "; " + options_.new_token_hint);
    const bool is_over = options_.gives_up_when_expired && has_expired();
    return is_over || verdict == LossPolicy::Verdict::refused ? give_up(words) : refused(words);
  }
  // An outage is one line, however its attempts fail.
  if (losses_.is_new("not connected"))
    tell(News::away, "not connected to " + hub_.where() + " (" + printable(reason, 200) + "), trying again");
}

void SpokeDevice::refused(const std::string& words) {
  if (losses_.is_new(words)) tell(News::trouble, words + tried_again);
  hub_.connect_after(loss_policy_.refused_pause());
  if (options_.keep_token) look_for_another_token(options_.connection.token());
}

/// Where the token is kept, somebody may put another one.
void SpokeDevice::look_for_another_token(std::string refused) {
  token_watch_.expires_after(options_.look_at_token);
  token_watch_.async_wait([this, refused = std::move(refused)](const boost::system::error_code& cancelled) {
    if (cancelled || closing_ || connected_) return;
    const std::string now = options_.connection.token();
    if (now.empty() || now == refused) return look_for_another_token(refused);
    hub_.connect_after(milliseconds(0));
  });
}

bool SpokeDevice::has_expired() const {
  const auto times = times_of(options_.connection.token());
  return times && times->expires_at <= clock_.wall_now();
}

void SpokeDevice::give_up(std::string why) {
  closing_ = true;
  if (options_.give_up) options_.give_up({ExitCode::refused, std::move(why)});
}

void SpokeDevice::offer() {
  if (!closing_ && connected_) spawn(register_skills(++registration_));
}

Task<void> SpokeDevice::register_skills(std::uint64_t registration) {
  const Outcome<void> done = co_await register_once();
  // Without a connection nothing needs to be done: the next one begins with another registration.
  if (closing_ || !connected_ || registration != registration_) co_return;
  if (done) {
    registration_troubles_.over();
    tell(News::connection, "offers " + skills_in_words(registered_));
    joined_.set(Outcome<void>{});
    beat_later(options_.heartbeat_every);
    renew_token_later(milliseconds(0));
    co_return;
  }
  const std::string trouble = "cannot register: " + done.error().message;
  if (registration_troubles_.is_new(trouble)) tell(News::trouble, trouble);
  if (is_final(done.error())) joined_.set(done);
  beat_later(options_.retry_after);
}

Task<Outcome<void>> SpokeDevice::register_once() {
  json body{{"op", "register"}, {"skills", skills_.registration()}};
  registered_ = body.at("skills").size();
  Outcome<json> reply = co_await hub_.request(Service::skills, std::move(body), options_.patience, nullptr);
  if (!reply) co_return tl::unexpected(reply.error());
  co_return Outcome<void>{};
}

void SpokeDevice::beat_later(milliseconds after) {
  heartbeat_.expires_after(after);
  heartbeat_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled && !closing_ && connected_) spawn(beat());
  });
}

/// The hub counts the device's skills; another number means that it lost them, or that another program registered.
Task<void> SpokeDevice::beat() {
  json body{{"op", "heartbeat"}};
  Outcome<json> reply = co_await hub_.request(Service::skills, std::move(body), options_.patience, nullptr);
  if (closing_ || !connected_) co_return;
  if (reply && reply->is_object() && reply->value("skills", json()) == registered_) {
    beat_later(options_.heartbeat_every);
  } else {
    offer();
  }
}

void SpokeDevice::renew_token_later(milliseconds least) {
  if (!options_.keep_token) return;
  const auto times = times_of(options_.connection.token());
  if (!times) return;
  const auto left = std::chrono::duration_cast<milliseconds>(times->refresh_at() - clock_.wall_now());
  const bool is_near = left <= timer_max;
  renewal_.expires_after(std::clamp(left, least, timer_max));
  renewal_.async_wait([this, is_near](const boost::system::error_code& cancelled) {
    if (cancelled || closing_) return;
    if (is_near) {
      spawn(renew_token());
    } else {
      renew_token_later(renewal_pause());
    }
  });
}

/// Shorter for a token that does not live long.
milliseconds SpokeDevice::renewal_pause() const {
  const auto times = times_of(options_.connection.token());
  if (!times) return renewal_pause_max;
  const auto life = std::chrono::duration_cast<milliseconds>(times->expires_at - times->issued_at);
  return std::clamp(life / renewal_pauses_of_a_life, renewal_pause_min, renewal_pause_max);
}

Task<void> SpokeDevice::renew_token() {
  if (!connected_ || !hub_is_there_) co_return;  // it is looked at after the next registration
  const Outcome<void> done = co_await renew_token_once();
  if (closing_) co_return;
  const auto times = done ? times_of(options_.connection.token()) : std::nullopt;
  if (done) {
    renewal_troubles_.over();
    tell(News::connection, "has a new token" + (times ? ", valid until " + local_and_utc(times->expires_at) : ""));
  } else if (const std::string trouble = "cannot renew its token: " + done.error().message;
             connected_ && renewal_troubles_.is_new(trouble)) {
    tell(News::trouble, trouble);
  }
  renew_token_later(renewal_pause());
}

Task<Outcome<void>> SpokeDevice::renew_token_once() {
  json body{{"op", "refresh_token"}};
  Outcome<json> reply = co_await hub_.request(Service::devices, std::move(body), options_.patience, nullptr);
  if (!reply) co_return tl::unexpected(reply.error());
  const json token = reply->is_object() ? reply->value("access_token", json()) : json();
  if (!token.is_string() || !times_of(token.get<std::string>())) {
    co_return cli_error(ExitCode::refused, "the hub sent no token");
  }
  co_return options_.keep_token(token.get<std::string>());
}

}  // namespace strawberry::cli
