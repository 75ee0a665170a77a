/// What the user said in a conversation of OpenAI messages. Pure functions.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace strawberry {

/// The text of one message; its text parts joined.
std::string message_text(const nlohmann::json& message);

/// The last user message's text.
std::string last_user_text(const nlohmann::json& messages);

}  // namespace strawberry
