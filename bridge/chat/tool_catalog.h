/// The tools one chat turn offers to the model: the client's own, then the user's live skills; and which tool name
/// means which skill.
///
/// Up to Options::direct_skills_max skills are all offered. With more, the hub's own tools `search_skills` and
/// `describe_skill` are offered instead (hub_tools.h), and with them the skills found so far: first those that the
/// user's own words fit, then what the model looks for. So a chat costs the same however many skills there are.
///
/// A skill's tool is as skills/tool_view.h shows it. A client's tool keeps its name, a skill that clashes with it is
/// left out, and a tool of the hub's gives way.
///
/// Threading: loop only.   Lifetime: one turn; `source` outlives it.   Errors: answer()'s go to the model.
/// Bounds: Options. Of skills that were searched for, the ones found longest ago go first.
#pragma once

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bridge/llm/provider.h"
#include "bridge/skills/tool_source.h"
#include "bridge/skills/tool_view.h"
#include "common/contract/signature.h"

namespace strawberry::bridge {

class ToolCatalog {
 public:
  struct Options {
    std::size_t tools_max = 128;
    std::size_t direct_skills_max = 40;
    std::size_t found_skills_max = 40;      // offered at a time when not all are
    std::size_t suggested_skills_max = 20;  // of these, for the user's own words
    std::size_t search_results_max = 10;
    std::size_t description_bytes_max = tool_description_bytes_max;
    /// JSON Schemas that devices registered, of all tools together; a skill beyond it is offered with its signature's.
    std::size_t schema_bytes_max = 96 * 1024;
    std::size_t devices_max = 64;  // listed in one tool's `device`; others may be named nevertheless
  };
  struct SkillTool {
    Signature signature;
    std::size_t tool;  // index into tools()
    std::string
        default_device;  // the sender's own, when it offers the skill; the only one; else empty: the hub chooses
    /// Parameters that the model is told of under another name, since providers take ASCII alone: that name, and its
    /// own.
    std::vector<std::pair<std::string, std::string>> renamed = {};
    std::size_t schema_bytes = 0;  // of Options::schema_bytes_max
  };

  /// Whose skills, and which of them.
  struct Reach {
    std::string house = {};  // empty: the asker's user
    Rights rights = {};
  };
  /// `source` null: no skills. `asker` is the asking device, or a user. `about` is what was last said, the newest
  /// first.
  ToolCatalog(const ToolSource* source, const Principal& asker, std::vector<Tool> client_tools,
              const std::string& about, Options options, Reach reach);
  ToolCatalog(const ToolSource* source, const Principal& asker, std::vector<Tool> client_tools,
              const std::string& about, Options options)
      : ToolCatalog(source, asker, std::move(client_tools), about, options, Reach()) {}

  const std::vector<Tool>& tools() const { return tools_; }
  /// The client's tools leave no place for skills.
  bool has_no_room() const { return has_no_room_; }
  /// Null unless `name` is a skill's tool.
  const SkillTool* find_skill(const std::string& name) const;
  bool is_client_tool(const std::string& name) const;
  bool is_hub_tool(const std::string& name) const;
  /// What a tool of the hub's own says. What it finds is among tools() from now on.
  Reply<nlohmann::json> answer(const ToolCall& call);

 private:
  SkillQuery query(std::string words, std::size_t skills_max) const;
  void offer_search(const std::string& about);
  std::string free_name(std::string name) const;
  Reply<nlohmann::json> answer_search(const ToolCall& call);
  Reply<nlohmann::json> answer_describe(const ToolCall& call);
  /// The name of the skill's tool, made when there is none; empty when there can be none.
  std::string offer(OfferedSkill skill);
  void drop_oldest_found();
  std::string name_for(const OfferedSkill& skill) const;

  const ToolSource* source_;
  const std::string user_id_;
  const Rights rights_;
  const std::string sender_id_;
  const Options options_;
  std::vector<Tool> tools_;  // the client's, the hub's own, skills in the order they were offered
  const std::size_t client_tools_;
  std::size_t hub_tools_ = 0;
  std::string search_name_;  // empty: not offered
  std::string describe_name_;
  std::unordered_map<std::string, SkillTool> skills_;
  std::size_t schema_bytes_ = 0;
  bool has_no_room_ = false;
};

}  // namespace strawberry::bridge
