#include "common/text/network_of.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace strawberry {
namespace {

constexpr std::size_t address_bytes_max = 128;
constexpr std::size_t network_bytes = 8;
constexpr std::size_t mapped_prefix_bytes = 12;

template <class Address>
std::string text_of(int family, const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  return ::inet_ntop(family, &address, text.data(), text.size()) == nullptr ? std::string() : text.data();
}

}  // namespace

std::string network_of(std::string_view address) {
  if (address.size() > address_bytes_max) return {};
  const std::string text(address.substr(0, address.find('%')));  // without the interface: `fe80::1%eth0`
  in_addr v4{};
  if (::inet_pton(AF_INET, text.c_str(), &v4) == 1) return text_of(AF_INET, v4);
  in6_addr v6{};
  if (::inet_pton(AF_INET6, text.c_str(), &v6) != 1) return {};
  if (IN6_IS_ADDR_V4MAPPED(&v6)) {
    std::copy_n(std::begin(v6.s6_addr) + mapped_prefix_bytes, sizeof v4, reinterpret_cast<unsigned char*>(&v4));
    return text_of(AF_INET, v4);
  }
  std::fill(std::begin(v6.s6_addr) + network_bytes, std::end(v6.s6_addr), 0);
  return text_of(AF_INET6, v6) + "/64";
}

}  // namespace strawberry
