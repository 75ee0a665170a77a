/// Answers a device's calls by running its skills (docs/contract.md, section 4): some at once, each on a thread, some
/// waiting, the rest refused; none twice.
///
/// Knows no broker: payloads of `skills/{id}/call` come in, payloads for `skills/{id}/result` go out.
/// Threading: called() from one thread and without waiting, the rest from any; skills run on threads of the desk.
/// Lifetime: stop() first. A skill that does not return is abandoned, with its thread and what the desk keeps.
/// Errors: a call that cannot be run is answered with `success: false`; one without a readable correlation_id, which
/// nobody could answer, is dropped.
/// Bounds: Options. A skill that runs beyond its deadline gives its place to another thread, `overdue_max` times.
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
    /// Called without a lock held, from the thread that called called() or from a thread of the desk.
    std::function<void(std::string answer, SteadyTime until)> answer;
    Say say;
  };

  CallDesk(const Clock& clock, Options options);
  ~CallDesk();

  /// Throws std::invalid_argument.
  void add(Skill skill);
  nlohmann::json registration() const;
  std::size_t skills() const;
  /// No call runs or waits.
  bool is_idle() const;

  void start();
  void called(const Received& message);
  /// Called at least once a second.
  void tick();
  /// Lets what runs go on for `patience`.
  void stop(std::chrono::milliseconds patience);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace strawberry::sdk
