#include "tests/bench/http.h"

#include <httplib.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/http_servers.h"
#include "tests/bench/http_spokes.h"
#include "tests/bench/http_streams.h"
#include "tests/bench/hub.h"
#include "tests/bench/report.h"
#include "tests/support/stub_llm/stub_llm.h"

namespace strawberry::bench {
namespace {

using nlohmann::json;
using std::chrono::duration;
using std::chrono::steady_clock;

constexpr int rounds = 5;
constexpr int chats_per_round = 100;
constexpr int clients = 64;
constexpr int tokens = 20;
constexpr std::chrono::seconds load_time{5};

/// A client of one server, on a connection that is kept.
class OpenAiClient {
 public:
  OpenAiClient(int port, std::string token) : client_("127.0.0.1", port), token_(std::move(token)) {
    client_.set_keep_alive(true);
    client_.set_tcp_nodelay(true);
    client_.set_read_timeout(std::chrono::seconds(10));
  }
  /// Sends a request; returns when the first text arrived.
  steady_clock::time_point ask(const std::string& body) {
    steady_clock::time_point first{};
    std::string came;
    httplib::Request request;
    request.method = "POST";
    request.path = "/v1/chat/completions";
    request.set_header("Content-Type", "application/json");
    if (!token_.empty()) request.set_header("Authorization", "Bearer " + token_);
    request.body = body;
    request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
      came.append(data, size);
      if (first == steady_clock::time_point{} && came.find("\"content\":\"echo") != std::string::npos)
        first = steady_clock::now();
      return true;
    };
    const auto answer = client_.send(request);
    if (!answer || answer->status != 200 || first == steady_clock::time_point{})
      throw std::runtime_error("no answer to a chat: " + came);
    return first;
  }

 private:
  httplib::Client client_;
  std::string token_;
};

/// One way to the model, and the durations of its chats.
struct Way {
  Way(std::string called, int port, std::string token, int server_pid)
      : name(std::move(called)), client(port, std::move(token)), pid(server_pid) {}

  std::string name;
  OpenAiClient client;
  int pid;  // of the server in between; 0: none
  std::vector<double> chat_ms;
  std::vector<double> first_ms;
};

/// The work of a process in the rounds so far, for whole and for streamed answers.
struct Work {
  const char* name;
  int pid;
  double whole_cpu_s = 0;
  double streamed_cpu_s = 0;
  double whole_wake_ups = 0;
  double streamed_wake_ups = 0;
};

void time_chats(std::vector<double>& took_ms, OpenAiClient& client, const std::string& body, bool to_first) {
  for (int i = 0; i < chats_per_round; ++i) {
    const auto start = steady_clock::now();
    const auto first = client.ask(body);
    took_ms.push_back(duration<double, std::milli>((to_first ? first : steady_clock::now()) - start).count());
  }
}

/// Adds the work of the processes during `what`.
template <class What>
void count(std::vector<Work>& all, double Work::*cpu_s, double Work::*wakes, What what) {
  for (Work& one : all) {
    one.*cpu_s -= cpu_time(one.pid).used_seconds;
    one.*wakes -= wake_ups(one.pid);
  }
  what();
  for (Work& one : all) {
    one.*cpu_s += cpu_time(one.pid).used_seconds;
    one.*wakes += wake_ups(one.pid);
  }
}

void print_ways(const std::vector<std::unique_ptr<Way>>& ways) {
  std::printf(
      "| %-32s | chat p50 (ms) |    p99 | added p50 |    p99 | first token p50 |    p99 | added p50 |    p99 |\n",
      "one at a time");
  std::printf("|%s|%s:|%s:|%s:|%s:|%s:|%s:|%s:|%s:|\n", std::string(34, '-').c_str(), std::string(14, '-').c_str(),
              "-------", "----------", "-------", std::string(16, '-').c_str(), "-------", "----------", "-------");
  const Way& direct = *ways.front();
  for (const auto& way : ways) {
    const auto more = [&](std::vector<double> Way::*took, double percent) {
      const double added = percentile((*way).*took, percent) - percentile(direct.*took, percent);
      return way == ways.front() ? std::string() : text("%.3f", added);
    };
    std::printf("| %-32s | %13.3f | %6.3f | %9s | %6s | %15.3f | %6.3f | %9s | %6s |\n", way->name.c_str(),
                percentile(way->chat_ms, 50), percentile(way->chat_ms, 99), more(&Way::chat_ms, 50).c_str(),
                more(&Way::chat_ms, 99).c_str(), percentile(way->first_ms, 50), percentile(way->first_ms, 99),
                more(&Way::first_ms, 50).c_str(), more(&Way::first_ms, 99).c_str());
  }
  std::printf("\n");
}

void print_work(const std::vector<Work>& all) {
  constexpr double chats = rounds * chats_per_round;
  std::printf("| %-20s | CPU (us) | wake-ups | streamed: CPU (us) | wake-ups |\n", "a chat through the door");
  std::printf("|-------------------------|---------:|---------:|-------------------:|---------:|\n");
  for (const Work& one : all)
    std::printf("| %-23s | %8.0f | %8.1f | %18.0f | %8.1f |\n", one.name, one.whole_cpu_s * 1e6 / chats,
                one.whole_wake_ups / chats, one.streamed_cpu_s * 1e6 / chats, one.streamed_wake_ups / chats);
  std::printf("\n");
}

/// Sends small requests over kept connections for a while: counts them a second, and measures each.
void measure_small_requests(const HttpServer& door, const std::vector<std::string>& tokens_of_devices) {
  std::atomic<bool> stop{false};
  std::atomic<int> failed{0};
  std::vector<std::vector<double>> took(clients);
  std::vector<std::thread> threads;
  const auto begin = steady_clock::now();
  for (int i = 0; i < clients; ++i) {
    threads.emplace_back([&, i] {
      httplib::Client client("127.0.0.1", door.port);
      client.set_keep_alive(true);
      client.set_tcp_nodelay(true);
      client.set_bearer_token_auth(tokens_of_devices[static_cast<std::size_t>(i) % tokens_of_devices.size()]);
      while (!stop) {
        const auto start = steady_clock::now();
        const auto answer = client.Get("/api/v1/devices/me");
        if (!answer || answer->status != 200) ++failed;
        took[static_cast<std::size_t>(i)].push_back(duration<double, std::milli>(steady_clock::now() - start).count());
      }
    });
  }
  std::this_thread::sleep_for(load_time);
  stop = true;
  for (auto& thread : threads) thread.join();
  const double seconds = duration<double>(steady_clock::now() - begin).count();
  std::vector<double> all;
  for (const auto& one : took) all.insert(all.end(), one.begin(), one.end());
  std::printf(
      "| %d connections, %d tokens: GET /api/v1/devices/me | %.0f a second, p50 %.2f ms, p99 %.2f ms, %d failed |\n",
      clients, tokens, static_cast<double>(all.size()) / seconds, percentile(all, 50), percentile(all, 99),
      failed.load());
}

}  // namespace

