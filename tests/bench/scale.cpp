#include "tests/bench/scale.h"

#include <chrono>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/text/clock.h"
#include "tests/bench/crowd.h"
#include "tests/bench/fleet.h"
#include "tests/bench/hub.h"
#include "tests/bench/pair.h"
#include "tests/bench/report.h"
#include "tests/bench/skill_mix.h"

namespace strawberry::bench {
namespace {

using nlohmann::json;
using std::chrono::duration;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t devices_wanted = 10'000;
constexpr std::size_t searches = 300;
constexpr int lists = 20;
constexpr int calls_max = 2'000;
constexpr milliseconds calls_time{2'000};
constexpr double mib = 1024.0 * 1024.0;

void say(const char* what, const std::string& value) {
  std::printf("| %-58s | %28s |\n", what, value.c_str());
  std::fflush(stdout);
}

std::string seconds_of(double value) { return text("%.2f s", value); }
std::string mib_of(double bytes) { return text("%.1f MiB", bytes / mib); }
std::string percentiles_of(const std::vector<double>& ms) {
  return text("p50 %.2f ms, p99 %.2f ms", percentile(ms, 50), percentile(ms, 99));
}

/// How long a device waits for its answer, in milliseconds, and how many answers were `success`.
struct Asked {
  std::vector<double> took_ms;
  std::size_t succeeded = 0;
  std::size_t bytes = 0;
};
Asked ask(Pair& pair, const std::string& device_id, const std::vector<json>& requests) {
  Asked asked;
  for (const json& request : requests) {
    const auto start = steady_clock::now();
    const std::string reply = pair.ask_as_device("skills/" + device_id + "/request", request.dump());
    asked.took_ms.push_back(duration<double, std::milli>(steady_clock::now() - start).count());
    asked.bytes += reply.size();
    if (reply.find("\"success\":true") != std::string::npos) {
      ++asked.succeeded;
    } else if (reply.find("\"too_large\"") == std::string::npos) {
      throw std::runtime_error("refused: " + reply.substr(0, 300));
    }
  }
  return asked;
}

void fill(Fleet& fleet, Mix mix) {
  auto& database = fleet.files().database();
  SQLite::Transaction transaction(database);
  SQLite::Statement insert(database,
                           "INSERT INTO skills (device_id, position, class_name, function_name, signature, docstring,"
                           " device_agnostic) VALUES (?, ?, ?, ?, ?, ?, ?)");
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    int position = 0;
    for (const bridge::SkillRow& skill : skills_of(i, mix)) {
      insert.bind(1, fleet.id(i));
      insert.bind(2, position++);
      insert.bind(3, skill.class_name);
      insert.bind(4, skill.function_name);
      insert.bind(5, skill.signature);
      insert.bind(6, skill.docstring);
      insert.bind(7, skill.device_agnostic ? 1 : 0);
      insert.exec();
      insert.reset();
    }
  }
  SQLite::Statement heard(database, "UPDATE devices SET skills_heartbeat_at = ?");
  heard.bind(1, to_unix_ms(SystemClock().wall_now()));
  heard.exec();
  transaction.commit();
}

std::unique_ptr<test::ChildProcess> timed_start(const Fleet& fleet, int port) {
  const auto start = steady_clock::now();
  auto bridge = start_bridge(fleet.files().directory().path(), port);
  say("start, until it serves", seconds_of(duration<double>(steady_clock::now() - start).count()));
  say("memory (RSS) then", mib_of(all_resident_bytes(bridge->pid())));
  return bridge;
}

void head(const std::string& what) {
  std::printf("| %-58s | %28s |\n", what.c_str(), "");
  std::printf("|%s|%s:|\n", std::string(60, '-').c_str(), std::string(29, '-').c_str());
}

void storm(Crowd& crowd, int bridge, const char* what, Mix mix, std::size_t first_skill_of = 0) {
  const double cpu = cpu_time(bridge).used_seconds;
  const auto done = crowd.register_all(mix, first_skill_of);
  say(what, text("%.2f s (bridge CPU %.2f s)", done.seconds, cpu_time(bridge).used_seconds - cpu));
  if (done.sent_again > 0) say("of them told busy and sent again", std::to_string(done.sent_again));
}

void idle() {
  const Fleet fleet(1, 1);
  const auto broker = fleet.start_with_plugin();
  head("no devices");
  const auto bridge = timed_start(fleet, broker->port());
  bridge->terminate();
  std::printf("\n");
}

/// From nothing: all devices come and register.
void grow(std::size_t devices, std::size_t devices_per_user) {
  const Fleet fleet(devices, devices_per_user);
  const auto broker = fleet.start_with_plugin();
  head(text("%zu users, 500 classes", devices / devices_per_user));
  const auto bridge = timed_start(fleet, broker->port());
  Crowd crowd(fleet, broker->port(), 0);
  say("memory (RSS) with all connected", mib_of(all_resident_bytes(bridge->pid())));
  storm(crowd, bridge->pid(), "all register", Mix::shared);
  say("memory (RSS) then", mib_of(all_resident_bytes(bridge->pid())));
  storm(crowd, bridge->pid(), "all register the same again", Mix::shared);
  storm(crowd, bridge->pid(), "all register others", Mix::shared, 1);
  say("memory (RSS) then", mib_of(all_resident_bytes(bridge->pid())));
  broker->kill();  // or it would say goodbye to each of them
  bridge->terminate();
  std::printf("\n");
}

/// One user has it all, and no two skills are alike.
void run_full(std::size_t devices) {
  Fleet fleet(devices, devices);
  fill(fleet, Mix::distinct);
  const auto broker = fleet.start_with_plugin();
  head("one user, all different");
  const auto bridge = timed_start(fleet, broker->port());
  const int pid = bridge->pid();
  Crowd crowd(fleet, broker->port(), 2);
  auto pair_holder = std::make_unique<Pair>(broker->port(), routed(fleet.id(0), fleet.id(1)), fleet.id(0),
                                            fleet.with_token(0).password, fleet.id(1), fleet.with_token(1).password);
  Pair& pair = *pair_holder;
  pair.register_skill();
  say("memory (RSS) with all connected", mib_of(all_resident_bytes(pid)));

  std::vector<json> requests;
  for (const std::string& query : queries(searches)) requests.push_back({{"op", "search"}, {"query", query}});
  const double before_search = cpu_time(pid).used_seconds;
  const Asked found = ask(pair, fleet.id(1), requests);
  const double search_cpu = cpu_time(pid).used_seconds - before_search;
  say("search over MQTT", percentiles_of(found.took_ms));
  say("of them too_large", std::to_string(searches - found.succeeded));
  say("bridge CPU of a search", text("%.2f ms", search_cpu * 1e3 / static_cast<double>(searches)));
  const Asked listed = ask(pair, fleet.id(1), std::vector<json>(lists, json{{"op", "list"}}));
  say("list over MQTT (too_large)", percentiles_of(listed.took_ms));
  say("memory (RSS) then", mib_of(all_resident_bytes(pid)));

  pair.run(1, 200, calls_time);
  const double before_calls = cpu_time(pid).used_seconds;
  const Round round = pair.run(1, calls_max, calls_time);
  const double calls_cpu = cpu_time(pid).used_seconds - before_calls;
  std::vector<double> took_ms;
  for (const double us : round.latencies_us) took_ms.push_back(us / 1000);
  say("calls, one at a time", percentiles_of(took_ms));
  say("bridge CPU of a call", text("%.0f us", calls_cpu * 1e6 / static_cast<double>(took_ms.size())));

  pair_holder.reset();  // it would miss the broker
  storm(crowd, pid, "all register the same again", Mix::distinct);
  storm(crowd, pid, "all register others", Mix::distinct, devices);
  say("memory (RSS) then", mib_of(all_resident_bytes(pid)));
  broker->kill();
  bridge->terminate();
  std::printf("\n");
}

}  // namespace

void measure_scale() {
  const std::size_t devices = possible_devices(devices_wanted) / 10 * 10;
  if (devices == 0) throw std::runtime_error("no device may connect: too few open files are allowed");
  std::printf("%zu devices with %zu skills each\n\n", devices, skills_per_device);
  idle();
  grow(devices, 10);
  run_full(devices);
}

}  // namespace strawberry::bench
