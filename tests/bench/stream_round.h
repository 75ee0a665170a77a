/// Starts many streamed chats at the same moment, and checks the answers afterwards: while they run, messages are only
/// stored with their time of arrival. Over MQTT here; over HTTP in http_streams.cpp, with the same measures.
///
/// Threading: one thread.   Errors: throws; faults in the answers are not errors but counted.
/// Bounds: all messages of a round are in memory; a round ends after stream_patience whatever is missing.
#pragma once

#include <chrono>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/bench/crowd.h"
#include "tests/bench/fleet.h"

namespace strawberry::bench {

/// The model's answer: `0 1 2 …`, one word each `apart`, the first one `apart` after the request.
struct Speech {
  std::size_t words = 0;
  std::chrono::microseconds apart{};

  std::string whole() const;
};

inline constexpr std::chrono::seconds stream_patience{90};
inline constexpr std::chrono::milliseconds stream_memory_every{20};

/// The request of both.
nlohmann::json stream_request();
std::string percentiles(const std::vector<double>& ms);

/// The highest resident memory of a process at the moments when it was read.
class MemoryPeak {
 public:
  explicit MemoryPeak(int pid) : pid_(pid) {}
  /// Reads it at most once in stream_memory_every.
  void look();
  double bytes() const { return bytes_; }

 private:
  int pid_;
  double bytes_ = 0;
  std::chrono::steady_clock::time_point next_{};
};

struct StreamRound {
  using Time = std::chrono::steady_clock::time_point;
  struct Message {
    Time at;
    std::string payload;
  };

  std::string name;        // its correlation ids begin with it
  std::vector<Time> sent;  // of each chat
  std::vector<Message> came;
  double seconds = 0;      // from the first request to the last response
  double memory_peak = 0;  // of the bridge, in bytes
};
/// Distributes chats to the devices in turn. `name` must be unused.
StreamRound run_streams(Crowd& crowd, const Fleet& fleet, const std::string& name, std::size_t chats, int bridge_pid);

struct StreamVerdict {
  std::size_t deltas = 0;
  std::vector<double> first_ms;  // of each chat: from its request to its first word
  std::vector<double> late_ms;   // of each delta: delay of its oldest word against the model's schedule
  std::size_t wrong = 0;         // chats
  std::string first_fault;
};
StreamVerdict judge(const StreamRound& round, const Speech& speech);

/// The text of one chat as it arrives.
class HeardText {
 public:
  HeardText(std::chrono::steady_clock::time_point sent, const Speech& speech) : sent_(sent), apart_(speech.apart) {}
  /// A piece that is not empty: counts as a delta, with its times.
  void add(const std::string& piece, std::chrono::steady_clock::time_point at, StreamVerdict& verdict);
  const std::string& text() const { return text_; }
  /// Empty when it equals `whole`.
  std::string fault(const std::string& whole) const;

 private:
  std::chrono::steady_clock::time_point sent_;
  std::chrono::microseconds apart_;
  std::string text_;
};

/// Counts a faulty chat; `fault` is empty for a good one.
void count_fault(const std::string& fault, StreamVerdict& verdict);

}  // namespace strawberry::bench
