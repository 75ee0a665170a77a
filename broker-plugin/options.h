/// The plugin's options in mosquitto.conf: `plugin_opt_keys FILE` and `plugin_opt_database FILE`, both required.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/result.h"

namespace strawberry {

struct PluginOptions {
  std::string keys_path;
  std::string database_path;
};

/// `options`: name and value, as the broker passes them, without `plugin_opt_`. Fails on one that is unknown, empty,
/// given twice or missing.
Result<PluginOptions> parse_plugin_options(const std::vector<std::pair<std::string, std::string>>& options);

}  // namespace strawberry
