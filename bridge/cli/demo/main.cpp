/// strawberry-demo: the hub doing its job, shown by real MQTT clients. A speaker registers its skills, a tablet finds
/// and calls one of them, then asks for music in plain words. The devices stay until SIGINT or SIGTERM.
#include <unistd.h>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <asio/signal_set.hpp>
#include <csignal>
#include <iostream>
#include <memory>

#include "bridge/cli/demo/household.h"
#include "bridge/cli/demo/speaker.h"
#include "bridge/cli/demo/transcript.h"
#include "bridge/cli/hub_connection.h"
#include "bridge/cli/text.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;
using Kind = Transcript::Kind;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds patience{10'000};
constexpr std::chrono::milliseconds chat_patience{60'000};
constexpr const char* speaker_name = "Living Room Speaker";
constexpr const char* tablet_name = "Kitchen Tablet";
constexpr const char* play_path = "living_room_speaker.MusicControlSkill.play_song";
constexpr const char* wish = "play Never Gonna Give You Up in the living room";

struct DemoOptions {
  std::string data_dir;
  std::string host;
  std::uint16_t port = 0;
  bool quiet = false;
  bool stay = false;
  int ready_fd = -1;
};

std::string text_at(const json& value, const char* pointer) {
  const json::json_pointer where(pointer);
  return value.contains(where) ? show_value(value.at(where), 400) : "";
}

/// The whole show: what the devices do, from the first connection to the last.
class Demo {
 public:
  Demo(asio::io_context& loop, DataDir dir, Endpoint endpoint, const DemoOptions& options)
      : loop_(loop),
        dir_(std::move(dir)),
        endpoint_(std::move(endpoint)),
        options_(options),
        ended_(loop.get_executor()) {}

  void end() { ended_.set(true); }

  Task<Outcome<void>> perform() {
    Outcome<void> outcome = co_await gather();
    if (outcome && !options_.quiet) {
      const Outcome<void> shown = co_await show();
      // The devices are there all the same, for others to try.
      if (!shown) say(Kind::note, "demo", "that did not work: " + shown.error().message);
      if (!shown && !options_.stay) outcome = shown;
    }
    report_ready();
    if (outcome && options_.stay) co_await ended_.wait();
    if (tablet_) co_await tablet_->close();
    if (speaker_) co_await speaker_->close();
    co_return outcome;
  }

 private:
  Task<Outcome<void>> gather() {
    std::vector<std::string> names{speaker_name, tablet_name};
    auto devices = co_await gather_household(loop_, dir_, endpoint_, std::move(names));
    if (!devices) co_return tl::unexpected(devices.error());
    const auto start = steady_clock::now();
    speaker_ = std::make_unique<Speaker>(loop_, devices->at(0), endpoint_,
                                         [this](const std::string& what) { say(Kind::does, speaker_name, what); });
    Outcome<void> joined = co_await speaker_->join();
    if (!joined) co_return joined;
    if (!options_.quiet) {
      transcript_.line(Kind::says, speaker_name, "connects, offers MusicControlSkill: play_song, stop, set_volume",
                       start);
    }
    HubConnection::Options options;
    options.endpoint = endpoint_;
    options.who = devices->at(1).who;
    options.token = [token = devices->at(1).token] { return token; };
    options.own_client_id = true;
    options.reconnect = true;
    options.services = {Service::skills, Service::chat};
    tablet_ = std::make_unique<HubConnection>(loop_, std::move(options));
    const auto tablet_start = steady_clock::now();
    joined = co_await tablet_->open();
    if (joined && !options_.quiet) transcript_.line(Kind::says, tablet_name, "connects", tablet_start);
    co_return joined;
  }

  Task<Outcome<void>> show() {
    Outcome<void> outcome = co_await find();
    if (outcome) outcome = co_await call();
    if (outcome) outcome = co_await chat();
    co_return outcome;
  }

  Task<Outcome<void>> find() {
    say(Kind::says, tablet_name, "looks for a skill: play song");
    const auto start = steady_clock::now();
    json body{{"op", "search"}, {"query", "play song"}};
    Outcome<json> found = co_await tablet_->request(Service::skills, std::move(body), patience, nullptr);
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
    Outcome<json> result = co_await tablet_->request(Service::skills, std::move(body), patience, nullptr);
    if (!result) co_return tl::unexpected(result.error());
    transcript_.line(Kind::hears, tablet_name, show_value(*result, 200), start);
    co_return Outcome<void>{};
  }

  Task<Outcome<void>> chat() {
    say(Kind::says, tablet_name, std::string("says: ") + wish);
    const auto start = steady_clock::now();
    json message{{"role", "user"}, {"content", wish}};
    json body{{"messages", json::array({std::move(message)})}};
    Outcome<json> completion = co_await tablet_->request(Service::chat, std::move(body), chat_patience, nullptr);
    if (!completion) co_return tl::unexpected(completion.error());
    const std::string answer = text_at(*completion, "/choices/0/message/content");
    transcript_.line(Kind::hears, "hub (" + text_at(*completion, "/provider") + ")", answer, start);
    co_return Outcome<void>{};
  }

  void say(Kind kind, const std::string& who, const std::string& what) { transcript_.line(kind, who, what); }

  /// Whoever started this may go on now, whatever came of it.
  void report_ready() {
    std::cout.flush();
    if (options_.ready_fd < 0) return;
    constexpr char word[] = "ready\n";
    if (::write(options_.ready_fd, word, sizeof word - 1) < 0)
      transcript_.line(Kind::note, "demo", "nobody waits for us");
    ::close(options_.ready_fd);
  }

  asio::io_context& loop_;
  DataDir dir_;
  Endpoint endpoint_;
  DemoOptions options_;
  OneShot<bool> ended_;
  Transcript transcript_;
  std::unique_ptr<Speaker> speaker_;
  std::unique_ptr<HubConnection> tablet_;
};

Outcome<void> play(const DemoOptions& options) {
  const DataDir dir = choose_data_dir(options.data_dir);
  auto endpoint = read_endpoint(dir);
  if (!endpoint) return tl::unexpected(endpoint.error());
  if (!options.host.empty()) endpoint->host = options.host;
  if (options.port != 0) endpoint->port = options.port;
  asio::io_context loop;
  Demo demo(loop, dir, *endpoint, options);
  asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&](const std::error_code& cancelled, int) {
    if (!cancelled) demo.end();
  });
  return run(loop, demo.perform());
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
    app.add_flag("--quiet", options.quiet, "Only bring the devices back; no show");
    app.add_flag("--stay", options.stay, "Keep the devices connected until SIGINT or SIGTERM");
    app.add_option("--ready-fd", options.ready_fd, "Write a line to this file descriptor after the show");
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
