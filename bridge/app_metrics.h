/// Connects the hub's numbers to Prometheus: counters of other parts are read at each scrape, durations are observed
/// when they end. Not created unless the configuration enables metrics.
///
/// Threading: loop only.   Lifetime: the App's.
/// Errors: a port that is not available is logged once and retried; the hub keeps running.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bridge/adapters/prometheus/hub_metrics.h"
#include "bridge/adapters/prometheus/metrics_server.h"
#include "bridge/config/config.h"
#include "bridge/hub/hub_topics.h"
#include "bridge/llm/provider_chain.h"
#include "bridge/ports/limit_store.h"
#include "common/runtime/asio.h"
#include "common/runtime/events.h"

namespace strawberry::bridge {

class AppMetrics {
 public:
  struct Sources {
    std::function<HubHealth()> health;
    std::function<bool()> serving;
    WallTime started_at;
    std::function<std::vector<HubMetrics::Reading>()> quotas;
  };
  AppMetrics(asio::io_context& loop, const Config& config, const HubMetrics::Ops& ops, Sources sources, Events& events);

  /// Called again when there is another provider.
  void know_models(const ProviderChain& providers);
  Task<void> serve();

 private:
  const Sources sources_;
  HubMetrics metrics_;
  MetricsServer server_;
  asio::steady_timer pause_;
  const std::string place_;
  std::vector<Subscription> subscriptions_;
};

/// Returns users at their limits, and refusals, by limit; both use the names of limit_names.
std::vector<HubMetrics::Reading> quota_readings(const UsersAtLimit& users,
                                                const std::map<std::string, std::uint64_t>& refusals);

/// Returns the values of the health report and of this process, with their Prometheus names.
std::vector<HubMetrics::Reading> readings_of(const HubHealth& health, bool serving, WallTime started_at);

}  // namespace strawberry::bridge
