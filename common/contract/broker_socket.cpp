#include "common/contract/broker_socket.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "common/text/file_descriptor.h"

namespace strawberry {
namespace {

/// Returns the address as bytes, so that every spelling of an address is equal; empty when `address` is not one.
std::string bytes_of(const std::string& address) {
  std::array<char, sizeof(in6_addr)> bytes{};
  if (::inet_pton(AF_INET, address.c_str(), bytes.data()) == 1) return {bytes.data(), sizeof(in_addr)};
  if (::inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1) return {bytes.data(), sizeof(in6_addr)};
  return {};
}

std::string bytes_of(const sockaddr* address) {
  if (address == nullptr) return {};
  if (address->sa_family == AF_INET) {
    const auto& ip = reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
    return {reinterpret_cast<const char*>(&ip), sizeof ip};
  }
  if (address->sa_family == AF_INET6) {
    const auto& ip = reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
    return {reinterpret_cast<const char*>(&ip), sizeof ip};
  }
  return {};
}

}  // namespace

bool is_this_machine(std::string_view host) {
  const std::string address = bytes_of(std::string(host.substr(0, host.find('%'))));
  if (host == "localhost" || address == bytes_of("::1")) return true;
  if (address.empty()) return false;
  if (address.size() == sizeof(in_addr) && address.front() == IN_LOOPBACKNET) return true;
  ifaddrs* found = nullptr;
  if (::getifaddrs(&found) != 0) return false;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> all(found, &::freeifaddrs);
  for (const ifaddrs* one = found; one != nullptr; one = one->ifa_next) {
    if (bytes_of(one->ifa_addr) == address) return true;
  }
  return false;
}

int errno_of_broker_socket(const std::string& path) {
  const FileDescriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
}

BrokerSocket choose_broker_socket(std::string_view setting, std::string_view data_directory, std::string_view host) {
  if (setting.empty() || setting == broker_socket_off) return {};
  if (setting != broker_socket_auto) return {std::string(setting), true};
  std::string path = std::string(data_directory) + "/" + std::string(broker_socket_name);
  if (path.size() > broker_socket_bytes_max || !is_this_machine(host)) return {};
  return {std::move(path), false};
}

}  // namespace strawberry
