#include "bridge/adapters/mosquitto/connection.h"

#include <sys/ioctl.h>

#include <algorithm>
#include <mutex>
#include <stdexcept>

#include "bridge/adapters/mosquitto/properties.h"

namespace strawberry {
namespace {

constexpr int qos = 1;
constexpr int qos_not_kept = 0;
constexpr int receive_maximum_default = 65'535;  // MQTT 5, section 3.2.2.3.3

void start_library() {
  static std::once_flag once;
  std::call_once(once, [] { mosquitto_lib_init(); });
}

/// How long the broker may keep a message for a device that is away. MQTT has whole seconds, and Mosquitto's clock for
/// them is up to one behind: what is left is rounded down, less that one. Nothing when there is no limit.
std::optional<std::chrono::seconds> time_kept(const MqttMessage& message) {
  if (!message.not_after) return std::nullopt;
  const auto left = *message.not_after - std::chrono::steady_clock::now();
  return std::max(std::chrono::floor<std::chrono::seconds>(left) - std::chrono::seconds(1), std::chrono::seconds(0));
}

bool has_more_to_read(int socket) {
  int bytes = 0;
  return socket >= 0 && ioctl(socket, FIONREAD, &bytes) == 0 && bytes > 0;
}

}  // namespace

/// In C; `self` is the Connection.
struct MosquittoClient::Connection::Callbacks {
  static void on_connect(struct mosquitto*, void* self, int reason, int, const mosquitto_property* properties) {
    auto& connection = *static_cast<Connection*>(self);
    if (reason != MQTT_RC_SUCCESS) return connection.end(mosquitto_reason_string(reason));
    std::uint16_t maximum = receive_maximum_default;
    mosquitto_property_read_int16(properties, MQTT_PROP_RECEIVE_MAXIMUM, &maximum, false);
    connection.reports_.accepted = maximum;
  }
  static void on_subscribe(struct mosquitto*, void* self, int, int count, const int* granted,
                           const mosquitto_property*) {
    static_cast<Connection*>(self)->reports_.subscribed =
        std::all_of(granted, granted + count, [](int code) { return code <= MQTT_RC_GRANTED_QOS2; });
  }
  static void on_publish(struct mosquitto*, void* self, int mid, int reason, const mosquitto_property*) {
    auto& reports = static_cast<Connection*>(self)->reports_;
    reports.acknowledged.push_back(mid);
    if (reason < MQTT_RC_UNSPECIFIED) return;
    ++reports.refused;
    reports.refusal = mosquitto_reason_string(reason);
  }
  static void on_message(struct mosquitto*, void* self, const mosquitto_message* message,
                         const mosquitto_property* properties) {
    MqttMessage copy;
    copy.topic = message->topic;
    copy.payload.assign(static_cast<const char*>(message->payload), static_cast<std::size_t>(message->payloadlen));
    copy.retained = message->retain;
    read_properties(properties, copy);
    static_cast<Connection*>(self)->reports_.messages.push_back(std::move(copy));
  }
  static void on_disconnect(struct mosquitto*, void* self, int reason, const mosquitto_property*) {
    // The library's own errors are small numbers, the broker's reasons start at 0x80.
    static_cast<Connection*>(self)->end(reason >= MQTT_RC_UNSPECIFIED
                                            ? std::string("the broker ended the connection: ") +
                                                  mosquitto_reason_string(reason)
                                            : std::string(mosquitto_strerror(reason)));
  }
};

MosquittoClient::Connection::Connection(const Options& options) : options_(options) {
  start_library();
  handle_.reset(mosquitto_new(options.client_id.c_str(), options.clean_start, this));
  if (!handle_) throw std::runtime_error("libmosquitto: no handle");
  auto* handle = handle_.get();
  mosquitto_int_option(handle, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
  mosquitto_int_option(handle, MOSQ_OPT_TCP_NODELAY, 1);
  mosquitto_int_option(handle, MOSQ_OPT_SEND_MAXIMUM, receive_maximum_default);
  mosquitto_int_option(handle, MOSQ_OPT_RECEIVE_MAXIMUM, receive_maximum_default);
  mosquitto_connect_v5_callback_set(handle, &Callbacks::on_connect);
  mosquitto_subscribe_v5_callback_set(handle, &Callbacks::on_subscribe);
  mosquitto_publish_v5_callback_set(handle, &Callbacks::on_publish);
  mosquitto_message_v5_callback_set(handle, &Callbacks::on_message);
  mosquitto_disconnect_v5_callback_set(handle, &Callbacks::on_disconnect);
}

Result<void> MosquittoClient::Connection::open(const std::string& address) {
  auto* handle = handle_.get();
  const std::string password = options_.password ? options_.password() : std::string();
  int error = mosquitto_username_pw_set(handle, options_.user_name.empty() ? nullptr : options_.user_name.c_str(),
                                        password.empty() ? nullptr : password.c_str());
  if (error == MOSQ_ERR_SUCCESS && options_.will) {
    const auto& will = *options_.will;
    error = mosquitto_will_set_v5(handle, will.topic.c_str(), static_cast<int>(will.payload.size()),
                                  will.payload.data(), qos, will.retained, nullptr);
  }
  mosquitto_property* list = nullptr;
  if (error == MOSQ_ERR_SUCCESS)
    error = mosquitto_property_add_int32(&list, MQTT_PROP_SESSION_EXPIRY_INTERVAL, options_.session_expiry_s);
  const Properties properties(list);
  if (error == MOSQ_ERR_SUCCESS)
    error = mosquitto_connect_bind_v5(handle, address.c_str(), options_.port,
                                      static_cast<int>(options_.keepalive.count()), nullptr, properties.get());
  if (error != MOSQ_ERR_SUCCESS) return fail(mosquitto_strerror(error));
  return {};
}

void MosquittoClient::Connection::subscribe(const std::vector<std::string>& filters) {
  std::vector<std::string> copies = filters;  // the library takes them without const
  std::vector<char*> names;
  for (auto& filter : copies) names.push_back(filter.data());
  const int error = mosquitto_subscribe_multiple(handle_.get(), nullptr, static_cast<int>(names.size()), names.data(),
                                                 qos, 0, nullptr);
  if (error != MOSQ_ERR_SUCCESS) end(mosquitto_strerror(error));
}

void MosquittoClient::Connection::read(std::size_t packets_max) {
  const auto packets = [this] { return reports_.messages.size() + reports_.acknowledged.size(); };
  for (std::size_t i = 0; i < packets_max && packets() < packets_max && !reports_.ended; ++i) {
    const int error = mosquitto_loop_read(handle_.get(), 1);
    if (error != MOSQ_ERR_SUCCESS) return end(mosquitto_strerror(error));
    if (!has_more_to_read(socket())) return;
  }
}

void MosquittoClient::Connection::write() {
  const int error = mosquitto_loop_write(handle_.get(), 1);
  if (error != MOSQ_ERR_SUCCESS) end(mosquitto_strerror(error));
}

void MosquittoClient::Connection::keep_alive() {
  const int error = mosquitto_loop_misc(handle_.get());
  if (error != MOSQ_ERR_SUCCESS) end(mosquitto_strerror(error));
}

void MosquittoClient::Connection::disconnect() { mosquitto_disconnect_v5(handle_.get(), 0, nullptr); }

int MosquittoClient::Connection::publish(const MqttMessage& message, int& mid) {
  const auto kept = time_kept(message);
  const bool is_kept = !kept || kept->count() > 0;
  auto expiry_s = message.expiry_s;
  if (kept && is_kept) expiry_s = static_cast<std::uint32_t>(kept->count());
  const auto properties = to_properties(message, expiry_s);
  if (!properties) return MOSQ_ERR_MALFORMED_UTF8;
  return mosquitto_publish_v5(handle_.get(), is_kept ? &mid : nullptr, message.topic.c_str(),
                              static_cast<int>(message.payload.size()), message.payload.data(),
                              is_kept ? qos : qos_not_kept, message.retained, properties->get());
}

MosquittoClient::Connection::Reports MosquittoClient::Connection::take_reports() { return std::exchange(reports_, {}); }

/// The first reason is the one that says most.
void MosquittoClient::Connection::end(const std::string& why) {
  if (!reports_.ended) reports_.ended = why;
}

}  // namespace strawberry
