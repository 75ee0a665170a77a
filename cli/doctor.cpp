/// `strawberryctl doctor`: checks everything that may be wrong with a hub, and says how to repair it.
///
/// The facts are gathered first (doctor/gather.h), then judged (doctor/checks.h). Nothing is changed.
#include <unistd.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "cli/command_line.h"
#include "cli/doctor/checks.h"
#include "cli/doctor/gather.h"

namespace strawberry::cli {
namespace {

Outcome<void> doctor(const CommandLine& line, const GatherOptions& options) {
  const std::vector<Finding> findings = examine(gather(line, options));
  const bool is_terminal = ::isatty(STDOUT_FILENO) == 1;
  if (line.json) {
    std::cout << findings_as_json(findings).dump() << "\n";
  } else {
    std::cout << show_findings(findings, is_terminal, is_terminal && std::getenv("NO_COLOR") == nullptr);
  }
  if (is_healthy(findings)) return {};
  const auto wrong =
      std::count_if(findings.begin(), findings.end(), [](const Finding& f) { return f.verdict == Verdict::bad; });
  return cli_error(ExitCode::refused, std::to_string(wrong) + " of " + std::to_string(findings.size()) +
                                          " checks failed" + (line.json ? "" : ": see above what to do"));
}

}  // namespace

void add_doctor_command(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<GatherOptions>();
  CLI::App* command = add_command(app, "doctor", "Look for what is wrong with the hub, and say what to do about it",
                                  "strawberryctl doctor --token-file tablet.token");
  command->add_option("--mosquitto-conf", options->mosquitto_conf,
                      "The broker's configuration file; default: DATA_DIR/mosquitto.conf");
  command->add_option("--token-file", options->token_file, "Is this token good here?");
  command->add_flag("--chat", options->chat, "Also ask every language model for one word, which may cost something");
  command->callback([&line, options] { line.action = [&line, options] { return doctor(line, *options); }; });
}

}  // namespace strawberry::cli
