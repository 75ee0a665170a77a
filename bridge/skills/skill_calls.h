/// A call from one device to another, from choosing the target to its answer (docs/contract.md, section 4). Arguments
/// that do not fit the target's signature are refused, whoever calls, and nothing is sent.
///
/// Threading: loop only.   Lifetime: outlives its calls; end_all() ends them.   Bounds: the router's.
#pragma once

#include <functional>
#include <string>

#include "bridge/skills/call_arguments.h"
#include "bridge/skills/call_router.h"
#include "bridge/skills/call_target.h"
#include "bridge/skills/skill_registry.h"
#include "bridge/skills/tool_source.h"
#include "common/contract/mqtt_message.h"
#include "common/runtime/asio.h"

namespace strawberry::bridge {

class SkillCalls {
 public:
  using Publish = std::function<bool(MqttMessage)>;

  SkillCalls(asio::io_context& loop, const Clock& clock, const DeviceRegistry& devices, const SkillRegistry& skills,
             Publish publish, CallRouter::Options options);

  Task<Reply<nlohmann::json>> call(SkillCall call);
  /// A message on `skills/{device_id}/result`.
  void result_arrived(std::string_view device_id, std::string_view payload);
  void target_left(const std::string& device_id) { router_.target_left(device_id); }
  void end_all(const Error& why) { router_.end_all(why); }
  /// From now on a call is answered with `shutting_down`, and nothing is sent.
  void refuse_new() { is_refusing_ = true; }
  const CallRouter& router() const { return router_; }

 private:
  Reply<std::string> target_of(const SkillCall& call, const SkillPath& path, const std::string& call_id,
                               const std::vector<OfferedSkill>& offering) const;
  Reply<void> fit_to_signature(SkillCall& call, const std::string& target, const std::vector<OfferedSkill>& offering);
  Reply<std::string> named_target(const std::string& user_id, const std::string& target,
                                  const std::vector<CallCandidate>& candidates, const SkillPath& skill) const;
  MqttMessage call_message(const SkillCall& call, const std::string& call_id, const SkillPath& path,
                           const std::string& target) const;
  void arm_expiry();

  asio::io_context& context_;
  const Clock& clock_;
  const DeviceRegistry& devices_;
  const SkillRegistry& skills_;
  Publish publish_;
  CallRouter router_;
  CallShapes shapes_;
  asio::steady_timer expiry_;
  std::optional<SteadyTime> armed_for_;
  bool is_refusing_ = false;
};

}  // namespace strawberry::bridge
