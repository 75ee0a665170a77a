#include "broker-plugin/options.h"

namespace strawberry {

Result<PluginOptions> parse_plugin_options(const std::vector<std::pair<std::string, std::string>>& options) {
  PluginOptions parsed;
  for (const auto& [name, value] : options) {
    std::string* target = name == "keys" ? &parsed.keys_path : name == "database" ? &parsed.database_path : nullptr;
    if (target == nullptr) return fail("unknown option plugin_opt_" + name);
    if (!target->empty()) return fail("plugin_opt_" + name + " is given twice");
    if (value.empty()) return fail("plugin_opt_" + name + " has no value");
    *target = value;
  }
  if (parsed.keys_path.empty()) return fail("plugin_opt_keys is missing: the file with the signing keys");
  if (parsed.database_path.empty()) return fail("plugin_opt_database is missing: the hub's database");
  return parsed;
}

}  // namespace strawberry
