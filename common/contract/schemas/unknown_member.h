/// Finds members of a request that its operation does not know, and which one was meant: a name that is misspelt must
/// not be as good as none.
///
/// Objects whose schema says `additionalProperties: false` are looked at; the others take any member (`kwargs`,
/// `metadata`, what is passed on to a provider).
/// Pure.   Cost: that of a walk along the known members; only a request that is not plainly valid pays it.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "common/contract/schemas/complaint.h"

namespace strawberry {

struct UnknownMember {
  JsonPath path;      // its last step is the member
  std::string meant;  // a name that the schema has; empty when none is near
};

/// The first one. Follows `properties` and `items`.
std::optional<UnknownMember> find_unknown_member(const nlohmann::json& schema, const nlohmann::json& document);

/// `/session is not known to this operation; perhaps session_id is meant.`
std::string describe_unknown(const UnknownMember& unknown);

}  // namespace strawberry
