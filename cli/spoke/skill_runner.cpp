#include "cli/spoke/skill_runner.h"

#include <algorithm>
#include <utility>

#include "cli/spoke/command_arguments.h"
#include "cli/text.h"
#include "common/contract/bounded_json.h"
#include "common/text/json_text.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr std::size_t correlation_id_bytes_max = 256;
constexpr milliseconds timeout_default{30'000};  // contract, section 4
constexpr milliseconds timeout_max{120'000};

std::string answer_text(const std::string& id, const Result<json>& result) {
  json answer{{"correlation_id", id}, {"success", result.has_value()}, {"result", nullptr}, {"error", nullptr}};
  if (result) {
    answer["result"] = *result;
  } else {
    answer["error"] = result.error().message;
  }
  return to_text(answer);
}

milliseconds timeout_of(const json& payload) {
  const auto found = payload.find("timeout_ms");
  if (found == payload.end() || !found->is_number_integer()) return timeout_default;
  return std::clamp(milliseconds(found->get<std::int64_t>()), milliseconds(1), timeout_max);
}

}  // namespace

SkillRunner::SkillRunner(const Clock& clock, DeviceSkills& skills, Options options)
    : clock_(clock), skills_(skills), options_(std::move(options)), recent_(clock, options_.memory) {}

void SkillRunner::stop() {
  waiting_.clear();
  for (auto& [id, run] : std::exchange(running_, {})) run->stop();
}

bool SkillRunner::is_known(const std::string& id) const {
  return running_.contains(id) ||
         std::any_of(waiting_.begin(), waiting_.end(), [&](const Call& call) { return call.id == id; });
}

void SkillRunner::called(std::string_view text) {
  const auto payload = parse_json(text);
  if (!payload || !payload->is_object()) return;
  const auto named = payload->find("correlation_id");
  if (named == payload->end() || !named->is_string()) return;
  const auto id = named->get<std::string>();
  if (id.empty() || id.size() > correlation_id_bytes_max) return;
  if (const std::string* earlier = recent_.answer_to(id)) {
    options_.publish(*earlier);
    return;
  }
  if (is_known(id)) return;  // its only answer will follow
  auto call = understand(*payload, id);
  if (!call) {
    Call refused;
    refused.id = id;
    refused.came_at = now();
    const auto path = payload->find("skill_path");
    refused.ready.skill_path = path != payload->end() && path->is_string() ? path->get<std::string>() : "?";
    answer(refused, tl::unexpected(call.error()));
  } else if (running_.size() < skills_.calls_running_max()) {
    start(std::move(*call));
  } else if (waiting_.size() < skills_.calls_waiting_max()) {
    waiting_.push_back(std::move(*call));
  } else {
    answer(*call, fail("too many calls at once: " + std::to_string(running_.size()) + " are running and " +
                       std::to_string(waiting_.size()) + " waiting"));
  }
}

Result<SkillRunner::Call> SkillRunner::understand(const json& payload, const std::string& id) {
  const auto path = payload.find("skill_path");
  if (path == payload.end() || !path->is_string()) return fail("skill_path is missing");
  auto ready =
      skills_.prepare(path->get<std::string>(), payload.value("args", json()), payload.value("kwargs", json()));
  if (!ready) return tl::unexpected(ready.error());
  Call call;
  call.id = id;
  call.ready = std::move(*ready);
  call.came_at = now();
  call.deadline = call.came_at + timeout_of(payload);
  return call;
}

void SkillRunner::start(Call call) {
  // Nothing waits for the answer after the caller's deadline.
  const auto left = std::chrono::ceil<milliseconds>(call.deadline - now());
  if (left.count() <= 0) {
    answer(call, fail("its turn did not come in time"));
    return;
  }
  auto run = call.ready.start(left, [this, call](Result<json> result) { ended(call, std::move(result)); });
  if (!run) {
    answer(call, tl::unexpected(run.error()));
    return;
  }
  running_.emplace(call.id, std::move(*run));
}

void SkillRunner::ended(const Call& call, Result<json> result) {
  const auto run = running_.extract(call.id);  // destroyed at the end: it owns the callback that runs now
  answer(call, std::move(result));
  start_waiting();
}

void SkillRunner::start_waiting() {
  while (!waiting_.empty() && running_.size() < skills_.calls_running_max()) {
    Call next = std::move(waiting_.front());
    waiting_.pop_front();
    start(std::move(next));
  }
}

void SkillRunner::answer(const Call& call, Result<json> result) {
  std::string text = answer_text(call.id, result);
  if (text.size() > answer_bytes_max) {
    result = fail("what it wrote makes an answer of more than " + std::to_string(answer_bytes_max) + " bytes");
    text = answer_text(call.id, result);
  }
  recent_.remember(call.id, text);
  options_.publish(std::move(text));
  if (!options_.report) return;
  const auto took = std::chrono::duration_cast<milliseconds>(now() - call.came_at);
  options_.report({printable(call.ready.skill_path, 120), result ? "" : result.error().message, took});
}

}  // namespace strawberry::cli
