#include "bridge/hub/hub_topics.h"

#include <nlohmann/json.hpp>

#include "common/text/json_text.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

std::string line(json object, WallTime now) {
  object["ts"] = format_rfc3339(now);
  return to_text(object);
}

json as_json(const ProviderHealth& provider) {
  json object = {{"name", provider.name},
                 {"state", provider.state},
                 {"requests", provider.requests},
                 {"failures", provider.failures}};
  if (provider.retry_in) object["retry_in_ms"] = provider.retry_in->count();
  return object;
}

}  // namespace

std::string hub_state(bool online, WallTime since, WallTime now) {
  return line({{"state", online ? "online" : "offline"}, {"since", format_rfc3339(since)}}, now);
}

std::string skills_changed(const std::string& device_id, std::size_t skills, WallTime now) {
  return line({{"v", 1}, {"device_id", device_id}, {"skills", skills}}, now);
}

std::string hub_info(const HubInfo& info, WallTime now) {
  return line({{"version", info.version},
               {"contract_version", 1},
               {"started_at", format_rfc3339(info.started_at)},
               {"limits", info.limits},
               {"services", info.services},
               {"broker", {{"port", info.broker_port}, {"tls", info.broker_tls}}}},
              now);
}

std::string hub_health(const HubHealth& health, WallTime now) {
  json providers = json::array();
  for (const auto& provider : health.providers) providers.push_back(as_json(provider));
  json object = {{"uptime_s", health.uptime.count()},
                 {"rss_bytes", health.rss_bytes},
                 {"devices", health.devices},
                 {"devices_connected", health.devices_connected},
                 {"skills", health.skills},
                 {"requests_in_flight", health.requests_in_flight},
                 {"calls_in_flight", health.calls_in_flight},
                 {"chats_in_flight", health.chats_in_flight},
                 {"totals", health.totals},
                 {"queues", health.queues},
                 {"queue_limits", health.queue_limits},
                 {"database_bytes", health.database_bytes},
                 {"disk_low", health.disk_low},
                 {"providers", std::move(providers)}};
  if (health.disk_free_bytes) object["disk_free_bytes"] = *health.disk_free_bytes;
  return line(std::move(object), now);
}

}  // namespace strawberry::bridge
