/// strawberry-demo: the hub doing its job, shown by real MQTT clients, a process each. The speaker registers its skills
/// and stays until SIGINT or SIGTERM; the tablet finds and calls one of them, asks for music in plain words, and
/// leaves.
#include <unistd.h>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <csignal>
#include <iostream>
#include <memory>

#include "cli/choices.h"
#include "cli/demo/household.h"
#include "cli/demo/speaker.h"
#include "cli/demo/transcript.h"
#include "cli/hub_connection.h"
#include "cli/text.h"
#include "common/runtime/asio.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;
using Kind = Transcript::Kind;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds chat_patience{60'000};
constexpr const char* speaker_name = "Living Room Speaker";
constexpr const char* tablet_name = "Kitchen Tablet";
constexpr const char* play_path = "living_room_speaker.MusicControlSkill.play_song";
constexpr const char* wish = "play Never Gonna Give You Up in the living room";

struct DemoOptions {
  std::string role;
  std::string data_dir;
  std::string host;
  std::uint16_t port = 0;
  bool quiet = false;
  int ready_fd = -1;
};

std::string text_at(const json& value, const char* pointer) {
  const json::json_pointer where(pointer);
  return value.contains(where) ? show_value(value.at(where), 400) : "";
}

/// Whoever started this may go on.
void report_ready(int fd) {
  if (fd < 0) return;
  constexpr char word[] = "ready\n";
  // Nobody waiting is no reason not to play.
  if (::write(fd, word, sizeof word - 1) >= 0) ::close(fd);
}

/// Connects, offers its skills and plays what it is told to, until `ended`.
Task<Outcome<void>> be_speaker(asio::io_context& loop, DataDir dir, Endpoint endpoint, DemoOptions options,
                               OneShot<Outcome<void>>& ended) {
  auto device = co_await join_household(loop, dir, endpoint, speaker_name);
  if (!device) co_return tl::unexpected(device.error());
  const Transcript transcript;
  const auto start = steady_clock::now();
  Speaker::Handlers handlers;
  handlers.on_play = [&](const std::string& what) { transcript.line(Kind::does, speaker_name, what); };
  handlers.give_up = [&](const CliError& why) { ended.set(tl::unexpected(why)); };
  Speaker speaker(loop, *device, std::move(endpoint), lasting_token(dir, *device), std::move(handlers));
  Outcome<void> outcome = co_await speaker.join();
  if (outcome) {
    constexpr const char* offers = "connects, offers MusicControlSkill: play_song, stop, set_volume";
    if (!options.quiet) transcript.line(Kind::says, speaker_name, offers, start);
    report_ready(options.ready_fd);
    std::optional<Outcome<void>> end = co_await ended.wait();
    if (end) outcome = *end;
  }
  co_await speaker.close();
  co_return outcome;
}

/// Finds a skill, calls it, then says the same in plain words.
class Tablet {
 public:
  Tablet(asio::io_context& loop, const DemoDevice& device, Endpoint endpoint) {
    HubConnection::Options options;
    options.endpoint = std::move(endpoint);
    options.who = device.who;
    options.token = [token = device.token] { return token; };
    options.own_client_id = true;
    options.services = {Service::skills, Service::chat};
    hub_ = std::make_unique<HubConnection>(loop, std::move(options));
  }

  Task<Outcome<void>> show() {
    const auto start = steady_clock::now();
    Outcome<void> outcome = co_await hub_->open();
    if (outcome) transcript_.line(Kind::says, tablet_name, "connects", start);
    if (outcome) outcome = co_await find();
    if (outcome) outcome = co_await call();
    if (outcome) outcome = co_await chat();
    co_await hub_->close();
    co_return outcome;
  }

 private:
  Task<Outcome<void>> find() {
    say(Kind::says, tablet_name, "looks for a skill: play song");
    const auto start = steady_clock::now();
    json body{{"op", "search"}, {"query", "play song"}};
    Outcome<json> found = co_await hub_->request(Service::skills, std::move(body), patience, nullptr);
    if (!found) co_return tl::unexpected(found.error());
    if (text_at(*found, "/results/0/path").empty()) {
      co_return cli_error(ExitCode::refused, "the tablet did not find the speaker's skill");
    }
    const std::string on = text_at(*found, "/results/0/preferred_device");
    transcript_.line(Kind::hears, tablet_name, on + " has " + text_at(*found, "/results/0/signature"), start);
    co_return Outcome<void>{};
  }

  Task<Outcome<void>> call() {
    json body{{"op", "call"}, {"skill_path", play_path}, {"args", {"Take On Me"}}, {"kwargs", {{"volume", 30}}}};
    say(Kind::says, tablet_name, std::string("calls ") + play_path + show_arguments(body["args"], body["kwargs"]));
    const auto start = steady_clock::now();
    Outcome<json> result = co_await hub_->request(Service::skills, std::move(body), patience, nullptr);
    if (!result) co_return tl::unexpected(result.error());
    transcript_.line(Kind::hears, tablet_name, show_value(*result, 200), start);
    co_return Outcome<void>{};
  }

  Task<Outcome<void>> chat() {
    say(Kind::says, tablet_name, std::string("says: ") + wish);
    const auto start = steady_clock::now();
    json message{{"role", "user"}, {"content", wish}};
    json body{{"messages", json::array({std::move(message)})}};
    Outcome<json> completion = co_await hub_->request(Service::chat, std::move(body), chat_patience, nullptr);
    if (!completion) co_return tl::unexpected(completion.error());
    const std::string answer = text_at(*completion, "/choices/0/message/content");
    transcript_.line(Kind::hears, "hub (" + text_at(*completion, "/provider") + ")", answer, start);
    co_return Outcome<void>{};
  }

  void say(Kind kind, const std::string& who, const std::string& what) { transcript_.line(kind, who, what); }

  Transcript transcript_;
  std::unique_ptr<HubConnection> hub_;
};

Task<Outcome<void>> be_tablet(asio::io_context& loop, DataDir dir, Endpoint endpoint) {
  auto device = co_await join_household(loop, std::move(dir), endpoint, tablet_name);
  if (!device) co_return tl::unexpected(device.error());
  Tablet tablet(loop, *device, std::move(endpoint));
  co_return co_await tablet.show();
}

Outcome<void> play(const DemoOptions& options) {
  const DataDir dir = choose_data_dir(options.data_dir);
  auto endpoint = read_endpoint(dir);
  if (!endpoint) return tl::unexpected(endpoint.error());
  if (!options.host.empty()) endpoint->host = options.host;
  if (options.port != 0) endpoint->port = options.port;
  asio::io_context loop;
  if (options.role == "tablet") return run(loop, be_tablet(loop, dir, *endpoint));
  OneShot<Outcome<void>> ended(loop.get_executor());
  asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code& cancelled, int) {
    if (!cancelled) ended.set(Outcome<void>{});
  });
  return run(loop, be_speaker(loop, dir, *endpoint, options, ended));
}

}  // namespace
}  // namespace strawberry::cli

