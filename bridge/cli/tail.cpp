/// `strawberryctl tail [filter]`: what passes the broker, as its admin, until Ctrl-C.
#include <CLI/App.hpp>
#include <asio/signal_set.hpp>
#include <csignal>
#include <iostream>

#include "bridge/cli/command_line.h"
#include "bridge/cli/text.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

constexpr std::size_t payload_bytes_shown = 160;

struct TailOptions {
  std::string filter = "#";
  std::uint64_t count = 0;
};

std::string show_line(const MqttMessage& message) {
  const std::string time = format_rfc3339(SystemClock().wall_now()).substr(11, 12);
  const auto document = parse_json(message.payload);
  const std::string payload = document ? show_value(without_tokens(*document), payload_bytes_shown)
                                       : printable(message.payload, payload_bytes_shown);
  return time + "  " + printable(message.topic, 200) + (message.retained ? "  (retained)  " : "  ") + payload;
}

std::string json_line(const MqttMessage& message) {
  const auto document = parse_json(message.payload);
  json line{{"ts", format_rfc3339(SystemClock().wall_now())},
            {"topic", message.topic},
            {"retained", message.retained},
            {"payload", document ? without_tokens(*document) : json(message.payload)}};
  return line.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// Ends at the first that comes: Ctrl-C, the wanted number of messages, a connection that could not be made.
Task<Outcome<void>> follow(HubConnection& hub, OneShot<Outcome<void>>& ended) {
  Outcome<void> outcome = co_await hub.open();
  if (outcome) {
    std::optional<Outcome<void>> end = co_await ended.wait();
    if (end) outcome = *end;
  }
  co_await hub.close();
  co_return outcome;
}

Outcome<void> tail(const CommandLine& line, const TailOptions& options) {
  auto connection = connection_options(line, admin());
  if (!connection) return tl::unexpected(connection.error());
  asio::io_context loop;
  OneShot<Outcome<void>> ended(loop.get_executor());
  std::uint64_t shown = 0;
  connection->filters = {options.filter};
  connection->on_message = [&](const MqttMessage& message) {
    if (options.count != 0 && shown == options.count) return;
    std::cout << (line.json ? json_line(message) : show_line(message)) << std::endl;
    ++shown;
    if (!std::cout || shown == options.count) ended.set(Outcome<void>{});
  };
  connection->on_lost = [&](const std::string& reason) {
    const std::string why = "the broker ended the connection: " + printable(reason, 200);
    ended.set(cli_error(ExitCode::unreachable, why));
  };
  asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&](const std::error_code& cancelled, int) {
    if (!cancelled) ended.set(Outcome<void>{});
  });
  HubConnection hub(loop, std::move(*connection));
  return run(loop, follow(hub, ended));
}

}  // namespace

void add_tail_command(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<TailOptions>();
  CLI::App* command = add_command(app, "tail", "Show what passes the broker until Ctrl-C (tokens are hidden)",
                                  "strawberryctl tail 'skills/#'");
  command->add_option("FILTER", options->filter, "An MQTT topic filter; default: everything");
  command->add_option("--count", options->count, "Leave after this many messages");
  command->callback([&line, options] { line.action = [&line, options] { return tail(line, *options); }; });
}

}  // namespace strawberry::cli
