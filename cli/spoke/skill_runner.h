/// Answers a device's calls by running its skills (docs/contract.md, section 4): some at once, some waiting, the rest
/// refused; none twice.
///
/// Independent of the broker: takes payloads of `skills/{id}/call`, returns payloads for `skills/{id}/result`.
/// Threading: loop only.   Lifetime: stop() or destruction kills running calls, without an answer.   Errors: a call
/// that cannot be run is answered with `success: false`; one without a readable correlation_id cannot be answered and
/// is dropped.   Bounds: DeviceSkills' numbers of calls, RecentCalls' of answers, answer_bytes_max.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "cli/process/command_run.h"
#include "cli/spoke/device_skills.h"
#include "cli/spoke/skill_file.h"
#include "common/contract/recent_calls.h"
#include "common/runtime/asio.h"
#include "common/text/clock.h"

namespace strawberry::cli {

class SkillRunner {
 public:
  static constexpr std::size_t answer_bytes_max = 256 * 1024;  // contract, section 2

  /// The result of one call, in words for people.
  struct Report {
    std::string skill_path;
    std::string error;  // empty on success
    std::chrono::milliseconds took{};
  };
  struct Options {
    std::function<void(std::string answer)> publish;
    std::function<void(const Report&)> report;
    RecentCalls::Options memory{std::chrono::minutes(10), 4096, 8 * 1024 * 1024};
  };

  /// `skills` must outlive it; a change applies from the next call on.
  SkillRunner(const Clock& clock, DeviceSkills& skills, Options options);

  void called(std::string_view payload);
  void stop();

  std::size_t running() const { return running_.size(); }
  std::size_t waiting() const { return waiting_.size(); }

 private:
  struct Call {
    std::string id;
    DeviceSkills::ReadyCall ready;
    SteadyTime came_at;
    SteadyTime deadline;
  };

  Result<Call> understand(const nlohmann::json& payload, const std::string& id);
  void start(Call call);
  void start_waiting();
  void ended(const Call& call, Result<nlohmann::json> result);
  void answer(const Call& call, Result<nlohmann::json> result);
  bool is_known(const std::string& id) const;
  SteadyTime now() const { return clock_.steady_now(); }

  const Clock& clock_;
  DeviceSkills& skills_;
  const Options options_;
  RecentCalls recent_;
  std::map<std::string, std::shared_ptr<RunningCall>> running_;  // by correlation id
  std::deque<Call> waiting_;
};

}  // namespace strawberry::cli
