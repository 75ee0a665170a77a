/// Makes a skill from an action: signature, docstring, JSON Schema of what a signature cannot express; binds and checks
/// a call's arguments.
///
/// Pure functions.   Errors: Failure, for the caller of the skill.   Bounds: the contract's, of a signature.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "cli/spoke/discovery/component.h"
#include "common/text/result.h"

namespace strawberry::cli::discovery {

/// Returns `turn_on(brightness_pct: int = None, effect: Literal['blink', 'breathe'] = None) -> str`.
std::string signature_of(const Action& action);

/// Returns the entry of a registration. `shown`: the entity's name for people; `area` may be empty.
nlohmann::json skill_of(const Action& action, const std::string& class_name, const std::string& shown,
                        const std::string& area, bool is_setting);

/// Returns `turn on Kitchen Light`.
std::string phrase_of(const Action& action, const std::string& shown);

/// `args` and `kwargs` as received.
Result<Arguments> arguments_of(const Action& action, const std::string& path, const nlohmann::json& args,
                               const nlohmann::json& kwargs);

}  // namespace strawberry::cli::discovery
