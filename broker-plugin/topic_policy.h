/// Who may do what on which topic: docs/contract.md, section 2, as code. What is not listed is denied.
///
/// Pure: the answer depends on the arguments and on who owns a device, never on connections or time.
/// Threading: any.   Bounds: topics and filters of at most policy_topic_bytes_max bytes and topic_levels_max levels.
#pragma once

#include <string_view>

#include "common/contract/principal.h"

namespace strawberry {

inline constexpr std::size_t policy_topic_bytes_max = 512;

enum class Access {
  read,       // a message is about to be delivered
  write,      // a connected client publishes
  will,       // the broker publishes the will of a client that is gone
  subscribe,  // `topic` is a filter
};
std::string_view to_string(Access access);

enum class Verdict {
  allowed,
  not_canonical,        // too long, too many levels, empty levels, control characters, misplaced wildcards
  not_listed,           // no rule of the contract allows it to anybody of this type
  not_yours,            // it would be allowed to somebody else
  retained,             // this topic carries no retained messages
  will_is_no_request,   // wills cannot be stamped with their sender, so they may not look like requests
  shared_subscription,  // for the bridge and admins only
  // Not said by check_topic(), which knows neither payloads nor connections:
  too_large,         // a status of more than status_bytes_max
  too_many_filters,  // Subscriptions::Options
};
std::string_view to_string(Verdict verdict);

class DeviceOwners {
 public:
  virtual ~DeviceOwners() = default;
  /// The user a device belongs to; empty when there is no such device.
  virtual std::string_view owner_of(std::string_view device_id) const = 0;
};

Verdict check_topic(const Principal& who, Access access, std::string_view topic, bool retain,
                    const DeviceOwners& owners);

/// `<service>/{id}/request`, `skills/{id}/result` and `homeassistant/status`: what the bridge acts on, and so needs to
/// know the sender of. Only the last may also be a will, of which the bridge hears nothing.
bool carries_sender(std::string_view topic);

}  // namespace strawberry
