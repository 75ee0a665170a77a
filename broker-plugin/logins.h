/// Answers the broker's question who may log in: a new client, one that renews its token within its session, and all
/// that the broker asks about once more when it reloads its configuration.
///
/// Mosquitto 2.1 shows its sessions: the plugin reads them when it starts, and looks up one when its client id is
/// wanted. With 2.0 that last question is how the plugin learns, right after a start, whose the sessions are that the
/// broker has kept from before. Until it has, only a principal's own client id is let in: any other may be somebody's
/// session. And when somebody is refused because of a session that may have ended since, the broker is made to ask
/// again. Threading: one thread.   Errors: none thrown; a refusal is logged and counted here.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "broker-plugin/authenticator.h"
#include "broker-plugin/broker_report.h"
#include "broker-plugin/connections.h"
#include "broker-plugin/limited_log.h"
#include "broker-plugin/login_limiter.h"
#include "broker-plugin/rate_limits.h"
#include "broker-plugin/refusal_log.h"
#include "broker-plugin/session_name.h"

namespace strawberry::plugin {

/// What the broker tells of a client that wants in.
struct Login {
  Connection::Handle handle = nullptr;
  ConnectAttempt attempt;
  /// Of a client on a Unix socket, the path of that. Empty for a stored session that nobody has used since the broker
  /// started, and never for a client.
  std::string_view address;
  bool session_may_stay = false;
  /// Whether the broker has this very client among its sessions, so that it is no new one. Nothing when the broker
  /// cannot show its sessions.
  std::optional<bool> is_session = std::nullopt;
};

struct LoginAnswer {
  enum class Kind {
    accepted,
    refused,
    hung_up,  // refused without a word, since this address has failed too often
  };
  Kind kind = Kind::refused;
  std::string user_name = {};  // to give the connection, when accepted

  bool accepted() const { return kind == Kind::accepted; }
};

class Logins {
 public:
  struct Options {
    LoginLimiter::Options limiter;
    /// The broker may have stored sessions that it will show, or tell of by asking about everybody once more.
    bool awaits_stored_sessions = false;
  };

  Logins(Authenticator& authenticator, Connections& connections, RefusalLog& refusals, BrokerReport& report,
         RateLimits& rates, Broker& broker, const Clock& clock, Options options);

  /// True when this is the broker asking once more, not a new client.
  bool is_known(const Login& login) const;
  /// Always yes: what must end is ended by the next tick, with the right reason and the right will.
  LoginAnswer confirm(const Login& login);
  /// Adds the connection when it is accepted.
  LoginAnswer admit(const Login& login);
  /// A new token for an open connection (MQTT 5, section 4.12.1).
  LoginAnswer renew(const Login& login);

  /// The broker is about to ask about everybody.
  void begin_confirming();
  /// In every round of the broker, or at least once a second: the broker has asked about everybody, if it was about to.
  void round();
  /// About once a second.
  void tick();

  std::size_t limited_addresses() const { return limiter_.limited(); }

 private:
  void look_up_session(std::string_view client_id);
  void remember(std::string_view client_id, std::string_view user_name);
  void stop_waiting();
  void doubt(const Login& login, const Refusal& refusal);
  void ask_broker();
  LoginAnswer refuse(const Login& login, std::string_view action, const Refusal& refusal);

  Authenticator& authenticator_;
  Connections& connections_;
  RefusalLog& refusals_;
  BrokerReport& report_;
  RateLimits& rates_;
  Broker& broker_;
  const Clock& clock_;
  LoginLimiter limiter_;
  LimitedLog cut_off_;
  std::string tag_;
  bool is_confirming_ = false;
  bool was_asked_ = false;  // since begin_confirming()
  std::optional<SteadyTime> last_doubt_;
  bool awaits_stored_sessions_;
  SteadyTime started_;
};

}  // namespace strawberry::plugin
