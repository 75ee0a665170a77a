#include "tests/enemy/attacker.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "common/text/file_descriptor.h"
#include "tests/bench/wire.h"

namespace strawberry::enemy {
namespace {

constexpr std::chrono::milliseconds pause_after_failure{5};
constexpr int patience_ms = 200;
constexpr std::string_view receive_maximum{"\x21\xff\xff", 3};
constexpr std::string_view expiry_of_an_hour{"\x11\x00\x00\x0e\x10", 5};

int connect_to(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  ::close(fd);
  return -1;
}

/// Drops received data. Returns false when the connection is closed.
bool drain(int fd) {
  std::array<char, 64 * 1024> buffer;
  while (true) {
    const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got == 0) return false;
    if (got < 0) return errno == EAGAIN || errno == EINTR;
  }
}

/// Also true when the connection has ended.
bool wait_for(int fd, short what) {
  pollfd entry{fd, what, 0};
  return ::poll(&entry, 1, patience_ms) > 0;
}

}  // namespace

Attacker::Attacker(Options options) : options_(std::move(options)), thread_([this] { run(); }) {}

void Attacker::stop() {
  stops_ = true;
  if (thread_.joinable()) thread_.join();
}

void Attacker::run() {
  const auto end = std::chrono::steady_clock::now() + options_.time_max;
  while (!stops_ && std::chrono::steady_clock::now() < end) {
    const FileDescriptor connection(connect_to(options_.port));
    if (connection.get() >= 0) attack(connection.get());
    if (options_.then == Options::Then::leaves && connections_ > 0) break;
    if (!options_.block.empty()) std::this_thread::sleep_for(pause_after_failure);
  }
  stops_ = true;
}

void Attacker::attack(int fd) {
  bench::wire::Credentials credentials{options_.client_id, "", options_.token, options_.is_clean,
                                       std::string(receive_maximum)};
  if (!options_.is_clean) credentials.properties += expiry_of_an_hour;
  if (!send_all(fd, bench::wire::connect(credentials)) || !wait_for(fd, POLLIN)) return;
  ++connections_;
  if (!drain(fd) || !send_all(fd, options_.first)) return;
  if (options_.then == Options::Then::leaves) wait_for(fd, POLLIN);  // until it is subscribed
  while (options_.then == Options::Then::stays && !stops_ && !wait_for(fd, POLLRDHUP)) {
    if (options_.reads && !drain(fd)) return;
  }
  if (options_.block.empty()) return;
  while (!stops_ && send_all(fd, options_.block)) {
    packets_ += static_cast<std::uint64_t>(options_.packets);
    std::this_thread::sleep_for(options_.pause);
  }
}

bool Attacker::send_all(int fd, const std::string& bytes) {
  std::size_t at = 0;
  while (at < bytes.size() && !stops_) {
    if (options_.reads && !drain(fd)) return false;
    const ssize_t sent = ::send(fd, bytes.data() + at, bytes.size() - at, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (sent < 0 && !wait_for(fd, static_cast<short>(options_.reads ? POLLOUT | POLLIN : POLLOUT))) continue;
    if (sent > 0) {
      at += static_cast<std::size_t>(sent);
      bytes_ += static_cast<std::uint64_t>(sent);
    }
  }
  return !stops_;
}

}  // namespace strawberry::enemy
