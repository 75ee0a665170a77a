#include <algorithm>

#include "cli/doctor/judgements.h"
#include "common/contract/broker_socket.h"

namespace strawberry::cli {
namespace {

/// Files that the broker opens in addition to one socket for each client.
constexpr std::uint64_t files_of_its_own = 256;
constexpr std::uint64_t files_min = 1'024;
constexpr std::uint64_t files_recommended = 65'536;
constexpr const char* slower = ": programs on this machine use TCP, which is slower";
constexpr unsigned others_may_write = 02;

std::string where(const BrokerFacts& broker) { return broker.host + ":" + std::to_string(broker.port); }
std::string by(const BrokerFacts& broker) { return broker.program.empty() ? "" : " by " + broker.program; }

/// True if it answered one of our attempts with MQTT.
bool is_broker(const Facts& f) {
  const auto talked = [](LoginResult result) {
    return result == LoginResult::accepted || result == LoginResult::refused;
  };
  return f.broker.is_listening && (talked(f.broker.anonymous) || talked(f.broker.admin));
}

std::string with_tls(const Facts& f) {
  return f.reach + " --tls --ca-file " + shell_word(f.data_dir + "/tls/ca.crt") + " doctor";
}
std::string other_port(const Facts& f) { return f.run + " --port " + std::to_string(f.broker.port + 1); }

/// Returns the remedy for a broker whose certificate is not accepted, or that has none.
std::string mend_tls(const Facts& f) {
  const std::string look = "openssl s_client -connect " + where(f.broker) + " </dev/null | openssl x509 -noout -text";
  switch (f.broker.tls_trouble) {
    case TlsTrouble::ca_file: return "name the CA of the hub: " + with_tls(f);
    case TlsTrouble::none:
    case TlsTrouble::no_tls:
      return "if it is a broker without TLS, leave --tls out (or 'tls' in " + shell_word(f.data_dir + "/endpoint") +
             "); see its log: " + show_broker_log(f);
    case TlsTrouble::other_name:
      return "name it as its certificate does, with --host, or add this name: scripts/certificates " +
             shell_word(f.data_dir + "/tls") + " " + shell_word(f.broker.host) + "; its names: " + look;
    case TlsTrouble::not_now:
      return "compare the clock (date -u) with the certificate: " + look +
             "; scripts/run --tls makes a new one when it starts, for another broker see docs/tls.md";
    case TlsTrouble::certificate: break;
  }
  return "name the CA that signed it: " + with_tls(f) + "; who that is: " + look;
}

std::string listen_there(const Facts& f) {
  return "write 'listener 0 " + f.socket.path + "' into " +
         (f.config.path.empty() ? "the broker's configuration" : f.config.path) + ", above its other listeners, then " +
         restart_broker(f);
}

Maybe broker(const Facts& f) {
  const BrokerFacts& b = f.broker;
  if (!b.endpoint_problem.empty()) {
    return bad(b.endpoint_problem, "it is written anew when the hub starts: " + f.run);
  }
  if (!b.host_problem.empty()) {
    return bad("there is no host " + b.host + ": " + b.host_problem,
               "name the broker's host: " + f.command + " --host HOST doctor");
  }
  if (!b.is_listening && f.socket.is_listening) {
    return bad("listens at " + f.socket.path + ", but nothing does at " + where(b) + ": no device can come there",
               "add a listener (docs/installing.md), then " + restart_broker(f) + "; for one that is there: " +
                   f.command + " --host HOST --port PORT doctor, and write HOST PORT into " + f.data_dir + "/endpoint");
  }
  if (!b.is_listening) return bad("nothing listens at " + where(b), "start the hub: " + start_hub(f));
  if (b.anonymous == LoginResult::not_mqtt) {
    return bad(where(b) + " is taken" + by(b) + ", which is no MQTT broker",
               "stop that program, or give the hub another port: " + other_port(f));
  }
  if (b.anonymous == LoginResult::speaks_tls) {
    return bad(where(b) + by(b) + " speaks TLS, and was spoken to without", "speak TLS: " + with_tls(f));
  }
  if (!b.tls_problem.empty()) return std::nullopt;  // reported instead
  if (!is_broker(f)) {
    return bad(where(b) + by(b) + " takes connections, but did not answer",
               (b.tls ? std::string() : "if it speaks TLS: " + with_tls(f) + "; ") +
                   "see its log: " + show_broker_log(f) + "; start it anew: " + restart_broker(f));
  }
  return good(where(b) + by(b));
}

Maybe unix_socket(const Facts& f) {
  const SocketFacts& s = f.socket;
  if (s.path.empty() || !f.data_dir_file.problem.empty()) return std::nullopt;
  if (s.path.size() > broker_socket_bytes_max) {
    return warn("the path " + s.path + " has more than " + std::to_string(broker_socket_bytes_max) + " bytes" + slower,
                "choose a shorter --data-dir");
  }
  const bool is_running = f.broker.is_listening || s.is_listening;
  if (!is_running) return std::nullopt;  // reported for the broker
  if (!s.file.exists) return warn("there is no " + s.path + slower, listen_there(f));
  if (!s.is_socket) {
    return warn(s.path + " is no socket" + slower, "move that file away, then " + restart_broker(f));
  }
  if (is_permission_denied(s.file)) {
    return warn(
        s.path + " may not be used by this user (mode " + octal(s.file.mode) + ")" + slower,
        f.is_package ? "come as root, or as a member of the group strawberry" : "come as the user who runs the hub");
  }
  if (s.is_stale) {
    return warn(s.path + " is left from a broker that was killed, and the one that runs does not listen there" + slower,
                listen_there(f));
  }
  if (!s.is_listening) return warn(s.path + ": " + s.problem + slower, "see its log: " + show_broker_log(f));
  if ((s.file.mode & others_may_write) != 0) {
    return warn(s.path + " is open to every user of this machine (mode " + octal(s.file.mode) + ")",
                "chmod 660 " + shell_word(s.path));
  }
  return good(s.path);
}

Maybe encryption(const Facts& f) {
  const BrokerFacts& b = f.broker;
  if (!b.tls || !b.is_listening) return std::nullopt;
  if (!b.tls_problem.empty()) return bad(where(b) + by(b) + ": " + b.tls_problem, mend_tls(f));
  return good("the broker's certificate is good for " + b.host + ", by " +
              (b.ca_file.empty() ? "a CA that this system trusts" : "the CA in " + b.ca_file));
}

Maybe anonymous_login(const Facts& f) {
  const BrokerFacts& b = f.broker;
  if (!is_broker(f) || b.anonymous == LoginResult::untried) return std::nullopt;
  if (b.anonymous == LoginResult::accepted) {
    return bad(
        "are let in at " + where(b) + by(b) + ": this is another broker than the hub's, or the plugin is not loaded",
        "if it is another one, stop it (Debian's: systemctl disable --now mosquitto) or use another port: " +
            other_port(f) + "; else load the plugin as config/mosquitto.conf does");
  }
  if (b.anonymous == LoginResult::no_answer) {
    return warn("got no answer at " + where(b) + by(b) + ": whether they are turned away is not known",
                "see its log: " + show_broker_log(f));
  }
  return good("are turned away");
}

Maybe login(const Facts& f) {
  const BrokerFacts& b = f.broker;
  if (!is_broker(f) || b.admin == LoginResult::untried || b.anonymous == LoginResult::accepted) return std::nullopt;
  if (b.admin == LoginResult::accepted) return good("a token of this data directory's keys is let in");
  const std::string why = b.admin_problem.empty() ? "" : " (" + b.admin_problem + ")";
  if (b.admin != LoginResult::refused) {
    return bad("a token signed just now with " + f.keys_path + " got no answer" + by(b) + why,
               "see its log: " + show_broker_log(f) + "; start it anew: " + restart_broker(f));
  }
  return bad("a token signed just now with " + f.keys_path + " is refused" + by(b) + why +
                 ": that broker has other keys, no plugin, or another clock",
             "see that the plugin_opt_keys of the broker is this file, and its log ('refused connect reason=…'): " +
                 show_broker_log(f) + "; for another hub say --data-dir");
}

Maybe open_files(const Facts& f) {
  if (!is_broker(f) || !f.broker.files_max) return std::nullopt;
  const std::uint64_t limit = *f.broker.files_max;
  const std::uint64_t wanted = std::max(files_min, f.hub.devices.value_or(0) + files_of_its_own);
  const std::string what = "the broker may have " + std::to_string(limit) + " files and connections open";
  if (limit >= wanted) return good(what);
  const std::string number = std::to_string(std::max(wanted, files_recommended));
  return warn(what + ", " + std::to_string(wanted) + " would be right",
              f.is_package ? "systemctl edit mosquitto, write [Service] and below it LimitNOFILE=" + number +
                                 ", then " + restart_broker(f)
                           : "ulimit -n " + number + ", then " + start_hub(f));
}

}  // namespace

std::vector<Check> broker_checks() {
  return {{"broker", broker},  {"Unix socket", unix_socket},
          {"TLS", encryption}, {"clients without a token", anonymous_login},
          {"login", login},    {"file limit", open_files}};
}

}  // namespace strawberry::cli
