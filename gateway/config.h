/// The gateway's configuration: config/gateway.toml over the defaults here, environment over both.
///
/// Errors: lines for people with the file, the key and what was expected. check_gateway_config() returns all of them,
/// load_gateway_config() fails with the first.
/// Bounds: config_bytes_max of file, problems_max problems.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/contract/broker_socket.h"
#include "common/text/result.h"

namespace strawberry::gateway {

/// `http.endpoint_file`: http-endpoint in the data directory; `users.token_file`: gateway.token in that directory.
inline constexpr std::string_view endpoint_file_auto = "auto";

/// `http.web_directory`: the directory beside the program (dashboard/files.h).
inline constexpr std::string_view web_directory_auto = "auto";

struct GatewayConfig {
  struct Http {
    std::string address = "127.0.0.1";
    std::int64_t port = 8080;
    bool insecure = false;         // allows an address beyond this machine's without TLS
    std::string certificate_file;  // PEM; with key_file: the server speaks TLS only
    std::string key_file;
    std::vector<std::string> hosts;    // allowed in Host, in addition to addresses and localhost
    std::vector<std::string> origins;  // allowed in Origin, in addition to its own; may read answers (CORS)
    std::vector<std::string> proxies;  // addresses and networks whose X-Forwarded-For is trusted
    std::string public_url;            // at which clients reach the gateway; empty: taken from each request
    bool has_tls() const { return !certificate_file.empty(); }
    std::int64_t connections_max = 10'000;
    std::int64_t header_bytes_max = 16 * 1024;
    std::int64_t body_bytes_max = 256 * 1024;
    std::int64_t header_timeout_ms = 10'000;
    std::int64_t body_timeout_ms = 30'000;
    std::int64_t idle_timeout_ms = 60'000;
    std::int64_t write_timeout_ms = 30'000;
    std::string endpoint_file = std::string(endpoint_file_auto);  // see endpoint_file_of()
    std::string web_directory = std::string(web_directory_auto);  // the dashboard's files; empty or off: no dashboard
    bool operator==(const Http&) const = default;
  };
  struct Broker {
    std::string host = "127.0.0.1";
    std::int64_t port = 1883;
    std::string socket = std::string(broker_socket_auto);
    bool tls = false;
    std::string ca_file;
    std::string tls_server_name;
    std::int64_t busy_poll_us = 50;  // how long the gateway polls for a message before its thread sleeps
    bool operator==(const Broker&) const = default;
  };
  struct Tokens {
    std::int64_t connections_max = 10'000;  // to the broker: one for each token in use
    std::int64_t idle_s = 60;
    bool operator==(const Tokens&) const = default;
  };
  struct Users {
    std::string token_file = std::string(endpoint_file_auto);  // see token_file_of()
    bool operator==(const Users&) const = default;
  };
  struct Mcp {
    std::int64_t direct_tools_max = 40;     // with more skills, clients get tools to search them
    std::int64_t call_timeout_ms = 60'000;  // limit for a device's answer
    std::int64_t listeners_max = 2'000;     // streams that wait for changes of the list
    bool operator==(const Mcp&) const = default;
  };
  struct OAuth {
    bool enabled = true;
    bool client_documents = true;  // client ids may be URLs, whose documents are fetched
    bool operator==(const OAuth&) const = default;
  };
  struct Log {
    std::string level = "info";
    std::string format = "human";
    bool operator==(const Log&) const = default;
  };
  std::string data_directory = "./var";  // where http-endpoint is written, and where the broker's socket is
  Http http;
  Broker broker;
  Tokens tokens;
  Users users;
  Mcp mcp;
  OAuth oauth;
  Log log;
  bool operator==(const GatewayConfig&) const = default;
};

struct CheckedGatewayConfig {
  GatewayConfig config;
  std::vector<std::string> problems;  // empty: the configuration is valid
};

/// `path` empty: no file.
CheckedGatewayConfig check_gateway_config(const std::string& path,
                                          const std::map<std::string, std::string>& environment);
Result<GatewayConfig> load_gateway_config(const std::string& path,
                                          const std::map<std::string, std::string>& environment);
/// Returns the directory of the dashboard's files; empty: no dashboard is served.
std::string web_directory_of(const GatewayConfig& config);
/// Returns the file to which the gateway writes its own address; empty: none.
std::string endpoint_file_of(const GatewayConfig& config);
/// Returns the file of the gateway's own token, which password logins need; empty: none, and passwords are refused.
std::string token_file_of(const GatewayConfig& config);

}  // namespace strawberry::gateway
