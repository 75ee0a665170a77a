#include "tests/support/mqtt_test_client.h"

#include <sys/socket.h>

#include <cstdlib>
#include <stdexcept>

#include "common/runtime/libmosquitto.h"

namespace strawberry::test {
namespace {

using Properties = mosquitto_property*;

struct Library {
  Library() { mosquitto_lib_init(); }
  ~Library() { mosquitto_lib_cleanup(); }
};

std::string take(char* text) {
  std::string copy(text == nullptr ? "" : text);
  std::free(text);
  return copy;
}

Properties properties_of(const TestMessage& message) {
  Properties list = nullptr;
  if (message.expiry_s) {
    mosquitto_property_add_int32(&list, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, *message.expiry_s);
  }
  if (message.content_type) {
    mosquitto_property_add_string(&list, MQTT_PROP_CONTENT_TYPE, message.content_type->c_str());
  }
  if (message.response_topic) {
    mosquitto_property_add_string(&list, MQTT_PROP_RESPONSE_TOPIC, message.response_topic->c_str());
  }
  if (message.correlation_data) {
    mosquitto_property_add_binary(&list, MQTT_PROP_CORRELATION_DATA, message.correlation_data->data(),
                                  static_cast<std::uint16_t>(message.correlation_data->size()));
  }
  for (const auto& [name, value] : message.user_properties) {
    mosquitto_property_add_string_pair(&list, MQTT_PROP_USER_PROPERTY, name.c_str(), value.c_str());
  }
  return list;
}

std::optional<std::string> read_string(const mosquitto_property* list, int identifier) {
  char* text = nullptr;
  if (mosquitto_property_read_string(list, identifier, &text, false) == nullptr) return std::nullopt;
  return take(text);
}

void read_properties(const mosquitto_property* list, TestMessage& message) {
  message.response_topic = read_string(list, MQTT_PROP_RESPONSE_TOPIC);
  message.content_type = read_string(list, MQTT_PROP_CONTENT_TYPE);
  std::uint32_t expiry = 0;
  if (mosquitto_property_read_int32(list, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, &expiry, false) != nullptr) {
    message.expiry_s = expiry;
  }
  void* bytes = nullptr;
  std::uint16_t size = 0;
  if (mosquitto_property_read_binary(list, MQTT_PROP_CORRELATION_DATA, &bytes, &size, false) != nullptr) {
    message.correlation_data = std::string(static_cast<const char*>(bytes), size);
    std::free(bytes);
  }
  char* name = nullptr;
  char* value = nullptr;
  bool skip_first = false;
  const mosquitto_property* at = list;
  while ((at = mosquitto_property_read_string_pair(at, MQTT_PROP_USER_PROPERTY, &name, &value, skip_first)) !=
         nullptr) {
    std::string name_text = take(name);
    message.user_properties.emplace_back(std::move(name_text), take(value));
    skip_first = true;
  }
}

}  // namespace

/// libmosquitto's side; all run on the client's own thread.
struct MqttTestClient::Callbacks {
  static MqttTestClient& self(void* object) { return *static_cast<MqttTestClient*>(object); }

