/// Stamps a message with its principal, token, rights and time, as the user properties `strawberry-principal`,
/// `strawberry-token`, `strawberry-rights` and `strawberry-published-at` (docs/decisions, 2).
#pragma once

#include <cstddef>
#include <string>

#include "broker-plugin/mosquitto_api.h"
#include "common/text/clock.h"

namespace strawberry::plugin {

/// Returns the bytes of all texts in the properties of a PUBLISH packet, names of user properties included, plus 64 for
/// each property.
std::size_t properties_size(const mosquitto_property* list);

/// The stamps besides the time. An empty one is not written.
struct SenderStamp {
  const std::string& sender;
  std::string token = {};
  std::string rights = {};
};

/// Removes every such property that the client sent and adds those of `stamp`, unless it has no principal. Returns
/// false on failure: the message must not be delivered then.
bool stamp_sender(mosquitto_property** list, const SenderStamp& stamp, WallTime now);

}  // namespace strawberry::plugin
