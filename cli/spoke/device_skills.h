/// The skills of a device, and the code that runs its calls: the commands of a file (command_skills.h) or the tools of
/// an MCP server (mcp/mcp_skills.h).
///
/// Threading: loop only.   Lifetime: outlives its running calls.   Errors: Failure, for the caller of the skill.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "common/text/result.h"

namespace strawberry::cli {

inline constexpr std::size_t skills_max = 500;  // of one device (contract, section 4)

/// A call that is running.
class RunningCall {
 public:
  virtual ~RunningCall() = default;
  /// Ends it, without an answer.
  virtual void stop() = 0;
};

class DeviceSkills {
 public:
  using OnEnd = std::function<void(Result<nlohmann::json> result)>;
  /// A call whose arguments are bound.
  struct ReadyCall {
    std::string skill_path;
    /// Runs it for at most `left`. `on_end` is called once, later, unless RunningCall::stop() is called first.
    std::function<Result<std::shared_ptr<RunningCall>>(std::chrono::milliseconds left, OnEnd on_end)> start;
  };

  virtual ~DeviceSkills() = default;
  /// Returns the `skills` of a registration: at most skills_max.
  virtual nlohmann::json registration() const = 0;
  virtual std::size_t calls_running_max() const = 0;
  virtual std::size_t calls_waiting_max() const = 0;
  /// `args` and `kwargs` as received, null when they were missing.
  virtual Result<ReadyCall> prepare(const std::string& skill_path, const nlohmann::json& args,
                                    const nlohmann::json& kwargs) = 0;
};

/// Returns the environment of commands: PATH, HOME, USER, LANG, LC_ALL, TZ, and the named ones of this process.
std::vector<std::string> environment_for_commands(const std::vector<std::string>& names);

}  // namespace strawberry::cli
