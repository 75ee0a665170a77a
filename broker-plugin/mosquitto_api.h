/// Mosquitto's headers in the order they want to be included in. For the files that are compiled into the plugin
/// itself.
#pragma once

#include <mosquitto.h>
//
#include <mosquitto_broker.h>
//
#include <mosquitto_plugin.h>
#include <mqtt_protocol.h>

#include <string_view>

namespace strawberry {

/// The broker has null pointers for what a client has not sent.
inline std::string_view view_of(const char* text) {
  return text == nullptr ? std::string_view() : std::string_view(text);
}

}  // namespace strawberry
