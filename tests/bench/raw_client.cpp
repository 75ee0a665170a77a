#include "tests/bench/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace strawberry::bench {
namespace {

constexpr int patience_ms = 10'000;
constexpr std::size_t events_at_once_max = 512;

[[noreturn]] void give_up(const char* what) {
  throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

/// Shared by all clients: what is left of it moves to the client before the next one reads.
std::array<char, 256 * 1024>& read_buffer() {
  static std::array<char, 256 * 1024> buffer;
  return buffer;
}

}  // namespace

RawClient::RawClient(int port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (fd_ < 0) give_up("socket");
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // On loopback this does not wait, unless the broker's backlog is full.
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(fd_);
    give_up("connect");
  }
}

RawClient::~RawClient() { ::close(fd_); }

void RawClient::send(std::string_view bytes) {
  const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0) give_up("send");
  if (static_cast<std::size_t>(sent) != bytes.size()) throw std::runtime_error("a socket is full");
}

bool RawClient::read(std::string_view& bytes) {
  auto& buffer = read_buffer();
  std::memcpy(buffer.data(), partial_.data(), partial_.size());
  const std::size_t before = partial_.size();
  const ssize_t got = ::recv(fd_, buffer.data() + before, buffer.size() - before, MSG_DONTWAIT);
  if (got == 0) return false;
  if (got < 0 && errno != EAGAIN && errno != EINTR) give_up("receive");
  bytes = {buffer.data(), before + static_cast<std::size_t>(got < 0 ? 0 : got)};
  return true;
}

void RawClient::keep(std::string_view bytes) {
  if (bytes.size() > read_buffer().size() / 2) throw std::runtime_error("the broker sends a packet without end");
  if (!bytes.empty() || !partial_.empty()) partial_ = bytes;
}

void RawClient::expect(void (*check)(const wire::Packet&)) {
  bool came = false;
  while (!came) {
    pollfd socket{fd_, POLLIN, 0};
    if (::poll(&socket, 1, patience_ms) == 0) throw std::runtime_error("no answer from the broker");
    const bool open = receive([&](const wire::Packet& packet) {
      if (!came) check(packet);
      came = true;
    });
    if (!open) throw std::runtime_error("the broker has closed the connection");
  }
}

Poller::Poller() : fd_(::epoll_create1(EPOLL_CLOEXEC)), events_(events_at_once_max) {
  if (fd_ < 0) give_up("epoll");
}

Poller::~Poller() { ::close(fd_); }

void Poller::add(const RawClient& client, std::uint32_t number) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u32 = number;
  if (::epoll_ctl(fd_, EPOLL_CTL_ADD, client.fd(), &event) != 0) give_up("epoll");
}

const std::vector<std::uint32_t>& Poller::wait(std::chrono::milliseconds timeout) {
  ready_.clear();
  const int count =
      ::epoll_wait(fd_, events_.data(), static_cast<int>(events_.size()), static_cast<int>(timeout.count()));
  for (int i = 0; i < count; ++i) ready_.push_back(events_[static_cast<std::size_t>(i)].data.u32);
  return ready_;
}

}  // namespace strawberry::bench
