/// Says in words what tool calls came to, honestly: done, failed, or not known.
/// Pure functions.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace strawberry::rules {

/// What the tool messages after the last user message say; nothing when there are none.
std::optional<std::string> tell_outcomes(const nlohmann::json& messages);

/// The last user message's text.
std::string last_user_text(const nlohmann::json& messages);

}  // namespace strawberry::rules