int main(int argc, char** argv) {
  using namespace strawberry::cli;
  try {
    CLI::App app{"Shows a Strawberry hub at work with a speaker and a tablet.", "strawberry-demo"};
    DemoOptions options;
    app.add_option("--data-dir", options.data_dir,
                   "The hub's data directory; default: $STRAWBERRY_DATA_DIR, else ./var");
    app.add_option("--host", options.host, "The broker's host; default: from DATA_DIR/endpoint");
    app.add_option("--port", options.port, "The broker's port; default: from DATA_DIR/endpoint");
    app.add_option("ROLE", options.role, "Which of the two to be: speaker or tablet")
        ->required()
        ->check(CLI::IsMember({"speaker", "tablet"}));
    app.add_flag("--quiet", options.quiet, "As the speaker: say nothing on arrival");
    app.add_option("--ready-fd", options.ready_fd, "As the speaker: write a line to this file descriptor on arrival");
    CLI11_PARSE(app, argc, argv);
    const Outcome<void> outcome = play(options);
    if (outcome) return 0;
    std::cout.flush();
    std::cerr << "strawberry-demo: " << outcome.error().message << "\n";
    return static_cast<int>(outcome.error().code);
  } catch (const std::exception& unexpected) {
    std::cerr << "strawberry-demo: " << printable(unexpected.what(), 400) << "\n";
    return static_cast<int>(ExitCode::local);
  }
}
