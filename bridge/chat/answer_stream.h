/// The events of one streamed chat, in their order: text the moment the model says it, calls around which it says
/// nothing, the end.
///
/// While too much waits to leave the bridge (Backlog), text is gathered and leaves later as fewer, larger pieces: when
/// there is room again, before any other event, or at the answer's end. So a chat never has more of its text
/// waiting than its answer is long, and nothing is lost.
///
/// Threading: loop only.   Lifetime: shared with the turn; timers hold it weakly.   Bounds: DeltaStream::Options; what
/// is held back is looked at every `look_again_after`.
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
  /// What waits to leave the bridge, of everybody.
  struct Backlog {
    std::size_t messages = 0;
    std::size_t bytes = 0;
  };
  using Waiting = std::function<Backlog()>;
  struct Options {
    /// More than this is too much: well below what the outbox holds, and above what is under way when all goes well.
    std::size_t backlog_messages_high = 4'000;
    std::size_t backlog_bytes_high = 16 * 1024 * 1024;
    DeltaStream::Options text;
    std::chrono::milliseconds look_again_after{20};
  };

  AnswerStream(const asio::any_io_executor& executor, Emit emit, Waiting waiting,
               std::shared_ptr<const AnswerFormat> format, AnswerHead head, Options options);

  /// The model is asked (again).
  void begin_answer() { text_.next_answer(); }
  /// A piece of the answer under way.
  void text(std::string_view piece);
  /// That answer is whole, and this is it.
  void answered(const ModelReply& reply);
  /// Another event, after all text so far.
  void event(const std::string& name, nlohmann::json data);
  /// The turn is over; `answer` is what its response will say.
  void finish(const WholeAnswer& answer);
  /// The turn is over without an answer.
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
  bool is_held_ = false;  // until the timer
  bool is_first_ = true;  // nothing of the turn has left
};

}  // namespace strawberry::bridge
