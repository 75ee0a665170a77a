/// One answer that is streamed: its bytes in, its text out at once, and how long it may keep everybody waiting.
///
/// Threading: loop only.   Lifetime: shared by whoever reads the body and whoever watches.
/// Errors: of the StreamReader.   Bounds: Limits; the sum of the bytes is bounded by the caller.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "bridge/llm/wire.h"
#include "common/runtime/asio.h"
#include "common/runtime/task.h"

namespace strawberry::bridge {

class StreamedAnswer {
 public:
  using Outcome = Result<ModelReply, ProviderError>;
  struct Limits {
    std::chrono::milliseconds first_token;
    std::chrono::milliseconds idle;
    /// After an answer that is complete: the end of its body usually comes right behind, and a connection whose bodies
    /// ended can be used again.
    std::chrono::milliseconds linger{100};
  };

  StreamedAnswer(const asio::any_io_executor& executor, std::unique_ptr<StreamReader> reader,
                 StreamReader::OnText on_text, Limits limits);

  /// Some of the body. False: the rest does not matter.
  bool take(std::string_view bytes);
  /// Until it has been silent for longer than it may: says so, in a sentence.
  Task<std::string> watch();
  /// What it came to, now that no more will be taken.
  Outcome finish();
  /// Of the answer's text, what went to on_text.
  std::size_t shown_bytes() const { return shown_bytes_; }
  /// When its first piece came, since this was made.
  std::optional<std::chrono::nanoseconds> began_after() const { return began_after_; }

 private:
  using Time = asio::steady_timer::time_point;

  void may_be_silent_for(std::chrono::milliseconds time);

  const Limits limits_;
  const std::unique_ptr<StreamReader> reader_;
  const StreamReader::OnText on_text_;
  asio::steady_timer timer_;
  const Time made_at_;
  Time silent_until_;
  std::size_t pieces_ = 0;
  std::size_t shown_bytes_ = 0;
  std::optional<std::chrono::nanoseconds> began_after_;
  std::optional<Outcome> outcome_;
};

}  // namespace strawberry::bridge
