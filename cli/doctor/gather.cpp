#include "cli/doctor/gather.h"

#include <dlfcn.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sstream>

#include "bridge/adapters/sqlite/database.h"
#include "bridge/adapters/sqlite/database_health.h"
#include "bridge/config/config.h"
#include "cli/doctor/judgements.h"
#include "cli/text.h"
#include "common/contract/broker_socket.h"
#include "common/identity/keys.h"
#include "common/identity/token_admission.h"

namespace strawberry::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t config_files_max = 64;
constexpr const char* system_config = "/etc/mosquitto/mosquitto.conf";
constexpr const char* package_settings = "/etc/strawberry/bridge.toml";
constexpr const char* package_gateway_token = "/var/lib/strawberry-gateway/gateway.token";

void read_config_file(const std::string& path, std::size_t& files, BrokerConfigFacts& config);

void read_config_line(const std::string& text, std::size_t& files, BrokerConfigFacts& config) {
  std::istringstream words(text);
  std::string key;
  std::string value;
  if (!(words >> key) || key.front() == '#') return;
  std::getline(words >> std::ws, value);
  value.erase(value.find_last_not_of(" \t\r") + 1);
  if (key == "per_listener_settings") config.per_listener_settings = value == "true";
  if (key == "allow_anonymous") config.allow_anonymous = value == "true";
  if (key == "set_tcp_nodelay") config.set_tcp_nodelay = value == "true";
  const bool is_ours = fs::path(value).filename().string().find("strawberry") != std::string::npos;
  if ((key == "plugin" || key == "auth_plugin") && is_ours) config.plugin = value;
  if (key != "include_dir") return;
  std::vector<std::string> included;
  std::error_code failed;
  for (auto entry = fs::directory_iterator(value, failed); !failed && entry != fs::directory_iterator();
       entry.increment(failed)) {
    if (entry->path().extension() == ".conf") included.push_back(entry->path());
  }
  std::sort(included.begin(), included.end());
  for (const std::string& path : included) read_config_file(path, files, config);
}

void read_config_file(const std::string& path, std::size_t& files, BrokerConfigFacts& config) {
  if (++files > config_files_max) return;
  const auto text = read_file(path);
  if (!text) {
    config.file.problem = text.error().message;
    return;
  }
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) read_config_line(line, files, config);
}

/// The broker's own functions are not there in this process.
std::string plugin_problem(const std::string& path) {
  if (::access(path.c_str(), R_OK) != 0) return path + ": " + std::strerror(errno);
  void* plugin = ::dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL);
  if (plugin == nullptr) {
    const std::string why = ::dlerror();
    return why.find("undefined symbol: mosquitto_") != std::string::npos ? std::string() : why;
  }
  const bool is_plugin = ::dlsym(plugin, "mosquitto_plugin_init") != nullptr;
  ::dlclose(plugin);
  return is_plugin ? std::string() : path + " is no Mosquitto plugin";
}

BrokerConfigFacts find_broker_config(const DataDir& dir, const std::string& asked_for) {
  if (!asked_for.empty()) {
    BrokerConfigFacts config = read_broker_config(asked_for);
    config.is_asked_for = true;
    return config;
  }
  BrokerConfigFacts config = read_broker_config(dir.path / "mosquitto.conf");
  if (config.file.exists) return config;
  config = read_broker_config(system_config);
  return config.plugin.empty() ? BrokerConfigFacts{} : config;
}

DatabaseFacts look_at_database(const std::string& path) {
  DatabaseFacts database;
  database.file = look(path, R_OK);
  database.version_known = bridge::database_version();
  if (!database.file.exists || !database.file.problem.empty()) return database;
  auto health = bridge::examine_database(path);
  if (!health) {
    database.file.problem = health.error().message;
  } else {
    database.version = health->version;
    database.damage = health->damage;
    database.write_problem = health->write_problem;
  }
  return database;
}

void look_into_token(TokenFacts& token, const std::string& text, const KeySet* keys, const DeviceDirectory* directory,
                     WallTime now) {
  if (keys == nullptr) return;
  const auto claims = verify_token(*keys, text, now);
  if (!claims) {
    token.problem = to_string(claims.error());
    return;
  }
  token.type = to_string(claims->principal.type);
  token.who = token.type + " " + claims->principal.id;
  token.expires_at = claims->expires_at;
  if (directory != nullptr) token.problem = objection_to_login(*directory, *claims);
}

/// The token in a file that holds nothing else, or behind `option` in a file of options, one a line.
TokenFacts look_at_token(const std::string& path, const std::string& option, const KeySet* keys,
                         const DeviceDirectory* directory, WallTime now) {
  TokenFacts token;
  token.path = path;
  token.file = look(path, R_OK);
  if (!token.file.exists || !token.file.problem.empty()) return token;
  const auto text = read_file(path);
  if (!text) {
    token.file.problem = text.error().message;
    return token;
  }
  std::string found = option.empty() ? without_line_end(*text) : std::string();
  std::istringstream lines(*text);
  for (std::string line; !option.empty() && std::getline(lines, line);) {
    if (line.starts_with(option)) found = line.substr(option.size());
  }
  look_into_token(token, found, keys, directory, now);
  return token;
}

