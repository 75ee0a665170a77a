/// The data directory, which holds the hub's keys, database and tokens: how the command line reads and writes it.
///
/// Threading: any, no state.   Errors: CliError with ExitCode::local, naming the file and the remedy.
/// Bounds: files read here are at most 64 KiB.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "cli/outcome.h"
#include "common/contract/broker_socket.h"
#include "common/text/file_descriptor.h"

namespace strawberry::cli {

struct DataDir {
  std::filesystem::path path;

  std::string keys() const { return path / "keys.json"; }
  std::string database() const { return path / "hub.db"; }
  std::string admin_token() const { return path / "admin.token"; }
  std::string gateway_token() const { return path / "gateway.token"; }
  std::string endpoint() const { return path / "endpoint"; }
  /// The broker's Unix socket, unless the endpoint file names another.
  std::string socket() const { return path / broker_socket_name; }
  /// The hub's own CA, made by scripts/run --tls.
  std::string ca() const { return path / "tls" / "ca.crt"; }
};

/// Returns `option` if not empty, else $STRAWBERRY_DATA_DIR, else the default for this program.
DataDir choose_data_dir(const std::string& option);
/// The package's hub for a program that is installed below /usr, scripts/run's for one in a build tree.
std::string default_data_dir(std::string_view program);
/// The Debian package's directory.
inline constexpr const char* package_data_dir = "/var/lib/strawberry";

struct Endpoint {
  std::string host = "127.0.0.1";
  std::uint16_t port = 1883;
  bool tls = false;
  std::string ca_file = {};  // with TLS; empty: the CAs that this system trusts
  std::string socket = {};   // the broker's Unix socket, tried before host and port; empty: none
};
/// Reads the file that strawberryctl run wrote. First line: `host port`, or `host port tls` to verify with the hub's
/// own CA. Second line, optional: `socket PATH`, or `socket off`; without it, the data directory's socket when the host
/// is this machine. Returns the default when there is no such file.
Outcome<Endpoint> read_endpoint(const DataDir& dir);

Outcome<std::string> read_file(const std::string& path);
/// Writes a new file, mode 0600, complete or not at all. With `replace` it replaces an old one; without, an old one is
/// an error.
Outcome<void> write_secret_file(const std::string& path, std::string_view content, bool replace);
/// Fails when write_secret_file() without `replace` would: there is something at `path`, or nothing may be made there.
Outcome<void> check_new_file(const std::string& path);
/// Precedes the path of the broker's Unix socket in the files below: a comment for those programs, since they would not
/// try the port after a socket.
inline constexpr std::string_view socket_comment = "# strawberryctl spoke: socket ";
/// Writes options for mosquitto_sub, mosquitto_pub and mosquitto_rr into `directory`, which they read with
/// XDG_CONFIG_HOME=directory: so the token is in no command line. Replaces older ones.
Outcome<void> write_mosquitto_options(const std::string& directory, const Endpoint& endpoint, const std::string& id,
                                      const std::string& token);
/// Makes `path` and its parents; `path` itself with mode 0700. A directory that other users may enter is taken over
/// only while it is empty.
/// Root's may be shared with a group (mode 2770), for the users that run broker and bridge.
/// Returns true when it did not exist before.
Outcome<bool> make_private_directory(const std::filesystem::path& path);
/// Keeps other commands from changing the data directory's keys and tokens while the descriptor is open (flock; ends
/// with the process in any case). The directory is locked, since the files in it are replaced; a restore, which
/// replaces the directory itself, holds the lock too. Waits at most `patience`. Two locks in one process exclude each
/// other.
Outcome<FileDescriptor> lock_directory(const DataDir& dir, std::chrono::milliseconds patience);
/// Lets the group read the keys and write the database, if root shares the data directory with a group. Otherwise, and
/// for other users, does nothing.
Outcome<void> share_with_group(const DataDir& dir);

}  // namespace strawberry::cli
