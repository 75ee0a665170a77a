#include <algorithm>

#include "bridge/cli/doctor/judgements.h"

namespace strawberry::cli {
namespace {

/// Of the broker: what it opens besides a socket a client.
constexpr std::uint64_t files_of_its_own = 256;
constexpr std::uint64_t files_min = 1'024;
/// The hub reports every 10 s.
constexpr std::chrono::seconds report_age_max{40};
constexpr std::chrono::seconds clock_ahead_max{5};
constexpr std::int64_t year_2024_ms = 1'704'067'200'000;

const char* const start = "start the hub: scripts/run (or: systemctl start mosquitto strawberry-bridge)";

std::string where(const BrokerFacts& broker) { return broker.host + ":" + std::to_string(broker.port); }
std::string by(const BrokerFacts& broker) { return broker.program.empty() ? "" : " by " + broker.program; }

bool is_broker(const Facts& f) { return f.broker.is_listening && f.broker.anonymous != LoginResult::not_mqtt; }

bool is_inside(const Facts& f) {
  return f.broker.admin == LoginResult::accepted && f.broker.anonymous != LoginResult::accepted;
}

bool mentions(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

Maybe broker(const Facts& f) {
  const std::string name = "broker";
  const BrokerFacts& b = f.broker;
  if (!b.endpoint_problem.empty()) {
    return bad(name, b.endpoint_problem, "scripts/run writes that file anew when it starts");
  }
  if (!b.is_listening) return bad(name, "nothing listens at " + where(b), start);
  if (b.anonymous == LoginResult::not_mqtt) {
    return bad(name, where(b) + " is taken" + by(b) + ", which is no MQTT broker",
               "stop that program, or give the hub another port: scripts/run --port 1884");
  }
  return good(name, where(b) + by(b));
}

Maybe anonymous_login(const Facts& f) {
  const std::string name = "clients without a token";
  const BrokerFacts& b = f.broker;
  if (!is_broker(f) || b.anonymous == LoginResult::untried) return std::nullopt;
  if (b.anonymous == LoginResult::accepted) {
    return bad(
        name,
        "are let in at " + where(b) + by(b) + ": this is another broker than the hub's, or the plugin is not loaded",
        "if it is another one, stop it (Debian's: systemctl disable --now mosquitto) or use another port: "
        "scripts/run --port 1884; else load the plugin as config/mosquitto.conf does");
  }
  return good(name, "are turned away");
}

Maybe login(const Facts& f) {
  const std::string name = "login";
  const BrokerFacts& b = f.broker;
  if (!is_broker(f) || b.admin == LoginResult::untried || b.anonymous == LoginResult::accepted) return std::nullopt;
  if (b.admin == LoginResult::accepted) return good(name, "a token of this data directory's keys is let in");
  return bad(name,
             "a token signed just now with " + f.keys_path + " is refused" + by(b) +
                 ": that broker has other keys, no plugin, or another clock",
             "see that the plugin_opt_keys of the broker is this file, and its log ('refused connect reason=…'); "
             "for another hub say --data-dir");
}

Maybe open_files(const Facts& f) {
  if (!is_broker(f) || !f.broker.files_max) return std::nullopt;
  const std::uint64_t limit = *f.broker.files_max;
  const std::uint64_t wanted = std::max(files_min, f.hub.devices.value_or(0) + files_of_its_own);
  const std::string what = "the broker may have " + std::to_string(limit) + " files and connections open";
  if (limit >= wanted) return good("file limit", what);
  return warn("file limit", what + ", " + std::to_string(wanted) + " would be right",
              "ulimit -n 65536 before scripts/run, or LimitNOFILE=65536 by systemctl edit mosquitto");
}

Maybe bridge(const Facts& f) {
  if (!is_inside(f)) return std::nullopt;
  const std::string name = "bridge";
  if (f.hub.answers) return good(name, "answers");
  if (f.hub.state == "online") {
    return bad(
        name, "says it is online but does not answer: " + f.hub.problem,
        "see what it does: tail " + f.data_dir + "/log/bridge.log (or journalctl -u strawberry-bridge), restart it");
  }
  return bad(name, f.hub.state.empty() ? "has never run with this broker" : "is not running",
             "start it: scripts/run (or: systemctl start strawberry-bridge); its last words: tail " + f.data_dir +
                 "/log/bridge.log");
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
               "see why: " + f.command + " doctor --chat; then its base_url and key in " + f.data_dir + "/bridge.toml");
  }
  return good("language models", all);
}

Maybe chat(const Facts& f) {
  if (!f.chats) return std::nullopt;
  const std::string settings = f.data_dir + "/bridge.toml";
  if (f.chats->empty()) {
    return warn("chat", "no language model is set up, the built-in rules answer alone",
                "set one up in " + settings + ", or: OPENAI_API_KEY=sk-… scripts/run");
  }
  std::string answered;
  for (const ChatFacts& c : *f.chats) {
    if (c.error.empty() && c.answered_by == c.asked) {
      answered += (answered.empty() ? "" : ", ") + c.asked;
      continue;
    }
    const std::string what =
        c.asked + " did not answer: " + (c.error.empty() ? "only " + c.answered_by + " did" : c.error);
    if (mentions(c.error, "401") || mentions(c.error, "403")) {
      return bad("chat", what,
                 "the key is refused: set a good one for " + c.asked + " (api_key_env or api_key_file in " + settings +
                     ") and restart the bridge");
    }
    return bad("chat", what,
               "see that its server runs and that base_url of " + c.asked + " in " + settings +
                   " is right: curl BASE_URL/models");
  }
  return good("chat", "answered by " + answered);
}

}  // namespace strawberry::cli
