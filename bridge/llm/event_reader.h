/// Reads answers from their bytes: server-sent events, one JSON per line, or one JSON as a whole. The format is
/// detected from the body, since some servers stream when a whole answer was requested, and the other way round. This
/// class splits the bytes; the dialect's ReplyBuilder interprets the events.
///
/// Common deviations are accepted: `[DONE]` with or without blanks, also after a JSON body; JSON lines without `data:`
/// between events; an error as an event's name with any text; halves of characters that arrive in two events
/// (surrogates.h).
///
/// Pure; one response.   Errors: those of the builder; `error` for an error between the events; `bad_reply` for what is
/// not JSON; `cut` for an end that was not announced; `too_large` for an event of more than event_bytes_max. A text
/// that can only be parsed at its end, such as a JSON without a line break, is in the reply but was not passed to
/// on_text.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "bridge/llm/surrogates.h"
#include "bridge/llm/wire.h"

namespace strawberry::bridge {

inline constexpr std::size_t event_bytes_max = 1024 * 1024;

/// Combines the events of one answer.
class ReplyBuilder {
 public:
  using OnText = StreamReader::OnText;

  virtual ~ReplyBuilder() = default;
  /// Returns whether more is wanted. Events may be of any JSON type, but are never errors.
  virtual Result<bool, ProviderError> take(const nlohmann::json& event, const OnText& on_text) = 0;
  /// Called when the answer was a single JSON that has ended.
  virtual void end_of_whole() {}
  /// Called after the last event.
  virtual Result<ModelReply, ProviderError> finish() = 0;

  /// Called when the server announced the end, with or without a reason.
  void end_was_announced() { is_end_announced_ = true; }
  std::size_t pieces() const { return pieces_; }

 protected:
  void say(const std::string& text, const OnText& on_text);
  /// Counts a piece of the answer that is not shown.
  void count_piece() { ++pieces_; }
  void count_pieces(std::size_t count) { pieces_ += count; }
  /// Returns null when there are reply_tool_calls_max already.
  ToolCall* add_call(std::string id, std::string name);
  /// Returns `reply_` with its calls settled (answer_end.h) and their arguments normalized (wire_json.h). It may be
  /// empty, as after tools that leave nothing to say. `cut` when the end has no reason and was not announced.
  Result<ModelReply, ProviderError> complete_reply();

  ModelReply reply_;

 private:
  std::size_t pieces_ = 0;
  bool is_end_announced_ = false;
  HalfJoiner halves_;
};

/// For one streamed response with a 2xx status.
std::unique_ptr<StreamReader> make_event_reader(std::unique_ptr<ReplyBuilder> builder);

/// A whole response, of any status.
Result<ModelReply, ProviderError> read_response(const HttpResponse& response, std::unique_ptr<ReplyBuilder> builder);

}  // namespace strawberry::bridge
