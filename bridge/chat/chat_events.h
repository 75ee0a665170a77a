/// The names of all events that a chat sends before its response (docs/contract.md, section 5).
#pragma once

#include <array>

namespace strawberry::bridge::chat_event {

inline constexpr const char* delta = "delta";              // a piece of the answer
inline constexpr const char* tool_call = "tool_call";      // a skill is about to run
inline constexpr const char* tool_result = "tool_result";  // its outcome
inline constexpr const char* confirm = "confirm";          // a question to the user: may it run?

inline constexpr std::array all = {delta, tool_call, tool_result, confirm};

}  // namespace strawberry::bridge::chat_event
