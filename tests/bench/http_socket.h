/// A TCP connection to an HTTP server on loopback that does not wait for what it reads: a socket, and the epoll of
/// many.
///
/// Threading: one thread.   Errors: throws std::runtime_error, also when the socket has no room for what is sent.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace strawberry::bench {

class HttpSocket {
 public:
  explicit HttpSocket(int port);
  ~HttpSocket();
  HttpSocket(const HttpSocket&) = delete;
  HttpSocket& operator=(const HttpSocket&) = delete;

  int fd() const { return fd_; }
  void send(std::string_view bytes);
  /// Adds what is there. False when the other side has closed.
  bool read(std::string& into);

 private:
  int fd_ = -1;
};

/// Sockets known by a number.
class HttpSockets {
 public:
  HttpSockets();
  ~HttpSockets();
  HttpSockets(const HttpSockets&) = delete;
  HttpSockets& operator=(const HttpSockets&) = delete;

  /// Closing the socket removes it.
  void add(const HttpSocket& socket, std::uint32_t number);
  /// Those that have something to read; none after `timeout`.
  std::vector<std::uint32_t> wait(std::chrono::milliseconds timeout);

 private:
  int fd_ = -1;
};

}  // namespace strawberry::bench
