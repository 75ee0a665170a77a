#include "broker-plugin/gatekeeper.h"

#include <chrono>
#include <utility>

#include "common/contract/control.h"
#include "common/contract/topics.h"
#include "common/identity/token_stamp.h"

namespace strawberry {
namespace {

constexpr std::chrono::seconds tick_interval{1};
constexpr std::chrono::seconds report_interval{10};
/// The broker delivers what was published in one round in the next.
constexpr std::chrono::seconds departed_owner_kept{1};
constexpr std::size_t departed_owners_max = 1'000;
constexpr std::size_t changed_max = 10'000;  // beyond it, the look at everything finds them
constexpr const char* report_topic = "hub/broker";
constexpr std::string_view token_expired = "token_expired";
constexpr std::string_view rate_limited = "rate_limited";
constexpr std::string_view not_reading = "not_reading";

/// The device whose own status topic this is; nothing for anybody else.
bool is_own_status(const Principal& principal, std::string_view topic) {
  if (principal.type != PrincipalType::device) return false;
  const auto parsed = parse_service_topic(topic);
  return parsed && parsed->service == Service::devices && parsed->rest == "status" && parsed->id == principal.id;
}

/// Why the plugin ended a connection: not because time ran out, but because somebody took a right away.
bool is_revocation(std::string_view ending_because) {
  return !ending_because.empty() && ending_because != token_expired && ending_because != rate_limited &&
         ending_because != not_reading;
}

/// The reason in a status, from the reason in the log and what the broker says.
std::string_view status_reason(std::string_view ending_because, Gatekeeper::Ending ending) {
  if (!ending_because.empty()) return is_revocation(ending_because) ? "revoked" : ending_because;
  switch (ending) {
    case Gatekeeper::Ending::unknown:
    case Gatekeeper::Ending::said_goodbye: return "disconnected";
    case Gatekeeper::Ending::lost: return "connection_lost";
    case Gatekeeper::Ending::taken_over: return "taken_over";
  }
  return "disconnected";
}

std::string list_of_kids(const KeySet& keys) {
  std::string list;
  for (const Key& key : keys.keys()) list += (list.empty() ? "" : " ") + quoted_for_log(key.kid());
  return list;
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
      endings_(broker, clock, "connections ended"),
      report_(clock),
      logins_(authenticator_, connections_, refusals_, report_, rates_, broker, clock, options.logins),
      directory_read_at_(clock.steady_now()) {}

// --- connections ---

LoginAnswer Gatekeeper::login(const Login& login) {
  if (logins_.is_known(login)) return logins_.confirm(login);
  // The broker reuses its handles; an end it did not report must not be held against the next one.
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
  const Principal& principal = connections_.find(login.handle)->principal();
  if (principal.type == PrincipalType::device && !is_quiet(login.attempt.client_id)) presence_.connected(principal.id);
  return answer;
}

void Gatekeeper::disconnected(Connection::Handle handle, Ending ending) {
  flooding_.erase(handle);
  const auto connection = connections_.remove(handle);
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
  return logins_.renew(login);
}

// --- topics ---

/// Who this is, from the connection or, when there is none, from the name of the session, which `stored` then holds.
const Principal* Gatekeeper::who(const TopicEvent& event, const Connection* connection,
                                 std::optional<SessionName>& stored) const {
  if (connection != nullptr && connection->user_name == event.user_name) return &connection->principal();
  stored = decode_session_name(event.user_name);
  return stored ? &stored->principal : nullptr;
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
  // A client that is gone, or about to be, publishes nothing but its will, which no later hook of the broker sees.
  if (access == Access::write && leaves) access = Access::will;
  // While it ends a connection, Mosquitto asks which of its session's subscriptions may stay: none of a revoked one.
  if (access == Access::subscribe && connection != nullptr && is_revocation(connection->ending_because)) return false;

  const Verdict verdict = check(event, *principal, access);
  if (verdict != Verdict::allowed) {
    // Not being delivered somebody else's status is no offence: `devices/+/status` is how one asks for one's own.
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
    if (is_own_status(*principal, event.topic)) presence_.claimed(principal->id, event.payload);
  }
  return true;
}

/// What the broker holds until the client has read it, or has released it (QoS 2).
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

/// A session that nobody is connected to: what it is given now waits for its owner.
bool Gatekeeper::may_receive_while_away(const TopicEvent& event, const SessionName& session) {
  const StoredSession* known = connections_.stored(event.client_id);
  if (known == nullptr) {
    connections_.remember_stored(event.client_id,
                                 {session.principal, session.issued_at, session.jti, session.root_jti, false});
    known = connections_.stored(event.client_id);
  }
  return known == nullptr || authenticator_.objection(*known).empty();
}

Verdict Gatekeeper::check_limits(const TopicEvent& event, const Principal& principal, Access access) {
  if (access == Access::subscribe && !subscriptions_.add(event.client_id, principal, event.topic))
    return Verdict::too_many_filters;
  const bool publishes = access == Access::write || access == Access::will;
  if (publishes && event.payload.size() > status_bytes_max && is_own_status(principal, event.topic))
    return Verdict::too_large;
  return Verdict::allowed;
}

Verdict Gatekeeper::check(const TopicEvent& event, const Principal& principal, Access access) {
  Verdict verdict = check_topic(principal, access, event.topic, event.retain, *this);
  if (verdict == Verdict::allowed && has_limits(principal)) verdict = check_limits(event, principal, access);
  if (verdict != Verdict::allowed || !carries_sender(event.topic)) return verdict;
  // When the broker shuts down it publishes the wills of clients that are still connected. Those look like any other
  // publication, but are delivered without sender_of(), so a sender they carry is a forged one.
  if (access == Access::write) awaits_sender_ = true;
  if (access == Access::will) is_sending_will_ = true;  // of a Home Assistant: admins may see it
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

/// No rate and no limit of the broker counts them.
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

std::optional<std::string> Gatekeeper::sender_of(const TopicEvent& event) {
  awaits_sender_ = is_sending_will_ = false;
  std::optional<SessionName> stored;
  const Principal* principal = who(event, connections_.find(event.handle), stored);
  if (principal == nullptr) return std::nullopt;
  if (is_own_status(*principal, event.topic)) presence_.claimed(principal->id, event.payload);
  return carries_sender(event.topic) ? encode_principal(*principal) : std::string();
}

std::string Gatekeeper::token_of(const TopicEvent& event) const {
  const auto parsed = parse_service_topic(event.topic);
  if (!parsed || parsed->service != Service::devices || parsed->rest != "request") return {};
  const Connection* connection = connections_.find(event.handle);
  return connection == nullptr ? std::string() : encode_token_stamp(connection->claims);
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

// --- what the bridge says ---

bool Gatekeeper::control(const TopicEvent& event) {
  const Connection* connection = connections_.find(event.handle);
  if (connection == nullptr || connection->principal().type != PrincipalType::bridge) return false;
  const auto change = read_change(event.payload);
  if (!change) return false;
  refresh_keys(/*even_if_unchanged=*/false);
  for (const std::string& id : change->ids) {
    (void)directory_.refresh_one({id});  // a failure is logged by the next look at all of it
    const DeviceRecord* device = directory_.find(id);
    const bool has_lost_rights = device == nullptr || !device->is_active || connections_.count_of(id) > 0;
    if (has_lost_rights && changed_.size() < changed_max) changed_.insert(id);
  }
  broker_.publish(std::string(control_response_topic), write_acknowledgement(change->number));
  return true;
}

/// Connections end in a round of the broker, never within its callback about another one.
void Gatekeeper::end_changed() {
  if (changed_.empty()) return;
  const auto changed = std::exchange(changed_, {});
  for (const Connection::Handle handle : connections_.handles()) {
    Connection* connection = connections_.find(handle);
    if (connection == nullptr || connection->is_leaving() || !changed.contains(connection->principal().id)) continue;
    const std::string_view reason = authenticator_.objection(connection->claims);
    if (!reason.empty()) end(*connection, reason);
  }
  connections_.bury_stored([&](const StoredSession& session) {
    return changed.contains(session.principal.id) && !authenticator_.objection(session).empty();
  });
}

/// As end_changed(): not within the callback about another one.
void Gatekeeper::end_flooding() {
  for (const Connection::Handle handle : std::exchange(flooding_, {})) {
    Connection* connection = connections_.find(handle);
    if (connection != nullptr && !connection->is_leaving()) end(*connection, rate_limited);
  }
}

/// As end_changed(): not within the callback about another one.
void Gatekeeper::end_unread() {
  for (const std::string& client_id : unread_.take_overdue()) {
    Connection* connection = connections_.find(connections_.handle_of(client_id));
    if (connection != nullptr && !connection->is_leaving()) end(*connection, not_reading);
  }
}

// --- as time goes by ---

void Gatekeeper::reload() {
  logins_.begin_confirming();
  refresh_keys(/*even_if_unchanged=*/true);
}

void Gatekeeper::tick() {
  logins_.round();
  // A request sent again at QoS 2 is let in, but not asked for twice; it is delivered in a later round of the broker.
  awaits_sender_ = is_sending_will_ = false;
  end_changed();
  end_flooding();
  end_unread();
  coming_back_ = nullptr;
  const SteadyTime now = clock_.steady_now();
  if (now < next_tick_) return;
  next_tick_ = now + tick_interval;

  std::erase_if(departed_owners_, [now](const auto& entry) { return entry.second.forgotten_at <= now; });
  refresh_keys(/*even_if_unchanged=*/false);
  refresh_directory();
  end_what_may_not_go_on();
  presence_.tick();
  refusals_.tick();
  rates_.tick();
  unread_.tick();
  endings_.tick();
  logins_.tick();
  if (now < next_report_) return;
  next_report_ = now + report_interval;
  const auto is_gone = [this](std::string_view id) { return connections_.holder_of(id) == nullptr; };
  subscriptions_.forget_if(is_gone);
  unread_.forget_if(is_gone);
  report();
}

void Gatekeeper::refresh_keys(bool even_if_unchanged) {
  const auto changed = keys_.refresh(even_if_unchanged);
  if (!changed) {
    broker_.log(LogLevel::error, changed.error().message + "; going on with the keys read before");
  } else if (*changed) {
    rights_changed_ = true;
    const std::string kids = list_of_kids(keys_.keys());
    broker_.log(LogLevel::notice, "read the keys again: " + kids);
    AuditLine line;  // whose hand changed the file, nobody says
    line.action = "broker.keys";
    line.subject = kids;
    broker_.publish(audit_topic, write_audit(line, clock_.wall_now()));
  }
}

void Gatekeeper::refresh_directory() {
  const auto refreshed = directory_.refresh();
  const std::string failure = refreshed ? std::string() : refreshed.error().message;
  if (refreshed) directory_read_at_ = clock_.steady_now();
  if (failure != last_directory_failure_) {
    if (failure.empty()) {
      broker_.log(LogLevel::notice, "the device directory can be read again");
    } else {
      broker_.log(LogLevel::error, failure + "; going on with what was read before");
    }
    last_directory_failure_ = failure;
  }
  if (!refreshed || !*refreshed) return;
  rights_changed_ = true;
  connections_.bury_stored([this](const StoredSession& session) { return !authenticator_.objection(session).empty(); });
}

void Gatekeeper::end_what_may_not_go_on() {
  const bool all_rights = std::exchange(rights_changed_, false);
  const WallTime now = clock_.wall_now();
  for (const Connection::Handle handle : connections_.handles()) {
    Connection* connection = connections_.find(handle);
    if (connection == nullptr || connection->is_leaving()) continue;
    if (!all_rights && connection->claims.expires_at > now) continue;
    const std::string_view reason = authenticator_.objection(connection->claims);
    if (!reason.empty()) end(*connection, reason);
  }
}

void Gatekeeper::end(Connection& connection, std::string_view reason) {
  connection.ending_because = reason;
  report_.ended(reason);
  endings_.write(LogLevel::notice, "ends connection reason=" + std::string(reason) +
                                       " client_id=" + quoted_for_log(connection.client_id) +
                                       " principal=" + encode_principal(connection.principal()));
  // Ending it removes `connection`; the client id must outlive that. Who is thrown out does not have the last word.
  const std::string client_id = connection.client_id;
  broker_.kick(client_id, /*with_will=*/!is_revocation(reason));
}

void Gatekeeper::report() {
  BrokerReport::Now now;
  now.connections = connections_.size();
  now.stored_sessions = connections_.stored_count();
  now.limited_addresses = logins_.limited_addresses();
  now.devices = directory_.size();
  now.directory_read_at = directory_read_at_;
  now.keys = &keys_.keys().keys();
  broker_.publish_retained(report_topic, report_.write(now));
}

}  // namespace strawberry
