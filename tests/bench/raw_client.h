/// One end of an MQTT connection with as little around it as can be: a socket, and what has been read of a packet that
/// is not complete yet. A library's client costs as much as the broker's part of a message; this one does not, so that
/// what is measured is the broker. And an epoll for many of them.
///
/// Threading: one thread.   Errors: throws std::runtime_error; also when a socket is full, since the parts of the
/// benchmark never send more than fits.   Bounds: what is received and not complete, one packet.
#pragma once

#include <sys/epoll.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/wire.h"

namespace strawberry::bench {

class RawClient {
 public:
  /// Connects on loopback, TCP_NODELAY on. Nothing is sent.
  explicit RawClient(int port);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  int fd() const { return fd_; }
  void send(std::string_view bytes);

  /// Reads what is there, once, and calls `handle` for each packet. False when the broker has closed the connection.
  template <class Handle>
  bool receive(Handle handle) {
    std::string_view bytes;
    if (!read(bytes)) return false;
    wire::Packet packet;
    while (wire::next_packet(bytes, packet)) handle(packet);
    keep(bytes);
    return true;
  }

  /// Waits for the broker's next packet, of whatever type, and checks it.
  void expect(void (*check)(const wire::Packet&));

 private:
  bool read(std::string_view& bytes);
  void keep(std::string_view bytes);

  int fd_ = -1;
  std::string partial_;
};

/// Sockets known by a number of the owner's choice.
class Poller {
 public:
  Poller();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  /// Closing the socket removes it.
  void add(const RawClient& client, std::uint32_t number);
  /// The numbers that have something to read; none after `timeout`. Valid until the next call.
  const std::vector<std::uint32_t>& wait(std::chrono::milliseconds timeout);

 private:
  int fd_ = -1;
  std::vector<epoll_event> events_;
  std::vector<std::uint32_t> ready_;
};

}  // namespace strawberry::bench
