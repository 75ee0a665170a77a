#include "cli/ports.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>

#include "common/text/file_descriptor.h"

namespace strawberry::cli {
namespace {

bool connects(const sockaddr* address, socklen_t size) {
  const FileDescriptor fd(::socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (::connect(fd.get(), address, size) == 0) return true;
  if (errno != EINPROGRESS) return false;
  pollfd connected{fd.get(), POLLOUT, 0};
  if (::poll(&connected, 1, static_cast<int>(connect_timeout.count())) <= 0) return false;
  int failed = 0;
  socklen_t length = sizeof failed;
  return ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &failed, &length) == 0 && failed == 0;
}

}  // namespace

bool accepts_connections(const std::string& host, int port) {
  const auto number = htons(static_cast<std::uint16_t>(port));
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = number;
  if (::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    return connects(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = number;
  return ::inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1 &&
         connects(reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
}

}  // namespace strawberry::cli
