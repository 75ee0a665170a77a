/// Asks the user the hub's questions, one after the other, while other work continues.
///
/// Threading: loop only.   Lifetime: outlives its questions, as does the data that `ask_one` uses.   Bounds: the hub's
/// limit of open questions.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/runtime/asio.h"
#include "common/runtime/one_shot.h"
#include "common/runtime/task.h"

namespace strawberry::cli {

class Questions {
 public:
  /// Asks one question and sends the answer.
  using AskOne = std::function<Task<void>(nlohmann::json question)>;

  Questions(asio::io_context& loop, AskOne ask_one) : loop_(loop), ask_one_(std::move(ask_one)) {}

  void ask(nlohmann::json question) {
    open_.push_back(std::move(question));
    if (is_asking()) return;
    asked_all_ = std::make_shared<OneShot<bool>>(loop_.get_executor());
    asio::co_spawn(loop_, ask_all(), asio::detached);
  }
  /// Waits until no question is open. A line that is being read belongs to the question, even if the turn has ended.
  Task<void> wait() {
    // A copy is held, since waiting takes the value and ask_all() resets it.
    if (const auto asked_all = asked_all_) co_await asked_all->wait();
  }

 private:
  bool is_asking() const { return asked_all_ != nullptr; }

  Task<void> ask_all() {
    while (!open_.empty()) {
      nlohmann::json question = std::move(open_.front());
      open_.pop_front();
      co_await ask_one_(std::move(question));
    }
    std::exchange(asked_all_, nullptr)->set(true);
  }

  asio::io_context& loop_;
  const AskOne ask_one_;
  std::deque<nlohmann::json> open_;
  std::shared_ptr<OneShot<bool>> asked_all_;  // null when no question is open
};

}  // namespace strawberry::cli
