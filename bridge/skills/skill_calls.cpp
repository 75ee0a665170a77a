#include "bridge/skills/skill_calls.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "bridge/pipeline/request_log.h"
#include "bridge/skills/place_target.h"
#include "common/contract/correlation_id.h"
#include "common/contract/topics.h"
#include "common/runtime/one_shot.h"
#include "common/text/ids.h"
#include "common/text/json_text.h"
#include "common/text/printable.h"

namespace strawberry::bridge {

using nlohmann::json;

SkillCalls::SkillCalls(asio::io_context& loop, const Clock& clock, const DeviceRegistry& devices,
                       const SkillRegistry& skills, Publish publish, CallRouter::Options options)
    : context_(loop),
      clock_(clock),
      devices_(devices),
      skills_(skills),
      publish_(std::move(publish)),
      router_(clock, options),
      again_(loop),
      expiry_(loop) {}

Reply<std::string> SkillCalls::named_target(const std::string& user_id, const std::string& target,
                                            const std::vector<CallCandidate>& candidates,
                                            const SkillPath& skill) const {
  const auto path = skill.class_name + "." + skill.function_name;
  const auto* device = devices_.find_for(user_id, target);
  if (device == nullptr) {
    const PlaceQuestion question{target, devices_.rooms(user_id), skill.class_name, path};
    if (auto in_place = choose_in_place(question, candidates)) return std::move(*in_place);
    return error(ErrorCode::not_found, "no device is called " + printable(target));
  }
  const auto& id = device->row.device_id;
  const auto candidate =
      std::find_if(candidates.begin(), candidates.end(), [&](const auto& c) { return c.device_id == id; });
  if (candidate == candidates.end()) {
    return error(ErrorCode::not_found, printable(device->row.name) + " does not offer " + printable(path));
  }
  if (!candidate->connected) return error(ErrorCode::device_offline, printable(device->row.name) + " is not connected");
  return id;
}

Reply<std::string> SkillCalls::target_of(const SkillCall& call, const SkillPath& path, const std::string& call_id,
                                         const std::vector<OfferedSkill>& offering) const {
  std::vector<CallCandidate> candidates;
  for (const auto& offered : offering) {
    for (const auto& device : offered.devices) {
      const auto heard_of = devices_.find(device.device_id)->row.skills_heartbeat_at_ms.value_or(0);
      candidates.push_back({device.device_id, device.normalized_name, device.connected, offered.skill.device_agnostic,
                            heard_of, offered.skill.confirm, device.room, device.normalized_room, device.aliases});
    }
  }
  const auto name = path.class_name + "." + path.function_name;
  if (!call.target.empty() && !path.device.empty() && call.target != path.device) {
    return error(ErrorCode::bad_request, "target and skill_path name different devices", {{"path", "/target"}});
  }
  const auto& target = call.target.empty() ? path.device : call.target;
  auto chosen = target.empty()    ? choose_device(candidates, call.caller.id, name)
                : target == "hub" ? choose_any_device(candidates, call_id, name)
                                  : named_target(call.acting_user, target, candidates, path);
  if (!chosen || call.is_consented) return chosen;
  const auto wants_asking = [&](const auto& candidate) { return candidate.device_id == *chosen && candidate.confirm; };
  if (std::any_of(candidates.begin(), candidates.end(), wants_asking))
    return error(
        ErrorCode::forbidden,
        printable(name) +
            " runs only when its user allows it, who was not asked (ask in a chat, or call it with the user's token)");
  return chosen;
}

Reply<void> SkillCalls::fit_to_signature(SkillCall& call, const std::string& target,
                                         const std::vector<OfferedSkill>& offering) {
  const auto offered =
      std::find_if(offering.begin(), offering.end(), [&](const OfferedSkill& each) { return each.is_on(target); });
  const auto shape =
      offered == offering.end() ? nullptr : shapes_.of(offered->skill.signature, offered->skill.input_schema);
  // Registered by a release that accepted it.
  if (!shape)
    return error(ErrorCode::bad_request, "the device must register this skill again: its signature is not valid",
                 {{"path", "/skill_path"}});
  return fit_arguments(*shape, call.args, call.kwargs);
}

MqttMessage SkillCalls::call_message(const SkillCall& call, const std::string& call_id, const SkillPath& path,
                                     const std::string& target) const {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(call.deadline - clock_.steady_now());
  const auto* caller = devices_.find(call.caller.id);
  auto result_topic = skill_result_topic(target);
  MqttMessage message;
  message.topic = skill_call_topic(target);
  message.payload = JsonObject()
                        .add("v", 1)
                        .add("correlation_id", call_id)
                        .add("caller_device_id", call.caller.id)
                        .add("caller_device_name", caller != nullptr ? caller->row.name : call.caller.id)
                        .add("skill_path", path.class_name + "." + path.function_name)
                        .add("args", call.args)
                        .add("kwargs", call.kwargs)
                        .add("timeout_ms", left.count())
                        .add("response_topic", result_topic)
                        .text();
  message.response_topic = std::move(result_topic);
  message.correlation_data = call_id;
  message.not_after = call.deadline;
  if (!call.request_id.empty()) message.user_properties = {{request_id_property, call.request_id}};
  return message;
}

Task<Reply<json>> SkillCalls::call(SkillCall call) {
  if (is_refusing_) co_return error(ErrorCode::shutting_down, "the hub is stopping: the skill was not called");
  if (clock_.steady_now() >= call.deadline)
    co_return error(ErrorCode::timeout, "the deadline had passed before the call was made");
  auto path = parse_skill_path(call.skill_path);
  if (!path) co_return tl::unexpected(path.error());
  // If the bridge crashes and the request is repeated, the device recognises the call by the same id.
  const auto call_id = call.identity.empty() ? new_id() : id_from(call.identity);
  const auto offering = skills_.offering(call.acting_user, path->class_name, path->function_name, call.rights);
  auto target = target_of(call, *path, call_id, offering);
  if (!target) co_return tl::unexpected(target.error());
  if (auto fits = fit_to_signature(call, *target, offering); !fits) co_return tl::unexpected(fits.error());
  auto outcome = std::make_shared<OneShot<Reply<json>>>(context_.get_executor());
  auto opened =
      router_.open(call_id, *target, call.deadline, [outcome](Reply<json> reply) { outcome->set(std::move(reply)); });
  if (!opened) co_return tl::unexpected(opened.error());
  arm_expiry();

  const RequestLog log({call.log_id, call.caller.id});
  if (spdlog::should_log(spdlog::level::debug))
    log.debug("call {}: {} on {} for {}", call_id, printable(call.skill_path), *target, call.caller.id);
  auto message = call_message(call, call_id, *path, *target);
  if (!publish_(std::move(message))) {
    router_.abandon(call_id);
    co_return error(ErrorCode::busy, "too many messages wait for the broker", {{"retry_after_ms", 1000}});
  }
  auto reply = co_await outcome->wait();
  undelivered_.forget(call_id);
  if (!reply) {
    router_.abandon(call_id);
    log.debug("call {}: taken back", call_id);
    co_return error(ErrorCode::cancelled, "the call was taken back");
  }
  log.debug("call {}: {}", call_id, *reply ? "answered" : to_string(reply->error().code));
  co_return std::move(*reply);
}

void SkillCalls::result_arrived(std::string_view device_id, std::string_view payload) {
  if (router_.deliver(device_id, payload)) return;
  const auto id = find_correlation_id(payload.substr(0, looked_at_for_log_bytes_max));
  log_for(id.value_or(""))
      .info("result from {}: nobody waits for it (late, given before, another device's, or unreadable), {} bytes",
            printable(device_id), payload.size());
}

void SkillCalls::target_left(const std::string& device_id) {
  for (const auto& call_id : undelivered_.waiting_for(device_id)) give_up_undelivered(call_id);
  router_.target_left(device_id);
}

bool SkillCalls::undelivered(MqttMessage& message) {
  const auto topic = parse_service_topic(message.topic);
  if (!topic || topic->service != Service::skills || topic->rest != "call" || !message.correlation_data) return false;
  const std::string call_id = *message.correlation_data;
  const std::string target(topic->id);
  if (!router_.opened_at(call_id)) return true;  // answered, over or taken back
  if (undelivered_.keep(call_id, target, std::move(message), clock_.steady_now())) {
    arm_again();
  } else {
    give_up_undelivered(call_id);
  }
  return true;
}

void SkillCalls::give_up_undelivered(const std::string& call_id) {
  const auto opened = router_.opened_at(call_id);
  undelivered_.forget(call_id);
  if (!opened) return;
  Error offline{ErrorCode::device_offline, "the device is not connected, or does not listen for calls", nullptr};
  if (lost_at_ && *opened <= *lost_at_) offline.details = {{"may_have_run", true}};
  router_.end(call_id, std::move(offline));
}

void SkillCalls::arm_again() {
  const auto next = undelivered_.next_due();
  if (!next) return;
  again_.expires_at(*next);
  again_.async_wait([this](const boost::system::error_code& cancelled) {
    if (cancelled) return;
    for (auto& message : undelivered_.take_due(clock_.steady_now())) {
      const auto call_id = message.correlation_data.value_or("");
      if (!publish_(std::move(message))) give_up_undelivered(call_id);
    }
    arm_again();
  });
}

void SkillCalls::arm_expiry() {
  const auto next = router_.next_deadline();
  if (!next || (armed_for_ && *armed_for_ <= *next)) return;
  armed_for_ = next;
  expiry_.expires_at(*next);
  expiry_.async_wait([this](const boost::system::error_code& cancelled) {
    if (cancelled) return;
    armed_for_.reset();
    router_.expire_overdue();
    arm_expiry();
  });
}

}  // namespace strawberry::bridge
