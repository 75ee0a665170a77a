/// `strawberryctl audit`: lists the audit log, newest first.
#include <CLI/App.hpp>
#include <iostream>
#include <memory>

#include "cli/command_line.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "common/text/clock.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

struct AuditOptions {
  std::string since;
  std::string until;
  std::string user;
  std::string action;
  std::size_t limit = 50;
};

/// Reads a time, or a duration before now.
Outcome<std::string> moment(const std::string& option, const std::string& text) {
  if (parse_rfc3339(text)) return text;
  const auto ago = duration_of(option, text);
  if (!ago)
    return cli_error(ExitCode::usage, option + " " + in_quotes(text, 40) +
                                          ": write a time such as 2026-01-31T12:00:00Z, " +
                                          "or how long ago, such as 7d or 12h");
  return format_rfc3339(SystemClock().wall_now() - *ago);
}

void print_line(const json& entry) {
  const auto shown = [&entry](const char* member) {
    const auto text = entry.contains(member) ? show_member(entry, member, 200) : std::string();
    return text.empty() ? std::string("-") : text;
  };
  std::cout << local_time(shown("ts")) << "  " << shown("outcome") << "  " << shown("action") << "  by "
            << shown("actor") << "  for " << shown("user") << "  on " << shown("subject");
  if (entry.contains("reason")) std::cout << "  (" << shown("reason") << ")";
  std::cout << "\n";
}

Outcome<void> show_audit(const CommandLine& line, const AuditOptions& options) {
  constexpr std::size_t page_max = 200;
  json query{{"op", "audit"}};
  for (const auto& [member, option, text] :
       {std::tuple("since", "--since", options.since), std::tuple("until", "--until", options.until)}) {
    if (text.empty()) continue;
    auto when = moment(option, text);
    if (!when) return tl::unexpected(when.error());
    query[member] = *when;
  }
  if (!options.user.empty()) query["user"] = options.user;
  if (!options.action.empty()) query["action"] = options.action;
  for (std::size_t left = options.limit; left > 0;) {
    query["limit"] = std::min(left, page_max);
    auto page = ask_hub(line, admin(), Service::users, query);
    if (!page) return tl::unexpected(page.error());
    for (const json& entry : page->value("lines", json::array())) {
      if (line.json) {
        std::cout << entry.dump() << "\n";
      } else {
        print_line(entry);
      }
      --left;
    }
    if (!page->contains("next_cursor")) break;
    query["cursor"] = page->at("next_cursor");
  }
  return {};
}

}  // namespace

void add_audit_command(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<AuditOptions>();
  CLI::App* audit = add_command(app, "audit", "Show who did what for whom, newest first",
                                "strawberryctl audit --since 7d --user alice");
  audit->add_option("--since", options->since, "Only from this time on: 2026-01-31T12:00:00Z, or 7d ago");
  audit->add_option("--until", options->until, "Only before this time");
  audit->add_option("--user", options->user, "Only what this user did, or what was done for them");
  audit->add_option("--action", options->action, "Only this action, such as devices.update or update");
  audit->add_option("--limit", options->limit, "At most so many lines")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  audit->callback([&line, options] { line.action = [&line, options] { return show_audit(line, *options); }; });
}

}  // namespace strawberry::cli
