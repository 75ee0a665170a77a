/// `strawberryctl device add|list|revoke|delete`: the hub's devices, as its admin.
#include <CLI/App.hpp>
#include <iostream>

#include "bridge/cli/command_line.h"
#include "bridge/cli/terminal.h"
#include "bridge/cli/text.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

struct DeviceOptions {
  std::string name;
  std::string user;
  std::string output;
  std::string mosquitto;
};

std::string text(const json& object, const char* member) {
  const auto found = object.find(member);
  if (found == object.end() || found->is_null()) return "";
  return show_value(*found, 200);
}

bool is_true(const json& object, const char* member) {
  const auto found = object.find(member);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

Outcome<void> add_device(const CommandLine& line, const DeviceOptions& options) {
  auto owner = user(options.user);
  if (!owner) return tl::unexpected(owner.error());
  json body{{"op", "register"}, {"name", options.name}, {"user_id", options.user}};
  auto result = ask_hub(line, admin(), Service::devices, std::move(body));
  if (!result) return tl::unexpected(result.error());
  const auto token = result->find("access_token");
  if (token == result->end() || !token->is_string()) return cli_error(ExitCode::refused, "the hub sent no token");
  const std::string token_text = show_value(*token, token_bytes_max);
  if (!options.output.empty()) {
    auto written = write_secret_file(options.output, token_text + "\n", /*replace=*/false);
    if (!written) return written;
    (*result)["token_file"] = options.output;
  }
  if (!options.mosquitto.empty()) {
    auto endpoint = line.endpoint();
    if (!endpoint) return tl::unexpected(endpoint.error());
    auto written = write_mosquitto_options(options.mosquitto, *endpoint, text(*result, "device_id"), token_text);
    if (!written) return written;
    (*result)["mosquitto_options"] = options.mosquitto;
  }
  const bool prints_token = options.output.empty() && options.mosquitto.empty();
  if (!prints_token) result->erase("access_token");
  if (line.json) {
    std::cout << result->dump() << "\n";
    return {};
  }
  std::cout << "name       " << text(*result, "name") << "\n"
            << "device id  " << text(*result, "device_id") << "\n";
  if (prints_token) std::cout << "token      " << token_text << "\n";
  if (!options.output.empty()) std::cout << "token      in " << options.output << "\n";
  if (!options.mosquitto.empty()) {
    std::cout << "try it     XDG_CONFIG_HOME=" << options.mosquitto << " mosquitto_sub -v -t 'hub/+'\n";
  }
  return {};
}

Outcome<void> list_devices(const CommandLine& line, const DeviceOptions& options) {
  json body{{"op", "list"}};
  if (!options.user.empty()) body["user_id"] = options.user;
  auto result = ask_hub(line, admin(), Service::devices, std::move(body));
  if (!result) return tl::unexpected(result.error());
  if (line.json) {
    std::cout << result->dump() << "\n";
    return {};
  }
  std::vector<std::vector<std::string>> rows;
  for (const json& entry : result->value("devices", json::array())) {
    const bool active = is_true(entry, "is_active");
    const std::string state = !active ? "revoked" : is_true(entry, "online") ? "online" : "offline";
    rows.push_back({text(entry, "device_id"), text(entry, "name"), text(entry, "user_id"), state,
                    text(entry, "skill_count"), local_time(text(entry, "last_seen"))});
  }
  if (rows.empty()) {
    std::cout << "no devices; add one with: strawberryctl device add NAME --user USER\n";
    return {};
  }
  std::cout << table({"DEVICE ID", "NAME", "USER", "STATE", "SKILLS", "LAST SEEN"}, rows, terminal_columns());
  return {};
}

Outcome<void> end_device(const CommandLine& line, const DeviceOptions& options, const std::string& op,
                         const std::string& done) {
  auto directory = open_directory(line.data_dir());
  if (!directory) return tl::unexpected(directory.error());
  auto record = find_device(**directory, options.name, options.user);
  if (!record) return tl::unexpected(record.error());
  const json body{{"op", op}, {"device_id", (*record)->device_id}};
  auto result = ask_hub(line, admin(), Service::devices, body);
  if (!result) return tl::unexpected(result.error());
  if (line.json) {
    std::cout << result->dump() << "\n";
  } else {
    std::cout << done << " " << printable((*record)->name, 128) << " (" << (*record)->device_id << ")\n";
  }
  return {};
}

void add_end_command(CLI::App& device, CommandLine& line, const std::string& op, const std::string& done,
                     const std::string& what) {
  auto options = std::make_shared<DeviceOptions>();
  CLI::App* command = add_command(device, op, what, "strawberryctl device " + op + " 'Kitchen Tablet'");
  command->add_option("DEVICE", options->name, "The device's id, or its name")->required();
  command->add_option("--user", options->user, "Whose device it is, when several users have one of that name");
  command->callback([&line, options, op, done] {
    line.action = [&line, options, op, done] { return end_device(line, *options, op, done); };
  });
}

}  // namespace

void add_device_command(CLI::App& app, CommandLine& line) {
  CLI::App* device = add_command(app, "device", "Add, list, revoke and delete devices", "strawberryctl device list");
  device->require_subcommand(1);

  auto added = std::make_shared<DeviceOptions>();
  CLI::App* add = add_command(*device, "add", "Register a device and print its id and its token",
                              "strawberryctl device add 'Kitchen Tablet' --user alice");
  add->add_option("NAME", added->name, "What people call the device")->required();
  add->add_option("--user", added->user, "Whose device it is")->required();
  add->add_option("--output", added->output, "Write the token to this new file (mode 0600) and do not print it");
  add->add_option("--mosquitto", added->mosquitto,
                  "Write what mosquitto_sub and mosquitto_pub need to connect as it into this directory (mode 0700)");
  add->callback([&line, added] { line.action = [&line, added] { return add_device(line, *added); }; });

  auto listed = std::make_shared<DeviceOptions>();
  CLI::App* list = add_command(*device, "list", "Show the devices", "strawberryctl device list --user alice");
  list->add_option("--user", listed->user, "Only this user's");
  list->callback([&line, listed] { line.action = [&line, listed] { return list_devices(line, *listed); }; });

  add_end_command(*device, line, "revoke", "revoked", "Disconnect a device and make its tokens worthless");
  add_end_command(*device, line, "delete", "deleted", "Forget a device, its skills and its status");
}

}  // namespace strawberry::cli
