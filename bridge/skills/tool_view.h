/// A skill as a model is shown it, whoever asks: the name of a tool, its description, the JSON Schema of its arguments,
/// and the argument that chooses the device. For chats (chat/tool_catalog.h) and for the operations `tools` and
/// `call_tool`.
///
/// Names are `Class-function` as far as `[A-Za-z_][A-Za-z0-9_-]{0,63}` allows, else without accents and with a hash
/// that makes them unique, and so are those of parameters. A skill on several devices gets the property `device`
/// (`target_device` when it has a parameter of that name). Docstrings are data: control characters dropped, cut.
///
/// Pure functions.   Bounds: description_bytes_max, and the devices of the OfferedSkill.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bridge/skills/offered_skill.h"
#include "common/contract/signature.h"

namespace strawberry::bridge {

struct ToolView {
  std::string name;
  std::string description;
  nlohmann::json parameters;     // JSON Schema
  std::string device_parameter;  // the property of `parameters` that chooses the device; empty when there is none
  /// The sender's own device when it offers the skill; the only one; else empty: the hub chooses.
  std::string default_device;
  Signature signature;
  /// Parameters that are shown under another name, since models take ASCII alone: that name, and the skill's own.
  std::vector<std::pair<std::string, std::string>> renamed;
};

inline constexpr std::size_t tool_description_bytes_max = 1024;

struct ToolViewOptions {
  std::size_t description_bytes_max = tool_description_bytes_max;
  /// False: the schema made of the signature, although the device registered one (input_schema.h).
  bool has_own_schema = true;
};

/// Nothing for a skill without a device, or whose signature does not parse: the registry does not take such a skill.
std::optional<ToolView> view_tool(const OfferedSkill& skill, std::string name, const std::string& sender_id,
                                  ToolViewOptions options = {});

/// `Class-function`, cut and marked with a hash of `distinct` when it is too long, has other characters, or
/// `must_differ`.
std::string tool_name(const std::string& class_name, const std::string& function_name, const std::string& distinct,
                      bool must_differ);

/// The name that a skill has among all of a user's: one of several signatures of a `Class.function` has it plain, the
/// others have a hash of their signature and schema in it.
std::string tool_name(const OfferedSkill& skill, bool is_first_of_path);

}  // namespace strawberry::bridge
