/// Cuts a conversation to a model's limits, by whole turns, so that no call is separated from its result.
///
/// A turn starts at a user message; messages before the first are a turn too. Pure.   Bounds: the caller's.
#pragma once

#include <nlohmann/json.hpp>

namespace strawberry::bridge {

/// Returns `messages` (OpenAI's, an array of objects with a role) without the oldest turns: the newest that fit into
/// `bytes_max` of JSON and `messages_max` messages, without a gap. When not even the newest fits, no turn is left.
/// System messages stay in place, and count in bytes.
///
/// Always removes what no server accepts: results without their call, and calls of which a result is missing (the text
/// of that message stays).
nlohmann::json cut_history(const nlohmann::json& messages, std::size_t bytes_max, std::size_t messages_max);

/// Returns the number of messages that are not system messages.
std::size_t spoken(const nlohmann::json& messages);
/// True when a message contains a tool call or its result.
bool has_tool_calls(const nlohmann::json& messages);

}  // namespace strawberry::bridge
