/// What a request asks for, as the members of the hub's request: from its body, its query and its headers.
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

/// A request's body as a JSON object, an empty one when there is no body; refused when it is not an object, or nests
/// too deep.
tl::expected<nlohmann::json, Problem> read_json_object(const Request& request);

/// Gives the hub's request its correlation id, if the client has one: `Idempotency-Key`, or the body's own. What is
/// wrong with it; nothing if it is valid. (The hub could not answer under an invalid id.)
std::optional<Problem> name_request(const Request& request, nlohmann::json& body);

/// Takes a whole number of the query, if it is there, into the hub's request. What is wrong with it; nothing when
/// nothing is.
std::optional<Problem> add_number(const Request& request, const std::string& name, nlohmann::json& body);

}  // namespace strawberry::gateway
