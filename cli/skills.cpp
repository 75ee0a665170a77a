/// `strawberryctl skills [query]`: what the devices of a user can do now.
#include <CLI/App.hpp>
#include <iostream>

#include "cli/command_line.h"
#include "cli/terminal.h"
#include "cli/text.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

struct SkillsOptions {
  std::vector<std::string> query;
  std::string user;
  std::string device;
};

std::string devices_of(const json& found) {
  std::string names;
  std::size_t shown = 0;
  for (const json& name : found.value("devices", json::array())) {
    names += (names.empty() ? "" : ", ") + show_value(name, 128);
    ++shown;
  }
  const auto count = found.find("device_count");
  if (count != found.end() && count->is_number_unsigned() && count->get<std::size_t>() > shown) {
    names += " and " + std::to_string(count->get<std::size_t>() - shown) + " more";
  }
  return names;
}

Outcome<void> show_skills(const CommandLine& line, const SkillsOptions& options) {
  auto who = choose_who(line, options.user, options.device);
  if (!who) return tl::unexpected(who.error());
  std::string query;
  for (const std::string& word : options.query) query += (query.empty() ? "" : " ") + word;
  json body = acting_for(*who, options.user);
  body.update({{"op", "search"}, {"query", query}});
  auto result = ask_hub(line, *who, Service::skills, std::move(body));
  if (!result) return tl::unexpected(result.error());
  if (line.json) {
    std::cout << result->dump() << "\n";
    return {};
  }
  std::vector<std::vector<std::string>> rows;
  for (const json& found : result->value("results", json::array())) {
    const std::string path = show_member(found, "path");
    rows.push_back({path.substr(0, path.find('.') + 1) + show_member(found, "signature"), devices_of(found),
                    show_member(found, "summary")});
  }
  if (rows.empty()) {
    std::cout << (query.empty() ? "no device offers a skill now\n"
                                : "no skill fits; see all with: strawberryctl skills\n");
    return {};
  }
  std::cout << table({"SKILL", "ON", "WHAT IT DOES"}, rows, terminal_columns());
  return {};
}

}  // namespace

void add_skills_command(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<SkillsOptions>();
  CLI::App* command =
      add_command(app, "skills", "Show the skills of a user's devices", "strawberryctl skills play song");
  command->add_option("QUERY", options->query, "Only those that fit these words");
  command->add_option("--user", options->user, "This user's; default: the only one there is");
  command->add_option("--as-device", options->device, "As this device sees them: its id, or its name");
  command->callback([&line, options] { line.action = [&line, options] { return show_skills(line, *options); }; });
}

}  // namespace strawberry::cli
