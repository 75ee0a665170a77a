/// A thread for what blocks on files: jobs one after the other, in their order.
///
/// Threading: post() on any thread; jobs run on the thread of this object.   Lifetime: destroying it finishes the job
/// under way and drops the others.   Bounds: jobs_max waiting, then post() is false.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace strawberry::bridge {

class FileThread {
 public:
  static constexpr std::size_t jobs_max = 10'000;
  using Job = std::function<void()>;

  FileThread() : thread_([this] { run(); }) {}
  ~FileThread() {
    {
      const std::scoped_lock lock(mutex_);
      is_stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }
  FileThread(const FileThread&) = delete;
  FileThread& operator=(const FileThread&) = delete;

  bool post(Job job) {
    {
      const std::scoped_lock lock(mutex_);
      if (jobs_.size() >= jobs_max) return false;
      jobs_.push_back(std::move(job));
    }
    wake_.notify_one();
    return true;
  }

 private:
  void run() {
    for (;;) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return is_stopping_ || !jobs_.empty(); });
      if (is_stopping_) return;
      Job job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
    }
  }

  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool is_stopping_ = false;

  std::thread thread_;  // last: everything it uses is there before it
};

}  // namespace strawberry::bridge
