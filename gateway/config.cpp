#include "gateway/config.h"

#include <toml++/toml.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <functional>
#include <set>

#include "common/text/file_descriptor.h"
#include "gateway/dashboard/files.h"
#include "gateway/http/proxies.h"
#include "gateway/http/server_tls.h"

namespace strawberry::gateway {
namespace {

constexpr std::size_t config_bytes_max = 64 * 1024;
constexpr std::size_t names_max = 64;
constexpr std::size_t problems_max = 32;
constexpr const char* off = "off";

/// Collects the problems as text for people; those beyond problems_max are left out.
class Problems {
 public:
  void add(std::string problem) {
    if (all_.size() < problems_max) all_.push_back(std::move(problem));
  }
  std::vector<std::string> take() { return std::move(all_); }

 private:
  std::vector<std::string> all_;
};

/// Reads one file.
class Reading {
 public:
  Reading(std::string path, toml::table document, Problems& problems)
      : path_(std::move(path)), document_(std::move(document)), problems_(problems) {}

  void text(const char* section, const char* key, std::string& value) {
    with(section, key, [&](const toml::node& node) {
      const auto read = node.value<std::string>();
      if (!node.is_string() || !read) return wrong(section, key, "a text");
      value = *read;
    });
  }
  void choice(const char* section, const char* key, std::string& value, std::initializer_list<const char*> choices) {
    with(section, key, [&](const toml::node& node) {
      const auto read = node.value<std::string>();
      if (node.is_string() && read &&
          std::any_of(choices.begin(), choices.end(), [&](const char* one) { return *read == one; })) {
        value = *read;
        return;
      }
      std::string all;
      for (const char* one : choices) all += (all.empty() ? "" : ", ") + std::string(one);
      wrong(section, key, "one of " + all);
    });
  }
  void number(const char* section, const char* key, std::int64_t& value, std::int64_t least, std::int64_t most) {
    with(section, key, [&](const toml::node& node) {
      const auto read = node.value<std::int64_t>();
      if (!node.is_integer() || !read || *read < least || *read > most) {
        return wrong(section, key, "an integer from " + std::to_string(least) + " to " + std::to_string(most));
      }
      value = *read;
    });
  }
  void flag(const char* section, const char* key, bool& value) {
    with(section, key, [&](const toml::node& node) {
      const auto read = node.value<bool>();
      if (!node.is_boolean() || !read) return wrong(section, key, "true or false");
      value = *read;
    });
  }
  void texts(const char* section, const char* key, std::vector<std::string>& values) {
    with(section, key, [&](const toml::node& node) {
      const toml::array* list = node.as_array();
      if (list == nullptr || list->size() > names_max) return wrong(section, key, "a list of at most 64 texts");
      for (const toml::node& one : *list) {
        const auto read = one.value<std::string>();
        if (!one.is_string() || !read) return wrong(section, key, "a list of texts");
        values.push_back(*read);
      }
    });
  }
  /// Reports every key that nothing has read.
  void refuse_unknown() {
    for (const auto& [section, node] : document_) {
      const std::string name(section.str());
      const toml::table* table = node.as_table();
      if (table == nullptr || !known_.contains(name)) {
        fault("unknown section or key: " + name);
        continue;
      }
      for (const auto& [key, value] : *table) {
        const std::string full = name + "." + std::string(key.str());
        if (!known_.contains(full)) fault("unknown key: " + full);
      }
    }
  }

 private:
  void with(const char* section, const char* key, const std::function<void(const toml::node&)>& read) {
    known_.insert(section);
    known_.insert(std::string(section) + "." + key);
    const auto* table = document_[section].as_table();
    const toml::node* node = table == nullptr ? nullptr : table->get(key);
    if (node != nullptr) read(*node);
  }
  void wrong(const std::string& section, const std::string& key, const std::string& expected) {
    fault(section + "." + key + " must be " + expected);
  }
  void fault(const std::string& what) { problems_.add(path_ + ": " + what); }

