/// `strawberryctl device show|update|room`: the room, other names and skills of a device.
#include <CLI/App.hpp>
#include <iostream>
#include <memory>

#include "cli/command_line.h"
#include "cli/device_lookup.h"
#include "cli/text.h"
#include "common/text/json_text.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

struct AboutOptions {
  std::string device;
  std::string user;
  std::string name;
  std::string room;
  std::vector<std::string> aliases;
  std::vector<std::string> capabilities;
  std::string metadata;
  bool has_no_room = false;
  bool has_no_aliases = false;
  bool has_no_capabilities = false;
};

std::string text_of(const json& entry, const char* name) {
  const auto found = entry.find(name);
  return found == entry.end() || found->is_null() ? "-" : show_member(entry, name, 200);
}

std::string words_of(const json& entry, const char* name) {
  std::vector<std::string> words;
  for (const json& word : entry.value(name, json::array())) words.push_back(show_value(word, 200));
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text.empty() ? "-" : text;
}

void print_device(const json& entry) {
  std::cout << "device id     " << text_of(entry, "device_id") << "\n"
            << "name          " << text_of(entry, "name") << " (calls name it " << text_of(entry, "normalized_name")
            << ")\n"
            << "user          " << text_of(entry, "user_id") << "\n"
            << "room          " << text_of(entry, "room") << "\n"
            << "aliases       " << words_of(entry, "aliases") << "\n"
            << "capabilities  " << words_of(entry, "capabilities") << "\n"
            << "skills        " << text_of(entry, "skill_count") << "\n"
            << "last seen     "
            << local_time(entry.value("last_seen", json()).is_string() ? text_of(entry, "last_seen") : "") << "\n"
            << "metadata      " << text_of(entry, "metadata") << "\n";
}

Outcome<void> ask_about(const CommandLine& line, const AboutOptions& options, json body) {
  auto device = found_device(line, options.device, options.user);
  if (!device) return tl::unexpected(device.error());
  body["device_id"] = device->id;
  auto result = ask_hub(line, admin(), Service::devices, std::move(body));
  if (!result) return tl::unexpected(result.error());
  if (line.json) {
    std::cout << result->dump() << "\n";
  } else {
    print_device(*result);
  }
  return {};
}

Outcome<void> show_device(const CommandLine& line, const AboutOptions& options) {
  return ask_about(line, options, {{"op", "get"}});
}

Outcome<void> update_device(const CommandLine& line, const AboutOptions& options) {
  json body{{"op", "update"}};
  if (!options.name.empty()) body["name"] = options.name;
  if (!options.room.empty()) body["room"] = options.room;
  if (options.has_no_room) body["room"] = nullptr;
  if (!options.aliases.empty()) body["aliases"] = options.aliases;
  if (options.has_no_aliases) body["aliases"] = json::array();
  if (!options.capabilities.empty()) body["capabilities"] = options.capabilities;
  if (options.has_no_capabilities) body["capabilities"] = json::array();
  if (!options.metadata.empty()) {
    body["metadata"] = json_from(options.metadata);
    if (!body["metadata"].is_object())
      return cli_error(ExitCode::usage, "--metadata is no JSON object (write '{\"bought\":\"2026-01-31\"}')");
  }
  if (body.size() == 1) return cli_error(ExitCode::usage, "nothing to change (see strawberryctl device update --help)");
  return ask_about(line, options, std::move(body));
}

Outcome<void> move_device(const CommandLine& line, const AboutOptions& options) {
  if (options.room.empty() != options.has_no_room)
    return cli_error(ExitCode::usage, "say the room, or --none to take the device out of its room");
  json body{{"op", "update"}, {"room", nullptr}};
  if (!options.room.empty()) body["room"] = options.room;
  return ask_about(line, options, std::move(body));
}

CLI::App* add_about_command(CLI::App& device, CommandLine& line, const std::string& name, const std::string& what,
                            const std::string& example, const std::shared_ptr<AboutOptions>& options,
                            Outcome<void> (*act)(const CommandLine&, const AboutOptions&)) {
  CLI::App* command = add_command(device, name, what, example);
  command->add_option("DEVICE", options->device, "The device's id, or its name")->required();
  command->add_option("--user", options->user, "Whose device it is, when several users have one of that name");
  command->callback([&line, options, act] { line.action = [&line, options, act] { return act(line, *options); }; });
  return command;
}

}  // namespace

void add_device_about_commands(CLI::App& device, CommandLine& line) {
  add_about_command(device, line, "show", "Show what is known of a device",
                    "strawberryctl device show 'Kitchen Tablet'", std::make_shared<AboutOptions>(), show_device);

  auto moved = std::make_shared<AboutOptions>();
  CLI::App* room =
      add_about_command(device, line, "room", "Say in which room a device is, so that calls and chats can name it",
                        "strawberryctl device room 'Ceiling Lamp' Kitchen", moved, move_device);
  room->add_option("ROOM", moved->room, "What people call the room");
  room->add_flag("--none", moved->has_no_room, "It is in no room");

  auto updated = std::make_shared<AboutOptions>();
  CLI::App* update = add_about_command(
      device, line, "update", "Change what is said of a device; what is not named stays",
      "strawberryctl device update 'Ceiling Lamp' --room Kitchen --alias 'Big Light' --capability light.dimmable:v1.0",
      updated, update_device);
  update->add_option("--name", updated->name, "What people call it");
  update->add_option("--room", updated->room, "The room it is in");
  update->add_flag("--no-room", updated->has_no_room, "It is in no room");
  update->add_option("--alias", updated->aliases, "What else people call it, instead of those it had; may be repeated")
      ->allow_extra_args(false);
  update->add_flag("--no-aliases", updated->has_no_aliases, "It has no other names");
  update
      ->add_option("--capability", updated->capabilities,
                   "What it can do, instead of those it had, such as motor.differential:v1.0; may be repeated")
      ->allow_extra_args(false);
  update->add_flag("--no-capabilities", updated->has_no_capabilities, "Nothing is said of what it can do");
  update->add_option("--metadata", updated->metadata, "A JSON object of your own, instead of the one it had");
}

}  // namespace strawberry::cli
