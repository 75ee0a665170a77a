/// `strawberryctl quota [USER]`, `strawberryctl quota set USER limit=value…`: a user's limits, usage, and when each is
/// available again.
#include <CLI/App.hpp>
#include <charconv>
#include <iostream>
#include <memory>

#include "cli/command_line.h"
#include "cli/terminal.h"
#include "cli/text.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

struct QuotaOptions {
  std::string user;
  std::vector<std::string> changes;
};

/// Returns `200`, or `any`.
std::string limit_text(const json& limit) { return limit.is_null() ? "any" : show_value(limit, 40); }

void print_quota(const json& result) {
  std::vector<std::vector<std::string>> rows;
  const json limits = result.value("limits", json::object());
  for (const auto& [name, entry] : limits.items()) {
    const bool resets = entry.value("resets_at", json()).is_string();
    rows.push_back({printable(name, 40), show_member(entry, "used", 40), limit_text(entry.value("limit", json())),
                    resets ? local_time(show_member(entry, "resets_at", 40)) : "",
                    is_true(entry, "is_own") ? "set for this user" : "of the configuration"});
  }
  std::cout << "user " << show_member(result, "user_id", 64) << "\n"
            << table({"LIMIT", "USED", "MAX", "RESETS", "FROM"}, rows, terminal_columns());
}

Outcome<json> ask_quota(const CommandLine& line, const std::string& user) {
  const auto login = line.login();
  if (!login) return tl::unexpected(login.error());
  json body{{"op", "quota"}};
  if (!user.empty()) body["user_id"] = user;
  if (user.empty() && !*login)
    return cli_error(ExitCode::usage, "whose quota? (say the user: strawberryctl quota alice)");
  return ask_hub(line, admin(), Service::users, std::move(body));
}

Outcome<void> show_quota(const CommandLine& line, const std::string& user) {
  auto result = ask_quota(line, user);
  if (!result) return tl::unexpected(result.error());
  if (line.json) {
    std::cout << result->dump() << "\n";
  } else {
    print_quota(*result);
  }
  return {};
}

/// Parses `devices=300`; `devices=any` for any number, `devices=default` for the configuration's value.
Outcome<json> read_changes(const std::vector<std::string>& changes) {
  json limits = json::object();
  for (const auto& change : changes) {
    const auto sign = change.find('=');
    const std::string value = sign == std::string::npos ? std::string() : change.substr(sign + 1);
    std::int64_t number = 0;
    const auto* end = value.data() + value.size();
    const auto read = std::from_chars(value.data(), end, number);
    const bool is_number = !value.empty() && read.ec == std::errc() && read.ptr == end;
    if (sign == 0 || (!is_number && value != "any" && value != "default"))
      return cli_error(ExitCode::usage, "not a change of a limit: " + in_quotes(change, 100) +
                                            " (write devices=300, devices=any or devices=default)");
    json& limit = limits[change.substr(0, sign)];
    if (is_number) limit = number;
    if (value == "any") limit = 0;
  }
  return limits;
}

Outcome<void> set_quota(const CommandLine& line, const QuotaOptions& options) {
  auto limits = read_changes(options.changes);
  if (!limits) return tl::unexpected(limits.error());
  json body{{"op", "update"}, {"user_id", options.user}, {"limits", std::move(*limits)}};
  if (auto result = ask_hub(line, admin(), Service::users, std::move(body)); !result)
    return tl::unexpected(result.error());
  return show_quota(line, options.user);
}

}  // namespace

void add_quota_command(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<QuotaOptions>();
  CLI::App* quota =
      add_command(app, "quota", "Show what a user may have and has; set limits of a user", "strawberryctl quota alice");
  quota->add_option("USER", options->user, "The user; with a login of your own, you unless said");
  quota->callback([&line, options, quota] {
    if (quota->get_subcommands().empty()) line.action = [&line, options] { return show_quota(line, options->user); };
  });

  auto changed = std::make_shared<QuotaOptions>();
  CLI::App* set = add_command(*quota, "set", "Give a user other limits than the configuration's; they hold at once",
                              "strawberryctl quota set alice devices=300 tokens_per_day=default");
  set->add_option("USER", changed->user, "The user")->required();
  set->add_option("CHANGE", changed->changes,  // a later CLI11 takes no name with a '='
                  "LIMIT=VALUE: devices, skills, sessions, messages, stored_bytes, chats_per_minute, tokens_per_day; a "
                  "number, any, or default for the configuration's again")
      ->required();
  set->callback([&line, changed] { line.action = [&line, changed] { return set_quota(line, *changed); }; });
}

}  // namespace strawberry::cli
