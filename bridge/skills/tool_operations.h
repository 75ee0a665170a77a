/// The operations `tools` and `call_tool` of the `skills` service (docs/contract.md, section 4): a user's skills as a
/// model is shown them (tool_view.h), and a call by such a tool's name. For doors that serve assistants.
///
/// A tool's name means one of a user's live skills at the time of the call: `Class-function` is looked up, a name with
/// a hash in it is looked for among all of them.
///
/// Pure questions to the registry.   Errors: the contract's.
/// Bounds: tools_page_max and tools_page_bytes_max for one answer, SkillRegistry::paged_skills_max for lists and for
/// names with a hash.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "bridge/pipeline/service.h"
#include "bridge/skills/skill_registry.h"
#include "bridge/skills/tool_source.h"

namespace strawberry::bridge {

inline constexpr std::size_t tools_page_max = 500;
inline constexpr std::size_t tools_page_bytes_max = 512 * 1024;
inline constexpr std::size_t tools_found_default = 10;  // of a query without a limit
inline constexpr std::size_t tool_devices_max = 64;     // that one tool lists

/// `tools`: a page of all, those that words fit, or one by name.
Reply<nlohmann::json> list_tools(const SkillRegistry& skills, const Request& request);

struct PlannedToolCall {
  SkillCall call;
  /// Somebody must allow it first: not null, and the answer to give.
  nlohmann::json question = nullptr;
};
/// What `call_tool` calls. Its deadline and identity are the request's; who asks for it is the caller's to say.
Reply<PlannedToolCall> plan_tool_call(const SkillRegistry& skills, const Request& request);

}  // namespace strawberry::bridge
