#include "cli/spoke/spoke_command.h"

#include <CLI/App.hpp>
#include <algorithm>
#include <csignal>
#include <exception>
#include <filesystem>
#include <iostream>

#include "bridge/adapters/curl/curl_client.h"
#include "cli/connect_directory.h"
#include "cli/spoke/command_skills.h"
#include "cli/spoke/discovery_run/discovery_options.h"
#include "cli/spoke/mcp/mcp_options.h"
#include "cli/spoke/skill_file.h"
#include "cli/spoke/spoke_device.h"
#include "cli/text.h"
#include "common/contract/device_name.h"
#include "common/runtime/asio.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

struct SpokeOptions {
  std::string skills;
  std::string device;
  std::string user;
  McpOptions mcp;
  discovery::DiscoveryOptions discovery;
};

/// With what `device add --mosquitto` wrote, on whatever machine.
Outcome<SpokeDevice::Options> with_directory(const CommandLine& line, const std::string& directory) {
  auto found = read_connect_directory(directory);
  if (!found) return tl::unexpected(found.error());
  SpokeDevice::Options options;
  HubConnection::Options& connection = options.connection;
  connection.endpoint = found->endpoint;
  line.change(connection.endpoint);
  connection.who.principal = {PrincipalType::device, found->device_id, ""};
  connection.who.name = found->device_id;
  // Read again each time: it may have been renewed, here or by hand.
  connection.token = [directory] {
    auto now = read_connect_directory(directory);
    return now ? now->token : std::string();
  };
  options.new_token_hint = "on the hub's machine, 'strawberryctl token issue --device " + found->device_id +
                           " --mosquitto DIR' makes a new one, and 'strawberryctl doctor' tells more";
  options.keep_token = [directory](const std::string& token) { return replace_token(directory, token); };
  return options;
}

bool has_device(const DeviceDirectory& directory, const std::string& id_or_name, const std::string& user) {
  const std::string name = normalize_device_name(id_or_name);
  const auto devices = directory.all();
  return std::any_of(devices.begin(), devices.end(), [&](const DeviceRecord* record) {
    return (user.empty() || record->user_id == user) &&
           (record->device_id == id_or_name || normalize_device_name(record->name) == name);
  });
}

/// The device of that name; a new one when `user` has none.
Outcome<Who> find_or_add(const CommandLine& line, const std::string& name, const std::string& user_id) {
  auto directory = open_directory(line.data_dir());
  if (!directory) return tl::unexpected(directory.error());
  if (has_device(**directory, name, user_id)) return device(**directory, name, user_id);
  if (user_id.empty()) {
    return cli_error(ExitCode::usage,
                     "there is no device " + in_quotes(name) + " yet: say whose it will be with --user");
  }
  json body{{"op", "register"}, {"name", name}, {"user_id", user_id}};
  auto added = ask_hub(line, admin(), Service::devices, std::move(body));
  if (!added) return tl::unexpected(added.error());
  const json id = added->is_object() ? added->value("device_id", json()) : json();
  if (!id.is_string()) return cli_error(ExitCode::refused, "the hub's reply to a registration is not understood");
  return Who{{PrincipalType::device, id.get<std::string>(), user_id}, name};
}

/// With the hub's own keys, on the hub's machine.
Outcome<SpokeDevice::Options> with_keys(const CommandLine& line, const SpokeOptions& wanted) {
  auto who = find_or_add(line, wanted.device, wanted.user);
  if (!who) return tl::unexpected(who.error());
  auto connection = connection_options(line, *who);
  if (!connection) return tl::unexpected(connection.error());
  connection->who = *who;  // whatever else is logged in
  // A connection ends with its token, and this one is to stay. The keys are read each time: today's may be retired.
  connection->token = [dir = line.data_dir(), who = *who] {
    const auto keys = load_keys(dir);
    return keys ? sign(*keys, who, token_lifetime_default).value_or(std::string()) : std::string();
  };
  SpokeDevice::Options options;
  options.connection = std::move(*connection);
  options.new_token_hint = "'strawberryctl doctor' tells more";
  return options;
}

void say(const std::string& text) {
  std::cout << format_rfc3339(SystemClock().wall_now()).substr(11, 8) << "  " << printable(text, 1000) << std::endl;
}

/// SIGHUP reads the file again; what is wrong with it changes nothing.
void read_again_at_hangup(asio::signal_set& hangup, CommandSkills& skills, SpokeDevice& spoke,
                          const std::string& path) {
  hangup.async_wait([&hangup, &skills, &spoke, path](const boost::system::error_code& cancelled, int) {
    if (cancelled) return;
    auto file = read_skill_file(path);
    if (file) {
      skills.use(std::move(*file));
      spoke.offer();
    } else {
      say(file.error().message + "; the skills stay what they were");
    }
    read_again_at_hangup(hangup, skills, spoke, path);
  });
}

using Ended = OneShot<Outcome<void>>;

void join(asio::io_context& loop, SpokeDevice& spoke, Ended& ended) {
  asio::co_spawn(loop, spoke.join(), [&ended](const std::exception_ptr&, const Outcome<void>& joined) {
    if (!joined) ended.set(joined);
  });
}

