/// Writes the hub's own topics `hub/state`, `hub/info` and `hub/health` (docs/contract.md, section 9), and
/// `devices/{id}/skills` (section 8). Pure: takes numbers, returns one line of JSON; never a token.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/contract/topics.h"
#include "common/text/clock.h"

namespace strawberry::bridge {

std::string hub_state(bool online, WallTime since, WallTime now);

struct HubInfo {
  std::string version;
  WallTime started_at;
  std::map<std::string, std::int64_t> limits;  // key: the name, which ends with the unit
  std::map<std::string, std::vector<std::string>> services;
  std::int64_t broker_port = 0;
  bool broker_tls = false;
};
std::string hub_info(const HubInfo& info, WallTime now);

struct ProviderHealth {
  std::string name;
  std::string state;  // of its circuit breaker: closed, open, half_open
  std::uint64_t requests = 0;
  std::uint64_t failures = 0;
  std::optional<std::chrono::milliseconds> retry_in;  // while open
};

struct HubHealth {
  std::chrono::seconds uptime{0};
  std::int64_t rss_bytes = 0;
  std::size_t devices = 0;
  std::size_t devices_connected = 0;
  std::size_t skills = 0;
  std::size_t requests_in_flight = 0;
  std::size_t calls_in_flight = 0;
  std::size_t chats_in_flight = 0;
  std::map<std::string, std::uint64_t> totals;
  std::map<std::string, std::uint64_t> queues;
  std::map<std::string, std::uint64_t> queue_limits;  // keys: the names in `queues` and of the requests in flight
  std::int64_t database_bytes = 0;
  std::optional<std::uint64_t> disk_free_bytes;  // nothing: unknown
  bool disk_low = false;                         // writes that need space are refused
  std::vector<ProviderHealth> providers;         // in the order in which they are tried
};
std::string hub_health(const HubHealth& health, WallTime now);

/// Announces that a device's live skills have changed.
std::string skills_changed(const std::string& device_id, std::size_t skills, WallTime now);

}  // namespace strawberry::bridge
