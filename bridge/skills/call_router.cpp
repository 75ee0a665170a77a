#include "bridge/skills/call_router.h"

#include <utility>
#include <vector>

#include "common/contract/bounded_json.h"
#include "common/text/printable.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

constexpr std::size_t message_bytes_max = 2048;

std::string text_or(const json& object, const char* member, const char* otherwise) {
  const auto value = object.find(member);
  return value != object.end() && value->is_string()
             ? printable(value->get_ref<const std::string&>(), message_bytes_max)
             : otherwise;
}

std::optional<std::string> correlation_id_in(const json& answer) {
  const auto id = answer.find("correlation_id");
  if (id == answer.end() || !id->is_string() || id->get_ref<const std::string&>().empty()) return std::nullopt;
  return id->get<std::string>();
}

}  // namespace

Reply<json> read_skill_result(json answer) {
  const auto success = answer.find("success");
  if (success == answer.end() || !success->is_boolean()) {
    return error(ErrorCode::skill_error, "the device answered without saying whether it succeeded");
  }
  if (success->get<bool>()) {
    const auto result = answer.find("result");
    return result == answer.end() ? json(nullptr) : std::move(*result);
  }
  const auto what = answer.find("error");
  if (what == answer.end() || what->is_null()) return error(ErrorCode::skill_error, "the skill failed");
  if (what->is_string())
    return error(ErrorCode::skill_error, printable(what->get_ref<const std::string&>(), message_bytes_max));
  if (!what->is_object()) return error(ErrorCode::skill_error, "the skill failed");
  json details = nullptr;
  if (const auto code = text_or(*what, "code", ""); !code.empty()) details = {{"code", code}};
  return error(ErrorCode::skill_error, text_or(*what, "message", "the skill failed"), std::move(details));
}

Reply<void> CallRouter::open(const std::string& call_id, const std::string& target, SteadyTime deadline, Done done) {
  if (calls_.size() >= options_.open_calls_max) {
    return error(ErrorCode::busy, "too many calls are open", {{"retry_after_ms", 1000}});
  }
  if (calls_.contains(call_id)) return error(ErrorCode::busy, "this very call is open", {{"retry_after_ms", 1000}});
  const auto waiting = calls_by_target_.find(target);
  if (waiting != calls_by_target_.end() && waiting->second.size() >= options_.open_calls_per_target_max) {
    return error(ErrorCode::busy, "too many calls wait for this device", {{"retry_after_ms", 1000}});
  }
  calls_by_target_[target].insert(call_id);
  const auto due = due_.emplace(deadline, call_id);
  calls_.emplace(call_id, Call{target, due, std::move(done)});
  ++counters_.opened;
  return {};
}

CallRouter::Done CallRouter::take(Calls::iterator call) {
  due_.erase(call->second.due);
  const auto of_target = calls_by_target_.find(call->second.target);
  of_target->second.erase(call->first);
  if (of_target->second.empty()) calls_by_target_.erase(of_target);
  auto done = std::move(call->second.done);
  calls_.erase(call);
  return done;
}

bool CallRouter::deliver(std::string_view device_id, std::string_view payload) {
  auto answer = parse_bounded_json(payload, options_.result_bytes_max);
  const auto id = answer.is_object() ? correlation_id_in(answer) : find_correlation_id(payload);
  const auto call = id ? calls_.find(*id) : calls_.end();
  if (call == calls_.end() || call->second.target != device_id) return ++counters_.unwanted_results, false;
  take(call)(answer.is_object() ? read_skill_result(std::move(answer))
                                : error(ErrorCode::skill_error, "the device's answer is too large or not JSON"));
  return true;
}

void CallRouter::abandon(const std::string& call_id) {
  if (const auto call = calls_.find(call_id); call != calls_.end()) take(call);
}

std::size_t CallRouter::target_left(const std::string& target) {
  const auto of_target = calls_by_target_.find(target);
  if (of_target == calls_by_target_.end()) return 0;
  const std::vector<std::string> ids(of_target->second.begin(), of_target->second.end());
  std::vector<Done> ended;
  for (const auto& id : ids) ended.push_back(take(calls_.find(id)));
  for (auto& done : ended) {
    done(error(ErrorCode::device_offline, "the device left before it answered; whether the skill ran is unknown",
               {{"may_have_run", true}}));
  }
  return ended.size();
}

std::size_t CallRouter::expire_overdue() {
  const auto now = clock_.steady_now();
  std::size_t count = 0;
  while (!due_.empty() && due_.begin()->first <= now) {
    take(calls_.find(due_.begin()->second))(
        error(ErrorCode::timeout, "the device did not answer in time; whether the skill ran is unknown"));
    ++count;
  }
  return count;
}

std::size_t CallRouter::end_all(const Error& why) {
  std::vector<Done> ended;
  while (!calls_.empty()) ended.push_back(take(calls_.begin()));
  for (auto& done : ended) done(tl::unexpected<Error>(why));
  return ended.size();
}

std::optional<SteadyTime> CallRouter::next_deadline() const {
  if (due_.empty()) return std::nullopt;
  return due_.begin()->first;
}

}  // namespace strawberry::bridge
