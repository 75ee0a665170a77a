/// The events of a fault run as its parties saw them: requests with their times and answers, calls to devices, who was
/// disconnected, when bridge and broker were down. Facts only; verdict.h judges them.
///
/// Threading: one thread.   Bounds: the run's messages; texts are cut at text_bytes_max.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace strawberry::soak {

using Time = std::chrono::steady_clock::time_point;
using std::chrono::milliseconds;

inline constexpr std::size_t text_bytes_max = 240;

struct Span {
  Time from;
  Time to;
  bool touches(Time begin, Time end) const { return from <= end && begin <= to; }
};
using Spans = std::vector<Span>;
/// Whether any of `spans`, extended by `margin` at its end, has a moment in [begin, end].
bool touch(const Spans& spans, Time begin, Time end, milliseconds margin = milliseconds(0));
/// How much of [begin, end] lies in any of them.
milliseconds covered(Spans spans, Time begin, Time end);

/// A device's reaction to a call, chosen by its caller.
enum class How { ok, slow, late, hang, twice, fail, rubbish, gibberish, cut, theft };
const char* to_string(How how);
inline constexpr int how_count = 10;

struct Answer {
  Time at;
  bool success = false;
  std::string code;      // when it is an error
  std::string body;      // cut
  std::size_t hash = 0;  // of the whole
  std::size_t bytes = 0;
  bool redelivered = false;  // marked so by the broker
};

struct Request {
  int number = 0;
  std::string sender;
  std::string user;
  std::string service;
  std::string kind;
  std::string id;  // correlation id, or Correlation Data
  How how = How::ok;
  std::string target;         // the target device, if known
  std::string expected_code;  // the correct error code; empty: the request is valid
  milliseconds timeout{0};
  std::vector<Time> sends;          // every time it was sent, redeliveries included
  std::vector<Time> presses;        // deliberate repetitions after the answer
  std::optional<Time> asked_again;  // since a bridge was killed meanwhile
  std::vector<Answer> answers;

  std::string name() const;
};

struct Delivery {
  Time at;
  std::string device;
  std::string call_id;
  int request = 0;
  bool redelivered = false;  // marked so by the broker
  bool ran = false;          // the device had not seen this call id before
  milliseconds left{0};      // remaining time stated by the call
};

/// A broken promise that was seen during the run; it is not judged again.
struct Sighting {
  std::string promise;
  std::string what;
};

struct Ledger {
  Time started;
  std::vector<Request> requests;  // by number
  std::vector<Delivery> deliveries;
  std::map<int, std::vector<std::string>> results;  // request → first results of the devices, as JSON
  Spans bridge_down;                                // from the kill, or the broker's end, until it serves again
  Spans broker_down;
  std::vector<Time> kills;  // of the bridge
  std::vector<Time> broker_stops;
  std::map<std::string, Spans> away;  // party → not connected
  Spans stalls;                       // when the run did not poll, or bridge or broker waited for a CPU
  std::vector<Sighting> sightings;
  std::map<std::string, std::uint64_t> checked;  // how often a promise that is checked during the run was checked

  Request& request(int number) { return requests.at(static_cast<std::size_t>(number)); }
  const Request& request(int number) const { return requests.at(static_cast<std::size_t>(number)); }
  std::size_t restarts_between(Time begin, Time end) const;
  bool was_down_between(Time begin, Time end) const;
  bool was_away_between(const std::string& party, Time begin, Time end) const;
};

}  // namespace strawberry::soak
