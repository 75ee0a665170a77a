#include "cli/spoke/mcp/mcp_skills.h"

#include <algorithm>
#include <utility>

#include "cli/spoke/mcp/tool_result.h"
#include "cli/text.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

class RunningTool final : public RunningCall {
 public:
  RunningTool(std::shared_ptr<McpClient> client, std::int64_t id) : client_(std::move(client)), id_(id) {}
  void stop() override { client_->cancel(id_); }

 private:
  std::shared_ptr<McpClient> client_;
  const std::int64_t id_;
};

}  // namespace

McpSkills::McpSkills(asio::io_context& loop, Options options)
    : loop_(loop), options_(std::move(options)), wake_(loop), class_name_(options_.class_name) {}

void McpSkills::stop() {
  is_stopped_ = true;
  if (const auto client = std::exchange(client_, nullptr)) client->stop();
  wake_.cancel();
}

Task<Outcome<void>> McpSkills::run() {
  while (!is_stopped_) {
    const auto began = std::chrono::steady_clock::now();
    auto begun = co_await begin();
    if (is_stopped_) break;
    if (begun) {
      away_because_.clear();
      co_await follow();
      if (is_stopped_) break;
    } else {
      away_because_ = begun.error().message;
    }
    if (const auto client = std::exchange(client_, nullptr)) client->stop();
    if (!has_listed_) co_return cli_error(ExitCode::local, options_.name + ": " + away_because_);
    const milliseconds wait = next_pause(std::chrono::steady_clock::now() - began);
    options_.say(options_.name + " is gone (" + away_because_ + "), trying again in " + std::to_string(wait.count()) +
                 " ms");
    co_await pause(wait);
  }
  co_return Outcome<void>{};
}

milliseconds McpSkills::next_pause(std::chrono::steady_clock::duration lived) {
  return policy_.pause_after(lived).value_or(options_.away_pause_max);
}

Task<void> McpSkills::pause(milliseconds time) {
  wake_.expires_after(time);
  co_await wake_.async_wait(asio::as_tuple(asio::use_awaitable));
}

Task<Result<void>> McpSkills::begin() {
  McpClient::Options options = options_.client;
  options.on_tools_changed = [this] {
    has_changed_ = true;
    wake_.cancel();
  };
  options.on_end = [this](const std::string& why) {
    away_because_ = why;
    client_ = nullptr;
    wake_.cancel();
  };
  options.on_remark = [this](const std::string& line) { options_.say(options_.name + ": " + line); };
  has_changed_ = false;
  auto transport = options_.connect();
  if (!transport) co_return tl::unexpected(transport.error());
  const auto client = std::make_shared<McpClient>(loop_, std::move(*transport), std::move(options));
  client_ = client;
  auto name = co_await client->connect();
  if (!name) co_return tl::unexpected(name.error());
  if (class_name_.empty()) class_name_ = class_name_of_server(*name);
  co_return co_await list();
}

Task<Result<void>> McpSkills::list() {
  const auto client = client_;
  if (!client) co_return fail(away_because_);
  auto tools = co_await client->list_tools();
  if (!tools) co_return tl::unexpected(tools.error());
  take(*tools);
  co_return Result<void>{};
}

void McpSkills::take(const std::vector<json>& tools) {
  ToolSkills made = skills_of_tools(tools, class_name_, options_.confirm);
  if (made.remarks != remarks_) {
    for (const std::string& line : made.remarks) options_.say(options_.name + ": " + line);
    remarks_ = std::move(made.remarks);
  }
  const json before = registration();
  skills_ = std::move(made.skills);
  const bool is_first = !std::exchange(has_listed_, true);
  if (options_.on_skills && (is_first || registration() != before)) options_.on_skills();
}

/// Runs until the server is gone.
Task<void> McpSkills::follow() {
  while (client_ && !is_stopped_) {
    if (!std::exchange(has_changed_, false)) {
      co_await pause(std::chrono::hours(24));
      continue;
    }
    auto listed = co_await list();
    if (!listed && client_) options_.say(options_.name + ": its tools stay what they were: " + listed.error().message);
    // The minimum time between two lists, however often they change.
    const auto until = std::chrono::steady_clock::now() + options_.list_pause;
    while (client_ && !is_stopped_ && std::chrono::steady_clock::now() < until)
      co_await pause(std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now()));
  }
}

json McpSkills::registration() const {
  json all = json::array();
  for (const ToolSkill& skill : skills_) all.push_back(skill.registration());
  return all;
}

Result<DeviceSkills::ReadyCall> McpSkills::prepare(const std::string& skill_path, const json& args,
                                                   const json& kwargs) {
  const auto skill =
      std::find_if(skills_.begin(), skills_.end(), [&](const ToolSkill& each) { return each.path() == skill_path; });
  if (skill == skills_.end()) return fail("there is no skill " + in_quotes(skill_path, 100) + " here");
  auto arguments = tool_arguments(*skill, args, kwargs);
  if (!arguments) return tl::unexpected(arguments.error());
  const auto start = [this, tool = skill->tool_name, given = std::move(*arguments)](
                         milliseconds left, OnEnd on_end) -> Result<std::shared_ptr<RunningCall>> {
    const auto client = client_;
    if (!client) return fail(options_.name + " is not there: " + away_because_);
    auto id = client->call_tool(tool, given, left, [on_end = std::move(on_end)](Result<json> answer) {
      on_end(answer ? skill_result(*answer) : std::move(answer));
    });
    if (!id) return tl::unexpected(id.error());
    return std::make_shared<RunningTool>(client, *id);
  };
  return ReadyCall{skill_path, start};
}

}  // namespace strawberry::cli
