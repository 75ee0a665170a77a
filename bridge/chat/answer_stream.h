/// The events of one streamed chat, in order: text as soon as the model sends it, calls, the end.
///
/// While too many messages wait to leave the bridge (Backlog), text is collected and sent later as fewer, larger
/// pieces: when there is room again, before any other event, or at the answer's end. So a chat never has more text
/// waiting than its answer is long, and nothing is lost.
///
/// Threading: loop only.   Lifetime: shared with the turn; timers hold it weakly.   Bounds: DeltaStream::Options;
/// collected text is checked every `look_again_after`.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "bridge/chat/answer_format.h"
#include "bridge/chat/delta_stream.h"
#include "common/runtime/asio.h"

namespace strawberry::bridge {

class AnswerStream : public std::enable_shared_from_this<AnswerStream> {
 public:
  using Emit = std::function<void(const std::string& event, nlohmann::json data)>;
  /// All messages waiting to leave the bridge, of all chats.
  struct Backlog {
    std::size_t messages = 0;
    std::size_t bytes = 0;
  };
  using Waiting = std::function<Backlog()>;
  struct Options {
    /// Text is held above this: well below the capacity of the outbox, and above its usual length.
    std::size_t backlog_messages_high = 4'000;
    std::size_t backlog_bytes_high = 16 * 1024 * 1024;
    DeltaStream::Options text;
    std::chrono::milliseconds look_again_after{20};
  };

  AnswerStream(const asio::any_io_executor& executor, Emit emit, Waiting waiting,
               std::shared_ptr<const AnswerFormat> format, AnswerHead head, Options options);

  /// Called before each request to the model.
  void begin_answer() { text_.next_answer(); }
  /// Adds a piece of the current answer.
  void text(std::string_view piece);
  /// Called with the current answer when it is complete.
  void answered(const ModelReply& reply);
  /// Sends another event, after all text so far.
  void event(const std::string& name, nlohmann::json data);
  /// Called when the turn is over; `answer` is the content of its response.
  void finish(const WholeAnswer& answer);
  /// Called when the turn is over without an answer.
  void give_up();

 private:
  bool is_too_much_waiting() const;
  void flush();
  void look_again();
  void send_text(std::string piece);

  const Emit emit_;
  const Waiting waiting_;
  const std::shared_ptr<const AnswerFormat> format_;
  const Options options_;
  AnswerHead head_;
  DeltaStream text_;
  asio::steady_timer timer_;
  bool is_held_ = false;  // until the timer expires
  bool is_first_ = true;  // nothing of the turn was sent yet
};

}  // namespace strawberry::bridge
