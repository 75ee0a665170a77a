/// Reads the files that `strawberryctl device add --mosquitto DIR` wrote: host, port, device id and token, which a
/// Spoke on any machine needs, and the broker's Unix socket, for a Spoke on the same machine.
///
/// Threading: any, no state.   Errors: CliError, naming the file; never with the token.
/// Bounds: 16 KiB of file. A file that other users may read or write is refused.
#pragma once

#include <string>

#include "cli/files.h"
#include "cli/identity.h"
#include "cli/outcome.h"
#include "cli/token_times.h"

namespace strawberry::cli {

struct ConnectDirectory {
  Endpoint endpoint;
  std::string device_id;
  std::string token;
};

Outcome<ConnectDirectory> read_connect_directory(const std::string& directory);
/// Replaces the token in each of the directory's files, and keeps their other contents; each file is replaced as a
/// whole.
Outcome<void> replace_token(const std::string& directory, const std::string& token);

/// Returns the principal that the token names. This proves nothing: only the hub can verify it.
std::optional<Who> who_of(const std::string& token);

}  // namespace strawberry::cli
