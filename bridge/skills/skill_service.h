/// The `skills` service (docs/contract.md, section 4). operations() is the table of what it does.
///
/// Threading: loop only.   Bounds: Options::skills_per_device_max, and what the user may have (`skills`); registrations
/// that are being stored do not count until they are. A whole answer by the request pipeline.
#pragma once

#include <string>
#include <utility>

#include "bridge/pipeline/service.h"
#include "bridge/ports/skill_store.h"
#include "bridge/ports/user_limit_table.h"
#include "bridge/skills/skill_calls.h"
#include "bridge/skills/skill_registry.h"
#include "bridge/skills/tool_source.h"
#include "common/runtime/events.h"

namespace strawberry::bridge {

/// A device has registered its skills.
struct SkillsRegistered {
  std::string device_id;
};
/// The live skills of a device are others than before.
struct SkillsChanged {
  std::string device_id;
};

class SkillService final : public RequestHandler, public ToolSource {
 public:
  struct Options {
    std::size_t skills_per_device_max = 500;
    std::chrono::milliseconds call_timeout{30'000};
    std::size_t answer_bytes_max = 1024 * 1024;  // as the request pipeline has it
    /// Also a device that calls directly must not run a skill marked `confirm` (decision 11).
    bool confirms_always = false;
  };

  SkillService(const Clock& clock, DeviceRegistry& devices, SkillRegistry& skills, SkillCalls& calls, SkillStore& store,
               const UserLimitTable& limits, Events& events, Options options);

  static const OperationTable& operations();
  const OperationTable& table() const override { return operations(); }
  std::chrono::milliseconds default_timeout() const override { return options_.call_timeout; }

  SkillsFound find(const SkillQuery& query) const override { return skills_.find(query); }
  SkillsFound named(const SkillQuery& query, const std::string& class_name,
                    const std::string& function_name) const override {
    return skills_.named(query, class_name, function_name);
  }
  Task<Reply<nlohmann::json>> call(SkillCall call) override { return calls_.call(std::move(call)); }

 private:
  using Outcome = Reply<nlohmann::json>;
  Task<Outcome> register_all(Request request);
  Task<Outcome> heartbeat(Request request);
  std::optional<Error> too_many_skills(const std::string& user_id, const std::string& device_id,
                                       std::size_t count) const;
  Outcome list(const Request& request) const;
  Outcome search(const Request& request) const;
  tl::unexpected<Error> too_much() const;
  Outcome describe(const Request& request) const;
  Task<Outcome> call_for(Request request);
  Outcome tools(const Request& request) const;
  Task<Outcome> call_tool(Request request);

  const Clock& clock_;
  DeviceRegistry& devices_;
  SkillRegistry& skills_;
  SkillCalls& calls_;
  SkillStore& store_;
  const UserLimitTable& limits_;
  Events& events_;
  Options options_;
};

}  // namespace strawberry::bridge