void look_at_files(const CommandLine& line, const GatherOptions& options, Facts& facts) {
  const DataDir dir = line.data_dir();
  facts.data_dir = dir.path.string();
  facts.command =
      "strawberryctl" + (line.data_dir_option.empty() ? "" : " --data-dir " + shell_word(line.data_dir_option));
  facts.reach = facts.command;
  if (!line.host.empty()) facts.reach += " --host " + shell_word(line.host);
  if (line.port != 0) facts.reach += " --port " + std::to_string(line.port);
  facts.run = "scripts/run" + (facts.data_dir == "./var" ? "" : " --data-dir " + shell_word(facts.data_dir));
  facts.is_package = dir.path.lexically_normal() == package_data_dir;
  facts.settings_path = facts.is_package ? package_settings : (dir.path / "bridge.toml").string();
  facts.data_dir_file = look(facts.data_dir, R_OK | X_OK);
  std::error_code failed;
  facts.data_dir_is_directory = fs::is_directory(dir.path, failed);
  struct statvfs space {};
  if (facts.data_dir_is_directory && ::statvfs(facts.data_dir.c_str(), &space) == 0) {
    facts.disk_free_bytes = std::uint64_t{space.f_bavail} * space.f_frsize;
  }
  facts.keys_path = dir.keys();
  facts.keys = look(dir.keys(), R_OK);
  const auto keys = KeySet::load(dir.keys());
  if (!keys && facts.keys.problem.empty()) facts.keys.problem = keys.error().message;
  facts.database_path = dir.database();
  facts.database = look_at_database(dir.database());
  const auto directory = DeviceDirectory::open(dir.database(), {});
  const DeviceDirectory* devices = directory ? directory->get() : nullptr;
  const KeySet* good_keys = keys ? &*keys : nullptr;
  facts.admin_token = look_at_token(dir.admin_token(), "", good_keys, devices, facts.now);
  facts.gateway_token =
      look_at_token(facts.is_package ? package_gateway_token : dir.gateway_token(), "", good_keys, devices, facts.now);
  facts.clients_token = look_at_token(dir.path / "clients" / "mosquitto_sub", "-P ", good_keys, devices, facts.now);
  if (!options.token_file.empty()) facts.token = look_at_token(options.token_file, "", good_keys, devices, facts.now);
  facts.settings.file = look(facts.settings_path, R_OK);
  if (facts.settings.file.exists && facts.settings.file.problem.empty())
    facts.settings.problems = bridge::check_config_file(facts.settings_path).problems;
  facts.config = find_broker_config(dir, options.mosquitto_conf);
}

/// A client id or principal may be a device's: its name says more.
void name_the_refused(const DataDir& dir, Facts& facts) {
  if (!facts.refused_logins) return;
  const auto directory = open_directory(dir);
  if (!directory) return;
  for (RefusedLogin& login : *facts.refused_logins) {
    const DeviceRecord* device = (*directory)->find(login.id);
    if (device != nullptr) login.name = device->name;
  }
}

void look_at_broker(const CommandLine& line, const GatherOptions& options, Facts& facts) {
  const auto endpoint = line.endpoint();
  if (!endpoint) {
    facts.broker.endpoint_problem = endpoint.error().message;
    return;
  }
  BrokerFacts& broker = facts.broker;
  broker.host = endpoint->host;
  broker.port = endpoint->port;
  broker.tls = endpoint->tls;
  broker.ca_file = endpoint->ca_file;
  if (endpoint->tls) facts.run += " --tls";
  facts.socket.path = endpoint->socket;
  if (const std::string own = line.data_dir().socket();
      own.size() > broker_socket_bytes_max && is_this_machine(endpoint->host))
    facts.socket.path = own;  // the reason why there is none
  try_socket(facts.socket);
  knock_at_broker(broker);
  const bool is_broker = broker.anonymous != LoginResult::not_mqtt && broker.anonymous != LoginResult::speaks_tls &&
                         broker.tls_problem.empty() && has_keys(facts);
  if (broker.is_listening ? is_broker : facts.socket.is_listening) ask_hub_how_it_is(line, options.chat, facts);
}

}  // namespace

FileFacts look(const std::string& path, int access_mode) {
  FileFacts file;
  struct stat info {};
  file.error = ::stat(path.c_str(), &info) == 0 ? 0 : errno;
  file.exists = file.error != ENOENT && file.error != ENOTDIR;
  if (file.exists && file.error == 0) {
    file.mode = info.st_mode & 07777;
    file.owner = info.st_uid;
    if (::access(path.c_str(), access_mode) != 0) file.error = errno;
  }
  if (file.exists && file.error != 0) file.problem = std::strerror(file.error);
  return file;
}

BrokerConfigFacts read_broker_config(const std::string& path) {
  BrokerConfigFacts config;
  config.path = path;
  config.file = look(path, R_OK);
  if (!config.file.exists || !config.file.problem.empty()) return config;
  std::size_t files = 0;
  read_config_file(path, files, config);
  if (!config.plugin.empty()) config.plugin_problem = plugin_problem(config.plugin);
  return config;
}

Facts gather(const CommandLine& line, const GatherOptions& options) {
  Facts facts;
  facts.now = SystemClock().wall_now();
  look_at_files(line, options, facts);
  look_at_broker(line, options, facts);
  look_at_web_door(facts.web_door, facts.data_dir, facts.is_package);
  name_the_refused(line.data_dir(), facts);
  return facts;
}

}  // namespace strawberry::cli
