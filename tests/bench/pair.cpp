#include "tests/bench/pair.h"

#include <array>
#include <cstdio>
#include <stdexcept>

namespace strawberry::bench {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds patience{5};
constexpr const char* skill_path = "MusicControlSkill.play_song";
constexpr std::string_view event_member = "\"event\":\"";
constexpr std::string_view id_member = "\"correlation_id\":\"";

std::string number_as_id(std::uint64_t number) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "00000000-0000-4000-8000-%012llu", static_cast<unsigned long long>(number));
  return text.data();
}

/// Returns the JSON string of "correlation_id", unparsed.
std::string_view correlation_id(std::string_view payload) {
  const std::size_t start = payload.find(id_member);
  if (start == std::string_view::npos) return {};
  const std::string_view rest = payload.substr(start + id_member.size());
  return rest.substr(0, rest.find('"'));
}

std::vector<std::string> device_filters(const Route& route, const std::string& device_id) {
  std::vector<std::string> filters{route.call_topic};
  if (route.request_topic.rfind("skills/", 0) == 0) {
    filters.push_back("skills/" + device_id + "/response");
    filters.push_back("chat/" + device_id + "/response");
  }
  return filters;
}

}  // namespace

Route direct_route() {
  return {"bench/device/call", "bench/device/call", "bench/caller/response", "bench/caller/response"};
}

Route routed(const std::string& caller_id, const std::string& device_id) {
  return {"skills/" + caller_id + "/request", "skills/" + device_id + "/call", "skills/" + device_id + "/result",
          "skills/" + caller_id + "/response"};
}

Pair::Pair(int port, const Route& route, const std::string& caller_id, const std::string& caller_token,
           const std::string& device_id)
    : route_(route), device_id_(device_id), caller_({port, caller_id, caller_token}, {route.response_topic}) {
  caller_.on_message([this](std::string_view, std::string_view payload) { answered(payload); });
}

Pair::Pair(int port, const Route& route, const std::string& caller_id, const std::string& caller_token,
           const std::string& device_id, const std::string& device_token)
    : Pair(port, route, caller_id, caller_token, device_id) {
  device_ = std::make_unique<PollClient>(PollClient::Options{port, device_id, device_token},
                                         device_filters(route, device_id));
  device_->on_message([this](std::string_view topic, std::string_view payload) {
    if (topic != route_.call_topic) {
      if (first_event_at_ == steady_clock::time_point{}) first_event_at_ = steady_clock::now();
      if (payload.find(event_member) == std::string_view::npos) device_reply_ = payload;
      return;
    }
    std::string answer = "{\"correlation_id\":\"";
    answer += correlation_id(payload);
    answer += "\",\"success\":true,\"result\":\"Playing Never Gonna Give You Up\",\"error\":null}";
    device_->publish(route_.result_topic, answer);
  });
}

Pair::~Pair() = default;

void Pair::serve(std::stop_token stop) {
  try {
    while (!stop.stop_requested()) PollClient::poll({device_.get()}, std::chrono::milliseconds(100));
  } catch (const std::exception& failure) {
    // The caller will miss its answers and end the run.
    std::fprintf(stderr, "strawberry-load: the device: %s\n", failure.what());
  }
}

std::string Pair::ask_as_device(const std::string& topic, const std::string& payload) {
  device_reply_.clear();
  first_event_at_ = {};
  device_->publish(topic, payload);
  const auto deadline = steady_clock::now() + patience;
  while (device_reply_.empty()) {
    if (steady_clock::now() > deadline) throw std::runtime_error("no reply on " + topic);
    PollClient::poll({device_.get()}, std::chrono::milliseconds(100));
  }
  return device_reply_;
}

void Pair::register_skill() {
  const std::string reply =
      ask_as_device("skills/" + device_id_ + "/request",
                    R"({"op":"register","correlation_id":"register","skills":[{"class_name":"MusicControlSkill",)"
                    R"("function_name":"play_song","signature":"play_song(name: str, volume: int = 50) -> str"}]})");
  if (reply.find("\"success\":true") == std::string::npos) throw std::runtime_error("registration refused: " + reply);
}

void Pair::send() {
  std::string request = "{\"op\":\"call\",\"correlation_id\":\"" + number_as_id(next_) + "\",\"skill_path\":\"" +
                        skill_path + "\",\"target\":\"" + device_id_ +
                        "\",\"args\":[\"Never Gonna Give You Up\"],\"kwargs\":{\"volume\":40},\"timeout_ms\":5000}";
  ++next_;
  started_.push_back(steady_clock::now());
  caller_.publish(route_.request_topic, request);
}

void Pair::answered(std::string_view payload) {
  const std::string_view id = correlation_id(payload);
  if (id.size() != 36) throw std::runtime_error("an answer to nothing: " + std::string(payload));
  const std::uint64_t number = std::stoull(std::string(id.substr(24)));
  if (number < round_first_) return;  // of a round that has ended
  const auto took = steady_clock::now() - started_.at(number - round_first_);
  round_.latencies_us.push_back(std::chrono::duration<double, std::micro>(took).count());
  if (payload.find("\"success\":true") == std::string_view::npos) ++round_.failed;
  ++answered_;
}

Round Pair::run(int in_flight, int calls_max, std::chrono::milliseconds time_max) {
  if (device_ && !device_thread_.joinable())
    device_thread_ = std::jthread([this](std::stop_token stop) { serve(stop); });
  round_ = {};
  round_first_ = next_;
  started_.clear();
  answered_ = 0;
  const auto start = steady_clock::now();
  const auto end = start + time_max;
  auto last_answer = start;
  const auto sent = [&] { return started_.size(); };
  while (true) {
    const auto now = steady_clock::now();
    const bool goes_on = sent() < static_cast<std::size_t>(calls_max) && now < end;
    if (!goes_on && answered_ == sent()) break;
    while (goes_on && sent() - answered_ < static_cast<std::size_t>(in_flight) &&
           sent() < static_cast<std::size_t>(calls_max)) {
      send();
    }
    const std::size_t before = answered_;
    PollClient::poll({&caller_}, std::chrono::milliseconds(100));
    if (answered_ != before) last_answer = steady_clock::now();
    if (steady_clock::now() - last_answer > patience) throw std::runtime_error("a call was never answered");
  }
  round_.took = steady_clock::now() - start;
  return std::move(round_);
}

}  // namespace strawberry::bench
