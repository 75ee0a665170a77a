/// `strawberryctl token list`: lists the tokens that 'token issue' and the hub issued, from the running hub or from the
/// files of one that does not run.
#include <CLI/App.hpp>
#include <algorithm>
#include <iostream>

#include "cli/command_line.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "cli/token_hub.h"
#include "cli/token_names.h"
#include "common/contract/device_name.h"
#include "common/identity/token_line.h"
#include "common/text/json_text.h"

namespace strawberry::cli {
namespace {

struct ListOptions {
  std::string user;
  bool all = false;
  std::int64_t limit = 1'000;
};

nlohmann::json as_json(const bridge::IssuedToken& token) {
  nlohmann::json shown{
      {"name", token.name},
      {"type", token.type},
      {"id", token.subject},
      {"user_id", token.user_id},
      {"jti", token.jti},
      {"parent", token.parent_jti.empty() ? nlohmann::json(nullptr) : nlohmann::json(token.parent_jti)},
      {"root", token.root_jti},
      {"issued_at", format_rfc3339(from_unix_ms(token.issued_at_ms))},
      {"expires_at", format_rfc3339(from_unix_ms(token.expires_at_ms))},
      {"state", to_string(token.state)}};
  if (token.scope) shown["scope"] = *token.scope;
  if (token.skills) shown["skills"] = json_from(*token.skills);
  shown["last_used"] = nullptr;
  if (token.last_used_ms) shown["last_used"] = format_rfc3339(from_unix_ms(*token.last_used_ms));
  return shown;
}

/// Returns its permissions in a few words.
std::string rights_of(const bridge::IssuedToken& token) {
  if (!token.scope && !token.skills) return "all";
  std::string words = token.scope ? printable(*token.scope, scope_bytes_max) : "any scope";
  if (token.skills) words += " " + printable(*token.skills, 2 * skill_patterns_bytes_max);
  return words;
}

void print(const std::vector<bridge::IssuedToken>& tokens) {
  std::vector<std::vector<std::string>> rows;
  rows.reserve(tokens.size());
  for (const bridge::IssuedToken& token : tokens) {
    rows.push_back({token.name.empty() ? "-" : printable(token.name, device_name_bytes_max), whose_token(token),
                    local_time(from_unix_ms(token.issued_at_ms)), local_time(from_unix_ms(token.expires_at_ms)),
                    token.last_used_ms ? local_time(from_unix_ms(*token.last_used_ms)) : "never",
                    std::string(to_string(token.state)), printable(token.jti, 64),
                    token.parent_jti.empty() ? "-" : printable(token.parent_jti, 64), rights_of(token)});
  }
  std::cout << table({"NAME", "FOR", "ISSUED", "EXPIRES", "LAST USED", "STATE", "JTI", "PARENT", "MAY"}, rows,
                     terminal_columns());
}

Outcome<void> list(const CommandLine& line, const ListOptions& options) {
  bridge::TokenQuery query;
  query.user_id = options.user;
  query.only_live = !options.all;
  query.limit = options.limit;
  auto list = list_of_tokens(line, query);
  if (!list) return tl::unexpected(list.error());
  if (!options.user.empty()) {
    if (auto known = check_user(line.data_dir(), options.user); !known) return known;
  }
  if (line.json) {
    auto listed = nlohmann::json::array();
    for (const bridge::IssuedToken& token : list->tokens) listed.push_back(as_json(token));
    std::cout << nlohmann::json{{"tokens", std::move(listed)}, {"total", list->total}}.dump() << "\n";
    return {};
  }
  if (!list->tokens.empty()) {
    print(list->tokens);
    const std::int64_t more = list->total - static_cast<std::int64_t>(list->tokens.size());
    if (more > 0) std::cout << "and " << more << " more: see them with --limit " << list->total << ", or say --user\n";
    return {};
  }
  query.only_live = false;
  query.limit = 1;
  list = list_of_tokens(line, query);
  if (!list) return tl::unexpected(list.error());
  if (list->total > 0) {
    std::cout << "no live tokens; see the " << list->total << " others with: strawberryctl token list --all\n";
  } else {
    std::cout << "no tokens; issue one with: strawberryctl token issue --user USER --name NAME --ttl 365d\n";
  }
  return {};
}

}  // namespace

Outcome<void> check_token_name(const std::string& name) {
  if (name.size() > device_name_bytes_max) {
    return cli_error(ExitCode::usage, "--name: at most " + std::to_string(device_name_bytes_max) + " bytes");
  }
  if (printable(name, 8 * device_name_bytes_max) != name) {
    return cli_error(ExitCode::usage, "--name: UTF-8 without control characters, not " + in_quotes(name));
  }
  if (!name.empty() && (name.front() == ' ' || name.back() == ' ')) {
    return cli_error(ExitCode::usage, "--name: without spaces at its ends, not " + in_quotes(name));
  }
  return {};
}

std::set<std::string> kids_of(const KeySet& keys) {
  std::set<std::string> kids;
  for (const Key& key : keys.keys()) kids.insert(key.kid());
  return kids;
}

Outcome<bridge::TokenList> list_of_tokens(const DataDir& dir, const bridge::TokenQuery& query) {
  // Fails with a remedy when there is no hub.
  if (auto directory = open_directory(dir); !directory) return tl::unexpected(directory.error());
  auto keys = load_keys(dir);
  if (!keys) return tl::unexpected(keys.error());
  auto tokens = bridge::issued_tokens(dir.database(), kids_of(*keys), to_unix_ms(SystemClock().wall_now()), query);
  if (!tokens) return cli_error(ExitCode::local, printable(tokens.error().message, 400));
  return std::move(*tokens);
}

Outcome<bridge::TokenList> list_of_tokens(const CommandLine& line, const bridge::TokenQuery& query) {
  auto listed = hubs_tokens(line, query);
  if (listed || listed.error().code != ExitCode::unreachable) return listed;
  const auto login = line.login();
  if (!login || *login) return listed;
  return list_of_tokens(line.data_dir(), query);
}

std::string whose_token(const bridge::IssuedToken& token) {
  const std::string subject = printable(token.subject, 64);
  const std::string user = printable(token.user_id, 64);
  if (token.type == "device") return "device " + subject + " of " + user;
  if (token.type == "enroll") return "a new device of " + user;
  if (token.type == "grant" && token.subject.starts_with(operator_id_prefix)) return "a login link for the first admin";
  if (token.type == "grant")
    return (token.subject.starts_with(sign_in_id_prefix) ? "a login link of " : "the next tokens of a program of ") +
           user;
  return token.type == "user" ? "user " + subject : printable(token.type, 16);
}

void add_token_list_command(CLI::App& token, CommandLine& line) {
  auto options = std::make_shared<ListOptions>();
  CLI::App* command =
      add_command(token, "list", "Show the tokens that were given out, each with the one it was made from",
                  "strawberryctl token list --user alice");
  command->add_option("--user", options->user, "Only this user's and those of their devices");
  command->add_flag("--all", options->all, "Also those that have expired or were revoked");
  command->add_option("--limit", options->limit, "At most so many; default: 1000")
      ->check(CLI::Range(std::int64_t{1}, bridge::issued_tokens_max));
  command->callback([&line, options] { line.action = [&line, options] { return list(line, *options); }; });
}

}  // namespace strawberry::cli
