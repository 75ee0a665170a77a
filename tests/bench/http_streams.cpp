#include "tests/bench/http_streams.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
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
#include "tests/bench/stream_model.h"
#include "tests/bench/stream_round.h"

namespace strawberry::bench {
namespace {

using nlohmann::json;
using std::chrono::duration;
using std::chrono::steady_clock;

constexpr std::size_t devices = 250;  // 4 chats each, the limit
constexpr std::size_t devices_per_user = 10;
constexpr std::size_t streams = 1'000;
constexpr std::size_t words_per_second = 50;
constexpr Speech speech{120, std::chrono::microseconds(1'000'000 / words_per_second)};
constexpr double mib = 1024.0 * 1024.0;
constexpr std::string_view end_of_answer = "\r\n0\r\n\r\n";

/// One chat: its bytes, with the times of their arrival.
struct Stream {
  explicit Stream(int port) : socket(port) {}
  bool is_over() const { return bytes.ends_with(end_of_answer); }

  LoopbackSocket socket;
  std::string bytes;
  steady_clock::time_point sent;
  std::vector<std::pair<std::size_t, steady_clock::time_point>> came;  // bytes that had arrived by then
};

/// Reads the whole answer again, piece by piece; returns its fault; empty: none.
std::string fault_of(const Stream& stream, const std::string& whole, StreamVerdict& verdict) {
  const std::string_view all = stream.bytes;
  if (!all.starts_with("HTTP/1.1 200 ")) return "status: " + std::string(all.substr(0, 40));
  std::size_t at = all.find("\r\n\r\n");
  if (at == std::string_view::npos) return "headers without an end";
  HeardText heard(stream.sent, speech);
  std::string id;
  bool is_finished = false;
  bool is_done = false;
  auto arrival = stream.came.begin();
  for (at += 4;;) {
    const std::size_t size = std::strtoul(stream.bytes.c_str() + at, nullptr, 16);
    at = all.find("\r\n", at) + 2;
    if (size == 0) break;
    std::string_view chunk = all.substr(at, size);
    at += size + 2;
    if (at > all.size()) return "broken off after " + std::to_string(heard.text().size()) + " bytes of text";
    while (arrival->first < at) ++arrival;
    while (!chunk.empty()) {
      const std::size_t end = chunk.find("\n\n");
      if (end == std::string_view::npos || !chunk.starts_with("data: ")) return "an event in parts";
      const std::string_view data = chunk.substr(6, end - 6);
      chunk.remove_prefix(end + 2);
      if (is_done) return "an event after the last";
      if (data == "[DONE]") {
        is_done = true;
        continue;
      }
      const json event = json::parse(data);
      if (id.empty()) id = event.at("id").get<std::string>();
      if (event.at("id") != id) return "two ids in one stream";
      const json& choice = event.at("choices").at(0);
      is_finished = is_finished || choice.value("finish_reason", json()) == "stop";
      const json content = choice.at("delta").value("content", json());
      const std::string piece = content.is_string() ? content.get<std::string>() : std::string();
      if (!piece.empty()) heard.add(piece, arrival->second, verdict);
    }
  }
  if (at + 2 != all.size()) return "bytes after the end";
  if (!is_finished || !is_done) return "no end of the stream";
  return heard.fault(whole);
}

StreamVerdict judge_streams(const std::vector<std::unique_ptr<Stream>>& all) {
  const std::string whole = speech.whole();
  StreamVerdict verdict;
  for (const auto& stream : all) count_fault(fault_of(*stream, whole, verdict), verdict);
  return verdict;
}

std::string request(const std::string& token) {
  json asked = stream_request();
  asked["model"] = "stub";
  const std::string body = asked.dump();
  return "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + token +
         "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

struct Round {
  double seconds = 0;  // from the first request to the end of the last answer
  double memory_peak = 0;
};

Round run(std::vector<std::unique_ptr<Stream>>& all, const std::vector<std::string>& requests, int door_pid) {
  Poller sockets;
  for (std::size_t i = 0; i < all.size(); ++i) sockets.add(all[i]->socket, static_cast<std::uint32_t>(i));
  Round round;
  const auto start = steady_clock::now();
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i]->sent = steady_clock::now();
    all[i]->socket.send(requests[i % requests.size()]);
  }
  MemoryPeak memory(door_pid);
  std::size_t over = 0;
  while (over < all.size() && steady_clock::now() - start < stream_patience) {
    for (const std::uint32_t number : sockets.wait(stream_memory_every)) {
      Stream& stream = *all[number];
      if (!stream.socket.read(stream.bytes)) throw std::runtime_error("the door has closed a connection");
      stream.came.emplace_back(stream.bytes.size(), steady_clock::now());
      if (stream.is_over()) ++over;
    }
    memory.look();
  }
  round.memory_peak = memory.bytes();
  round.seconds = duration<double>(steady_clock::now() - start).count();
  return round;
}

void row(const char* what, const std::string& value) { std::printf("| %-46s | %14s |\n", what, value.c_str()); }

}  // namespace

