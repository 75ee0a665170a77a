/// The tools that one chat turn offers to the model: the client's own, then the user's live skills. Maps tool names to
/// skills.
///
/// Up to Options::direct_skills_max skills are all offered. With more, the hub's own tools `search_skills` and
/// `describe_skill` are offered instead (hub_tools.h), and with them the skills found so far: first those that match
/// the user's words, then those that the model searches for. So a chat costs the same however many skills there are.
///
/// skills/tool_view.h defines the tool of a skill. A client's tool keeps its name, a skill that clashes with it is left
/// out, and a tool of the hub is renamed.
///
/// Threading: loop only.   Lifetime: one turn; `source` outlives it.   Errors: those of answer() go to the model.
/// Bounds: Options. Of the skills found by searches, those found longest ago are removed first.
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
    std::size_t found_skills_max = 40;      // offered at a time when not all are offered
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
        default_device;  // the requesting device, when it offers the skill; the only one; else empty: the hub chooses
    /// Parameters that are shown to the model under another name, since providers accept ASCII only: that name, and the
    /// original one.
    std::vector<std::pair<std::string, std::string>> renamed = {};
    std::size_t schema_bytes = 0;  // of Options::schema_bytes_max
  };

  /// The skills to offer: the user they belong to, and patterns.
  struct Reach {
    std::string house = {};  // empty: the principal's user
    Rights rights = {};
  };
  /// `source` null: no skills. `asker` is the requesting device, or a user. `about`: the latest messages of the user,
  /// newest first.
  ToolCatalog(const ToolSource* source, const Principal& asker, std::vector<Tool> client_tools,
              const std::string& about, Options options, Reach reach);
  ToolCatalog(const ToolSource* source, const Principal& asker, std::vector<Tool> client_tools,
              const std::string& about, Options options)
      : ToolCatalog(source, asker, std::move(client_tools), about, options, Reach()) {}

  const std::vector<Tool>& tools() const { return tools_; }
  /// True when the client's tools leave no room for skills.
  bool has_no_room() const { return has_no_room_; }
  /// Returns null unless `name` is the tool of a skill.
  const SkillTool* find_skill(const std::string& name) const;
  bool is_client_tool(const std::string& name) const;
  bool is_hub_tool(const std::string& name) const;
  /// Runs a call of one of the hub's own tools. Skills that it finds are in tools() afterwards.
  Reply<nlohmann::json> answer(const ToolCall& call);

 private:
  SkillQuery query(std::string words, std::size_t skills_max) const;
  void offer_search(const std::string& about);
  std::string free_name(std::string name) const;
  Reply<nlohmann::json> answer_search(const ToolCall& call);
  Reply<nlohmann::json> answer_describe(const ToolCall& call);
  /// Returns the name of the skill's tool, which is created if necessary; empty when it cannot be offered.
  std::string offer(OfferedSkill skill);
  void drop_oldest_found();
  std::string name_for(const OfferedSkill& skill) const;

  const ToolSource* source_;
  const std::string user_id_;
  const Rights rights_;
  const std::string sender_id_;
  const Options options_;
  std::vector<Tool> tools_;  // the client's, the hub's own, then skills in the order they were offered
  const std::size_t client_tools_;
  std::size_t hub_tools_ = 0;
  std::string search_name_;  // empty: not offered
  std::string describe_name_;
  std::unordered_map<std::string, SkillTool> skills_;
  std::size_t schema_bytes_ = 0;
  bool has_no_room_ = false;
};

}  // namespace strawberry::bridge
