/// `strawberryctl token revoke`: takes one token back. Offline; a running hub follows.
#include <CLI/App.hpp>
#include <iostream>

#include "bridge/adapters/sqlite/revoked_tokens.h"
#include "bridge/cli/command_line.h"
#include "bridge/cli/text.h"

namespace strawberry::cli {
namespace {

struct RevokeOptions {
  std::string jti;
  std::string file;
  std::string ttl;
};

struct Revoked {
  std::string jti;
  WallTime expires_at;
};

/// Without one that works, `admin.token` would be in everybody's way. True when it was the revoked one.
Outcome<bool> renew_admin_token(const DataDir& dir, const std::string& revoked_jti) {
  auto keys = load_keys(dir);
  if (!keys) return false;
  const auto claims = read_admin_token(dir, *keys);
  if (!claims || claims->jti != revoked_jti) return false;
  auto written = write_admin_token(dir, *keys);
  if (!written) {
    return cli_error(written.error().code, "the token is revoked, but the one in " + dir.admin_token() +
                                               " could not be renewed: " + written.error().message);
  }
  return true;
}

/// Whatever the token in `file` says of itself, if the hub's keys vouch for it.
Outcome<Revoked> named_by_file(const CommandLine& line, const std::string& file) {
  auto keys = load_keys(line.data_dir());
  if (!keys) return tl::unexpected(keys.error());
  auto text = read_file(file);
  if (!text) return tl::unexpected(text.error());
  const auto claims = verify_token(*keys, without_line_end(std::move(*text)), SystemClock().wall_now());
  if (!claims) {
    const std::string reason(to_string(claims.error()));
    return cli_error(ExitCode::usage, file + " is no token that this hub accepts (" + reason + "): nothing to revoke");
  }
  if (claims->jti.empty()) {
    return cli_error(ExitCode::usage, "the token in " + file +
                                          " has no jti: revoke its device ('strawberryctl device "
                                          "revoke'), or retire the key that signed it");
  }
  return Revoked{claims->jti, claims->expires_at};
}

Outcome<Revoked> named_by_jti(const RevokeOptions& options) {
  if (options.jti.empty() || options.jti.size() > jti_bytes_max) {
    return cli_error(ExitCode::usage, "a jti has 1 to " + std::to_string(jti_bytes_max) + " bytes");
  }
  auto ttl = parse_duration(options.ttl.empty() ? "365d" : options.ttl);
  if (!ttl) return cli_error(ExitCode::usage, "--ttl: " + ttl.error().message);
  return Revoked{options.jti, SystemClock().wall_now() + *ttl};
}

Outcome<void> revoke(const CommandLine& line, const RevokeOptions& options) {
  if (options.jti.empty() == options.file.empty()) {
    return cli_error(ExitCode::usage, "say either the token's JTI or --file with the token in it");
  }
  if (!options.file.empty() && !options.ttl.empty()) {
    return cli_error(ExitCode::usage, "--ttl goes with a JTI: the token in a file says itself when it expires");
  }
  auto token = options.file.empty() ? named_by_jti(options) : named_by_file(line, options.file);
  if (!token) return tl::unexpected(token.error());
  const DataDir dir = line.data_dir();
  // Or a database would be made where no hub is.
  if (auto directory = open_directory(dir); !directory) return tl::unexpected(directory.error());
  const auto is_new =
      revoke_token(dir.database(), token->jti, to_unix_ms(SystemClock().wall_now()), to_unix_ms(token->expires_at));
  if (!is_new) return cli_error(ExitCode::local, printable(is_new.error().message, 400));
  const auto renewed = renew_admin_token(dir, token->jti);
  if (!renewed) return tl::unexpected(renewed.error());
  if (line.json) {
    std::cout << nlohmann::json{{"jti", token->jti},
                                {"revoked", true},
                                {"was_revoked", !*is_new},
                                {"admin_token_renewed", *renewed},
                                {"expires_at", format_rfc3339(token->expires_at)}}
                     .dump()
              << "\n";
    return {};
  }
  std::cout << (*is_new ? "revoked " : "had been revoked: ") << printable(token->jti, jti_bytes_max)
            << (*is_new ? "; a running hub ends its connections within 2 s" : "") << "\n";
  if (*renewed) std::cout << "renewed " << dir.admin_token() << ", valid for 30 days\n";
  return {};
}

}  // namespace

void add_token_revoke_command(CLI::App& token, CommandLine& line) {
  auto options = std::make_shared<RevokeOptions>();
  CLI::App* command = add_command(token, "revoke", "Take one token back",
                                  "strawberryctl token revoke 1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed");
  command->add_option("JTI", options->jti, "The token's `jti`, as 'token issue --json' printed it");
  command->add_option("--file", options->file, "The token in this file");
  command->add_option("--ttl", options->ttl, "With a JTI: how long the token may still be valid; default: 365d");
  command->callback([&line, options] { line.action = [&line, options] { return revoke(line, *options); }; });
}

}  // namespace strawberry::cli
