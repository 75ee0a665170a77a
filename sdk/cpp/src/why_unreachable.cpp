#include "sdk/cpp/src/why_unreachable.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "common/text/file_descriptor.h"

namespace strawberry::sdk {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds look_at_stops_every{25};
constexpr int addresses_max = 4;  // of the host

struct Addresses {
  std::mutex mutex;
  std::condition_variable changed;
  bool is_known = false;
  int error = 0;
  std::unique_ptr<addrinfo, void (*)(addrinfo*)> list{nullptr, ::freeaddrinfo};
};

void look_up(const std::string& host, const std::string& port, Addresses& found) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
  const std::lock_guard lock(found.mutex);
  if (error == 0) found.list.reset(list);
  found.error = error;
  found.is_known = true;
  found.changed.notify_all();
}

/// 0 when somebody listens there; nothing when that is not known in time.
std::optional<int> error_of_connecting(const addrinfo& address, const std::atomic<bool>& stops) {
  const FileDescriptor socket(::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return errno;
  if (::connect(socket.get(), address.ai_addr, address.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  const auto deadline = steady_clock::now() + connect_max;
  while (!stops && steady_clock::now() < deadline) {
    pollfd ready{socket.get(), POLLOUT, 0};
    if (::poll(&ready, 1, static_cast<int>(look_at_stops_every.count())) <= 0) continue;
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
    return error;
  }
  return std::nullopt;
}

std::string why_no_mqtt(const Access& access) {
  if (!access.tls) return "it does not answer in MQTT (does it speak TLS on this port; is it a hub's)";
  return "no TLS that can be trusted (does it speak TLS on this port; is its CA " +
         (access.ca_file.empty() ? "among those of this system" : "in " + access.ca_file) +
         "; does its certificate name " + access.host + ")";
}

}  // namespace

std::string why_unreachable(const Access& access, const std::string& said, const std::atomic<bool>& stops) {
  auto found = std::make_shared<Addresses>();
  std::thread([found, host = access.host, port = std::to_string(access.port)] {
    look_up(host, port, *found);
  }).detach();
  std::unique_lock lock(found->mutex);
  const auto deadline = steady_clock::now() + look_up_max;
  while (!found->is_known && !stops && steady_clock::now() < deadline)
    found->changed.wait_for(lock, look_at_stops_every);
  if (!found->is_known) return said;
  if (found->error == EAI_NONAME || found->error == EAI_FAIL)
    return "unknown host (check the name): " + std::string(::gai_strerror(found->error));
  if (found->error != 0 || !found->list) return said;
  auto error = error_of_connecting(*found->list, stops);
  int others = 0;
  for (const addrinfo* next = found->list->ai_next; next != nullptr && error != 0 && ++others < addresses_max;
       next = next->ai_next)
    error = error_of_connecting(*next, stops);
  if (!error) return said;
  if (*error == ECONNREFUSED) return "nobody listens there (is the hub running; are host and port right)";
  return *error == 0 ? why_no_mqtt(access) : std::strerror(*error);
}

}  // namespace strawberry::sdk
