/// One streamed answer: takes its bytes, passes on its text at once, and limits its silences.
///
/// Threading: loop only.   Lifetime: shared by the reader of the body and the watch.
/// Errors: those of the StreamReader.   Bounds: Limits; the caller limits the total size.
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
    /// How long the end of the body is awaited after a complete answer: it usually follows at once, and then the
    /// connection can be reused.
    std::chrono::milliseconds linger{100};
  };

  StreamedAnswer(const asio::any_io_executor& executor, std::unique_ptr<StreamReader> reader,
                 StreamReader::OnText on_text, Limits limits);

  /// Takes a part of the body. False: the rest does not matter.
  bool take(std::string_view bytes);
  /// Waits until the answer was silent for too long; returns a sentence that says so.
  Task<std::string> watch();
  /// Returns the outcome. Called when no more bytes will be taken.
  Outcome finish();
  /// Returns how many bytes of the answer's text went to on_text.
  std::size_t shown_bytes() const { return shown_bytes_; }
  /// Returns when the first piece came, since this object was created.
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
