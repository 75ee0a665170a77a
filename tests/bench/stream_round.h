/// Many streamed chats begun at the same moment, and a look at what came of them afterwards: while they run, messages
/// are only kept with the time they came at.
///
/// Threading: one thread.   Errors: throws; what is wrong with the answers is not an error but counted.
/// Bounds: all messages of a round are in memory; a round ends after `patience` whatever is missing.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "tests/bench/crowd.h"
#include "tests/bench/fleet.h"

namespace strawberry::bench {

/// What the model says: `0 1 2 …`, a word each `apart`, the first one `apart` after it was asked.
struct Speech {
  std::size_t words = 0;
  std::chrono::microseconds apart{};
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
/// Chats are dealt out to the devices in turn. `name` must not have been used before.
StreamRound run_streams(Crowd& crowd, const Fleet& fleet, const std::string& name, std::size_t chats, int bridge_pid);

struct StreamVerdict {
  std::size_t deltas = 0;
  std::vector<double> first_ms;  // of each chat: from its request to its first word
  std::vector<double> late_ms;   // of each delta: its oldest word, after the model would have said it, asked at once
  std::size_t wrong = 0;         // chats
  std::string first_fault;
};
StreamVerdict judge(const StreamRound& round, const Speech& speech);

}  // namespace strawberry::bench
