/// The address and login of the broker whose devices become Spokes: `--discovery URL` and `--login-file FILE`.
///
/// Pure except for the file.   Errors: CliError, never with the password.   Bounds: the file has at most 4 KiB.
#pragma once

#include <cstdint>
#include <string>

#include "cli/outcome.h"

namespace strawberry::cli::discovery {

struct BrokerAddress {
  std::string host;
  std::uint16_t port = 1883;
  bool tls = false;

  /// `mqtt://broker.local:1883`
  std::string url() const;
};

/// Parses `mqtt://HOST`, `mqtts://HOST:PORT`, `mqtt://[::1]`. The port defaults to 1883, with TLS to 8883. Refuses a
/// user or password: other users of the machine can read the command lines of programs.
Outcome<BrokerAddress> parse_broker_url(const std::string& url);

struct BrokerLogin {
  std::string user;
  std::string password;
};

/// Reads a file of the lines `user: NAME` and `password: PASSWORD`; empty lines and `#` comments are skipped. Refuses a
/// file that other users can read.
Outcome<BrokerLogin> read_login_file(const std::string& path);

}  // namespace strawberry::cli::discovery
