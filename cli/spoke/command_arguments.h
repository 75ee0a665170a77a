/// Makes the arguments of a program from those of a call: binds them to the signature as Python would, checks them
/// against its types, and replaces each `{parameter}` of the command. No shell is involved.
///
/// An element of the command is literal, or has one `{parameter}`, alone or in a plain word: `--level={parameter}`. A
/// list becomes one element for each of its values, None no element. A value that begins with `-` is refused, so that
/// callers cannot add options, unless text stands before it or it is behind the command's own `--`.
///
/// Pure functions.   Errors: Failure, for the caller of the skill (check_command(): for the author of skills.toml).
/// Bounds: argument_bytes_max for an argument, arguments_bytes_max and arguments_max for all.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/spoke/skill_file.h"
#include "common/text/result.h"

namespace strawberry::cli {

inline constexpr std::size_t argument_bytes_max = 128 * 1024 - 1;  // Linux's limit for one argument
inline constexpr std::size_t arguments_bytes_max = 512 * 1024;
inline constexpr std::size_t arguments_max = 1024;

/// Checks that every parameter has its place in the command, every place its parameter, every default a value.
Result<void> check_command(const CommandSkill& skill);

/// Returns the program and its arguments for a call. Only for skills that passed check_command().
Result<std::vector<std::string>> argv_of_call(const CommandSkill& skill, const nlohmann::json& args,
                                              const nlohmann::json& kwargs);

}  // namespace strawberry::cli
