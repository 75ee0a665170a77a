/// Makes the members of the hub's request from a request's body, query and headers.
///
/// Pure functions.   Errors: Problem, always `bad_request`.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "gateway/http/errors.h"
#include "gateway/http/message.h"

namespace strawberry::gateway {

/// Reads a request's body as a JSON object, an empty one when there is no body; refuses other JSON and too deep
/// nesting.
tl::expected<nlohmann::json, Problem> read_json_object(const Request& request);

/// Gives the hub's request its correlation id, if the client has sent one: `Idempotency-Key`, or the body's own.
/// Returns the problem with it; nullopt if it is valid. (The hub could not answer under an invalid id.)
std::optional<Problem> name_request(const Request& request, nlohmann::json& body);

/// Copies a whole number of the query, if present, into the hub's request. Returns the problem with it; nullopt if
/// there is none.
std::optional<Problem> add_number(const Request& request, const std::string& name, nlohmann::json& body);

}  // namespace strawberry::gateway
