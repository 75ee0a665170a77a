/// `strawberryctl token revoke`: takes one token back. Offline; a running hub follows.
#include <CLI/App.hpp>
#include <algorithm>
#include <iostream>
#include <iterator>

#include "bridge/adapters/sqlite/revoked_tokens.h"
#include "bridge/cli/command_line.h"
#include "bridge/cli/text.h"
#include "bridge/cli/token_names.h"

namespace strawberry::cli {
namespace {

struct RevokeOptions {
  std::string jti;
  std::string file;
  std::string name;
  std::string user;
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

/// Of one on the list it is known when it expires; no sooner may its row go.
WallTime listed_expiry(const DataDir& dir, const std::string& jti) {
  WallTime expiry{};
  const auto tokens = list_of_tokens(dir);
  if (!tokens) return expiry;
  for (const IssuedToken& token : *tokens) {
    if (token.jti == jti) expiry = from_unix_ms(token.expires_at_ms);
  }
  return expiry;
}

Outcome<Revoked> named_by_jti(const CommandLine& line, const RevokeOptions& options) {
  if (options.jti.empty() || options.jti.size() > jti_bytes_max) {
    return cli_error(ExitCode::usage, "a jti has 1 to " + std::to_string(jti_bytes_max) + " bytes");
  }
  auto ttl = duration_of("--ttl", options.ttl.empty() ? "365d" : options.ttl);
  if (!ttl) return tl::unexpected(ttl.error());
  const WallTime expiry = SystemClock().wall_now() + *ttl;
  return Revoked{options.jti, std::max(expiry, listed_expiry(line.data_dir(), options.jti))};
}

/// The live one of that name; the newest of those revoked when there is none, so that a second time does no harm.
Outcome<Revoked> named_by_name(const CommandLine& line, const RevokeOptions& options) {
  auto tokens = list_of_tokens(line.data_dir());
  if (!tokens) return tl::unexpected(tokens.error());
  if (!options.user.empty()) {
    if (auto known = check_user(line.data_dir(), options.user); !known) return tl::unexpected(known.error());
  }
  std::vector<const IssuedToken*> live;
  const IssuedToken* revoked = nullptr;
  bool is_known = false;
  for (const IssuedToken& token : *tokens) {
    if (token.name != options.name || (!options.user.empty() && token.user_id != options.user)) continue;
    is_known = true;
    if (token.state == TokenState::live) live.push_back(&token);
    if (token.state == TokenState::revoked) revoked = &token;
  }
  const std::string whose = options.user.empty() ? "" : " of user " + in_quotes(options.user);
  const std::string shown = in_quotes(options.name) + whose;
  if (live.size() > 1) {
    constexpr std::size_t shown_max = 8;
    std::string candidates;
    for (std::size_t i = 0; i < live.size() && i < shown_max; ++i) {
      candidates += (i == 0 ? "" : ", ") + printable(live[i]->jti, jti_bytes_max) + " (" + whose_token(*live[i]) + ")";
    }
    if (live.size() > shown_max) candidates += ", …";
    return cli_error(ExitCode::usage,
                     "several tokens are named " + shown + ": say --user, or revoke one by its jti: " + candidates);
  }
  const IssuedToken* found = live.empty() ? revoked : live.front();
  if (found != nullptr) return Revoked{found->jti, from_unix_ms(found->expires_at_ms)};
  if (is_known) return cli_error(ExitCode::usage, "the token " + shown + " is spent or has expired: nothing to revoke");
  return cli_error(ExitCode::usage, "there is no token named " + shown + ": see 'strawberryctl token list'");
}

Outcome<Revoked> named(const CommandLine& line, const RevokeOptions& options) {
  if (!options.name.empty()) return named_by_name(line, options);
  return options.file.empty() ? named_by_jti(line, options) : named_by_file(line, options.file);
}

Outcome<void> revoke(const CommandLine& line, const RevokeOptions& options) {
  const std::string* const ways[] = {&options.jti, &options.name, &options.file};
  if (std::count_if(std::begin(ways), std::end(ways), [](const auto* way) { return !way->empty(); }) != 1) {
    return cli_error(ExitCode::usage, "say either the token's JTI, or its --name, or --file with the token in it");
  }
  if (options.jti.empty() && !options.ttl.empty()) {
    return cli_error(ExitCode::usage, "--ttl goes with a JTI: of other tokens it is known when they expire");
  }
  if (options.name.empty() && !options.user.empty()) {
    return cli_error(ExitCode::usage, "--user goes with --name: a JTI and a file name one token");
  }
  auto token = named(line, options);
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
  if (*renewed) std::cout << "renewed " << dir.admin_token() << ", " + admin_token_end(dir) + "\n";
  return {};
}

}  // namespace

void add_token_revoke_command(CLI::App& token, CommandLine& line) {
  auto options = std::make_shared<RevokeOptions>();
  CLI::App* command = add_command(token, "revoke", "Take one token back",
                                  "strawberryctl token revoke --name 'Home Assistant' --user alice");
  command->add_option("JTI", options->jti, "The token's `jti`, as 'token list' shows it");
  command->add_option("--name", options->name, "The name it was issued with");
  command->add_option("--user", options->user, "With a name: whose token it is, when several have one of that name");
  command->add_option("--file", options->file, "The token in this file");
  command->add_option("--ttl", options->ttl, "With a JTI: how long the token may still be valid; default: 365d");
  command->callback([&line, options] { line.action = [&line, options] { return revoke(line, *options); }; });
}

}  // namespace strawberry::cli
