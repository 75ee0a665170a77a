/// The current call, passed to a skill whose first parameter is a `const strawberry::CallContext&`.
///
/// Threading: the thread that runs the skill; `is_over()` may be called from any.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

namespace strawberry {
inline namespace v0 {

class CallContext {
 public:
  /// The caller: a device's or a user's id, and the device's name.
  std::string caller_id;
  std::string caller_name;
  /// `Class.function`
  std::string skill_path;
  /// The hub's own id of the call: the same when the same request is repeated.
  std::string correlation_id;
  /// Nothing waits for the answer after this.
  std::chrono::steady_clock::time_point deadline;

  /// True once the deadline has passed or the Spoke stops: long-running skills should check it and return.
  bool is_over() const { return over->load(std::memory_order_relaxed) || std::chrono::steady_clock::now() >= deadline; }

  std::shared_ptr<std::atomic<bool>> over = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace v0
}  // namespace strawberry
