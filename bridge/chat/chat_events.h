/// The names of what a chat says before its response (docs/contract.md, section 5). There is no other.
#pragma once

#include <array>

namespace strawberry::bridge::chat_event {

inline constexpr const char* delta = "delta";              // a piece of the answer
inline constexpr const char* tool_call = "tool_call";      // a skill is about to run
inline constexpr const char* tool_result = "tool_result";  // what came of it
inline constexpr const char* confirm = "confirm";          // may it run?

inline constexpr std::array all = {delta, tool_call, tool_result, confirm};

}  // namespace strawberry::bridge::chat_event
