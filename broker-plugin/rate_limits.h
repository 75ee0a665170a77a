/// Limits how much a client may publish: messages and bytes a second, with a burst, for each principal and for a user
/// with all its devices. A client that keeps publishing beyond that should be disconnected. Also limits how often a
/// principal may connect.
///
/// The bridge and admins have no limits: the hub must be reachable when it is flooded. Threading: one thread.
/// Bounds: Options::accounts_max principals and users that published or connected lately; all others share one account
/// for each type of principal, and one for users.
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
  /// How long a disconnected client stays locked out: the broker reads whatever a connection sends, so refusing its
  /// messages alone saves too little.
  static constexpr std::chrono::seconds time_out{10};

  struct Options {
    RateLimit principal{2'000, 4'000, 4 * 1024 * 1024, 16 * 1024 * 1024};
    RateLimit user{3'000, 6'000, 8 * 1024 * 1024, 32 * 1024 * 1024};
    ConnectRate connections{20, 200};  // of one principal
    std::size_t accounts_max = 200'000;
  };

  enum class Verdict {
    within,
    beyond,   // refuse the message
    goes_on,  // refuse it, and end the connection: refused_max were refused, of which half are forgiven a second
  };

  RateLimits(const Clock& clock, Options options) : clock_(clock), options_(options) {}

  /// Decides about a message that would otherwise be allowed.
  Verdict published(const Principal& principal, std::size_t bytes);
  /// Counts a message that is refused for another reason.
  Verdict refused(const Principal& principal);
  /// Called for an authenticated principal that would otherwise be accepted. Returns false when it connects too fast.
  /// Only accepted connections count, so a client that tries too fast is accepted at the rate.
  bool connected(const Principal& principal);
  /// True when the principal was disconnected lately for exceeding its rate, and may not connect yet.
  bool is_out(const Principal& principal) const;
  /// Call once a second. Forgets principals that were idle long enough to have a full account.
  void tick();
  std::size_t accounts() const { return accounts_.size(); }

 private:
  struct Account {
    double messages = 0;  // messages that may be published now
    double bytes = 0;
    double refused = 0;  // not yet forgiven
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
  Accounts accounts_;  // key: kind and id
  std::string name_;   // key of the account to look up; a member to reuse its memory
};

}  // namespace strawberry::plugin
