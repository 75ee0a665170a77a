/// The supervisor's output after the start: the hub's address, the demo, and possible next steps.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/doctor/judgements.h"
#include "cli/files.h"
#include "cli/run/supervisor.h"
#include "common/text/json_text.h"

namespace strawberry::cli {
namespace {

namespace fs = std::filesystem;

std::string current_directory() {
  std::error_code failed;
  return fs::current_path(failed);
}

}  // namespace

void Supervisor::show_ready(Duration took) const {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
  say("Strawberry hub is ready on " + shown_host(host_) + ":" + std::to_string(port_) +
      (options_.tls ? " with TLS (WebSocket: " + std::to_string(wss_port_) + ")" : "") + " after " +
      std::to_string(milliseconds) + " ms; its data is in " + directory_.shown + ".");
  if (!web_door_.empty()) say("Its web door, for programs that speak HTTP: " + web_door_ + " (docs/http.md).");
}

/// The speaker continues to print here what it plays. A demo that fails has printed the reason.
Task<Outcome<void>> Supervisor::show_demo() {
  if (!options_.demo) co_return Outcome<void>{};
  say("");
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) co_return cli_error(ExitCode::refused, "cannot start the demo: no pipe");
  asio::posix::stream_descriptor ready(loop_, ends[0]);
  FileDescriptor ready_writer(ends[1]);
  ChildOptions speaker = command_of(*demo_);
  speaker.argv.insert(speaker.argv.end(), {"--ready-fd", "3"});
  speaker.third = ready_writer.get();
  const Result<void> started = demo_->start(std::move(speaker));
  if (!started) co_return cli_error(ExitCode::refused, started.error().message);
  ready_writer = FileDescriptor();  // otherwise its end would not be seen here
  auto is_ready = std::make_shared<bool>(false);
  ready.async_wait(asio::posix::stream_descriptor::wait_read,
                   [this, is_ready](const boost::system::error_code& cancelled) {
                     if (cancelled) return;
                     *is_ready = true;
                     wake();
                   });
  while (!*is_ready && demo_->is_running() && !stopping_) co_await pause(ready_timeout);
  if (stopping_) co_return Outcome<void>{};
  if (demo_->is_running()) {
    Service tablet(loop_, "tablet", "", [this] { wake(); });
    ChildOptions options = command_of(*demo_);
    options.argv[1] = "tablet";
    const Result<void> shown = tablet.start(std::move(options));
    if (!shown) co_return cli_error(ExitCode::refused, shown.error().message);
    while (tablet.is_running() && !stopping_) co_await pause(ready_timeout);
    co_await stop(tablet);
    if (stopping_) co_return Outcome<void>{};
  }
  say("");
  co_return Outcome<void>{};
}

std::string Supervisor::typed_ctl() const {
  std::error_code failed;
  const std::string default_dir = fs::absolute(default_data_dir(installation_.ctl), failed).lexically_normal();
  const bool is_installed = installation_.bin() == "/usr/bin";
  return (is_installed ? std::string("strawberryctl") : shown_path(installation_.ctl, current_directory())) +
         (directory_.path == default_dir ? "" : " --data-dir " + shell_word(directory_.shown));
}

/// Prints a login link only at a terminal: other outputs may be stored where other users can read it.
Task<Outcome<void>> Supervisor::show_dashboard() {
  if (web_door_.empty()) co_return Outcome<void>{};
  if (::isatty(STDOUT_FILENO) == 0) {
    say("Its dashboard: " + web_door_ + "/ (a link that signs in: " + typed_ctl() + " login-link --dashboard)");
    co_return Outcome<void>{};
  }
  Words make{installation_.ctl, "--json",  "--data-dir",  directory_.path, "login-link",
             "--url",           web_door_, "--dashboard", "--ttl",         std::to_string(link_lifetime.count()) + "m"};
  const auto made = co_await command(std::move(make), command_timeout);
  if (!made) co_return Outcome<void>{};
  const auto link = json_from(made->output);
  if (!made->success || !link.is_object() || !link.contains("url")) {
    say("Its dashboard: " + web_door_ + "/ (there is no link to sign in: " + made->error + ")");
    co_return Outcome<void>{};
  }
  const nlohmann::json& user = link["user_id"];
  say((user.is_string() ? "Its dashboard, as " + user.get<std::string>() : "Its dashboard, to create its first admin") +
      " (once, within " + std::to_string(link_lifetime.count()) + " minutes): " + link["url"].get<std::string>());
  co_return Outcome<void>{};
}

void Supervisor::show_next_steps() const {
  const std::string ctl = typed_ctl();
  say("Next, in another terminal:");
  if (options_.demo) {
    say("  " + ctl + " chat play Yesterday in the living room");
    say("  " + ctl + " call living_room_speaker.MusicControlSkill.set_volume 20");
    say("  " + ctl + " skills");
  }
  say("  " + ctl + " device add 'My Laptop' --user demo");
  say("  " + ctl + " tail");
  say("  XDG_CONFIG_HOME=" + shell_word(directory_.shown + "/clients") + " mosquitto_sub -v -t '#'");
  if (options_.tls) say("Other clients need " + shell_word(directory_.shown + "/tls/ca.crt") + " to know the hub.");
  say("\nCtrl-C stops everything.");
}

}  // namespace strawberry::cli
