/// Addresses of clients, and the reverse proxies in front of the gateway that are trusted to name them in
/// `X-Forwarded-For`.
///
/// Pure.   Errors: parse_network() returns nullopt for text that is not an address or network.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/http/message.h"

namespace strawberry::gateway {

/// True for IPv4 or IPv6, without port and brackets.
bool is_address(std::string_view text);
/// True for an address of this machine alone: 127.0.0.0/8 and ::1.
bool is_loopback(const std::string& address);

/// True for an address of the Internet; false for one of this machine or of a private network, and for those with a
/// special meaning (link-local, shared, multicast, documentation).
bool is_public(const std::string& address);

/// An address, or the addresses of a network: `10.0.0.0/8`, `fd00::/8`.
struct Network {
  std::vector<unsigned char> prefix;  // 4 or 16 bytes
  unsigned bits = 0;
};
std::optional<Network> parse_network(std::string_view text);

/// Returns the client's address, without a port; IPv4 within IPv6 (`::ffff:192.0.2.1`) as IPv4. It is the connection's
/// own (`peer`), unless that is a trusted proxy: then the last address of `X-Forwarded-For` that is not a proxy.
std::string client_address(const std::string& peer, const Fields& headers, const std::vector<Network>& proxies);

}  // namespace strawberry::gateway
