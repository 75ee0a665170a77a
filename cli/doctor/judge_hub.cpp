#include <map>

#include "cli/doctor/judgements.h"

namespace strawberry::cli {
namespace {

/// The hub reports every 10 s.
constexpr std::chrono::seconds report_age_max{40};
constexpr std::chrono::seconds clock_ahead_max{5};
constexpr std::chrono::minutes refused_age_max{10};
constexpr std::int64_t year_2024_ms = 1'704'067'200'000;

bool is_inside(const Facts& f) {
  return f.broker.admin == LoginResult::accepted && f.broker.anonymous != LoginResult::accepted;
}

Maybe bridge(const Facts& f) {
  if (!is_inside(f)) return std::nullopt;
  if (f.hub.answers) return good("answers");
  if (f.hub.state == "online") {
    return bad("says it is online but does not answer: " + f.hub.problem,
               "see what it does: " + show_bridge_log(f) + "; restart it: " + restart_bridge(f));
  }
  return bad(f.hub.state.empty() ? "has never run with this broker" : "is not running",
             "start it: " + (f.is_package ? "systemctl restart strawberry-bridge" : f.run) +
                 "; its last words: " + show_bridge_log(f));
}

Maybe clock(const Facts& f) {
  const std::string todo = "set the clock: timedatectl set-ntp true, then timedatectl status; restart the hub";
  if (to_unix_ms(f.now) < year_2024_ms) {
    return bad("it is " + format_rfc3339(f.now) + " here: the clock was never set", todo);
  }
  if (!f.hub.reported_at) return good(format_rfc3339(f.now));
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(f.now - *f.hub.reported_at);
  if (age < -clock_ahead_max) {
    return bad("the hub's last report is from " + std::to_string(-age.count()) + " s in the future: the clock " +
                   "was set back, or the two machines differ",
               todo);
  }
  if (age > report_age_max && f.hub.answers) {
    return bad("the hub answers, but its last report is " + std::to_string(age.count()) + " s old: the clock " +
                   "was set forward, or the two machines differ",
               todo);
  }
  return good(format_rfc3339(f.now) + ", as the hub's");
}

/// Names the client as well as possible: best by the name of its device.
std::string who(const RefusedLogin& login) {
  if (!login.name.empty()) return login.name + " (" + login.id + ")";
  if (!login.id.empty()) return login.id;
  return login.address.empty() ? "somebody" : "somebody at " + login.address;
}

std::string mend_login(const Facts& f, const RefusedLogin& login) {
  const std::string id = login.id.empty() ? "DEVICE" : shell_word(login.id);
  const std::string holder = login.is_user ? " token issue --user " : " token issue --device ";
  const std::string renew = f.command + holder + id + " --output FILE";
  const std::string calmer =
      "it connects or publishes again and again: does it run twice, or in a loop? It is let in when it is calmer";
  const std::string other_client_id =
      "give it the client id of its own device, or one that nobody else has: letters, digits, _ and -";
  const std::map<std::string_view, std::string> by_reason{
      {"token_missing",
       "give it its token as the password, and a user name beside it (the device's or user's id): "
       "many clients send no password without one"},
      {"user_name_differs", "its user name must be the id that its token is for, or empty"},
      {"token_not_yet_valid", "compare the clocks: date -u on both machines"},
      {"device_inactive", "it was revoked; let it in again: " + f.command + " device restore " + id},
      {"unknown_device", "it was deleted, or is another hub's: " + f.command + " device add NAME --user USER"},
      {"connecting_too_fast", calmer},
      {"rate_limited", calmer},
      {"client_id_in_use", other_client_id},
      {"client_id_is_a_principal", other_client_id},
      {"bad_client_id", other_client_id}};
  if (const auto advice = by_reason.find(login.reason); advice != by_reason.end()) return advice->second;
  if (login.reason.starts_with("token_") || login.reason == "not_the_owner") return "give it a new token: " + renew;
  return "see what it sends: " + f.command + " tail hub/audit";
}

Maybe refused_logins(const Facts& f) {
  if (!f.refused_logins) return std::nullopt;
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
  if (first == nullptr) return good("none in the last ten minutes");
  if (more > 0) all += "; and " + std::to_string(more) + " more";
  return warn(all, who(*first) + ": " + mend_login(f, *first));
}

Maybe providers(const Facts& f) {
  if (!f.hub.answers || f.hub.providers.empty()) return std::nullopt;
  std::string failing;
  std::string all;
  for (const ProviderFacts& p : f.hub.providers) {
    all += (all.empty() ? "" : ", ") + p.name;
    if (p.name == "rules") continue;  // they only answer what they have rules for
    const bool fails = p.state != "closed" || (p.failures > 0 && p.failures == p.requests);
    if (fails) {
      failing += (failing.empty() ? "" : ", ") + p.name + " (" + p.state + ", " + std::to_string(p.failures) + " of " +
                 std::to_string(p.requests) + " requests failed)";
    }
  }
  if (!failing.empty()) {
    return bad(failing, "see why: " + f.command + " doctor --chat; then its base_url and key in " + f.settings_path);
  }
  return good(all);
}

/// Returns where its key is, and how the bridge reloads it.
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
  // Gemini answers 400 to a bad key, with its own text.
  const bool is_refused = c.status == 401 || c.status == 403 || c.error.find("API key not valid") != std::string::npos;
  if (is_refused) return "the key is refused: " + mend_key(f, c);
  const std::string log = "see why: " + show_bridge_log(f);
  if (c.error.empty() || c.reason == "circuit_open") return log + "; its base_url and key: " + f.settings_path;
  const std::string url = c.settings.base_url.empty() ? "BASE_URL/models" : shell_word(c.settings.base_url + "/models");
  return "see that its server runs and that base_url of " + c.asked + " in " + f.settings_path + " is right: curl " +
         url + "; " + log;
}

Maybe chat(const Facts& f) {
  if (!f.chats) return std::nullopt;
  if (f.chats->empty() && !f.hub.reported_at) {
    return warn("the hub has not said which language models it has",
                "ask again in 10 s: " + f.command + " doctor --chat");
  }
  if (f.chats->empty()) {
    return warn(
        "no language model is set up, the built-in rules answer alone",
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
    return bad(what, mend_model(f, c));
  }
  return good("answered by " + answered);
}

/// A web door is optional: without one there is no finding.
Maybe web_door(const Facts& f) {
  constexpr int healthy = 200;
  const WebDoorFacts& door = f.web_door;
  if (door.file.empty()) return std::nullopt;
  const std::string todo = f.is_package
                               ? "see journalctl -u strawberry-gateway -n 20, then systemctl restart strawberry-gateway"
                               : "see its log: tail " + shell_word(f.data_dir + "/log/gateway.log") +
                                     "; if there should be none: rm " + shell_word(door.file);
  if (door.url.empty()) return bad(door.file + " does not say where on this machine it is", todo);
  if (!door.is_listening) return bad(door.file + " says " + door.url + ", and nothing listens there", todo);
  if (door.has_ended_certificate) {
    return bad(door.url + ": its certificate has expired",
               f.is_package ? "renew the files that certificate_file and key_file in /etc/strawberry/gateway.toml name"
                            : "start the hub again: " + f.run);
  }
  if (door.status == healthy) return good(door.url);
  const std::string answer = door.status == 0 ? "without an answer in HTTP" : "status " + std::to_string(door.status);
  return bad(door.url + "/health: " + answer, todo);
}

}  // namespace

std::vector<Check> hub_checks() {
  return {{"bridge", bridge}, {"clock", clock},      {"refused logins", refused_logins}, {"language models", providers},
          {"chat", chat},     {"web door", web_door}};
}

}  // namespace strawberry::cli