void measure_http() {
  measure_http_chats();
  measure_http_streams();
  measure_http_spokes();
}

void measure_http_chats() {
  StubLlm llm;
  Hub hub({{"OPENAI_BASE_URL", llm.base_url()}, {"OPENAI_API_KEY", "none"}, {"DEFAULT_MODEL", "stub"}});
  const HttpServer door = open_door(hub.data_dir(), hub.port());
  const double idle_bytes = all_resident_bytes(door.process->pid());
  std::vector<std::string> tokens_of_devices;
  for (int i = 0; i < tokens; ++i) tokens_of_devices.push_back(hub.add_device("Device " + std::to_string(i)).token);

  std::vector<std::unique_ptr<Way>> ways;
  ways.push_back(std::make_unique<Way>("the model directly", llm.port(), "", 0));
  const auto nginx = start_nginx(llm.port());
  if (nginx) ways.push_back(std::make_unique<Way>("nginx that forwards", nginx->port, "", nginx->process->pid()));
  const auto litellm = start_litellm(llm.port());
  if (litellm)
    ways.push_back(std::make_unique<Way>("LiteLLM's proxy", litellm->port, litellm->token, litellm->process->pid()));
  ways.push_back(std::make_unique<Way>("web door and hub", door.port, tokens_of_devices.front(), door.process->pid()));

  // Without members that only the hub knows: other servers refuse them, or pass them on.
  json whole{{"model", "stub"}, {"messages", json::array({{{"role", "user"}, {"content", "Is the oven on?"}}})}};
  json streamed = whole;
  streamed["stream"] = true;
  json hub_whole = whole;
  hub_whole["tool_mode"] = "none";
  json hub_streamed = streamed;
  hub_streamed["tool_mode"] = "none";

  std::vector<Work> work{{"gateway", door.process->pid()}, {"bridge", hub.bridge_pid()}, {"broker", hub.broker_pid()}};
  for (const auto& way : ways) way->client.ask(whole.dump());  // opens connections
  for (int i = 0; i < rounds; ++i) {
    for (const auto& way : ways) {
      const bool is_hub = way == ways.back();
      const std::string ask_whole = (is_hub ? hub_whole : whole).dump();
      const std::string ask_streamed = (is_hub ? hub_streamed : streamed).dump();
      if (!is_hub) {
        time_chats(way->chat_ms, way->client, ask_whole, false);
        time_chats(way->first_ms, way->client, ask_streamed, true);
        continue;
      }
      count(work, &Work::whole_cpu_s, &Work::whole_wake_ups,
            [&] { time_chats(way->chat_ms, way->client, ask_whole, false); });
      count(work, &Work::streamed_cpu_s, &Work::streamed_wake_ups,
            [&] { time_chats(way->first_ms, way->client, ask_streamed, true); });
    }
  }
  print_ways(ways);
  print_work(work);
  if (!nginx) std::printf("Without nginx: %s.\n\n", nginx.error().message.c_str());
  if (!litellm) std::printf("Without LiteLLM's proxy: %s.\n\n", litellm.error().message.c_str());

  std::printf("| memory (RSS, MiB) | idle | after these chats |\n|---|---:|---:|\n");
  for (const auto& way : ways) {
    if (way->pid == 0) continue;
    const bool is_hub = way == ways.back();
    std::printf("| %s | %s | %.1f |\n", is_hub ? "web door" : way->name.c_str(),
                is_hub ? text("%.1f", idle_bytes / (1024 * 1024)).c_str() : "",
                all_resident_bytes(way->pid) / (1024 * 1024));
  }
  std::printf("\n| the web door | |\n|---|---|\n");
  measure_small_requests(door, tokens_of_devices);
  std::printf("\n");
}

}  // namespace strawberry::bench
