/// The optional JSON Schema beside a skill's signature (docs/contract.md, section 4): read at registration, and part of
/// the skill's description.
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

/// Limit for all skills of a registration: a small schema may become large when its references are resolved.
inline constexpr std::size_t input_schemas_bytes_max = 256 * 1024;

/// Returns the schema text to store for `skill`, an entry of a registration at `place` with this signature; empty when
/// it has no schema.
Reply<std::string> read_input_schema(const nlohmann::json& skill, const Signature& signature, const std::string& place);

/// Returns the JSON Schema (an object) of the skill's arguments by name: its own, else the signature's.
nlohmann::json parameters_of(const SkillRow& skill, const Signature& signature);

/// The same for a model: without `anyOf` and the like at its root, for which some providers refuse the whole request.
nlohmann::json parameters_for_models(const SkillRow& skill, const Signature& signature);

/// Returns a short text that differs between schemas; empty without one.
std::string digest_of_schema(std::string_view schema);

}  // namespace strawberry::bridge
