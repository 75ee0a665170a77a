/// What a Spoke remembers of the calls it has run, so that one that comes again is not run again (docs/contract.md,
/// section 4): QoS 1 redelivers, and after a crash of the bridge the same request makes the same call.
///
/// Threading: none of its own.   Bounds: Options; what has to go first is the oldest.
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
    // As long as the hub itself recognises a request, and no longer: after that, the same id is a new call.
    std::chrono::milliseconds lifetime = std::chrono::minutes(10);
    std::size_t answers_max = 256;
    std::size_t bytes_max = 1024 * 1024;
  };

  RecentCalls(const Clock& clock, Options options) : clock_(clock), options_(options) {}

  /// What was answered to this call, or nullptr when it is new. Valid until the next call of anything here.
  const std::string* answer_to(const std::string& correlation_id);
  /// After the call was run. The first answer stands.
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
