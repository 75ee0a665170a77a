/// With whose token a command speaks to the hub when it does not sign one itself with the hub's own keys: from a
/// connect directory, from a token file, or from what `strawberryctl login` kept.
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
  /// Where the hub is; nothing when only a token is known.
  std::optional<Endpoint> endpoint;
  /// Read again at every connect: it may have been renewed.
  std::function<std::string()> token;
  /// The directory or file it is from.
  std::string from;
};

/// What the command line and the environment say of it; each may be empty.
struct LoginSources {
  std::string connect;     // --connect
  std::string token_file;  // --token-file, else $STRAWBERRY_TOKEN_FILE
  std::string kept;        // what `strawberryctl login` wrote, or would write
  DataDir data_dir;
  bool data_dir_is_given = false;
};

/// The first of: --connect; the token file; the hub's own keys, when the data directory was named or has some (that is
/// nothing); what `login` kept; nothing.
Outcome<std::optional<Login>> choose_login(const LoginSources& sources);

/// $XDG_CONFIG_HOME/strawberry/login, else below ~/.config. Empty when there is no home.
std::string login_directory();

/// Whether the options that say as whom a command speaks fit the login: they must name the same user or device. An
/// admin may act for any user, and for no device.
Outcome<void> check_login(const Login& login, const std::string& user, const std::string& device);

/// `user alice`, `device 3f0c of alice`, `the admin`.
std::string in_words(const Principal& principal);

}  // namespace strawberry::cli
