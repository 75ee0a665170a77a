/// What `strawberryctl doctor` has found out, before anybody judges it. Plain data: gather.cpp fills it, checks.cpp
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
  std::string problem;  // why it cannot be used; empty: it can
  int error = 0;        // the errno of that, if there was one
};

struct DatabaseFacts {
  FileFacts file;
  int version = 0;
  int version_known = 0;      // what this program reads and writes
  std::string damage;         // what SQLite's quick check says; empty: nothing
  std::string write_problem;  // empty: it can be written
};

/// The broker's configuration file, with what it includes.
struct BrokerConfigFacts {
  FileFacts file;
  std::string path;
  bool is_asked_for = false;  // named on the command line
  bool per_listener_settings = false;
  bool allow_anonymous = false;
  bool set_tcp_nodelay = false;
  std::string plugin;          // the line that loads ours; empty: none does
  std::string plugin_problem;  // why that file cannot be loaded; empty: it can
};

enum class LoginResult {
  untried,
  accepted,
  refused,
  no_answer,  // the connection was closed, or nothing came
  not_mqtt,
  speaks_tls,  // and was spoken to without
};

struct BrokerFacts {
  std::string endpoint_problem;  // why it is not known where the broker is; empty: it is
  std::string host;
  std::uint16_t port = 0;
  bool tls = false;
  std::string ca_file;       // with TLS; empty: the CAs this system trusts
  std::string host_problem;  // why there is no such host; empty: there is
  bool is_listening = false;
  std::string tls_problem;                    // why there is no TLS connection; empty: there is one, or none was wanted
  TlsTrouble tls_trouble = TlsTrouble::none;  // of which kind that is
  std::string program;                        // who listens, when /proc tells: `mosquitto (process 42)`
  std::optional<std::uint64_t> files_max;
  LoginResult anonymous = LoginResult::untried;  // without a token
  LoginResult admin = LoginResult::untried;      // with one of our keys
  std::string admin_problem;                     // why that one is not let in, in the words of whoever said no
};

/// The broker's Unix socket, which programs on this machine use.
struct SocketFacts {
  std::string path;  // empty: none is used, and nothing below holds
  FileFacts file;
  bool is_socket = false;
  bool is_listening = false;
  std::string problem;    // why no connection could be made; empty: one was
  bool is_stale = false;  // of a broker that was killed
};

/// strawberry-gateway, as its file http-endpoint says where it is.
struct WebDoorFacts {
  std::string file;  // empty: there is none, and nothing below holds
  std::string url;   // empty: the file does not name an address of this machine
  bool is_listening = false;
  bool has_ended_certificate = false;
  int status = 0;  // of /health; 0: no HTTP
};

struct ProviderFacts {
  std::string name;
  std::string state;  // of its circuit
  std::uint64_t requests = 0;
  std::uint64_t failures = 0;
};

struct HubFacts {
  std::string state;  // of hub/state; empty when there is none
  bool answers = false;
  std::string problem;                  // why it did not
  std::optional<WallTime> reported_at;  // ts of hub/health
  std::optional<std::uint64_t> devices;
  bool disk_low = false;  // it stores nothing that needs room
  std::vector<ProviderFacts> providers;
};

struct TokenFacts {
  std::string path;
  FileFacts file;
  std::string problem;  // a word of the plugin's: expired, bad_signature, token_revoked, …; empty: it is good
  std::string who;      // `device lamp`; empty when the token does not prove it
  std::string type;     // device, user, admin, …
  std::optional<WallTime> expires_at;
};

/// bridge.toml.
struct SettingsFacts {
  FileFacts file;
  std::vector<std::string> problems;  // with file and line
};

/// Somebody whom the plugin did not let in.
struct RefusedLogin {
  WallTime at;          // the last time
  std::string reason;   // a word of the plugin's
  std::string id;       // of the principal when its token proved it, else the client id
  std::string name;     // of the device with that id
  std::string address;  // where it comes from
  std::uint64_t times = 1;
  bool is_user = false;  // that id is a user's
};

/// How the bridge's configuration says a model is reached.
struct ModelSettings {
  std::string base_url;  // empty: its own default
  std::string key_env;   // the variable with its key, or
  std::string key_file;  // the file; both empty: none is sent
};

/// One model that was asked for a word.
struct ChatFacts {
  std::string asked;
  std::string answered_by;
  std::string error;  // the hub's, as far as it is about the one that was asked
  ModelSettings settings = {};
  int status = 0;           // HTTP; 0: none
  std::string reason = {};  // the hub's word: connect, timeout, status, circuit_open, …
};

struct Facts {
  WallTime now;
  std::string command = "strawberryctl";  // with the --data-dir in use, as people type it
  std::string reach = "strawberryctl";    // with --host and --port, too
  std::string run = "scripts/run";        // likewise
  bool is_package = false;                // the installed package's hub, which systemd runs
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
  std::optional<std::vector<RefusedLogin>> refused_logins;  // newest first; nothing when the plugin did not report
  TokenFacts admin_token;
  TokenFacts gateway_token;                     // with which the web door asks for logins
  TokenFacts clients_token;                     // of DATA_DIR/clients, which scripts/run writes for mosquitto_sub
  std::optional<TokenFacts> token;              // of --token-file
  std::optional<std::vector<ChatFacts>> chats;  // of --chat
};

}  // namespace strawberry::cli
