/// Answers a device's calls by running its commands (docs/contract.md, section 4): some at once, some waiting, the rest
/// refused; none twice.
///
/// Knows no broker: payloads of `skills/{id}/call` come in, payloads for `skills/{id}/result` go out.
/// Threading: loop only.   Lifetime: stop() or destruction kills what runs, without an answer.   Errors: a call that
/// cannot be run is answered with `success: false`; one without a readable correlation_id, which nobody could answer,
/// is dropped.   Bounds: SkillFile's numbers of calls, RecentCalls' of answers, answer_bytes_max.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "cli/process/command_run.h"
#include "cli/spoke/recent_calls.h"
#include "cli/spoke/skill_file.h"
#include "common/runtime/asio.h"
#include "common/text/clock.h"

namespace strawberry::cli {

class SkillRunner {
 public:
  static constexpr std::size_t answer_bytes_max = 256 * 1024;  // contract, section 2

  /// What happened to one call, in words for whoever watches.
  struct Report {
    std::string skill_path;
    std::string error;  // empty when it went well
    std::chrono::milliseconds took{};
  };
  struct Options {
    std::string directory;  // where commands run
    std::function<void(std::string answer)> publish;
    std::function<void(const Report&)> report;
    RecentCalls::Options memory{std::chrono::minutes(10), 4096, 8 * 1024 * 1024};
  };

  SkillRunner(asio::io_context& loop, const Clock& clock, SkillFile skills, Options options);

  void called(std::string_view payload);
  /// From the next call on; what runs goes on.
  void use(SkillFile skills);
  void stop();

  std::size_t running() const { return running_.size(); }
  std::size_t waiting() const { return waiting_.size(); }

 private:
  struct Call {
    std::string id;
    CommandSkill::Output output = CommandSkill::Output::text;
    std::string skill_path;
    SteadyTime came_at;
    SteadyTime deadline;
    Command command;
  };

  Result<Call> understand(const nlohmann::json& payload, const std::string& id) const;
  void start(Call call);
  void start_waiting();
  void ended(const std::string& id, Call call, CommandEnd end);
  void answer(const Call& call, Result<nlohmann::json> result);
  bool is_known(const std::string& id) const;
  SteadyTime now() const { return clock_.steady_now(); }

  asio::io_context& loop_;
  const Clock& clock_;
  SkillFile skills_;
  const Options options_;
  RecentCalls recent_;
  std::map<std::string, std::shared_ptr<CommandRun>> running_;  // by correlation id
  std::deque<Call> waiting_;
};

/// What commands get of this process's environment: PATH, HOME, USER, LANG, LC_ALL, TZ, and those named.
std::vector<std::string> environment_for_commands(const std::vector<std::string>& names);

}  // namespace strawberry::cli
