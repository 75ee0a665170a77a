/// The JSON Schema that may stand beside a skill's signature (docs/contract.md, section 4): taken in at registration,
/// and given to those who describe the skill.
///
/// Pure.   Errors: `bad_request` with details.path.   Bounds: ArgumentSchema's, input_schemas_bytes_max.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "bridge/ports/skill_store.h"
#include "common/contract/error.h"
#include "common/contract/signature.h"

namespace strawberry::bridge {

/// Of all skills of a registration: what is small as it was sent may be large with its references in place.
inline constexpr std::size_t input_schemas_bytes_max = 256 * 1024;

/// The text to store of `skill`, an entry of a registration at `place` with this signature; empty when it has no
/// schema.
Reply<std::string> read_input_schema(const nlohmann::json& skill, const Signature& signature, const std::string& place);

/// JSON Schema (an object) of the skill's arguments by name: its own, else the signature's.
nlohmann::json parameters_of(const SkillRow& skill, const Signature& signature);

/// The same for a model: without `anyOf` and the like at its root, which some providers refuse for the whole request.
nlohmann::json parameters_for_models(const SkillRow& skill, const Signature& signature);

/// A short text that differs between two schemas; empty for none.
std::string digest_of_schema(std::string_view schema);

}  // namespace strawberry::bridge
