/// The plugin's options in mosquitto.conf:
/// - `plugin_opt_keys FILE` and `plugin_opt_database FILE`, both required;
/// - for each address: `plugin_opt_failed_logins_max N` and `plugin_opt_failed_logins_per_minute N`;
/// - for the publications of each principal: `plugin_opt_messages_per_second N`, `…messages_at_once N`,
///   `…bytes_per_second N`, `…bytes_at_once N`, and the same with `user_` before it for a user with all its devices;
/// - for each principal: `plugin_opt_connections_per_second N` and `plugin_opt_connections_at_once N`.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "broker-plugin/login_limiter.h"
#include "broker-plugin/rate_limits.h"
#include "common/text/result.h"

namespace strawberry::plugin {

struct PluginOptions {
  std::string keys_path;
  std::string database_path;
  LoginLimiter::Options login_limit;
  RateLimits::Options rates;
};

/// `options`: name and value, as the broker passes them, without `plugin_opt_`. Fails on an option that is unknown,
/// empty, given twice or missing, and on a value that should be a number but is none from 0 to 1 000 000 000.
Result<PluginOptions> parse_plugin_options(const std::vector<std::pair<std::string, std::string>>& options);

/// Returns the numeric options: name, without `plugin_opt_`, and default.
std::vector<std::pair<std::string, std::size_t>> plugin_count_options();

}  // namespace strawberry::plugin
