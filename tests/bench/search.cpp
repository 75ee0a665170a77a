#include "tests/bench/search.h"

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include "bridge/devices/device_registry.h"
#include "bridge/skills/skill_registry.h"
#include "common/text/clock.h"
#include "common/text/ids.h"
#include "tests/bench/report.h"
#include "tests/bench/skill_mix.h"

namespace strawberry::bench {
namespace {

using std::chrono::duration;
using std::chrono::steady_clock;

constexpr std::size_t devices_total = 10'000;
constexpr std::size_t queries_total = 600;
constexpr std::size_t answer_bytes_max = 1024 * 1024;
constexpr double mib = 1024.0 * 1024.0;

double heap_bytes() {
  const auto info = ::mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd);
}

/// Of this thread: a search waits for nothing, so this is its time on a machine that has nothing else to do.
double cpu_us() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

void measure(const char* name, Mix mix, std::size_t users) {
  const SystemClock clock;
  bridge::DeviceRegistry devices;
  std::vector<std::pair<std::string, std::string>> owners;  // device, user
  for (std::size_t i = 0; i < devices_total; ++i) {
    bridge::DeviceRow row;
    row.device_id = new_id();
    row.user_id = "user" + std::to_string(i % users);
    row.name = "Speaker " + std::to_string(i);
    row.normalized_name = "speaker_" + std::to_string(i);
    row.skills_heartbeat_at_ms = to_unix_ms(clock.wall_now());
    owners.emplace_back(row.device_id, row.user_id);
    devices.put(row);
    devices.set_online(owners.back().first, i % 3 != 0);
  }
  const double before = heap_bytes();
  bridge::SkillRegistry registry(clock, devices, {});
  double filling_s = 0;
  for (std::size_t i = 0; i < devices_total; ++i) {
    const auto skills = skills_of(i, mix);
    const auto start = steady_clock::now();
    registry.put(owners[i].first, owners[i].second, skills);
    filling_s += duration<double>(steady_clock::now() - start).count();
  }
  const double memory = heap_bytes() - before;

  std::vector<double> took_us;
  std::size_t found = 0;
  std::size_t too_many = 0;
  for (const std::string& query : queries(queries_total)) {
    const double start = cpu_us();
    const auto matches = registry.search("user0", {query, owners[0].first, 10, answer_bytes_max});
    took_us.push_back(cpu_us() - start);
    found += matches ? matches->size() : 0;
    too_many += matches ? 0 : 1;
  }
  // What a chat asks for: is it more than can be shown at once, and then, what do the user's words fit?
  std::vector<double> chat_us;
  for (const std::string& query : queries(queries_total)) {
    const double start = cpu_us();
    const auto few = registry.find({"user0", {}, owners[0].first, 40, 64, /*all_or_none=*/true});
    if (few.has_more) registry.find({"user0", query, owners[0].first, 20, 64});
    chat_us.push_back(cpu_us() - start);
  }
  std::printf("| %-29s | %8.0f | %10.3f | %10.3f | %10.3f | %10.0f | %9zu | %12.1f | %8.3f | %8.3f |\n", name,
              filling_s * 1000, percentile(took_us, 50) / 1000, percentile(took_us, 99) / 1000,
              percentile(took_us, 100) / 1000,
              static_cast<double>(found) / static_cast<double>(queries_total - too_many), too_many, memory / mib,
              percentile(chat_us, 50) / 1000, percentile(chat_us, 99) / 1000);
}

}  // namespace

void measure_search() {
  std::printf("%zu devices with %zu skills each, %zu searches of one user:\n\n", devices_total, skills_per_device,
              queries_total);
  std::printf(
      "| skills                        | put (ms) |   p50 (ms) |   p99 (ms) |   max (ms) | found each | too_large | "
      "memory (MiB) | chat p50 | chat p99 |\n");
  std::printf(
      "|-------------------------------|---------:|-----------:|-----------:|-----------:|-----------:|-------------:|-"
      "--------:|---------:|"
      "\n");
  measure("all different, one user", Mix::distinct, 1);
  measure("of 500 classes, one user", Mix::shared, 1);
  measure("of 500 classes, 1 000 users", Mix::shared, 1'000);
  std::printf("\n");
}

}  // namespace strawberry::bench
