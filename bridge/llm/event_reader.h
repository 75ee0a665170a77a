/// Answers from their bytes: as server-sent events, as one JSON a line, or as one JSON for all of it. Which one it is
/// shows the body itself, since servers stream where a whole answer was asked for, and the other way round. The bytes
/// are taken apart here, what the events mean is the dialect's ReplyBuilder's.
///
/// What is no event of the dialect is read as it is meant: `[DONE]` with or without blanks, also behind a JSON body;
/// JSON lines without `data:` between events; an error as an event's name with any text; halves of characters that come
/// in two events (surrogates.h).
///
/// Pure; one response.   Errors: of the builder; `error` for an error between the events; `bad_reply` for what is no
/// JSON; `cut` for an end that nothing announced; `too_large` for an event of more than event_bytes_max.
/// What can only be read at its end, as a JSON without a line break, is in the reply but was not given to on_text.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "bridge/llm/surrogates.h"
#include "bridge/llm/wire.h"

namespace strawberry::bridge {

inline constexpr std::size_t event_bytes_max = 1024 * 1024;

/// Adds up the events of one answer.
class ReplyBuilder {
 public:
  using OnText = StreamReader::OnText;

  virtual ~ReplyBuilder() = default;
  /// Whether more is wanted. Events are objects or not, and never errors.
  virtual Result<bool, ProviderError> take(const nlohmann::json& event, const OnText& on_text) = 0;
  /// The answer was one JSON, and that was all of it.
  virtual void end_of_whole() {}
  /// After the last event.
  virtual Result<ModelReply, ProviderError> finish() = 0;

  /// The server announced the end, with or without a reason.
  void end_was_announced() { is_end_announced_ = true; }
  std::size_t pieces() const { return pieces_; }

 protected:
  void say(const std::string& text, const OnText& on_text);
  /// A piece of the answer that nobody is shown.
  void count_piece() { ++pieces_; }
  void count_pieces(std::size_t count) { pieces_ += count; }
  /// Null when there are reply_tool_calls_max already.
  ToolCall* add_call(std::string id, std::string name);
  /// `reply_` as it is given away, its calls settled (answer_end.h) and their arguments plain (wire_json.h). It may be
  /// empty, as after tools that leave nothing to say. `cut` when the end has neither a reason nor was it announced.
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
