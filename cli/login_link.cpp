/// `strawberryctl login-link`: makes a link with which a user signs in at the hub's web door, once (docs/oauth.md).
/// Offline: it signs a one-time token with the hub's keys and records it before it is printed.
#include <CLI/App.hpp>
#include <iostream>

#include "bridge/adapters/sqlite/account_lookup.h"
#include "bridge/adapters/sqlite/issued_tokens.h"
#include "cli/command_line.h"
#include "cli/text.h"
#include "cli/token_names.h"
#include "cli/token_times.h"
#include "cli/web_door.h"

namespace strawberry::cli {
namespace {

constexpr std::chrono::hours ttl_max{24};  // the hub refuses links that are older

struct LinkOptions {
  std::string user;
  std::string ttl = "10m";
  std::string url;
  bool dashboard = false;
};

bool is_url(const std::string& text) {
  const bool has_scheme = text.starts_with("http://") || text.starts_with("https://");
  return has_scheme && text.find_first_of("?# \"<>") == std::string::npos && text.size() > text.find("://") + 3;
}

/// Returns the URL without a slash at its end.
Outcome<std::string> door_url(const LinkOptions& options, const DataDir& dir) {
  std::string url = options.url;
  if (url.empty()) {
    const auto door = find_web_door(dir.path.string(), dir.path.lexically_normal() == package_data_dir);
    if (!door) {
      return cli_error(ExitCode::local, "no web door is known: " + (dir.path / "http-endpoint").string() +
                                            " is not there (start strawberry-gateway, or say --url)");
    }
    url = door->url;
  }
  while (url.ends_with('/')) url.pop_back();
  if (!is_url(url))
    return cli_error(ExitCode::usage, "no address of a web door: " + in_quotes(url) + " (say --url https://HOST)");
  return url;
}

/// Returns the user who signs in; empty: the link creates the first admin.
Outcome<std::string> user_of(const LinkOptions& options, const DataDir& dir) {
  if (!options.user.empty()) {
    if (auto known = check_user(dir, options.user); !known) return tl::unexpected(known.error());
    return options.user;
  }
  if (!options.dashboard) return std::string();
  if (auto directory = open_directory(dir); !directory) return tl::unexpected(directory.error());
  auto accounts = bridge::account_ids(dir.database());
  if (!accounts) return cli_error(ExitCode::local, printable(accounts.error().message, 400));
  return std::move(accounts->first_admin);
}

Outcome<void> make_link(const CommandLine& line, const LinkOptions& options) {
  auto lifetime = duration_of("--ttl", options.ttl);
  if (!lifetime) return tl::unexpected(lifetime.error());
  if (*lifetime < std::chrono::seconds(1) || *lifetime > ttl_max)
    return cli_error(ExitCode::usage, "--ttl: from 1s to 24h, not " + in_quotes(options.ttl));
  const DataDir dir = line.data_dir();
  auto url = door_url(options, dir);
  if (!url) return tl::unexpected(url.error());
  // Until the link is on the list: its key may be retired by another command, or all be replaced by a restore.
  const auto locked = line.lock_data_dir();
  const auto user_id = user_of(options, dir);
  if (!user_id) return tl::unexpected(user_id.error());
  const bool is_operator = user_id->empty();
  auto who = is_operator ? Outcome<Who>(create_first_admin()) : sign_in(*user_id);
  if (!who) return tl::unexpected(who.error());
  auto keys = load_keys(dir);
  if (!keys) return tl::unexpected(keys.error());
  if (!locked) return tl::unexpected(locked.error());  // the errors above say what to do where there is no hub
  auto token = sign(*keys, *who, *lifetime);
  if (!token) return tl::unexpected(token.error());
  const WallTime now = SystemClock().wall_now();
  const auto claims = verify_token(*keys, *token, now);
  if (!claims) return cli_error(ExitCode::local, "the hub's own keys do not vouch for the token they signed");
  if (auto directory = open_directory(dir); !directory) return tl::unexpected(directory.error());
  const bridge::IssuedToken row{bridge::token_row_of(*claims, claims->kid)};
  auto recorded = bridge::record_token(dir.database(), row, kids_of(*keys), /*beside_others=*/true, to_unix_ms(now));
  if (!recorded) return cli_error(ExitCode::local, printable(recorded.error().message, 400));
  // The part after # is never sent, so no proxy logs it; the dashboard reads it.
  const std::string link = *url + (is_operator || options.dashboard ? "/#token=" : "/oauth/login?token=") + *token;
  if (line.json) {
    std::cout << nlohmann::json{{"url", link},
                                {"user_id", is_operator ? nlohmann::json(nullptr) : nlohmann::json(*user_id)},
                                {"jti", claims->jti},
                                {"expires_at", format_rfc3339(claims->expires_at)}}
                     .dump()
              << "\n";
    return {};
  }
  std::cout << link << "\n";
  std::cout.flush();
  if (is_operator) {
    std::cerr << "creates the hub's first admin, once, until " << local_and_utc(claims->expires_at)
              << ": open it in a browser (of a hub that has one: --user USER)\n";
    return {};
  }
  std::cerr << "signs in " << *user_id << ", once, until " << local_and_utc(claims->expires_at)
            << (options.dashboard ? ": open it in a browser\n" : ": open it in the browser that asked\n");
  return {};
}

}  // namespace

void add_login_link_command(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<LinkOptions>();
  CLI::App* command =
      add_command(app, "login-link",
                  "Print a link that signs a user in at the web door, or creates the first admin, once (offline)",
                  "strawberryctl login-link --user alice");
  command->add_option("--user", options->user, "Who signs in with it; without it the link creates the first admin");
  command->add_flag("--dashboard", options->dashboard,
                    "To the dashboard; without --user the first admin signs in, or is created where there is none");
  command->add_option("--ttl", options->ttl, "How long it is good: 10m, 1h; at most 24h; default: 10m");
  command->add_option("--url", options->url, "The web door's address; default: as its file http-endpoint says");
  command->callback([&line, options] { line.action = [&line, options] { return make_link(line, *options); }; });
}

}  // namespace strawberry::cli
