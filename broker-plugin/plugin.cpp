// The Mosquitto side of the plugin: translates callbacks and returns decisions.
//
// Any failure here, exceptions included, is a refusal. Nothing here blocks.
#include <dlfcn.h>
#include <malloc.h>

#include <cstdint>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker-plugin/broker.h"
#include "broker-plugin/broker_version.h"
#include "broker-plugin/gatekeeper.h"
#include "broker-plugin/limited_log.h"
#include "broker-plugin/mosquitto_api.h"
#include "broker-plugin/options.h"
#include "broker-plugin/reload_at_start.h"
#include "broker-plugin/sender_stamp.h"
#include "common/contract/control.h"
#include "common/identity/device_directory.h"
#include "common/identity/key_file.h"
#include "common/text/clock.h"

#define STRAWBERRY_PLUGIN_ENTRY extern "C" __attribute__((visibility("default")))

namespace strawberry::plugin {
namespace {

constexpr int mqtt_5 = 5;
constexpr int no_version = 0;  // of a stored session that was not used since the broker started
constexpr std::string_view unknown_address = "unknown";
constexpr std::string_view enhanced_method = "JWT";

class MosquittoBroker final : public Broker {
 public:
  void publish_retained(const std::string& topic, const std::string& payload) override {
    hand_over(topic, payload, /*retain=*/true);
  }
  void publish(const std::string& topic, const std::string& payload) override {
    hand_over(topic, payload, /*retain=*/false);
  }
  void kick(const std::string& client_id, bool with_will) override {
    mosquitto_kick_client_by_clientid(client_id.c_str(), with_will);
  }
  bool shows_sessions() const override { return find_client_ != nullptr && apply_on_all_ != nullptr; }
  std::vector<BrokerSession> sessions() override {
    std::vector<BrokerSession> all;
    const auto add = [](const mosquitto* client, void* list) -> int {
      static_cast<std::vector<BrokerSession>*>(list)->push_back(session_of(client));
      return MOSQ_ERR_SUCCESS;
    };
    if (shows_sessions()) apply_on_all_(add, &all);
    return all;
  }
  std::optional<BrokerSession> session(const std::string& client_id) override {
    const mosquitto* client = shows_sessions() ? find_client_(client_id.c_str()) : nullptr;
    if (client == nullptr) return std::nullopt;
    return session_of(client);
  }
  /// Returns Login::is_session for this client.
  std::optional<bool> is_session(const mosquitto* client) const {
    if (!shows_sessions()) return std::nullopt;
    const char* client_id = mosquitto_client_id(client);
    return client_id != nullptr && find_client_(client_id) == client;
  }
  void request_reload() override { strawberry::plugin::request_reload(); }
  std::optional<std::size_t> memory_in_use() override {
    const struct mallinfo2 info = ::mallinfo2();
    const std::size_t bytes = info.uordblks + info.hblkhd;
    if (bytes == 0) return std::nullopt;  // another allocator, such as a sanitizer's
    return bytes;
  }
  void log(LogLevel level, const std::string& line) override {
    const int mosquitto_level = level == LogLevel::error     ? MOSQ_LOG_ERR
                                : level == LogLevel::warning ? MOSQ_LOG_WARNING
                                                             : MOSQ_LOG_NOTICE;
    mosquitto_log_printf(mosquitto_level, "strawberry: %s", line.c_str());
  }

 private:
  /// The broker publishes it in its next round, never within the callback.
  static void hand_over(const std::string& topic, const std::string& payload, bool retain) {
    mosquitto_broker_publish_copy(nullptr, topic.c_str(), static_cast<int>(payload.size()), payload.data(), /*qos=*/1,
                                  retain, nullptr);
  }

  static BrokerSession session_of(const mosquitto* client) {
    return {std::string(view_of(mosquitto_client_id(client))), std::string(view_of(mosquitto_client_username(client)))};
  }
  template <class Function>
  static Function exported(const char* name) {
    return reinterpret_cast<Function>(::dlsym(RTLD_DEFAULT, name));
  }