void measure_http_streams() {
  if (possible_devices(streams + 200) < streams) throw std::runtime_error("too few open files are allowed");
  const StreamModel model(speech);
  const Fleet fleet(devices, devices_per_user);
  const auto broker = fleet.start_with_plugin();
  const std::string data_dir = fleet.files().directory().path().string();
  const auto bridge = start_bridge(data_dir, broker->port(), model.environment());
  const HttpServer door = open_door(data_dir, broker->port());
  std::vector<std::string> requests;
  for (std::size_t i = 0; i < devices; ++i) requests.push_back(request(fleet.with_token(i).password));
  const double before = all_resident_bytes(door.process->pid());
  std::vector<std::unique_ptr<Stream>> all;
  for (std::size_t i = 0; i < streams; ++i) all.push_back(std::make_unique<Stream>(door.port));

  const std::array<std::pair<const char*, int>, 4> processes{{{"gateway", door.process->pid()},
                                                              {"bridge", bridge->pid()},
                                                              {"broker", broker->process().pid()},
                                                              {"model", model.pid()}}};
  std::array<double, processes.size()> cpu{};
  for (std::size_t i = 0; i < cpu.size(); ++i) cpu[i] = cpu_time(processes[i].second).used_seconds;
  const Round round = run(all, requests, door.process->pid());
  for (std::size_t i = 0; i < cpu.size(); ++i) cpu[i] = cpu_time(processes[i].second).used_seconds - cpu[i];
  const StreamVerdict verdict = judge_streams(all);

  const auto words = static_cast<double>(streams * speech.words);
  std::printf("%zu streams at once through the web door, of %zu words at %zu a second each, tokens of %zu devices:\n\n",
              streams, speech.words, words_per_second, devices);
  std::printf("| %-46s | %14s |\n|%s|%s:|\n", "", "", std::string(48, '-').c_str(), std::string(15, '-').c_str());
  row("wrong: lost, out of order, without an end", std::to_string(verdict.wrong));
  row("until the last answer", text("%.2f s", round.seconds));
  row("words/s", text("%.0f", words / round.seconds));
  row("words in a delta", text("%.2f", words / static_cast<double>(std::max<std::size_t>(verdict.deltas, 1))));
  row("first word p50 / p99 (ms)", percentiles(verdict.first_ms));
  row("a delta behind the model's pace p50 / p99 (ms)", percentiles(verdict.late_ms));
  row("gateway memory (RSS) before (MiB)", text("%.1f", before / mib));
  row("at the peak", text("%.1f", round.memory_peak / mib));
  row("after", text("%.1f", all_resident_bytes(door.process->pid()) / mib));
  for (std::size_t i = 0; i < cpu.size(); ++i)
    row((std::string(processes[i].first) + " CPU").c_str(), text("%.2f s", cpu[i]));
  std::printf("\n");
  door.process->terminate();
  broker->kill();
  bridge->terminate();
  if (verdict.wrong != 0)
    throw std::runtime_error(std::to_string(verdict.wrong) + " streams went wrong; one: " + verdict.first_fault);
}

}  // namespace strawberry::bench
