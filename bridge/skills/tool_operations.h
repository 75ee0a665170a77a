/// The operations `tools` and `call_tool` of the `skills` service (docs/contract.md, section 4): a user's skills as
/// tools for models (tool_view.h), and calls by a tool's name. For doors that serve assistants.
///
/// A tool's name stands for one of a user's live skills at the time of the call: `Class-function` is looked up, a name
/// with a hash in it is searched for among all of them.
///
/// Only reads the registry.   Errors: the contract's.
/// Bounds: tools_page_max and tools_page_bytes_max for one answer, SkillRegistry::paged_skills_max for lists and for
/// names with a hash.
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
inline constexpr std::size_t tools_found_default = 10;  // for a query without a limit
inline constexpr std::size_t tool_devices_max = 64;     // listed in one tool

/// Handles `tools`: returns a page of all, those that match words, or one by name.
Reply<nlohmann::json> list_tools(const SkillRegistry& skills, const Request& request);

struct PlannedToolCall {
  SkillCall call;
  /// Not null when the user must allow the call first: the answer to return.
  nlohmann::json question = nullptr;
};
/// Plans a `call_tool`. Its deadline and identity are the request's; the caller sets who requests it.
Reply<PlannedToolCall> plan_tool_call(const SkillRegistry& skills, const Request& request);

}  // namespace strawberry::bridge
