#include "sdk/cpp/src/no_delay.h"

#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <charconv>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace strawberry::sdk {
namespace {

/// The numbers of this process's open files.
std::vector<int> open_files() {
  std::vector<int> numbers;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir("/proc/self/fd"), &::closedir);
  if (!directory) return numbers;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    int number = -1;
    const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (failed == std::errc() && end == name.data() + name.size()) numbers.push_back(number);
  }
  return numbers;
}

bool is_connected_to(int socket, std::uint16_t port) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &size) != 0) return false;
  if (peer.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(peer).sin_port) == port;
  return peer.ss_family == AF_INET6 && ntohs(reinterpret_cast<const sockaddr_in6&>(peer).sin6_port) == port;
}

bool is_on(int socket) {
  int on = 0;
  socklen_t size = sizeof on;
  return ::getsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, &size) == 0 && on != 0;
}

NoDelay look(std::uint16_t peer_port, bool sets) {
  NoDelay found;
  for (const int file : open_files()) {
    if (!is_connected_to(file, peer_port)) continue;
    constexpr int on = 1;
    if (sets && !is_on(file)) ::setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ++(is_on(file) ? found.on : found.off);
  }
  return found;
}

}  // namespace

NoDelay set_no_delay(std::uint16_t peer_port) { return look(peer_port, /*sets=*/true); }
NoDelay look_at_no_delay(std::uint16_t peer_port) { return look(peer_port, /*sets=*/false); }

}  // namespace strawberry::sdk
