#include "tests/bench/http_spokes.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/crowd.h"
#include "tests/bench/fleet.h"
#include "tests/bench/http_servers.h"
#include "tests/bench/hub.h"
#include "tests/bench/loopback_socket.h"
#include "tests/bench/report.h"

namespace strawberry::bench {
namespace {

using std::chrono::duration;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t spokes = 5'000;
constexpr std::size_t devices_per_user = 10;
constexpr std::size_t at_a_time = 50;
constexpr std::size_t files_of_a_spoke = 3;  // in the door: the client's socket, the broker's, and a copy of that
constexpr std::chrono::seconds patience{60};
constexpr std::chrono::seconds quiet_time{2};  // after the last was accepted
constexpr double mib = 1024.0 * 1024.0;
// RFC 6455, section 5.2
constexpr char ping = '\x89';
constexpr std::string_view empty_pong("\x8A\x80\0\0\0\0", 6);

std::string handshake(const std::string& token) {
  return "GET /ws/device HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nAuthorization: Bearer " +
         token + "\r\n\r\n";
}

class Spokes {
 public:
  explicit Spokes(int port) : port_(port) {}

  void connect(const std::string& token) {
    all_.push_back(std::make_unique<LoopbackSocket>(port_));
    said_.emplace_back();
    sockets_.add(*all_.back(), static_cast<std::uint32_t>(all_.size() - 1));
    all_.back()->send(handshake(token));
  }
  /// Reads until `wanted` have been accepted, or the time is over.
  void wait_for(std::size_t wanted, milliseconds timeout) {
    const auto give_up = steady_clock::now() + timeout;
    while (let_in_ < wanted && steady_clock::now() < give_up) read(milliseconds(100));
  }
  /// Waits and answers pings.
  void stay(milliseconds time) {
    for (const auto end = steady_clock::now() + time; steady_clock::now() < end;) read(milliseconds(100));
  }
  std::size_t let_in() const { return let_in_; }

 private:
  void read(milliseconds timeout) {
    for (const std::uint32_t number : sockets_.wait(timeout)) {
      std::string& said = said_[number];
      const bool was_let_in = said.starts_with(let_in_status);
      if (!all_[number]->read(said))
        throw std::runtime_error("the door has closed a Spoke's connection: " + said.substr(0, 200));
      if (was_let_in) {
        if (said.back() == '\0' && said[said.size() - 2] == ping) all_[number]->send(empty_pong);
        said.resize(let_in_status.size());
        continue;
      }
      if (said.find("\r\n\r\n") == std::string::npos) continue;
      if (!said.starts_with(let_in_status))
        throw std::runtime_error("a Spoke is refused after " + std::to_string(let_in_) + " were let in: " + said);
      said.resize(let_in_status.size());
      ++let_in_;
    }
  }

  static constexpr std::string_view let_in_status = "HTTP/1.1 101 ";
  const int port_;
  Poller sockets_;
  std::vector<std::unique_ptr<LoopbackSocket>> all_;
  std::vector<std::string> said_;
  std::size_t let_in_ = 0;
};

void row(const char* what, const std::string& value) { std::printf("| %-46s | %14s |\n", what, value.c_str()); }

}  // namespace

void measure_http_spokes() {
  constexpr std::size_t files = spokes * files_of_a_spoke + 1'000;
  if (possible_devices(files) < files)
    throw std::runtime_error("too few open files are allowed: the door needs " + std::to_string(files) +
                             " (ulimit -n)");
  const Fleet fleet(spokes, devices_per_user);
  const auto broker = fleet.start_with_plugin();
  const std::string data_dir = fleet.files().directory().path().string();
  const auto bridge = start_bridge(data_dir, broker->port());
  const HttpServer door = open_door(data_dir, broker->port());
  const int door_pid = door.process->pid();
  const double before = all_resident_bytes(door_pid);
  const double broker_before = all_resident_bytes(broker->process().pid());

  Spokes connected(door.port);
  const double cpu = cpu_time(door_pid).used_seconds;
  const auto start = steady_clock::now();
  for (std::size_t i = 0; i < spokes; ++i) {
    connected.connect(fleet.with_token(i).password);
    if (i + 1 >= at_a_time) connected.wait_for(i + 1 - at_a_time, patience);
  }
  connected.wait_for(spokes, patience);
  const double seconds = duration<double>(steady_clock::now() - start).count();
  const double connect_cpu = cpu_time(door_pid).used_seconds - cpu;
  if (connected.let_in() < spokes)
    throw std::runtime_error(std::to_string(spokes - connected.let_in()) + " Spokes were not let in");
  connected.stay(quiet_time);
  const double after = all_resident_bytes(door_pid);
  const double idle_cpu = cpu_time(door_pid).used_seconds;
  connected.stay(quiet_time);

  std::printf("%zu Spokes on /ws/device, idle:\n\n", spokes);
  std::printf("| %-46s | %14s |\n|%s|%s:|\n", "", "", std::string(48, '-').c_str(), std::string(15, '-').c_str());
  row("until all were let in", text("%.1f s", seconds));
  row("gateway CPU of one handshake", text("%.0f us", connect_cpu * 1e6 / spokes));
  row("gateway memory (RSS) before (MiB)", text("%.1f", before / mib));
  row("with all connected (MiB)", text("%.1f", after / mib));
  row("for each", text("%.1f KiB", (after - before) / 1024 / spokes));
  row("broker memory for each", text("%.1f KiB", (all_resident_bytes(broker->process().pid()) - broker_before) / 1024 /
                                                     static_cast<double>(spokes)));
  row("gateway CPU of a second, all idle",
      text("%.1f ms", (cpu_time(door_pid).used_seconds - idle_cpu) * 1e3 / static_cast<double>(quiet_time.count())));
  std::printf("\n");
  door.process->terminate(std::chrono::seconds(30));
  broker->kill();
  bridge->terminate();
}

}  // namespace strawberry::bench
