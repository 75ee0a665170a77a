#include <algorithm>

#include "cli/doctor/judgements.h"

namespace strawberry::cli {
namespace {

/// Of the broker: what it opens besides a socket a client.
constexpr std::uint64_t files_of_its_own = 256;
constexpr std::uint64_t files_min = 1'024;
constexpr std::uint64_t files_recommended = 65'536;
/// The hub reports every 10 s.
constexpr std::chrono::seconds report_age_max{40};
constexpr std::chrono::seconds clock_ahead_max{5};
constexpr std::chrono::minutes refused_age_max{10};
constexpr std::int64_t year_2024_ms = 1'704'067'200'000;

std::string where(const BrokerFacts& broker) { return broker.host + ":" + std::to_string(broker.port); }
std::string by(const BrokerFacts& broker) { return broker.program.empty() ? "" : " by " + broker.program; }

/// It talked MQTT with one of us.
bool is_broker(const Facts& f) {
  const auto talked = [](LoginResult result) {
    return result == LoginResult::accepted || result == LoginResult::refused;
  };
  return f.broker.is_listening && (talked(f.broker.anonymous) || talked(f.broker.admin));
}

bool is_inside(const Facts& f) {
  return f.broker.admin == LoginResult::accepted && f.broker.anonymous != LoginResult::accepted;
}

std::string with_tls(const Facts& f) {
  return f.reach + " --tls --ca-file " + shell_word(f.data_dir + "/tls/ca.crt") + " doctor";
}
std::string other_port(const Facts& f) { return f.run + " --port " + std::to_string(f.broker.port + 1); }

/// What to do about a broker whose certificate is not accepted, or that has none.
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

/// Where its key is, and how the bridge comes to read it anew.
std::string mend_key(const Facts& f, const ChatFacts& c) {
  const std::string& variable = c.settings.key_env;
  if (!c.settings.key_file.empty()) {
    return "put a good one into " + shell_word(c.settings.key_file) + ", then " + restart_bridge(f);
  }
  if (variable.empty()) {
    return f.settings_path + " names none for " + c.asked + ": write api_key_env (a variable) or api_key_file there, " +
           "then " + restart_bridge(f);
  }
  if (f.is_package) return "put a good " + variable + " into /etc/strawberry/environment, then " + restart_bridge(f);
  return "start the hub with a good one: " + variable + "=… " + f.run;
}

std::string mend_model(const Facts& f, const ChatFacts& c) {
  // Gemini answers 400 to a bad key; the sentence is its own.
  const bool is_refused = c.status == 401 || c.status == 403 || mentions(c.error, "API key not valid");
  if (is_refused) return "the key is refused: " + mend_key(f, c);
  const std::string log = "see why: " + show_bridge_log(f);
  if (c.error.empty() || c.reason == "circuit_open") return log + "; its base_url and key: " + f.settings_path;
  const std::string url = c.settings.base_url.empty() ? "BASE_URL/models" : shell_word(c.settings.base_url + "/models");
  return "see that its server runs and that base_url of " + c.asked + " in " + f.settings_path + " is right: curl " +
         url + "; " + log;
}

}  // namespace

Maybe broker(const Facts& f) {
  const std::string name = "broker";
  const BrokerFacts& b = f.broker;
  if (!b.endpoint_problem.empty()) {
    return bad(name, b.endpoint_problem, "it is written anew when the hub starts: " + f.run);
  }
  if (!b.host_problem.empty()) {
    return bad(name, "there is no host " + b.host + ": " + b.host_problem,
               "name the broker's host: " + f.command + " --host HOST doctor");
  }
  if (!b.is_listening && f.socket.is_listening) {
    return bad(name, "listens at " + f.socket.path + ", but nothing does at " + where(b) + ": no device can come there",
               "add a listener (docs/installing.md), then " + restart_broker(f) + "; for one that is there: " +
                   f.command + " --host HOST --port PORT doctor, and write HOST PORT into " + f.data_dir + "/endpoint");
  }
  if (!b.is_listening) return bad(name, "nothing listens at " + where(b), "start the hub: " + start_hub(f));
  if (b.anonymous == LoginResult::not_mqtt) {
    return bad(name, where(b) + " is taken" + by(b) + ", which is no MQTT broker",
               "stop that program, or give the hub another port: " + other_port(f));
  }
  if (b.anonymous == LoginResult::speaks_tls) {
    return bad(name, where(b) + by(b) + " speaks TLS, and was spoken to without", "speak TLS: " + with_tls(f));
  }
  if (!b.tls_problem.empty()) return std::nullopt;  // that is said instead
  if (!is_broker(f)) {
    return bad(name, where(b) + by(b) + " takes connections, but did not answer",
               (b.tls ? std::string() : "if it speaks TLS: " + with_tls(f) + "; ") +
                   "see its log: " + show_broker_log(f) + "; start it anew: " + restart_broker(f));
  }
  return good(name, where(b) + by(b));
}

Maybe encryption(const Facts& f) {
  const BrokerFacts& b = f.broker;
  if (!b.tls || !b.is_listening) return std::nullopt;
  if (!b.tls_problem.empty()) return bad("TLS", where(b) + by(b) + ": " + b.tls_problem, mend_tls(f));
  return good("TLS", "the broker's certificate is good for " + b.host + ", by " +
                         (b.ca_file.empty() ? "a CA that this system trusts" : "the CA in " + b.ca_file));
}

Maybe anonymous_login(const Facts& f) {
  const std::string name = "clients without a token";
  const BrokerFacts& b = f.broker;
  if (!is_broker(f) || b.anonymous == LoginResult::untried) return std::nullopt;
  if (b.anonymous == LoginResult::accepted) {
    return bad(
        name,
        "are let in at " + where(b) + by(b) + ": this is another broker than the hub's, or the plugin is not loaded",
        "if it is another one, stop it (Debian's: systemctl disable --now mosquitto) or use another port: " +
            other_port(f) + "; else load the plugin as config/mosquitto.conf does");
  }
  if (b.anonymous == LoginResult::no_answer) {
    return warn(name, "got no answer at " + where(b) + by(b) + ": whether they are turned away is not known",
                "see its log: " + show_broker_log(f));
  }
  return good(name, "are turned away");
}

Maybe login(const Facts& f) {
  const std::string name = "login";
  const BrokerFacts& b = f.broker;
  if (!is_broker(f) || b.admin == LoginResult::untried || b.anonymous == LoginResult::accepted) return std::nullopt;
  if (b.admin == LoginResult::accepted) return good(name, "a token of this data directory's keys is let in");
  const std::string why = b.admin_problem.empty() ? "" : " (" + b.admin_problem + ")";
  if (b.admin != LoginResult::refused) {
    return bad(name, "a token signed just now with " + f.keys_path + " got no answer" + by(b) + why,
               "see its log: " + show_broker_log(f) + "; start it anew: " + restart_broker(f));
  }
  return bad(name,
             "a token signed just now with " + f.keys_path + " is refused" + by(b) + why +
                 ": that broker has other keys, no plugin, or another clock",
             "see that the plugin_opt_keys of the broker is this file, and its log ('refused connect reason=…'): " +
                 show_broker_log(f) + "; for another hub say --data-dir");
}

Maybe open_files(const Facts& f) {
  if (!is_broker(f) || !f.broker.files_max) return std::nullopt;
  const std::uint64_t limit = *f.broker.files_max;
  const std::uint64_t wanted = std::max(files_min, f.hub.devices.value_or(0) + files_of_its_own);
  const std::string what = "the broker may have " + std::to_string(limit) + " files and connections open";
  if (limit >= wanted) return good("file limit", what);
  const std::string number = std::to_string(std::max(wanted, files_recommended));
  return warn("file limit", what + ", " + std::to_string(wanted) + " would be right",
              f.is_package ? "systemctl edit mosquitto, write [Service] and below it LimitNOFILE=" + number +
                                 ", then " + restart_broker(f)
                           : "ulimit -n " + number + ", then " + start_hub(f));
}

Maybe bridge(const Facts& f) {
  if (!is_inside(f)) return std::nullopt;
  const std::string name = "bridge";
  if (f.hub.answers) return good(name, "answers");
  if (f.hub.state == "online") {
    return bad(name, "says it is online but does not answer: " + f.hub.problem,
               "see what it does: " + show_bridge_log(f) + "; restart it: " + restart_bridge(f));
  }
  return bad(name, f.hub.state.empty() ? "has never run with this broker" : "is not running",
             "start it: " + (f.is_package ? "systemctl restart strawberry-bridge" : f.run) +
                 "; its last words: " + show_bridge_log(f));
}

Maybe clock(const Facts& f) {
  const std::string todo = "set the clock: timedatectl set-ntp true, then timedatectl status; restart the hub";
  if (to_unix_ms(f.now) < year_2024_ms) {
    return bad("clock", "it is " + format_rfc3339(f.now) + " here: the clock was never set", todo);
  }
  if (!f.hub.reported_at) return good("clock", format_rfc3339(f.now));
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(f.now - *f.hub.reported_at);
  if (age < -clock_ahead_max) {
    return bad("clock",
               "the hub's last report is from " + std::to_string(-age.count()) + " s in the future: the clock " +
                   "was set back, or the two machines differ",
               todo);
  }
  if (age > report_age_max && f.hub.answers) {
    return bad("clock",
               "the hub answers, but its last report is " + std::to_string(age.count()) + " s old: the clock " +
                   "was set forward, or the two machines differ",
               todo);
  }
  return good("clock", format_rfc3339(f.now) + ", as the hub's");
}

Maybe providers(const Facts& f) {
  if (!f.hub.answers || f.hub.providers.empty()) return std::nullopt;
  std::string failing;
  std::string all;
  for (const ProviderFacts& p : f.hub.providers) {
    all += (all.empty() ? "" : ", ") + p.name;
    if (p.name == "rules") continue;  // those only know what they know
    const bool fails = p.state != "closed" || (p.failures > 0 && p.failures == p.requests);
    if (fails) {
      failing += (failing.empty() ? "" : ", ") + p.name + " (" + p.state + ", " + std::to_string(p.failures) + " of " +
                 std::to_string(p.requests) + " requests failed)";
    }
  }
  if (!failing.empty()) {
    return bad("language models", failing,
               "see why: " + f.command + " doctor --chat; then its base_url and key in " + f.settings_path);
  }
  return good("language models", all);
}

/// Who it is, as far as that is known: a device's name says most.
std::string who(const RefusedLogin& login) {
  if (!login.name.empty()) return login.name + " (" + login.id + ")";
  if (!login.id.empty()) return login.id;
  return login.address.empty() ? "somebody" : "somebody at " + login.address;
}

std::string mend_login(const Facts& f, const RefusedLogin& login) {
  const std::string id = login.id.empty() ? "DEVICE" : shell_word(login.id);
  const std::string renew = f.command + " token issue --device " + id + " --output FILE";
  const std::string& reason = login.reason;
  if (reason == "token_missing") {
    return "give it its token as the password, and a user name beside it (the device's or user's id): many clients "
           "send "
           "no password without one";
  }
  if (reason == "user_name_differs") return "its user name must be the id that its token is for, or empty";
  if (reason == "token_not_yet_valid") return "compare the clocks: date -u on both machines";
  if (reason == "device_inactive") return "it was revoked; let it in again: " + f.command + " device restore " + id;
  if (reason == "unknown_device")
    return "it was deleted, or is another hub's: " + f.command + " device add NAME --user USER";
  if (reason == "connecting_too_fast" || reason == "rate_limited") {
    return "it connects or publishes again and again: does it run twice, or in a loop? It is let in when it is calmer";
  }
  if (reason == "client_id_in_use" || reason == "client_id_is_a_principal" || reason == "bad_client_id") {
    return "give it the client id of its own device, or one that nobody else has: letters, digits, _ and -";
  }
  if (reason.starts_with("token_") || reason == "not_the_owner") return "give it a new token: " + renew;
  return "see what it sends: " + f.command + " tail hub/audit";
}

Maybe refused_logins(const Facts& f) {
  if (!f.refused_logins) return std::nullopt;
  const std::string name = "refused logins";
  std::string all;
  const RefusedLogin* first = nullptr;
  std::size_t more = 0;
  constexpr std::size_t shown_max = 4;
  std::size_t shown = 0;
  for (const RefusedLogin& login : *f.refused_logins) {
    if (login.at + refused_age_max < f.now) continue;
    if (first == nullptr) first = &login;
    if (shown == shown_max) {
      ++more;
      continue;
    }
    ++shown;
    all += (all.empty() ? "" : "; ") + who(login) + ": " + login.reason + ", " + std::to_string(login.times) +
           (login.times == 1 ? " time" : " times") + ", last at " + format_rfc3339(login.at).substr(11, 8);
  }
  if (first == nullptr) return good(name, "none in the last ten minutes");
  if (more > 0) all += "; and " + std::to_string(more) + " more";
  return warn(name, all, who(*first) + ": " + mend_login(f, *first));
}

Maybe settings(const Facts& f) {
  const std::string name = "bridge configuration";
  if (!f.settings.file.exists) return std::nullopt;  // defaults
  if (!f.settings.file.problem.empty()) {
    if (is_permission_denied(f.settings.file)) return std::nullopt;  // somebody else's to look at
    return bad(name, "cannot read " + f.settings_path + ": " + f.settings.file.problem,
               "see: ls -l " + f.settings_path);
  }
  if (f.settings.problems.empty()) return good(name, f.settings_path);
  const std::size_t more = f.settings.problems.size() - 1;
  return bad(name, f.settings.problems.front() + (more == 0 ? "" : " (and " + std::to_string(more) + " more)"),
             "see all that is wrong: strawberry-bridge --check --config " + shell_word(f.settings_path) +
                 "; correct it, then " + restart_bridge(f));
}

Maybe chat(const Facts& f) {
  if (!f.chats) return std::nullopt;
  if (f.chats->empty() && !f.hub.reported_at) {
    return warn("chat", "the hub has not said which language models it has",
                "ask again in 10 s: " + f.command + " doctor --chat");
  }
  if (f.chats->empty()) {
    return warn(
        "chat", "no language model is set up, the built-in rules answer alone",
        "set one up in " + f.settings_path + ", or " +
            (f.is_package ? "write OPENAI_API_KEY=sk-… into /etc/strawberry/environment, then " + restart_bridge(f)
                          : "OPENAI_API_KEY=sk-… " + f.run));
  }
  std::string answered;
  for (const ChatFacts& c : *f.chats) {
    if (c.error.empty() && c.answered_by == c.asked) {
      answered += (answered.empty() ? "" : ", ") + c.asked;
      continue;
    }
    const std::string what =
        c.asked + " did not answer: " + (c.error.empty() ? "only " + c.answered_by + " did" : c.error);
    return bad("chat", what, mend_model(f, c));
  }
  return good("chat", "answered by " + answered);
}

}  // namespace strawberry::cli
