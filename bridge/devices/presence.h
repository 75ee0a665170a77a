/// What a `devices/{id}/status` payload says (docs/contract.md, section 8), and what follows for when the device was
/// last seen. Pure; the payload is untrusted: a device may publish its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/text/clock.h"

namespace strawberry::bridge {

struct PresenceReport {
  bool online = false;
  std::optional<WallTime> since;  // the broker plugin always says it
  /// The broker has started again, and nobody knows when the device left: `since` is only when that was noticed.
  bool after_broker_restart = false;
};

/// `online`, `offline`, or a JSON object whose `state` is one of them; an empty payload (the topic was cleared) is
/// offline. Nothing for anything else: the last known state stays.
std::optional<PresenceReport> read_presence(std::string_view payload);

struct PresenceArrival {
  bool is_retained = false;  // it may be old: the bridge was away when it happened
  bool is_change = false;    // from what the bridge knew
  WallTime now;
};
/// When the device was last seen to come or go, in ms of Unix time; nothing when that stays as it is. Never later than
/// now and never earlier than `known_ms`.
std::optional<std::int64_t> last_seen_after(const PresenceReport& report, const PresenceArrival& arrival,
                                            std::optional<std::int64_t> known_ms);

}  // namespace strawberry::bridge
