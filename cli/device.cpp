/// `strawberryctl device add|list|rename|revoke|restore|delete`: the hub's devices, as its admin.
#include <unistd.h>

#include <CLI/App.hpp>
#include <iostream>
#include <set>

#include "cli/command_line.h"
#include "cli/device_lookup.h"
#include "cli/known_devices.h"
#include "cli/nearest.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "cli/token_times.h"
#include "common/text/ids.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

struct DeviceOptions {
  std::string name;
  std::string user;
  std::string output;
  std::string mosquitto;
  std::string new_name;
  std::string room;
  std::string capability;
  bool yes = false;
};

std::string text(const json& object, const char* member) { return show_member(object, member, 200); }

/// Where the token is to go. Checked before the hub is asked, since the hub registers the device even if its token
/// cannot be written afterwards.
class Destination {
 public:
  explicit Destination(const DeviceOptions& options) : options_(options) {}
  Destination(const Destination&) = delete;
  Destination& operator=(const Destination&) = delete;
  ~Destination() {
    // Fails when there is something in it.
    if (is_new_directory_) ::rmdir(options_.mosquitto.c_str());
  }
  Outcome<void> prepare() {
    if (!options_.output.empty()) {
      if (auto writable = check_new_file(options_.output); !writable) return writable;
    }
    if (options_.mosquitto.empty()) return {};
    auto made = make_private_directory(options_.mosquitto);
    if (!made) return tl::unexpected(made.error());
    is_new_directory_ = *made;
    return {};
  }

 private:
  const DeviceOptions& options_;
  bool is_new_directory_ = false;
};

/// Writes the token of a new device to the requested files, else to standard output.
Outcome<void> hand_over(const CommandLine& line, const DeviceOptions& options, json result, const std::string& note) {
  const auto token = result.find("access_token");
  if (token == result.end() || !token->is_string()) return cli_error(ExitCode::refused, "the hub sent no token");
  const std::string token_text = show_value(*token, token_bytes_max);
  const auto times = times_of(token_text);
  if (!options.output.empty()) {
    auto written = write_secret_file(options.output, token_text + "\n", /*replace=*/false);
    if (!written) return written;
    result["token_file"] = options.output;
  }
  if (!options.mosquitto.empty()) {
    auto endpoint = line.endpoint();
    if (!endpoint) return tl::unexpected(endpoint.error());
    auto written = write_mosquitto_options(options.mosquitto, *endpoint, text(result, "device_id"), token_text);
    if (!written) return written;
    result["mosquitto_options"] = options.mosquitto;
  }
  result["user_name"] = text(result, "device_id");
  if (times) result["expires_at"] = format_rfc3339(times->expires_at);
  const bool prints_token = options.output.empty() && options.mosquitto.empty();
  if (!prints_token) result.erase("access_token");
  if (line.json) {
    std::cout << result.dump() << "\n";
    return {};
  }
  std::cout << "name       " << text(result, "name") << "\n"
            << "device id  " << text(result, "device_id") << "\n";
  if (!note.empty()) std::cout << note << "\n";
  std::cout << "user name  " << text(result, "device_id") << " (the token is the password)\n";
  if (prints_token) std::cout << "token      " << token_text << "\n";
  if (!options.output.empty()) std::cout << "token      in " << options.output << "\n";
  if (times) std::cout << "valid      until " << local_and_utc(times->expires_at) << "\n";
  if (!options.mosquitto.empty()) {
    std::cout << "try it     XDG_CONFIG_HOME=" << options.mosquitto << " mosquitto_sub -v -t 'hub/+'\n";
  }
  return {};
}

/// Names the device's owner, and tells if that user is new: a mistyped name makes a new user.
std::string note_of_user(const CommandLine& line, const std::string& user_id) {
  std::set<std::string> users;
  if (const auto listed = listed_devices(line, "")) {
    for (const KnownDevice& device : known_devices(*listed)) users.insert(device.user);
  }
  if (!users.contains(user_id)) users.merge(known_users(line.data_dir()));
  if (users.contains(user_id)) return "user       " + user_id;
  const std::string nearest = nearest_to(user_id, users);
  return "user       " + user_id + ", who is new" + (nearest.empty() ? "" : " (there is also " + nearest + ")");
}

