#include "broker-plugin/gatekeeper.h"

#include <chrono>
#include <utility>

#include "common/topics.h"

namespace strawberry {
namespace {

constexpr std::chrono::seconds tick_interval{1};
constexpr std::size_t departed_owners_max = 1'000;

/// The device whose own status topic this is; nothing for anybody else.
bool is_own_status(const Principal& principal, std::string_view topic) {
  if (principal.type != PrincipalType::device) return false;
  const auto parsed = parse_service_topic(topic);
  return parsed && parsed->service == Service::devices && parsed->rest == "status" && parsed->id == principal.id;
}

/// The reason in a status, from the reason in the log.
std::string_view status_reason(std::string_view ending_because) {
  if (ending_because.empty()) return "disconnected";
  return ending_because == "token_expired" ? "token_expired" : "revoked";
}

}  // namespace

Gatekeeper::Gatekeeper(Broker& broker, KeySet keys, DeviceDirectory& directory, const Clock& clock, Options options)
    : broker_(broker),
      keys_(std::move(keys)),
      directory_(directory),
      clock_(clock),
      connections_(options.connections),
      authenticator_(keys_, directory, connections_, clock),
      presence_(broker, directory, clock, options.presence),
      refusals_(broker, clock) {}

std::optional<std::string> Gatekeeper::connect(const ConnectEvent& event) {
  // No client may send such a user name: it is the one given here before.
  if (const auto principal = decode_principal(event.attempt.user_name)) return confirm(event, *principal);
  // The broker reuses its handles; an end it did not report must not be held against the next one.
  disconnected(event.handle);

  const auto claims = authenticator_.authenticate(event.attempt);
  if (!claims) {
    refuse(event, claims.error());
    return std::nullopt;
  }

  Connection connection;
  connection.handle = event.handle;
  connection.client_id = std::string(event.attempt.client_id);
  connection.principal = claims->principal;
  connection.issued_at = claims->issued_at;
  connection.expires_at = claims->expires_at;
  connection.session_may_stay = event.session_may_stay;
  connections_.add(std::move(connection));
  if (claims->principal.type == PrincipalType::device) presence_.connected(claims->principal.id);
  return encode_principal(claims->principal);
}

/// When the broker reloads its configuration, it asks again about every connection, and about every session it stores.
std::optional<std::string> Gatekeeper::confirm(const ConnectEvent& event, const Principal& principal) {
  const Connection* connection = connections_.find(event.handle);
  if (connection == nullptr && event.has_subscriptions) {
    // Nobody is connected, and whoever will be needs a token. To say no here would make Mosquitto 2.0 put the session
    // into its list of expiring ones a second time, and leave it there when the session is gone.
    return std::string(event.attempt.user_name);
  }
  if (connection == nullptr || connection->client_id != event.attempt.client_id || connection->principal != principal) {
    refuse(event, {"user_name_differs", std::nullopt});
    return std::nullopt;
  }
  ConnectAttempt attempt = event.attempt;
  attempt.user_name = {};
  const auto claims = authenticator_.authenticate(attempt);
  if (claims && claims->principal == principal) return std::string(event.attempt.user_name);
  refuse(event, claims ? Refusal{"user_name_differs", claims->principal} : claims.error());
  return std::nullopt;
}

void Gatekeeper::refuse(const ConnectEvent& event, const Refusal& refusal) {
  RefusedAct act{"connect", event.attempt.client_id, refusal.principal, {}, event.address, refusal.reason};
  refusals_.refused(act);
}

void Gatekeeper::disconnected(Connection::Handle handle) {
  const auto connection = connections_.remove(handle);
  if (!connection || connection->principal.type != PrincipalType::device) return;
  const std::string& device_id = connection->principal.id;
  const bool remembered = departed_owners_.size() < departed_owners_max;
  if (remembered && directory_.find(device_id) == nullptr) departed_owners_[device_id] = connection->principal.user_id;
  presence_.disconnected(device_id, connections_.count_of(device_id), connection->is_superseded,
                         status_reason(connection->ending_because));
}

bool Gatekeeper::allows(const TopicEvent& event) {
  const auto principal = decode_principal(event.user_name);
  if (!principal) return false;
  const Connection* connection = connections_.find(event.handle);

  Access access = event.access;
  // A client that is gone, or about to be, publishes nothing but its will, which no later hook of the broker sees.
  const bool leaves = connection == nullptr || connection->is_superseded || !connection->ending_because.empty();
  if (access == Access::write && leaves) access = Access::will;
  if (access == Access::read && connection == nullptr) connections_.remember_stored(event.client_id, *principal);

  const Verdict verdict = check(event, *principal, access);
  if (verdict != Verdict::allowed) {
    // Not being delivered somebody else's status is no offence: `devices/+/status` is how one asks for one's own.
    if (access != Access::read) {
      RefusedAct act{to_string(access), event.client_id, principal, event.topic, {}, to_string(verdict)};
      refusals_.refused(act);
    }
    return false;
  }
  if (access == Access::will && is_own_status(*principal, event.topic)) presence_.claimed(principal->id, event.payload);
  return true;
}

Verdict Gatekeeper::check(const TopicEvent& event, const Principal& principal, Access access) {
  const Verdict verdict = check_topic(principal, access, event.topic, event.retain, *this);
  if (verdict != Verdict::allowed || !carries_sender(event.topic)) return verdict;
  // When the broker shuts down it publishes the wills of clients that are still connected. Those look like any other
  // publication, but are delivered without sender_of(), so a sender they carry is a forged one.
  if (access == Access::write) awaits_sender_ = true;
  return access == Access::read && awaits_sender_ ? Verdict::will_is_no_request : verdict;
}

std::optional<std::string> Gatekeeper::sender_of(const TopicEvent& event) {
  awaits_sender_ = false;
  const auto principal = decode_principal(event.user_name);
  if (!principal) return std::nullopt;
  if (is_own_status(*principal, event.topic)) presence_.claimed(principal->id, event.payload);
  return carries_sender(event.topic) ? std::string(event.user_name) : std::string();
}

void Gatekeeper::tick() {
  // A request sent again at QoS 2 is let in, but not asked for twice; it is delivered in a later round of the broker.
  awaits_sender_ = false;
  const SteadyTime now = clock_.steady_now();
  if (now < next_tick_) return;
  next_tick_ = now + tick_interval;

  departed_owners_.clear();
  refresh_directory();
  presence_.tick();
  refusals_.tick();
}

void Gatekeeper::refresh_directory() {
  const auto refreshed = directory_.refresh();
  const std::string failure = refreshed ? std::string() : refreshed.error().message;
  if (failure != last_directory_failure_) {
    if (failure.empty()) {
      broker_.log(LogLevel::notice, "the device directory can be read again");
    } else {
      broker_.log(LogLevel::error, failure + "; going on with what was read before");
    }
    last_directory_failure_ = failure;
  }
  end_what_may_not_go_on();
}

void Gatekeeper::end_what_may_not_go_on() {
  for (const Connection::Handle handle : connections_.handles()) {
    Connection* connection = connections_.find(handle);
    if (connection == nullptr || connection->is_superseded || !connection->ending_because.empty()) continue;
    const std::string_view reason = why_end(*connection);
    if (!reason.empty()) end(*connection, reason);
  }
}

std::string_view Gatekeeper::why_end(const Connection& connection) const {
  if (connection.expires_at <= clock_.wall_now()) return "token_expired";
  return authenticator_.objection(connection.principal, connection.issued_at);
}

void Gatekeeper::end(Connection& connection, std::string_view reason) {
  connection.ending_because = reason;
  broker_.log(LogLevel::notice, "ends connection reason=" + std::string(reason) +
                                    " client_id=" + quoted_for_log(connection.client_id) +
                                    " principal=" + encode_principal(connection.principal));
  // Ending it removes `connection`; the client id must outlive that. Who is thrown out does not have the last word.
  const std::string client_id = connection.client_id;
  broker_.kick(client_id, /*with_will=*/reason == "token_expired");
}

std::string_view Gatekeeper::owner_of(std::string_view device_id) const {
  if (const DeviceRecord* device = directory_.find(device_id)) return device->user_id;
  const auto departed = departed_owners_.find(std::string(device_id));
  return departed == departed_owners_.end() ? std::string_view() : departed->second;
}

}  // namespace strawberry
