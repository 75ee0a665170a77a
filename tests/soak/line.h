/// One party's MQTT connection in the fault run: cut, closed and opened again, with a session that the broker keeps.
///
/// Uses the wire format itself, because the run must see what a client library hides: which message is a redelivery,
/// and what has been acknowledged. Unacknowledged publications are sent again after reconnecting, marked as such. A
/// message is acknowledged after its handler returns, unless that has cut the line.
///
/// Threading: one thread, driven by poll().   Errors: a line that ends is down; open() may be called again.
/// Bounds: packets of packet_bytes_max; messages the broker refuses throw.
#pragma once

#include <poll.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/wire_client.h"

namespace strawberry::soak {

struct Incoming {
  std::string topic;
  std::string payload;
  bool retained = false;
  bool redelivered = false;  // marked so by the broker
  std::optional<std::string> correlation_data;
};

struct Outgoing {
  std::string topic;
  std::string payload;
  bool retain = false;
  // MQTT 5 only
  std::optional<std::string> response_topic = std::nullopt;
  std::optional<std::string> correlation_data = std::nullopt;
  int tag = -1;  // passed to on_sent
};

class Line {
 public:
  static constexpr std::size_t packet_bytes_max = 4 * 1024 * 1024;

  struct Handlers {
    std::function<void(const Incoming&)> on_message;
    std::function<void(int tag)> on_sent;  // also when it is sent again
    std::function<void()> on_up;
    std::function<void()> on_down;
  };

  Line(int port, test::wire::Connect connect, std::vector<std::string> filters, Handlers handlers);
  ~Line() { close(); }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  /// Starts connecting; on_up is called when messages may be sent.
  bool open();
  bool is_open() const { return fd_ >= 0; }
  bool is_up() const { return up_; }
  /// Closes the socket without DISCONNECT.
  void cut();
  /// Sends DISCONNECT first.
  void leave();
  /// At QoS 1; only while up.
  void publish(const Outgoing& message);
  std::size_t unacknowledged() const { return pending_.size(); }

  pollfd wanted() const;
  void handle(short events);

 private:
  struct Pending {
    Outgoing message;
    std::uint16_t packet_id;
  };

  void close();
  void flush();
  void receive();
  void take_packets();
  void take_packet(unsigned char first, std::string_view body);
  void take_message(unsigned char first, std::string_view body);
  void connected(bool session_present);
  void now_up();
  void write(std::uint16_t packet_id, const Outgoing& message, bool again);
  std::uint16_t next_packet_id();

  int port_;
  test::wire::Connect connect_;
  std::vector<std::string> filters_;
  Handlers handlers_;
  int fd_ = -1;
  bool up_ = false;
  std::string outgoing_;
  std::string incoming_;
  std::size_t subscriptions_open_ = 0;
  std::uint16_t last_packet_id_ = 0;
  std::uint64_t published_ = 0;
  std::map<std::uint64_t, Pending> pending_;  // in the order published
};

}  // namespace strawberry::soak
