/// A broker controlled by a test: a TCP or Unix server on the test's own loop that reads MQTT 5 packets (or MQTT 3.1.1,
/// if set) and answers those that the script answers.
///
/// Threading: one loop, the client's.   Lifetime: closes everything when destroyed.   Bounds: the test's.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/runtime/asio.h"

namespace strawberry::test {

struct Packet {
  int type = 0;  // as in the first four bits: 1 CONNECT, 3 PUBLISH, 8 SUBSCRIBE, 12 PINGREQ, 14 DISCONNECT
  int qos = 0;   // of a PUBLISH, like the rest
  std::string topic;
  std::string payload;
  std::optional<std::uint32_t> expiry_s;
};

class FakeBroker {
 public:
  struct Script {
    bool answers_connect = true;
    int connect_reason = 0;
    std::optional<std::uint16_t> receive_maximum;
    bool answers_subscribe = true;
    bool answers_publish = true;
    int publish_reason = 0;
    int subscribe_reason = 1;
    /// Supports MQTT 3.1.1 only; answers a client of MQTT 5 so, or just ends the connection.
    bool speaks_v311 = false;
    bool says_what_it_speaks = true;
    bool answers_ping = true;
    bool reads = true;
  };

  /// `port` 0: any.
  explicit FakeBroker(asio::io_context& loop, std::uint16_t port = 0,
                      asio::ip::address address = asio::ip::address_v4::loopback());
  /// Listens on a Unix socket at this path, where there must be no file yet.
  FakeBroker(asio::io_context& loop, const std::string& path);
  ~FakeBroker();

  Script script;
  std::uint16_t port() const { return tcp_.local_endpoint().port(); }
  std::vector<Packet> received;
  std::size_t connections = 0;
  std::size_t open_connections() const;
  std::size_t count(int type) const;
  std::vector<std::string> payloads() const;  // of PUBLISH packets, in order

  /// Publishes to every connection.
  void publish(const std::string& topic, const std::string& payload);
  void send(const std::string& bytes);
  /// Continues reading, after script.reads has become true again.
  void resume();
  void drop_all(bool with_reset = false);

 private:
  struct Connection {
    Connection(asio::io_context& loop, int fd) : socket(loop, fd) {}
    asio::posix::stream_descriptor socket;
    std::string incoming;
    std::array<char, 64 * 1024> buffer{};
    bool reading = false;
    bool is_v311 = false;
  };
  template <class Acceptor>
  void accept(Acceptor& acceptor);
  void read(const std::shared_ptr<Connection>& connection);
  void take_packets(Connection& connection);
  void take(Connection& connection, unsigned char first, const std::string& body);
  bool turns_away_v5(Connection& connection, const std::string& connect);

  asio::io_context& loop_;
  asio::ip::tcp::acceptor tcp_;
  asio::local::stream_protocol::acceptor unix_;
  std::vector<std::shared_ptr<Connection>> connections_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace strawberry::test
