/// The gateway's configuration: config/gateway.toml over the defaults here, environment over both.
///
/// Errors: lines for people: the file, the key, what was expected. check_gateway_config() has all of them,
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

/// `http.endpoint_file`: http-endpoint in the data directory; `users.token_file`: gateway.token there.
inline constexpr std::string_view endpoint_file_auto = "auto";

/// `http.web_directory`: beside the program (dashboard/files.h).
inline constexpr std::string_view web_directory_auto = "auto";

struct GatewayConfig {
  struct Http {
    std::string address = "127.0.0.1";
    std::int64_t port = 8080;
    bool insecure = false;         // another address than this machine's without TLS
    std::string certificate_file;  // PEM; with key_file: TLS, and nothing else
    std::string key_file;
    std::vector<std::string> hosts;    // allowed in Host, beside addresses and localhost
    std::vector<std::string> origins;  // allowed in Origin, beside the own; may read answers (CORS)
    std::vector<std::string> proxies;  // addresses and networks whose X-Forwarded-For is believed
    std::string public_url;            // by which clients reach the gateway; empty: as their requests say
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
    std::int64_t busy_poll_us = 50;  // how long the gateway looks for a message before its thread sleeps
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
    std::int64_t direct_tools_max = 40;     // of more skills, clients are given tools to search them
    std::int64_t call_timeout_ms = 60'000;  // how long a device may take
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
  std::string data_directory = "./var";  // where http-endpoint is written, and the broker's socket looked for
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
  std::vector<std::string> problems;  // none: the configuration can be used
};

/// `path` empty: no file.
CheckedGatewayConfig check_gateway_config(const std::string& path,
                                          const std::map<std::string, std::string>& environment);
Result<GatewayConfig> load_gateway_config(const std::string& path,
                                          const std::map<std::string, std::string>& environment);
/// Where the dashboard's files are; empty: none is served.
std::string web_directory_of(const GatewayConfig& config);
/// Where the gateway writes its own address; empty: nowhere.
std::string endpoint_file_of(const GatewayConfig& config);
/// Where the gateway's own token is, with which people sign in by password; empty: nowhere, and nobody does.
std::string token_file_of(const GatewayConfig& config);

}  // namespace strawberry::gateway