/// As hand_over(); an error also says what the hub has done, and how to get another token.
Outcome<void> hand_over_or_tell(const CommandLine& line, const DeviceOptions& options, json result,
                                const std::string& note, const std::string& done) {
  const std::string id = text(result, "device_id");
  auto handed = hand_over(line, options, std::move(result), note);
  if (handed) return handed;
  return cli_error(handed.error().code, handed.error().message + "; the device " + id + " is " + done +
                                            ": get it a token with 'strawberryctl token issue --device " + id + "'");
}

Outcome<void> add_device(const CommandLine& line, const DeviceOptions& options) {
  auto owner = user(options.user);
  if (!owner) return tl::unexpected(owner.error());
  Destination destination(options);
  if (auto ready = destination.prepare(); !ready) return ready;
  const std::string note = note_of_user(line, options.user);
  json body{{"op", "register"}, {"name", options.name}, {"user_id", options.user}};
  auto result = ask_hub(line, admin(), Service::devices, std::move(body));
  if (!result) return tl::unexpected(result.error());
  return hand_over_or_tell(line, options, std::move(*result), note, "registered");
}

Outcome<void> list_devices(const CommandLine& line, const DeviceOptions& options) {
  json filter = json::object();
  if (!options.room.empty()) filter["room"] = options.room;
  if (!options.capability.empty()) filter["capability"] = options.capability;
  auto result = listed_devices(line, options.user, filter);
  if (!result) return tl::unexpected(result.error());
  if (line.json) {
    std::cout << result->dump() << "\n";
    return {};
  }
  std::vector<std::vector<std::string>> rows;
  for (const json& entry : result->value("devices", json::array())) {
    const bool active = is_true(entry, "is_active");
    const std::string state = !active ? "revoked" : is_true(entry, "online") ? "online" : "offline";
    const std::string room = entry.value("room", json()).is_string() ? text(entry, "room") : "";
    rows.push_back({text(entry, "device_id"), text(entry, "name"), text(entry, "user_id"), state,
                    text(entry, "skill_count"), room, local_time(text(entry, "last_seen"))});
  }
  if (rows.empty()) {
    std::cout << (filter.empty() ? "no devices; add one with: strawberryctl device add NAME --user USER\n"
                                 : "no such devices\n");
    return {};
  }
  std::cout << table({"DEVICE ID", "NAME", "USER", "STATE", "SKILLS", "ROOM", "LAST SEEN"}, rows, terminal_columns());
  return {};
}

/// Asks on a terminal; programs must pass --yes.
Outcome<void> confirm_deletion(const KnownDevice& device) {
  const std::string what = shown(device) + " of " + device.user;
  if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDERR_FILENO) != 1) {
    return cli_error(ExitCode::usage, "deleting " + what + " cannot be undone: say --yes if that is meant");
  }
  std::cerr << "Delete " << what << ", its skills and its status? This cannot be undone. [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "Y" || answer == "yes") return {};
  return cli_error(ExitCode::usage, "nothing was deleted");
}

Outcome<void> end_device(const CommandLine& line, const DeviceOptions& options, const std::string& op,
                         const std::string& done) {
  auto device = found_device(line, options.name, options.user);
  if (!device) return tl::unexpected(device.error());
  if (op == "delete" && !options.yes) {
    if (auto confirmed = confirm_deletion(*device); !confirmed) return confirmed;
  }
  const json body{{"op", op}, {"device_id", device->id}};
  auto result = ask_hub(line, admin(), Service::devices, body);
  if (!result) return tl::unexpected(result.error());
  if (line.json) {
    std::cout << result->dump() << "\n";
  } else {
    std::cout << done << " " << shown(*device) << "\n";
  }
  return {};
}

Outcome<void> rename_device(const CommandLine& line, const DeviceOptions& options) {
  auto device = found_device(line, options.name, options.user);
  if (!device) return tl::unexpected(device.error());
  const json body{{"op", "update"}, {"device_id", device->id}, {"name", options.new_name}};
  auto result = ask_hub(line, admin(), Service::devices, body);
  if (!result) return tl::unexpected(result.error());
  if (line.json) {
    std::cout << result->dump() << "\n";
    return {};
  }
  // The hub may have added a number, since two devices of a user never have the same name.
  std::cout << "renamed " << shown(*device) << " to " << text(*result, "name") << "\n";
  return {};
}

