/// A caller and a device that answers it, and rounds of calls between them. Each has a thread of its own that sleeps
/// until data arrives, like two programs on two machines: one loop for both would save the direct way wake-ups that it
/// has in practice.
///
/// Both ways use the same programs; Route has the topics. Direct: the caller publishes to the device and the device to
/// the caller; routed: both use the hub.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/poll_client.h"

namespace strawberry::bench {

struct Route {
  std::string request_topic;   // the caller publishes here
  std::string call_topic;      // the device reads here
  std::string result_topic;    // the device publishes here
  std::string response_topic;  // the caller reads here
};
Route direct_route();
Route routed(const std::string& caller_id, const std::string& device_id);

struct Round {
  std::vector<double> latencies_us;
  std::chrono::duration<double> took{};
  std::uint64_t failed = 0;  // answered, but not with success
};

class Pair {
 public:
  /// `target`: the request's target; unused without a hub, but of the same length.
  Pair(int port, const Route& route, const std::string& caller_id, const std::string& caller_token,
       const std::string& device_id, const std::string& device_token);

  /// Without a device of its own: something else answers the calls to `device_id`.
  Pair(int port, const Route& route, const std::string& caller_id, const std::string& caller_token,
       const std::string& device_id);

  ~Pair();
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  /// For requests that are not calls, before the first round: sends `payload`, waits for the reply.
  std::string ask_as_device(const std::string& topic, const std::string& payload);
  /// When the first event of that request arrived, for a chat that streams; its response if there was no event.
  std::chrono::steady_clock::time_point first_event_at() const { return first_event_at_; }

  /// Registers the skill that is called, as the only one.
  void register_skill();

  /// Keeps `in_flight` calls open until `calls_max` are answered or `time_max` has passed. Throws when an answer does
  /// not come within five seconds.
  Round run(int in_flight, int calls_max, std::chrono::milliseconds time_max);

 private:
  void serve(std::stop_token stop);
  void send();
  void answered(std::string_view payload);

  Route route_;
  std::string device_id_;
  PollClient caller_;
  std::unique_ptr<PollClient> device_;  // null: there is none of its own
  std::string device_reply_;
  std::chrono::steady_clock::time_point first_event_at_;
  std::uint64_t next_ = 0;         // number of the next call
  std::uint64_t round_first_ = 0;  // number of the round's first call
  std::vector<std::chrono::steady_clock::time_point> started_;
  std::size_t answered_ = 0;
  Round round_;
  std::jthread device_thread_;  // started by the first round; last, so that it ends before what it uses
};

}  // namespace strawberry::bench
