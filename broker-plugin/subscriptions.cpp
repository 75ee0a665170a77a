#include "broker-plugin/subscriptions.h"

#include <algorithm>
#include <functional>

namespace strawberry::plugin {
Subscriptions::Count Subscriptions::count_in(const Counts& counts, std::string_view id) {
  const auto found = counts.find(id);
  return found == counts.end() ? Count{} : found->second;
}

void Subscriptions::take_from(Counts& counts, const std::string& id, std::size_t levels) {
  const auto found = counts.find(id);
  if (found == counts.end()) return;
  found->second.levels -= levels;
  if (--found->second.filters == 0) counts.erase(found);
}

bool Subscriptions::add(std::string_view client_id, const Principal& principal, std::string_view filter) {
  const std::size_t hash = std::hash<std::string_view>{}(filter);
  auto client = clients_.find(client_id);
  if (client != clients_.end() && client->second.principal_id != principal.id) {
    forget(client_id);  // somebody else's session took its place
    client = clients_.end();
  }
  if (client != clients_.end() && client->second.filters.contains(hash)) return true;
  const std::size_t of_client = client == clients_.end() ? 0 : client->second.filters.size();
  const auto levels = static_cast<std::size_t>(std::count(filter.begin(), filter.end(), '/')) + 1;
  const Count own = count_in(by_principal_, principal.id);
  const Count users = count_in(by_user_, principal.user_id);
  if (of_client >= options_.client_filters_max || own.filters >= options_.principal_filters_max ||
      users.filters >= options_.user_filters_max || own.levels + levels > options_.principal_levels_max ||
      users.levels + levels > options_.user_levels_max)
    return false;

  if (client == clients_.end())
    client = clients_.emplace(std::string(client_id), Client{principal.id, principal.user_id, {}}).first;
  client->second.filters.emplace(hash, levels);
  for (Count* count : {&by_principal_[client->second.principal_id], &by_user_[client->second.user_id]}) {
    ++count->filters;
    count->levels += levels;
  }
  return true;
}

void Subscriptions::remove(std::string_view client_id, std::string_view filter) {
  const auto client = clients_.find(client_id);
  if (client == clients_.end()) return;
  const auto known = client->second.filters.find(std::hash<std::string_view>{}(filter));
  if (known == client->second.filters.end()) return;
  release(client->second, known->second);
  client->second.filters.erase(known);
  if (client->second.filters.empty()) clients_.erase(client);
}

void Subscriptions::forget(std::string_view client_id) {
  const auto client = clients_.find(client_id);
  if (client == clients_.end()) return;
  release_all(client->second);
  clients_.erase(client);
}

std::size_t Subscriptions::count_of(std::string_view client_id) const {
  const auto client = clients_.find(client_id);
  return client == clients_.end() ? 0 : client->second.filters.size();
}

void Subscriptions::release(const Client& client, std::size_t levels) {
  take_from(by_principal_, client.principal_id, levels);
  take_from(by_user_, client.user_id, levels);
}

void Subscriptions::release_all(const Client& client) {
  for (const auto& [hash, levels] : client.filters) release(client, levels);
}

}  // namespace strawberry::plugin
