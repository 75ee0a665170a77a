/// Answers a device's calls by running its skills (docs/contract.md, section 4): some at once, each on a thread, some
/// waiting, the rest refused; none twice.
///
/// Independent of the broker: takes payloads of `skills/{id}/call`, returns payloads for `skills/{id}/result`.
/// Threading: called() from one thread and without waiting, the rest from any; skills run on threads of the desk.
/// Lifetime: stop() first. A skill that does not return is abandoned, with its thread and the desk's state.
/// Errors: a call that cannot be run is answered with `success: false`; one without a readable correlation_id cannot be
/// answered and is dropped.
/// Bounds: Options. A skill that runs beyond its deadline no longer counts as running, `overdue_max` times.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "common/contract/recent_calls.h"
#include "common/text/clock.h"
#include "sdk/cpp/src/mqtt_link.h"
#include "sdk/cpp/src/say.h"
#include "sdk/cpp/src/skill_table.h"

namespace strawberry::sdk {

class CallDesk {
 public:
  struct Options {
    std::size_t running_max = 4;
    std::size_t waiting_max = 64;
    std::size_t overdue_max = 16;
    RecentCalls::Options memory{std::chrono::minutes(10), 4096, 8 * 1024 * 1024};
    /// Called without a lock held, on the thread that called called() or on a thread of the desk.
    std::function<void(std::string answer, SteadyTime until)> answer;
    Say say;
  };

  CallDesk(const Clock& clock, Options options);
  ~CallDesk();

  /// Throws std::invalid_argument.
  void add(Skill skill);
  nlohmann::json registration() const;
  std::size_t skills() const;
  /// True if no call runs or waits.
  bool is_idle() const;

  void start();
  void called(const Received& message);
  /// Called at least once a second.
  void tick();
  /// Gives running skills `patience` to end.
  void stop(std::chrono::milliseconds patience);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace strawberry::sdk
