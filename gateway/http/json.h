/// Members of JSON that may be missing or of another type, and JSON as an answer.
///
/// Pure functions.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "common/text/json_text.h"
#include "gateway/http/message.h"

namespace strawberry::gateway {

/// Null when `object` is none, or has no such member.
nlohmann::json member(const nlohmann::json& object, const char* name);
Response json_response(const nlohmann::json& body, unsigned status = 200);

/// What the hub is told when nobody waits for a chat's answer any more.
nlohmann::json cancel_of(const std::string& correlation_id);
/// The answer to a skill that asks first, where nobody can be asked. `question`: the `confirm` event's data.
nlohmann::json refusal_of(const nlohmann::json& question);

}  // namespace strawberry::gateway
