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

namespace strawberry::plugin {

/// Since Mosquitto 2.0.15 the broker frees the list of properties that a plugin has replaced in a message; before, that
/// was left to the plugin. Debian's broker comes with the client library of its very version.
inline bool broker_frees_replaced_properties() { return mosquitto_lib_version(nullptr, nullptr, nullptr) >= 2'000'015; }

/// Asks the broker to call again in each of its rounds, and after a second at the latest when it has nothing to do.
///
/// Mosquitto 2.0 does so about ten times a second and ignores what is asked. 2.1 calls again only when `next_s` and
/// `next_ms` have passed, and sleeps as long as both say together, but only after a round in which it has called: an
/// interval of a second would let it sleep for many when something else has woken it before. Of the interval in which
/// it does not call it carries one second at most, so this one, -2 s and 3'000 ms, is over at once and lets it sleep
/// for a second. A broker that adds them up calls once a second.
inline void call_in_each_round(mosquitto_evt_tick& event) {
  event.next_s = -2;
#if LIBMOSQUITTO_VERSION_NUMBER < 2001000
  event.next_ns = 3'000;  // where a newer broker, which may load this plugin, has the milliseconds
#else
  event.next_ms = 3'000;
#endif
}

/// The broker has null pointers for what a client has not sent.
inline std::string_view view_of(const char* text) {
  return text == nullptr ? std::string_view() : std::string_view(text);
}

}  // namespace strawberry::plugin
