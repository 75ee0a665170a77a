/// As much of MQTT 5's wire format as the load generator sends and reads: packets are made once, before the clock
/// starts, and only told apart while it runs.
///
/// Threading: pure functions.   Errors: throws std::runtime_error.   Bounds: packets of at most 2 MiB.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace strawberry::bench::wire {

enum class Type : std::uint8_t { connack = 2, publish = 3, puback = 4, suback = 9, disconnect = 14 };

struct Packet {
  Type type{};
  std::uint8_t flags = 0;
  std::string_view body;  // the bytes after the fixed header
};

/// Takes the first packet from `bytes`. Returns false when it is incomplete.
bool next_packet(std::string_view& bytes, Packet& packet);

struct Credentials {
  std::string client_id;
  std::string user_name;        // empty: none
  std::string password;         // empty: none
  bool is_clean = true;         // clean start
  std::string properties = {};  // as bytes, at most 127
};
/// No will, keep-alive of an hour.
std::string connect(const Credentials& credentials);
std::string subscribe(const std::vector<std::string>& filters, int qos);
/// At QoS 1 with a packet id of 1, to be changed by set_packet_id().
std::string publish(std::string_view topic, std::string_view payload, int qos, std::string_view properties = {});
void set_packet_id(std::string& publish, std::uint16_t packet_id);
inline constexpr std::string_view disconnect{"\xe0\x00", 2};

/// Throws, with the broker's answer, unless the packet is a CONNACK with success.
void check_accepted(const Packet& packet);
/// Throws unless every filter was granted.
void check_subscribed(const Packet& packet);
/// Returns the payload of a PUBLISH.
std::string_view payload(const Packet& publish);
/// Appends the PUBACK of a PUBLISH of QoS 1; nothing for one of QoS 0.
void acknowledge(const Packet& publish, std::string& out);

}  // namespace strawberry::bench::wire
