/// What the hub says about itself: `hub/info`, `hub/health`, and the readings behind its metrics.
#include <array>

#include "bridge/app.h"
#include "bridge/app_parts.h"
#include "bridge/process_numbers.h"
#include "common/runtime/asio.h"

namespace strawberry {
namespace {

constexpr std::array services_all = {Service::skills, Service::chat, Service::sessions, Service::devices};
constexpr std::chrono::seconds health_interval{10};

}  // namespace

HubInfo App::info() const {
  HubInfo info;
  info.version = STRAWBERRY_VERSION;
  info.started_at = started_at_;
  info.limits = {{"payload_bytes_max", config_.limits.payload_bytes_max},
                 {"open_calls_max", config_.limits.open_calls_max},
                 {"open_calls_per_target_max", config_.limits.open_calls_per_target_max},
                 {"chats_per_principal_max", config_.limits.chats_per_principal_max},
                 {"stored_bytes_per_user_max", config_.limits.stored_bytes_per_user_max},
                 {"sessions_per_user_max", config_.limits.sessions_per_user_max},
                 {"messages_per_user_max", config_.limits.messages_per_user_max},
                 {"messages_per_session_max", config_.limits.messages_per_session_max},
                 {"devices_per_user_max", config_.limits.devices_per_user_max},
                 {"disk_free_min_mib", config_.limits.disk_free_min_mib},
                 {"tokens_per_user_max", config_.limits.tokens_per_user_max},
                 {"tokens_per_principal_max", config_.limits.tokens_per_principal_max},
                 {"token_line_days_max", config_.limits.token_line_days_max},
                 {"device_registrations_per_hour", config_.limits.device_registrations_per_hour},
                 {"skills_per_device_max", config_.limits.skills_per_device_max},
                 {"timeout_ms", timeout_max.count()}};
  for (const auto service : services_all) {
    info.services[std::string(to_string(service))] = schemas_.ops(service);
  }
  return info;
}

HubHealth App::health() const {
  HubHealth health;
  health.uptime = std::chrono::duration_cast<std::chrono::seconds>(clock_.steady_now() - started_steady_);
  health.rss_bytes = process_numbers().resident_bytes;
  health.devices = devices_.size();
  health.devices_connected = devices_.online_count();
  health.skills = skills_.total();
  const auto& requests = pipeline_.counters();
  const auto& router = calls_.router();
  const auto mqtt = mqtt_.counters();
  const auto stored = store_->health();
  health.requests_in_flight = requests.in_flight;
  health.calls_in_flight = router.open_calls();
  health.chats_in_flight = chat_service_.in_flight();
  health.totals = {{"requests", requests.requests},
                   {"errors", requests.errors},
                   {"repeated", requests.repeated},
                   {"ignored", mqtt_door_.counters().ignored},
                   {"busy", requests.busy},
                   {"busy_unanswered", requests.silent},
                   {"overdue", requests.overdue},
                   {"calls", router.counters().opened},
                   {"unwanted_results", router.counters().unwanted_results},
                   {"messages_received", mqtt.received},
                   {"dropped_outbox_full", mqtt.dropped_outbox_full},
                   {"dropped_unsendable", mqtt.dropped_unsendable},
                   {"refused_by_broker", mqtt.refused}};
  health.queues = {{"store", stored.jobs_waiting},
                   {"store_bytes", stored.bytes_waiting},
                   {"requests_waiting", pipeline_.waiting()},
                   {"outbox", mqtt.outbox_messages},
                   {"outbox_bytes", mqtt.outbox_bytes},
                   {"reply_cache_entries", pipeline_.replies().entries()},
                   {"reply_cache_bytes", pipeline_.replies().bytes()}};
  health.queue_limits = queue_limits(config_);
  health.database_bytes = stored.bytes_stored;
  health.disk_free_bytes = stored.disk_free_bytes;
  health.disk_low = stored.disk_low;
  health.providers = provider_health(providers_);
  return health;
}

void App::start_metrics() {
  if (config_.metrics.port == 0) return;
  HubMetrics::Ops ops;
  for (const auto service : services_all) ops[service] = schemas_.ops(service);
  metrics_.emplace(context_, config_, ops,
                   AppMetrics::Sources{[this] { return health(); }, [this] { return serving_; }, started_at_});
  metrics_->watch(pipeline_, providers_, *store_);
  asio::co_spawn(context_, metrics_->serve(), asio::detached);
}

Task<void> App::report_health() {
  while (!stop_.is_set()) {
    health_timer_.expires_after(health_interval);
    co_await health_timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    if (serving_) {
      publish(hub_health_topic, hub_health(health(), clock_.wall_now()), true);
    } else if (mqtt_.is_ready()) {
      ready();  // the mark got lost among what the broker had queued
    }
  }
}

}  // namespace strawberry
