/// Stamps a message with its principal and the time, its token and its rights, as the user properties
/// `strawberry-principal`, `strawberry-token` and `strawberry-rights` (docs/decisions, 2).
#pragma once

#include <cstddef>
#include <string>

#include "broker-plugin/mosquitto_api.h"

namespace strawberry::plugin {

/// Returns the bytes of all texts in the properties of a PUBLISH packet, names of user properties included, plus 64 for
/// each property.
std::size_t properties_size(const mosquitto_property* list);

/// An empty one is not written.
struct SenderStamp {
  const std::string& sender;
  std::string token = {};
  std::string rights = {};
};

/// Removes every such property that the client sent and adds those of `stamp`, unless it has no principal. Returns
/// false on failure: the message must not be delivered then.
bool stamp_sender(mosquitto_property** list, const SenderStamp& stamp);

}  // namespace strawberry::plugin
