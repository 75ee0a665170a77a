/// Reads members of JSON that may be missing or of another type, and makes answers of JSON.
///
/// Pure functions.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "common/text/json_text.h"
#include "gateway/http/message.h"

namespace strawberry::gateway {

/// Returns null when `object` is not an object, or has no such member.
nlohmann::json member(const nlohmann::json& object, const char* name);
Response json_response(const nlohmann::json& body, unsigned status = 200);

/// Makes the request that cancels a chat, for when nobody waits for its answer any more.
nlohmann::json cancel_of(const std::string& correlation_id);
/// Refuses a skill's question, for clients that cannot ask. `question`: the `confirm` event's data.
nlohmann::json refusal_of(const nlohmann::json& question);

}  // namespace strawberry::gateway
