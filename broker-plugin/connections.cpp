#include "broker-plugin/connections.h"

#include <algorithm>
#include <utility>

namespace strawberry {

void Connections::add(Connection connection) {
  forget_stored(connection.client_id);
  auto& handles = by_client_id_[connection.client_id];
  if (!handles.empty()) open_.at(handles.back()).is_superseded = true;
  handles.push_back(connection.handle);

  Present& present = by_principal_[connection.principal().id];
  present.principal = connection.principal();
  ++present.connections;

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
      remember_stored(connection.client_id, {connection.principal(), connection.claims.issued_at, connection.claims.jti,
                                             connection.claims.root_jti, false});
    }
  } else {
    // The one that would have replaced it did not come to be.
    open_.at(same_id->second.back()).is_superseded = false;
  }

  const auto present = by_principal_.find(connection.principal().id);
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

const Principal* Connections::holder_of(std::string_view client_id) const {
  if (const auto open = by_client_id_.find(client_id); open != by_client_id_.end()) {
    return &open_.at(open->second.back()).principal();
  }
  const auto stored = stored_.find(client_id);
  return stored == stored_.end() ? nullptr : &stored->second.session.principal;
}

void Connections::remember_stored(std::string_view client_id, StoredSession session) {
  if (by_client_id_.contains(client_id)) return;
  if (const auto known = stored_.find(client_id); known != stored_.end()) {
    known->second.is_named = true;
    if (known->second.session.principal != session.principal) known->second.session = std::move(session);
    stored_by_age_.splice(stored_by_age_.end(), stored_by_age_, known->second.age);
    return;
  }
  if (options_.stored_max == 0) return;
  if (stored_.size() >= options_.stored_max) forget_stored(std::string(stored_by_age_.front()));
  stored_by_age_.emplace_back(client_id);
  stored_.emplace(client_id, Stored{std::move(session), true, std::prev(stored_by_age_.end())});
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
  stored_by_age_.erase(found->second.age);
  stored_.erase(found);
}

bool Connections::is_full_for(const Principal& principal, std::string_view client_id) const {
  return has_limits(principal) && count_of(principal.id) >= options_.principal_connections_max &&
         by_client_id_.find(client_id) == by_client_id_.end();
}

std::size_t Connections::count_of(std::string_view principal_id) const {
  const auto found = by_principal_.find(principal_id);
  return found == by_principal_.end() ? 0 : found->second.connections;
}

const Principal* Connections::principal_with(std::string_view principal_id) const {
  const auto found = by_principal_.find(principal_id);
  return found == by_principal_.end() ? nullptr : &found->second.principal;
}

}  // namespace strawberry
