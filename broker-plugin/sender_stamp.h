/// Writes onto a message who sent it, by which token and when, as the user properties `strawberry-principal`,
/// `strawberry-token` and `strawberry-published-at` (docs/decisions, 2).
#pragma once

#include <cstddef>
#include <string>

#include "broker-plugin/mosquitto_api.h"
#include "common/text/clock.h"

namespace strawberry {

/// Bytes of all texts in the list of a PUBLISH packet, names of user properties included, and 64 more for each
/// property.
std::size_t properties_size(const mosquitto_property* list);

/// Takes away every such property of the client's own and adds them for `sender`, unless that is empty; `token` is left
/// out when it is. False when it cannot be done: then the message must not go on.
bool stamp_sender(mosquitto_property** list, const std::string& sender, const std::string& token, WallTime now);

}  // namespace strawberry
