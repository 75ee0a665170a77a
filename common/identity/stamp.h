/// What the broker plugin stamps on a message as User Properties: who sent it, when the broker took it in, and by which
/// token, and what that may do.
///
/// Pure functions.   Errors: nothing, when the plugin did not say it.
#pragma once

#include <optional>
#include <string_view>

#include "common/contract/mqtt_message.h"
#include "common/contract/principal.h"
#include "common/identity/token_stamp.h"
#include "common/text/clock.h"

namespace strawberry {

std::optional<Principal> stamped_principal(const MqttMessage& message);
/// Nothing also when it does not fit the topic's id.
std::optional<Principal> stamped_principal(const MqttMessage& message, std::string_view topic_id);
std::optional<WallTime> stamped_time(const MqttMessage& message);
std::optional<AskingToken> stamped_token(const MqttMessage& message);
/// Full rights when the plugin says nothing of them; none when what it says cannot be read.
Rights stamped_rights(const MqttMessage& message);

}  // namespace strawberry
