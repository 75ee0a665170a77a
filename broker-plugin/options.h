/// The plugin's options in mosquitto.conf: `plugin_opt_keys FILE` and `plugin_opt_database FILE`, both required;
/// `plugin_opt_failed_logins_max N` and `plugin_opt_failed_logins_per_minute N`, for each address.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "broker-plugin/login_limiter.h"
#include "common/result.h"

namespace strawberry {

struct PluginOptions {
  std::string keys_path;
  std::string database_path;
  LoginLimiter::Options login_limit;
};

/// `options`: name and value, as the broker passes them, without `plugin_opt_`. Fails on one that is unknown, empty,
/// given twice, missing or no number from 0 to 1 000 000 where one is wanted.
Result<PluginOptions> parse_plugin_options(const std::vector<std::pair<std::string, std::string>>& options);

}  // namespace strawberry
