/// Decides about logins: new clients, clients that renew their token within the session, and connections and sessions
/// that the broker checks again when it reloads its configuration.
///
/// Mosquitto 2.1 lists its sessions: the plugin reads them when it starts, and looks up a single one when its client id
/// is requested. With 2.0, the check at a reload is how the plugin learns, right after a start, the owners of the
/// sessions that the broker has kept. Until then only a principal's own client id is accepted: any other may belong to
/// another principal's session. When a login is refused because of a session that may have ended since, the plugin
/// makes the broker check again. Threading: one thread.   Errors: none thrown; a refusal is logged and counted here.
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

/// The broker's description of a client that logs in.
struct Login {
  Connection::Handle handle = nullptr;
  ConnectAttempt attempt;
  /// For a client on a Unix socket, its path. Empty for a stored session that was not used since the broker started,
  /// never for a client.
  std::string_view address;
  bool session_may_stay = false;
  /// True when the broker has this client among its sessions, so that it is not a new one. Nothing when the broker
  /// cannot list its sessions.
  std::optional<bool> is_session = std::nullopt;
};

struct LoginAnswer {
  enum class Kind {
    accepted,
    refused,
    hung_up,  // closed without an answer, since this address has failed too often
  };
  Kind kind = Kind::refused;
  std::string user_name = {};  // the connection's user name, when accepted

  bool accepted() const { return kind == Kind::accepted; }
};

class Logins {
 public:
  struct Options {
    LoginLimiter::Options limiter;
    /// The broker may have stored sessions that it will list, or report by checking every connection again.
    bool awaits_stored_sessions = false;
  };

  Logins(Authenticator& authenticator, Connections& connections, RefusalLog& refusals, BrokerReport& report,
         RateLimits& rates, Broker& broker, const Clock& clock, Options options);

  /// True when the broker checks a known client again; false for a new one.
  bool is_known(const Login& login) const;
  /// Always accepts: a connection that must end is ended by the next tick, with the right reason and the right will.
  LoginAnswer confirm(const Login& login);
  /// Adds the connection when it is accepted.
  LoginAnswer admit(const Login& login);
  /// Checks a new token for an open connection (MQTT 5, section 4.12.1).
  LoginAnswer renew(const Login& login);

  /// Called when the broker is about to check every connection.
  void begin_confirming();
  /// Call in every round of the broker, or at least once a second: by then the broker has checked every connection that
  /// it was going to check.
  void round();
  /// Call about once a second.
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
