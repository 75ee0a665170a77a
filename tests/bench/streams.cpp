#include "tests/bench/streams.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/bench/crowd.h"
#include "tests/bench/fleet.h"
#include "tests/bench/hub.h"
#include "tests/bench/report.h"
#include "tests/bench/stream_model.h"
#include "tests/bench/stream_round.h"

namespace strawberry::bench {
namespace {

constexpr std::size_t devices = 250;  // 4 chats each, the limit
constexpr std::size_t devices_per_user = 10;
constexpr std::size_t words_per_second = 50;
constexpr Speech speech{120, std::chrono::microseconds(1'000'000 / words_per_second)};
constexpr std::array<std::size_t, 3> rounds{100, 1'000, 1'000};
constexpr double mib = 1024.0 * 1024.0;

/// The table: a line for each figure, a column for each round.
class Table {
 public:
  void add(const std::string& what, const std::string& value) {
    std::size_t at = 0;
    while (at < lines_.size() && lines_[at].first != what) ++at;
    if (at == lines_.size()) lines_.emplace_back(what, std::vector<std::string>());
    lines_[at].second.push_back(value);
  }
  void print() const {
    for (std::size_t at = 0; at < lines_.size(); ++at) {
      std::printf("| %-46s |", lines_[at].first.c_str());
      for (const std::string& value : lines_[at].second) std::printf(" %20s |", value.c_str());
      std::printf("\n");
      if (at != 0) continue;
      std::printf("|%s|", std::string(48, '-').c_str());
      for (std::size_t i = 0; i < lines_[0].second.size(); ++i) std::printf("%s:|", std::string(21, '-').c_str());
      std::printf("\n");
    }
    std::printf("\n");
    std::fflush(stdout);
  }

 private:
  std::vector<std::pair<std::string, std::vector<std::string>>> lines_;
};

}  // namespace

void measure_streams() {
  if (possible_devices(devices * 4 + 500) < devices * 4) throw std::runtime_error("too few open files are allowed");
  const StreamModel model(speech);
  const Fleet fleet(devices, devices_per_user);
  const auto broker = fleet.start_with_plugin();
  const auto bridge = start_bridge(fleet.files().directory().path(), broker->port(), model.environment());
  Crowd crowd(fleet, broker->port(), 0);

  const std::array<std::pair<const char*, int>, 4> processes{{{"bridge", bridge->pid()},
                                                              {"broker", broker->process().pid()},
                                                              {"model", model.pid()},
                                                              {"devices", ::getpid()}}};
  Table table;
  std::size_t wrong = 0;
  std::string fault;
  for (std::size_t number = 0; number < rounds.size(); ++number) {
    const std::size_t chats = rounds[number];
    const double before = all_resident_bytes(bridge->pid());
    std::array<double, processes.size()> cpu{};
    const double waited = cpu_time(bridge->pid()).waited_seconds;
    for (std::size_t i = 0; i < cpu.size(); ++i) cpu[i] = cpu_time(processes[i].second).used_seconds;
    const auto round = run_streams(crowd, fleet, "stream" + std::to_string(number) + "-", chats, bridge->pid());
    for (std::size_t i = 0; i < cpu.size(); ++i) cpu[i] = cpu_time(processes[i].second).used_seconds - cpu[i];
    const double waits = cpu_time(bridge->pid()).waited_seconds - waited;
    const double after = all_resident_bytes(bridge->pid());
    const StreamVerdict verdict = judge(round, speech);
    wrong += verdict.wrong;
    if (fault.empty()) fault = verdict.first_fault;

    const auto words = static_cast<double>(chats * speech.words);
    const auto deltas = static_cast<double>(verdict.deltas);
    table.add("chats at once", std::to_string(chats));
    table.add("wrong: lost, out of order, not one response", std::to_string(verdict.wrong));
    table.add("until the last response", text("%.2f s", round.seconds));
    table.add("words/s", text("%.0f", words / round.seconds));
    table.add("deltas/s", text("%.0f", deltas / round.seconds));
    table.add("words in a delta", text("%.2f", words / deltas));
    table.add("first delta p50 / p99 (ms)", percentiles(verdict.first_ms));
    table.add("a delta behind the model's pace p50 / p99 (ms)", percentiles(verdict.late_ms));
    table.add("bridge memory (RSS) before (MiB)", text("%.1f", before / mib));
    table.add("at the peak", text("%.1f", round.memory_peak / mib));
    table.add("after", text("%.1f", after / mib));
    for (std::size_t i = 0; i < cpu.size(); ++i)
      table.add(std::string(processes[i].first) + " CPU", text("%.2f s", cpu[i]));
    table.add("bridge ready to run, but others did", text("%.2f s", waits));
    table.add("bridge CPU of a delta", text("%.1f us", cpu[0] * 1e6 / deltas));
    table.add("bridge CPU of a word", text("%.1f us", cpu[0] * 1e6 / words));
  }
  std::printf("Streamed chats of %zu words at %zu a second each, from %zu devices:\n\n", speech.words, words_per_second,
              devices);
  table.print();
  broker->kill();
  bridge->terminate();
  if (wrong != 0) throw std::runtime_error(std::to_string(wrong) + " chats went wrong; one: " + fault);
}

}  // namespace strawberry::bench