  // Null before Mosquitto 2.1, whatever headers the plugin was built with.
  using FindClient = mosquitto* (*)(const char* client_id);
  using ApplyOnAll = int (*)(int (*function)(const mosquitto*, void*), void* argument);
  const FindClient find_client_ = exported<FindClient>("mosquitto_client");
  const ApplyOnAll apply_on_all_ = exported<ApplyOnAll>("mosquitto_apply_on_all_clients");
};

/// Everything the plugin owns while it is loaded.
struct Plugin {
  mosquitto_plugin_id_t* identifier = nullptr;
  MosquittoBroker broker;
  SystemClock clock;
  std::unique_ptr<DeviceDirectory> directory;
  std::unique_ptr<Gatekeeper> gatekeeper;
  std::optional<ReloadAtStart> reload_at_start;
  std::string sender;  // of the last message
  LimitedLog errors{broker, clock, "internal errors"};
  LimitedLog ignored{broker, clock, "ignored control messages"};
};

/// Runs `decide`; an exception in it is logged and becomes `refusal`.
template <class Decide>
int decided(void* userdata, int refusal, Decide decide) {
  auto& plugin = *static_cast<Plugin*>(userdata);
  try {
    return decide(plugin);
  } catch (const std::exception& e) {
    if (plugin.errors.take())
      mosquitto_log_printf(MOSQ_LOG_ERR, "strawberry: refused because of an internal error: %s", e.what());
  } catch (...) {
    if (plugin.errors.take()) mosquitto_log_printf(MOSQ_LOG_ERR, "strawberry: refused because of an internal error");
  }
  return refusal;
}

Login login_of(const Plugin& plugin, const mosquitto* client, std::string_view user_name, std::string_view token) {
  Login login;
  login.handle = client;
  login.attempt.client_id = view_of(mosquitto_client_id(client));
  login.attempt.user_name = user_name;
  login.attempt.password = token;
  login.attempt.is_clean = mosquitto_client_clean_session(client);
  login.address = view_of(mosquitto_client_address(client));
  const int version = mosquitto_client_protocol_version(client);
  // A stored session has no protocol version, so this is a client whose address the broker could not determine.
  if (login.address.empty() && version != no_version) login.address = unknown_address;
  // An MQTT 5 session may expire at a time that the broker does not show.
  login.session_may_stay = version == mqtt_5 || !login.attempt.is_clean;
  login.is_session = plugin.broker.is_session(client);
  return login;
}

int carry_out(Plugin& plugin, mosquitto* client, const LoginAnswer& answer) {
  switch (answer.kind) {
    case LoginAnswer::Kind::accepted: break;
    case LoginAnswer::Kind::refused: return MOSQ_ERR_AUTH;
    case LoginAnswer::Kind::hung_up: return MOSQ_ERR_CONN_REFUSED;  // closed without CONNACK
  }
  if (view_of(mosquitto_client_username(client)) == answer.user_name) return MOSQ_ERR_SUCCESS;
  if (mosquitto_set_username(client, answer.user_name.c_str()) == MOSQ_ERR_SUCCESS) return MOSQ_ERR_SUCCESS;
  plugin.gatekeeper->disconnected(client);
  return MOSQ_ERR_AUTH;
}

int on_basic_auth(int, void* data, void* userdata) {
  return decided(userdata, MOSQ_ERR_AUTH, [data](Plugin& plugin) {
    const auto& event = *static_cast<mosquitto_evt_basic_auth*>(data);
    const Login login = login_of(plugin, event.client, view_of(event.username), view_of(event.password));
    return carry_out(plugin, event.client, plugin.gatekeeper->login(login));
  });
}

/// A login with MQTT 5's enhanced authentication, or a new token in an open session: Mosquitto reports both alike.
int on_enhanced_auth(int, void* data, void* userdata) {
  return decided(userdata, MOSQ_ERR_AUTH, [data](Plugin& plugin) -> int {
    const auto& event = *static_cast<mosquitto_evt_extended_auth*>(data);
    if (view_of(event.auth_method) != enhanced_method) return MOSQ_ERR_NOT_SUPPORTED;
    const std::string_view token(static_cast<const char*>(event.data_in),
                                 event.data_in == nullptr ? 0 : event.data_in_len);
    const Login login = login_of(plugin, event.client, view_of(mosquitto_client_username(event.client)), token);
    if (!plugin.gatekeeper->is_open(event.client)) {
      return carry_out(plugin, event.client, plugin.gatekeeper->login(login));
    }
    const LoginAnswer renewed = plugin.gatekeeper->renew(login);
    return carry_out(plugin, event.client, renewed);
  });
}

/// The method has one step, so there is no continuation.
int on_enhanced_auth_continued(int, void*, void*) { return MOSQ_ERR_AUTH; }

int on_reload(int, void*, void* userdata) {
  decided(userdata, MOSQ_ERR_SUCCESS, [](Plugin& plugin) {
    plugin.gatekeeper->reload();
    return MOSQ_ERR_SUCCESS;
  });
  return MOSQ_ERR_SUCCESS;  // with any other result a later Mosquitto exits
}

int on_acl_check(int, void* data, void* userdata) {
  return decided(userdata, MOSQ_ERR_ACL_DENIED, [data](Plugin& plugin) {
    const auto& event = *static_cast<mosquitto_evt_acl_check*>(data);
    Gatekeeper::TopicEvent topic;
    switch (event.access) {
      case MOSQ_ACL_READ: topic.access = Access::read; break;
      case MOSQ_ACL_WRITE: topic.access = Access::write; break;
      case MOSQ_ACL_SUBSCRIBE: topic.access = Access::subscribe; break;
      case MOSQ_ACL_UNSUBSCRIBE:
        plugin.gatekeeper->unsubscribed(view_of(mosquitto_client_id(event.client)), view_of(event.topic));
        return MOSQ_ERR_SUCCESS;  // the publisher does not learn that the message was dropped
      default: return MOSQ_ERR_ACL_DENIED;
    }
    topic.handle = event.client;
    topic.client_id = view_of(mosquitto_client_id(event.client));
    topic.user_name = view_of(mosquitto_client_username(event.client));
    topic.topic = view_of(event.topic);
    if (event.payload != nullptr) topic.payload = {static_cast<const char*>(event.payload), event.payloadlen};
    topic.retain = event.retain;
    topic.qos = event.qos;
    return plugin.gatekeeper->allows(topic) ? MOSQ_ERR_SUCCESS : MOSQ_ERR_ACL_DENIED;
  });
}

/// Empty when there is none. The broker shows properties of messages that were allowed, not of those it asks about.
std::string correlation_data_of(const mosquitto_property* properties) {
  void* value = nullptr;
  std::uint16_t size = 0;
  if (mosquitto_property_read_binary(properties, MQTT_PROP_CORRELATION_DATA, &value, &size, false) == nullptr)
    return {};
  const std::unique_ptr<void, decltype(&std::free)> owned(value, &std::free);
  return std::string(static_cast<const char*>(value), size);
}

int on_message(int, void* data, void* userdata) {
  return decided(userdata, MOSQ_ERR_ACL_DENIED, [data](Plugin& plugin) {
    auto& event = *static_cast<mosquitto_evt_message*>(data);
    if (event.client == nullptr) return MOSQ_ERR_SUCCESS;  // since 2.1: published by a plugin
    Gatekeeper::TopicEvent topic;
    topic.handle = event.client;
    topic.client_id = view_of(mosquitto_client_id(event.client));
    topic.user_name = view_of(mosquitto_client_username(event.client));
    topic.access = Access::write;
    topic.topic = view_of(event.topic);
    if (event.payload != nullptr) topic.payload = {static_cast<const char*>(event.payload), event.payloadlen};
    topic.retain = event.retain;
    topic.properties_bytes = properties_size(event.properties);
    if (!plugin.gatekeeper->takes_properties(topic)) return MOSQ_ERR_ACL_DENIED;
    if (!plugin.gatekeeper->is_heard(topic)) return MOSQ_ERR_ACL_DENIED;
    const bool is_known = plugin.gatekeeper->write_sender(topic, plugin.sender);
    if (is_known) {
      const SenderStamp stamp{plugin.sender, plugin.gatekeeper->token_of(topic), plugin.gatekeeper->rights_of(topic)};
      if (stamp_sender(&event.properties, stamp)) return MOSQ_ERR_SUCCESS;
    }
    const std::string correlation_data = correlation_data_of(event.properties);
    topic.correlation_data = correlation_data;
    plugin.gatekeeper->dropped(topic, is_known ? "cannot_be_stamped" : "unknown_sender");
    return MOSQ_ERR_ACL_DENIED;
  });
}

/// on_acl_check() has allowed the publisher before. Mosquitto 2.0 closes its connection on any result but success.
int on_control(int, void* data, void* userdata) {
  return decided(userdata, MOSQ_ERR_SUCCESS, [data](Plugin& plugin) {
    const auto& event = *static_cast<mosquitto_evt_control*>(data);
    Gatekeeper::TopicEvent topic;
    topic.handle = event.client;
    if (event.payload != nullptr) topic.payload = {static_cast<const char*>(event.payload), event.payloadlen};
    if (!plugin.gatekeeper->control(topic))
      plugin.ignored.write(LogLevel::warning, "ignored a message on " + std::string(control_topic));
    return MOSQ_ERR_SUCCESS;
  });
}

Gatekeeper::Ending ending_of(int reason) {
  if (reason < MOSQ_ERR_SUCCESS) return Gatekeeper::Ending::unknown;  // Mosquitto 2.0 always says -1
  if (reason == MOSQ_ERR_SUCCESS) return Gatekeeper::Ending::said_goodbye;
  return reason == MQTT_RC_SESSION_TAKEN_OVER ? Gatekeeper::Ending::taken_over : Gatekeeper::Ending::lost;
}

/// Also called for a client whose session stays, which Mosquitto reports by an event of its own since 2.1.
int on_disconnect(int, void* data, void* userdata) {
  return decided(userdata, MOSQ_ERR_SUCCESS, [data](Plugin& plugin) {
    const auto& event = *static_cast<mosquitto_evt_disconnect*>(data);
    plugin.gatekeeper->disconnected(event.client, ending_of(event.reason));
    return MOSQ_ERR_SUCCESS;
  });
}

int on_tick(int, void* data, void* userdata) {
  return decided(userdata, MOSQ_ERR_SUCCESS, [data](Plugin& plugin) {
    auto& event = *static_cast<mosquitto_evt_tick*>(data);
    plugin.errors.tick();
    plugin.ignored.tick();
    plugin.gatekeeper->tick();
    call_in_each_round(event);
    return MOSQ_ERR_SUCCESS;
  });
}

/// Sent since Mosquitto 2.1 when a client with a stored session disconnects, with the data of a disconnection.
constexpr int event_client_offline = 28;

struct Callback {
  int event;
  MOSQ_FUNC_generic_callback function;
  bool is_optional = false;
  const char* topic = nullptr;  // for MOSQ_EVT_CONTROL
};
constexpr Callback callbacks[] = {
    {MOSQ_EVT_BASIC_AUTH, on_basic_auth},
    {MOSQ_EVT_EXT_AUTH_START, on_enhanced_auth},
    {MOSQ_EVT_EXT_AUTH_CONTINUE, on_enhanced_auth_continued},
    {MOSQ_EVT_ACL_CHECK, on_acl_check},
    {MOSQ_EVT_MESSAGE, on_message},
    {MOSQ_EVT_DISCONNECT, on_disconnect},
    {MOSQ_EVT_TICK, on_tick},
    {MOSQ_EVT_RELOAD, on_reload},
    {MOSQ_EVT_CONTROL, on_control, /*is_optional=*/false, control_topic.data()},
    {event_client_offline, on_disconnect, /*is_optional=*/true},
};

void warn_of_version() {
  const MosquittoVersion running = mosquitto_version_of(mosquitto_lib_version(nullptr, nullptr, nullptr));
  for (const std::string& warning : version_warnings(running, mosquitto_version_of(LIBMOSQUITTO_VERSION_NUMBER))) {
    mosquitto_log_printf(MOSQ_LOG_WARNING, "strawberry: %s", warning.c_str());
  }
}

Result<std::unique_ptr<Plugin>> load(mosquitto_plugin_id_t* identifier,
                                     const std::vector<std::pair<std::string, std::string>>& options) {
  const auto parsed = parse_plugin_options(options);
  if (!parsed) return tl::unexpected(parsed.error());
  auto keys = KeyFile::open(parsed->keys_path);
  if (!keys) return tl::unexpected(keys.error());
  auto directory = DeviceDirectory::open(parsed->database_path, {});
  if (!directory) return tl::unexpected(directory.error());

  auto plugin = std::make_unique<Plugin>();
  plugin->identifier = identifier;
  plugin->directory = std::move(*directory);
  Gatekeeper::Options gatekeeper_options;
  gatekeeper_options.logins.limiter = parsed->login_limit;
  gatekeeper_options.rates = parsed->rates;
  gatekeeper_options.logins.awaits_stored_sessions = true;
  plugin->gatekeeper = std::make_unique<Gatekeeper>(plugin->broker, std::move(*keys), *plugin->directory, plugin->clock,
                                                    gatekeeper_options);
  for (const Callback& callback : callbacks) {
    const int registered =
        mosquitto_callback_register(identifier, callback.event, callback.function, callback.topic, plugin.get());
    if (registered != MOSQ_ERR_SUCCESS && !callback.is_optional) {
      return fail("the broker offers no callback number " + std::to_string(callback.event));
    }
  }
  if (!plugin->broker.shows_sessions()) plugin->reload_at_start.emplace();
  return plugin;
}

}  // namespace
}  // namespace strawberry::plugin

