#include "bridge/adapters/sodium/sodium_passwords.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

#include "bridge/adapters/sodium/argon2.h"
#include "common/runtime/one_shot.h"

namespace strawberry::bridge {

/// The thread and what waits for it.
struct SodiumPasswords::Worker {
  Worker() : thread([this] { work(); }) {}
  ~Worker() {
    {
      const std::lock_guard lock(mutex);
      is_stopping = true;
      jobs.clear();
    }
    wake.notify_one();
    thread.join();
  }

  void add(std::function<void()> job) {
    {
      const std::lock_guard lock(mutex);
      jobs.push_back(std::move(job));
    }
    wake.notify_one();
  }

  void work() {
    while (true) {
      std::function<void()> job;
      {
        std::unique_lock lock(mutex);
        wake.wait(lock, [this] { return is_stopping || !jobs.empty(); });
        if (is_stopping) return;
        job = std::move(jobs.front());
        jobs.pop_front();
      }
      job();
    }
  }

  /// Of a password that nobody has, for users who are unknown or have none. Used by the thread alone.
  const std::string& hash_of_nobody() {
    if (of_nobody.empty()) of_nobody = hash_password("nobody has this one").value_or(std::string());
    return of_nobody;
  }

  std::mutex mutex;  // guards jobs and is_stopping
  std::condition_variable wake;
  std::deque<std::function<void()>> jobs;
  bool is_stopping = false;
  std::string of_nobody;
  std::thread thread;  // last: it uses the others
};

SodiumPasswords::SodiumPasswords(asio::io_context& loop, Options options)
    : loop_(loop), options_(options), worker_(std::make_unique<Worker>()) {
  // Before the first login, which would take twice as long.
  worker_->add([worker = worker_.get()] { (void)worker->hash_of_nobody(); });
}

SodiumPasswords::~SodiumPasswords() = default;

/// `work` runs in the thread, and gives a Reply<Value>.
template <class Value, class Work>
Task<Reply<Value>> SodiumPasswords::run(Work work) {
  if (waiting_ >= options_.waiting_max)
    co_return error(ErrorCode::busy, "too many passwords are being looked at: try again in some seconds",
                    {{"retry_after_ms", 2'000}});
  ++waiting_;
  const auto done = std::make_shared<OneShot<Reply<Value>>>(loop_.get_executor());
  asio::io_context* const loop = &loop_;
  worker_->add([done, loop, work = std::move(work)]() mutable {
    auto outcome = std::make_shared<Reply<Value>>(work());
    asio::post(*loop, [done, outcome] { done->set(std::move(*outcome)); });
  });
  auto outcome = co_await done->wait();
  --waiting_;
  if (!outcome) co_return error(ErrorCode::internal, "the hub failed");
  co_return std::move(*outcome);
}

Task<Reply<std::string>> SodiumPasswords::hash(std::string password) {
  auto work = [password = std::move(password)]() mutable -> Reply<std::string> {
    auto hash = hash_password(password);
    wipe(password);
    if (hash) return std::move(*hash);
    auto failed = error(ErrorCode::internal, "the hub cannot hash passwords");
    failed.value().cause = hash.error().message;
    return failed;
  };
  co_return co_await run<std::string>(std::move(work));
}

Task<Reply<bool>> SodiumPasswords::matches(std::string hash, std::string password) {
  auto work = [worker = worker_.get(), hash = std::move(hash),
               password = std::move(password)]() mutable -> Reply<bool> {
    // The same work whoever it is, so that the time does not tell who exists.
    const bool is_right = password_matches(hash.empty() ? worker->hash_of_nobody() : hash, password);
    wipe(password);
    return is_right && !hash.empty();
  };
  co_return co_await run<bool>(std::move(work));
}

}  // namespace strawberry::bridge
