/// `strawberryctl call`: one skill call, as a user or as a device, through the hub.
#include <CLI/App.hpp>
#include <iostream>

#include "bridge/cli/command_line.h"
#include "bridge/cli/text.h"

namespace strawberry::cli {
namespace {

struct CallOptions {
  std::string path;
  std::vector<std::string> words;
  std::string user;
  std::string device;
};

Outcome<void> call(const CommandLine& line, const CallOptions& options) {
  auto arguments = parse_call_arguments(options.words);
  if (!arguments) return cli_error(ExitCode::usage, arguments.error().message);
  auto who = choose_who(line.data_dir(), options.user, options.device);
  if (!who) return tl::unexpected(who.error());
  nlohmann::json body{{"op", "call"},
                      {"skill_path", options.path},
                      {"args", std::move(arguments->args)},
                      {"kwargs", std::move(arguments->kwargs)}};
  auto result = ask_hub(line, *who, Service::skills, std::move(body));
  if (!result) return tl::unexpected(result.error());
  if (line.json) {
    std::cout << result->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  } else if (result->is_string()) {
    std::cout << printable_lines(result->get_ref<const std::string&>(), result->size() + 256 * 1024) << "\n";
  } else {
    std::cout << show_value(*result, 256 * 1024) << "\n";
  }
  return {};
}

}  // namespace

void add_call_command(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<CallOptions>();
  CLI::App* command =
      add_command(app, "call", "Call a skill and print what it returns",
                  "strawberryctl call living_room_speaker.MusicControlSkill.play_song Yesterday volume=20");
  command->add_option("SKILL", options->path, "TARGET.Class.method, or Class.method when only one device has it")
      ->required();
  command->add_option("ARGUMENT", options->words,
                      "JSON when it reads as JSON, else text; name=value for a named one; after -- anything goes");
  command->add_option("--user", options->user, "As this user; default: the only one there is");
  command->add_option("--as-device", options->device, "As this device: its id, or its name");
  command->callback([&line, options] { line.action = [&line, options] { return call(line, *options); }; });
}

}  // namespace strawberry::cli
