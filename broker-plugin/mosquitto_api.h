/// The broker's plugin API, as this version of Mosquitto wants its headers included and its events read. For the files
/// that are compiled into a plugin; the only place that knows what differs between the versions.
#pragma once

#include <mosquitto.h>

#if LIBMOSQUITTO_VERSION_NUMBER < 2001000
// mosquitto_broker.h must come before mosquitto_plugin.h.
#include <mosquitto_broker.h>
//
#include <mosquitto_plugin.h>
//
#include <mqtt_protocol.h>
#endif

#include <string_view>

namespace strawberry {

/// The broker has null pointers for what a client has not sent.
inline std::string_view view_of(const char* text) {
  return text == nullptr ? std::string_view() : std::string_view(text);
}

}  // namespace strawberry
