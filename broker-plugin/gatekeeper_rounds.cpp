// Gatekeeper: messages of the bridge on control_topic, and periodic work.
#include <chrono>
#include <utility>

#include "broker-plugin/ending_reason.h"
#include "broker-plugin/gatekeeper.h"
#include "common/contract/audit.h"
#include "common/contract/control.h"
#include "common/contract/principal.h"

namespace strawberry::plugin {
namespace {

constexpr std::chrono::seconds tick_interval{1};
constexpr std::chrono::seconds report_interval{10};
constexpr std::size_t changed_max = 10'000;  // beyond it, the periodic check of all connections finds them
constexpr const char* report_topic = "hub/broker";

std::string list_of_kids(const KeySet& keys) {
  std::string list;
  for (const Key& key : keys.keys()) list += (list.empty() ? "" : " ") + quoted_for_log(key.kid());
  return list;
}

}  // namespace

// --- messages of the bridge ---

bool Gatekeeper::control(const TopicEvent& event) {
  const Connection* connection = connections_.find(event.handle);
  if (connection == nullptr || connection->principal().type != PrincipalType::bridge) return false;
  const auto change = read_change(event.payload);
  if (!change) return false;
  refresh_keys(/*even_if_unchanged=*/false);
  for (const std::string& id : change->ids) {
    // The id may be a device's, a user's, or a token's jti. A failure is logged by the next refresh of everything.
    (void)directory_.refresh_one({id, id, id});
    const DeviceRecord* device = directory_.find(id);
    const bool has_lost_rights = device == nullptr || !device->is_active || connections_.count_of(id) > 0;
    const bool is_a_client_id = connections_.handle_of(id) != nullptr;  // whose owner it may have become just now
    if ((has_lost_rights || is_a_client_id) && changed_.size() < changed_max) changed_.insert(id);
  }
  broker_.publish(std::string(control_response_topic), write_acknowledgement(change->number));
  return true;
}

/// True for a connection that may have registered the device which now has its client id: an admin's, or the owner's.
/// It still waits for the answer with the device's token.
bool Gatekeeper::made_its_id(const Connection& connection) const {
  const DeviceRecord* device = directory_.find(connection.client_id);
  const Principal& principal = connection.principal();
  return principal.type == PrincipalType::admin || (device != nullptr && device->user_id == principal.user_id);
}

/// Connections end in a round of the broker, never within its callback about another connection.
void Gatekeeper::end_changed() {
  if (changed_.empty()) return;
  const auto changed = std::exchange(changed_, {});
  const auto is_about = [&changed](const Claims& claims) {
    return changed.contains(claims.principal.id) || changed.contains(claims.principal.user_id) ||
           changed.contains(claims.jti) || changed.contains(claims.root_jti);
  };
  for (const Connection::Handle handle : connections_.handles()) {
    Connection* connection = connections_.find(handle);
    if (connection == nullptr || connection->is_leaving()) continue;
    if (changed.contains(connection->client_id) && !made_its_id(*connection) &&
        authenticator_.is_of_another(connection->client_id, connection->principal())) {
      end(*connection, client_id_is_a_principal);
      continue;
    }
    if (!is_about(connection->claims)) continue;
    const std::string_view reason = authenticator_.objection(connection->claims);
    if (!reason.empty()) end(*connection, reason);
  }
  connections_.bury_stored([&](const StoredSession& session) {
    const bool is_changed = changed.contains(session.principal.id) || changed.contains(session.principal.user_id) ||
                            changed.contains(session.jti) || changed.contains(session.root_jti);
    return is_changed && !authenticator_.objection(session).empty();
  });
}

/// As end_changed(): not within the callback about another connection.
void Gatekeeper::end_flooding() {
  for (const Connection::Handle handle : std::exchange(flooding_, {})) {
    Connection* connection = connections_.find(handle);
    if (connection != nullptr && !connection->is_leaving()) end(*connection, rate_limited);
  }
}

/// As end_changed(): not within the callback about another connection.
void Gatekeeper::end_unread() {
  for (const std::string& client_id : unread_.take_overdue()) {
    Connection* connection = connections_.find(connections_.handle_of(client_id));
    if (connection != nullptr && !connection->is_leaving()) end(*connection, not_reading);
  }
}

// --- periodic work ---

void Gatekeeper::reload() {
  logins_.begin_confirming();
  refresh_keys(/*even_if_unchanged=*/true);
}

void Gatekeeper::tick() {
  logins_.round();
  // A request repeated at QoS 2 is allowed, but sender_of() is not called again; it is delivered in a later round.
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
  tell_used_tokens();
  if (now < next_report_) return;
  next_report_ = now + report_interval;
  const auto is_gone = [this](std::string_view id) { return connections_.holder_of(id) == nullptr; };
  subscriptions_.forget_if(is_gone);
  unread_.forget_if(is_gone);
  presence_.forget_deleted();
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
    AuditLine line;  // no actor: it is unknown who changed the file
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
  const bool notes_open = next_note_of_open_ <= clock_.steady_now();
  if (notes_open) next_note_of_open_ = clock_.steady_now() + open_is_use_interval;
  for (const Connection::Handle handle : connections_.handles()) {
    Connection* connection = connections_.find(handle);
    if (connection == nullptr || connection->is_leaving()) continue;
    if (notes_open) used_tokens_.note(connection->claims.jti);
    if (!all_rights && connection->claims.expires_at > now) continue;
    const std::string_view reason = authenticator_.objection(connection->claims);
    if (!reason.empty()) end(*connection, reason);
  }
}

/// Not while the bridge is away: the broker would have to keep it.
void Gatekeeper::tell_used_tokens() {
  if (connections_.count_of(bridge_principal_id) == 0) return;
  used_tokens_.begin_round();
  for (auto uses = used_tokens_.take(); !uses.empty(); uses = used_tokens_.take())
    broker_.publish(std::string(control_response_topic), write_token_uses(uses));
}

void Gatekeeper::end(Connection& connection, std::string_view reason) {
  connection.ending_because = reason;
  report_.ended(reason);
  endings_.write(LogLevel::notice, "ends connection reason=" + std::string(reason) +
                                       " client_id=" + quoted_for_log(connection.client_id) +
                                       " principal=" + encode_principal(connection.principal()));
  // Ending it removes `connection`; the client id must outlive that. A client whose right was revoked leaves no will.
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

}  // namespace strawberry::plugin
