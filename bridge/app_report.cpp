/// The hub's reports about itself: `hub/info`, `hub/health`, and the readings behind its metrics.
#include <array>

#include "bridge/app_options.h"
#include "bridge/app_parts.h"
#include "bridge/process_numbers.h"

namespace strawberry::bridge {
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
                 {"skills_per_user_max", config.limits.skills_per_user_max},
                 {"timeout_ms", timeout_max.count()}};
  for (const auto service : services_all) {
    info.services[std::string(to_string(service))] = schemas.ops(service);
  }
  info.broker_port = config.broker.port;
  info.broker_tls = config.broker.tls;
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

UsersAtLimit App::Parts::users_at_limit() const {
  UsersAtLimit counted = stored_at_limit;
  // Values that are counted in the database are 0 until they were counted for the first time.
  for (const auto kind : {LimitKind::sessions, LimitKind::messages, LimitKind::stored_bytes})
    counted.try_emplace(kind, 0);
  counted[LimitKind::devices] = counted[LimitKind::skills] = 0;
  for (const auto& user_id : devices.owners()) {
    const auto is_at = [&](LimitKind kind, std::size_t used) {
      const auto max = limits.of(user_id, kind);
      return max > 0 && static_cast<std::int64_t>(used) >= max;
    };
    if (is_at(LimitKind::devices, devices.list(user_id).size())) ++counted[LimitKind::devices];
    if (is_at(LimitKind::skills, skills.count_of_user(user_id))) ++counted[LimitKind::skills];
  }
  counted[LimitKind::chats_per_minute] = usage.limits().users_out_of_chats();
  counted[LimitKind::tokens_per_day] = usage.limits().users_out_of_tokens();
  return counted;
}

/// Counts in the database; for the metrics only.
Task<void> App::Parts::count_stored_at_limit() {
  if (!metrics) co_return;
  if (auto counted = co_await store->limits().users_at_limit()) stored_at_limit = std::move(*counted);
}

void App::Parts::start_metrics() {
  if (config.metrics.port == 0) return;
  HubMetrics::Ops ops;
  for (const auto service : services_all) ops[service] = schemas.ops(service);
  metrics.emplace(context, config, ops,
                  AppMetrics::Sources{[this] { return health(); }, [this] { return is_serving; }, started_at,
                                      [this] { return quota_readings(users_at_limit(), quota_refusals.counts()); }},
                  events);
  metrics->know_models(providers);
  asio::co_spawn(context, metrics->serve(), asio::detached);
}

}  // namespace strawberry::bridge
