#include "cli/run/broker_settings.h"

#include <map>

#include "common/contract/broker_socket.h"

namespace strawberry::cli {
namespace {

constexpr std::string_view plain_listener = "listener @PORT@ 127.0.0.1";
constexpr std::string_view socket_listener = "listener 0 @DATA_DIR@/broker.sock";
constexpr std::string_view plugin_line = "plugin @PLUGIN@";
constexpr std::string_view no_rate_limits =
    "plugin_opt_messages_per_second 0\n"
    "plugin_opt_bytes_per_second 0\n"
    "plugin_opt_connections_per_second 0\n"
    "plugin_opt_user_messages_per_second 0\n"
    "plugin_opt_user_bytes_per_second 0";

/// Replaces `line`, which must be a whole line, by `text`.
Result<void> replace_line(std::string& whole, std::string_view line, std::string_view text) {
  const std::size_t begin = ("\n" + whole + "\n").find("\n" + std::string(line) + "\n");
  if (begin == std::string::npos) {
    return fail("the pattern mosquitto.conf has no line '" + std::string(line) + "' (put it back)");
  }
  whole.replace(begin, line.size(), text);
  return {};
}

/// Replaces each @NAME@ that has a value; values are not searched again.
std::string fill(std::string_view text, const std::map<std::string, std::string, std::less<>>& values) {
  std::string filled;
  while (!text.empty()) {
    const std::size_t begin = text.find('@');
    filled += text.substr(0, begin);
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin + 1);
    const std::size_t end = text.find('@');
    const auto value = end == std::string_view::npos ? values.end() : values.find(text.substr(0, end));
    if (value == values.end()) {
      filled += '@';
      continue;
    }
    filled += value->second;
    text.remove_prefix(end + 1);
  }
  return filled;
}

}  // namespace

Result<std::string> broker_settings_text(std::string_view pattern, std::string_view tls_pattern,
                                         const BrokerSettings& settings) {
  std::string text(pattern);
  const std::string socket = settings.data_dir + "/" + std::string(broker_socket_name);
  // Mosquitto ends a path at a space; it runs in the data directory, so a relative path works.
  const bool has_space = socket.find_first_of(" \t") != std::string::npos;
  if (settings.wss_port) {
    if (auto done = replace_line(text, plain_listener, tls_pattern); !done) return tl::unexpected(done.error());
  }
  if (!settings.socket || has_space) {
    const std::string listener = settings.socket ? "listener 0 " + std::string(broker_socket_name) : "";
    if (auto done = replace_line(text, socket_listener, listener); !done) return tl::unexpected(done.error());
  }
  if (!settings.rate_limits) {
    const std::string lines = std::string(plugin_line) + "\n" + std::string(no_rate_limits);
    if (auto done = replace_line(text, plugin_line, lines); !done) return tl::unexpected(done.error());
  }
  return fill(text, {{"PORT", std::to_string(settings.port)},
                     {"WSS_PORT", std::to_string(settings.wss_port.value_or(0))},
                     {"ADDRESS", settings.listen},
                     {"FAMILY", settings.listen.find(':') == std::string::npos ? "ipv4" : "ipv6"},
                     {"DATA_DIR", settings.data_dir},
                     {"PLUGIN", settings.plugin},
                     {"USER", settings.user}});
}

}  // namespace strawberry::cli
