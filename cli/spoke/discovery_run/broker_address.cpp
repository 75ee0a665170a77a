#include "cli/spoke/discovery_run/broker_address.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>

#include "cli/text.h"
#include "common/text/private_file.h"

namespace strawberry::cli::discovery {
namespace {

constexpr std::size_t login_file_bytes_max = 4 * 1024;
constexpr std::size_t host_bytes_max = 253;
constexpr std::uint16_t mqtt_port = 1883;
constexpr std::uint16_t mqtts_port = 8883;

tl::unexpected<CliError> bad_url(const std::string& url, const std::string& hint) {
  return cli_error(ExitCode::usage, "no address of a broker: " + in_quotes(url, 200) + " (" + hint + ")");
}

bool is_host(std::string_view host, bool is_in_brackets) {
  const auto fits = [is_in_brackets](unsigned char c) {
    const bool is_word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_word || c == '.' || (is_in_brackets ? c == ':' || c == '%' : c == '-' || c == '_');
  };
  return !host.empty() && host.size() <= host_bytes_max && std::all_of(host.begin(), host.end(), fits);
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (failed != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

std::string BrokerAddress::url() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  return (tls ? "mqtts://" : "mqtt://") + (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Outcome<BrokerAddress> parse_broker_url(const std::string& url) {
  constexpr const char* form = "write mqtt://HOST, mqtts://HOST or mqtt://HOST:PORT";
  BrokerAddress address;
  std::string_view rest = url;
  const auto scheme_end = rest.find("://");
  if (scheme_end == std::string_view::npos) return bad_url(url, form);
  const auto scheme = rest.substr(0, scheme_end);
  if (scheme != "mqtt" && scheme != "mqtts") return bad_url(url, form);
  address.tls = scheme == "mqtts";
  address.port = address.tls ? mqtts_port : mqtt_port;
  rest.remove_prefix(scheme_end + 3);
  if (rest.find('@') != std::string_view::npos) {
    // Does not show the text: it may contain the password.
    return cli_error(ExitCode::usage,
                     "a login in the address of the broker: --discovery (write user and password into a file that only "
                     "you can read, and give it with --login-file)");
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const bool is_in_brackets = rest.starts_with('[');
  const auto host_end = is_in_brackets ? rest.find(']') : rest.find(':');
  address.host = rest.substr(is_in_brackets ? 1 : 0, is_in_brackets ? host_end - 1 : host_end);
  if ((is_in_brackets && host_end == std::string_view::npos) || !is_host(address.host, is_in_brackets))
    return bad_url(url, form);
  auto behind = host_end == std::string_view::npos ? std::string_view() : rest.substr(host_end);
  if (is_in_brackets) behind.remove_prefix(1);
  if (behind.empty()) return address;
  const auto port = behind.starts_with(':') ? parse_port(behind.substr(1)) : std::nullopt;
  if (!port) return bad_url(url, form);
  address.port = *port;
  return address;
}

Outcome<BrokerLogin> read_login_file(const std::string& path) {
  auto file = read_private_file(path, login_file_bytes_max);
  if (!file) return cli_error(ExitCode::local, "login file " + path + " " + printable(file.error().message, 200));
  BrokerLogin login;
  std::istringstream lines(file->content);
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const auto text = trimmed(line);
    if (text.empty() || text.starts_with('#')) continue;
    const auto colon = text.find(':');
    const auto name = trimmed(text.substr(0, colon));
    std::string* value = name == "user" ? &login.user : name == "password" ? &login.password : nullptr;
    if (colon == std::string_view::npos || value == nullptr) {
      return cli_error(ExitCode::local, "login file " + path + ", line " + std::to_string(number) +
                                            ": it is not understood (write 'user: NAME' and 'password: PASSWORD')");
    }
    *value = trimmed(text.substr(colon + 1));
  }
  if (login.user.empty())
    return cli_error(ExitCode::local, "login file " + path + ": no user (write 'user: NAME' and 'password: PASSWORD')");
  return login;
}

}  // namespace strawberry::cli::discovery
