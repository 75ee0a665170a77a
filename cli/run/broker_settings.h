/// Makes the text of the broker's configuration from the patterns mosquitto.conf and mosquitto-tls.conf.
///
/// Pure function.   Errors: a pattern without a line that is to be replaced, naming the line.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/text/result.h"

namespace strawberry::cli {

struct BrokerSettings {
  int port = 0;
  std::optional<int> wss_port;  // set with TLS: the listeners are then those of the pattern for TLS
  std::string listen;           // with TLS: an address
  std::string data_dir;
  std::string plugin;
  std::string user;
  bool socket = true;  // the Unix socket in the data directory
  bool rate_limits = true;
};

Result<std::string> broker_settings_text(std::string_view pattern, std::string_view tls_pattern,
                                         const BrokerSettings& settings);

}  // namespace strawberry::cli
