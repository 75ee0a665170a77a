/// `strawberryctl token revoke`: takes a token back, with its line, or all of a user's, through the running hub; or on
/// the files of one that does not run. Tokens that are on no list are revoked on the files, too: a hub that runs
/// follows.
#include <CLI/App.hpp>
#include <algorithm>
#include <iostream>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <thread>

#include "bridge/adapters/sqlite/revoked_tokens.h"
#include "cli/command_line.h"
#include "cli/text.h"
#include "cli/token_hub.h"
#include "cli/token_names.h"
#include "common/text/ids.h"

namespace strawberry::cli {
namespace {

struct RevokeOptions {
  std::string jti;
  std::string file;
  std::string name;
  std::string user;
  std::string ttl;
  bool all = false;
};

struct Named {
  std::string jti;
  WallTime expires_at;
  std::string root_jti = {};  // from the token itself; the list may know it as well
};

/// False also where the hub's keys cannot be read.
bool is_admin_token(const DataDir& dir, const Outcome<KeySet>& keys, const std::string& jti) {
  if (!keys) return false;
  const auto claims = read_admin_token(dir, *keys);
  return claims && claims->jti == jti;
}

/// Renews `admin.token`, since an invalid one would disturb every command. Returns true when it was the revoked one.
Outcome<bool> renew_admin_token(const CommandLine& line, const std::string& revoked_jti) {
  const DataDir dir = line.data_dir();
  // Most tokens are others: then nothing needs to be locked, nor may the directory be one that we could lock.
  if (!is_admin_token(dir, load_keys(dir), revoked_jti)) return false;
  const auto locked = line.lock_data_dir();
  const auto keys = load_keys(dir);
  if (!is_admin_token(dir, keys, revoked_jti)) return false;  // another command has renewed it
  const Outcome<void> written = locked ? write_admin_token(dir, *keys) : tl::unexpected(locked.error());
  if (!written) {
    return cli_error(written.error().code, "the token is revoked, but the one in " + dir.admin_token() +
                                               " could not be renewed: " + written.error().message);
  }
  return true;
}

/// Returns the claims of the token in `file`, if the hub's keys verify it.
Outcome<Named> named_by_file(const CommandLine& line, const std::string& file) {
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
  return Named{claims->jti, claims->expires_at, claims->root_jti};
}

Outcome<Named> named_by_jti(const RevokeOptions& options) {
  if (options.jti.empty() || options.jti.size() > jti_bytes_max) {
    return cli_error(ExitCode::usage, "a jti has 1 to " + std::to_string(jti_bytes_max) + " bytes");
  }
  auto ttl = duration_of("--ttl", options.ttl.empty() ? "365d" : options.ttl);
  if (!ttl) return tl::unexpected(ttl.error());
  return Named{options.jti, SystemClock().wall_now() + *ttl};
}

/// Finds the valid one of that name; the newest revoked one when there is none, so that repeating the command does no
/// harm. Tokens of one line count as one, since they are revoked together.
Outcome<Named> named_by_name(const CommandLine& line, const RevokeOptions& options) {
  bridge::TokenQuery query;
  query.user_id = options.user;
  query.name = options.name;
  query.limit = bridge::issued_tokens_max;
  auto list = list_of_tokens(line, query);
  if (!list) return tl::unexpected(list.error());
  if (!options.user.empty()) {
    if (auto known = check_user(line.data_dir(), options.user); !known) return tl::unexpected(known.error());
  }
  std::map<std::string, const bridge::IssuedToken*> live;  // by line
  const bridge::IssuedToken* revoked = nullptr;
  for (const bridge::IssuedToken& token : list->tokens) {
    if (token.state == bridge::TokenState::live) live.emplace(token.root_jti, &token);
    if (token.state == bridge::TokenState::revoked) revoked = &token;
  }
  const std::string whose = options.user.empty() ? "" : " of user " + in_quotes(options.user);
  const std::string shown = in_quotes(options.name) + whose;
  if (live.size() > 1) {
    constexpr std::size_t shown_max = 8;
    std::string candidates;
    std::size_t count = 0;
    for (const auto& [root, token] : live) {
      if (count++ == shown_max) break;
      candidates += (count == 1 ? "" : ", ") + printable(token->jti, jti_bytes_max) + " (" + whose_token(*token) + ")";
    }
    if (live.size() > shown_max) candidates += ", …";
    return cli_error(ExitCode::usage,
                     "several tokens are named " + shown + ": say --user, or revoke one by its jti: " + candidates);
  }
  const bridge::IssuedToken* found = live.empty() ? revoked : live.begin()->second;
  if (found != nullptr) return Named{found->jti, from_unix_ms(found->expires_at_ms)};
  if (list->total > 0) {
    return cli_error(ExitCode::usage, "the token " + shown + " is spent or has expired: nothing to revoke");
  }
  return cli_error(ExitCode::usage, "there is no token named " + shown + ": see 'strawberryctl token list'");
}

Outcome<Named> named(const CommandLine& line, const RevokeOptions& options) {
  if (!options.name.empty()) return named_by_name(line, options);
  return options.file.empty() ? named_by_jti(options) : named_by_file(line, options.file);
}

/// Through the running hub. Nothing when there is none, or the list has no such good token: that is for the files.
Outcome<std::optional<bridge::RevokedLine>> revoke_by_hub(const CommandLine& line, const std::string& jti) {
  bridge::TokenQuery query;
  query.jti = jti;
  query.only_live = true;
  query.limit = 1;
  const auto login = line.login();
  const bool has_files = login && !*login;
  auto found = hubs_tokens(line, query);
  if (!found && (has_files && found.error().code == ExitCode::unreachable)) return std::optional<bridge::RevokedLine>{};
  if (!found) return tl::unexpected(found.error());
  if (found->tokens.empty()) {
    if (has_files) return std::optional<bridge::RevokedLine>{};
    return cli_error(ExitCode::usage, "there is no such token that is live: see 'strawberryctl token list'");
  }
  query = bridge::TokenQuery{};
  query.user_id = found->tokens.front().user_id;
  query.only_live = query.user_id.empty();  // no user's: an admin's has no line, and those of all are many
  query.limit = bridge::issued_tokens_max;
  const auto all = hubs_tokens(line, query);
  if (!all) return tl::unexpected(all.error());
  auto root = revoke_through_hub(line, query.user_id, jti);
  if (!root) return tl::unexpected(root.error());
  bridge::RevokedLine revoked{*root, /*is_new=*/true, found->tokens.front().expires_at_ms};
  std::set<std::string> members;
  for (const bridge::IssuedToken& token : all->tokens) {
    if (token.root_jti != *root) continue;
    members.insert(token.jti);
    revoked.expires_at_ms = std::max(revoked.expires_at_ms, token.expires_at_ms);
  }
  for (const bridge::IssuedToken& token : all->tokens) {
    const bool is_elsewhere = token.state == bridge::TokenState::live && token.root_jti != *root;
    if (is_elsewhere && members.contains(token.parent_jti)) ++revoked.live_elsewhere;
  }
  return std::optional<bridge::RevokedLine>(revoked);
}

Outcome<bridge::RevokedLine> revoke_in_files(const CommandLine& line, const Named& token) {
  const DataDir dir = line.data_dir();
  // Otherwise a database would be made where there is no hub.
  if (auto directory = open_directory(dir); !directory) return tl::unexpected(directory.error());
  const auto locked = line.lock_data_dir();
  if (!locked) return tl::unexpected(locked.error());
  auto revoked = bridge::revoke_token(dir.database(), token.jti, to_unix_ms(SystemClock().wall_now()),
                                      to_unix_ms(token.expires_at), token.root_jti);
  if (!revoked) return cli_error(ExitCode::local, printable(revoked.error().message, 400));
  return std::move(*revoked);
}

Outcome<AllRevoked> revoke_all_in_files(const CommandLine& line, const std::string& user) {
  const DataDir dir = line.data_dir();
  if (auto directory = open_directory(dir); !directory) return tl::unexpected(directory.error());
  const auto locked = line.lock_data_dir();
  if (!locked) return tl::unexpected(locked.error());
  bridge::TokenQuery query;
  query.user_id = user;
  query.only_live = true;
  query.limit = 1;
  const auto list = list_of_tokens(dir, query);
  const auto valid_from = bridge::revoke_user(dir.database(), user, to_unix_ms(SystemClock().wall_now()));
  if (!valid_from) return cli_error(ExitCode::local, printable(valid_from.error().message, 400));
  // The user may be one whose tokens another issuer signs, so the revocation holds all the same.
  if (auto known = check_user(dir, user); !known && !line.json) std::cerr << "note: " << known.error().message << "\n";
  // An older database has no list.
  return AllRevoked{list ? list->total : 0, from_unix_ms(*valid_from)};
}

/// Returns when a token that is issued from now on is good.
Outcome<void> revoke_all(const CommandLine& line, const RevokeOptions& options) {
  if (!options.jti.empty() || !options.name.empty() || !options.file.empty() || !options.ttl.empty()) {
    return cli_error(ExitCode::usage, "--all takes all of a user's tokens: leave out JTI, --name, --file and --ttl");
  }
  if (!is_valid_id(options.user)) return cli_error(ExitCode::usage, "--all: say whose with --user");
  auto revoked = revoke_all_through_hub(line, options.user);
  if (!revoked && revoked.error().code == ExitCode::unreachable) {
    const auto login = line.login();
    if (login && !*login) revoked = revoke_all_in_files(line, options.user);
  }
  if (!revoked) return tl::unexpected(revoked.error());
  std::this_thread::sleep_until(revoked->valid_from);
  if (line.json) {
    std::cout << nlohmann::json{{"user_id", options.user},
                                {"revoked", true},
                                {"listed", revoked->listed},
                                {"valid_from", format_rfc3339(revoked->valid_from)}}
                     .dump()
              << "\n";
    return {};
  }
  std::cout << "revoked all tokens of user " << options.user << " and their devices: " << revoked->listed
            << " live ones on the list, and any others; a running hub ends their connections within 2 s\n";
  return {};
}

Outcome<void> revoke(const CommandLine& line, const RevokeOptions& options) {
  if (options.all) return revoke_all(line, options);
  const std::string* const ways[] = {&options.jti, &options.name, &options.file};
  if (std::count_if(std::begin(ways), std::end(ways), [](const auto* way) { return !way->empty(); }) != 1) {
    return cli_error(ExitCode::usage,
                     "say either the token's JTI, or its --name, or --file with the token in it, or --user and --all");
  }
  if (options.jti.empty() && !options.ttl.empty()) {
    return cli_error(ExitCode::usage, "--ttl goes with a JTI: of other tokens it is known when they expire");
  }
  if (options.name.empty() && !options.user.empty()) {
    return cli_error(ExitCode::usage, "--user goes with --name or --all: a JTI and a file name one token");
  }
  auto token = named(line, options);
  if (!token) return tl::unexpected(token.error());
  const DataDir dir = line.data_dir();
  auto by_hub = revoke_by_hub(line, token->jti);
  if (!by_hub) return tl::unexpected(by_hub.error());
  const Outcome<bridge::RevokedLine> revoked =
      *by_hub ? Outcome<bridge::RevokedLine>(**by_hub) : revoke_in_files(line, *token);
  if (!revoked) return tl::unexpected(revoked.error());
  if (!options.jti.empty() && !*by_hub && revoked->is_new && !line.json) {
    bridge::TokenQuery query;
    query.jti = options.jti;
    const auto listed = list_of_tokens(dir, query);
    if (listed && listed->total == 0)
      std::cerr << "note: no token with this JTI is on the list: see 'strawberryctl token list --all'\n";
  }
  const auto renewed = renew_admin_token(line, revoked->root_jti);
  if (!renewed) return tl::unexpected(renewed.error());
  if (line.json) {
    std::cout << nlohmann::json{{"jti", token->jti},
                                {"root", revoked->root_jti},
                                {"revoked", true},
                                {"was_revoked", !revoked->is_new},
                                {"live_elsewhere", revoked->live_elsewhere},
                                {"admin_token_renewed", *renewed},
                                {"expires_at", format_rfc3339(from_unix_ms(revoked->expires_at_ms))}}
                     .dump()
              << "\n";
    return {};
  }
  std::cout << (revoked->is_new ? "revoked " : "had been revoked: ") << printable(token->jti, jti_bytes_max)
            << (token->jti == revoked->root_jti ? ""
                                                : ", with the line of " + printable(revoked->root_jti, jti_bytes_max))
            << (revoked->is_new ? "; a running hub ends its connections within 2 s" : "") << "\n";
  if (revoked->live_elsewhere > 0) {
    std::cout << "it has had tokens made for other devices, and " << revoked->live_elsewhere
              << " of them still count: see 'strawberryctl token list', column PARENT\n";
  }
  if (*renewed) std::cout << "renewed " << dir.admin_token() << ", " + admin_token_end(dir) + "\n";
  return {};
}

}  // namespace

void add_token_revoke_command(CLI::App& token, CommandLine& line) {
  auto options = std::make_shared<RevokeOptions>();
  CLI::App* command = add_command(token, "revoke", "Take a token back, with all of its line; or all of a user's",
                                  "strawberryctl token revoke --name 'Home Assistant' --user alice");
  command->add_option("JTI", options->jti, "The token's `jti`, as 'token list' shows it");
  command->add_option("--name", options->name, "The name it was issued with");
  command->add_option("--user", options->user, "With a name: whose token it is, when several have one of that name");
  command->add_flag("--all", options->all, "With --user: everything issued for that user and their devices until now");
  command->add_option("--file", options->file, "The token in this file");
  command->add_option("--ttl", options->ttl,
                      "With a JTI: how long the token may still be valid; at least 30d; default: 365d");
  command->callback([&line, options] { line.action = [&line, options] { return revoke(line, *options); }; });
}

}  // namespace strawberry::cli
