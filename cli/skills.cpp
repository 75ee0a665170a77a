/// `strawberryctl skills [query]`: what the devices of a user can do now.
#include <CLI/App.hpp>
#include <iostream>

#include "cli/command_line.h"
#include "cli/terminal.h"
#include "cli/text.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

constexpr int skills_page_max = 500;
constexpr std::size_t skills_pages_max = 200;  // the hub gives up before, at 5 000 skills, unless their texts are huge

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

/// All pages of a search as one result.
Outcome<json> found_skills(const CommandLine& line, const Who& who, json body) {
  body["limit"] = skills_page_max;
  auto whole = ask_hub(line, who, Service::skills, body);
  for (std::size_t pages = 1; whole && whole->contains("next_cursor"); ++pages) {
    if (pages == skills_pages_max)
      return cli_error(ExitCode::refused, "too many skills to show (search with more words)");
    body["cursor"] = whole->at("next_cursor");
    whole->erase("next_cursor");
    auto page = ask_hub(line, who, Service::skills, body);
    if (!page) return page;
    for (json& found : page->at("results")) whole->at("results").push_back(std::move(found));
    if (page->contains("next_cursor")) whole->emplace("next_cursor", page->at("next_cursor"));
  }
  return whole;
}

Outcome<void> show_skills(const CommandLine& line, const SkillsOptions& options) {
  auto who = choose_who(line, options.user, options.device);
  if (!who) return tl::unexpected(who.error());
  std::string query;
  for (const std::string& word : options.query) query += (query.empty() ? "" : " ") + word;
  json body = acting_for(*who, options.user);
  body.update({{"op", "search"}, {"query", query}});
  auto result = found_skills(line, *who, std::move(body));
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
