/// A non-blocking TCP connection to a server on loopback, and an epoll for many of them.
///
/// Threading: one thread.   Errors: throws std::runtime_error; also when the socket has no room for outgoing data,
/// since the parts of the benchmark never send more than fits.
#pragma once

#include <sys/epoll.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace strawberry::bench {

class LoopbackSocket {
 public:
  /// Connects, TCP_NODELAY on. Nothing is sent.
  explicit LoopbackSocket(int port);
  ~LoopbackSocket();
  LoopbackSocket(const LoopbackSocket&) = delete;
  LoopbackSocket& operator=(const LoopbackSocket&) = delete;

  int fd() const { return fd_; }
  void send(std::string_view bytes);
  /// Reads once without waiting; `got`: number of bytes. Returns false when the other side has closed.
  bool read(char* to, std::size_t size, std::size_t& got);
  /// Appends the available bytes.
  bool read(std::string& into);

 private:
  int fd_ = -1;
};

/// Sockets known by a number of the owner's choice.
class Poller {
 public:
  Poller();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  /// Closing the socket removes it.
  void add(const LoopbackSocket& socket, std::uint32_t number);
  /// Returns the numbers of readable sockets; none after `timeout`. Valid until the next call.
  const std::vector<std::uint32_t>& wait(std::chrono::milliseconds timeout);

 private:
  int fd_ = -1;
  std::vector<epoll_event> events_;
  std::vector<std::uint32_t> ready_;
};

}  // namespace strawberry::bench
