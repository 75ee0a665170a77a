/// The calls that a Spoke has run lately, so that it does not run one again when it is repeated (docs/contract.md,
/// section 4): QoS 1 redelivers, and after a crash of the bridge the same request makes the same call.
///
/// Threading: none of its own.   Bounds: Options; when it is full, the oldest call is forgotten.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <string>
#include <unordered_map>

#include "common/text/clock.h"

namespace strawberry {

class RecentCalls {
 public:
  struct Options {
    // As long as the hub itself recognises a repeated request: after that, the same id is a new call.
    std::chrono::milliseconds lifetime = std::chrono::minutes(10);
    std::size_t answers_max = 256;
    std::size_t bytes_max = 1024 * 1024;
  };

  RecentCalls(const Clock& clock, Options options) : clock_(clock), options_(options) {}

  /// Returns the answer to this call, or nullptr when the call is new. Valid until the next call of any function here.
  const std::string* answer_to(const std::string& correlation_id);
  /// Called after the call was run. A second answer to the same call is ignored.
  void remember(const std::string& correlation_id, std::string answer);

  std::size_t size() const { return answers_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Answer {
    std::string correlation_id;
    std::string text;
    SteadyTime given_at;
  };

  static std::size_t cost(const Answer& answer) { return 2 * answer.correlation_id.size() + answer.text.size(); }
  void expire();
  void forget_oldest();

  const Clock& clock_;
  Options options_;
  std::list<Answer> answers_;  // oldest first
  std::unordered_map<std::string, std::list<Answer>::iterator> by_id_;
  std::size_t bytes_ = 0;
};

}  // namespace strawberry
