/// Finds members of a request that its operation does not know, and the name that was probably meant. A misspelt member
/// must not be ignored as if it were missing.
///
/// Checks objects whose schema says `additionalProperties: false`; the others accept any member (`kwargs`, `metadata`,
/// members that are passed on to a provider).
/// Pure.   Cost: a walk along the known members, only for requests that are not plainly valid.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "common/contract/schemas/complaint.h"

namespace strawberry {

struct UnknownMember {
  JsonPath path;      // the last step is the member
  std::string meant;  // a name of the schema; empty when none is near
};

/// Returns the first unknown member. Follows `properties` and `items`.
std::optional<UnknownMember> find_unknown_member(const nlohmann::json& schema, const nlohmann::json& document);

/// Returns `/session is not known to this operation; perhaps session_id is meant.`
std::string describe_unknown(const UnknownMember& unknown);

}  // namespace strawberry
