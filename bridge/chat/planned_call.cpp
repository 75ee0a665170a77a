#include "bridge/chat/planned_call.h"

#include "common/text/printable.h"
#include "common/text/strict_json.h"

namespace strawberry::bridge {

Reply<PlannedCall> plan_call(const ToolCatalog& catalog, const ToolCall& call) {
  const auto* entry = catalog.find_skill(call.name);
  if (!entry) return error(ErrorCode::not_found, "there is no tool called " + printable(call.name, 64));
  if (call.arguments.size() > arguments_bytes_max) return error(ErrorCode::bad_request, "the arguments are too large");
  auto arguments = parse_strict_object(call.arguments, arguments_depth_max);
  if (!arguments) return error(ErrorCode::bad_request, "the arguments must be a JSON object");
  const Tool& tool = catalog.tools()[entry->tool];
  auto plan =
      plan_tool_call({*tool.skill, entry->signature, tool.device_parameter, entry->default_device, entry->renamed},
                     std::move(*arguments));
  if (!plan) return tl::unexpected<Error>(std::move(plan.error()));
  PlannedCall planned;
  static_cast<ToolCallPlan&>(planned) = std::move(*plan);
  planned.id = call.id;
  return planned;
}

}  // namespace strawberry::bridge
