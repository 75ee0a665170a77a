/// How much a client may publish: so many messages and bytes a second, and more in a burst, for each principal and for
/// all of a user's together. Whoever goes on publishing beyond that is to be disconnected. And how often a principal
/// may connect.
///
/// The bridge and admins have no limits: the hub must be reachable when it is flooded. Threading: one thread.
/// Bounds: Options::accounts_max principals and users that published or connected lately; all others share
/// one account for each type of principal, and one for users.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "common/contract/principal.h"
#include "common/text/by_text.h"
#include "common/text/clock.h"

namespace strawberry::plugin {

/// A token bucket for messages and one for bytes. 0 a second: no limit.
struct RateLimit {
  std::size_t messages_per_second = 0;
  std::size_t messages_at_once = 0;
  std::size_t bytes_per_second = 0;
  std::size_t bytes_at_once = 0;
};

/// 0 a second: no limit.
struct ConnectRate {
  std::size_t per_second = 0;
  std::size_t at_once = 0;
};

class RateLimits {
 public:
  static constexpr std::size_t refused_max = 4'000;
  /// How long who was ended stays out: the broker reads whatever a connection sends, so refusing alone saves too
  /// little.
  static constexpr std::chrono::seconds time_out{10};

  struct Options {
    RateLimit principal{2'000, 4'000, 4 * 1024 * 1024, 16 * 1024 * 1024};
    RateLimit user{3'000, 6'000, 8 * 1024 * 1024, 32 * 1024 * 1024};
    ConnectRate connections{20, 200};  // of a principal
    std::size_t accounts_max = 200'000;
  };

  enum class Verdict {
    within,
    beyond,   // refuse the message
    goes_on,  // refuse it, and end the connection: refused_max were refused, of which half are forgiven a second
  };

  RateLimits(const Clock& clock, Options options) : clock_(clock), options_(options) {}

  /// A message that would be let in otherwise.
  Verdict published(const Principal& principal, std::size_t bytes);
  /// A message that is refused for another reason: it counts, too.
  Verdict refused(const Principal& principal);
  /// A principal that proved who it is and would be let in otherwise: false when it connects too fast. Only those that
  /// are let in are counted, so who tries too fast is let in at the rate.
  bool connected(const Principal& principal);
  /// Ended lately for going on: may not come in yet.
  bool is_out(const Principal& principal) const;
  /// Call once a second. Forgets who has published nothing, and not connected, for long enough to have a full account.
  void tick();
  std::size_t accounts() const { return accounts_.size(); }

 private:
  struct Account {
    double messages = 0;  // what may still be published
    double bytes = 0;
    double refused = 0;  // and not forgiven yet
    double connections = 0;
    SteadyTime counted_at;
    SteadyTime out_until;
  };
  using Accounts = ByText<Account>;

  bool is_limited(const Principal& principal) const;
  Account& account_of(char kind, std::string_view id, const RateLimit& limit);
  Verdict refuse(Account& own) const;
  void regain(Account& account, const RateLimit& limit, SteadyTime now) const;
  const RateLimit& limit_of(std::string_view name) const;

  const Clock& clock_;
  Options options_;
  Accounts accounts_;  // by kind and id
  std::string name_;   // of the account looked for, kept for its memory
};

}  // namespace strawberry::plugin
