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

/// Of one server, on a connection that is kept.
class OpenAiClient {
 public:
  OpenAiClient(int port, std::string token) : client_("127.0.0.1", port), token_(std::move(token)) {
    client_.set_keep_alive(true);
    client_.set_tcp_nodelay(true);
    client_.set_read_timeout(std::chrono::seconds(10));
  }
  /// Asks; gives when the first text was there.
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

struct Door {
  std::unique_ptr<test::ChildProcess> process;
  int port = 0;
};

Door open_door(const Hub& hub) {
  test::ChildProcess::Options options;
  options.argv = {STRAWBERRY_BIN_DIR "/strawberry-gateway", "--port", "0"};
  options.environment = {{"STRAWBERRY_DATA_DIR", hub.data_dir()},
                         {"STRAWBERRY_BROKER_PORT", std::to_string(hub.port())}};
  Door door;
  door.process = std::make_unique<test::ChildProcess>(std::move(options));
  if (!door.process->wait_for_output("the web door is at", std::chrono::seconds(10)))
    throw std::runtime_error(door.process->output());
  const std::string output = door.process->output();
  door.port = std::stoi(output.substr(output.find("127.0.0.1:") + 10));
  return door;
}

void row(const char* way, const std::vector<double>& took_ms) {
  std::printf("| %-36s | %8.3f | %8.3f |\n", way, percentile(took_ms, 50), percentile(took_ms, 99));
}

void added(const char* name, const std::vector<double>& through, const std::vector<double>& directly) {
  const auto more = [&](double percent) { return percentile(through, percent) - percentile(directly, percent); };
  std::printf("| %-36s | %8.3f | %8.3f |\n", name, more(50), more(99));
}

/// Small requests over connections that are kept, for a while: how many a second, and how long each took.
void measure_small_requests(const Door& door, const std::vector<std::string>& tokens_of_devices) {
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
  StubLlm llm;
  Hub hub({{"OPENAI_BASE_URL", llm.base_url()}, {"OPENAI_API_KEY", "none"}, {"DEFAULT_MODEL", "stub"}});
  const Door door = open_door(hub);
  const double idle_mib = static_cast<double>(resident_bytes(door.process->pid())) / (1024 * 1024);
  std::vector<std::string> tokens_of_devices;
  for (int i = 0; i < tokens; ++i) tokens_of_devices.push_back(hub.add_device("Device " + std::to_string(i)).token);

  OpenAiClient model(llm.port(), "");
  OpenAiClient gateway(door.port, tokens_of_devices.front());
  json plain{{"model", "stub"}, {"messages", json::array({{{"role", "user"}, {"content", "Is the oven on?"}}})}};
  json streamed = plain;
  streamed["stream"] = true;
  json through = plain;
  through["tool_mode"] = "none";
  json through_streamed = through;
  through_streamed["stream"] = true;

  std::vector<double> direct_ms;
  std::vector<double> direct_first_ms;
  std::vector<double> door_ms;
  std::vector<double> door_first_ms;
  const auto time_each = [](std::vector<double>& took_ms, OpenAiClient& client, const std::string& body,
                            bool to_first) {
    for (int i = 0; i < chats_per_round; ++i) {
      const auto start = steady_clock::now();
      const auto first = client.ask(body);
      took_ms.push_back(duration<double, std::milli>((to_first ? first : steady_clock::now()) - start).count());
    }
  };
  for (int i = 0; i < rounds; ++i) {
    time_each(direct_ms, model, plain.dump(), false);
    time_each(door_ms, gateway, through.dump(), false);
    time_each(direct_first_ms, model, streamed.dump(), true);
    time_each(door_first_ms, gateway, through_streamed.dump(), true);
  }
  std::printf("| %-36s | p50 (ms) | p99 (ms) |\n|%s|---------:|---------:|\n", "one at a time",
              std::string(38, '-').c_str());
  row("chat, the model directly", direct_ms);
  row("chat through the web door and the hub", door_ms);
  added("added", door_ms, direct_ms);
  row("first token, directly", direct_first_ms);
  row("first token through door and hub", door_first_ms);
  added("added", door_first_ms, direct_first_ms);
  std::printf("\n| the web door | |\n|---|---|\n");
  measure_small_requests(door, tokens_of_devices);
  std::printf("| memory, idle; after this load | %.1f MiB; %.1f MiB |\n\n", idle_mib,
              static_cast<double>(resident_bytes(door.process->pid())) / (1024 * 1024));
}

}  // namespace strawberry::bench
