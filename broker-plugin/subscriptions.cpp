#include "broker-plugin/subscriptions.h"

#include <functional>

namespace strawberry {
namespace {

std::size_t count_in(const ByText<std::size_t>& counts, std::string_view id) {
  const auto found = counts.find(id);
  return found == counts.end() ? 0 : found->second;
}

void take_from(ByText<std::size_t>& counts, const std::string& id, std::size_t filters) {
  const auto found = counts.find(id);
  if (found == counts.end()) return;
  found->second -= filters;
  if (found->second == 0) counts.erase(found);
}

}  // namespace

bool Subscriptions::add(std::string_view client_id, const Principal& principal, std::string_view filter) {
  const std::size_t hash = std::hash<std::string_view>{}(filter);
  auto client = clients_.find(client_id);
  if (client != clients_.end() && client->second.principal_id != principal.id) {
    forget(client_id);  // somebody else's session took its place
    client = clients_.end();
  }
  if (client != clients_.end() && client->second.filters.contains(hash)) return true;
  const std::size_t of_client = client == clients_.end() ? 0 : client->second.filters.size();
  if (of_client >= options_.client_filters_max ||
      count_in(by_principal_, principal.id) >= options_.principal_filters_max ||
      count_in(by_user_, principal.user_id) >= options_.user_filters_max)
    return false;

  if (client == clients_.end())
    client = clients_.emplace(std::string(client_id), Client{principal.id, principal.user_id, {}}).first;
  client->second.filters.insert(hash);
  ++by_principal_[client->second.principal_id];
  ++by_user_[client->second.user_id];
  return true;
}

void Subscriptions::remove(std::string_view client_id, std::string_view filter) {
  const auto client = clients_.find(client_id);
  if (client == clients_.end() || client->second.filters.erase(std::hash<std::string_view>{}(filter)) == 0) return;
  release(client->second, 1);
  if (client->second.filters.empty()) clients_.erase(client);
}

void Subscriptions::forget(std::string_view client_id) {
  const auto client = clients_.find(client_id);
  if (client == clients_.end()) return;
  release(client->second, client->second.filters.size());
  clients_.erase(client);
}

std::size_t Subscriptions::count_of(std::string_view client_id) const {
  const auto client = clients_.find(client_id);
  return client == clients_.end() ? 0 : client->second.filters.size();
}

void Subscriptions::release(const Client& client, std::size_t filters) {
  take_from(by_principal_, client.principal_id, filters);
  take_from(by_user_, client.user_id, filters);
}

}  // namespace strawberry
