/// Pairs results arriving from devices with the calls waiting for them.
///
/// Open the call before publishing it: a fast device can answer before publish() returns.
/// Threading: loop only.   Errors: Reply; a call always ends exactly once, by result, deadline, departure or shutdown.
/// Bounds: Options::open_calls_max and open_calls_per_target_max, then `busy`; a result that nobody awaits is counted,
/// not stored.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "common/contract/error.h"
#include "common/text/clock.h"

namespace strawberry::bridge {

class CallRouter {
 public:
  struct Options {
    std::size_t open_calls_max = 10'000;
    std::size_t open_calls_per_target_max = 64;
    std::size_t result_bytes_max = 256 * 1024;
  };
  struct Counters {
    std::uint64_t opened = 0;
    std::uint64_t unwanted_results = 0;  // late, unknown, from the wrong device, or a second one
  };
  using Outcome = Reply<nlohmann::json>;
  using Done = std::function<void(Outcome)>;

  CallRouter(const Clock& clock, Options options) : clock_(clock), options_(options) {}

  /// `call_id` is the hub's own correlation id; `busy` while a call with it is open. `done` is called once, not from
  /// within open().
  Reply<void> open(const std::string& call_id, const std::string& target, SteadyTime deadline, Done done);
  /// A payload on `skills/{device_id}/result`. False when no open call wants it. Something from the right device that
  /// cannot be read ends its call with `skill_error`.
  bool deliver(std::string_view device_id, std::string_view payload);
  /// Gives up a call that could not be sent. Its `done` is not called.
  void abandon(const std::string& call_id);
  /// Ends every call waiting on `target`; returns how many.
  std::size_t target_left(const std::string& target);
  std::size_t expire_overdue();
  std::size_t end_all(const Error& why);

  std::optional<SteadyTime> next_deadline() const;
  std::size_t open_calls() const { return calls_.size(); }
  const Counters& counters() const { return counters_; }

 private:
  struct Call {
    std::string target;
    std::multimap<SteadyTime, std::string>::iterator due;
    Done done;
  };
  using Calls = std::unordered_map<std::string, Call>;

  /// Removes the call and hands back what it waits with.
  Done take(Calls::iterator call);

  const Clock& clock_;
  Options options_;
  Calls calls_;                                                                       // by call id
  std::multimap<SteadyTime, std::string> due_;                                        // deadline → call id
  std::unordered_map<std::string, std::unordered_set<std::string>> calls_by_target_;  // call ids
  Counters counters_;
};

/// What a device's answer means: its `result`, or `skill_error` with the device's message.
Reply<nlohmann::json> read_skill_result(nlohmann::json answer);

}  // namespace strawberry::bridge
