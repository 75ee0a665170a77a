#include "cli/mistyped.h"

#include <set>
#include <vector>

#include "cli/nearest.h"
#include "cli/text.h"

namespace strawberry::cli {
namespace {

/// Returns the last command that was recognised.
const CLI::App& deepest(const CLI::App& app) {
  const CLI::App* at = &app;
  for (auto chosen = at->get_subcommands(); !chosen.empty(); chosen = at->get_subcommands()) at = chosen.back();
  return *at;
}

std::set<std::string> commands_of(const CLI::App& app) {
  std::set<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!command->get_name().empty()) names.insert(command->get_name());
  }
  return names;
}

std::set<std::string> options_of(const CLI::App& app) {
  std::set<std::string> names;
  for (const CLI::App* at = &app; at != nullptr; at = at->get_parent()) {
    for (const CLI::Option* option : at->get_options([](const CLI::Option*) { return true; })) {
      for (const std::string& name : option->get_lnames()) names.insert("--" + name);
    }
  }
  return names;
}

/// An option of the command that stands in front of it.
std::string misplaced(const std::string& word, const CLI::App& at) {
  std::string command = at.get_name();
  for (const CLI::App* above = at.get_parent(); above != nullptr; above = above->get_parent())
    command = above->get_name() + " " + command;
  return "misplaced option: " + word + " (write it behind the command: " + command + " … " + word + ")";
}

std::string said_of(const std::string& what, const std::string& word, const std::set<std::string>& known) {
  const std::string near = nearest_to(word, known);
  return "unknown " + what + ": " + printable(word, 80) + (near.empty() ? "" : " (did you mean " + near + "?)");
}

}  // namespace

std::string mistyped(const CLI::App& app) {
  const CLI::App& at = deepest(app);
  const auto commands = commands_of(at);
  for (const std::string& word : app.remaining(true)) {
    if (word.rfind("--", 0) == 0 && word.size() > 2) {
      const std::string option = word.substr(0, word.find('='));
      const auto known = options_of(at);
      return known.contains(option) ? misplaced(option, at) : said_of("option", option, known);
    }
    if (word.rfind('-', 0) == 0) continue;
    if (!commands.empty()) return said_of("command", word, commands);
    return {};
  }
  return {};
}

}  // namespace strawberry::cli
