/// What the hub says about itself: `hub/info`, `hub/health`, and the readings behind its metrics.
#include <array>

#include "bridge/app_options.h"
#include "bridge/app_parts.h"
#include "bridge/process_numbers.h"

namespace strawberry {
namespace {

constexpr std::array services_all = {Service::skills, Service::chat, Service::sessions, Service::devices,
                                     Service::users};

}  // namespace

HubInfo App::Parts::info() const {
  HubInfo info;
  info.version = STRAWBERRY_VERSION;
  info.started_at = started_at;
  info.limits = {{"payload_bytes_max", config.limits.payload_bytes_max},
                 {"open_calls_max", config.limits.open_calls_max},
                 {"open_calls_per_target_max", config.limits.open_calls_per_target_max},
                 {"chats_per_principal_max", config.limits.chats_per_principal_max},
                 {"stored_bytes_per_user_max", config.limits.stored_bytes_per_user_max},
                 {"sessions_per_user_max", config.limits.sessions_per_user_max},
                 {"messages_per_user_max", config.limits.messages_per_user_max},
                 {"messages_per_session_max", config.limits.messages_per_session_max},
                 {"devices_per_user_max", config.limits.devices_per_user_max},
                 {"disk_free_min_mib", config.limits.disk_free_min_mib},
                 {"tokens_per_user_max", config.limits.tokens_per_user_max},
                 {"tokens_per_principal_max", config.limits.tokens_per_principal_max},
                 {"token_line_days_max", config.limits.token_line_days_max},
                 {"device_registrations_per_hour", config.limits.device_registrations_per_hour},
                 {"skills_per_device_max", config.limits.skills_per_device_max},
                 {"timeout_ms", timeout_max.count()}};
  for (const auto service : services_all) {
    info.services[std::string(to_string(service))] = schemas.ops(service);
  }
  return info;
}

HubHealth App::Parts::health() const {
  HubHealth health;
  health.uptime = std::chrono::duration_cast<std::chrono::seconds>(clock.steady_now() - started_steady);
  health.rss_bytes = process_numbers().resident_bytes;
  health.devices = devices.size();
  health.devices_connected = devices.online_count();
  health.skills = skills.total();
  const auto& requests = pipeline.counters();
  const auto& router = calls.router();
  const auto sent = mqtt.counters();
  const auto stored = store->health();
  health.requests_in_flight = requests.in_flight;
  health.calls_in_flight = router.open_calls();
  health.chats_in_flight = chat_service.in_flight();
  health.totals = {{"requests", requests.requests},
                   {"errors", requests.errors},
                   {"repeated", requests.repeated},
                   {"ignored", mqtt_door.counters().ignored},
                   {"busy", requests.busy},
                   {"busy_unanswered", requests.silent},
                   {"overdue", requests.overdue},
                   {"calls", router.counters().opened},
                   {"unwanted_results", router.counters().unwanted_results},
                   {"messages_received", sent.received},
                   {"dropped_outbox_full", sent.dropped_outbox_full},
                   {"dropped_unsendable", sent.dropped_unsendable},
                   {"refused_by_broker", sent.refused}};
  health.queues = {{"store", stored.jobs_waiting},
                   {"store_bytes", stored.bytes_waiting},
                   {"requests_waiting", pipeline.waiting()},
                   {"outbox", sent.outbox_messages},
                   {"outbox_bytes", sent.outbox_bytes},
                   {"reply_cache_entries", pipeline.replies().entries()},
                   {"reply_cache_bytes", pipeline.replies().bytes()}};
  health.queue_limits = queue_limits(config);
  health.database_bytes = stored.bytes_stored;
  health.disk_free_bytes = stored.disk_free_bytes;
  health.disk_low = stored.disk_low;
  health.providers = provider_health(providers);
  return health;
}

void App::Parts::start_metrics() {
  if (config.metrics.port == 0) return;
  HubMetrics::Ops ops;
  for (const auto service : services_all) ops[service] = schemas.ops(service);
  metrics.emplace(context, config, ops,
                  AppMetrics::Sources{[this] { return health(); }, [this] { return is_serving; }, started_at}, events);
  metrics->know_models(providers);
  asio::co_spawn(context, metrics->serve(), asio::detached);
}

}  // namespace strawberry
