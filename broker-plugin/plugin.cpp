// Mosquitto's side of the plugin: callbacks in, decision out. The only file that includes Mosquitto's headers.
//
// Whatever goes wrong in here, an exception included, is a no. Nothing here waits.
#include <mosquitto.h>
//
#include <mosquitto_broker.h>
//
#include <mosquitto_plugin.h>
#include <mqtt_protocol.h>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker-plugin/broker.h"
#include "broker-plugin/gatekeeper.h"
#include "broker-plugin/options.h"
#include "common/clock.h"
#include "common/device_directory.h"
#include "common/keys.h"
#include "common/principal.h"

#define STRAWBERRY_PLUGIN_ENTRY extern "C" __attribute__((visibility("default")))

namespace strawberry {
namespace {

constexpr int mqtt_5 = 5;

std::string_view view_of(const char* text) { return text == nullptr ? std::string_view() : std::string_view(text); }

class MosquittoBroker final : public Broker {
 public:
  void publish_retained(const std::string& topic, const std::string& payload) override {
    mosquitto_broker_publish_copy(nullptr, topic.c_str(), static_cast<int>(payload.size()), payload.data(), /*qos=*/1,
                                  /*retain=*/true, nullptr);
  }
  void kick(const std::string& client_id, bool with_will) override {
    mosquitto_kick_client_by_clientid(client_id.c_str(), with_will);
  }
  void log(LogLevel level, const std::string& line) override {
    const int mosquitto_level = level == LogLevel::error     ? MOSQ_LOG_ERR
                                : level == LogLevel::warning ? MOSQ_LOG_WARNING
                                                             : MOSQ_LOG_NOTICE;
    mosquitto_log_printf(mosquitto_level, "strawberry: %s", line.c_str());
  }
};

/// Everything the plugin owns while it is loaded.
struct Plugin {
  mosquitto_plugin_id_t* identifier = nullptr;
  MosquittoBroker broker;
  SystemClock clock;
  std::unique_ptr<DeviceDirectory> directory;
  std::unique_ptr<Gatekeeper> gatekeeper;
};

/// Runs `decide`; an exception in it is logged and becomes `refusal`.
template <class Decide>
int decided(void* userdata, int refusal, Decide decide) {
  auto& plugin = *static_cast<Plugin*>(userdata);
  try {
    return decide(plugin);
  } catch (const std::exception& e) {
    mosquitto_log_printf(MOSQ_LOG_ERR, "strawberry: refused because of an internal error: %s", e.what());
  } catch (...) {
    mosquitto_log_printf(MOSQ_LOG_ERR, "strawberry: refused because of an internal error");
  }
  return refusal;
}

int on_basic_auth(int, void* data, void* userdata) {
  return decided(userdata, MOSQ_ERR_AUTH, [data](Plugin& plugin) {
    const auto& event = *static_cast<mosquitto_evt_basic_auth*>(data);
    Gatekeeper::ConnectEvent connect;
    connect.handle = event.client;
    connect.attempt = {view_of(mosquitto_client_id(event.client)), view_of(event.username), view_of(event.password)};
    connect.address = view_of(mosquitto_client_address(event.client));
    // MQTT 5 has an expiry interval of its own, which the broker does not show.
    connect.session_may_stay =
        mosquitto_client_protocol_version(event.client) == mqtt_5 || !mosquitto_client_clean_session(event.client);
    connect.has_subscriptions = mosquitto_client_sub_count(event.client) > 0;
    const auto user_name = plugin.gatekeeper->connect(connect);
    if (!user_name) return MOSQ_ERR_AUTH;
    if (connect.attempt.user_name == *user_name) return MOSQ_ERR_SUCCESS;  // has it from before
    if (mosquitto_set_username(event.client, user_name->c_str()) == MOSQ_ERR_SUCCESS) return MOSQ_ERR_SUCCESS;
    plugin.gatekeeper->disconnected(event.client);
    return MOSQ_ERR_AUTH;
  });
}

int on_acl_check(int, void* data, void* userdata) {
  return decided(userdata, MOSQ_ERR_ACL_DENIED, [data](Plugin& plugin) {
    const auto& event = *static_cast<mosquitto_evt_acl_check*>(data);
    Gatekeeper::TopicEvent topic;
    switch (event.access) {
      case MOSQ_ACL_READ: topic.access = Access::read; break;
      case MOSQ_ACL_WRITE: topic.access = Access::write; break;
      case MOSQ_ACL_SUBSCRIBE: topic.access = Access::subscribe; break;
      case MOSQ_ACL_UNSUBSCRIBE: return MOSQ_ERR_SUCCESS;  // nobody learns anything by it
      default: return MOSQ_ERR_ACL_DENIED;
    }
    topic.handle = event.client;
    topic.client_id = view_of(mosquitto_client_id(event.client));
    topic.user_name = view_of(mosquitto_client_username(event.client));
    topic.topic = view_of(event.topic);
    if (event.payload != nullptr) topic.payload = {static_cast<const char*>(event.payload), event.payloadlen};
    topic.retain = event.retain;
    return plugin.gatekeeper->allows(topic) ? MOSQ_ERR_SUCCESS : MOSQ_ERR_ACL_DENIED;
  });
}

bool is_stamp(const mosquitto_property* property) {
  char* name = nullptr;
  char* value = nullptr;
  if (mosquitto_property_identifier(property) != MQTT_PROP_USER_PROPERTY ||
      mosquitto_property_read_string_pair(property, MQTT_PROP_USER_PROPERTY, &name, &value, false) == nullptr) {
    return false;
  }
  const bool found = view_of(name) == principal_property;
  std::free(name);
  std::free(value);
  return found;
}

bool has_stamp(const mosquitto_property* list) {
  for (; list != nullptr; list = mosquitto_property_next(list)) {
    if (is_stamp(list)) return true;
  }
  return false;
}

/// Appends a copy of one property of a PUBLISH packet. False for a kind that a PUBLISH cannot have.
bool append_copy(mosquitto_property** list, const mosquitto_property* property) {
  const int identifier = mosquitto_property_identifier(property);
  switch (identifier) {
    case MQTT_PROP_PAYLOAD_FORMAT_INDICATOR: {
      std::uint8_t value = 0;
      return mosquitto_property_read_byte(property, identifier, &value, false) != nullptr &&
             mosquitto_property_add_byte(list, identifier, value) == MOSQ_ERR_SUCCESS;
    }
    case MQTT_PROP_MESSAGE_EXPIRY_INTERVAL: {
      std::uint32_t value = 0;
      return mosquitto_property_read_int32(property, identifier, &value, false) != nullptr &&
             mosquitto_property_add_int32(list, identifier, value) == MOSQ_ERR_SUCCESS;
    }
    case MQTT_PROP_CONTENT_TYPE:
    case MQTT_PROP_RESPONSE_TOPIC: {
      char* value = nullptr;
      if (mosquitto_property_read_string(property, identifier, &value, false) == nullptr) return false;
      const bool added = mosquitto_property_add_string(list, identifier, value) == MOSQ_ERR_SUCCESS;
      std::free(value);
      return added;
    }
    case MQTT_PROP_CORRELATION_DATA: {
      void* value = nullptr;
      std::uint16_t size = 0;
      if (mosquitto_property_read_binary(property, identifier, &value, &size, false) == nullptr) return false;
      const bool added = mosquitto_property_add_binary(list, identifier, value, size) == MOSQ_ERR_SUCCESS;
      std::free(value);
      return added;
    }
    case MQTT_PROP_USER_PROPERTY: {
      char* name = nullptr;
      char* value = nullptr;
      if (mosquitto_property_read_string_pair(property, identifier, &name, &value, false) == nullptr) return false;
      const bool added = mosquitto_property_add_string_pair(list, identifier, name, value) == MOSQ_ERR_SUCCESS;
      std::free(name);
      std::free(value);
      return added;
    }
    default: return false;
  }
}

/// Replaces `list` by one without any stamp of the client's own; the broker's API removes nothing from a list.
bool remove_stamps(mosquitto_property** list) {
  mosquitto_property* kept = nullptr;
  for (const mosquitto_property* property = *list; property != nullptr; property = mosquitto_property_next(property)) {
    if (is_stamp(property)) continue;
    if (!append_copy(&kept, property)) {
      mosquitto_property_free_all(&kept);
      return false;
    }
  }
  mosquitto_property_free_all(list);
  *list = kept;
  return true;
}

int on_message(int, void* data, void* userdata) {
  return decided(userdata, MOSQ_ERR_ACL_DENIED, [data](Plugin& plugin) {
    auto& event = *static_cast<mosquitto_evt_message*>(data);
    Gatekeeper::TopicEvent topic;
    topic.handle = event.client;
    topic.client_id = view_of(mosquitto_client_id(event.client));
    topic.user_name = view_of(mosquitto_client_username(event.client));
    topic.access = Access::write;
    topic.topic = view_of(event.topic);
    if (event.payload != nullptr) topic.payload = {static_cast<const char*>(event.payload), event.payloadlen};
    topic.retain = event.retain;
    const auto sender = plugin.gatekeeper->sender_of(topic);
    if (!sender) return MOSQ_ERR_ACL_DENIED;
    if (has_stamp(event.properties) && !remove_stamps(&event.properties)) return MOSQ_ERR_ACL_DENIED;
    if (sender->empty()) return MOSQ_ERR_SUCCESS;
    const int added = mosquitto_property_add_string_pair(&event.properties, MQTT_PROP_USER_PROPERTY, principal_property,
                                                         sender->c_str());
    return added == MOSQ_ERR_SUCCESS ? MOSQ_ERR_SUCCESS : MOSQ_ERR_ACL_DENIED;
  });
}

int on_disconnect(int, void* data, void* userdata) {
  return decided(userdata, MOSQ_ERR_SUCCESS, [data](Plugin& plugin) {
    plugin.gatekeeper->disconnected(static_cast<mosquitto_evt_disconnect*>(data)->client);
    return MOSQ_ERR_SUCCESS;
  });
}

int on_tick(int, void* data, void* userdata) {
  return decided(userdata, MOSQ_ERR_SUCCESS, [data](Plugin& plugin) {
    auto& event = *static_cast<mosquitto_evt_tick*>(data);
    plugin.gatekeeper->tick();
    // Later brokers ask when they should come again.
    event.next_s = 1;
    return MOSQ_ERR_SUCCESS;
  });
}

struct Callback {
  int event;
  MOSQ_FUNC_generic_callback function;
};
constexpr Callback callbacks[] = {
    {MOSQ_EVT_BASIC_AUTH, on_basic_auth}, {MOSQ_EVT_ACL_CHECK, on_acl_check}, {MOSQ_EVT_MESSAGE, on_message},
    {MOSQ_EVT_DISCONNECT, on_disconnect}, {MOSQ_EVT_TICK, on_tick},
};

Result<std::unique_ptr<Plugin>> load(mosquitto_plugin_id_t* identifier,
                                     const std::vector<std::pair<std::string, std::string>>& options) {
  const auto parsed = parse_plugin_options(options);
  if (!parsed) return tl::unexpected(parsed.error());
  auto keys = KeySet::load(parsed->keys_path);
  if (!keys) return tl::unexpected(keys.error());
  auto directory = DeviceDirectory::open(parsed->database_path, {});
  if (!directory) return tl::unexpected(directory.error());

  auto plugin = std::make_unique<Plugin>();
  plugin->identifier = identifier;
  plugin->directory = std::move(*directory);
  plugin->gatekeeper = std::make_unique<Gatekeeper>(plugin->broker, std::move(*keys), *plugin->directory, plugin->clock,
                                                    Gatekeeper::Options{});
  for (const Callback& callback : callbacks) {
    if (mosquitto_callback_register(identifier, callback.event, callback.function, nullptr, plugin.get()) !=
        MOSQ_ERR_SUCCESS) {
      return fail("the broker offers no callback number " + std::to_string(callback.event));
    }
  }
  return plugin;
}

}  // namespace
}  // namespace strawberry