  static void on_connect(mosquitto*, void* object, int code, int flags, const mosquitto_property*) {
    const std::lock_guard lock(self(object).mutex_);
    self(object).connack_ = code;
    self(object).session_present_ = (flags & 1) != 0;
    self(object).changed_.notify_all();
  }
  static void on_disconnect(mosquitto*, void* object, int reason, const mosquitto_property*) {
    const std::lock_guard lock(self(object).mutex_);
    self(object).end_reason_ = reason;
  }
  static void on_publish(mosquitto*, void* object, int mid, int reason, const mosquitto_property*) {
    self(object).acknowledge(mid, reason == MQTT_RC_NO_MATCHING_SUBSCRIBERS ? 0 : reason);
  }
  static void on_subscribe(mosquitto*, void* object, int mid, int count, const int* granted,
                           const mosquitto_property*) {
    self(object).acknowledge(mid, count > 0 ? granted[0] : no_answer);
  }
  static void on_message(mosquitto*, void* object, const mosquitto_message* received, const mosquitto_property* list) {
    TestMessage message;
    message.topic = received->topic;
    message.payload.assign(static_cast<const char*>(received->payload), static_cast<std::size_t>(received->payloadlen));
    message.qos = received->qos;
    message.retained = received->retain;
    read_properties(list, message);
    const std::lock_guard lock(self(object).mutex_);
    if (self(object).messages_.size() < messages_max) self(object).messages_.push_back(std::move(message));
    self(object).changed_.notify_all();
  }
};

MqttTestClient::MqttTestClient(Options options) : options_(std::move(options)) {
  static const Library library;
  const char* id = options_.client_id.empty() ? nullptr : options_.client_id.c_str();
  client_ = mosquitto_new(id, options_.clean, this);
  if (client_ == nullptr) throw std::runtime_error("libmosquitto refuses this client: " + options_.client_id);
  mosquitto_int_option(client_, MOSQ_OPT_PROTOCOL_VERSION, options_.version);
  mosquitto_int_option(client_, MOSQ_OPT_TCP_NODELAY, 1);
  mosquitto_threaded_set(client_, true);
  if (!options_.user_name.empty() || !options_.password.empty()) {
    const char* password = options_.password.empty() ? nullptr : options_.password.c_str();
    // libmosquitto sends no password without a user name, but an empty user name is sufficient.
    mosquitto_username_pw_set(client_, options_.user_name.c_str(), password);
  }
  mosquitto_connect_v5_callback_set(client_, Callbacks::on_connect);
  mosquitto_disconnect_v5_callback_set(client_, Callbacks::on_disconnect);
  mosquitto_publish_v5_callback_set(client_, Callbacks::on_publish);
  mosquitto_subscribe_v5_callback_set(client_, Callbacks::on_subscribe);
  mosquitto_message_v5_callback_set(client_, Callbacks::on_message);
  if (!options_.will) return;

  const TestMessage& will = *options_.will;
  Properties list = options_.version == 5 ? properties_of(will) : nullptr;
  if (options_.will_delay_s != 0 && options_.version == 5) {
    mosquitto_property_add_int32(&list, MQTT_PROP_WILL_DELAY_INTERVAL, options_.will_delay_s);
  }
  mosquitto_will_set_v5(client_, will.topic.c_str(), static_cast<int>(will.payload.size()), will.payload.data(),
                        will.qos, will.retained, list);  // takes ownership of the list
}

MqttTestClient::~MqttTestClient() {
  drop();
  if (reader_.joinable()) reader_.join();
  mosquitto_destroy(client_);
}

void MqttTestClient::run() {
  while (mosquitto_loop(client_, 1000, 1) == MOSQ_ERR_SUCCESS) {
  }
  const std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

int MqttTestClient::connect() {
  if (reader_.joinable()) {
    drop();
    reader_.join();
  }
  {
    const std::lock_guard lock(mutex_);
    connack_.reset();
    ended_ = false;
    end_reason_ = 0;
  }
  Properties list = nullptr;
  if (options_.session_expiry_s && options_.version == 5) {
    mosquitto_property_add_int32(&list, MQTT_PROP_SESSION_EXPIRY_INTERVAL, *options_.session_expiry_s);
  }
  const bool is_tcp = options_.socket_path.empty();
  const int opened = mosquitto_connect_bind_v5(client_, is_tcp ? "127.0.0.1" : options_.socket_path.c_str(),
                                               is_tcp ? options_.port : 0, options_.keepalive_s, nullptr, list);
  mosquitto_property_free_all(&list);
  if (opened != MOSQ_ERR_SUCCESS) return no_answer;
  reader_ = std::thread([this] { run(); });

  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, options_.timeout, [this] { return connack_ || ended_; });
  return connack_.value_or(no_answer);
}

bool MqttTestClient::session_present() const {
  const std::lock_guard lock(mutex_);
  return session_present_;
}

bool MqttTestClient::is_connected() const {
  const std::lock_guard lock(mutex_);
  return connack_ == 0 && !ended_;
}

void MqttTestClient::acknowledge(int message_id, int code) {
  const std::lock_guard lock(mutex_);
  acknowledged_[message_id] = code;
  changed_.notify_all();
}

int MqttTestClient::wait_for_acknowledgement(int message_id) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, options_.timeout, [&] { return ended_ || acknowledged_.contains(message_id); });
  const auto found = acknowledged_.extract(message_id);
  return found ? found.mapped() : no_answer;
}

