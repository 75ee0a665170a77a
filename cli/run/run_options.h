/// The options of `strawberryctl run`.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace strawberry::cli {

inline constexpr int plain_port_default = 1883;
inline constexpr int tls_port_default = 8883;

struct LogLimits {
  std::uintmax_t bytes_max = 16 * 1024 * 1024;  // of one file
  int files_max = 3;                            // of one log, including the one that is being written
};

struct RunOptions {
  std::string data_dir;
  int port = plain_port_default;
  bool http = true;
  int http_port = 8080;
  bool tls = false;
  std::string listen = "127.0.0.1";
  int wss_port = 8884;
  bool rate_limits = true;
  bool demo = false;
  LogLimits logs;
  std::chrono::seconds certificate_interval = std::chrono::hours(12);  // between two checks of the certificates
};

}  // namespace strawberry::cli
