/// `strawberryctl call`: calls one skill, as a user or as a device, through the hub.
#include <CLI/App.hpp>
#include <iostream>

#include "cli/call_words.h"
#include "cli/command_line.h"
#include "cli/text.h"
#include "common/runtime/asio.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

struct CallOptions {
  std::string path;
  std::vector<std::string> words;
  std::string user;
  std::string device;
};

/// Returns the skill's signature, as far as the hub knows it; without one, words are parsed by their form alone.
Task<Signature> signature_of(HubConnection& hub, const json& about, std::chrono::milliseconds timeout) {
  json body = about;
  body["op"] = "describe";
  auto described = co_await hub.request(Service::skills, std::move(body), timeout, nullptr);
  const json written = described ? described->value("signature", json()) : json();
  if (!written.is_string()) co_return Signature{};
  co_return parse_signature(written.get_ref<const std::string&>()).value_or(Signature{});
}

Task<Outcome<void>> ask(HubConnection& hub, const CallOptions& options, const json& acting,
                        std::chrono::milliseconds timeout, json& result) {
  Outcome<void> outcome = co_await hub.open();
  if (outcome) {
    Signature signature;
    if (!options.words.empty()) {
      json about = acting;
      about["path"] = options.path;
      signature = co_await signature_of(hub, about, timeout);
    }
    auto arguments = parse_call_arguments(options.words, signature);
    if (arguments) {
      json body = acting;
      body.update({{"op", "call"},
                   {"skill_path", options.path},
                   {"args", std::move(arguments->args)},
                   {"kwargs", std::move(arguments->kwargs)}});
      auto reply = co_await hub.request(Service::skills, std::move(body), timeout, nullptr);
      if (reply) result = std::move(*reply);
      if (!reply) outcome = tl::unexpected(reply.error());
    } else {
      outcome = cli_error(ExitCode::usage, arguments.error().message);
    }
  }
  co_await hub.close();
  co_return outcome;
}

Outcome<void> call(const CommandLine& line, const CallOptions& options) {
  // Checks what needs no signature before the hub is asked.
  if (auto arguments = parse_call_arguments(options.words); !arguments) {
    return cli_error(ExitCode::usage, arguments.error().message);
  }
  auto who = choose_who(line, options.user, options.device);
  if (!who) return tl::unexpected(who.error());
  auto connection = connection_options(line, *who);
  if (!connection) return tl::unexpected(connection.error());
  connection->services = {Service::skills};
  const auto timeout = connection->connect_timeout;
  asio::io_context loop;
  HubConnection hub(loop, std::move(*connection));
  json answer;
  Outcome<void> outcome = run(loop, ask(hub, options, acting_for(*who, options.user), timeout, answer));
  if (!outcome) return outcome;
  const json* const result = &answer;
  if (line.json) {
    std::cout << to_text(*result) << "\n";
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
  command->add_option(
      "ARGUMENT", options->words,
      "JSON when it reads as JSON, else text, and text where the skill wants text; name=value for a named one; after "
      "-- anything goes");
  command->add_option("--user", options->user, "As this user; default: the only one there is");
  command->add_option("--as-device", options->device, "As this device: its id, or its name");
  command->callback([&line, options] { line.action = [&line, options] { return call(line, *options); }; });
}

}  // namespace strawberry::cli
