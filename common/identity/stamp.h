/// The User Properties that the broker plugin adds to a message: the principal with the time of arrival, the token, and
/// the token's rights.
///
/// Pure functions.   Errors: nothing, when the plugin did not add the property.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/contract/mqtt_message.h"
#include "common/contract/principal.h"
#include "common/identity/token_stamp.h"
#include "common/text/clock.h"

namespace strawberry {

/// Writes `device/alice/3f0c 1767225600000`: the principal, and the broker's clock in milliseconds since the Unix
/// epoch. The bridge subtracts the time a request has waited from its deadline. One property, since adding another
/// costs the broker as much as all else that stamping does.
void append_stamp(std::string& text, const Principal& principal, WallTime now);

std::optional<Principal> stamped_principal(const MqttMessage& message);
/// Returns nothing also when the principal does not match the topic's id.
std::optional<Principal> stamped_principal(const MqttMessage& message, std::string_view topic_id);
std::optional<WallTime> stamped_time(const MqttMessage& message);
std::optional<AskingToken> stamped_token(const MqttMessage& message);
/// Returns full rights when the property is missing, and no rights when it cannot be read.
Rights stamped_rights(const MqttMessage& message);

}  // namespace strawberry
