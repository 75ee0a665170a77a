#include "tests/bench/chat.h"

#include <httplib.h>

#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/bench/fleet.h"
#include "tests/bench/hub.h"
#include "tests/bench/pair.h"
#include "tests/bench/report.h"
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
  void ask(const std::string& body) {
    const auto answer = client_.Post("/v1/chat/completions", body, "application/json");
    if (!answer || answer->status != 200) throw std::runtime_error("the model did not answer");
  }

 private:
  httplib::Client client_;
};

template <class Ask>
void time_each(std::vector<double>& took_ms, Ask ask) {
  for (int i = 0; i < chats_per_round; ++i) {
    const auto start = steady_clock::now();
    ask();
    took_ms.push_back(duration<double, std::milli>(steady_clock::now() - start).count());
  }
}

void row(const char* way, const std::vector<double>& took_ms) {
  std::printf("| %-28s | %8.3f | %8.3f |\n", way, percentile(took_ms, 50), percentile(took_ms, 99));
}

}  // namespace

void measure_chat() {
  StubLlm llm;
  test::BrokerProcess::Options bare_options;
  bare_options.config = broker_config();
  const test::BrokerProcess bare(std::move(bare_options));
  Hub hub({{"OPENAI_BASE_URL", llm.base_url()}, {"OPENAI_API_KEY", "none"}, {"DEFAULT_MODEL", "stub"}});
  const Hub::Device caller = hub.add_device("Kitchen Tablet");
  const Hub::Device device = hub.add_device("Living Room Speaker");
  Pair direct(bare.port(), direct_route(), caller.id, "", device.id, "");
  Pair pair(hub.port(), routed(caller.id, device.id), caller.id, caller.token, device.id, device.token);
  Model model(llm);

  const json body{{"model", "stub"}, {"messages", json::array({{{"role", "user"}, {"content", "Is the oven on?"}}})}};
  json request = body;
  request["tool_mode"] = "none";
  const auto chat = [&] {
    const std::string reply = pair.ask_as_device("chat/" + device.id + "/request", request.dump());
    if (reply.find("\"success\":true") == std::string::npos ||
        reply.find("\"provider\":\"openai\"") == std::string::npos) {
      throw std::runtime_error("the chat failed: " + reply);
    }
  };
  const auto http = [&] { model.ask(body.dump()); };

  std::vector<double> chat_ms;
  std::vector<double> http_ms;
  std::vector<double> mqtt_ms;
  for (int i = 0; i < rounds; ++i) {
    time_each(http_ms, http);
    for (const double us : direct.run(1, chats_per_round, round_time_max).latencies_us) mqtt_ms.push_back(us / 1000);
    time_each(chat_ms, chat);
  }
  std::printf("| %-28s | p50 (ms) | p99 (ms) |\n|%s|---------:|---------:|\n", "one at a time",
              std::string(30, '-').c_str());
  row("HTTP call, directly", http_ms);
  row("MQTT round trip, bare broker", mqtt_ms);
  row("chat through the hub", chat_ms);
  const auto ratio = [&](double percent) {
    return percentile(chat_ms, percent) / (percentile(http_ms, percent) + percentile(mqtt_ms, percent));
  };
  std::printf("| %-28s | %7.2fx | %7.2fx |\n\n", "chat / (HTTP + MQTT)", ratio(50), ratio(99));
}

}  // namespace strawberry::bench
