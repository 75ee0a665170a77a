#include "tests/bench/wire.h"

#include <stdexcept>

namespace strawberry::bench::wire {
namespace {

constexpr std::size_t text_bytes_max = 65'535;
constexpr std::size_t packet_bytes_max = 2 * 1024 * 1024;
constexpr std::uint8_t first_refusal = 0x80;
constexpr std::uint16_t keepalive_s = 3'600;

std::uint8_t byte_at(std::string_view bytes, std::size_t index) { return static_cast<std::uint8_t>(bytes.at(index)); }

void add_number(std::string& out, std::size_t number) {
  out += static_cast<char>(number >> 8);
  out += static_cast<char>(number & 0xff);
}

void add_text(std::string& out, std::string_view text) {
  if (text.size() > text_bytes_max) throw std::runtime_error("too long for a packet");
  add_number(out, text.size());
  out += text;
}

void add_length(std::string& out, std::size_t length) {
  do {
    const std::size_t rest = length / 128;
    out += static_cast<char>(length % 128 + (rest > 0 ? 128 : 0));
    length = rest;
  } while (length > 0);
}

std::string packet(int first_byte, const std::string& body) {
  if (body.size() > packet_bytes_max) throw std::runtime_error("too long for a packet");
  std::string out(1, static_cast<char>(first_byte));
  add_length(out, body.size());
  return out + body;
}

int qos_of(std::uint8_t flags) { return (flags >> 1) & 3; }

/// Returns the position after the topic of a PUBLISH.
std::size_t after_topic(std::string_view publish) {
  return 2 + (std::size_t{byte_at(publish, 0)} << 8) + byte_at(publish, 1);
}

}  // namespace

bool next_packet(std::string_view& bytes, Packet& packet) {
  std::size_t length = 0;
  for (std::size_t i = 1, shift = 0; i < bytes.size() && i <= 4; ++i, shift += 7) {
    const std::uint8_t byte = byte_at(bytes, i);
    length |= std::size_t{byte & 0x7fU} << shift;
    if ((byte & 0x80) != 0) continue;
    const std::size_t start = i + 1;
    if (bytes.size() - start < length) return false;
    const std::uint8_t first = byte_at(bytes, 0);
    packet = {static_cast<Type>(first >> 4), static_cast<std::uint8_t>(first & 0x0f), bytes.substr(start, length)};
    bytes.remove_prefix(start + length);
    return true;
  }
  return false;
}

std::string connect(const Credentials& credentials) {
  int flags = credentials.is_clean ? 0x02 : 0;
  if (!credentials.user_name.empty()) flags |= 0x80;
  if (!credentials.password.empty()) flags |= 0x40;
  std::string body;
  add_text(body, "MQTT");
  body += '\x05';
  body += static_cast<char>(flags);
  add_number(body, keepalive_s);
  body += static_cast<char>(credentials.properties.size());
  body += credentials.properties;
  add_text(body, credentials.client_id);
  if (!credentials.user_name.empty()) add_text(body, credentials.user_name);
  if (!credentials.password.empty()) add_text(body, credentials.password);
  return packet(0x10, body);
}

std::string subscribe(const std::vector<std::string>& filters, int qos) {
  std::string body;
  add_number(body, 1);
  body += '\0';
  for (const std::string& filter : filters) {
    add_text(body, filter);
    body += static_cast<char>(qos);
  }
  return packet(0x82, body);
}

std::string publish(std::string_view topic, std::string_view payload, int qos, std::string_view properties) {
  std::string body;
  add_text(body, topic);
  if (qos > 0) add_number(body, 1);
  add_length(body, properties.size());
  body += properties;
  body += payload;
  return packet(0x30 | (qos << 1), body);
}

void set_packet_id(std::string& publish, std::uint16_t packet_id) {
  std::string_view rest = publish;
  Packet packet;
  if (!next_packet(rest, packet) || qos_of(packet.flags) == 0) throw std::runtime_error("no PUBLISH with a packet id");
  const std::size_t header = publish.size() - packet.body.size();
  const std::size_t id = header + after_topic(packet.body);
  publish[id] = static_cast<char>(packet_id >> 8);
  publish[id + 1] = static_cast<char>(packet_id & 0xff);
}

void check_accepted(const Packet& packet) {
  if (packet.type != Type::connack || packet.body.size() < 2) throw std::runtime_error("no CONNACK");
  const int reason = byte_at(packet.body, 1);
  if (reason != 0) throw std::runtime_error("connection refused, reason " + std::to_string(reason));
}

void check_subscribed(const Packet& packet) {
  if (packet.type != Type::suback || packet.body.size() < 4) throw std::runtime_error("no SUBACK");
  // Packet id, then the length of the properties: Mosquitto sends none.
  for (const char reason : packet.body.substr(3)) {
    if (static_cast<std::uint8_t>(reason) >= first_refusal) throw std::runtime_error("subscription denied");
  }
}

std::string_view payload(const Packet& publish) {
  std::size_t at = after_topic(publish.body) + (qos_of(publish.flags) > 0 ? 2 : 0);
  std::size_t properties = 0;
  for (std::size_t shift = 0; shift < 28; shift += 7) {
    const std::uint8_t byte = byte_at(publish.body, at++);
    properties |= std::size_t{byte & 0x7fU} << shift;
    if ((byte & 0x80) == 0) break;
  }
  if (publish.body.size() - at < properties) throw std::runtime_error("a PUBLISH that is not one");
  return publish.body.substr(at + properties);
}

void acknowledge(const Packet& publish, std::string& out) {
  if (qos_of(publish.flags) == 0) return;
  const std::size_t id = after_topic(publish.body);
  out += std::string_view("\x40\x02", 2);
  out += publish.body.at(id);
  out += publish.body.at(id + 1);
}

}  // namespace strawberry::bench::wire
