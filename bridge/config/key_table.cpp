#include "bridge/config/key_table.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "common/text/ids.h"

namespace strawberry::bridge {
namespace {

constexpr std::size_t text_bytes_max = 1024;

constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_printable(std::string_view value) {
  return std::none_of(value.begin(), value.end(), [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; });
}
constexpr bool is_graphic(char c) { return c > ' ' && c < '\x7f'; }

bool is_url(std::string_view value) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (value.rfind(scheme, 0) != 0) continue;
    const std::string_view rest = value.substr(scheme.size());
    // A user and password in it would end up in logs; a query would end up before the path.
    return !rest.empty() && rest.front() != '/' && rest.front() != ':' &&
           rest.find_first_of("@?#") == std::string_view::npos && std::all_of(rest.begin(), rest.end(), is_graphic);
  }
  return false;
}

/// What libcurl can go through. User and password may be in it.
bool is_proxy(std::string_view value) {
  if (value == "environment" || value == "none") return true;
  for (const std::string_view scheme : {"http://", "https://", "socks4://", "socks4a://", "socks5://", "socks5h://"}) {
    if (!value.starts_with(scheme)) continue;
    const std::string_view rest = value.substr(scheme.size());
    const std::string_view host = rest.substr(rest.find('@') == std::string_view::npos ? 0 : rest.rfind('@') + 1);
    return !host.empty() && host.front() != '/' && host.front() != ':' &&
           rest.find_first_of("?#") == std::string_view::npos && std::all_of(rest.begin(), rest.end(), is_graphic);
  }
  return false;
}

/// More than one colon: an IPv6 address.
bool is_host(std::string_view value) {
  return value.size() <= 253 && std::all_of(value.begin(), value.end(), is_graphic) &&
         value.find('/') == std::string_view::npos && std::count(value.begin(), value.end(), ':') != 1;
}

/// An IPv6 address may say by which interface: `fe80::1%eth0`.
bool is_address(std::string_view value) {
  const auto scope = value.find('%');
  const std::string number(value.substr(0, scope));
  std::array<unsigned char, sizeof(in6_addr)> parsed{};
  if (inet_pton(AF_INET6, number.c_str(), parsed.data()) == 1)
    return std::all_of(value.begin(), value.end(), is_graphic) && scope != value.size() - 1;
  return scope == std::string_view::npos && inet_pton(AF_INET, number.c_str(), parsed.data()) == 1;
}

bool is_name(std::string_view value) {
  return value.size() <= 64 && std::all_of(value.begin(), value.end(), [](char c) {
           return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '.';
         });
}

bool is_variable(std::string_view value) {
  return value.size() <= 128 && !is_digit(value.front()) && std::all_of(value.begin(), value.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_';
         });
}

bool is_choice(std::string_view choices, std::string_view value) {
  while (!choices.empty()) {
    const auto space = std::min(choices.find(' '), choices.size());
    if (choices.substr(0, space) == value) return true;
    choices.remove_prefix(std::min(space + 1, choices.size()));
  }
  return false;
}

bool are_ids(std::string_view value) {
  while (!value.empty()) {
    const auto space = std::min(value.find(' '), value.size());
    if (space > 0 && !is_valid_id(value.substr(0, space))) return false;
    value.remove_prefix(std::min(space + 1, value.size()));
  }
  return true;
}

bool is_socket(std::string_view value) {
  if (value == broker_socket_auto || value == broker_socket_off) return true;
  return value.find('/') != std::string_view::npos && value.size() <= broker_socket_bytes_max && is_printable(value);
}

/// `human json` → `human or json`.
std::string list_choices(std::string_view choices) {
  const auto last = choices.rfind(' ');
  std::string text;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (choices[i] != ' ') {
      text += choices[i];
    } else {
      text += i == last ? " or " : ", ";
    }
  }
  return text;
}

constexpr std::int64_t million = 1'000'000;
constexpr std::int64_t ten_minutes_ms = 600'000;
constexpr std::int64_t gib = 1024 * 1024 * 1024;