STRAWBERRY_PLUGIN_ENTRY int mosquitto_plugin_version(int supported_version_count, const int* supported_versions) {
  for (int i = 0; i < supported_version_count; ++i) {
    if (supported_versions[i] == MOSQ_PLUGIN_VERSION) return MOSQ_PLUGIN_VERSION;
  }
  return -1;
}

STRAWBERRY_PLUGIN_ENTRY int mosquitto_plugin_init(mosquitto_plugin_id_t* identifier, void** userdata,
                                                  mosquitto_opt* options, int option_count) {
  try {
    std::vector<std::pair<std::string, std::string>> given;
    for (int i = 0; i < option_count; ++i) {
      given.emplace_back(strawberry::view_of(options[i].key), strawberry::view_of(options[i].value));
    }
    auto plugin = strawberry::load(identifier, given);
    if (plugin) {
      *userdata = plugin->release();
      return MOSQ_ERR_SUCCESS;
    }
    mosquitto_log_printf(MOSQ_LOG_ERR, "strawberry: not loaded: %s", plugin.error().message.c_str());
  } catch (const std::exception& e) {
    mosquitto_log_printf(MOSQ_LOG_ERR, "strawberry: not loaded: %s", e.what());
  } catch (...) {
    mosquitto_log_printf(MOSQ_LOG_ERR, "strawberry: not loaded");
  }
  return MOSQ_ERR_INVAL;
}

STRAWBERRY_PLUGIN_ENTRY int mosquitto_plugin_cleanup(void* userdata, mosquitto_opt*, int) {
  const std::unique_ptr<strawberry::Plugin> plugin(static_cast<strawberry::Plugin*>(userdata));
  if (!plugin) return MOSQ_ERR_SUCCESS;
  for (const strawberry::Callback& callback : strawberry::callbacks) {
    mosquitto_callback_unregister(plugin->identifier, callback.event, callback.function, nullptr);
  }
  return MOSQ_ERR_SUCCESS;
}
