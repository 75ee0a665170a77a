#include "gateway/http/proxies.h"

#include <algorithm>
#include <charconv>

#include "common/runtime/asio.h"

namespace strawberry::gateway {
namespace {

constexpr std::string_view forwarded_for = "x-forwarded-for";

std::optional<asio::ip::address> parse_address(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return std::nullopt;  // Asio would stop reading at the NUL
  boost::system::error_code error;
  const auto address = asio::ip::make_address(std::string(text), error);
  if (error) return std::nullopt;
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  return address;
}

std::vector<unsigned char> bytes_of(const asio::ip::address& address) {
  if (address.is_v4()) {
    const auto bytes = address.to_v4().to_bytes();
    return {bytes.begin(), bytes.end()};
  }
  const auto bytes = address.to_v6().to_bytes();
  return {bytes.begin(), bytes.end()};
}

bool is_in(const std::vector<unsigned char>& address, const Network& network) {
  if (address.size() != network.prefix.size()) return false;
  const unsigned whole = network.bits / 8;
  const unsigned rest = network.bits % 8;
  if (!std::equal(address.begin(), address.begin() + whole, network.prefix.begin())) return false;
  return rest == 0 || (address[whole] ^ network.prefix[whole]) >> (8 - rest) == 0;
}

bool is_proxy(const asio::ip::address& address, const std::vector<Network>& proxies) {
  const auto bytes = bytes_of(address);
  return std::any_of(proxies.begin(), proxies.end(), [&](const Network& one) { return is_in(bytes, one); });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Some proxies also write the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`.
std::string_view without_port(std::string_view text) {
  if (text.starts_with('[')) return text.substr(1, std::min(text.find(']'), text.size()) - 1);
  const bool is_v4_with_port = std::count(text.begin(), text.end(), ':') == 1;
  return is_v4_with_port ? text.substr(0, text.find(':')) : text;
}

}  // namespace

bool is_address(std::string_view text) { return parse_address(text).has_value(); }

bool is_loopback(const std::string& address) {
  const auto parsed = parse_address(address);
  return parsed && parsed->is_loopback();
}

bool is_public(const std::string& address) {
  static const std::vector<Network> others = [] {
    std::vector<Network> networks;
    for (const char* text :
         {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
          "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"}) {
      networks.push_back(*parse_network(text));
    }
    return networks;
  }();
  static const Network global = *parse_network("2000::/3");
  static const Network within_v4 = *parse_network("2002::/16");  // 6to4
  static const Network documented = *parse_network("2001:db8::/32");
  static const Network teredo = *parse_network("2001::/32");
  const auto parsed = parse_address(address);
  if (!parsed) return false;
  const auto bytes = bytes_of(*parsed);
  if (parsed->is_v4())
    return std::none_of(others.begin(), others.end(), [&](const Network& one) { return is_in(bytes, one); });
  return is_in(bytes, global) && !is_in(bytes, within_v4) && !is_in(bytes, documented) && !is_in(bytes, teredo);
}

std::optional<Network> parse_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  Network network;
  network.prefix = bytes_of(*address);
  const auto bits_max = static_cast<unsigned>(network.prefix.size() * 8);
  network.bits = bits_max;
  if (slash == std::string_view::npos) return network;
  const std::string_view bits = text.substr(slash + 1);
  const auto [end, error] = std::from_chars(bits.data(), bits.data() + bits.size(), network.bits);
  if (error != std::errc() || end != bits.data() + bits.size() || network.bits > bits_max) return std::nullopt;
  return network;
}

std::string client_address(const std::string& peer, const Fields& headers, const std::vector<Network>& proxies) {
  auto client = parse_address(peer);
  if (!client) return peer;
  // The proxy appends its entry: earlier entries come from the client and may be forged.
  for (auto field = headers.rbegin(); field != headers.rend(); ++field) {
    if (field->first != forwarded_for) continue;
    std::string_view list = field->second;
    while (!list.empty() && is_proxy(*client, proxies)) {
      const std::size_t comma = list.rfind(',');
      const std::size_t begin = comma == std::string_view::npos ? 0 : comma + 1;
      const auto named = parse_address(without_port(trimmed(list.substr(begin))));
      if (!named) return client->to_string();
      client = named;
      list = list.substr(0, begin == 0 ? 0 : comma);
    }
  }
  return client->to_string();
}

}  // namespace strawberry::gateway
