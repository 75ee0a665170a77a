/// Finds out everything that doctor judges by: files, processes, the broker, the hub. Changes nothing.
///
/// Threading: one thread; blocks.   Errors: none; what cannot be found out is left empty, or is a problem in the facts.
/// Bounds: every wait ends at its timeout; files are read up to 64 KiB, a configuration up to 64 of them, and at most
/// processes_max processes are looked at.
#pragma once

#include <chrono>
#include <string>

#include "bridge/cli/command_line.h"
#include "bridge/cli/doctor/facts.h"

namespace strawberry::cli {

struct GatherOptions {
  std::string mosquitto_conf;  // empty: the data directory's, else the system's if it loads our plugin
  std::string token_file;
  bool chat = false;
};
Facts gather(const CommandLine& line, const GatherOptions& options);

// Its parts.
BrokerConfigFacts read_broker_config(const std::string& path);
/// Who listens on this TCP port of this machine, as `name (process 42)`, and how many files it may have open.
void look_for_listener(BrokerFacts& broker);
/// Connects without a token, in MQTT 3.1.1.
LoginResult login_anonymously(const std::string& host, std::uint16_t port, std::chrono::milliseconds timeout);
/// Comes in as admin and asks the hub how it is.
void ask_hub_how_it_is(const CommandLine& line, bool chat, Facts& facts);

}  // namespace strawberry::cli
