#include "sdk/cpp/src/engine.h"

#include <csignal>
#include <utility>

#include "common/contract/topics.h"
#include "common/text/ids.h"
#include "common/text/json_text.h"
#include "common/text/printable.h"

namespace strawberry {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

// The parts of a stop, together less than a second.
constexpr milliseconds skills_may_end{400};
constexpr milliseconds answers_may_leave{150};

SpokeOptions checked(SpokeOptions options) {
  const auto refuse = [](const char* name, std::size_t value, const char* range) {
    throw std::invalid_argument(std::string(name) + " is out of range: " + std::to_string(value) + " (" + range + ")");
  };
  if (options.calls_running_max < 1 || options.calls_running_max > 64)
    refuse("calls_running_max", options.calls_running_max, "1 to 64");
  if (options.calls_waiting_max > 10'000) refuse("calls_waiting_max", options.calls_waiting_max, "0 to 10000");
  return options;
}

sdk::ReconnectPolicy::Options pauses_of(const SpokeOptions& options) {
  sdk::ReconnectPolicy::Options pauses;
  pauses.pause_min = std::max(options.retry_min, milliseconds(10));
  pauses.pause_max = std::max(options.retry_max, pauses.pause_min);
  pauses.refused_pause_min = std::max(options.retry_min, milliseconds(2'000));
  return pauses;
}

sdk::CallDesk::Options desk_of(const SpokeOptions& options, sdk::Say say,
                               std::function<void(std::string, SteadyTime)> answer) {
  sdk::CallDesk::Options desk;
  desk.running_max = options.calls_running_max;
  desk.waiting_max = options.calls_waiting_max;
  desk.answer = std::move(answer);
  desk.say = std::move(say);
  return desk;
}

std::atomic<int> signals_seen{0};

/// Counts SIGINT and SIGTERM while it exists, unless the program handles them itself.
class Signals {
 public:
  Signals() : before_(signals_seen) {
    struct sigaction counting {};
    counting.sa_handler = [](int) { ++signals_seen; };
    for (int i = 0; i < 2; ++i) {
      taken_[i] = ::sigaction(numbers[i], nullptr, &old_[i]) == 0 && old_[i].sa_handler == SIG_DFL &&
                  ::sigaction(numbers[i], &counting, nullptr) == 0;
    }
  }
  ~Signals() {
    for (int i = 0; i < 2; ++i) {
      if (taken_[i]) ::sigaction(numbers[i], &old_[i], nullptr);
    }
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  bool came() const { return signals_seen != before_; }

 private:
  static constexpr int numbers[2] = {SIGINT, SIGTERM};
  const int before_;
  struct sigaction old_[2]{};
  bool taken_[2] = {};
};

}  // namespace

const SystemClock& Spoke::Engine::system_clock() {
  static const auto* clock = new SystemClock();
  return *clock;
}

Spoke::Engine::Engine(SpokeOptions options)
    : options_(checked(std::move(options))),
      say_(sdk::make_say(options_.log)),
      post_(std::make_shared<sdk::Post>(system_clock())),
      source_(options_),
      policy_(pauses_of(options_)),
      requests_(
          system_clock(), {},
          [post = post_](sdk::Requests::Outgoing outgoing) { return post->send_request(std::move(outgoing)); },
          [this] {
            const std::lock_guard lock(mutex_);
            if (is_connected_) return std::string();
            return why_not_connected_.empty() ? "not tried yet" : why_not_connected_;
          }),
      // Its threads may outlive this: they own copies of what they use.
      desk_(system_clock(), desk_of(options_, say_, [post = post_, say = say_](std::string answer, SteadyTime until) {
              if (!post->send_answer(std::move(answer), until))
                say(LogLevel::error, "an answer is lost: too much waits to be sent");
            })) {}

Spoke::Engine::~Engine() { stop(); }

void Spoke::Engine::add(const std::string& signature, const std::string& docstring, SkillFunction function,
                        const SkillOptions& options) {
  desk_.add(sdk::make_skill(signature, docstring, options_.class_name, std::move(function), options));
  const std::lock_guard lock(mutex_);
  skills_changed_ = true;
  is_registered_ = false;
  changed_.notify_all();
}

void Spoke::Engine::start() {
  const std::lock_guard control(control_mutex_);
  {
    const std::lock_guard lock(mutex_);
    if (thread_.joinable() && !exit_code_) return;
    exit_code_.reset();
  }
  if (thread_.joinable()) thread_.join();  // it has ended by itself
  {
    const std::lock_guard lock(mutex_);
    has_started_ = true;
  }
  stops_ = false;
  policy_ = sdk::ReconnectPolicy(pauses_of(options_));
  requests_.start();
  desk_.start();
  thread_ = std::thread([this] { keep_connected(); });
}

void Spoke::Engine::stop() {
  const std::lock_guard control(control_mutex_);
  requests_.stop();
  desk_.stop(skills_may_end);
  const auto deadline = std::chrono::steady_clock::now() + answers_may_leave;
  while (is_online() && !post_->outbox.is_empty() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(milliseconds(5));
  {
    const std::lock_guard lock(mutex_);
    stops_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  ended(0);
}

int Spoke::Engine::run() {
  const Signals signals;
  ends_when_refused_ = true;
  start();
  int code = 0;
  {
    constexpr milliseconds look_at_signals_every{50};
    std::unique_lock lock(mutex_);
    while (!exit_code_ && !signals.came()) changed_.wait_for(lock, look_at_signals_every);
    code = exit_code_.value_or(0);
  }
  stop();
  ends_when_refused_ = false;
  return code;
}

void Spoke::Engine::ended(int code) {
  const std::lock_guard lock(mutex_);
  if (!exit_code_) exit_code_ = code;
  is_connected_ = is_hub_online_ = is_registered_ = false;
  changed_.notify_all();
}

bool Spoke::Engine::wait_until_ready(milliseconds timeout) {
  const std::size_t skills = desk_.skills();
  std::unique_lock lock(mutex_);
  const auto is_ready = [&] { return is_hub_online_ && (skills == 0 || is_registered_); };
  changed_.wait_for(lock, timeout, [&] { return exit_code_ || is_ready(); });
  return is_ready();
}

bool Spoke::Engine::is_online() const {
  const std::lock_guard lock(mutex_);
  return is_connected_ && is_hub_online_;
}

std::string Spoke::Engine::id() const {
  const auto access = source_.read();
  return access ? access->claims.id : std::string();
}

json Spoke::Engine::ask(Service service, json body, milliseconds timeout, const sdk::Requests::Wait& wait) {
  bool is_new = false;
  {
    const std::lock_guard lock(mutex_);
    is_new = !has_started_;
  }
  if (is_new) start();
  return requests_.ask(service, std::move(body), timeout.count() > 0 ? timeout : options_.timeout, wait);
}

}  // namespace strawberry
