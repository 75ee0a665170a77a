#include "tests/bench/http_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace strawberry::bench {
namespace {

constexpr std::size_t ready_at_once_max = 512;
constexpr std::size_t read_bytes_max = 64 * 1024;

[[noreturn]] void fail_now(const char* what) {
  throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

}  // namespace

HttpSocket::HttpSocket(int port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (fd_ < 0) fail_now("socket");
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return;
  ::close(fd_);
  fail_now("connect");
}

HttpSocket::~HttpSocket() { ::close(fd_); }

void HttpSocket::send(std::string_view bytes) {
  const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0) fail_now("send");
  if (static_cast<std::size_t>(sent) != bytes.size()) throw std::runtime_error("a socket is full");
}

bool HttpSocket::read(std::string& into) {
  static std::array<char, read_bytes_max> buffer;
  const ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got < 0 && errno != EAGAIN && errno != EINTR) fail_now("receive");
  if (got > 0) into.append(buffer.data(), static_cast<std::size_t>(got));
  return got != 0;
}

HttpSockets::HttpSockets() : fd_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (fd_ < 0) fail_now("epoll");
}

HttpSockets::~HttpSockets() { ::close(fd_); }

void HttpSockets::add(const HttpSocket& socket, std::uint32_t number) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u32 = number;
  if (::epoll_ctl(fd_, EPOLL_CTL_ADD, socket.fd(), &event) != 0) fail_now("epoll");
}

std::vector<std::uint32_t> HttpSockets::wait(std::chrono::milliseconds timeout) {
  std::array<epoll_event, ready_at_once_max> events{};
  const int count =
      ::epoll_wait(fd_, events.data(), static_cast<int>(events.size()), static_cast<int>(timeout.count()));
  std::vector<std::uint32_t> ready;
  for (int i = 0; i < count; ++i) ready.push_back(events[static_cast<std::size_t>(i)].data.u32);
  return ready;
}

}  // namespace strawberry::bench
