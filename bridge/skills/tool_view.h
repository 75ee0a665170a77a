/// A skill as a model is shown it, whoever asks: the name of a tool, its description, the JSON Schema of its arguments,
/// and the argument that chooses the device. For chats (chat/tool_catalog.h) and for the operations `tools` and
/// `call_tool`.
///
/// Names are `Class-function` as far as `[A-Za-z_][A-Za-z0-9_-]{0,63}` allows, else without accents and with a hash
/// that makes them unique, and so are those of parameters. A skill on several devices gets the property `device`
/// (`target_device` when it has a parameter of that name). Docstrings are data: control characters dropped, cut.
///
/// Pure functions, but for what ToolShapes remembers.   Bounds: description_bytes_max, and the devices of the
/// OfferedSkill.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bridge/skills/offered_skill.h"
#include "common/contract/signature.h"

namespace strawberry::bridge {

/// What a view has from the skill's signature and schema alone.
struct ToolShape {
  Signature signature;
  nlohmann::json parameters;                                 // without the property that chooses the device
  std::vector<std::pair<std::string, std::string>> renamed;  // as in ToolView
};

/// Remembers shapes, since the same skills are listed again and again: making them is three quarters of a list.
/// Threading: loop only.   Bounds: shapes_max, text_bytes_max of signatures and schemas; then it starts anew.
class ToolShapes {
 public:
  static constexpr std::size_t shapes_max = 2'048;
  static constexpr std::size_t text_bytes_max = 512 * 1024;

  /// Null for a signature that does not parse. Valid as long as the caller keeps it.
  std::shared_ptr<const ToolShape> of(const SkillRow& skill, bool has_own_schema);
  std::size_t size() const { return shapes_.size(); }

 private:
  std::unordered_map<std::string, std::shared_ptr<const ToolShape>> shapes_;
  std::size_t text_bytes_ = 0;
};

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
  ToolShapes* shapes = nullptr;  // null: made anew
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
