/// An MCP server's tools as skills: names, signature, docstring, whether the user is asked first.
///
/// A tool's name becomes a function's: what Python does not take is `_`, a second one gets `_2`. Where the signature
/// cannot say all that the input schema does, the schema goes beside it; where the hub would not take the schema, it is
/// left out and the tool takes `**arguments`.
/// Pure.   Errors: what is no tool is left out, and said.
/// Bounds: skills_max skills, registration_bytes_max; the constants below.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cli/spoke/device_skills.h"
#include "common/contract/signature.h"

namespace strawberry::cli {

inline constexpr std::size_t tool_name_bytes_max = 128;
inline constexpr std::size_t registration_bytes_max = 240 * 1024;  // a request has at most 256 KiB
inline constexpr std::size_t tool_docstring_bytes_max = 8 * 1024;

/// Which tools get `confirm`. Hints are the server's word: it may be wrong.
enum class ConfirmTools {
  never,
  destructive,  // those that say so (`destructiveHint`)
  writing,      // all but those that say they only read (`readOnlyHint`)
};

struct ToolSkill {
  std::string tool_name;
  std::string class_name;
  std::string signature_text;
  Signature signature;
  std::string docstring;
  bool confirm = false;
  nlohmann::json input_schema;               // null: the signature says it all
  std::vector<std::string> never_null = {};  // optional arguments whose null means that they are not given

  std::string path() const { return class_name + "." + signature.function_name; }
  /// Its entry in a registration.
  nlohmann::json registration() const;
};

struct ToolSkills {
  std::vector<ToolSkill> skills;
  std::vector<std::string> remarks;  // what was left out, each a line
};

ToolSkills skills_of_tools(const std::vector<nlohmann::json>& tools, const std::string& class_name,
                           ConfirmTools confirm);

/// `secure-filesystem-server` → `SecureFilesystemServer`; `McpServer` when nothing is left.
std::string class_name_of_server(std::string_view server_name);

/// A call's arguments by name, as `tools/call` takes them.
Result<nlohmann::json> tool_arguments(const ToolSkill& skill, const nlohmann::json& args, const nlohmann::json& kwargs);

}  // namespace strawberry::cli
