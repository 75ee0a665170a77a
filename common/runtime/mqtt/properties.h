/// Converts the MQTT 5 properties of a message to and from libmosquitto's list (MQTT 5, section 2.2.2).
///
/// Pure.   Errors: to_properties() fails when the library cannot express a property (not UTF-8, too long).
#pragma once

#include <memory>
#include <optional>

#include "common/contract/mqtt_message.h"
#include "common/runtime/libmosquitto.h"

namespace strawberry {

struct FreeProperties {
  void operator()(mosquitto_property* list) const { mosquitto_property_free_all(&list); }
};
using Properties = std::unique_ptr<mosquitto_property, FreeProperties>;

/// `expiry_s`: Message Expiry Interval. Nothing when a property cannot be sent.
std::optional<Properties> to_properties(const MqttMessage& message, std::optional<std::uint32_t> expiry_s);
void read_properties(const mosquitto_property* list, MqttMessage& into);

}  // namespace strawberry