// clang-format off
const KeyRow<Config> config_rows[] = {
    {"broker", "host", "STRAWBERRY_BROKER_HOST", Text{TextKind::host}, [](Config& c) -> Target { return &c.broker.host; }},
    {"broker", "port", "STRAWBERRY_BROKER_PORT", IntegerRange{1, 65'535}, [](Config& c) -> Target { return &c.broker.port; }},
    {"broker", "socket", "STRAWBERRY_BROKER_SOCKET", Text{TextKind::socket, {}, true}, [](Config& c) -> Target { return &c.broker.socket; }},
    {"broker", "tls", "STRAWBERRY_BROKER_TLS", Flag{}, [](Config& c) -> Target { return &c.broker.tls; }},
    {"broker", "ca_file", "STRAWBERRY_BROKER_CA_FILE", Text{TextKind::any, {}, true}, [](Config& c) -> Target { return &c.broker.ca_file; }},
    {"broker", "tls_server_name", "STRAWBERRY_BROKER_TLS_SERVER_NAME", Text{TextKind::host, {}, true}, [](Config& c) -> Target { return &c.broker.tls_server_name; }},
    {"broker", "keepalive_s", "", IntegerRange{5, 3'600}, [](Config& c) -> Target { return &c.broker.keepalive_s; }},
    {"broker", "reconnect_min_ms", "", IntegerRange{10, ten_minutes_ms}, [](Config& c) -> Target { return &c.broker.reconnect_min_ms; }},
    {"broker", "reconnect_max_ms", "", IntegerRange{10, ten_minutes_ms}, [](Config& c) -> Target { return &c.broker.reconnect_max_ms; }},
    {"broker", "busy_poll_us", "", IntegerRange{0, 1'000}, [](Config& c) -> Target { return &c.broker.busy_poll_us; }},
    {"data", "directory", "STRAWBERRY_DATA_DIR", Text{TextKind::any}, [](Config& c) -> Target { return &c.data.directory; }},
    {"limits", "payload_bytes_max", "", IntegerRange{4'096, 1'048'576}, [](Config& c) -> Target { return &c.limits.payload_bytes_max; }},
    {"limits", "requests_in_flight_max", "", IntegerRange{1, million}, [](Config& c) -> Target { return &c.limits.requests_in_flight_max; }},
    {"limits", "requests_in_flight_per_user_max", "", IntegerRange{1, million}, [](Config& c) -> Target { return &c.limits.requests_in_flight_per_user_max; }},
    {"limits", "requests_in_flight_per_sender_max", "", IntegerRange{1, million}, [](Config& c) -> Target { return &c.limits.requests_in_flight_per_sender_max; }},
    {"limits", "requests_waiting_max", "", IntegerRange{1, million}, [](Config& c) -> Target { return &c.limits.requests_waiting_max; }},
    {"limits", "requests_waiting_per_sender_max", "", IntegerRange{1, million}, [](Config& c) -> Target { return &c.limits.requests_waiting_per_sender_max; }},
    {"limits", "busy_answers_per_second_max", "", IntegerRange{0, million}, [](Config& c) -> Target { return &c.limits.busy_answers_per_second_max; }},
    {"limits", "open_calls_max", "", IntegerRange{1, million}, [](Config& c) -> Target { return &c.limits.open_calls_max; }},
    {"limits", "open_calls_per_target_max", "", IntegerRange{1, million}, [](Config& c) -> Target { return &c.limits.open_calls_per_target_max; }},
    {"limits", "chats_per_principal_max", "", IntegerRange{1, 1'000}, [](Config& c) -> Target { return &c.limits.chats_per_principal_max; }},
    {"limits", "chat_requests_per_minute", "", IntegerRange{0, million}, [](Config& c) -> Target { return &c.limits.chat_requests_per_minute; }},
    {"limits", "chat_tokens_per_day", "", IntegerRange{0, million * million}, [](Config& c) -> Target { return &c.limits.chat_tokens_per_day; }},
    {"limits", "stored_bytes_per_user_max", "", IntegerRange{0, 1024 * gib}, [](Config& c) -> Target { return &c.limits.stored_bytes_per_user_max; }},
    {"limits", "sessions_per_user_max", "", IntegerRange{0, million}, [](Config& c) -> Target { return &c.limits.sessions_per_user_max; }},
    {"limits", "messages_per_user_max", "", IntegerRange{0, 1'000 * million}, [](Config& c) -> Target { return &c.limits.messages_per_user_max; }},
    {"limits", "messages_per_session_max", "", IntegerRange{0, 1'000 * million}, [](Config& c) -> Target { return &c.limits.messages_per_session_max; }},
    {"limits", "devices_per_user_max", "", IntegerRange{0, 100'000}, [](Config& c) -> Target { return &c.limits.devices_per_user_max; }},
    {"limits", "disk_free_min_mib", "", IntegerRange{0, 1'000 * million}, [](Config& c) -> Target { return &c.limits.disk_free_min_mib; }},
    {"limits", "tokens_per_user_max", "", IntegerRange{0, million}, [](Config& c) -> Target { return &c.limits.tokens_per_user_max; }},
    {"limits", "tokens_per_principal_max", "", IntegerRange{0, million}, [](Config& c) -> Target { return &c.limits.tokens_per_principal_max; }},
    {"limits", "token_line_days_max", "", IntegerRange{0, 36'500}, [](Config& c) -> Target { return &c.limits.token_line_days_max; }},
    {"limits", "device_registrations_per_hour", "", IntegerRange{0, million}, [](Config& c) -> Target { return &c.limits.device_registrations_per_hour; }},
    {"limits", "skills_per_user_max", "", IntegerRange{0, 1'000'000}, [](Config& c) -> Target { return &c.limits.skills_per_user_max; }},
    {"limits", "audit_days", "", IntegerRange{1, 3'650}, [](Config& c) -> Target { return &c.limits.audit_days; }},
    {"limits", "audit_lines_max", "", IntegerRange{1'000, 10'000'000}, [](Config& c) -> Target { return &c.limits.audit_lines_max; }},
    {"limits", "skills_per_device_max", "", IntegerRange{1, 500}, [](Config& c) -> Target { return &c.limits.skills_per_device_max; }},
    {"limits", "dedup_minutes", "", IntegerRange{1, 60}, [](Config& c) -> Target { return &c.limits.dedup_minutes; }},
    {"limits", "dedup_bytes_max", "", IntegerRange{1'048'576, gib}, [](Config& c) -> Target { return &c.limits.dedup_bytes_max; }},
    {"limits", "dedup_requests_max", "", IntegerRange{100, 10 * million}, [](Config& c) -> Target { return &c.limits.dedup_requests_max; }},
    {"limits", "agent_steps_max", "", IntegerRange{1, 64}, [](Config& c) -> Target { return &c.limits.agent_steps_max; }},
    {"limits", "tool_calls_per_step_max", "", IntegerRange{1, 128}, [](Config& c) -> Target { return &c.limits.tool_calls_per_step_max; }},
    {"limits", "tool_result_bytes_max", "", IntegerRange{256, 262'144}, [](Config& c) -> Target { return &c.limits.tool_result_bytes_max; }},
    {"limits", "log_line_bytes_max", "", IntegerRange{256, 65'536}, [](Config& c) -> Target { return &c.limits.log_line_bytes_max; }},
    {"limits", "log_lines_per_second_max", "", IntegerRange{0, million}, [](Config& c) -> Target { return &c.limits.log_lines_per_second_max; }},
    {"timeouts", "sandbox_ms", "", IntegerRange{1, ten_minutes_ms}, [](Config& c) -> Target { return &c.timeouts.sandbox_ms; }},
    {"timeouts", "local_skill_ms", "", IntegerRange{1, ten_minutes_ms}, [](Config& c) -> Target { return &c.timeouts.local_skill_ms; }},
    {"timeouts", "remote_skill_call_ms", "", IntegerRange{1, ten_minutes_ms}, [](Config& c) -> Target { return &c.timeouts.remote_skill_call_ms; }},
    {"timeouts", "interface_ms", "", IntegerRange{1, ten_minutes_ms}, [](Config& c) -> Target { return &c.timeouts.interface_ms; }},
    {"skills", "expiry_s", "SKILL_EXPIRY_SECONDS", IntegerRange{1, 31'536'000}, [](Config& c) -> Target { return &c.skills.expiry_s; }},
    {"skills", "confirm", "", Text{TextKind::choice, "chat always"}, [](Config& c) -> Target { return &c.skills.confirm; }},
    {"llm", "find_local", "STRAWBERRY_FIND_LOCAL", Flag{}, [](Config& c) -> Target { return &c.llm.find_local; }},
    {"llm", "ollama_port", "", IntegerRange{1, 65'535}, [](Config& c) -> Target { return &c.llm.ollama_port; }},
    {"llm", "llama_cpp_port", "", IntegerRange{1, 65'535}, [](Config& c) -> Target { return &c.llm.llama_cpp_port; }},
    {"home_assistant", "enabled", "STRAWBERRY_HOME_ASSISTANT", Flag{}, [](Config& c) -> Target { return &c.home_assistant.enabled; }},
    {"home_assistant", "off_for", "", Text{TextKind::ids, {}, true}, [](Config& c) -> Target { return &c.home_assistant.off_for; }},
    {"log", "level", "STRAWBERRY_LOG_LEVEL", Text{TextKind::choice, "trace debug info warn error off"}, [](Config& c) -> Target { return &c.log.level; }},
    {"log", "format", "", Text{TextKind::choice, "human json"}, [](Config& c) -> Target { return &c.log.format; }},
    {"metrics", "port", "STRAWBERRY_METRICS_PORT", IntegerRange{0, 65'535}, [](Config& c) -> Target { return &c.metrics.port; }},
    {"metrics", "address", "", Text{TextKind::address}, [](Config& c) -> Target { return &c.metrics.address; }},
};

const KeyRow<LlmProviderConfig> provider_rows[] = {
    {"llm.provider", "name", "", Text{TextKind::name}, [](LlmProviderConfig& c) -> Target { return &c.name; }},
    {"llm.provider", "kind", "", Text{TextKind::choice, "openai anthropic gemini ollama"}, [](LlmProviderConfig& c) -> Target { return &c.kind; }},
    {"llm.provider", "base_url", "OPENAI_BASE_URL", Text{TextKind::url}, [](LlmProviderConfig& c) -> Target { return &c.base_url; }, true},
    {"llm.provider", "model", "DEFAULT_MODEL", Text{TextKind::any}, [](LlmProviderConfig& c) -> Target { return &c.model; }},
    {"llm.provider", "api_key_env", "", Text{TextKind::variable, {}, true}, [](LlmProviderConfig& c) -> Target { return &c.api_key_env; }, true},
    {"llm.provider", "api_key_file", "", Text{TextKind::any, {}, true}, [](LlmProviderConfig& c) -> Target { return &c.api_key_file; }, true},
    {"llm.provider", "proxy", "", Text{TextKind::proxy, {}, true}, [](LlmProviderConfig& c) -> Target { return &c.proxy; }, true},
    {"llm.provider", "connect_timeout_ms", "", IntegerRange{1, ten_minutes_ms}, [](LlmProviderConfig& c) -> Target { return &c.connect_timeout_ms; }},
    {"llm.provider", "first_token_timeout_ms", "", IntegerRange{1, ten_minutes_ms}, [](LlmProviderConfig& c) -> Target { return &c.first_token_timeout_ms; }},
    {"llm.provider", "idle_timeout_ms", "", IntegerRange{1, ten_minutes_ms}, [](LlmProviderConfig& c) -> Target { return &c.idle_timeout_ms; }},
    {"llm.provider", "total_timeout_ms", "", IntegerRange{1, ten_minutes_ms}, [](LlmProviderConfig& c) -> Target { return &c.total_timeout_ms; }},
    {"llm.provider", "retries_max", "", IntegerRange{0, 10}, [](LlmProviderConfig& c) -> Target { return &c.retries_max; }},
    {"llm.provider", "requests_in_flight_max", "", IntegerRange{1, 100'000}, [](LlmProviderConfig& c) -> Target { return &c.requests_in_flight_max; }},
    {"llm.provider", "requests_in_flight_per_user_max", "", IntegerRange{0, 100'000}, [](LlmProviderConfig& c) -> Target { return &c.requests_in_flight_per_user_max; }},
    {"llm.provider", "requests_per_minute_max", "", IntegerRange{0, 100'000}, [](LlmProviderConfig& c) -> Target { return &c.requests_per_minute_max; }},
};
// clang-format on

}  // namespace

std::span<const KeyRow<Config>> config_keys() { return config_rows; }
std::span<const KeyRow<LlmProviderConfig>> provider_keys() { return provider_rows; }

std::string describe_allowed(const Allowed& allowed) {
  if (const auto* range = std::get_if<IntegerRange>(&allowed)) {
    return "an integer from " + std::to_string(range->least) + " to " + std::to_string(range->most);
  }
  if (std::holds_alternative<Flag>(allowed)) return "true or false";
  const Text& text = std::get<Text>(allowed);
  switch (text.kind) {
    case TextKind::any: return "a text of 1 to " + std::to_string(text_bytes_max) + " bytes without control characters";
    case TextKind::host: return "a host name or address without scheme and port";
    case TextKind::address: return "an IP address such as 127.0.0.1 or ::1";
    case TextKind::name: return "a name: at most 64 letters, digits, dots, _ and -";
    case TextKind::url: return "an http:// or https:// URL without user, query or fragment";
    case TextKind::variable: return "the name of an environment variable (A-Z, 0-9, _)";
    case TextKind::choice: return list_choices(text.choices);
    case TextKind::ids: return "ids with a space between them";
    case TextKind::socket:
      return "auto, off, or the path of a Unix socket: with a slash, at most " +
             std::to_string(broker_socket_bytes_max) + " bytes";
    case TextKind::proxy:
      return "environment, none, or the URL of a proxy: http://, https://, socks4://, socks4a://, socks5:// or "
             "socks5h://, without query or fragment";
  }
  return "something else";
}

bool is_allowed(const Text& text, std::string_view value) {
  if (value.empty()) return text.may_be_empty;
  if (value.size() > text_bytes_max) return false;
  switch (text.kind) {
    case TextKind::any: return is_printable(value);
    case TextKind::host: return is_host(value);
    case TextKind::address: return is_address(value);
    case TextKind::name: return is_name(value);
    case TextKind::url: return is_url(value);
    case TextKind::variable: return is_variable(value);
    case TextKind::choice: return is_choice(text.choices, value);
    case TextKind::ids: return are_ids(value);
    case TextKind::socket: return is_socket(value);
    case TextKind::proxy: return is_proxy(value);
  }
  return false;
}

}  // namespace strawberry::bridge
