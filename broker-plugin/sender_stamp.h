/// Writes onto a message who sent it, by which token, with which rights and when, as the user properties
/// `strawberry-principal`, `strawberry-token`, `strawberry-rights` and `strawberry-published-at` (docs/decisions, 2).
#pragma once

#include <cstddef>
#include <string>

#include "broker-plugin/mosquitto_api.h"
#include "common/text/clock.h"

namespace strawberry::plugin {

/// Bytes of all texts in the list of a PUBLISH packet, names of user properties included, and 64 more for each
/// property.
std::size_t properties_size(const mosquitto_property* list);

/// What is written beside the time. An empty one is left out.
struct SenderStamp {
  const std::string& sender;
  std::string token = {};
  std::string rights = {};
};

/// Takes away every such property of the client's own and adds those of `stamp`, unless it names no sender. False when
/// it cannot be done: then the message must not go on.
bool stamp_sender(mosquitto_property** list, const SenderStamp& stamp, WallTime now);

}  // namespace strawberry::plugin
