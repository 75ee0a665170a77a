/// An action as a skill: signature, docstring, JSON Schema of what a signature cannot say; and a call's arguments,
/// bound and checked.
///
/// Pure functions.   Errors: Failure, for the caller of the skill.   Bounds: the contract's, of a signature.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "cli/spoke/discovery/component.h"
#include "common/text/result.h"

namespace strawberry::cli::discovery {

/// `turn_on(brightness_pct: int = None, effect: Literal['blink', 'breathe'] = None) -> str`
std::string signature_of(const Action& action);

/// The entry of a registration. `shown`: what the entity is called; `area` may be empty.
nlohmann::json skill_of(const Action& action, const std::string& class_name, const std::string& shown,
                        const std::string& area, bool is_setting);

/// `turn on Kitchen Light`.
std::string phrase_of(const Action& action, const std::string& shown);

/// `args` and `kwargs` as they came.
Result<Arguments> arguments_of(const Action& action, const std::string& path, const nlohmann::json& args,
                               const nlohmann::json& kwargs);

}  // namespace strawberry::cli::discovery
