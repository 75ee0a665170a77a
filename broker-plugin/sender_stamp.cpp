#include "broker-plugin/sender_stamp.h"

#include <cstdint>
#include <cstdlib>

#include "common/contract/principal.h"
#include "common/contract/rights.h"
#include "common/identity/token_stamp.h"

namespace strawberry::plugin {
namespace {

bool is_stamp(const mosquitto_property* property) {
  char* name = nullptr;
  char* value = nullptr;
  if (mosquitto_property_identifier(property) != MQTT_PROP_USER_PROPERTY ||
      mosquitto_property_read_string_pair(property, MQTT_PROP_USER_PROPERTY, &name, &value, false) == nullptr) {
    return false;
  }
  const bool found =
      view_of(name) == principal_property || view_of(name) == token_property || view_of(name) == rights_property;
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

/// Replaces `list` by one without a client's own stamps; the broker's API cannot remove single properties.
bool remove_stamps(mosquitto_property** list) {
  mosquitto_property* kept = nullptr;
  for (const mosquitto_property* property = *list; property != nullptr; property = mosquitto_property_next(property)) {
    if (is_stamp(property)) continue;
    if (!append_copy(&kept, property)) {
      mosquitto_property_free_all(&kept);
      return false;
    }
  }
  static const bool broker_frees = broker_frees_replaced_properties();
  if (!broker_frees) mosquitto_property_free_all(list);
  *list = kept;
  return true;
}

std::size_t size_and_free(char* text) {
  const std::size_t size = view_of(text).size();
  std::free(text);
  return size;
}

std::size_t property_size(const mosquitto_property* property) {
  const int identifier = mosquitto_property_identifier(property);
  char* name = nullptr;
  char* value = nullptr;
  if (identifier == MQTT_PROP_USER_PROPERTY) {
    if (mosquitto_property_read_string_pair(property, identifier, &name, &value, false) == nullptr) return 0;
    return size_and_free(name) + size_and_free(value);
  }
  if (identifier == MQTT_PROP_CORRELATION_DATA) {
    void* data = nullptr;
    std::uint16_t size = 0;
    if (mosquitto_property_read_binary(property, identifier, &data, &size, false) == nullptr) return 0;
    std::free(data);
    return size;
  }
  if (identifier != MQTT_PROP_CONTENT_TYPE && identifier != MQTT_PROP_RESPONSE_TOPIC) return 0;
  if (mosquitto_property_read_string(property, identifier, &value, false) == nullptr) return 0;
  return size_and_free(value);
}

}  // namespace

std::size_t properties_size(const mosquitto_property* list) {
  // Memory that the broker allocates for each, however small: 1 MB of empty properties is much more in memory.
  constexpr std::size_t each = 64;
  std::size_t bytes = 0;
  for (; list != nullptr; list = mosquitto_property_next(list)) bytes += each + property_size(list);
  return bytes;
}

bool stamp_sender(mosquitto_property** list, const SenderStamp& stamp) {
  if (has_stamp(*list) && !remove_stamps(list)) return false;
  if (stamp.sender.empty()) return true;
  const auto add = [list](const char* name, const char* value) {
    return mosquitto_property_add_string_pair(list, MQTT_PROP_USER_PROPERTY, name, value) == MOSQ_ERR_SUCCESS;
  };
  return add(principal_property, stamp.sender.c_str()) &&
         (stamp.token.empty() || add(token_property, stamp.token.c_str())) &&
         (stamp.rights.empty() || add(rights_property, stamp.rights.c_str()));
}

}  // namespace strawberry::plugin
