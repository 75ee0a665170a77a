/// The plugin's options in mosquitto.conf: `plugin_opt_keys FILE` and `plugin_opt_database FILE`, both required;
/// `plugin_opt_failed_logins_max N` and `plugin_opt_failed_logins_per_minute N`, for each address; and how much may be
/// published: `plugin_opt_messages_per_second N`, `…messages_at_once N`, `…bytes_per_second N`, `…bytes_at_once N` for
/// each principal, and the same with `user_` before it for all of a user's;
/// `plugin_opt_connections_per_second N` and `plugin_opt_connections_at_once N`, for each principal.
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

/// `options`: name and value, as the broker passes them, without `plugin_opt_`. Fails on one that is unknown, empty,
/// given twice, missing or no number from 0 to 1 000 000 000 where one is wanted.
Result<PluginOptions> parse_plugin_options(const std::vector<std::pair<std::string, std::string>>& options);

/// The options that are numbers: name, without `plugin_opt_`, and default.
std::vector<std::pair<std::string, std::size_t>> plugin_count_options();

}  // namespace strawberry::plugin
