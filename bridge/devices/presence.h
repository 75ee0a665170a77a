/// Parses a `devices/{id}/status` payload (docs/contract.md, section 8), and derives when the device was last seen.
/// Pure; the payload is untrusted: a device may publish its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/text/clock.h"

namespace strawberry::bridge {

struct PresenceReport {
  bool online = false;
  std::optional<WallTime> since;  // always present in a status of the broker plugin
  /// The broker has restarted and it is unknown when the device left: `since` is only when that was noticed.
  bool after_broker_restart = false;
};

/// Reads `online`, `offline`, or a JSON object whose `state` is one of them; an empty payload (the topic was cleared)
/// is offline. Nothing for anything else: the last known state stays.
std::optional<PresenceReport> read_presence(std::string_view payload);

struct PresenceArrival {
  bool is_retained = false;  // it may be old: sent while the bridge was away
  bool is_change = false;    // differs from the state that the bridge knew
  WallTime now;
};
/// Returns when the device last came online or went offline, in ms of Unix time; nothing when the known time stays.
/// Never later than now and never earlier than `known_ms`.
std::optional<std::int64_t> last_seen_after(const PresenceReport& report, const PresenceArrival& arrival,
                                            std::optional<std::int64_t> known_ms);

}  // namespace strawberry::bridge
