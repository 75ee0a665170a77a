#include "broker-plugin/gatekeeper.h"

#include <chrono>
#include <utility>

#include "broker-plugin/ending_reason.h"
#include "common/contract/topics.h"
#include "common/identity/stamp.h"
#include "common/identity/token_stamp.h"

namespace strawberry::plugin {
namespace {

/// The broker delivers a publication in the round after the one in which it was published.
constexpr std::chrono::seconds departed_owner_kept{1};
constexpr std::size_t departed_owners_max = 1'000;

/// True when the topic is the status topic of the principal, which is a device.
bool is_own_status(const Principal& principal, const Topic& topic) {
  return principal.type == PrincipalType::device && topic.service && topic.service->service == Service::devices &&
         topic.rest == "status" && topic.second == principal.id;
}

/// Returns the reason for a status, from the reason in the log and the broker's report.
std::string_view status_reason(std::string_view ending_because, Gatekeeper::Ending ending) {
  if (ending_because == client_id_is_a_principal)
    return "disconnected";  // its token and the device are as good as before
  if (!ending_because.empty()) return is_revocation(ending_because) ? "revoked" : ending_because;
  switch (ending) {
    case Gatekeeper::Ending::unknown:
    case Gatekeeper::Ending::said_goodbye: return "disconnected";
    case Gatekeeper::Ending::lost: return "connection_lost";
    case Gatekeeper::Ending::taken_over: return "taken_over";
  }
  return "disconnected";
}

}  // namespace

Gatekeeper::Gatekeeper(Broker& broker, KeyFile keys, DeviceDirectory& directory, const Clock& clock, Options options)
    : broker_(broker),
      keys_(std::move(keys)),
      directory_(directory),
      clock_(clock),
      connections_(options.connections),
      authenticator_(keys_, directory, connections_, clock),
      presence_(broker, directory, clock, options.presence),
      refusals_(broker, clock),
      rates_(clock, options.rates),
      subscriptions_(options.subscriptions),
      unread_(broker, clock, options.unread),
      used_tokens_(clock, options.used),
      endings_(broker, clock, "connections ended"),
      report_(clock),
      logins_(authenticator_, connections_, refusals_, report_, rates_, broker, clock, options.logins),
      next_note_of_open_(clock.steady_now() + open_is_use_interval),
      directory_read_at_(clock.steady_now()) {}

// --- connections ---

LoginAnswer Gatekeeper::login(const Login& login) {
  if (logins_.is_known(login)) return logins_.confirm(login);
  // The broker reuses its handles; an end that it did not report must not affect the new connection.
  disconnected(login.handle);
  refresh_keys(/*even_if_unchanged=*/false);  // the bridge signs with a new key at once
  LoginAnswer answer = logins_.admit(login);
  if (!answer.accepted()) return answer;
  if (login.attempt.is_clean) {
    subscriptions_.forget(login.attempt.client_id);
    unread_.forget(login.attempt.client_id);
  } else {
    unread_.came_back(login.attempt.client_id);
    coming_back_ = login.handle;
  }
  const Connection& connection = *connections_.find(login.handle);
  used_tokens_.note(connection.claims.jti);
  const Principal& principal = connection.principal();
  if (principal.type == PrincipalType::device && !is_quiet(login.attempt.client_id)) presence_.connected(principal.id);
  return answer;
}

void Gatekeeper::disconnected(Connection::Handle handle, Ending ending) {
  flooding_.erase(handle);
  const auto connection = connections_.remove(handle);
  if (connection) used_tokens_.note(connection->claims.jti);
  if (connection && connections_.holder_of(connection->client_id) == nullptr) {
    subscriptions_.forget(connection->client_id);
    unread_.forget(connection->client_id);
  }
  if (!connection || connection->principal().type != PrincipalType::device || is_quiet(connection->client_id)) return;
  const std::string& device_id = connection->principal().id;
  const bool remembered = departed_owners_.size() < departed_owners_max;
  if (remembered && directory_.find(device_id) == nullptr) {
    departed_owners_[device_id] = {connection->principal().user_id, clock_.steady_now() + departed_owner_kept};
  }
  const bool is_taken_over = connection->is_superseded || ending == Ending::taken_over;
  presence_.disconnected(device_id, connections_.present_count_of(device_id), is_taken_over,
                         status_reason(connection->ending_because, is_taken_over ? Ending::taken_over : ending));
}

LoginAnswer Gatekeeper::renew(const Login& login) {
  refresh_keys(/*even_if_unchanged=*/false);
  LoginAnswer answer = logins_.renew(login);
  if (answer.accepted()) used_tokens_.note(connections_.find(login.handle)->claims.jti);
  return answer;
}

// --- topics ---

/// Returns the principal, from the connection or, when there is none, from the name of the session, which `stored`
/// receives.
const Principal* Gatekeeper::who(const TopicEvent& event, const Connection* connection,
                                 std::optional<SessionName>& stored) const {
  if (connection != nullptr && connection->user_name == event.user_name) return &connection->principal();
  stored = decode_session_name(event.user_name);
  return stored ? &stored->principal : nullptr;
}

/// Returns the scopes of the token.
Scopes Gatekeeper::scopes_of(const Connection* connection, const std::optional<SessionName>& stored) const {
  return stored ? stored->scopes : connection->claims.rights.scopes;
}

bool Gatekeeper::allows(const TopicEvent& event) {
  if (event.handle != coming_back_ || event.access == Access::write) coming_back_ = nullptr;
  const Connection* connection = connections_.find(event.handle);
  std::optional<SessionName> stored;
  const Principal* principal = who(event, connection, stored);
  if (principal == nullptr) return false;
  if (event.access == Access::read && connection == nullptr && !may_receive_while_away(event, *stored)) return false;

  Access access = event.access;
  const bool leaves = connection == nullptr || connection->is_leaving();
  // A client that has left or is being removed publishes nothing but its will, which no later hook of the broker sees.
  if (access == Access::write && leaves) access = Access::will;
  // While Mosquitto ends a connection, it asks which of its session's subscriptions may stay: none of a revoked one.
  if (access == Access::subscribe && connection != nullptr && is_revocation(connection->ending_because)) return false;

  const Topic& topic = topics_.read(event.topic);
  const Verdict verdict = check(event, topic, {*principal, scopes_of(connection, stored)}, access);
  if (verdict != Verdict::allowed) {
    // Not counted as an offence, since `devices/+/status` is the usual way to subscribe to one's own status.
    if (access == Access::read) return false;
    refused(event, *principal, access, to_string(verdict));
    if (access == Access::write && rates_.refused(*principal) == RateLimits::Verdict::goes_on)
      flooding_.insert(event.handle);
    return false;
  }
  if (access == Access::write && !is_within_rate(event, *principal)) return false;
  if (has_limits(*principal) && !may_be_held(event, *principal, access)) return false;
  if (access == Access::will && principal->type == PrincipalType::device) {
    presence_.left_a_will(principal->id);
    if (is_own_status(*principal, topic)) presence_.claimed(principal->id, event.payload);
  }
  return true;
}

/// Checks the limit of what the broker holds until the client has read it, or has released it (QoS 2).
bool Gatekeeper::may_be_held(const TopicEvent& event, const Principal& principal, Access access) {
  constexpr int exactly_once = 2;
  const bool is_received = access == Access::write && event.qos == exactly_once;
  if (access != Access::read && !is_received) return true;
  const std::size_t bytes = event.topic.size() + event.payload.size() + (is_received ? 0 : properties_bytes_);
  if (event.handle == coming_back_) {
    unread_.holds(event.client_id, principal, bytes);
    return true;
  }
  if (unread_.give(event.client_id, principal, bytes)) return true;
  if (is_received) awaits_sender_ = is_sending_will_ = false;
  report_.refused(to_string(access), not_reading);
  return false;
}

/// For a session without a connection: the broker queues the message for its owner.
bool Gatekeeper::may_receive_while_away(const TopicEvent& event, const SessionName& session) {
  const StoredSession* known = connections_.stored(event.client_id);
  if (known == nullptr) {
    connections_.remember_stored(event.client_id,
                                 {session.principal, session.issued_at, session.jti, session.root_jti, false});
    known = connections_.stored(event.client_id);
  }
  return known == nullptr || authenticator_.objection(*known).empty();
}

Verdict Gatekeeper::check_limits(const TopicEvent& event, const Topic& topic, const Principal& principal,
                                 Access access) {
  if (access == Access::subscribe && !subscriptions_.add(event.client_id, principal, event.topic))
    return Verdict::too_many_filters;
  const bool publishes = access == Access::write || access == Access::will;
  if (publishes && event.payload.size() > status_bytes_max && is_own_status(principal, topic))
    return Verdict::too_large;
  return Verdict::allowed;
}

Verdict Gatekeeper::check(const TopicEvent& event, const Topic& topic, const Client& client, Access access) {
  const Principal& principal = client.principal;
  Verdict verdict = check_topic(client, access, topic, event.retain, *this);
  if (verdict == Verdict::allowed && has_limits(principal)) verdict = check_limits(event, topic, principal, access);
  if (verdict != Verdict::allowed || !topic.carries_sender) return verdict;
  // When the broker shuts down it publishes the wills of clients that are still connected. Those look like any other
  // publication, but are delivered without write_sender(), so a sender they carry is a forged one.
  if (access == Access::write) awaits_sender_ = true;
  if (access == Access::will) is_sending_will_ = true;  // of a Home Assistant: admins may read it
  if (access != Access::read) return verdict;
  const bool is_unsigned = event.topic == home_assistant_status_topic
                               ? (awaits_sender_ || is_sending_will_) && principal.type == PrincipalType::bridge
                               : awaits_sender_;
  return is_unsigned ? Verdict::will_is_no_request : verdict;
}

void Gatekeeper::refused(const TopicEvent& event, const Principal& principal, Access access, std::string_view reason) {
  report_.refused(to_string(access), reason);
  refusals_.refused({to_string(access), event.client_id, principal, event.topic, {}, reason, event.payload});
}

bool Gatekeeper::is_within_rate(const TopicEvent& event, const Principal& principal) {
  const auto verdict = rates_.published(principal, event.payload.size());
  if (verdict == RateLimits::Verdict::within) return true;
  awaits_sender_ = is_sending_will_ = false;
  refused(event, principal, Access::write, rate_limited);
  if (verdict == RateLimits::Verdict::goes_on) flooding_.insert(event.handle);
  return false;
}

/// Properties count here, since no rate and no limit of the broker includes them.
bool Gatekeeper::takes_properties(const TopicEvent& event) {
  properties_bytes_ = event.properties_bytes;
  if (event.properties_bytes <= properties_bytes_max) return true;
  std::optional<SessionName> stored;
  const Principal* principal = who(event, connections_.find(event.handle), stored);
  if (principal == nullptr || !has_limits(*principal)) return true;
  awaits_sender_ = is_sending_will_ = false;
  refused(event, *principal, Access::write, "properties_too_large");
  if (rates_.refused(*principal) == RateLimits::Verdict::goes_on) flooding_.insert(event.handle);
  return false;
}

bool Gatekeeper::is_heard(const TopicEvent& event) {
  const Topic& topic = topics_.read(event.topic);
  if (!topic.service || topic.service->service != Service::skills || topic.rest != "call") return true;
  const std::string_view device_id = topic.service->id;
  return connections_.resumed_count_of(device_id) > 0 || subscriptions_.hears_calls(device_id);
}

bool Gatekeeper::write_sender(const TopicEvent& event, std::string& sender) {
  sender.clear();
  awaits_sender_ = is_sending_will_ = false;
  std::optional<SessionName> stored;
  const Principal* principal = who(event, connections_.find(event.handle), stored);
  if (principal == nullptr) return false;
  const Topic& topic = topics_.read(event.topic);
  if (is_own_status(*principal, topic)) presence_.claimed(principal->id, event.payload);
  if (topic.carries_sender) append_stamp(sender, *principal, clock_.wall_now());
  return true;
}

std::string Gatekeeper::token_of(const TopicEvent& event) {
  const Topic& topic = topics_.read(event.topic);
  if (!topic.service || topic.rest != "request") return {};
  const Service service = topic.service->service;
  if (service != Service::devices && service != Service::users && service != Service::chat) return {};
  const Connection* connection = connections_.find(event.handle);
  if (connection == nullptr) return {};
  // A device's chats end when it is gone.
  if (service == Service::chat && connection->claims.principal.type != PrincipalType::user) return {};
  return encode_token_stamp(connection->claims);
}

std::string Gatekeeper::rights_of(const TopicEvent& event) {
  const Topic& topic = topics_.read(event.topic);
  if (!topic.carries_sender) return {};
  const Connection* connection = connections_.find(event.handle);
  if (connection == nullptr) return encode_rights({Scopes(), {}});
  return connection->claims.rights.is_full() ? std::string() : encode_rights(connection->claims.rights);
}

void Gatekeeper::dropped(const TopicEvent& event, std::string_view reason) {
  report_.refused(to_string(event.access), reason);
  refusals_.refused({to_string(event.access),
                     event.client_id,
                     std::nullopt,
                     event.topic,
                     {},
                     reason,
                     event.payload,
                     event.correlation_data});
}

std::string_view Gatekeeper::owner_of(std::string_view device_id) const {
  if (const DeviceRecord* device = directory_.find(device_id)) return device->user_id;
  const auto departed = departed_owners_.find(std::string(device_id));
  return departed == departed_owners_.end() ? directory_.former_owner_of(device_id)
                                            : std::string_view(departed->second.user_id);
}

}  // namespace strawberry::plugin
