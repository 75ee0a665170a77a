// A second plugin for the broker of a test, which publishes whatever a client named `injector` asks for, past every
// check of writing, so that delivery can be tested with topics that nobody may publish to.
//
// Its request is a publication on the topic `inject`: `r` (retained) or `-`, the topic, a NUL, the payload.
#include <exception>
#include <string>
#include <string_view>

#include "broker-plugin/mosquitto_api.h"

#define PLUGIN_ENTRY extern "C" __attribute__((visibility("default")))

namespace {

using strawberry::plugin::view_of;

int on_acl_check(int, void* data, void*) try {
  const auto& event = *static_cast<mosquitto_evt_acl_check*>(data);
  if (event.access != MOSQ_ACL_WRITE || view_of(event.topic) != "inject" ||
      view_of(mosquitto_client_id(event.client)) != "injector") {
    return MOSQ_ERR_PLUGIN_DEFER;
  }
  const std::string_view request(static_cast<const char*>(event.payload), event.payloadlen);
  const std::size_t end = request.find('\0');
  if (end == std::string_view::npos || end < 1) return MOSQ_ERR_ACL_DENIED;
  const std::string topic(request.substr(1, end - 1));
  const std::string payload(request.substr(end + 1));
  const int published = mosquitto_broker_publish_copy(nullptr, topic.c_str(), static_cast<int>(payload.size()),
                                                      payload.data(), /*qos=*/0, request[0] == 'r', nullptr);
  if (published != MOSQ_ERR_SUCCESS) {
    mosquitto_log_printf(MOSQ_LOG_ERR, "cannot inject: %s", mosquitto_strerror(published));
  }
  return MOSQ_ERR_ACL_DENIED;  // the request itself goes to nobody
} catch (const std::exception&) {
  return MOSQ_ERR_ACL_DENIED;
}

mosquitto_plugin_id_t* identifier = nullptr;

}  // namespace

PLUGIN_ENTRY int mosquitto_plugin_version(int, const int*) { return MOSQ_PLUGIN_VERSION; }

PLUGIN_ENTRY int mosquitto_plugin_init(mosquitto_plugin_id_t* id, void**, mosquitto_opt*, int) {
  identifier = id;
  return mosquitto_callback_register(id, MOSQ_EVT_ACL_CHECK, on_acl_check, nullptr, nullptr);
}

PLUGIN_ENTRY int mosquitto_plugin_cleanup(void*, mosquitto_opt*, int) {
  return mosquitto_callback_unregister(identifier, MOSQ_EVT_ACL_CHECK, on_acl_check, nullptr);
}
