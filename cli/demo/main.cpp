/// strawberry-demo: shows the hub with Spokes of the C++ SDK, each a process. The speaker registers its skills and
/// stays until SIGINT or SIGTERM; the tablet finds and calls one of them, asks for music in plain words, and ends.
#include <unistd.h>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <iostream>
#include <mutex>
#include <utility>

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

/// Signals readiness to the process that started this one.
void report_ready(int fd) {
  if (fd < 0) return;
  constexpr char word[] = "ready\n";
  // The speaker continues even if nobody waits for this.
  if (::write(fd, word, sizeof word - 1) >= 0) ::close(fd);
}

/// Makes options for the SDK with the device's token file, which `household` keeps.
strawberry::SpokeOptions spoke_options(const DataDir& dir, const Endpoint& endpoint, const DemoDevice& device) {
  strawberry::SpokeOptions options;
  options.host = endpoint.host;
  options.port = endpoint.port;
  options.tls = endpoint.tls;
  options.ca_file = endpoint.ca_file;
  options.token_file = token_file(dir, device.who.name);
  return options;
}

/// Connects, offers its skills and plays what is requested, until a signal.
Outcome<void> be_speaker(const DataDir& dir, const Endpoint& endpoint, const DemoDevice& device,
                         const DemoOptions& wanted) {
  const Transcript transcript;
  const auto start = steady_clock::now();
  Speaker speaker([&](const std::string& what) { transcript.line(Kind::does, speaker_name, what); });
  strawberry::SpokeOptions options = spoke_options(dir, endpoint, device);
  std::mutex mutex;
  std::string last_line;
  // A token whose key was retired meanwhile is replaced.
  options.log = [&, token = lasting_token(dir, device)](strawberry::LogLevel level, const std::string& line) mutable {
    if (level == strawberry::LogLevel::info) return;
    token();
    const std::lock_guard lock(mutex);
    last_line = line;
  };
  options.on_ready = [&, is_first = true]() mutable {
    if (!std::exchange(is_first, false)) return;
    constexpr const char* offers = "connects, offers MusicControlSkill: play_song, stop, set_volume";
    if (!wanted.quiet) transcript.line(Kind::says, speaker_name, offers, start);
    report_ready(wanted.ready_fd);
  };
  strawberry::Spoke spoke(std::move(options));
  speaker.offer_on(spoke);
  if (spoke.run() == 0) return {};
  const std::lock_guard lock(mutex);
  return cli_error(ExitCode::refused, last_line);
}

/// Finds a skill, calls it, then requests the same in plain words.
class Tablet {
 public:
  Tablet(const DataDir& dir, const Endpoint& endpoint, const DemoDevice& device)
      : spoke_([&] {
          auto options = spoke_options(dir, endpoint, device);
          options.timeout = patience;
          options.log = [](strawberry::LogLevel, const std::string&) {};
          return options;
        }()) {}

  Outcome<void> show() {
    try {
      const auto start = steady_clock::now();
      spoke_.start();
      if (!spoke_.wait_until_ready(patience)) return cli_error(ExitCode::unreachable, "the tablet cannot connect");
      transcript_.line(Kind::says, tablet_name, "connects", start);
      if (!find()) return cli_error(ExitCode::refused, "the tablet did not find the speaker's skill");
      call();
      chat();
      return {};
    } catch (const strawberry::HubError& error) {
      return cli_error(error.code() == "unreachable" ? ExitCode::unreachable : ExitCode::refused,
                       error.code() + ": " + error.what());
    }
  }

 private:
  bool find() {
    say("looks for a skill: play song");
    const auto start = steady_clock::now();
    const auto found = spoke_.search("play song");
    if (found.empty()) return false;
    transcript_.line(Kind::hears, tablet_name,
                     printable(found.front().preferred_device + " has " + found.front().signature, 400), start);
    return true;
  }

  void call() {
    const json args{"Take On Me"};
    const json kwargs{{"volume", 30}};
    say(std::string("calls ") + play_path + show_arguments(args, kwargs));
    const auto start = steady_clock::now();
    const json result = spoke_.call(play_path, args, kwargs);
    transcript_.line(Kind::hears, tablet_name, show_value(result, 200), start);
  }

  void chat() {
    say(std::string("says: ") + wish);
    const auto start = steady_clock::now();
    const strawberry::ChatAnswer answer = spoke_.chat(wish);
    transcript_.line(Kind::hears, "hub (" + printable(answer.provider, 60) + ")", printable(answer.text, 400), start);
  }

  void say(const std::string& what) { transcript_.line(Kind::says, tablet_name, what); }

  Transcript transcript_;
  strawberry::Spoke spoke_;
};

Task<Outcome<void>> join(asio::io_context& loop, DataDir dir, Endpoint endpoint, std::string name, DemoDevice& device) {
  auto joined = co_await join_household(loop, std::move(dir), std::move(endpoint), std::move(name));
  if (!joined) co_return tl::unexpected(joined.error());
  device = std::move(*joined);
  co_return Outcome<void>{};
}

Outcome<void> play(const DemoOptions& options) {
  const DataDir dir = choose_data_dir(options.data_dir);
  auto endpoint = read_endpoint(dir);
  if (!endpoint) return tl::unexpected(endpoint.error());
  if (!options.host.empty()) endpoint->host = options.host;
  if (options.port != 0) endpoint->port = options.port;
  const bool is_tablet = options.role == "tablet";
  asio::io_context loop;
  DemoDevice device;
  auto joined = run(loop, join(loop, dir, *endpoint, is_tablet ? tablet_name : speaker_name, device));
  if (!joined) return joined;
  return is_tablet ? Tablet(dir, *endpoint, device).show() : be_speaker(dir, *endpoint, device, options);
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
