/// Includes the headers of the broker's plugin API and reads its events as the installed version of Mosquitto requires.
/// For sources that are compiled into a plugin; the only place that handles differences between versions.
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

namespace strawberry::plugin {

/// Since Mosquitto 2.0.15 the broker frees the list of properties that a plugin has replaced in a message; before, the
/// plugin had to. Debian's broker comes with the client library of the same version.
inline bool broker_frees_replaced_properties() { return mosquitto_lib_version(nullptr, nullptr, nullptr) >= 2'000'015; }

/// Makes the broker call the plugin in each of its rounds, and at least once a second when it is idle.
///
/// Mosquitto 2.0 calls about ten times a second and ignores the interval. 2.1 calls again only when `next_s` and
/// `next_ms` have passed, and sleeps for the sum of both, but only after a round in which it has called: with an
/// interval of a second it could sleep for many seconds when another event has woken it before. It carries over at most
/// one second of the interval after a round without a call, so this interval, -2 s and 3'000 ms, passes at once and
/// lets it sleep for a second. A broker that adds the two calls once a second.
inline void call_in_each_round(mosquitto_evt_tick& event) {
  event.next_s = -2;
#if LIBMOSQUITTO_VERSION_NUMBER < 2001000
  event.next_ns = 3'000;  // a newer broker, which may load this plugin, has the milliseconds here
#else
  event.next_ms = 3'000;
#endif
}

/// The broker passes null pointers for fields that a client has not sent.
inline std::string_view view_of(const char* text) {
  return text == nullptr ? std::string_view() : std::string_view(text);
}

}  // namespace strawberry::plugin
