/// An MCP server's tools as a device's skills: connects, lists them, follows changes, comes back after the server's
/// end.
///
/// While the server is away its skills stay registered and calls are answered at once with the reason: a device that
/// comes and goes would be worse for those who ask for it. A process that ends is started again, and a URL asked again,
/// after growing pauses, up to away_pause_max. A call that was under way when the server went is answered with a
/// failure, never run again.
/// Threading: loop only.   Lifetime: outlives its running calls; stop() ends it, and then run the loop no more.
/// Errors: run() ends only when the server cannot be used from the start; later troubles are said and tried again.
/// Bounds: those of McpClient, ToolSkills and Options; the list is asked for once in list_pause at most.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/outcome.h"
#include "cli/process/restart_policy.h"
#include "cli/spoke/device_skills.h"
#include "cli/spoke/mcp/mcp_client.h"
#include "cli/spoke/mcp/tool_skill.h"
#include "common/runtime/asio.h"
#include "common/runtime/task.h"

namespace strawberry::cli {

class McpSkills final : public DeviceSkills {
 public:
  struct Options {
    std::string name;        // what messages call the server
    std::string class_name;  // empty: after the server's own name
    ConfirmTools confirm = ConfirmTools::destructive;
    std::size_t calls_running_max = 8;
    std::size_t calls_waiting_max = 64;
    std::chrono::milliseconds list_pause{2'000};
    std::chrono::milliseconds away_pause_max{60'000};
    McpClient::Options client;  // timeouts; the events are set here
    std::function<Result<std::unique_ptr<McpTransport>>()> connect;
    std::function<void(const std::string& line)> say;
    /// Skills are there for the first time, or are others than before.
    std::function<void()> on_skills;
  };

  McpSkills(asio::io_context& loop, Options options);

  /// Until stop(), or until it is clear that the server cannot be used.
  Task<Outcome<void>> run();
  void stop();

  nlohmann::json registration() const override;
  std::size_t calls_running_max() const override { return options_.calls_running_max; }
  std::size_t calls_waiting_max() const override { return options_.calls_waiting_max; }
  Result<ReadyCall> prepare(const std::string& skill_path, const nlohmann::json& args,
                            const nlohmann::json& kwargs) override;

 private:
  Task<Result<void>> begin();
  Task<Result<void>> list();
  Task<void> follow();
  Task<void> pause(std::chrono::milliseconds time);
  void take(const std::vector<nlohmann::json>& tools);
  std::chrono::milliseconds next_pause(std::chrono::steady_clock::duration lived);

  asio::io_context& loop_;
  const Options options_;
  asio::steady_timer wake_;            // for whom run() waits
  std::shared_ptr<McpClient> client_;  // null while the server is away
  std::string away_because_ = "it has not been started yet";
  std::string class_name_;
  std::vector<ToolSkill> skills_;
  std::vector<std::string> remarks_;  // of the last list
  RestartPolicy policy_;
  bool has_listed_ = false;
  bool has_changed_ = false;
  bool is_stopped_ = false;
};

}  // namespace strawberry::cli
