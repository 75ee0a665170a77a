#include "broker-plugin/options.h"

#include <charconv>
#include <map>
#include <optional>
#include <set>

namespace strawberry::plugin {
namespace {

constexpr std::size_t count_max = 1'000'000'000;

std::optional<std::size_t> parse_count(std::string_view text) {
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size() || count > count_max) return std::nullopt;
  return count;
}

/// Null for an option that is no path, or none at all.
std::string* path_option(PluginOptions& options, const std::string& name) {
  if (name == "keys") return &options.keys_path;
  return name == "database" ? &options.database_path : nullptr;
}

using Counts = std::map<std::string_view, std::size_t*>;

Counts count_options(PluginOptions& options) {
  auto& [principal, user, connections, accounts_max] = options.rates;
  return {
      {"failed_logins_max", &options.login_limit.failures_at_once_max},
      {"failed_logins_per_minute", &options.login_limit.failures_per_minute_max},
      {"messages_per_second", &principal.messages_per_second},
      {"messages_at_once", &principal.messages_at_once},
      {"bytes_per_second", &principal.bytes_per_second},
      {"bytes_at_once", &principal.bytes_at_once},
      {"connections_per_second", &connections.per_second},
      {"connections_at_once", &connections.at_once},
      {"user_messages_per_second", &user.messages_per_second},
      {"user_messages_at_once", &user.messages_at_once},
      {"user_bytes_per_second", &user.bytes_per_second},
      {"user_bytes_at_once", &user.bytes_at_once},
  };
}

std::size_t* count_option(PluginOptions& options, const std::string& name) {
  const Counts counts = count_options(options);
  const auto found = counts.find(name);
  return found == counts.end() ? nullptr : found->second;
}

}  // namespace

std::vector<std::pair<std::string, std::size_t>> plugin_count_options() {
  PluginOptions defaults;
  std::vector<std::pair<std::string, std::size_t>> all;
  for (const auto& [name, value] : count_options(defaults)) all.emplace_back(name, *value);
  return all;
}

Result<PluginOptions> parse_plugin_options(const std::vector<std::pair<std::string, std::string>>& options) {
  PluginOptions parsed;
  std::set<std::string> seen;
  for (const auto& [name, value] : options) {
    std::string* path = path_option(parsed, name);
    std::size_t* count = count_option(parsed, name);
    if (path == nullptr && count == nullptr) return fail("unknown option plugin_opt_" + name);
    if (!seen.insert(name).second) return fail("plugin_opt_" + name + " is given twice");
    if (value.empty()) return fail("plugin_opt_" + name + " has no value");
    if (path != nullptr) {
      *path = value;
      continue;
    }
    const auto number = parse_count(value);
    if (!number) return fail("plugin_opt_" + name + " is no number from 0 to " + std::to_string(count_max));
    *count = *number;
  }
  if (parsed.keys_path.empty()) return fail("plugin_opt_keys is missing: the file with the signing keys");
  if (parsed.database_path.empty()) return fail("plugin_opt_database is missing: the hub's database");
  return parsed;
}

}  // namespace strawberry::plugin
