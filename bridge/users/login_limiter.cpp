#include "bridge/users/login_limiter.h"

#include <algorithm>

#include "common/text/network_of.h"

namespace strawberry::bridge {
namespace {

constexpr std::size_t key_bytes_max = 128;

std::string key_of(std::string_view address, std::string_view user) {
  std::string key(user.substr(0, key_bytes_max));
  key += ' ';
  key += place_of(address);
  return key;
}

}  // namespace

std::string place_of(std::string_view address) {
  std::string network = network_of(address);
  return network.empty() ? std::string(address.substr(0, key_bytes_max)) : network;
}

LoginLimiter::Tries& LoginLimiter::tries_of(Table& table, const std::string& key) {
  if (const auto known = table.entries.find(key); known != table.entries.end()) {
    table.by_use.splice(table.by_use.begin(), table.by_use, known->second);
  } else {
    if (table.entries.size() >= std::max<std::size_t>(options_.entries_max, 1)) {
      table.entries.erase(table.by_use.back().key);
      table.by_use.pop_back();
    }
    table.by_use.push_front({key, {}});
    table.entries.emplace(table.by_use.front().key, table.by_use.begin());
  }
  Tries& tries = table.by_use.front().tries;
  if (tries.count > 0 && clock_.steady_now() - tries.last >= options_.forgotten_after) tries = {};
  return tries;
}

void LoginLimiter::count(Tries& tries, std::size_t free) const {
  const SteadyTime now = clock_.steady_now();
  tries.last = now;
  if (++tries.count < free) return;
  constexpr std::size_t doublings_max = 20;
  const std::size_t doublings = std::min(tries.count - free, doublings_max);
  const std::int64_t times = std::int64_t{1} << doublings;
  tries.next = now + std::min<std::chrono::milliseconds>(options_.first_pause * times, options_.pause_max);
}

std::optional<std::chrono::milliseconds> LoginLimiter::attempt(std::string_view address, std::string_view user) {
  const SteadyTime now = clock_.steady_now();
  Tries& of_address = tries_of(by_address_, place_of(address));
  Tries& of_user = tries_of(by_user_, key_of(address, user));
  const SteadyTime next = std::max(of_address.next, of_user.next);
  if (next > now) return std::chrono::ceil<std::chrono::milliseconds>(next - now);
  count(of_address, options_.free_per_address);
  count(of_user, options_.free_per_user);
  return std::nullopt;
}

void LoginLimiter::forgive(std::string_view address, std::string_view user) {
  tries_of(by_user_, key_of(address, user)) = {};
  Tries& of_address = tries_of(by_address_, place_of(address));
  if (of_address.count > 0) --of_address.count;
  of_address.next = {};
}

}  // namespace strawberry::bridge
