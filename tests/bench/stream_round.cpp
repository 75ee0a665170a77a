#include "tests/bench/stream_round.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>

#include "common/contract/topics.h"
#include "tests/bench/report.h"

namespace strawberry::bench {
namespace {

using nlohmann::json;
using std::chrono::duration;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using Millis = duration<double, std::milli>;

constexpr std::chrono::seconds patience{90};
constexpr milliseconds memory_every{20};
constexpr milliseconds quiet_after_last{500};  // what comes twice comes by then

std::string request(const std::string& correlation_id) {
  return json{{"correlation_id", correlation_id},
              {"stream", true},
              {"tool_mode", "none"},
              {"messages", json::array({{{"role", "user"}, {"content", "Count, please."}}})}}
      .dump();
}

/// One chat, message by message.
class Chat {
 public:
  Chat(StreamRound::Time sent, const Speech& speech, const std::string& whole)
      : sent_(sent), speech_(speech), whole_(whole) {}

  void take(const json& message, StreamRound::Time at, StreamVerdict& verdict) {
    if (message.contains("success")) return respond(message);
    ++verdict.deltas;
    if (responses_ > 0) blame("a delta after the response");
    if (message.at("event") != "delta") return blame("an event that is no delta: " + message.dump());
    if (message.at("seq") != next_seq_++) blame("seq " + message.at("seq").dump() + " out of order");
    const std::string piece = message.at("/data/choices/0/delta"_json_pointer).value("content", std::string());
    if (piece.empty()) return;
    const Millis took = at - sent_;
    if (text_.empty()) verdict.first_ms.push_back(took.count());
    const auto oldest_word = std::count(text_.begin(), text_.end(), ' ');
    verdict.late_ms.push_back((took - (oldest_word + 1) * Millis(speech_.apart)).count());
    text_ += piece;
  }

  std::string fault() const {
    if (!fault_.empty()) return fault_;
    if (responses_ != 1) return std::to_string(responses_) + " responses";
    return text_ == whole_ ? "" : "not what the model said: " + text_.substr(0, 300);
  }

 private:
  void blame(const std::string& what) {
    if (fault_.empty()) fault_ = what;
  }
  void respond(const json& message) {
    ++responses_;
    if (message.at("success") != true) return blame(message.dump());
    const json& said = message.at("/result/choices/0/message/content"_json_pointer);
    if (said != text_) blame("deltas and response differ: " + text_.substr(0, 300) + " and " + said.dump());
  }

  StreamRound::Time sent_;
  const Speech& speech_;
  const std::string& whole_;
  std::size_t next_seq_ = 0;
  std::size_t responses_ = 0;
  std::string text_;
  std::string fault_;
};

}  // namespace

StreamRound run_streams(Crowd& crowd, const Fleet& fleet, const std::string& name, std::size_t chats, int bridge_pid) {
  std::vector<std::string> requests;
  for (std::size_t i = 0; i < chats; ++i) {
    const std::string& id = fleet.id(i % crowd.size());
    requests.push_back(wire::publish(request_topic(Service::chat, id), request(name + std::to_string(i)), 1));
    wire::set_packet_id(requests.back(), static_cast<std::uint16_t>(i / crowd.size() + 1));
  }
  StreamRound round;
  round.name = name;
  std::size_t responses = 0;
  const auto keep = [&](std::size_t, std::string_view payload) {
    round.came.push_back({steady_clock::now(), std::string(payload)});
    if (payload.find("\"success\":") != std::string_view::npos) ++responses;
  };
  const auto start = steady_clock::now();
  for (std::size_t i = 0; i < chats; ++i) {
    round.sent.push_back(steady_clock::now());
    crowd.send(i % crowd.size(), requests[i]);
  }
  auto look_at = start;
  while (responses < chats && steady_clock::now() - start < patience) {
    crowd.receive(memory_every, keep);
    if (steady_clock::now() < look_at) continue;
    round.memory_peak = std::max(round.memory_peak, all_resident_bytes(bridge_pid));
    look_at = steady_clock::now() + memory_every;
  }
  round.seconds = duration<double>(steady_clock::now() - start).count();
  while (crowd.receive(quiet_after_last, keep)) {
  }
  return round;
}

StreamVerdict judge(const StreamRound& round, const Speech& speech) {
  std::string whole;
  for (std::size_t i = 0; i < speech.words; ++i) whole += std::to_string(i) + " ";
  std::vector<Chat> chats;
  for (const auto sent : round.sent) chats.emplace_back(sent, speech, whole);
  StreamVerdict verdict;
  for (const auto& [at, payload] : round.came) {
    const json message = json::parse(payload);
    const std::string id = message.at("correlation_id").get<std::string>();
    if (id.rfind(round.name, 0) != 0) throw std::runtime_error("an answer to nobody: " + payload.substr(0, 300));
    chats.at(std::stoul(id.substr(round.name.size()))).take(message, at, verdict);
  }
  for (const Chat& chat : chats) {
    const std::string fault = chat.fault();
    if (fault.empty()) continue;
    if (verdict.wrong++ == 0) verdict.first_fault = fault;
  }
  return verdict;
}

}  // namespace strawberry::bench