  std::string path_;
  toml::table document_;
  Problems& problems_;
  std::set<std::string> known_;
};

void read_into(Reading& file, GatewayConfig& config) {
  auto& http = config.http;
  file.text("http", "address", http.address);
  file.number("http", "port", http.port, 0, 65'535);
  file.flag("http", "insecure", http.insecure);
  file.texts("http", "hosts", http.hosts);
  file.texts("http", "origins", http.origins);
  file.texts("http", "proxies", http.proxies);
  file.text("http", "public_url", http.public_url);
  file.text("http", "certificate_file", http.certificate_file);
  file.text("http", "key_file", http.key_file);
  file.number("http", "connections_max", http.connections_max, 1, 1'000'000);
  file.number("http", "header_bytes_max", http.header_bytes_max, 1'024, 262'144);
  file.number("http", "body_bytes_max", http.body_bytes_max, 1'024, 16'777'216);
  file.number("http", "header_timeout_ms", http.header_timeout_ms, 10, 600'000);
  file.number("http", "body_timeout_ms", http.body_timeout_ms, 10, 600'000);
  file.number("http", "idle_timeout_ms", http.idle_timeout_ms, 10, 3'600'000);
  file.number("http", "write_timeout_ms", http.write_timeout_ms, 10, 600'000);
  file.text("http", "endpoint_file", http.endpoint_file);
  file.text("http", "web_directory", http.web_directory);
  file.text("broker", "host", config.broker.host);
  file.number("broker", "port", config.broker.port, 1, 65'535);
  file.text("broker", "socket", config.broker.socket);
  file.flag("broker", "tls", config.broker.tls);
  file.text("broker", "ca_file", config.broker.ca_file);
  file.text("broker", "tls_server_name", config.broker.tls_server_name);
  file.number("broker", "busy_poll_us", config.broker.busy_poll_us, 0, 1'000);
  file.text("data", "directory", config.data_directory);
  file.number("tokens", "connections_max", config.tokens.connections_max, 1, 1'000'000);
  file.number("tokens", "idle_s", config.tokens.idle_s, 1, 86'400);
  file.text("users", "token_file", config.users.token_file);
  file.number("mcp", "direct_tools_max", config.mcp.direct_tools_max, 1, 500);
  file.number("mcp", "call_timeout_ms", config.mcp.call_timeout_ms, 1'000, 120'000);
  file.number("mcp", "listeners_max", config.mcp.listeners_max, 0, 100'000);
  file.flag("oauth", "enabled", config.oauth.enabled);
  file.flag("oauth", "client_documents", config.oauth.client_documents);
  file.choice("log", "level", config.log.level, {"trace", "debug", "info", "warn", "error", "off"});
  file.choice("log", "format", config.log.format, {"human", "json"});
  file.refuse_unknown();
}

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

void read_environment(const std::map<std::string, std::string>& environment, GatewayConfig& config,
                      Problems& problems) {
  const auto value = [&](const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
  };
  const auto text = [&](const char* name, std::string& to) {
    if (const std::string given = value(name); !given.empty()) to = given;
  };
  text("STRAWBERRY_DATA_DIR", config.data_directory);
  text("STRAWBERRY_HTTP_ADDRESS", config.http.address);
  text("STRAWBERRY_HTTP_PUBLIC_URL", config.http.public_url);
  text("STRAWBERRY_HTTP_CERTIFICATE_FILE", config.http.certificate_file);
  text("STRAWBERRY_HTTP_KEY_FILE", config.http.key_file);
  text("STRAWBERRY_HTTP_ENDPOINT_FILE", config.http.endpoint_file);
  text("STRAWBERRY_HTTP_WEB_DIRECTORY", config.http.web_directory);
  text("STRAWBERRY_GATEWAY_TOKEN_FILE", config.users.token_file);
  text("STRAWBERRY_BROKER_HOST", config.broker.host);
  text("STRAWBERRY_BROKER_SOCKET", config.broker.socket);
  text("STRAWBERRY_BROKER_CA_FILE", config.broker.ca_file);
  text("STRAWBERRY_BROKER_TLS_SERVER_NAME", config.broker.tls_server_name);
  for (const auto& [name, flag] : {std::pair("STRAWBERRY_BROKER_TLS", &config.broker.tls),
                                   std::pair("STRAWBERRY_HTTP_INSECURE", &config.http.insecure)}) {
    const std::string given = value(name);
    if (given.empty()) continue;
    if (given != "true" && given != "false") problems.add(std::string(name) + " must be true or false");
    *flag = given == "true";
  }
  for (const auto& [name, port] : {std::pair("STRAWBERRY_BROKER_PORT", &config.broker.port),
                                   std::pair("STRAWBERRY_HTTP_PORT", &config.http.port)}) {
    const std::string given = value(name);
    if (given.empty()) continue;
    const bool is_number =
        given.size() <= 5 && std::all_of(given.begin(), given.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!is_number || std::stoi(given) > 65'535) {
      problems.add(std::string(name) + " must be a port, 0 to 65535");
    } else {
      *port = std::stoi(given);
    }
  }
}

void read_file_into(const std::string& path, GatewayConfig& config, Problems& problems) {
  const auto content = read_file_text(path, config_bytes_max);
  if (!content) return problems.add(path + (errno == EFBIG ? ": larger than 64 KiB" : ": cannot be read"));
  try {
    Reading reading(path, toml::parse(*content), problems);
    read_into(reading, config);
  } catch (const toml::parse_error& error) {
    problems.add(path + ", line " + std::to_string(error.source().begin.line) + ": " +
                 std::string(error.description()));
  }
}

/// True for an origin as browsers send it: without a path, not even a slash.
bool is_origin(const std::string& text) {
  for (const char* scheme : {"http://", "https://"}) {
    if (!text.starts_with(scheme)) continue;
    const std::string rest = text.substr(std::string_view(scheme).size());
    return !rest.empty() && rest.find_first_of("/?#@ ") == std::string::npos;
  }
  return false;
}

void check_whole(const GatewayConfig& config, Problems& problems) {
  const auto& http = config.http;
  if (!is_address(http.address)) {
    problems.add("http.address is no address: " + http.address);
  } else if (!is_loopback(http.address) && !http.has_tls() && !http.insecure) {
    problems.add("http.address " + http.address +
                 " can be reached from other machines, and tokens would travel in the clear: set "
                 "http.certificate_file and http.key_file, or http.insecure = true behind a proxy that has TLS");
  }
  if (http.certificate_file.empty() != http.key_file.empty()) {
    problems.add("http.certificate_file and http.key_file go together: one of them is missing");
  } else if (http.has_tls()) {
    if (auto tls = ServerTls::load({http.certificate_file, http.key_file}); !tls)
      problems.add("http: " + tls.error().message);
  }
  for (const std::string& proxy : http.proxies) {
    if (!parse_network(proxy)) problems.add("http.proxies: not an address or a network like 10.0.0.0/8: " + proxy);
  }
  for (const std::string& host : http.hosts) {
    if (host.empty() || host.find_first_of(":/ ") != std::string::npos)
      problems.add("http.hosts: not a name without scheme and port: " + host);
  }
  for (const std::string& origin : http.origins) {
    if (!is_origin(origin)) problems.add("http.origins: as https://dashboard.example, without a path: " + origin);
  }
  if (!http.public_url.empty() && !is_origin(http.public_url))
    problems.add("http.public_url: as https://hub.example, without a path: " + http.public_url);
  if (http.web_directory != web_directory_auto && http.web_directory != off && !http.web_directory.empty()) {
    if (auto files = dashboard::Files::load(http.web_directory); !files)
      problems.add("http.web_directory: " + files.error().message);
  }
  const std::string& socket = config.broker.socket;
  if (socket != broker_socket_auto && socket.size() > broker_socket_bytes_max) {
    problems.add("broker.socket is longer than " + std::to_string(broker_socket_bytes_max) + " bytes: " + socket);
  }
  if (config.broker.tls && !config.broker.ca_file.empty() && !std::ifstream(config.broker.ca_file)) {
    problems.add("broker.ca_file cannot be read: " + config.broker.ca_file);
  }
}

}  // namespace

std::string endpoint_file_of(const GatewayConfig& config) {
  const std::string& setting = config.http.endpoint_file;
  if (setting == endpoint_file_auto) return config.data_directory + "/http-endpoint";
  return setting == off ? std::string() : setting;
}

std::string web_directory_of(const GatewayConfig& config) {
  const std::string& setting = config.http.web_directory;
  if (setting == web_directory_auto) return dashboard::directory_beside_program();
  return setting == off ? std::string() : setting;
}

std::string token_file_of(const GatewayConfig& config) {
  const std::string& setting = config.users.token_file;
  if (setting == endpoint_file_auto) return config.data_directory + "/gateway.token";
  return setting == off ? std::string() : setting;
}

CheckedGatewayConfig check_gateway_config(const std::string& path,
                                          const std::map<std::string, std::string>& environment) {
  GatewayConfig config;
  Problems problems;
  if (!path.empty()) read_file_into(path, config, problems);
  read_environment(environment, config, problems);
  for (std::string& host : config.http.hosts) host = lower(host);
  for (std::string& origin : config.http.origins) origin = lower(origin);
  check_whole(config, problems);
  return {std::move(config), problems.take()};
}

Result<GatewayConfig> load_gateway_config(const std::string& path,
                                          const std::map<std::string, std::string>& environment) {
  CheckedGatewayConfig checked = check_gateway_config(path, environment);
  if (!checked.problems.empty()) return fail(std::move(checked.problems.front()));
  return std::move(checked.config);
}

}  // namespace strawberry::gateway
