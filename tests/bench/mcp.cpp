#include "tests/bench/mcp.h"

#include <httplib.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/http_servers.h"
#include "tests/bench/hub.h"
#include "tests/bench/loopback_socket.h"
#include "tests/bench/pair.h"
#include "tests/bench/poll_client.h"
#include "tests/bench/report.h"

namespace strawberry::bench {
namespace {

using nlohmann::json;
using std::chrono::duration;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int rounds = 5;
constexpr int calls_per_round = 400;
constexpr int lists = 100;
constexpr int skills = 500;
constexpr std::size_t listeners = 1'000;
constexpr std::size_t listeners_per_token = 100;  // the door's own limit
constexpr milliseconds round_time_max{10'000};
constexpr std::chrono::seconds patience{20};
constexpr std::chrono::seconds quiet_time{2};
constexpr double mib = 1024.0 * 1024.0;

std::string rpc(const char* method, json params, bool is_modern) {
  if (is_modern) {
    params["_meta"] = {{"io.modelcontextprotocol/protocolVersion", "2026-07-28"},
                       {"io.modelcontextprotocol/clientCapabilities", json::object()}};
  }
  return json{{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", std::move(params)}}.dump();
}

/// A client of `initialize`, which has the fewest headers, on a connection that is kept.
class McpClient {
 public:
  McpClient(int port, const std::string& token) : client_("127.0.0.1", port) {
    client_.set_keep_alive(true);
    client_.set_tcp_nodelay(true);
    client_.set_bearer_token_auth(token);
  }
  std::string ask(const std::string& path, const std::string& body) {
    const auto answer =
        client_.Post(path, {{"Accept", "application/json, text/event-stream"}}, body, "application/json");
    if (!answer || answer->status != 200) throw std::runtime_error("no answer of /mcp");
    return answer->body;
  }

 private:
  httplib::Client client_;
};

void register_many(int port, const Hub::Device& device) {
  PollClient client({port, device.id, device.token}, {"skills/" + device.id + "/response"});
  bool is_done = false;
  client.on_message([&](std::string_view, std::string_view payload) {
    is_done = payload.find("\"success\":true") != std::string_view::npos;
  });
  json all = json::array();
  for (int i = 0; i < skills; ++i) {
    const std::string name = "do_thing_" + std::to_string(i);
    all.push_back({{"class_name", "ManySkills"},
                   {"function_name", name},
                   {"signature", name + "(name: str, level: int = 50, fast: bool = False) -> str"},
                   {"docstring", "Does one of five hundred things, and says how it went."}});
  }
  client.publish("skills/" + device.id + "/request", json{{"op", "register"}, {"skills", std::move(all)}}.dump());
  const auto deadline = steady_clock::now() + patience;
  while (!is_done && steady_clock::now() < deadline) PollClient::poll({&client}, milliseconds(100));
  if (!is_done) throw std::runtime_error("the skills were not registered");
}

/// Streams of `subscriptions/listen`, acknowledged.
class Listeners {
 public:
  explicit Listeners(int port) : port_(port) {}
  void add(const std::string& token) {
    const std::string body = rpc("subscriptions/listen", {{"notifications", {{"toolsListChanged", true}}}}, true);
    all_.push_back(std::make_unique<LoopbackSocket>(port_));
    all_.back()->send("POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + token +
                      "\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"
                      "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: subscriptions/listen\r\nContent-Length: " +
                      std::to_string(body.size()) + "\r\n\r\n" + body);
    std::string said;
    const auto deadline = steady_clock::now() + patience;
    while (said.find("acknowledged") == std::string::npos) {
      if (!all_.back()->read(said) || steady_clock::now() > deadline)
        throw std::runtime_error("a listener is not heard: " + said);
      std::this_thread::sleep_for(milliseconds(1));
    }
  }

 private:
  const int port_;
  std::vector<std::unique_ptr<LoopbackSocket>> all_;
};

void row(const char* what, const std::string& value) { std::printf("| %-52s | %12s |\n", what, value.c_str()); }

}  // namespace

void measure_mcp() {
  Hub hub;
  const Hub::Device caller = hub.add_device("Caller");
  const Hub::Device speaker = hub.add_device("Living Room Speaker");
  const HttpServer door = open_door(hub.data_dir(), hub.port());
  const int door_pid = door.process->pid();
  std::vector<double> routed_us;
  std::vector<double> mcp_us;
  std::vector<double> list_ms;
  std::vector<Hub::Device> tokens;
  for (std::size_t i = 0; i < listeners / listeners_per_token; ++i) {
    tokens.push_back(hub.add_device("Listener " + std::to_string(i)));
  }
  {
    Pair pair(hub.port(), routed(caller.id, speaker.id), caller.id, caller.token, speaker.id, speaker.token);
    pair.register_skill();
    pair.run(1, calls_per_round, round_time_max);
    McpClient client(door.port, caller.token);
    const std::string call = rpc(
        "tools/call",
        {{"name", "MusicControlSkill-play_song"}, {"arguments", {{"name", "Never Gonna Give You Up"}, {"volume", 40}}}},
        false);
    for (int round = 0; round <= rounds; ++round) {
      const Round calls = pair.run(1, calls_per_round, round_time_max);
      for (int i = 0; i < calls_per_round; ++i) {
        const auto start = steady_clock::now();
        const std::string answer = client.ask("/mcp", call);
        if (answer.find("Playing Never") == std::string::npos) throw std::runtime_error("no result: " + answer);
        if (round > 0) mcp_us.push_back(duration<double, std::micro>(steady_clock::now() - start).count());
      }
      if (round > 0) routed_us.insert(routed_us.end(), calls.latencies_us.begin(), calls.latencies_us.end());
    }
  }
  register_many(hub.port(), speaker);
  McpClient client(door.port, caller.token);
  const std::string list = rpc("tools/list", json::object(), false);
  std::size_t bytes = 0;
  const std::array pids{door_pid, hub.bridge_pid(), hub.broker_pid()};
  std::array<double, 3> list_cpu{};
  for (std::size_t i = 0; i < pids.size(); ++i) list_cpu[i] = -cpu_time(pids[i]).used_seconds;
  for (int i = 0; i < lists; ++i) {
    const auto start = steady_clock::now();
    const std::string answer = client.ask("/mcp?tools=all", list);
    list_ms.push_back(duration<double, std::milli>(steady_clock::now() - start).count());
    bytes = answer.size();
    if (answer.find("do_thing_499") == std::string::npos) throw std::runtime_error("the list is not whole");
  }
  for (std::size_t i = 0; i < pids.size(); ++i) list_cpu[i] += cpu_time(pids[i]).used_seconds;
  const double before = all_resident_bytes(door_pid);
  Listeners waiting(door.port);
  for (std::size_t i = 0; i < listeners; ++i) waiting.add(tokens[i % tokens.size()].token);
  std::this_thread::sleep_for(quiet_time);
  const double after = all_resident_bytes(door_pid);
  const double cpu = cpu_time(door_pid).used_seconds;
  std::this_thread::sleep_for(quiet_time);
  const double idle_cpu = (cpu_time(door_pid).used_seconds - cpu) / static_cast<double>(quiet_time.count());

  std::printf("| %-52s | %12s |\n|%s|%s:|\n", "MCP at the web door", "", std::string(54, '-').c_str(),
              std::string(13, '-').c_str());
  row("a routed call by MQTT, p50 (us)", text("%.0f", percentile(routed_us, 50)));
  row("tools/call, p50 (us)", text("%.0f", percentile(mcp_us, 50)));
  row("added p50 (us)", text("%.0f", percentile(mcp_us, 50) - percentile(routed_us, 50)));
  row("added p99 (us)", text("%.0f", percentile(mcp_us, 99) - percentile(routed_us, 99)));
  row("tools/list of 500 skills, p50 (ms)", text("%.2f", percentile(list_ms, 50)));
  row("its CPU: gateway, bridge, broker (ms)",
      text("%.1f, %.1f, %.1f", list_cpu[0] * 1e3 / lists, list_cpu[1] * 1e3 / lists, list_cpu[2] * 1e3 / lists));
  row("its size (KiB)", text("%.0f", static_cast<double>(bytes) / 1024));
  row("1 000 listeners of 10 tokens, gateway memory (MiB)", text("%.1f", (after - before) / mib));
  row("for each (KiB)", text("%.1f", (after - before) / 1024 / static_cast<double>(listeners)));
  row("gateway CPU of a second, all idle (ms)", text("%.1f", idle_cpu * 1e3));
  std::printf("\n");
}

}  // namespace strawberry::bench
