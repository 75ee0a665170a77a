/// skills.toml: the skills of a machine as a device, each a signature, a docstring and a command (docs/spokes.md).
///
/// Threading: any, no state.   Errors: CliError that names the file, the line, the skill and the reason.
/// Bounds: 64 KiB of file, skills_max skills; every number has a range.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cli/outcome.h"
#include "cli/spoke/device_skills.h"
#include "common/contract/signature.h"

namespace strawberry::cli {

struct CommandSkill {
  enum class Output { text, json };

  std::string class_name;
  Signature signature;
  nlohmann::json parameters;  // parameters_schema(signature)
  std::string signature_text;
  std::string docstring;
  bool device_agnostic = false;
  bool confirm = false;
  std::vector<std::string> command;  // the program, then its arguments, some with `{parameter}`
  std::chrono::milliseconds timeout{10'000};
  std::size_t output_bytes_max = 64 * 1024;
  Output output = Output::text;

  std::string path() const { return class_name + "." + signature.function_name; }
};

struct SkillFile {
  std::size_t calls_running_max = 4;
  std::size_t calls_waiting_max = 64;
  std::vector<std::string> environment;  // variables that commands get, in addition to the usual ones
  std::vector<CommandSkill> skills;

  /// Finds a skill by `Class.function`; null when there is none.
  const CommandSkill* find(std::string_view path) const;
  /// Returns the `skills` of a registration.
  nlohmann::json registration() const;
};

/// Refuses a file that all users may write, since it decides what runs here.
Outcome<SkillFile> read_skill_file(const std::string& path);
/// `name`: the text's name in messages.
Outcome<SkillFile> parse_skill_file(std::string_view text, const std::string& name);

}  // namespace strawberry::cli
