/// Converts an MCP server's tools to skills: names, signature, docstring, and whether the user is asked first.
///
/// A tool's name becomes a function's: characters that Python refuses become `_`, a repeated name gets `_2`. Where the
/// signature cannot express all of the input schema, the schema is added; where the hub would refuse the schema, it is
/// left out and the tool takes `**arguments`.
/// Pure.   Errors: an invalid tool is left out, with a remark.
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

/// Which tools get `confirm`. Hints come from the server and may be wrong.
enum class ConfirmTools {
  never,
  destructive,  // those that state it (`destructiveHint`)
  writing,      // all except those that state that they only read (`readOnlyHint`)
};

struct ToolSkill {
  std::string tool_name;
  std::string class_name;
  std::string signature_text;
  Signature signature;
  std::string docstring;
  bool confirm = false;
  nlohmann::json input_schema;               // null: the signature expresses it completely
  std::vector<std::string> never_null = {};  // optional arguments for which null means that they are not given

  std::string path() const { return class_name + "." + signature.function_name; }
  /// Returns its entry in a registration.
  nlohmann::json registration() const;
};

struct ToolSkills {
  std::vector<ToolSkill> skills;
  std::vector<std::string> remarks;  // parts that were left out, each a line
};

ToolSkills skills_of_tools(const std::vector<nlohmann::json>& tools, const std::string& class_name,
                           ConfirmTools confirm);

/// Converts `secure-filesystem-server` to `SecureFilesystemServer`; `McpServer` when nothing is left.
std::string class_name_of_server(std::string_view server_name);

/// Returns a call's arguments by name, as `tools/call` expects them.
Result<nlohmann::json> tool_arguments(const ToolSkill& skill, const nlohmann::json& args, const nlohmann::json& kwargs);

}  // namespace strawberry::cli