int MqttTestClient::subscribe(const std::string& filter, int qos) {
  int message_id = 0;
  if (mosquitto_subscribe(client_, &message_id, filter.c_str(), qos) != MOSQ_ERR_SUCCESS) return no_answer;
  return wait_for_acknowledgement(message_id);
}

void MqttTestClient::unsubscribe(const std::string& filter) { mosquitto_unsubscribe(client_, nullptr, filter.c_str()); }

int MqttTestClient::publish(const TestMessage& message) {
  Properties list = options_.version == 5 ? properties_of(message) : nullptr;
  int message_id = 0;
  const int sent =
      mosquitto_publish_v5(client_, &message_id, message.topic.c_str(), static_cast<int>(message.payload.size()),
                           message.payload.data(), message.qos, message.retained, list);
  mosquitto_property_free_all(&list);
  if (sent != MOSQ_ERR_SUCCESS) return no_answer;
  return message.qos == 0 ? 0 : wait_for_acknowledgement(message_id);
}

int MqttTestClient::publish(const std::string& topic, const std::string& payload) {
  TestMessage message;
  message.topic = topic;
  message.payload = payload;
  return publish(message);
}

std::optional<TestMessage> MqttTestClient::wait_for(const std::string& topic,
                                                    std::optional<std::chrono::milliseconds> timeout) {
  return wait_for([&topic](const TestMessage& message) { return message.topic == topic; }, timeout);
}

std::optional<TestMessage> MqttTestClient::wait_for(const std::function<bool(const TestMessage&)>& wanted,
                                                    std::optional<std::chrono::milliseconds> timeout) {
  std::unique_lock lock(mutex_);
  std::size_t looked_at = 0;
  std::optional<TestMessage> found;
  const auto look = [&] {
    for (; looked_at < messages_.size(); ++looked_at) {
      if (!wanted(messages_[looked_at])) continue;
      found = std::move(messages_[looked_at]);
      messages_.erase(messages_.begin() + static_cast<std::ptrdiff_t>(looked_at));
      return true;
    }
    return ended_;
  };
  changed_.wait_for(lock, timeout.value_or(options_.timeout), look);
  return found;
}

std::vector<TestMessage> MqttTestClient::take_all() {
  const std::lock_guard lock(mutex_);
  std::vector<TestMessage> all(std::make_move_iterator(messages_.begin()), std::make_move_iterator(messages_.end()));
  messages_.clear();
  return all;
}

void MqttTestClient::disconnect() {
  mosquitto_disconnect(client_);
  if (reader_.joinable()) reader_.join();
}

void MqttTestClient::drop() {
  const int socket = mosquitto_socket(client_);
  if (socket >= 0) ::shutdown(socket, SHUT_RDWR);
}

bool MqttTestClient::wait_for_end(std::optional<std::chrono::milliseconds> timeout) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout.value_or(options_.timeout), [this] { return ended_; });
}

int MqttTestClient::end_reason() const {
  const std::lock_guard lock(mutex_);
  return end_reason_;
}

}  // namespace strawberry::test
