/// Questions to the user that are open: may this skill run? Silence is no.
///
/// Whoever asks opens a question, tells the sender its id, and waits; answer() comes from the sender's `confirm`. An id
/// cannot be guessed, and only the principal that was asked can answer it.
///
/// Threading: loop only.   Lifetime: shared with the questions, which close themselves.
/// Bounds: Options; beyond them nothing can be asked, which is no as well.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "common/contract/principal.h"
#include "common/runtime/asio.h"
#include "common/runtime/one_shot.h"

namespace strawberry::bridge {

class Confirmations : public std::enable_shared_from_this<Confirmations> {
 public:
  struct Options {
    std::size_t questions_max = 1'000;
    std::size_t questions_per_principal_max = 64;
  };

  class Question {
   public:
    Question(std::shared_ptr<Confirmations> all, const asio::any_io_executor& executor, Principal asked);
    ~Question();
    Question(const Question&) = delete;
    Question& operator=(const Question&) = delete;

    const std::string& id() const { return id_; }
    OneShot<bool>& allowed() { return allowed_; }

   private:
    friend class Confirmations;
    const std::shared_ptr<Confirmations> all_;
    const std::string id_;
    const Principal asked_;
    OneShot<bool> allowed_;
  };

  explicit Confirmations(Options options) : options_(options) {}

  /// Null when too many are open.
  std::shared_ptr<Question> ask(const asio::any_io_executor& executor, const Principal& sender);
  /// False when the sender has no open question of that id (any more).
  bool answer(const Principal& sender, const std::string& id, bool is_allowed);

  std::size_t open() const { return open_.size(); }

 private:
  const Options options_;
  std::unordered_map<std::string, Question*> open_;  // by id
};

}  // namespace strawberry::bridge
