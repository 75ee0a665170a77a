#include "bridge/app_metrics.h"

#include <array>
#include <utility>

#include "bridge/pipeline/request_log.h"
#include "bridge/ports/storage.h"
#include "bridge/process_numbers.h"
#include "common/runtime/asio.h"

namespace strawberry::bridge {
namespace {

using Reading = HubMetrics::Reading;
using Kind = HubMetrics::Kind;

constexpr std::chrono::seconds listen_again_after{10};

MetricsServer::Options server_options(const Config& config) {
  MetricsServer::Options options;
  options.address = config.metrics.address;
  options.port = static_cast<std::uint16_t>(config.metrics.port);
  return options;
}

/// One of HubHealth::totals, under its name for Prometheus.
struct Total {
  const char* key;
  const char* name;
  const char* help;
  const char* reason = nullptr;  // the label of those that share a name
};
constexpr std::array totals = {
    Total{"repeated", "strawberry_requests_repeated_total", "Requests that came again and got the answer of before."},
    Total{"ignored", "strawberry_requests_ignored_total", "Messages that were no request: retained, or of nobody."},
    Total{"overdue", "strawberry_requests_overdue_total",
          "Requests whose deadline had passed before they could begin."},
    Total{"calls", "strawberry_skill_calls_total", "Calls sent to devices."},
    Total{"unwanted_results", "strawberry_unwanted_results_total", "Results that no open call waited for."},
    Total{"messages_received", "strawberry_mqtt_messages_received_total", "MQTT messages from the broker."},
    Total{"dropped_outbox_full", "strawberry_mqtt_messages_dropped_total", "MQTT messages that were not sent.",
          "outbox_full"},
    Total{"dropped_unsendable", "strawberry_mqtt_messages_dropped_total", "MQTT messages that were not sent.",
          "unsendable"},
    Total{"refused_by_broker", "strawberry_mqtt_messages_dropped_total", "MQTT messages that were not sent.",
          "refused_by_broker"},
};

double number(auto value) { return static_cast<double>(value); }

void add_totals(std::vector<Reading>& all, const HubHealth& health) {
  for (const auto& total : totals) {
    const auto found = health.totals.find(total.key);
    if (found == health.totals.end()) continue;
    Reading reading{total.name, total.help, Kind::counter, number(found->second)};
    if (total.reason != nullptr) reading.labels["reason"] = total.reason;
    all.push_back(std::move(reading));
  }
}

/// `outbox_bytes` is the bytes of the queue `outbox`; of `reply_cache_entries` the items are meant.
void add_queues(std::vector<Reading>& all, const std::map<std::string, std::uint64_t>& sizes, bool in_bytes,
                const std::string& name, const std::string& help) {
  for (const auto& [key, size] : sizes) {
    if (key.ends_with("_bytes") != in_bytes) continue;
    std::string queue = key;
    for (const std::string_view unit : {"_bytes", "_entries"})
      if (queue.ends_with(unit)) queue.erase(queue.size() - unit.size());
    all.push_back({name, help, Kind::gauge, number(size), {{"queue", queue}}});
  }
}

void add_queues(std::vector<Reading>& all, const HubHealth& health) {
  auto sizes = health.queues;
  sizes["requests_in_flight"] = health.requests_in_flight;
  sizes["calls_in_flight"] = health.calls_in_flight;
  add_queues(all, sizes, false, "strawberry_queue_items", "What waits, or is open.");
  add_queues(all, health.queue_limits, false, "strawberry_queue_items_max", "The most that may; beyond it: busy.");
  add_queues(all, sizes, true, "strawberry_queue_bytes", "How much of it.");
  add_queues(all, health.queue_limits, true, "strawberry_queue_bytes_max", "The most of it.");
}

void add_providers(std::vector<Reading>& all, const HubHealth& health) {
  for (const auto& provider : health.providers)
    all.push_back({"strawberry_provider_circuit_open",
                   "1 while a provider is not asked because it kept failing.",
                   Kind::gauge,
                   provider.state == "open" ? 1.0 : 0.0,
                   {{"provider", provider.name}}});
}

void add_process(std::vector<Reading>& all, const HubHealth& health, WallTime started_at) {
  const auto process = process_numbers();
  all.push_back({"process_cpu_seconds_total", "CPU time, user and system.", Kind::counter, process.cpu_seconds});
  all.push_back({"process_open_fds", "Open files.", Kind::gauge, number(process.open_files)});
  all.push_back({"process_max_fds", "The most files that may be open.", Kind::gauge, number(process.open_files_max)});
  all.push_back({"process_resident_memory_bytes", "Memory in use.", Kind::gauge, number(health.rss_bytes)});
  all.push_back({"process_virtual_memory_bytes", "Address space.", Kind::gauge, number(process.virtual_bytes)});
  all.push_back({"process_start_time_seconds", "When it started, in Unix time.", Kind::gauge,
                 number(to_unix_ms(started_at)) / 1000.0});
}

}  // namespace

std::vector<Reading> readings_of(const HubHealth& health, bool serving, WallTime started_at) {
  std::vector<Reading> all;
  all.push_back({"strawberry_build_info", "1, with the version.", Kind::gauge, 1, {{"version", STRAWBERRY_VERSION}}});
  all.push_back(
      {"strawberry_serving", "1 while the bridge is at the broker and answers.", Kind::gauge, serving ? 1.0 : 0.0});
  all.push_back({"strawberry_devices", "Devices registered.", Kind::gauge, number(health.devices)});
  all.push_back({"strawberry_devices_connected", "Of them, connected.", Kind::gauge, number(health.devices_connected)});
  all.push_back({"strawberry_skills", "Skills registered.", Kind::gauge, number(health.skills)});
  all.push_back({"strawberry_chats_in_flight", "Chats under way.", Kind::gauge, number(health.chats_in_flight)});
  all.push_back(
      {"strawberry_database_bytes", "Size of the database file.", Kind::gauge, number(health.database_bytes)});
  if (health.disk_free_bytes) {
    all.push_back(
        {"strawberry_disk_free_bytes", "Free where the database is.", Kind::gauge, number(*health.disk_free_bytes)});
  }
  all.push_back({"strawberry_disk_low", "1 while nothing new is stored, since the disk is almost full.", Kind::gauge,
                 health.disk_low ? 1.0 : 0.0});
  add_totals(all, health);
  add_queues(all, health);
  add_providers(all, health);
  add_process(all, health, started_at);
  return all;
}

std::vector<Reading> quota_readings(const UsersAtLimit& users, const std::map<std::string, std::uint64_t>& refusals) {
  std::vector<Reading> all;
  for (const auto& [kind, count] : users) {
    all.push_back({"strawberry_users_at_limit",
                   "Users who have as much of it as they may.",
                   Kind::gauge,
                   number(count),
                   {{"limit", std::string(name_of(kind).name)}}});
  }
  for (const auto& [limit, count] : refusals) {
    all.push_back({"strawberry_quota_refusals_total",
                   "Requests that a limit of their user refused.",
                   Kind::counter,
                   number(count),
                   {{"limit", limit}}});
  }
  return all;
}

AppMetrics::AppMetrics(asio::io_context& loop, const Config& config, const HubMetrics::Ops& ops, Sources sources,
                       Events& events)
    : sources_(std::move(sources)),
      metrics_(ops, {}),
      server_(
          loop,
          [this] {
            auto readings = readings_of(sources_.health(), sources_.serving(), sources_.started_at);
            for (auto& reading : sources_.quotas()) readings.push_back(std::move(reading));
            return metrics_.text(readings);
          },
          server_options(config)),
      pause_(loop),
      place_(config.metrics.address + ":" + std::to_string(config.metrics.port)) {
  subscriptions_.push_back(
      events.listen<RequestAnswered>("metrics", [this](const auto& request) { metrics_.answered(request); }));
  subscriptions_.push_back(events.listen<ModelAsked>("metrics", [this](const auto& asked) { metrics_.asked(asked); }));
  subscriptions_.push_back(
      events.listen<StoreCommitted>("metrics", [this](const auto& commit) { metrics_.committed(commit.took); }));
}

void AppMetrics::know_models(const ProviderChain& providers) {
  for (const auto& named : providers.named_models()) metrics_.know_model(named.provider, named.model);
}

Task<void> AppMetrics::serve() {
  for (bool has_failed = false;; has_failed = true) {
    const auto listening = server_.listen();
    if (listening) break;
    if (!has_failed) {
      hub_log().error("no metrics at {}: {}; the hub goes on without, and tries again every {} s", place_,
                      listening.error().message, listen_again_after.count());
    }
    pause_.expires_after(listen_again_after);
    co_await pause_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  hub_log().info("metrics are at http://{}/metrics", place_);
}

}  // namespace strawberry::bridge
