#include "bridge/devices/presence.h"

#include <algorithm>

#include "common/contract/bounded_json.h"

namespace strawberry::bridge {

std::optional<PresenceReport> read_presence(std::string_view payload) {
  constexpr std::size_t status_bytes_max = 16 * 1024;
  PresenceReport report;
  if (payload.empty() || payload == "offline") return report;
  if (payload == "online") return PresenceReport{true, std::nullopt, false};
  const auto json = parse_bounded_json(payload, status_bytes_max);
  if (!json.is_object()) return std::nullopt;
  const auto state = json.find("state");
  if (state == json.end() || (*state != "online" && *state != "offline")) return std::nullopt;
  report.online = *state == "online";
  const auto since = json.find("since");
  if (since != json.end() && since->is_string()) report.since = parse_rfc3339(since->get_ref<const std::string&>());
  const auto reason = json.find("reason");
  report.after_broker_restart = reason != json.end() && *reason == "broker_restart";
  return report;
}

std::optional<std::int64_t> last_seen_after(const PresenceReport& report, const PresenceArrival& arrival,
                                            std::optional<std::int64_t> known_ms) {
  const std::int64_t now_ms = to_unix_ms(arrival.now);
  const std::int64_t since_ms = std::min(report.since ? to_unix_ms(*report.since) : now_ms, now_ms);
  if (arrival.is_retained) {
    if (!report.since || report.after_broker_restart) return std::nullopt;
  } else if (!arrival.is_change) {
    return std::nullopt;
  }
  if (known_ms && since_ms <= *known_ms) return std::nullopt;
  return since_ms;
}

}  // namespace strawberry::bridge
