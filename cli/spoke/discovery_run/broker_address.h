/// Where the broker is whose devices become Spokes, and how to log in there: `--discovery URL` and `--login-file FILE`.
///
/// Pure but for the file.   Errors: CliError, never with the password.   Bounds: the file has at most 4 KiB.
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

/// `mqtt://HOST`, `mqtts://HOST:PORT`, `mqtt://[::1]`. Without a port 1883, with TLS 8883. A user or password in it is
/// refused: other users of the machine can read the command lines of programs.
Outcome<BrokerAddress> parse_broker_url(const std::string& url);

struct BrokerLogin {
  std::string user;
  std::string password;
};

/// A file of the lines `user: NAME` and `password: PASSWORD`; empty lines and `#` comments are skipped. Refused when
/// others can read it.
Outcome<BrokerLogin> read_login_file(const std::string& path);

}  // namespace strawberry::cli::discovery
