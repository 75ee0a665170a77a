#include "cli/spoke/command_skills.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "cli/process/command_run.h"
#include "cli/spoke/command_arguments.h"
#include "cli/text.h"
#include "common/contract/bounded_json.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

/// Removes line ends like `$(command)`.
std::string without_line_ends(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

Result<json> value_of(CommandSkill::Output kind, CommandEnd end) {
  if (!end.success) return fail(end.error);
  if (kind == CommandSkill::Output::text) return json(without_line_ends(std::move(end.output)));
  auto value = parse_json(end.output);
  if (!value) return fail("what it wrote is no JSON");
  if (nests_too_deep("[" + end.output)) return fail("what it wrote nests too deep");  // the answer adds one level
  return std::move(*value);
}

class RunningCommand final : public RunningCall {
 public:
  explicit RunningCommand(std::shared_ptr<CommandRun> run) : run_(std::move(run)) {}
  void stop() override { run_->stop(); }

 private:
  std::shared_ptr<CommandRun> run_;
};

}  // namespace

std::vector<std::string> environment_for_commands(const std::vector<std::string>& names) {
  std::vector<std::string> wanted = {"PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ"};
  for (const std::string& name : names) {
    if (std::find(wanted.begin(), wanted.end(), name) == wanted.end()) wanted.push_back(name);
  }
  std::vector<std::string> environment;
  for (const std::string& name : wanted) {
    const char* value = std::getenv(name.c_str());
    if (value != nullptr) environment.push_back(name + "=" + value);
  }
  return environment;
}

Result<DeviceSkills::ReadyCall> CommandSkills::prepare(const std::string& skill_path, const json& args,
                                                       const json& kwargs) {
  const CommandSkill* skill = file_.find(skill_path);
  if (skill == nullptr) return fail("there is no skill " + in_quotes(skill_path, 100) + " here");
  auto argv = argv_of_call(*skill, args, kwargs);
  if (!argv) return tl::unexpected(argv.error());
  Command command;
  command.argv = std::move(*argv);
  command.environment = environment_for_commands(file_.environment);
  command.directory = directory_;
  command.timeout = skill->timeout;
  command.output_bytes_max = skill->output_bytes_max;
  const auto start = [this, command, output = skill->output](milliseconds left,
                                                             OnEnd on_end) -> Result<std::shared_ptr<RunningCall>> {
    Command in_time = command;
    in_time.timeout = std::min(command.timeout, left);
    auto run = CommandRun::start(loop_, std::move(in_time), [output, on_end = std::move(on_end)](CommandEnd end) {
      on_end(value_of(output, std::move(end)));
    });
    if (!run) return tl::unexpected(run.error());
    return std::make_shared<RunningCommand>(std::move(*run));
  };
  return ReadyCall{skill->path(), start};
}

}  // namespace strawberry::cli
