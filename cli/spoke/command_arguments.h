/// A call's arguments as the arguments of a program: bound to the signature as Python would, checked against its types,
/// put where the command has `{parameter}`. No shell is near.
///
/// An element of the command is literal, or has one `{parameter}`, alone or in a plain word: `--level={parameter}`. A
/// list becomes an element for each of its values, None none. A value that begins with `-` is refused, so that nobody
/// who calls a skill can invent options, unless something stands before it or it is behind the command's own `--`.
///
/// Pure functions.   Errors: Failure, for the caller of the skill (check_command(): for whoever wrote skills.toml).
/// Bounds: argument_bytes_max for an argument, arguments_bytes_max and arguments_max for all.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/spoke/skill_file.h"
#include "common/text/result.h"

namespace strawberry::cli {

inline constexpr std::size_t argument_bytes_max = 128 * 1024 - 1;  // Linux takes no longer one
inline constexpr std::size_t arguments_bytes_max = 512 * 1024;
inline constexpr std::size_t arguments_max = 1024;

/// Every parameter has its place in the command, every place its parameter, every default a value.
Result<void> check_command(const CommandSkill& skill);

/// The program and its arguments for a call. Of a skill that check_command() found good.
Result<std::vector<std::string>> argv_of_call(const CommandSkill& skill, const nlohmann::json& args,
                                              const nlohmann::json& kwargs);

}  // namespace strawberry::cli
