/// What users said in a conversation of OpenAI messages. Pure functions.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace strawberry::bridge {

/// The text of one message; its text parts joined.
std::string message_text(const nlohmann::json& message);

/// The texts of the last user messages, the newest first: what a conversation is about now.
/// Bounds: the newest and what fits of the recent_texts_max into recent_bytes_max.
std::string recent_user_text(const nlohmann::json& messages);

inline constexpr std::size_t recent_texts_max = 3;
inline constexpr std::size_t recent_bytes_max = 1024;

}  // namespace strawberry::bridge
