/// Everything the bridge can be told, with its defaults: config/bridge.toml is its commented twin, and a test keeps the
/// two equal.
///
/// load_config() reads the file, lets the environment override it and checks the whole; nothing else is touched.
/// Threading: pure apart from reading files.   Errors: Failure that names file, line and what was expected.
/// Bounds: config_problems_max problems are told, file config_bytes_max, providers_max providers, aliases_max aliases;
/// every number has a range (key_table.cpp).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/contract/broker_socket.h"
#include "common/text/environment.h"
#include "common/text/result.h"

namespace strawberry::bridge {

struct LlmProviderConfig {
  std::string name;             // as replies and logs call it
  std::string kind = "openai";  // its dialect: openai, anthropic, gemini, ollama
  std::string base_url;         // without a slash at its end; empty: that of the kind
  std::string model;
  std::string api_key_env;   // name of the environment variable with the key; or
  std::string api_key_file;  // a file only its owner can read
  /// `environment`: that of http_proxy, https_proxy, no_proxy; `none` or empty: none; else a URL, which may have a user
  /// and a password. A secret: never logged.
  std::string proxy = "environment";
  std::int64_t connect_timeout_ms = 5'000;
  std::int64_t first_token_timeout_ms = 30'000;  // this and the next: of streamed answers
  std::int64_t idle_timeout_ms = 30'000;
  std::int64_t total_timeout_ms = 55'000;
  std::int64_t retries_max = 2;
  std::int64_t requests_in_flight_max = 2'000;
  std::int64_t requests_in_flight_per_user_max = 0;  // 0: half of them
  std::int64_t requests_per_minute_max = 0;          // 0: any number

  std::string api_key;  // the key itself, read by load_config(); empty when none is needed. A secret: never logged.

