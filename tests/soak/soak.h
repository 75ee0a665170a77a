/// The fault run: a real hub, 50 devices and 10 users who send all kinds of requests at once, while the bridge is
/// killed, the broker restarted, and devices are cut. Everything is recorded in the ledger.
///
/// Threading: one thread, one poll().   Errors: throws when the hub does not start.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/soak/party.h"
#include "tests/soak/workload.h"
#include "tests/support/hub_process.h"
#include "tests/support/stub_llm/stub_llm.h"

namespace strawberry::soak {

struct SoakOptions {
  int users = 10;
  int devices_per_user = 5;
  int requests = 20'000;
  int requests_per_s = 40;
  int kills = 5;
  int broker_restarts = 3;
  int cut_every_ms = 700;
  std::uint64_t seed = 1;
  bool forgetful = false;
  bool quiet = false;
};

/// Figures that are reported in addition to the ledger.
struct Figures {
  std::int64_t rss_begin = 0;  // of the last bridge
  std::int64_t rss_end = 0;
  std::uint64_t answers_bytes = 0;  // kept by the reply cache
  int cuts = 0;
  milliseconds took{0};
};

/// Of a running process; 0 when it has ended.
std::int64_t resident_bytes(pid_t pid);
/// Time until a status must be correct (contract, section 8).
inline constexpr milliseconds presence_max{5'000};

class Soak {
 public:
  explicit Soak(const SoakOptions& options);

  void run();
  const Ledger& ledger() const { return stage_.ledger; }
  const Figures& figures() const { return figures_; }
  const std::string& bridge_log() const { return bridge_log_; }

 private:
  void say(const std::string& what) const;
  void add_parties();
  /// Runs everything until `done` returns true, for at most this time.
  template <class Done>
  bool live(Done done, milliseconds at_most);
  void turn(milliseconds at_most);
  void look_for_starvation();

  void ask_as_planned();
  void cut_somebody();
  void next_fault();
  void kill_bridge();
  void restart_broker();
  void wait_for_service(std::size_t from, Time down_since);
  void ask_again(Time killed_at, std::size_t first);

  void watch_presence();
  void status_arrived(const Incoming& message);
  bool is_presence_right() const;

  void look_at_the_end();
  void look_at_retained();
  void look_at_memory();
  void look_at_the_store();

  SoakOptions options_;
  StubLlm model_;
  Stage stage_;
  std::unique_ptr<test::HubProcess> hub_;
  std::vector<std::unique_ptr<Party>> parties_;
  std::unique_ptr<Workload> workload_;
  std::unique_ptr<Line> observer_;
  Time observer_since_ = now();
  bool hub_up_ = true;
  bool faults_pending_ = false;  // one at a time
  Time serving_since_ = now();
  Time broker_since_ = now();
  int asked_ = 0;
  int faults_done_ = 0;
  bool asking_ = false;
  std::string faults_;  // 'b' or 'B', in order
  struct Seen {
    std::string state;
    Time at;
  };
  std::map<std::string, Seen> statuses_;
  std::map<std::string, Time> complained_;  // device → time of its last reported wrong status
  std::map<std::string, std::string> retained_;
  nlohmann::json health_;
  Time health_at_ = now();
  std::string bridge_log_;
  Figures figures_;
  Time turned_ = now();
  std::map<pid_t, std::chrono::nanoseconds> waited_for_cpu_;
};

template <class Done>
bool Soak::live(Done done, milliseconds at_most) {
  const auto end = now() + at_most;
  while (!done()) {
    if (now() >= end) return false;
    turn(milliseconds(20));
  }
  return true;
}

}  // namespace strawberry::soak
