#include "common/runtime/mqtt/properties.h"

#include <cstdlib>

namespace strawberry {
namespace {

/// The library returns copies of strings, which the caller frees.
using Text = std::unique_ptr<char, decltype(&std::free)>;

std::optional<std::string> read_string(const mosquitto_property* list, int identifier) {
  char* value = nullptr;
  if (mosquitto_property_read_string(list, identifier, &value, false) == nullptr) return std::nullopt;
  const Text text(value, &std::free);
  return text ? std::string(text.get()) : std::string();
}

std::optional<std::string> read_bytes(const mosquitto_property* list, int identifier) {
  void* value = nullptr;
  std::uint16_t size = 0;
  if (mosquitto_property_read_binary(list, identifier, &value, &size, false) == nullptr) return std::nullopt;
  const Text bytes(static_cast<char*>(value), &std::free);
  return bytes ? std::string(bytes.get(), size) : std::string();
}

}  // namespace

std::optional<Properties> to_properties(const MqttMessage& message, std::optional<std::uint32_t> expiry_s) {
  mosquitto_property* list = nullptr;
  bool fits = true;
  const auto add = [&fits](int error) { fits = fits && error == MOSQ_ERR_SUCCESS; };
  if (message.response_topic)
    add(mosquitto_property_add_string(&list, MQTT_PROP_RESPONSE_TOPIC, message.response_topic->c_str()));
  if (message.correlation_data) {
    fits = fits && message.correlation_data->size() <= UINT16_MAX;
    add(mosquitto_property_add_binary(&list, MQTT_PROP_CORRELATION_DATA, message.correlation_data->data(),
                                      static_cast<std::uint16_t>(message.correlation_data->size())));
  }
  if (expiry_s) add(mosquitto_property_add_int32(&list, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, *expiry_s));
  for (const auto& [name, value] : message.user_properties)
    add(mosquitto_property_add_string_pair(&list, MQTT_PROP_USER_PROPERTY, name.c_str(), value.c_str()));
  Properties owned(list);
  if (!fits) return std::nullopt;
  return owned;
}

void read_properties(const mosquitto_property* list, MqttMessage& into) {
  into.response_topic = read_string(list, MQTT_PROP_RESPONSE_TOPIC);
  into.correlation_data = read_bytes(list, MQTT_PROP_CORRELATION_DATA);
  std::uint32_t expiry_s = 0;
  if (mosquitto_property_read_int32(list, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, &expiry_s, false) != nullptr)
    into.expiry_s = expiry_s;
  char* name = nullptr;
  char* value = nullptr;
  const auto* pair = mosquitto_property_read_string_pair(list, MQTT_PROP_USER_PROPERTY, &name, &value, false);
  while (pair != nullptr) {
    const Text owned_name(name, &std::free);
    const Text owned_value(value, &std::free);
    into.user_properties.emplace_back(name != nullptr ? name : "", value != nullptr ? value : "");
    name = value = nullptr;
    pair = mosquitto_property_read_string_pair(pair, MQTT_PROP_USER_PROPERTY, &name, &value, true);
  }
}

}  // namespace strawberry
