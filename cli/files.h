/// The data directory: where the hub keeps its keys, its database and its tokens, and how the command line reads and
/// writes them.
///
/// Threading: any, no state.   Errors: CliError with ExitCode::local, naming the file and the remedy.
/// Bounds: files read here are at most 64 KiB.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "cli/outcome.h"
#include "common/contract/broker_socket.h"

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
  /// The hub's own CA, which scripts/run --tls made.
  std::string ca() const { return path / "tls" / "ca.crt"; }
};

/// `option` if not empty, else $STRAWBERRY_DATA_DIR, else the default for this program.
DataDir choose_data_dir(const std::string& option);
/// Of the package's hub for a program that is installed below /usr, of scripts/run's for one that was built here.
std::string default_data_dir(std::string_view program);
/// That of the Debian package.
inline constexpr const char* package_data_dir = "/var/lib/strawberry";

struct Endpoint {
  std::string host = "127.0.0.1";
  std::uint16_t port = 1883;
  bool tls = false;
  std::string ca_file = {};  // with TLS; empty: the CAs this system trusts
  std::string socket = {};   // the broker's Unix socket, tried before host and port; empty: none
};
/// What strawberryctl run wrote. First line: `host port`, or `host port tls` when the hub's own CA is to be asked for.
/// Second line, which may be missing: `socket PATH`, or `socket off`; without it, the data directory's socket when the
/// host is this machine. The default when there is no such file.
Outcome<Endpoint> read_endpoint(const DataDir& dir);

Outcome<std::string> read_file(const std::string& path);
/// A new file, mode 0600, complete or not there at all. With `replace` it takes the place of an old one; without, an
/// old one is an error.
Outcome<void> write_secret_file(const std::string& path, std::string_view content, bool replace);
/// Before the path of the broker's Unix socket in the files below: a comment, which those programs pass over, since
/// they do not try the port after a socket.
inline constexpr std::string_view socket_comment = "# strawberryctl spoke: socket ";
/// Options for mosquitto_sub, mosquitto_pub and mosquitto_rr in `directory`, which they read with
/// XDG_CONFIG_HOME=directory: so the token stays out of command lines. Takes the place of older ones.
Outcome<void> write_mosquitto_options(const std::string& directory, const Endpoint& endpoint, const std::string& id,
                                      const std::string& token);
/// Makes `path` and what is above it; `path` itself with mode 0700. A directory that others may enter is taken over
/// only while it is empty.
/// One of root's may be shared with a group (mode 2770): the users that broker and bridge run as.
/// True when it was not there before.
Outcome<bool> make_private_directory(const std::filesystem::path& path);
/// In a data directory that root shares with a group: the group may read the keys and write the database. Elsewhere, or
/// when somebody else asks, nothing.
Outcome<void> share_with_group(const DataDir& dir);

}  // namespace strawberry::cli
