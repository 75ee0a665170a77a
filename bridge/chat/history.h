/// A conversation cut to what a model may be given: by whole turns, so that no call is parted from its result.
///
/// A turn starts at a user message; what stands before the first is a turn too. Pure.   Bounds: the caller's.
#pragma once

#include <nlohmann/json.hpp>

namespace strawberry::bridge {

/// `messages` (OpenAI's, an array of objects with a role) without the oldest turns: the newest that fit into
/// `bytes_max` of JSON and `messages_max` messages, without a gap. When not even the newest fits, no turn is left.
/// System messages stay, wherever they are, and count in bytes.
///
/// What no server takes is left out, cut or not: results without their call, and calls of which a result is missing
/// (the words beside them stay).
nlohmann::json cut_history(const nlohmann::json& messages, std::size_t bytes_max, std::size_t messages_max);

/// Messages that are no system message.
std::size_t spoken(const nlohmann::json& messages);
/// It contains a tool call or its result.
bool has_tool_calls(const nlohmann::json& messages);

}  // namespace strawberry::bridge
