/// The tools one chat turn offers to the model: the client's own, then the user's live skills; and which tool name
/// means which skill.
///
/// Names are `Class-function` as far as `[A-Za-z0-9_-]{1,64}` allows, else with a hash that makes them unique; a
/// client's tool keeps its name and a skill that clashes with it is left out. A skill on several devices gets the
/// property `device`
/// (`target_device` when it has a parameter of that name). Skills marked `confirm` are not offered: there is no way to
/// ask yet. Docstrings are data: control characters dropped, cut.
///
/// Pure; made once a turn. Bounds: Options; skills of the sender's own device come first, so they are not the ones cut
/// off.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "bridge/llm/provider.h"
#include "bridge/skills/offered_skill.h"
#include "bridge/skills/signature.h"

namespace strawberry {

class ToolCatalog {
 public:
  struct Options {
    std::size_t tools_max = 128;
    std::size_t description_bytes_max = 1024;
    std::size_t devices_listed_max = 64;  // in one tool's `device`
  };
  struct SkillTool {
    Signature signature;
    std::size_t tool;  // index into tools()
    std::string
        default_device;  // the sender's own, when it offers the skill; the only one; else empty: the hub chooses
  };

  /// `sender_id` is the asking device's id, or a user's, which no device has.
  ToolCatalog(std::vector<OfferedSkill> skills, std::vector<Tool> client_tools, const std::string& sender_id,
              Options options);

  const std::vector<Tool>& tools() const { return tools_; }
  /// How many skills found no room.
  std::size_t left_out() const { return left_out_; }
  /// Null unless `name` is a skill's tool.
  const SkillTool* find_skill(const std::string& name) const;
  bool is_client_tool(const std::string& name) const;

 private:
  void add(OfferedSkill skill, const std::string& sender_id, const Options& options);
  std::string name_for(const OfferedSkill& skill) const;

  std::vector<Tool> tools_;
  std::size_t client_tools_;
  std::unordered_map<std::string, SkillTool> skills_;
  std::size_t left_out_ = 0;
};

/// `Class-function`, cut and marked with a hash of `distinct` when it is too long, has other characters, or
/// `must_differ`.
std::string tool_name(const std::string& class_name, const std::string& function_name, const std::string& distinct,
                      bool must_differ);

}  // namespace strawberry