/// Until Ctrl-C, or until it turns out that this cannot work.
Task<Outcome<void>> serve(SpokeDevice& spoke, Ended& ended) {
  std::optional<Outcome<void>> outcome = co_await ended.wait();
  co_await spoke.close();
  co_return outcome.value_or(Outcome<void>{});
}

void end_at_signal(asio::signal_set& signals, Ended& ended) {
  signals.async_wait([&ended](const boost::system::error_code& cancelled, int) {
    if (!cancelled) ended.set(Outcome<void>{});
  });
}

Outcome<void> be_commands(SpokeDevice::Options options, const std::string& path) {
  auto file = read_skill_file(path);
  if (!file) return tl::unexpected(file.error());
  const std::string name = options.connection.who.name;
  asio::io_context loop;
  Ended ended(loop.get_executor());
  options.give_up = [&ended](const CliError& why) { ended.set(tl::unexpected(why)); };
  CommandSkills skills(loop, std::move(*file), std::filesystem::absolute(path).parent_path());
  SpokeDevice spoke(loop, skills, std::move(options));
  asio::signal_set signals(loop, SIGINT, SIGTERM);
  asio::signal_set hangup(loop, SIGHUP);
  end_at_signal(signals, ended);
  read_again_at_hangup(hangup, skills, spoke, path);
  say("is the device " + name);
  join(loop, spoke, ended);
  return run(loop, serve(spoke, ended));
}

/// The device is there when the server's tools are known.
Outcome<void> be_mcp_server(SpokeDevice::Options options, const McpOptions& wanted) {
  const std::string name = options.connection.who.name;
  asio::io_context loop;
  Ended ended(loop.get_executor());
  options.give_up = [&ended](const CliError& why) { ended.set(tl::unexpected(why)); };
  bridge::CurlClient::Options http_options;
  http_options.proxy_from_environment = true;
  bridge::CurlClient http(loop.get_executor(), http_options);
  auto skills_options = mcp_skills_options(wanted, loop, http);
  if (!skills_options) return tl::unexpected(skills_options.error());
  SpokeDevice* device = nullptr;
  bool has_joined = false;
  skills_options->say = say;
  skills_options->on_skills = [&] {
    if (std::exchange(has_joined, true)) return device->offer();
    say("is the device " + name);
    join(loop, *device, ended);
  };
  McpSkills skills(loop, std::move(*skills_options));
  SpokeDevice spoke(loop, skills, std::move(options));
  device = &spoke;
  asio::signal_set signals(loop, SIGINT, SIGTERM);
  end_at_signal(signals, ended);
  asio::co_spawn(loop, skills.run(), [&ended](const std::exception_ptr&, const Outcome<void>& ran) {
    if (!ran) ended.set(ran);
  });
  auto outcome = run(loop, serve(spoke, ended));
  skills.stop();
  return outcome;
}

Outcome<void> be_discovered(const CommandLine& line, const SpokeOptions& wanted) {
  const bool has_other_skills = !wanted.skills.empty() || wanted.mcp.is_command || !wanted.mcp.url.empty();
  if (has_other_skills || !wanted.device.empty())
    return cli_error(ExitCode::usage, "--discovery stands alone: leave out --device, --skills and --mcp");
  return discovery::be_discovered_devices(line, wanted.discovery, wanted.user, say);
}

Outcome<void> be_spoke(const CommandLine& line, const SpokeOptions& wanted) {
  if (!wanted.discovery.broker.empty()) return be_discovered(line, wanted);
  if (auto good = discovery::check_no_discovery_options(wanted.discovery); !good) return good;
  if (line.connect.empty() == wanted.device.empty()) {
    return cli_error(ExitCode::usage, "say which device this is: --connect DIR, or --device NAME on the hub's machine");
  }
  if (auto good = check_mcp_options(wanted.mcp, !wanted.skills.empty()); !good) return good;
  auto timeout = line.timeout();
  if (!timeout) return tl::unexpected(timeout.error());
  if (!wanted.skills.empty()) {
    // Before a device is added for skills that are none.
    if (auto file = read_skill_file(wanted.skills); !file) return tl::unexpected(file.error());
  }
  auto options = line.connect.empty() ? with_keys(line, wanted) : with_directory(line, line.connect);
  if (!options) return tl::unexpected(options.error());
  options->connection.connect_timeout = *timeout;
  options->say = say;
  return wanted.skills.empty() ? be_mcp_server(std::move(*options), wanted.mcp)
                               : be_commands(std::move(*options), wanted.skills);
}

}  // namespace

void add_spoke_command(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<SpokeOptions>();
  CLI::App* command = add_command(
      app, "spoke",
      "Be a device whose skills are commands of a file or tools of an MCP server, or all the devices that Home "
      "Assistant would discover at a broker, until Ctrl-C",
      "strawberryctl spoke --skills skills.toml --connect var/laptop");
  command->add_option("--skills", options->skills, "The file; see docs/spokes.md. SIGHUP reads it again");
  command->add_option("--device", options->device, "On the hub's machine: the device's id or name");
  command->add_option("--user", options->user, "Whose device that is; adds it when there is none yet");
  add_mcp_options(*command, options->mcp);
  discovery::add_discovery_options(*command, options->discovery);
  command->callback([&line, options] { line.action = [&line, options] { return be_spoke(line, *options); }; });
}

}  // namespace strawberry::cli
