/// Runs a hub: broker, bridge and web door, and the demo's speaker if requested, until it is stopped.
///
/// It starts them in this order, each when the one before serves; restarts those that end, with growing pauses, and
/// gives up on one that keeps ending; rotates their logs, renews the certificates, and ends the processes in reverse
/// order, since the bridge must still publish its state and the broker must save its data.
/// Threading: loop only.   Lifetime: outlives run().
/// Errors: CliError with ExitCode::refused: the failure and where to find more. All processes have ended then.
/// Bounds: the constants below; RestartPolicy; ports_tried_max.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/outcome.h"
#include "cli/process/command_run.h"
#include "cli/run/hub_directory.h"
#include "cli/run/installation.h"
#include "cli/run/run_options.h"
#include "cli/run/service.h"
#include "common/runtime/asio.h"
#include "common/runtime/task.h"

namespace strawberry::cli {

inline constexpr std::chrono::seconds ready_timeout{20};
inline constexpr std::chrono::seconds leftover_timeout{5};   // then it is killed
inline constexpr std::chrono::seconds stop_timeout{8};       // then it is killed
inline constexpr std::chrono::seconds broker_saves_max{60};  // the data is lost if it is killed while it saves
inline constexpr std::chrono::seconds watch_interval{2};     // between two checks of the logs
inline constexpr std::chrono::minutes command_timeout{10};   // for a command during the start
/// Lifetime of the login link that is shown at the start.
inline constexpr std::chrono::minutes link_lifetime{60};
inline constexpr std::size_t command_output_bytes_max = 64 * 1024;

class Supervisor {
 public:
  Supervisor(asio::io_context& loop, RunOptions options, Installation installation);

  /// Returns success after it was stopped.
  Task<Outcome<void>> run();
  /// Called by a signal handler on the loop; repeated calls have no further effect.
  void request_stop();

 private:
  using Duration = std::chrono::steady_clock::duration;
  using Variables = std::vector<std::pair<std::string, std::string>>;
  using Words = std::vector<std::string>;

  // Starting, start.cpp and start_broker.cpp. A step that returns early after a stop request succeeds.
  Task<Outcome<void>> start();
  Task<Outcome<void>> end_leftovers();
  Task<Outcome<void>> set_up();
  Task<Outcome<void>> set_up_certificates();
  Task<Outcome<void>> start_broker();
  Task<Outcome<void>> start_bridge();
  Task<Outcome<void>> write_clients();
  Task<Outcome<void>> start_gateway();
  Outcome<void> write_broker_settings();
  Outcome<void> write_endpoint();
  Outcome<bool> choose_ports(int from);
  bool answers() const;
  Task<bool> opens_its_ports();
  Task<bool> serves_wss();
  /// Prints the end of the process's log, which shows the reason.
  void show_last_words(const Service& service) const;
  tl::unexpected<CliError> failed(const Service& service, const std::string& what) const;

  // Starting and ending processes, processes.cpp.
  Outcome<void> launch(Service& service);
  ChildOptions command_of(const Service& service) const;
  Task<void> stop(Service& service);
  Task<void> stop_all();
  Task<bool> ends_within(const Service& service, Duration time);
  /// Runs a command until it ends, `unless` returns true or a stop is requested; in the last two cases it is killed,
  /// and there is no end.
  Task<std::optional<CommandEnd>> command(Words argv, Duration timeout, std::function<bool()> unless);
  Task<std::optional<CommandEnd>> command(Words argv, Duration timeout);
  Task<std::optional<CommandEnd>> make_certificates(bool ignore_names);
  /// Waits until `time` has passed, a process has ended, or a stop is requested.
  Task<void> pause(Duration time);
  void wake() { alarm_.cancel(); }

  // Watching, supervisor.cpp.
  Task<Outcome<void>> watch();
  Outcome<void> revive();
  Outcome<void> plan_restart(Service& service, const Service::End& end);
  Task<Outcome<void>> renew_certificates();

  // Output, show.cpp.
  void show_ready(Duration took) const;
  Task<Outcome<void>> show_demo();
  Task<Outcome<void>> show_dashboard();
  /// Returns the command line of strawberryctl for this hub, as people type it.
  std::string typed_ctl() const;
  void show_next_steps() const;

  asio::io_context& loop_;
  const RunOptions options_;
  const Installation installation_;
  const std::string host_;  // the address for clients on this machine
  asio::steady_timer alarm_;
  bool stopping_ = false;
  bool is_up_ = false;
  HubDirectory directory_;
  std::unique_ptr<Service> broker_;
  std::unique_ptr<Service> bridge_;
  std::unique_ptr<Service> gateway_;
  std::unique_ptr<Service> demo_;
  std::string socket_;  // the broker's; empty: none
  int port_ = 0;
  int wss_port_ = 0;  // 0: none
  int http_port_ = 0;
  std::string web_door_;
  std::chrono::steady_clock::time_point next_certificate_check_;
};

void say(const std::string& line);

}  // namespace strawberry::cli
