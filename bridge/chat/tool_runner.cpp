#include "bridge/chat/tool_runner.h"

#include <algorithm>
#include <map>
#include <memory>

#include "bridge/pipeline/request_log.h"
#include "common/runtime/asio.h"
#include "common/runtime/one_shot.h"
#include "common/text/ids.h"
#include "common/text/json_text.h"
#include "common/text/printable.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

/// What the lanes of one step share; kept alive by each of them.
struct Step {
  Step(ToolSource& given_source, std::vector<PlannedCall> given_calls, ToolRun given_run)
      : source(given_source),
        calls(std::move(given_calls)),
        run(std::move(given_run)),
        outcomes(calls.size(), Reply<json>(error(ErrorCode::cancelled, "the chat was stopped"))) {}

  ToolSource& source;
  const std::vector<PlannedCall> calls;
  const ToolRun run;
  std::vector<Reply<json>> outcomes;

  RequestLog log() const { return RequestLog({run.log_id, run.caller.id, to_string(Service::chat)}); }
};

/// The same only for the same call: a model that is asked again may want something else at this place.
std::string identity_of(const ToolRun& run, std::size_t index, const SkillCall& call) {
  if (run.identity.empty()) return {};
  const json place = {run.identity, run.step, index, call.target, call.skill_path, call.args, call.kwargs};
  return to_text(place);
}

tl::unexpected<Error> not_allowed() {
  return error(ErrorCode::forbidden, "the user did not allow this call, or did not answer in time; it was not made");
}

/// Calls made one after the other. Who is stopped tells nothing any more, neither of this call nor of the next.
Task<void> run_lane(std::shared_ptr<Step> step, std::vector<std::size_t> lane) {
  for (const std::size_t index : lane) {
    const PlannedCall& planned = step->calls[index];
    if (planned.needs_confirm) {
      bool is_allowed = false;
      if (step->run.confirm) {
        PlannedCall asked = planned;
        is_allowed = co_await step->run.confirm(std::move(asked));
        const auto state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none) co_return;
      }
      if (!is_allowed) {
        step->log().info("{} was not allowed", printable(planned.skill_path));
        step->outcomes[index] = not_allowed();
        if (step->run.on_result) step->run.on_result(planned, step->outcomes[index]);
        continue;
      }
    }
    if (step->run.on_call) step->run.on_call(planned);
    SkillCall call;
    call.caller = step->run.caller;
    call.acting_user = step->run.acting_user;
    call.rights = step->run.rights;
    call.skill_path = planned.skill_path;
    call.target = planned.target;
    call.args = planned.args;
    call.kwargs = planned.kwargs;
    call.deadline = step->run.deadline();
    call.log_id = step->run.log_id;
    call.identity = identity_of(step->run, index, call);
    if (!step->run.identity.empty()) call.request_id = id_from(step->run.identity);
    call.is_consented = planned.needs_confirm;
    auto outcome = co_await step->source.call(std::move(call));
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) co_return;
    if (!outcome)
      step->log().info("{} on {} failed: {} {}", printable(planned.skill_path),
                       planned.device.empty() ? "a device of the hub's choice" : planned.device,
                       to_string(outcome.error().code), printable(outcome.error().message));
    step->outcomes[index] = std::move(outcome);
    if (step->run.on_result) step->run.on_result(planned, step->outcomes[index]);
  }
}

std::vector<std::vector<std::size_t>> lanes_of(const std::vector<PlannedCall>& calls) {
  std::map<std::string, std::vector<std::size_t>> by_target;
  const bool is_any_open =
      std::any_of(calls.begin(), calls.end(), [](const auto& call) { return call.target.empty(); });
  for (std::size_t i = 0; i < calls.size(); ++i) by_target[is_any_open ? std::string() : calls[i].target].push_back(i);
  std::vector<std::vector<std::size_t>> lanes;
  for (auto& [target, lane] : by_target) lanes.push_back(std::move(lane));
  return lanes;
}

struct Lane {
  explicit Lane(const asio::any_io_executor& executor) : done(executor) {}
  OneShot<bool> done;
  asio::cancellation_signal stop;
};

}  // namespace

Task<std::vector<Reply<json>>> run_tools(ToolSource& source, std::vector<PlannedCall> calls, ToolRun run) {
  auto step = std::make_shared<Step>(source, std::move(calls), std::move(run));
  auto lanes = lanes_of(step->calls);
  if (lanes.size() == 1) {
    co_await run_lane(step, std::move(lanes.front()));
    co_return step->outcomes;
  }
  const auto executor = co_await asio::this_coro::executor;
  std::vector<std::shared_ptr<Lane>> running;
  for (auto& indexes : lanes) {
    auto lane = std::make_shared<Lane>(executor);
    running.push_back(lane);
    auto finished = [lane, step](const std::exception_ptr& thrown) {
      if (thrown) step->log().error("a skill call threw");
      lane->done.set(true);
    };
    auto stoppable = asio::bind_cancellation_slot(lane->stop.slot(), std::move(finished));
    asio::co_spawn(executor, run_lane(step, std::move(indexes)), std::move(stoppable));
  }
  for (const auto& lane : running) {
    co_await lane->done.wait();
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() == asio::cancellation_type::none) continue;
    for (const auto& each : running) each->stop.emit(asio::cancellation_type::terminal);
    break;
  }
  co_return step->outcomes;
}

}  // namespace strawberry::bridge
