#include "broker-plugin/rate_limits.h"

#include <algorithm>
#include <chrono>

namespace strawberry::plugin {
namespace {

constexpr char of_user = 'u';
constexpr std::string_view of_others = "*";

/// A device and a user may have the same id.
char kind_of(const Principal& principal) { return static_cast<char>('0' + static_cast<int>(principal.type)); }

bool has_room(double left, double wanted, std::size_t per_second) { return per_second == 0 || left >= wanted; }

/// A message larger than all that may come at once is let in when nothing else was: it must be possible at all.
double cost(std::size_t bytes, const RateLimit& limit) {
  return static_cast<double>(std::min(bytes, limit.bytes_at_once));
}

}  // namespace

bool RateLimits::is_limited(const Principal& principal) const {
  return has_limits(principal) &&
         (options_.principal.messages_per_second > 0 || options_.principal.bytes_per_second > 0 ||
          options_.user.messages_per_second > 0 || options_.user.bytes_per_second > 0);
}

RateLimits::Verdict RateLimits::published(const Principal& principal, std::size_t bytes) {
  if (!is_limited(principal)) return Verdict::within;
  Account& own = account_of(kind_of(principal), principal.id, options_.principal);
  Account& users = account_of(of_user, principal.user_id, options_.user);
  const bool fits = has_room(own.messages, 1, options_.principal.messages_per_second) &&
                    has_room(users.messages, 1, options_.user.messages_per_second) &&
                    has_room(own.bytes, cost(bytes, options_.principal), options_.principal.bytes_per_second) &&
                    has_room(users.bytes, cost(bytes, options_.user), options_.user.bytes_per_second);
  if (!fits) return refuse(own);
  own.messages -= 1;
  users.messages -= 1;
  own.bytes -= cost(bytes, options_.principal);
  users.bytes -= cost(bytes, options_.user);
  return Verdict::within;
}

bool RateLimits::connected(const Principal& principal) {
  if (!has_limits(principal) || options_.connections.per_second == 0) return true;
  Account& own = account_of(kind_of(principal), principal.id, options_.principal);
  if (own.connections < 1) return false;
  own.connections -= 1;
  return true;
}

/// What is refused costs the broker little, so it takes nothing from the account.
RateLimits::Verdict RateLimits::refused(const Principal& principal) {
  if (!is_limited(principal)) return Verdict::beyond;
  return refuse(account_of(kind_of(principal), principal.id, options_.principal));
}

RateLimits::Verdict RateLimits::refuse(Account& own) const {
  own.refused += 1;
  if (own.refused <= static_cast<double>(refused_max)) return Verdict::beyond;
  own.refused = 0;
  own.out_until = clock_.steady_now() + time_out;
  return Verdict::goes_on;
}

bool RateLimits::is_out(const Principal& principal) const {
  if (accounts_.empty()) return false;
  const auto found = accounts_.find(std::string(1, kind_of(principal)) + principal.id);
  return found != accounts_.end() && found->second.out_until > clock_.steady_now();
}

RateLimits::Account& RateLimits::account_of(char kind, std::string_view id, const RateLimit& limit) {
  const SteadyTime now = clock_.steady_now();
  name_.assign(1, kind).append(id);
  auto found = accounts_.find(name_);
  if (found == accounts_.end()) {
    // Users share an account apart from devices: theirs has other limits.
    if (accounts_.size() >= options_.accounts_max) name_.assign(1, kind).append(of_others);
    found = accounts_
                .try_emplace(name_, Account{static_cast<double>(limit.messages_at_once),
                                            static_cast<double>(limit.bytes_at_once), 0,
                                            static_cast<double>(options_.connections.at_once), now, now})
                .first;
  }
  regain(found->second, limit, now);
  return found->second;
}

void RateLimits::regain(Account& account, const RateLimit& limit, SteadyTime now) const {
  const double seconds = std::chrono::duration<double>(now - account.counted_at).count();
  account.counted_at = now;
  const auto regained = [seconds](double left, std::size_t per_second, std::size_t at_once) {
    const double all = static_cast<double>(at_once);
    return per_second == 0 ? all : std::min(left + seconds * static_cast<double>(per_second), all);
  };
  account.messages = regained(account.messages, limit.messages_per_second, limit.messages_at_once);
  account.bytes = regained(account.bytes, limit.bytes_per_second, limit.bytes_at_once);
  account.connections = regained(account.connections, options_.connections.per_second, options_.connections.at_once);
  account.refused = std::max(account.refused - seconds * refused_max / 2, 0.0);
}

const RateLimit& RateLimits::limit_of(std::string_view name) const {
  return name.front() == of_user ? options_.user : options_.principal;
}

void RateLimits::tick() {
  const SteadyTime now = clock_.steady_now();
  std::erase_if(accounts_, [this, now](const auto& entry) {
    const RateLimit& limit = limit_of(entry.first);
    Account account = entry.second;
    regain(account, limit, now);
    return account.refused <= 0 && account.connections >= static_cast<double>(options_.connections.at_once) &&
           account.out_until <= now && account.messages >= static_cast<double>(limit.messages_at_once) &&
           account.bytes >= static_cast<double>(limit.bytes_at_once);
  });
}

}  // namespace strawberry::plugin
