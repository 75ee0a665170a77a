#include "broker-plugin/logins.h"

#include <chrono>
#include <utility>

#include "common/text/ids.h"

namespace strawberry::plugin {
namespace {

/// How long to believe that the broker will still tell of its stored sessions.
constexpr std::chrono::seconds stored_sessions_wait_max{5};
/// A reload is not free: refused logins bring about one at most this often.
constexpr std::chrono::seconds doubt_interval{10};

}  // namespace

Logins::Logins(Authenticator& authenticator, Connections& connections, RefusalLog& refusals, BrokerReport& report,
               RateLimits& rates, Broker& broker, const Clock& clock, Options options)
    : authenticator_(authenticator),
      connections_(connections),
      refusals_(refusals),
      report_(report),
      rates_(rates),
      broker_(broker),
      clock_(clock),
      limiter_(clock, options.limiter),
      cut_off_(broker, clock, "addresses with too many failed logins"),
      tag_(new_id()),
      awaits_stored_sessions_(options.awaits_stored_sessions),
      started_(clock.steady_now()) {}

bool Logins::is_known(const Login& login) const {
  const Connection* connection = connections_.find(login.handle);
  if (connection != nullptr && connection->user_name == login.attempt.user_name) return true;
  // A session that nobody is connected to.
  const auto name = decode_session_name(login.attempt.user_name);
  if (login.is_session) return name && *login.is_session;
  // Mosquitto 2.0 asks about all of them at once, before it reads anything from a client. A new client has an address,
  // and cannot know the tag.
  return is_confirming_ && name && (login.address.empty() || name->tag == tag_);
}

LoginAnswer Logins::confirm(const Login& login) {
  was_asked_ = true;
  // To say no about a session that nobody is connected to would make Mosquitto 2.0 put it into its list of expiring
  // ones a second time, and leave it there when the session is gone. Whoever wants to use it needs a token anyway.
  if (connections_.find(login.handle) == nullptr) {
    remember(login.attempt.client_id, login.attempt.user_name);
  }
  return {LoginAnswer::Kind::accepted, std::string(login.attempt.user_name)};
}

/// A user name that the plugin has not made says of nobody whose the session is.
void Logins::remember(std::string_view client_id, std::string_view user_name) {
  const auto name = decode_session_name(user_name);
  if (!name) return;
  connections_.remember_stored(client_id, {name->principal, name->issued_at, name->jti, name->root_jti, false});
}

void Logins::look_up_session(std::string_view client_id) {
  if (!broker_.shows_sessions()) return;
  if (const auto session = broker_.session(std::string(client_id))) {
    remember(client_id, session->user_name);
  } else {
    connections_.forget_stored(client_id);  // it has ended
  }
}

LoginAnswer Logins::admit(const Login& login) {
  look_up_session(login.attempt.client_id);
  auto claims = authenticator_.authenticate(login.attempt);
  if (!claims) {
    doubt(login, claims.error());
    return refuse(login, "connect", claims.error());
  }
  if (rates_.is_out(claims->principal)) return refuse(login, "connect", {"rate_limited", claims->principal});
  if (awaits_stored_sessions_ && login.attempt.client_id != claims->principal.id) {
    report_.refused("connect", "starting");
    broker_.request_reload();  // in case it is still on its way
    return {LoginAnswer::Kind::hung_up};
  }
  if (login.session_may_stay) {
    const bool is_full = connections_.has_too_many_stored(claims->principal, login.attempt.client_id);
    if (is_full || connections_.is_unsure_of(claims->principal)) ask_broker();
    if (is_full) return refuse(login, "connect", {"too_many_sessions", claims->principal});
  }
  // Last, so that nobody can use up what is another's, and nothing is counted that is refused anyway.
  if (!rates_.connected(claims->principal)) return refuse(login, "connect", {"connecting_too_fast", claims->principal});

  Connection connection;
  connection.handle = login.handle;
  connection.client_id = std::string(login.attempt.client_id);
  connection.user_name = encode_session_name(*claims, tag_);
  connection.claims = std::move(*claims);
  connection.session_may_stay = login.session_may_stay;
  LoginAnswer answer{LoginAnswer::Kind::accepted, connection.user_name};
  connections_.add(std::move(connection));
  report_.accepted_login();
  return answer;
}

LoginAnswer Logins::renew(const Login& login) {
  Connection* connection = connections_.find(login.handle);
  if (connection == nullptr || connection->is_leaving()) return refuse(login, "renew", {"not_connected", std::nullopt});
  auto claims = authenticator_.authenticate_token(login.attempt.password);
  if (!claims) return refuse(login, "renew", claims.error());
  if (claims->principal != connection->principal()) {
    return refuse(login, "renew", {"principal_differs", connection->principal()});
  }
  connection->user_name = encode_session_name(*claims, tag_);
  connection->claims = std::move(*claims);
  report_.renewed_login();
  return {LoginAnswer::Kind::accepted, connection->user_name};
}

/// MQTT 5 sessions have an expiry of their own, which the broker does not show: the one in the way may be gone.
void Logins::doubt(const Login& login, const Refusal& refusal) {
  if (refusal.reason != "client_id_in_use" || connections_.stored(login.attempt.client_id) == nullptr) return;
  ask_broker();
}

void Logins::ask_broker() {
  const SteadyTime now = clock_.steady_now();
  if (last_doubt_ && now < *last_doubt_ + doubt_interval) return;
  last_doubt_ = now;
  broker_.request_reload();
}

void Logins::begin_confirming() {
  is_confirming_ = true;
  was_asked_ = false;
  connections_.expect_names();
}

void Logins::round() {
  if (awaits_stored_sessions_ && broker_.shows_sessions()) {
    for (const BrokerSession& session : broker_.sessions()) remember(session.client_id, session.user_name);
    stop_waiting();
  }
  if (!std::exchange(is_confirming_, false)) return;
  stop_waiting();
  // A broker that asks about nobody has nobody, or does not ask.
  if (was_asked_) connections_.forget_unnamed();
}

void Logins::stop_waiting() {
  if (!std::exchange(awaits_stored_sessions_, false)) return;
  broker_.log(LogLevel::notice, "ready: knows " + std::to_string(connections_.stored_count()) + " stored sessions");
}

void Logins::tick() {
  cut_off_.tick();
  if (!awaits_stored_sessions_ || clock_.steady_now() < started_ + stored_sessions_wait_max) return;
  awaits_stored_sessions_ = false;
  broker_.log(LogLevel::warning, "the broker has not told of the sessions it stores; owners are learnt as they come");
}

LoginAnswer Logins::refuse(const Login& login, std::string_view action, const Refusal& refusal) {
  report_.refused(action, refusal.reason);
  const RefusedAct act{action, login.attempt.client_id, refusal.principal, {}, login.address, refusal.reason};
  if (action == "connect") report_.refused_login(act);
  const auto verdict = limiter_.failed(login.address);
  if (verdict == LoginLimiter::Verdict::just_beyond) {
    cut_off_.write(LogLevel::warning, "too many failed logins from address=" + quoted_for_log(login.address) +
                                          "; more of them are cut off unanswered and not logged one by one");
  }
  if (verdict != LoginLimiter::Verdict::within) {
    refusals_.passed_over();
    return {LoginAnswer::Kind::hung_up};
  }
  refusals_.refused(act);
  return {LoginAnswer::Kind::refused};
}

}  // namespace strawberry::plugin
