#include "tests/bench/loopback_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace strawberry::bench {
namespace {

constexpr std::size_t events_at_once_max = 512;
constexpr std::size_t read_bytes_max = 64 * 1024;

[[noreturn]] void give_up(const char* what) {
  throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

}  // namespace

LoopbackSocket::LoopbackSocket(int port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (fd_ < 0) give_up("socket");
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // On loopback this does not wait, unless the server's backlog is full.
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return;
  ::close(fd_);
  give_up("connect");
}

LoopbackSocket::~LoopbackSocket() { ::close(fd_); }

void LoopbackSocket::send(std::string_view bytes) {
  const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0) give_up("send");
  if (static_cast<std::size_t>(sent) != bytes.size()) throw std::runtime_error("a socket is full");
}

bool LoopbackSocket::read(char* to, std::size_t size, std::size_t& got) {
  const ssize_t count = ::recv(fd_, to, size, MSG_DONTWAIT);
  if (count < 0 && errno != EAGAIN && errno != EINTR) give_up("receive");
  got = count < 0 ? 0 : static_cast<std::size_t>(count);
  return count != 0;
}

bool LoopbackSocket::read(std::string& into) {
  static std::array<char, read_bytes_max> buffer;
  std::size_t got = 0;
  const bool is_open = read(buffer.data(), buffer.size(), got);
  into.append(buffer.data(), got);
  return is_open;
}

Poller::Poller() : fd_(::epoll_create1(EPOLL_CLOEXEC)), events_(events_at_once_max) {
  if (fd_ < 0) give_up("epoll");
}

Poller::~Poller() { ::close(fd_); }

void Poller::add(const LoopbackSocket& socket, std::uint32_t number) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u32 = number;
  if (::epoll_ctl(fd_, EPOLL_CTL_ADD, socket.fd(), &event) != 0) give_up("epoll");
}

const std::vector<std::uint32_t>& Poller::wait(std::chrono::milliseconds timeout) {
  ready_.clear();
  const int count =
      ::epoll_wait(fd_, events_.data(), static_cast<int>(events_.size()), static_cast<int>(timeout.count()));
  for (int i = 0; i < count; ++i) ready_.push_back(events_[static_cast<std::size_t>(i)].data.u32);
  return ready_;
}

}  // namespace strawberry::bench