  bool operator==(const LlmProviderConfig&) const = default;
};

struct Config {
  struct Broker {
    std::string host = "127.0.0.1";
    std::int64_t port = 1883;
    /// A path; `auto`: the data directory's when host is this machine, else TCP; `off` or empty: TCP.
    std::string socket{broker_socket_auto};
    bool tls = false;
    std::string ca_file;          // empty: the CAs this system trusts
    std::string tls_server_name;  // empty: the host
    std::int64_t keepalive_s = 30;
    std::int64_t reconnect_min_ms = 200;
    std::int64_t reconnect_max_ms = 5'000;
    std::int64_t busy_poll_us = 50;  // how long the bridge looks for a message before its thread sleeps
    bool operator==(const Broker&) const = default;
  };
  struct Data {
    std::string directory = "./var";
    std::string keys_file() const { return directory + "/keys.json"; }
    std::string database_file() const { return directory + "/hub.db"; }
    bool operator==(const Data&) const = default;
  };
  struct Limits {
    std::int64_t payload_bytes_max = 256 * 1024;
    std::int64_t requests_in_flight_max = 10'000;
    std::int64_t requests_in_flight_per_user_max = 2'000;
    std::int64_t requests_in_flight_per_sender_max = 500;
    std::int64_t requests_waiting_max = 20'000;
    std::int64_t requests_waiting_per_sender_max = 1'000;
    std::int64_t busy_answers_per_second_max = 1'000;  // to one sender; 0: any number
    std::int64_t open_calls_max = 10'000;
    std::int64_t open_calls_per_target_max = 64;
    std::int64_t chats_per_principal_max = 4;
    std::int64_t chat_requests_per_minute = 0;                   // of one user; 0: any number
    std::int64_t chat_tokens_per_day = 0;                        // of one user; 0: any number
    std::int64_t stored_bytes_per_user_max = 256 * 1024 * 1024;  // of sessions; this and the next: 0: any number
    std::int64_t sessions_per_user_max = 10'000;
    std::int64_t messages_per_user_max = 500'000;
    std::int64_t messages_per_session_max = 100'000;
    std::int64_t devices_per_user_max = 200;
    std::int64_t disk_free_min_mib = 200;  // 0: no floor
    std::int64_t tokens_per_user_max = 5'000;
    std::int64_t tokens_per_principal_max = 200;
    std::int64_t token_line_days_max = 365;
    std::int64_t device_registrations_per_hour = 300;  // of one user
    std::int64_t skills_per_device_max = 500;
    std::int64_t skills_per_user_max = 200'000;
    std::int64_t audit_days = 90;
    std::int64_t audit_lines_max = 200'000;
    std::int64_t dedup_minutes = 10;
    std::int64_t dedup_bytes_max = 64 * 1024 * 1024;
    std::int64_t dedup_requests_max = 200'000;
    std::int64_t agent_steps_max = 8;
    std::int64_t tool_calls_per_step_max = 16;
    std::int64_t tool_result_bytes_max = 8 * 1024;
    std::int64_t log_line_bytes_max = 4 * 1024;
    std::int64_t log_lines_per_second_max = 20;  // of one kind; 0: any number
    bool operator==(const Limits&) const = default;
  };
  /// Each shorter than the next, so that who asked learns why it took long; load_config() checks it.
  struct Timeouts {
    std::int64_t sandbox_ms = 5'000;
    std::int64_t local_skill_ms = 10'000;
    std::int64_t remote_skill_call_ms = 30'000;
    std::int64_t interface_ms = 60'000;
    bool operator==(const Timeouts&) const = default;
  };
  struct Skills {
    std::int64_t expiry_s = 1'800;
    std::string confirm = "chat";  // chat, always: for which calls a skill marked `confirm` needs its user's word
    bool operator==(const Skills&) const = default;
  };
  struct Llm {
    /// In the order they are tried. The embedded `rules` come after them by themselves.
    std::vector<LlmProviderConfig> providers;
    /// Other names for the `model` of a request.
    std::map<std::string, std::string> aliases;
    /// Without any provider, look for Ollama and llama.cpp on this machine.
    bool find_local = true;
    std::int64_t ollama_port = 11'434;
    std::int64_t llama_cpp_port = 8'080;
    /// DEFAULT_MODEL, for what is found.
    std::string default_model;
    bool operator==(const Llm&) const = default;
  };
  struct HomeAssistant {
    bool enabled = true;
    /// Ids of users it is off for, with a space between them.
    std::string off_for;
    bool operator==(const HomeAssistant&) const = default;
  };
  struct Log {
    std::string level = "info";    // trace, debug, info, warn, error, off
    std::string format = "human";  // human, json
    bool operator==(const Log&) const = default;
  };
  /// Numbers for Prometheus, at http://address:port/metrics.
  struct Metrics {
    std::int64_t port = 0;  // 0: none
    std::string address = "127.0.0.1";
    bool operator==(const Metrics&) const = default;
  };

  Broker broker;
  Data data;
  Limits limits;
  Timeouts timeouts;
  Skills skills;
  Llm llm;
  HomeAssistant home_assistant;
  Log log;
  Metrics metrics;

  bool operator==(const Config&) const = default;
  BrokerSocket broker_socket() const { return choose_broker_socket(broker.socket, data.directory, broker.host); }
};

inline constexpr std::size_t config_bytes_max = 64 * 1024;
inline constexpr std::size_t providers_max = 16;
inline constexpr std::size_t aliases_max = 64;

inline constexpr std::size_t config_problems_max = 100;

struct CheckedConfig {
  Config config;                      // what could be read, defaults for the rest
  std::vector<std::string> problems;  // one line each, with file and line; empty: it is good
};
/// As load_config(), but tells everything that is wrong.
CheckedConfig check_config(const std::string& path, const Environment& environment);
/// The file alone, for a program that does not have the bridge's environment and may not read its keys.
CheckedConfig check_config_file(const std::string& path);

/// `path` empty: no file, defaults and environment only. A variable that is set but empty counts as not set. Fails with
/// the first problem.
Result<Config> load_config(const std::string& path, const Environment& environment);

}  // namespace strawberry::bridge
