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

constexpr milliseconds quiet_after_last{500};  // duplicates arrive within this time

std::string request(const std::string& correlation_id) {
  json body = stream_request();
  body["correlation_id"] = correlation_id;
  return body.dump();
}

/// One chat, message by message.
class Chat {
 public:
  Chat(StreamRound::Time sent, const Speech& speech, const std::string& whole) : heard_(sent, speech), whole_(whole) {}

  void take(const json& message, StreamRound::Time at, StreamVerdict& verdict) {
    if (message.contains("success")) return respond(message);
    if (responses_ > 0) blame("a delta after the response");
    if (message.at("event") != "delta") return blame("an event that is no delta: " + message.dump());
    if (message.at("seq") != next_seq_++) blame("seq " + message.at("seq").dump() + " out of order");
    const std::string piece = message.at("/data/choices/0/delta"_json_pointer).value("content", std::string());
    if (piece.empty()) {
      ++verdict.deltas;
      return;
    }
    heard_.add(piece, at, verdict);
  }

  std::string fault() const {
    if (!fault_.empty()) return fault_;
    if (responses_ != 1) return std::to_string(responses_) + " responses";
    return heard_.fault(whole_);
  }

 private:
  void blame(const std::string& what) {
    if (fault_.empty()) fault_ = what;
  }
  void respond(const json& message) {
    ++responses_;
    if (message.at("success") != true) return blame(message.dump());
    const json& said = message.at("/result/choices/0/message/content"_json_pointer);
    if (said != heard_.text())
      blame("deltas and response differ: " + heard_.text().substr(0, 300) + " and " + said.dump());
  }

  HeardText heard_;
  const std::string& whole_;
  std::size_t next_seq_ = 0;
  std::size_t responses_ = 0;
  std::string fault_;
};

}  // namespace

std::string Speech::whole() const {
  std::string text;
  for (std::size_t i = 0; i < words; ++i) text += std::to_string(i) + " ";
  return text;
}

json stream_request() {
  return {{"stream", true},
          {"tool_mode", "none"},
          {"messages", json::array({{{"role", "user"}, {"content", "Count, please."}}})}};
}

std::string percentiles(const std::vector<double>& ms) {
  return text("%.0f / %.0f", percentile(ms, 50), percentile(ms, 99));
}

void MemoryPeak::look() {
  if (steady_clock::now() < next_) return;
  bytes_ = std::max(bytes_, all_resident_bytes(pid_));
  next_ = steady_clock::now() + stream_memory_every;
}

void HeardText::add(const std::string& piece, steady_clock::time_point at, StreamVerdict& verdict) {
  ++verdict.deltas;
  const Millis took = at - sent_;
  if (text_.empty()) verdict.first_ms.push_back(took.count());
  const auto oldest_word = std::count(text_.begin(), text_.end(), ' ');
  verdict.late_ms.push_back((took - (oldest_word + 1) * Millis(apart_)).count());
  text_ += piece;
}

std::string HeardText::fault(const std::string& whole) const {
  return text_ == whole ? "" : "not what the model said: " + text_.substr(0, 300);
}

void count_fault(const std::string& fault, StreamVerdict& verdict) {
  if (fault.empty()) return;
  if (verdict.wrong++ == 0) verdict.first_fault = fault;
}

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
  MemoryPeak memory(bridge_pid);
  while (responses < chats && steady_clock::now() - start < stream_patience) {
    crowd.receive(stream_memory_every, keep);
    memory.look();
  }
  round.memory_peak = memory.bytes();
  round.seconds = duration<double>(steady_clock::now() - start).count();
  while (crowd.receive(quiet_after_last, keep)) {
  }
  return round;
}

StreamVerdict judge(const StreamRound& round, const Speech& speech) {
  const std::string whole = speech.whole();
  std::vector<Chat> chats;
  for (const auto sent : round.sent) chats.emplace_back(sent, speech, whole);
  StreamVerdict verdict;
  for (const auto& [at, payload] : round.came) {
    const json message = json::parse(payload);
    const std::string id = message.at("correlation_id").get<std::string>();
    if (id.rfind(round.name, 0) != 0) throw std::runtime_error("an answer to nobody: " + payload.substr(0, 300));
    chats.at(std::stoul(id.substr(round.name.size()))).take(message, at, verdict);
  }
  for (const Chat& chat : chats) count_fault(chat.fault(), verdict);
  return verdict;
}

}  // namespace strawberry::bench
