/// The hub's numbers for Prometheus, wired: what the parts count is read when it is asked for, what takes time is
/// observed as it ends. Nothing of it exists when the configuration wants none.
///
/// Threading: loop only.   Lifetime: the App's.
/// Errors: a port that cannot be had is logged once and tried again; the hub goes on.
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

  /// Again when there is another provider.
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

/// Users at their limits, and refusals, by limit: both by the names of limit_names.
std::vector<HubMetrics::Reading> quota_readings(const UsersAtLimit& users,
                                                const std::map<std::string, std::uint64_t>& refusals);

/// What the health says, and this process, as Prometheus names it.
std::vector<HubMetrics::Reading> readings_of(const HubHealth& health, bool serving, WallTime started_at);

}  // namespace strawberry::bridge
