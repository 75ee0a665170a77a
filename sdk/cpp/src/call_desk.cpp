#include "sdk/cpp/src/call_desk.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "common/contract/bounded_json.h"
#include "common/contract/envelope.h"
#include "common/text/json_text.h"
#include "common/text/printable.h"
#include "sdk/cpp/src/answer_text.h"

namespace strawberry::sdk {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr std::size_t call_bytes_max = 1024 * 1024;
constexpr std::size_t call_id_bytes_max = 256;
constexpr milliseconds timeout_default{30'000};  // contract, section 4
constexpr milliseconds answer_is_good_for{10'000};
constexpr std::size_t error_bytes_max = 1'000;

struct Job {
  std::string id;
  std::shared_ptr<const Skill> skill;
  std::vector<json> arguments;
  CallContext context;
  bool is_overdue = false;
};

/// The hub's Message Expiry is a second less than the time left, in whole seconds (contract, section 4).
milliseconds time_left(const json& payload, std::optional<std::uint32_t> expiry_s) {
  milliseconds left = timeout_default;
  const auto found = payload.find("timeout_ms");
  if (found != payload.end() && found->is_number_integer())
    left = std::clamp(milliseconds(found->get<std::int64_t>()), milliseconds(1), timeout_max);
  if (expiry_s) left = std::min(left, milliseconds((std::int64_t{*expiry_s} + 2) * 1000));
  return left;
}

SkillResult run(const Job& job) {
  const auto failed = [](const std::string& why, const std::string& code = {}) {
    return tl::unexpected(SkillFailure{printable(why.empty() ? "it failed" : why, error_bytes_max), code});
  };
  try {
    return job.skill->function.run(job.context, job.arguments);
  } catch (const HubError& error) {
    return failed(error.what(), error.code());
  } catch (const std::exception& error) {
    return failed(error.what());
  } catch (...) {
    return failed("it threw something that is no std::exception");
  }
}

}  // namespace

struct CallDesk::State : std::enable_shared_from_this<CallDesk::State> {
  State(const Clock& time, Options chosen) : clock(time), options(std::move(chosen)), recent(time, options.memory) {}

  const Clock& clock;
  const Options options;
  mutable std::mutex mutex;
  std::condition_variable changed;
  // Guarded by the mutex:
  SkillTable table;
  RecentCalls recent;
  std::deque<std::shared_ptr<Job>> waiting;
  std::map<std::string, std::shared_ptr<Job>> known;  // waiting or running, by correlation id
  std::size_t running = 0;                            // within their deadline
  std::size_t overdue = 0;
  std::size_t idle = 0;
  std::size_t threads = 0;
  bool stops = false;

  SteadyTime now() const { return clock.steady_now(); }

  void refuse(const std::string& id, const std::string& path, const std::string& why) {
    SkillResult result = tl::unexpected(SkillFailure{why});
    options.answer(answer_text(id, result), now() + answer_is_good_for);
    options.say(LogLevel::warning, printable(path, 120) + ": refused: " + why);
  }

  /// Call with the mutex locked: starts a thread for waiting calls, if one more may run.
  void have_thread() {
    if (waiting.empty() || running >= options.running_max) return;
    if (idle > 0) changed.notify_one();
    if (idle >= waiting.size() || threads - overdue >= options.running_max) return;
    try {
      std::thread([self = shared_from_this()] { self->work(); }).detach();
      ++threads;
    } catch (const std::system_error& error) {
      if (threads == 0) options.say(LogLevel::error, std::string("no thread for a call: ") + error.what());
    }
  }

  void work() {
    std::unique_lock lock(mutex);
    while (!stops && threads - overdue <= options.running_max) {
      if (waiting.empty() || running >= options.running_max) {
        ++idle;
        changed.wait(lock);
        --idle;
        continue;
      }
      const auto job = waiting.front();
      waiting.pop_front();
      ++running;
      lock.unlock();
      finish(*job);
      lock.lock();
      --(job->is_overdue ? overdue : running);
      have_thread();
    }
    --threads;
    changed.notify_all();
  }

  void finish(Job& job) {
    const std::string path = job.skill->path();
    SkillResult result = now() < job.context.deadline
                             ? run(job)
                             : SkillResult(tl::unexpected(SkillFailure{"its turn did not come in time"}));
    std::string text = answer_text(job.id, result);
    {
      const std::lock_guard lock(mutex);
      recent.remember(job.id, text);
      known.erase(job.id);
    }
    options.answer(std::move(text), std::max<SteadyTime>(job.context.deadline, now() + answer_is_good_for));
    if (!result) options.say(LogLevel::warning, path + ": failed: " + result.error().message);
  }

  void called(const Received& message) {
    json payload = parse_bounded_json(message.payload, call_bytes_max);
    if (!payload.is_object() || message.retained) return;
    const std::string id = text_member(payload, "correlation_id");
    if (id.empty() || id.size() > call_id_bytes_max) return;
    auto job = std::make_shared<Job>();
    const std::string path = text_member(payload, "skill_path");
    {
      std::unique_lock lock(mutex);
      if (stops || known.contains(id)) return;  // its only answer will follow
      if (const std::string* earlier = recent.answer_to(id)) {
        std::string again = *earlier;
        lock.unlock();
        return options.answer(std::move(again), now() + answer_is_good_for);
      }
      job->skill = table.find(path);
    }
    if (!job->skill) return refuse(id, path, "there is no such skill here: " + printable(path, 100));
    auto arguments = bind_arguments(*job->skill, payload.value("args", json()), payload.value("kwargs", json()));
    if (!arguments) return refuse(id, path, arguments.error().message);
    job->id = id;
    job->arguments = std::move(*arguments);
    job->context.caller_id = text_member(payload, "caller_device_id");
    job->context.caller_name = text_member(payload, "caller_device_name");
    job->context.skill_path = path;
    job->context.correlation_id = id;
    job->context.deadline = now() + time_left(payload, message.expiry_s);
    {
      const std::lock_guard lock(mutex);
      const bool has_room =
          running < options.running_max ? waiting.size() <= options.waiting_max : waiting.size() < options.waiting_max;
      if (has_room) {
        known.emplace(id, job);
        waiting.push_back(job);
        return have_thread();
      }
    }
    refuse(id, path,
           "too many calls at once: " + std::to_string(options.running_max) + " run and " +
               std::to_string(options.waiting_max) + " wait");
  }

  void tick() {
    std::vector<std::string> lines;
    {
      const std::lock_guard lock(mutex);
      const SteadyTime time = now();
      for (auto& [id, job] : known) {
        const bool waits = std::find(waiting.begin(), waiting.end(), job) != waiting.end();
        if (waits || job->is_overdue || time < job->context.deadline || overdue >= options.overdue_max) continue;
        job->is_overdue = true;
        job->context.over->store(true);
        --running;
        ++overdue;
        lines.push_back(job->skill->path() + ": still runs after its deadline, and keeps its thread (" +
                        std::to_string(overdue) + " of " + std::to_string(options.overdue_max) + ")");
      }
      have_thread();
    }
    for (const std::string& line : lines) options.say(LogLevel::warning, line);
  }

  void stop(milliseconds patience) {
    std::unique_lock lock(mutex);
    stops = true;
    for (const auto& job : waiting) known.erase(job->id);
    waiting.clear();
    for (auto& [id, job] : known) job->context.over->store(true);
    changed.notify_all();
    if (changed.wait_for(lock, patience, [this] { return threads == 0; })) return;
    const std::size_t left = threads;
    lock.unlock();
    options.say(LogLevel::warning, std::to_string(left) + " skills still run and are left behind");
  }
};

CallDesk::CallDesk(const Clock& clock, Options options) : state_(std::make_shared<State>(clock, std::move(options))) {}
CallDesk::~CallDesk() = default;

void CallDesk::add(Skill skill) {
  const std::lock_guard lock(state_->mutex);
  state_->table.add(std::move(skill));
}

bool CallDesk::is_idle() const {
  const std::lock_guard lock(state_->mutex);
  return state_->known.empty();
}

json CallDesk::registration() const {
  const std::lock_guard lock(state_->mutex);
  return state_->table.registration();
}

std::size_t CallDesk::skills() const {
  const std::lock_guard lock(state_->mutex);
  return state_->table.size();
}

void CallDesk::start() {
  const std::lock_guard lock(state_->mutex);
  state_->stops = false;
}

void CallDesk::called(const Received& message) { state_->called(message); }
void CallDesk::tick() { state_->tick(); }
void CallDesk::stop(milliseconds patience) { state_->stop(patience); }

}  // namespace strawberry::sdk
