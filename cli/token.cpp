/// `strawberryctl token issue` (`token list` and `token revoke` are in files of their own): has the running hub issue a
/// token. When no hub runs it is signed with the hub's keys here, and put on its list before anybody sees it.
#include <unistd.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <iostream>
#include <optional>
#include <set>
#include <tuple>

#include "bridge/adapters/sqlite/revoked_tokens.h"
#include "cli/command_line.h"
#include "cli/device_lookup.h"
#include "cli/known_devices.h"
#include "cli/nearest.h"
#include "cli/text.h"
#include "cli/token_hub.h"
#include "cli/token_names.h"
#include "cli/token_times.h"
#include "common/contract/rights.h"
#include "common/text/ids.h"
#include "common/text/json_text.h"

namespace strawberry::cli {
namespace {

struct TokenOptions {
  std::string device;
  std::string user;
  bool admin = false;
  bool enroll = false;
  std::string ttl = "30d";
  std::string name;
  bool replace = false;
  std::string output;
  std::string mosquitto;
  std::string scope;
  std::vector<std::string> skills;
};

/// The new token, and the text about it.
struct Made {
  Who who;
  std::string token;
  std::string jti;
  WallTime expires_at;
  std::vector<std::string> namesakes;  // to be revoked
  bool by_hub = false;
  std::optional<std::string> scope = {};
  nlohmann::json skills = nullptr;
};

/// Whether the options say for whom it is.
Outcome<void> check_whose(const TokenOptions& options) {
  if (options.admin && (!options.device.empty() || !options.user.empty() || options.enroll))
    return cli_error(ExitCode::usage, "--admin stands alone: leave out --device, --user and --enroll");
  if (is_reserved_id(options.user))
    return cli_error(ExitCode::usage, in_quotes(options.user) + " is an id of the hub's own: choose another user");
  if (options.enroll && (options.user.empty() || !options.device.empty()))
    return cli_error(ExitCode::usage, "--enroll needs --user, whose device is to be registered, and no --device");
  if (!options.admin && options.user.empty() && options.device.empty())
    return cli_error(ExitCode::usage, "say for whom: --device ID, --user USER, --admin, or --enroll --user USER");
  if (options.user.empty()) return {};
  if (auto valid = user(options.user); !valid) return tl::unexpected(valid.error());
  return {};
}

Outcome<Who> whose(const CommandLine& line, const TokenOptions& options) {
  if (options.admin) return admin();
  if (options.enroll) return enroll(options.user);
  if (!options.device.empty()) {
    auto directory = open_directory(line.data_dir());
    if (!directory) return tl::unexpected(directory.error());
    return device(**directory, options.device, options.user);
  }
  auto directory = open_directory(line.data_dir());
  if (!directory) return tl::unexpected(directory.error());
  // Device and user ids share one namespace: the token would speak for the device's topics.
  if ((*directory)->find(options.user) != nullptr) {
    return cli_error(ExitCode::usage, in_quotes(options.user) + " is a device: use --device");
  }
  return user(options.user);
}

/// Returns a pattern of skills with the device's id instead of its name, as the hub requires.
Outcome<std::string> resolved(const std::vector<KnownDevice>& devices, const std::string& pattern,
                              const std::string& user_id) {
  std::string whole = pattern;
  const std::size_t dot = pattern.find('.');
  const bool names_device = std::count(pattern.begin(), pattern.end(), '.') == 2 && pattern.substr(0, dot) != "*";
  if (names_device) {
    auto found = find_device(devices, pattern.substr(0, dot), user_id);
    if (!found) return tl::unexpected(found.error());
    whole = found->id + pattern.substr(dot);
  }
  if (is_skill_pattern(whole)) return whole;
  return cli_error(ExitCode::usage, "--skills " + in_quotes(pattern) +
                                        ": not Class.function or device.Class.function, with * at the end of a part");
}

Outcome<Rights> wanted_rights(const CommandLine& line, const TokenOptions& options, const std::string& user_id) {
  Rights rights;
  if (!options.scope.empty()) rights.scopes = scopes_in(options.scope);
  if (options.skills.empty()) return rights;
  auto directory = open_directory(line.data_dir());
  if (!directory) return tl::unexpected(directory.error());
  for (const std::string& pattern : options.skills) {
    auto whole = resolved(known_devices(**directory), pattern, user_id);
    if (!whole) return tl::unexpected(whole.error());
    rights.skills.push_back(std::move(*whole));
  }
  rights.scopes = rights.scopes.without(Scope::any_skill);
  if (!are_skill_patterns(rights.skills)) return cli_error(ExitCode::usage, "--skills: too many, or too long together");
  return rights;
}

/// Returns the row of the list: the token's own claims.
bridge::IssuedToken row_of(const Claims& claims, const std::string& name) {
  bridge::IssuedToken row{bridge::token_row_of(claims, claims.kid)};
  row.name = name;
  return row;
}

/// Returns the valid tokens that it replaces.
Outcome<std::vector<bridge::IssuedToken>> record(const DataDir& dir, const KeySet& keys, const bridge::IssuedToken& row,
                                                 bool replace) {
  // Otherwise a database would be made where there is no hub.
  if (auto directory = open_directory(dir); !directory) return tl::unexpected(directory.error());
  auto namesakes =
      bridge::record_token(dir.database(), row, kids_of(keys), replace, to_unix_ms(SystemClock().wall_now()));
  if (!namesakes) return cli_error(ExitCode::local, printable(namesakes.error().message, 400));
  if (!namesakes->empty() && !replace) {
    return cli_error(ExitCode::usage, whose_token(namesakes->front()) + " has a token named " + in_quotes(row.name) +
                                          " already: --replace revokes that one; or choose another name");
  }
  return std::move(*namesakes);
}

/// A mistyped name makes a token for a user who has nothing.
std::string note_of_new_user(const DataDir& dir, const std::string& user_id) {
  const std::set<std::string> users = known_users(dir);
  if (user_id.empty() || users.contains(user_id)) return {};
  const std::string nearest = nearest_to(user_id, users);
  return "note: the user " + user_id + " is new" + (nearest.empty() ? "" : "; there is also " + nearest) + "\n";
}

/// Prints what a client needs in addition to the token to standard error: standard output has only the token.
void tell_how_to_use(const Who& who, WallTime end) {
  std::cerr << "user name: " << who.principal.id << " (the token is the password)\n"
            << "valid until " << local_and_utc(end) << "\n";
}

/// `is_out`: the token may have been read, even if a later step fails.
Outcome<void> deliver(const CommandLine& line, const TokenOptions& options, const Made& made, nlohmann::json result,
                      bool& is_out) {
  const auto& [who, token] = std::tie(made.who, made.token);
  if (!options.output.empty()) {
    auto written = write_secret_file(options.output, token + "\n", /*replace=*/false);
    if (!written) return written;
    is_out = true;
    result["token_file"] = options.output;
  }
  if (!options.mosquitto.empty()) {
    auto endpoint = line.endpoint();
    if (!endpoint) return tl::unexpected(endpoint.error());
    is_out = true;  // one of the three files may be written, and another not
    auto written = write_mosquitto_options(options.mosquitto, *endpoint, who.principal.id, token);
    if (!written) return written;
    result["mosquitto_options"] = options.mosquitto;
  }
  is_out = true;
  const bool prints_token = options.output.empty() && options.mosquitto.empty();
  if (prints_token) result["access_token"] = token;
  if (line.json) {
    std::cout << result.dump() << "\n";
  } else {
    if (prints_token) std::cout << token << "\n";
    for (const std::string& place : {options.output, options.mosquitto}) {
      if (place.empty()) continue;
      std::cout << "wrote " << place << ", a token for " << to_string(who.principal.type) << " " << who.principal.id
                << ", valid until " << local_and_utc(made.expires_at) << "\n";
    }
  }
  std::cout.flush();
  if (!std::cout) return cli_error(ExitCode::local, "cannot write to standard output: there is no new token");
  if (prints_token && !line.json) tell_how_to_use(who, made.expires_at);
  return {};
}

/// For a token that was not delivered completely: revokes it if it may have been read. If that fails it stays on the
/// list, so that it can be revoked later.
void take_back(const CommandLine& line, const Made& made, const std::string& output, bool is_out) {
  const DataDir dir = line.data_dir();
  if (made.by_hub) {
    (void)revoke_through_hub(line, made.who.principal.user_id, made.jti);
  } else {
    const auto locked = line.lock_data_dir();
    if (!locked) return;
    const std::int64_t now = to_unix_ms(SystemClock().wall_now());
    if (is_out && !bridge::revoke_token(dir.database(), made.jti, now, to_unix_ms(made.expires_at))) return;
    (void)bridge::forget_token(dir.database(), made.jti);  // if it stays, nobody has it
  }
  if (is_out && !output.empty()) ::unlink(output.c_str());
}

Outcome<Made> made_by_hub(const CommandLine& line, const TokenOptions& options, std::chrono::milliseconds lifetime) {
  TokenWish wish;
  wish.user_id = options.user;
  Made made;
  made.by_hub = true;
  made.who.principal = {PrincipalType::user, options.user, options.user};
  if (options.admin || options.enroll) {
    const PrincipalType type = options.admin ? PrincipalType::admin : PrincipalType::enroll;
    wish.type = to_string(type);
    made.who.principal.type = type;
  } else if (!options.device.empty()) {
    auto found = found_device(line, options.device, options.user);
    if (!found) return tl::unexpected(found.error());
    if (!found->is_active)
      return cli_error(ExitCode::usage, "the device " + in_quotes(found->name) + " has been revoked");
    wish.user_id = found->user;
    wish.device_id = found->id;
    made.who.principal = {PrincipalType::device, found->id, found->user};
  }
  wish.name = options.name;
  wish.lifetime = lifetime;
  wish.scope = options.scope;
  wish.skills = options.skills;
  wish.replace = options.replace;
  auto given = issue_through_hub(line, wish);
  if (!given && given.error().details.find("\"exists\"") != std::string::npos) {
    const std::string holder = wish.device_id.empty() ? "user " + wish.user_id : "device " + wish.device_id;
    return cli_error(ExitCode::usage, holder + " has a token named " + in_quotes(options.name) +
                                          " already: --replace revokes that one; or choose another name");
  }
  if (!given && given.error().details.find("\"/user_id\"") != std::string::npos) {
    return cli_error(ExitCode::usage, in_quotes(options.user) + " is a device: use --device");
  }
  if (!given) return tl::unexpected(given.error());
  made.token = text_member(*given, "access_token");
  made.jti = text_member(*given, "jti");
  if (!wish.type.empty()) made.who.principal.id = text_member(*given, "id");
  const auto end = parse_rfc3339(text_member(*given, "expires_at"));
  if (made.token.empty() || !end) return cli_error(ExitCode::refused, "the hub sent no token");
  made.expires_at = *end;
  if (given->value("scope", nlohmann::json()).is_string()) made.scope = text_member(*given, "scope");
  made.skills = given->value("skills", nlohmann::json());
  for (const auto& jti : given->value("replaces", nlohmann::json::array()))
    made.namesakes.push_back(jti.get<std::string>());
  return made;
}

Outcome<Made> made_here(const CommandLine& line, const TokenOptions& options, std::chrono::milliseconds lifetime) {
  // Until the token is on the list: its key may be retired by another command, or all be replaced by a restore.
  const auto locked = line.lock_data_dir();
  auto who = whose(line, options);
  if (!who) return tl::unexpected(who.error());
  if (!options.name.empty()) who->name = options.name;
  auto rights = wanted_rights(line, options, who->principal.user_id);
  if (!rights) return tl::unexpected(rights.error());
  who->rights = std::move(*rights);
  const DataDir dir = line.data_dir();
  auto keys = load_keys(dir);
  if (!keys) return tl::unexpected(keys.error());
  if (!locked) return tl::unexpected(locked.error());  // the errors above say what to do where there is no hub
  Made made;
  auto token = sign(*keys, *who, lifetime);
  if (!token) return tl::unexpected(token.error());
  const auto claims = verify_token(*keys, *token, SystemClock().wall_now());
  if (!claims) return cli_error(ExitCode::local, "the hub's own keys do not vouch for the token they signed");
  const bridge::IssuedToken row = row_of(*claims, options.name);
  auto replaced = record(dir, *keys, row, options.replace);
  if (!replaced) return tl::unexpected(replaced.error());
  made.who = std::move(*who);
  made.token = std::move(*token);
  made.jti = claims->jti;
  made.expires_at = claims->expires_at;
  made.scope = row.scope;
  if (row.skills) made.skills = claims->rights.skills;
  for (const bridge::IssuedToken& old : *replaced) made.namesakes.push_back(old.jti);
  return made;
}

/// Asks a running hub; when none runs, the token is made here.
Outcome<Made> make(const CommandLine& line, const TokenOptions& options, std::chrono::milliseconds lifetime) {
  if (auto good = check_whose(options); !good) return tl::unexpected(good.error());
  auto made = made_by_hub(line, options, lifetime);
  if (made || made.error().code != ExitCode::unreachable) return made;
  if (made.error().is_sent) {
    // If the hub has issued one that did not arrive, a second one made here would stand on the list beside it.
    return cli_error(ExitCode::unreachable,
                     made.error().message + "; the hub may have issued the token: see 'strawberryctl token list'");
  }
  const auto login = line.login();
  if (!login || *login) return made;
  return made_here(line, options, lifetime);
}

Outcome<void> revoke_one(const CommandLine& line, const Made& made, const std::string& jti) {
  if (made.by_hub) {
    const auto revoked = revoke_through_hub(line, made.who.principal.user_id, jti);
    // Revoking another token of its line has revoked it, too.
    if (revoked || revoked.error().hub_code == "not_found") return {};
    return tl::unexpected(revoked.error());
  }
  const auto locked = line.lock_data_dir();
  if (!locked) return tl::unexpected(locked.error());
  const WallTime now = SystemClock().wall_now();
  bridge::TokenQuery query;
  query.jti = jti;
  const auto old = list_of_tokens(line.data_dir(), query);
  const std::int64_t end_ms =
      old && !old->tokens.empty() ? old->tokens.front().expires_at_ms : to_unix_ms(now + std::chrono::hours(24 * 365));
  const auto revoked = bridge::revoke_token(line.data_dir().database(), jti, to_unix_ms(now), end_ms);
  if (revoked) return {};
  return cli_error(ExitCode::local, printable(revoked.error().message, 400));
}

Outcome<std::chrono::milliseconds> check(const TokenOptions& options) {
  auto lifetime = duration_of("--ttl", options.ttl);
  if (!lifetime) return lifetime;
  if (*lifetime < std::chrono::seconds(1)) return cli_error(ExitCode::usage, "--ttl: at least one second");
  if (auto good = check_token_name(options.name); !good) return tl::unexpected(good.error());
  if (options.replace && options.name.empty()) {
    return cli_error(ExitCode::usage, "--replace goes with --name, whose token is to be revoked");
  }
  const bool is_limited = !options.scope.empty() || !options.skills.empty();
  if (is_limited && (options.admin || options.enroll)) {
    return cli_error(ExitCode::usage, "--scope and --skills go with --user or --device: no others are limited");
  }
  if (const std::string unknown = unknown_scopes_in(options.scope); !unknown.empty()) {
    return cli_error(ExitCode::usage, "--scope: there is no " + in_quotes(printable(unknown, 64)) +
                                          "; the scopes are: " + write_scope(Scopes::all()));
  }
  return lifetime;
}

Outcome<void> issue(const CommandLine& line, const TokenOptions& options) {
  const auto lifetime = check(options);
  if (!lifetime) return tl::unexpected(lifetime.error());
  const DataDir dir = line.data_dir();
  const bool knows_users = !line.json && options.device.empty() && open_directory(dir).has_value();
  const std::string note = knows_users ? note_of_new_user(dir, options.user) : std::string();
  const auto made = make(line, options, *lifetime);
  if (!made) return tl::unexpected(made.error());
  nlohmann::json result{{"type", to_string(made->who.principal.type)},
                        {"id", made->who.principal.id},
                        {"user_name", made->who.principal.id},
                        {"jti", made->jti},
                        {"expires_at", format_rfc3339(made->expires_at)}};
  if (!options.name.empty()) result["name"] = options.name;
  if (made->scope) result["scope"] = *made->scope;
  if (!made->skills.is_null()) result["skills"] = made->skills;
  if (options.replace) result["replaced"] = made->namesakes;
  bool is_out = false;
  if (auto delivered = deliver(line, options, *made, std::move(result), is_out); !delivered) {
    take_back(line, *made, options.output, is_out);
    return delivered;
  }
  std::cerr << note;
  // The old one is revoked last: if an earlier step fails, its holder still has a valid token.
  for (const std::string& old : made->namesakes) {
    if (auto revoked = revoke_one(line, *made, old); !revoked) {
      return cli_error(revoked.error().code,
                       "the new token is good, but the old one could not be revoked: " + revoked.error().message);
    }
  }
  return {};
}

}  // namespace

void add_token_command(CLI::App& app, CommandLine& line) {
  CLI::App* token = add_command(app, "token", "Issue tokens, list them and take them back",
                                "strawberryctl token issue --user alice --name 'Home Assistant' --ttl 365d");
  token->require_subcommand(1);
  auto options = std::make_shared<TokenOptions>();
  CLI::App* command = add_command(*token, "issue", "Sign a token and print it",
                                  "strawberryctl token issue --device kitchen_tablet --ttl 90d --output tablet.token");
  command->add_option("--device", options->device, "For this device: its id, or its name");
  command->add_option("--user", options->user, "For this user; with --device or --enroll: whose device");
  command->add_flag("--admin", options->admin, "For an administrator");
  command->add_flag("--enroll", options->enroll, "Good for registering one device of --user, once");
  command->add_option("--ttl", options->ttl, "How long it is valid: 365d, 12h, 30m or 90s; default: 30d");
  command->add_option(
      "--name", options->name,
      "What it is for, to list and revoke it by; also the name in the token (default: the device's own)");
  command
      ->add_option("--scope", options->scope,
                   "What it may do, in words with spaces between them: 'skills:read chat'; default: everything")
      ->check([](const std::string& text) { return std::string(text.empty() ? "say at least one scope" : ""); });
  command
      ->add_option("--skills", options->skills,
                   "The skills that it may see and call: 'LightSkill.*' or 'device.LightSkill.turn_on', repeatable")
      ->allow_extra_args(false);
  command->add_flag("--replace", options->replace, "Revoke the one of the same holder that has this name now");
  command->add_option("--output", options->output, "Write it to this new file (mode 0600) and do not print it");
  command->add_option("--mosquitto", options->mosquitto,
                      "Write what mosquitto_sub and mosquitto_pub need to connect with it into this directory");
  command->callback([&line, options] { line.action = [&line, options] { return issue(line, *options); }; });
  add_token_list_command(*token, line);
  add_token_revoke_command(*token, line);
}

}  // namespace strawberry::cli
