/// `strawberryctl tail [filter]`: shows the broker's messages, as its admin or as the login's principal, until Ctrl-C.
///
/// tail/watch.h decides the meaning of a message, tail/line_format.h its appearance.
#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <csignal>
#include <iostream>

#include "cli/command_line.h"
#include "cli/tail/line_format.h"
#include "cli/tail/watch.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "common/runtime/asio.h"

namespace strawberry::cli {
namespace {

/// Minimum time between two reads of the directory for unknown ids.
constexpr std::chrono::seconds unknown_again_interval{1};

struct TailOptions {
  std::string filter;
  std::string follow_correlation;
  std::uint64_t count = 0;
  bool ids = false;
};

/// Names from the hub's database, read again when an unknown id appears. Empty without a database.
class DeviceNames {
 public:
  explicit DeviceNames(const DataDir& dir) {
    if (auto opened = open_directory(dir)) directory_ = std::move(*opened);
  }
  std::string operator()(const std::string& id) {
    if (!directory_ || id.empty()) return {};
    const DeviceRecord* device = directory_->find(id);
    const SteadyTime now = clock_.steady_now();
    if (device == nullptr && now >= next_look_) {
      next_look_ = now + unknown_again_interval;
      (void)directory_->refresh();  // on failure the previous names stay
      device = directory_->find(id);
    }
    return device == nullptr ? std::string() : device->name;
  }

 private:
  SystemClock clock_;
  std::unique_ptr<DeviceDirectory> directory_;
  SteadyTime next_look_{};
};

/// As MQTT has them: `#` is the last level, and `+` and `#` stand alone in theirs.
bool is_topic_filter(const std::string& filter) {
  for (std::size_t begin = 0; begin <= filter.size();) {
    const std::size_t end = std::min(filter.find('/', begin), filter.size());
    const std::string level = filter.substr(begin, end - begin);
    if (level.size() > 1 && level.find_first_of("+#") != std::string::npos) return false;
    if (level == "#" && end != filter.size()) return false;
    begin = end + 1;
  }
  return true;
}

/// Everything for the admin; for others what they may read: themselves, their devices' presence, and the hub.
std::vector<std::string> filters_for(const Principal& who, const std::string& wanted) {
  if (!wanted.empty()) return {wanted};
  if (who.type == PrincipalType::admin) return {"#"};
  std::vector<std::string> filters{"devices/+/status", hub_state_topic, hub_info_topic, hub_health_topic};
  for (const char* service : {"skills", "chat", "sessions", "devices"}) {
    filters.push_back(std::string(service) + "/" + who.id + "/response/#");
  }
  if (who.type == PrincipalType::device) filters.push_back("skills/" + who.id + "/call");
  return filters;
}

/// Uses the terminal's current width, since it may be resized.
LineStyle style_of_output(bool ids) {
  LineStyle style;
  style.ids = ids;
  style.columns = terminal_columns();
  style.colours = terminal_has_colours();
  return style;
}

/// Ends at the first of: Ctrl-C, the wanted number of lines, a failed connection.
Task<Outcome<void>> follow(HubConnection& hub, OneShot<Outcome<void>>& ended) {
  Outcome<void> outcome = co_await hub.open();
  if (outcome) {
    std::optional<Outcome<void>> end = co_await ended.wait();
    if (end) outcome = *end;
  }
  co_await hub.close();
  co_return outcome;
}

/// Prints to standard error, apart from the messages.
void tell(const Clock& clock, const std::string& what) {
  std::cerr << "strawberryctl: " << format_rfc3339(clock.wall_now()).substr(11, 8) << " " << what << std::endl;
}

/// Called for each connect: signs with the hub's current keys, for longer than a command usually runs, since a
/// connection ends with its token. Without keys, calls `otherwise`.
std::function<std::string()> lasting_token(const DataDir& dir, std::function<std::string()> otherwise) {
  return [dir, otherwise = std::move(otherwise)] {
    const auto keys = load_keys(dir);
    return keys ? sign(*keys, admin(), token_lifetime_default).value_or(std::string()) : otherwise();
  };
}

Outcome<void> tail(const CommandLine& line, const TailOptions& options) {
  if (!is_topic_filter(options.filter))
    return cli_error(ExitCode::usage, "not a topic filter: " + printable(options.filter, 80) +
                                          " (+ and # stand alone between slashes, # at the end)");
  auto connection = connection_options(line, admin());
  if (!connection) return tl::unexpected(connection.error());
  asio::io_context loop;
  OneShot<Outcome<void>> ended(loop.get_executor());
  const SystemClock clock;
  const auto names = std::make_shared<DeviceNames>(line.data_dir());
  Watch watch(clock, {output_is_terminal() && !line.json, options.follow_correlation},
              [names](const std::string& id) { return (*names)(id); });
  std::uint64_t shown = 0;
  const auto show = [&](const std::vector<Sight>& sights) {
    for (const Sight& sight : sights) {
      if (options.count != 0 && shown == options.count) return;
      std::cout << (line.json ? sight_as_json(sight) : show_sight(sight, style_of_output(options.ids))) << std::endl;
      ++shown;
    }
    if (!std::cout || (options.count != 0 && shown == options.count)) ended.set(Outcome<void>{});
  };
  connection->filters = filters_for(connection->who.principal, options.filter);
  connection->on_message = [&](const MqttMessage& message) { show(watch.see(message)); };
  // Reconnects when the broker restarts. Messages in between are missed; retained ones come again.
  connection->reconnect = true;
  connection->first_must_succeed = true;
  auto login = line.login();
  if (!login) return tl::unexpected(login.error());
  if (!*login) connection->token = lasting_token(line.data_dir(), std::move(connection->token));
  bool is_connected = false;
  bool was_connected = false;
  connection->on_ready = [&] {
    if (was_connected) tell(clock, "the broker is back");
    is_connected = was_connected = true;
  };
  connection->on_lost = [&](const std::string& reason) {
    if (is_connected) tell(clock, "the broker is gone (" + printable(reason, 200) + "), waiting for it");
    is_connected = false;
  };
  asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code& cancelled, int) {
    if (!cancelled) ended.set(Outcome<void>{});
  });
  HubConnection hub(loop, std::move(*connection));
  Outcome<void> outcome = run(loop, follow(hub, ended));
  show(watch.end());
  return outcome;
}

}  // namespace

void add_tail_command(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<TailOptions>();
  CLI::App* command = add_command(
      app, "tail", "Show what passes the broker until Ctrl-C (tokens are hidden); waits for a broker that restarts",
      "strawberryctl tail 'skills/#'");
  command->add_option("FILTER", options->filter, "An MQTT topic filter; default: everything that the token may read");
  command->add_option("--follow-correlation", options->follow_correlation,
                      "Only the life of one request: by its correlation_id, or the hub's own id of a call");
  command->add_flag("--ids", options->ids, "Also show the ids of devices and users, and correlation_ids");
  command->add_option("--count", options->count, "Leave after this many lines; default: at Ctrl-C")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}));
  command->callback([&line, options] { line.action = [&line, options] { return tail(line, *options); }; });
}

}  // namespace strawberry::cli
