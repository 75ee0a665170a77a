/// Selects the token of a command that does not sign one itself with the hub's own keys: from a connect directory, from
/// a token file, or from the files that `strawberryctl login` wrote.
///
/// Threading: any, no state.   Errors: CliError, naming the file; never with the token.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "cli/files.h"
#include "cli/identity.h"
#include "cli/outcome.h"

namespace strawberry::cli {

struct Login {
  Who who;
  /// The hub's address; nullopt when only a token is known.
  std::optional<Endpoint> endpoint;
  /// Called at every connect, since the token may have been renewed.
  std::function<std::string()> token;
  /// The directory or file that it was read from.
  std::string from;
};

/// The sources on the command line and in the environment; each may be empty.
struct LoginSources {
  std::string connect;     // --connect
  std::string token_file;  // --token-file, else $STRAWBERRY_TOKEN_FILE
  std::string kept;        // the directory that `strawberryctl login` writes
  DataDir data_dir;
  bool data_dir_is_given = false;
};

/// Returns the first of: --connect; the token file; nullopt, for the hub's own keys, when the data directory was given
/// or has some; the login that `login` stored; nullopt.
Outcome<std::optional<Login>> choose_login(const LoginSources& sources);

/// Returns $XDG_CONFIG_HOME/strawberry/login, else below ~/.config. Empty when there is no home.
std::string login_directory();

/// Checks that the options --user and --device fit the login: they must name the same user or device. An admin may act
/// for any user, but for no device.
Outcome<void> check_login(const Login& login, const std::string& user, const std::string& device);

/// Returns `user alice`, `device 3f0c of alice`, `the admin`.
std::string in_words(const Principal& principal);

}  // namespace strawberry::cli