STRAWBERRY_PLUGIN_ENTRY int mosquitto_plugin_version(int supported_version_count, const int* supported_versions) {
  for (int i = 0; i < supported_version_count; ++i) {
    if (supported_versions[i] == MOSQ_PLUGIN_VERSION) return MOSQ_PLUGIN_VERSION;
  }
  const std::vector<int> offered(supported_versions, supported_versions + supported_version_count);
  mosquitto_log_printf(MOSQ_LOG_ERR, "strawberry: not loaded: %s",
                       strawberry::plugin::interface_refusal(offered, MOSQ_PLUGIN_VERSION).c_str());
  return -1;
}

STRAWBERRY_PLUGIN_ENTRY int mosquitto_plugin_init(mosquitto_plugin_id_t* identifier, void** userdata,
                                                  mosquitto_opt* options, int option_count) {
  try {
    std::vector<std::pair<std::string, std::string>> given;
    for (int i = 0; i < option_count; ++i) {
      given.emplace_back(strawberry::plugin::view_of(options[i].key), strawberry::plugin::view_of(options[i].value));
    }
    strawberry::plugin::warn_of_version();
    auto plugin = strawberry::plugin::load(identifier, given);
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
  const std::unique_ptr<strawberry::plugin::Plugin> plugin(static_cast<strawberry::plugin::Plugin*>(userdata));
  if (!plugin) return MOSQ_ERR_SUCCESS;
  for (const strawberry::plugin::Callback& callback : strawberry::plugin::callbacks) {
    mosquitto_callback_unregister(plugin->identifier, callback.event, callback.function, callback.topic);
  }
  return MOSQ_ERR_SUCCESS;
}
