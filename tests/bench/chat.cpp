#include "tests/bench/chat.h"

#include <httplib.h>

#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/bench/report.h"
#include "tests/bench/side_by_side.h"
#include "tests/support/stub_llm/stub_llm.h"

namespace strawberry::bench {
namespace {

using nlohmann::json;
using std::chrono::duration;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int rounds = 5;
constexpr int chats_per_round = 100;
constexpr milliseconds round_time_max{2'000};

/// A session that keeps its connection, like the bridge's.
class Model {
 public:
  explicit Model(const StubLlm& llm) : client_("127.0.0.1", llm.port()) {
    client_.set_keep_alive(true);
    client_.set_tcp_nodelay(true);
  }
  /// Returns when the first text arrived.
  steady_clock::time_point ask(const std::string& body) {
    steady_clock::time_point first{};
    std::string came;
    httplib::Request request;
    request.method = "POST";
    request.path = "/v1/chat/completions";
    request.set_header("Content-Type", "application/json");
    request.body = body;
    request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
      came.append(data, size);
      if (first == steady_clock::time_point{} && came.find("\"content\":\"echo") != std::string::npos)
        first = steady_clock::now();
      return true;
    };
    const auto answer = client_.send(request);
    if (!answer || answer->status != 200 || first == steady_clock::time_point{})
      throw std::runtime_error("the model did not answer");
    return first;
  }

 private:
  httplib::Client client_;
};

/// Times in milliseconds: each until its answer is complete, or until the time that `ask` returns.
template <class Ask>
void time_each(std::vector<double>& took_ms, Ask ask) {
  for (int i = 0; i < chats_per_round; ++i) {
    const auto start = steady_clock::now();
    took_ms.push_back(duration<double, std::milli>(ask() - start).count());
  }
}

void row(const char* way, const std::vector<double>& took_ms) {
  std::printf("| %-36s | %8.3f | %8.3f |\n", way, percentile(took_ms, 50), percentile(took_ms, 99));
}

/// Prints the hub's own part: its total next to its two ways alone.
void compare(const char* name, const std::vector<double>& chat_ms, const std::vector<double>& http_ms,
             const std::vector<double>& mqtt_ms) {
  const auto apart = [&](double percent) { return percentile(http_ms, percent) + percentile(mqtt_ms, percent); };
  const auto ratio = [&](double percent) { return percentile(chat_ms, percent) / apart(percent); };
  const auto added = [&](double percent) { return percentile(chat_ms, percent) - apart(percent); };
  std::printf("| %-36s | %7.2fx | %7.2fx |\n", text("%s / (HTTP + MQTT)", name).c_str(), ratio(50), ratio(99));
  std::printf("| %-36s | %8.3f | %8.3f |\n", text("%s - (HTTP + MQTT), added", name).c_str(), added(50), added(99));
}

void check(const std::string& reply) {
  if (reply.find("\"success\":true") == std::string::npos || reply.find("\"provider\":\"openai\"") == std::string::npos)
    throw std::runtime_error("the chat failed: " + reply);
}

}  // namespace

void measure_chat() {
  StubLlm llm;
  SideBySide ways({{"OPENAI_BASE_URL", llm.base_url()}, {"OPENAI_API_KEY", "none"}, {"DEFAULT_MODEL", "stub"}});
  Model model(llm);

  const json plain{{"model", "stub"}, {"messages", json::array({{{"role", "user"}, {"content", "Is the oven on?"}}})}};
  json streamed = plain;
  streamed["stream"] = true;
  const auto ask = [&](json body) {
    body["tool_mode"] = "none";
    check(ways.through_hub.ask_as_device("chat/" + ways.device.id + "/request", body.dump()));
  };
  const auto chat = [&] { return ask(plain), steady_clock::now(); };
  const auto chat_stream = [&] { return ask(streamed), ways.through_hub.first_event_at(); };
  const auto http = [&] { return model.ask(plain.dump()), steady_clock::now(); };
  const auto http_stream = [&] { return model.ask(streamed.dump()); };

  std::vector<double> mqtt_ms;
  std::vector<double> http_ms;
  std::vector<double> chat_ms;
  std::vector<double> http_stream_ms;
  std::vector<double> chat_stream_ms;
  for (int i = 0; i < rounds; ++i) {
    for (const double us : ways.direct.run(1, chats_per_round, round_time_max).latencies_us)
      mqtt_ms.push_back(us / 1000);
    time_each(http_ms, http);
    time_each(chat_ms, chat);
    time_each(http_stream_ms, http_stream);
    time_each(chat_stream_ms, chat_stream);
  }
  std::printf("| %-36s | p50 (ms) | p99 (ms) |\n|%s|---------:|---------:|\n", "one at a time",
              std::string(38, '-').c_str());
  row("MQTT round trip, bare broker", mqtt_ms);
  row("HTTP call, directly", http_ms);
  row("chat through the hub", chat_ms);
  compare("chat", chat_ms, http_ms, mqtt_ms);
  row("first word, HTTP directly", http_stream_ms);
  row("first delta through the hub", chat_stream_ms);
  compare("delta", chat_stream_ms, http_stream_ms, mqtt_ms);
  std::printf("\n");
}

}  // namespace strawberry::bench
