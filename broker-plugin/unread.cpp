#include "broker-plugin/unread.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "broker-plugin/principal_key.h"

namespace strawberry::plugin {
namespace {

/// To look at the broker's memory is not free.
constexpr std::chrono::seconds refusal_time{1};

std::size_t without(std::size_t all, std::size_t part) { return all > part ? all - part : 0; }

}  // namespace

Unread::Unread(Broker& broker, const Clock& clock, Options options)
    : broker_(broker), clock_(clock), options_(options) {
  tick();
}

bool Unread::give(std::string_view client_id, const Principal& principal, std::size_t bytes) {
  Client& client = client_of(client_id, principal);
  if (!has_room(*client.own, options_.principal_bytes_max) || !has_room(*client.users, options_.user_bytes_max))
    return false;
  add(client, bytes + message_bytes);
  return true;
}

void Unread::came_back(std::string_view client_id) {
  const auto client = clients_.find(client_id);
  if (client == clients_.end()) return;
  start_anew(client->second);
  for (Account* account : {client->second.own, client->second.users}) {
    if (account->bytes == 0) account->least_memory = recent_memory();
  }
}

void Unread::holds(std::string_view client_id, const Principal& principal, std::size_t bytes) {
  Client& client = client_of(client_id, principal);
  add(client, bytes + message_bytes);
  // Of the memory there is, this much is known to be theirs.
  for (Account* account : {client.own, client.users}) account->least_memory = without(account->least_memory, bytes);
}

void Unread::forget(std::string_view client_id) {
  const auto found = clients_.find(client_id);
  if (found == clients_.end()) return;
  start_anew(found->second);
  leave(principals_, found->second.principal, found->second);
  leave(users_, found->second.user_id, found->second);
  clients_.erase(found);
}

std::vector<std::string> Unread::take_overdue() {
  const auto overdue = std::exchange(overdue_, {});
  is_stale_ = is_stale_ || !overdue.empty();
  return {overdue.begin(), overdue.end()};
}

void Unread::tick() {
  memory_ = broker_.memory_in_use().value_or(0);
  is_stale_ = false;
}

std::size_t Unread::recent_memory() {
  if (is_stale_) tick();
  return memory_;
}

Unread::Client& Unread::client_of(std::string_view client_id, const Principal& principal) {
  if (const auto known = clients_.find(client_id); known != clients_.end()) {
    if (is_key_of(known->second.principal, principal)) return known->second;
    forget(client_id);  // somebody else's session took its place
  }
  Client& client = clients_[std::string(client_id)];
  client.id = client_id;
  client.principal = principal_key(principal);
  client.user_id = principal.user_id;
  client.own = &principals_.try_emplace(client.principal).first->second;
  client.users = &users_.try_emplace(client.user_id).first->second;
  for (Account* account : {client.own, client.users}) {
    if (account->clients.empty()) account->least_memory = recent_memory();
    account->clients.insert(&client);
  }
  return client;
}

bool Unread::has_room(Account& account, std::size_t bytes_max) {
  if (account.bytes < bytes_max) return true;
  const SteadyTime now = clock_.steady_now();
  if (now < account.refused_until) return false;
  const auto memory = broker_.memory_in_use();
  if (!memory || *memory < account.least_memory + bytes_max / 2) {
    if (memory) account.least_memory = std::min(account.least_memory, *memory);
    for (Client* client : account.clients) start_anew(*client);
    return true;
  }
  account.refused_until = now + refusal_time;
  for (const Client* client : account.clients) overdue_.insert(client->id);
  return false;
}

void Unread::add(Client& client, std::size_t bytes) {
  client.bytes += bytes;
  client.own->bytes += bytes;
  client.users->bytes += bytes;
}

void Unread::start_anew(Client& client) {
  client.own->bytes -= client.bytes;
  client.users->bytes -= client.bytes;
  client.bytes = 0;
}

void Unread::leave(ByText<Account>& accounts, const std::string& name, Client& client) {
  const auto account = accounts.find(name);
  account->second.clients.erase(&client);
  if (account->second.clients.empty()) accounts.erase(account);
}

}  // namespace strawberry::plugin
