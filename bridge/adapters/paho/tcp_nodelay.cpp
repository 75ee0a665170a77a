#include "bridge/adapters/paho/tcp_nodelay.h"

#include <dlfcn.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>

namespace {

using ConnectFunction = int (*)(int, const sockaddr*, socklen_t);

std::atomic<std::uint64_t> connections{0};

}  // namespace

extern "C" __attribute__((visibility("default"))) int connect(int socket, const sockaddr* address, socklen_t length) {
  static const auto next = reinterpret_cast<ConnectFunction>(dlsym(RTLD_NEXT, "connect"));
  if (next == nullptr) {
    errno = ENOSYS;
    return -1;
  }
  if (address != nullptr && (address->sa_family == AF_INET || address->sa_family == AF_INET6)) {
    // Fails on a datagram socket (a name lookup), which is as it should be.
    const int on = 1;
    if (setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0) ++connections;
    errno = 0;
  }
  return next(socket, address, length);
}

namespace strawberry {

std::uint64_t tcp_nodelay_connections() { return connections; }

}  // namespace strawberry
