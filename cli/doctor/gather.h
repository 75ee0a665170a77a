/// Gathers everything that doctor judges: files, processes, the broker, the hub. Changes nothing.
///
/// Threading: one thread; blocks.   Errors: none; what cannot be found out is left empty, or is a problem in the facts.
/// Bounds: every wait ends at its timeout; files are read up to 64 KiB, a configuration up to 64 of them, and at most
/// processes_max processes are looked at.
#pragma once

#include <string>
#include <string_view>

#include "cli/command_line.h"
#include "cli/doctor/facts.h"

namespace strawberry::cli {

/// Client id of the connection without a token: always the same, so that the plugin's list of refused clients has it
/// once.
inline constexpr std::string_view doctor_client_id = "strawberry-doctor";

struct GatherOptions {
  std::string mosquitto_conf;  // empty: the data directory's, else the system's if it loads our plugin
  std::string token_file;
  bool chat = false;
};
Facts gather(const CommandLine& line, const GatherOptions& options);

// The parts of gather_facts().
/// Checks a file as a user who opens it with this mode (R_OK, …).
FileFacts look(const std::string& path, int access_mode);
/// Reads it with the files that it includes, and checks whether its plugin can be loaded.
BrokerConfigFacts read_broker_config(const std::string& path);
/// Connects without a token, over TLS where the broker is expected to use it. Fills host_problem, is_listening,
/// anonymous, tls_problem and, on this machine, which program listens and how many files it may open.
void knock_at_broker(BrokerFacts& broker);
/// Connects to the Unix socket of `socket.path`, if there is one, and disconnects. Fills the rest of `socket`.
void try_socket(SocketFacts& socket);
/// Looks for http-endpoint in the data directory and, with `is_package`, where the package's service writes it, and
/// requests /health there.
void look_at_web_door(WebDoorFacts& door, const std::string& data_dir, bool is_package);
/// Connects as admin, at the port or, where nothing listens there, at the Unix socket, and asks the hub for its health;
/// with `chat`, also as a user, who asks every model.
void ask_hub_how_it_is(const CommandLine& line, bool chat, Facts& facts);

}  // namespace strawberry::cli
