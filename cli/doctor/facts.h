/// The facts that `strawberryctl doctor` gathers before they are judged. Plain data: gather.cpp fills it, checks.cpp
/// reads it, tests write it by hand.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/runtime/mqtt/tls_trouble.h"
#include "common/text/clock.h"

namespace strawberry::cli {

struct FileFacts {
  bool exists = false;
  unsigned mode = 0;    // permission bits
  unsigned owner = 0;   // user id; 0 is root
  std::string problem;  // why it cannot be used; empty: usable
  int error = 0;        // errno of the problem, if any
};

struct DatabaseFacts {
  FileFacts file;
  int version = 0;
  int version_known = 0;      // the version that this program reads and writes
  std::string damage;         // result of SQLite's quick check; empty: no damage
  std::string write_problem;  // empty: it is writable
};

/// The broker's configuration file and the files that it includes.
struct BrokerConfigFacts {
  FileFacts file;
  std::string path;
  bool is_asked_for = false;  // given on the command line
  bool per_listener_settings = false;
  bool allow_anonymous = false;
  bool set_tcp_nodelay = false;
  std::string plugin;          // the line that loads our plugin; empty: none does
  std::string plugin_problem;  // why that file cannot be loaded; empty: loadable
};

enum class LoginResult {
  untried,
  accepted,
  refused,
  no_answer,  // the connection was closed, or nothing arrived
  not_mqtt,
  speaks_tls,  // it speaks TLS, but was contacted without
};

struct BrokerFacts {
  std::string endpoint_problem;  // why the broker's address is unknown; empty: known
  std::string host;
  std::uint16_t port = 0;
  bool tls = false;
  std::string ca_file;       // with TLS; empty: the CAs that this system trusts
  std::string host_problem;  // why the host cannot be resolved; empty: it can
  bool is_listening = false;
  std::string tls_problem;                    // why there is no TLS connection; empty: there is one, or none was tried
  TlsTrouble tls_trouble = TlsTrouble::none;  // the kind of that problem
  std::string program;                        // the listening program, if /proc shows it: `mosquitto (process 42)`
  std::optional<std::uint64_t> files_max;
  LoginResult anonymous = LoginResult::untried;  // without a token
  LoginResult admin = LoginResult::untried;      // with one of our keys
  std::string admin_problem;                     // why the admin is refused, in the words of the program that refused
};

/// The broker's Unix socket, which programs on this machine use.
struct SocketFacts {
  std::string path;  // empty: none is used, and the members below are not set
  FileFacts file;
  bool is_socket = false;
  bool is_listening = false;
  std::string problem;    // why no connection was possible; empty: it was
  bool is_stale = false;  // left behind by a broker that was killed
};

/// strawberry-gateway, at the address in its file http-endpoint.
struct WebDoorFacts {
  std::string file;  // empty: there is none, and the members below are not set
  std::string url;   // empty: the file does not name an address of this machine
  bool is_listening = false;
  bool has_ended_certificate = false;
  int status = 0;  // of /health; 0: no HTTP answer
};

struct ProviderFacts {
  std::string name;
  std::string state;  // of its circuit breaker
  std::uint64_t requests = 0;
  std::uint64_t failures = 0;
};

struct HubFacts {
  std::string state;  // of hub/state; empty when there is none
  bool answers = false;
  std::string problem;                  // why it did not
  std::optional<WallTime> reported_at;  // ts of hub/health
  std::optional<std::uint64_t> devices;
  bool disk_low = false;  // no disk space: it stores nothing large
  std::vector<ProviderFacts> providers;
};

struct TokenFacts {
  std::string path;
  FileFacts file;
  std::string problem;  // the plugin's reason: expired, bad_signature, token_revoked, …; empty: valid
  std::string who;      // `device lamp`; empty when the token does not prove it
  std::string type;     // device, user, admin, …
  std::optional<WallTime> expires_at;
};

/// bridge.toml.
struct SettingsFacts {
  FileFacts file;
  std::vector<std::string> problems;  // with file and line
};

/// A client that the plugin refused.
struct RefusedLogin {
  WallTime at;          // the last refusal
  std::string reason;   // the plugin's reason
  std::string id;       // of the principal if its token proved it, else the client id
  std::string name;     // of the device with that id
  std::string address;  // the client's address
  std::uint64_t times = 1;
  bool is_user = false;  // that id is a user's
};

/// The configuration with which the bridge reaches a model.
struct ModelSettings {
  std::string base_url;  // empty: its default
  std::string key_env;   // the variable that has its key, or
  std::string key_file;  // the file with it; both empty: no key is sent
};

/// One model that was asked for an answer.
struct ChatFacts {
  std::string asked;
  std::string answered_by;
  std::string error;  // the hub's error, as far as it concerns this model
  ModelSettings settings = {};
  int status = 0;           // HTTP; 0: none
  std::string reason = {};  // the hub's reason: connect, timeout, status, circuit_open, …
};

struct Facts {
  WallTime now;
  std::string command = "strawberryctl";  // with the --data-dir in use, as people type it
  std::string reach = "strawberryctl";    // also with --host and --port
  std::string run = "scripts/run";        // also with the --data-dir
  bool is_package = false;                // the hub of the installed package, run by systemd
  std::string data_dir;
  std::string settings_path;  // bridge.toml
  bool data_dir_is_directory = false;
  FileFacts data_dir_file;
  std::optional<std::uint64_t> disk_free_bytes;
  std::string keys_path;
  FileFacts keys;
  std::string database_path;
  DatabaseFacts database;
  BrokerConfigFacts config;
  BrokerFacts broker;
  SocketFacts socket;
  WebDoorFacts web_door;
  HubFacts hub;
  SettingsFacts settings;
  std::optional<std::vector<RefusedLogin>> refused_logins;  // newest first; nullopt when the plugin did not report
  TokenFacts admin_token;
  TokenFacts gateway_token;                     // with which the web door asks for logins
  TokenFacts clients_token;                     // in DATA_DIR/clients, written by scripts/run for mosquitto_sub
  std::optional<TokenFacts> token;              // given by --token-file
  std::optional<std::vector<ChatFacts>> chats;  // given by --chat
};

}  // namespace strawberry::cli
