#include "broker-plugin/subscriptions.h"

#include <functional>

namespace strawberry {

bool Subscriptions::add(std::string_view client_id, std::string_view principal_id, std::string_view filter) {
  const std::size_t hash = std::hash<std::string_view>{}(filter);
  auto client = clients_.find(client_id);
  if (client != clients_.end() && client->second.principal_id != principal_id) {
    forget(client_id);  // somebody else's session took its place
    client = clients_.end();
  }
  if (client != clients_.end() && client->second.filters.contains(hash)) return true;
  const std::size_t of_client = client == clients_.end() ? 0 : client->second.filters.size();
  const auto known = by_principal_.find(principal_id);
  const std::size_t of_principal = known == by_principal_.end() ? 0 : known->second;
  if (of_client >= options_.client_filters_max || of_principal >= options_.principal_filters_max) return false;

  if (client == clients_.end())
    client = clients_.emplace(std::string(client_id), Client{std::string(principal_id), {}}).first;
  client->second.filters.insert(hash);
  ++by_principal_[client->second.principal_id];
  return true;
}

void Subscriptions::remove(std::string_view client_id, std::string_view filter) {
  const auto client = clients_.find(client_id);
  if (client == clients_.end() || client->second.filters.erase(std::hash<std::string_view>{}(filter)) == 0) return;
  release(client->second.principal_id, 1);
  if (client->second.filters.empty()) clients_.erase(client);
}

void Subscriptions::forget(std::string_view client_id) {
  const auto client = clients_.find(client_id);
  if (client == clients_.end()) return;
  release(client->second.principal_id, client->second.filters.size());
  clients_.erase(client);
}

std::size_t Subscriptions::count_of(std::string_view client_id) const {
  const auto client = clients_.find(client_id);
  return client == clients_.end() ? 0 : client->second.filters.size();
}

void Subscriptions::release(const std::string& principal_id, std::size_t filters) {
  const auto principal = by_principal_.find(principal_id);
  if (principal == by_principal_.end()) return;
  principal->second -= filters;
  if (principal->second == 0) by_principal_.erase(principal);
}

}  // namespace strawberry
