/// An MCP server's tools as a device's skills: connects, lists them, follows changes, and reconnects after the server's
/// end.
///
/// While the server is away its skills stay registered and calls are answered at once with the reason: a device that
/// connects and disconnects would be worse for its callers. A process that ends is started again, and a URL retried,
/// after growing pauses, up to away_pause_max. A call that was running when the server ended is answered with a
/// failure, and never repeated.
/// Threading: loop only.   Lifetime: outlives its running calls; stop() ends it; then do not run the loop any more.
/// Errors: run() ends only when the server is unusable from the start; later problems are printed and retried.
/// Bounds: those of McpClient, ToolSkills and Options; the list is requested at most once in list_pause.
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
    std::string name;        // the server's name in messages
    std::string class_name;  // empty: made from the server's own name
    ConfirmTools confirm = ConfirmTools::destructive;
    std::size_t calls_running_max = 8;
    std::size_t calls_waiting_max = 64;
    std::chrono::milliseconds list_pause{2'000};
    std::chrono::milliseconds away_pause_max{60'000};
    McpClient::Options client;  // timeouts; the events are set here
    std::function<Result<std::unique_ptr<McpTransport>>()> connect;
    std::function<void(const std::string& line)> say;
    /// Called when the skills are known for the first time, or have changed.
    std::function<void()> on_skills;
  };

  McpSkills(asio::io_context& loop, Options options);

  /// Runs until stop(), or until it is clear that the server is unusable.
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
  asio::steady_timer wake_;            // run() waits for it
  std::shared_ptr<McpClient> client_;  // null while the server is away
  std::string away_because_ = "it has not been started yet";
  std::string class_name_;
  std::vector<ToolSkill> skills_;
  std::vector<std::string> remarks_;  // about the last list
  RestartPolicy policy_;
  bool has_listed_ = false;
  bool has_changed_ = false;
  bool is_stopped_ = false;
};

}  // namespace strawberry::cli