/// Restores a revoked device with its skills and a new token. Its old tokens stay invalid.
Outcome<void> restore_device(const CommandLine& line, const DeviceOptions& options) {
  auto device = found_device(line, options.name, options.user);
  if (!device && device.error().code != ExitCode::usage) return tl::unexpected(device.error());
  if (!device) {
    return cli_error(device.error().code, device.error().message +
                                              ". A revoked device can be restored; a deleted one cannot: add it again "
                                              "('strawberryctl device add'), or restore a backup of the hub");
  }
  if (device->is_active) {
    return cli_error(ExitCode::usage, "the device " + shown(*device) + " is not revoked: nothing to restore");
  }
  Destination destination(options);
  if (auto ready = destination.prepare(); !ready) return ready;
  json body{{"op", "register"}, {"device_id", device->id}, {"name", device->name}, {"user_id", device->user}};
  auto result = ask_hub(line, admin(), Service::devices, std::move(body));
  if (!result) return tl::unexpected(result.error());
  return hand_over_or_tell(line, options, std::move(*result), "user       " + device->user, "active again");
}

CLI::App* add_one_device_command(CLI::App& device, CommandLine& line, const std::string& name, const std::string& what,
                                 const std::string& example, const std::shared_ptr<DeviceOptions>& options,
                                 Outcome<void> (*act)(const CommandLine&, const DeviceOptions&)) {
  CLI::App* command = add_command(device, name, what, example);
  command->add_option("DEVICE", options->name, "The device's id, or its name")->required();
  command->add_option("--user", options->user, "Whose device it is, when several users have one of that name");
  command->callback([&line, options, act] { line.action = [&line, options, act] { return act(line, *options); }; });
  return command;
}

void add_token_options(CLI::App& command, DeviceOptions& options) {
  command.add_option("--output", options.output, "Write the token to this new file (mode 0600) and do not print it");
  command.add_option(
      "--mosquitto", options.mosquitto,
      "Write what mosquitto_sub and mosquitto_pub need to connect as it into this directory (mode 0700)");
}

}  // namespace

void add_device_command(CLI::App& app, CommandLine& line) {
  CLI::App* device = add_command(app, "device", "Add, list, describe, rename, revoke, restore and delete devices",
                                 "strawberryctl device list");
  device->require_subcommand(1);

  auto added = std::make_shared<DeviceOptions>();
  CLI::App* add = add_command(*device, "add", "Register a device and print its id and its token",
                              "strawberryctl device add 'Kitchen Tablet' --user alice");
  add->add_option("NAME", added->name, "What people call the device")->required();
  add->add_option("--user", added->user, "Whose device it is; a new user needs no more than this")->required();
  add_token_options(*add, *added);
  add->callback([&line, added] { line.action = [&line, added] { return add_device(line, *added); }; });

  auto listed = std::make_shared<DeviceOptions>();
  CLI::App* list = add_command(*device, "list", "Show the devices", "strawberryctl device list --user alice");
  list->add_option("--user", listed->user, "Only this user's");
  list->add_option("--room", listed->room, "Only those in this room");
  list->add_option("--capability", listed->capability,
                   "Only those that can do this, such as motor.differential or motor.differential:v1");
  list->callback([&line, listed] { line.action = [&line, listed] { return list_devices(line, *listed); }; });

  auto renamed = std::make_shared<DeviceOptions>();
  CLI::App* rename =
      add_one_device_command(*device, line, "rename", "Give a device another name",
                             "strawberryctl device rename 'Kitchen Tablet' 'Hall Tablet'", renamed, rename_device);
  rename->add_option("NEW_NAME", renamed->new_name, "What people call it from now on")->required();
  add_device_about_commands(*device, line);

  add_one_device_command(
      *device, line, "revoke", "Disconnect a device and make its tokens worthless",
      "strawberryctl device revoke 'Kitchen Tablet'", std::make_shared<DeviceOptions>(),
      [](const CommandLine& l, const DeviceOptions& options) { return end_device(l, options, "revoke", "revoked"); });

  auto restored = std::make_shared<DeviceOptions>();
  CLI::App* restore = add_one_device_command(
      *device, line, "restore", "Let a revoked device in again, with a new token (a deleted one cannot come back)",
      "strawberryctl device restore 'Kitchen Tablet' --output tablet.token", restored, restore_device);
  add_token_options(*restore, *restored);

  auto deleted = std::make_shared<DeviceOptions>();
  CLI::App* remove = add_one_device_command(
      *device, line, "delete", "Forget a device, its skills and its status; there is no way back",
      "strawberryctl device delete 'Kitchen Tablet' --yes", deleted,
      [](const CommandLine& l, const DeviceOptions& options) { return end_device(l, options, "delete", "deleted"); });
  remove->add_flag("--yes", deleted->yes, "Do not ask");
}

}  // namespace strawberry::cli
