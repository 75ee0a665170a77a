/// Writes who sent a message onto it, as the user property `strawberry-principal` (docs/decisions, 2).
#pragma once

#include <string>

#include "broker-plugin/mosquitto_api.h"

namespace strawberry {

/// Takes away every such property of the client's own and adds the one for `sender`, unless that is empty. False when
/// it cannot be done: then the message must not go on.
bool stamp_sender(mosquitto_property** list, const std::string& sender);

}  // namespace strawberry
