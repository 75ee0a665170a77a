#include "broker-plugin/connections.h"

#include <algorithm>
#include <utility>

#include "broker-plugin/principal_key.h"

namespace strawberry::plugin {

void Connections::add(Connection connection) {
  forget_stored(connection.client_id);
  auto& handles = by_client_id_[connection.client_id];
  if (!handles.empty()) open_.at(handles.back()).is_superseded = true;
  handles.push_back(connection.handle);

  Present& present = by_principal_[connection.principal().id];
  present.principal = connection.principal();
  ++present.connections;
  if (is_quiet(connection.client_id)) ++present.quiet;
  ++open_by_user_[connection.principal().user_id];

  const Connection::Handle handle = connection.handle;
  open_.insert_or_assign(handle, std::move(connection));
}

std::optional<Connection> Connections::remove(Connection::Handle handle) {
  auto node = open_.extract(handle);
  if (!node) return std::nullopt;
  Connection connection = std::move(node.mapped());

  const auto same_id = by_client_id_.find(connection.client_id);
  std::erase(same_id->second, handle);
  if (same_id->second.empty()) {
    by_client_id_.erase(same_id);
    if (connection.session_may_stay) {
      remember_stored(connection.client_id,
                      {connection.principal(), connection.claims.issued_at, connection.claims.jti,
                       connection.claims.root_jti, false},
                      /*is_sure=*/false);
    }
  } else {
    // The one that would have replaced it did not come to be.
    open_.at(same_id->second.back()).is_superseded = false;
  }

  const auto users = open_by_user_.find(connection.principal().user_id);
  if (--users->second == 0) open_by_user_.erase(users);
  const auto present = by_principal_.find(connection.principal().id);
  if (is_quiet(connection.client_id)) --present->second.quiet;
  if (--present->second.connections == 0) by_principal_.erase(present);
  return connection;
}

Connection* Connections::find(Connection::Handle handle) {
  const auto found = open_.find(handle);
  return found == open_.end() ? nullptr : &found->second;
}

const Connection* Connections::find(Connection::Handle handle) const {
  const auto found = open_.find(handle);
  return found == open_.end() ? nullptr : &found->second;
}

std::vector<Connection::Handle> Connections::handles() const {
  std::vector<Connection::Handle> handles;
  handles.reserve(open_.size());
  for (const auto& [handle, connection] : open_) handles.push_back(handle);
  return handles;
}

Connection::Handle Connections::handle_of(std::string_view client_id) const {
  const auto open = by_client_id_.find(client_id);
  return open == by_client_id_.end() ? nullptr : open->second.back();
}

const Principal* Connections::holder_of(std::string_view client_id) const {
  if (const auto open = by_client_id_.find(client_id); open != by_client_id_.end()) {
    return &open_.at(open->second.back()).principal();
  }
  const auto stored = stored_.find(client_id);
  return stored == stored_.end() ? nullptr : &stored->second.session.principal;
}

void Connections::remember_stored(std::string_view client_id, StoredSession session, bool is_sure) {
  if (by_client_id_.contains(client_id)) return;
  if (const auto known = stored_.find(client_id); known != stored_.end()) {
    count(known->second, -1);
    known->second.is_named = true;
    known->second.is_sure = known->second.is_sure || is_sure;
    if (known->second.session.principal != session.principal) known->second.session = std::move(session);
    count(known->second, +1);
    stored_by_age_.splice(stored_by_age_.end(), stored_by_age_, known->second.age);
    return;
  }
  if (options_.stored_max == 0) return;
  if (stored_.size() >= options_.stored_max) forget_stored(std::string(stored_by_age_.front()));
  stored_by_age_.emplace_back(client_id);
  const auto added =
      stored_.emplace(client_id, Stored{std::move(session), true, is_sure, std::prev(stored_by_age_.end())}).first;
  count(added->second, +1);
}

void Connections::expect_names() {
  for (auto& [client_id, stored] : stored_) stored.is_named = false;
}

void Connections::forget_unnamed() {
  for (auto at = stored_by_age_.begin(); at != stored_by_age_.end();) {
    const auto stored = stored_.find(*at++);
    if (!stored->second.is_named) forget_stored(stored->first);
  }
}

const StoredSession* Connections::stored(std::string_view client_id) const {
  const auto found = stored_.find(client_id);
  return found == stored_.end() ? nullptr : &found->second.session;
}

void Connections::forget_stored(std::string_view client_id) {
  const auto found = stored_.find(client_id);
  if (found == stored_.end()) return;
  count(found->second, -1);
  stored_by_age_.erase(found->second.age);
  stored_.erase(found);
}

bool Connections::is_full_for(const Principal& principal, std::string_view client_id) const {
  if (!has_limits(principal) || by_client_id_.find(client_id) != by_client_id_.end()) return false;
  const auto users = open_by_user_.find(principal.user_id);
  return count_of(principal.id) >= options_.principal_connections_max ||
         (users != open_by_user_.end() && users->second >= options_.user_connections_max);
}

void Connections::count(const Stored& stored, int change) {
  const auto add = [change](std::size_t& number) { number = change > 0 ? number + 1 : number - 1; };
  const Principal& principal = stored.session.principal;
  const auto own = stored_by_principal_.try_emplace(principal_key(principal)).first;
  add(stored.is_sure ? own->second.sure : own->second.unsure);
  if (own->second.sure + own->second.unsure == 0) stored_by_principal_.erase(own);
  if (!stored.is_sure) return;
  const auto users = sure_by_user_.try_emplace(principal.user_id).first;
  add(users->second);
  if (users->second == 0) sure_by_user_.erase(users);
}

bool Connections::has_too_many_stored(const Principal& principal, std::string_view client_id) const {
  if (!has_limits(principal) || client_id == principal.id || holder_of(client_id) != nullptr) return false;
  const auto own = stored_by_principal_.find(principal_key(principal));
  if (own != stored_by_principal_.end() && (own->second.sure >= options_.principal_stored_max ||
                                            own->second.sure + own->second.unsure >= options_.principal_left_max))
    return true;
  const auto users = sure_by_user_.find(principal.user_id);
  return users != sure_by_user_.end() && users->second >= options_.user_stored_max;
}

bool Connections::is_unsure_of(const Principal& principal) const {
  const auto own = stored_by_principal_.find(principal_key(principal));
  return own != stored_by_principal_.end() && own->second.unsure >= options_.principal_stored_max;
}

std::size_t Connections::count_of(std::string_view principal_id) const {
  const auto found = by_principal_.find(principal_id);
  return found == by_principal_.end() ? 0 : found->second.connections;
}

std::size_t Connections::present_count_of(std::string_view principal_id) const {
  const auto found = by_principal_.find(principal_id);
  return found == by_principal_.end() ? 0 : found->second.connections - found->second.quiet;
}

const Principal* Connections::principal_with(std::string_view principal_id) const {
  const auto found = by_principal_.find(principal_id);
  return found == by_principal_.end() ? nullptr : &found->second.principal;
}

}  // namespace strawberry::plugin
