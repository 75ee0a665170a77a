#include "broker-plugin/options.h"

#include <charconv>
#include <optional>
#include <set>

namespace strawberry {
namespace {

constexpr std::size_t count_max = 1'000'000;

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

std::size_t* count_option(PluginOptions& options, const std::string& name) {
  if (name == "failed_logins_max") return &options.login_limit.failures_at_once_max;
  return name == "failed_logins_per_minute" ? &options.login_limit.failures_per_minute_max : nullptr;
}

}  // namespace

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

}  // namespace strawberry
