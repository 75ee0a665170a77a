/// Answers that come as a row of JSON events, as server-sent events or as one a line: the bytes are taken apart here,
/// what the events mean is the dialect's ReplyBuilder's.
///
/// Pure; one response.   Errors: of the builder; `error` for an error object between the events; `bad_reply` for what
/// is no JSON; `too_large` for an event of more than event_bytes_max.
/// A body that is no stream at all, as of a server or proxy that answers a failure in one piece, is collected and read
/// as a whole at its end: its text is in the reply but was not given to on_text.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "bridge/llm/sse.h"
#include "bridge/llm/wire.h"

namespace strawberry {

/// Adds up the events of one answer.
class ReplyBuilder {
 public:
  using OnText = StreamReader::OnText;

  virtual ~ReplyBuilder() = default;
  /// Whether more is wanted. Events are objects or not, and never errors.
  virtual Result<bool, ProviderError> take(const nlohmann::json& event, const OnText& on_text) = 0;
  /// After the last event.
  virtual Result<ModelReply, ProviderError> finish() = 0;

  std::size_t pieces() const { return pieces_; }

 protected:
  void say(const std::string& text, const OnText& on_text);
  /// A piece of the answer that nobody is shown.
  void count_piece() { ++pieces_; }
  /// Null when there are reply_tool_calls_max already.
  ToolCall* add_call(std::string id, std::string name);
  /// `reply_` as it is given away, its calls settled (answer_end.h). It may be empty, as after tools that leave nothing
  /// to say.
  Result<ModelReply, ProviderError> complete_reply();

  ModelReply reply_;

 private:
  std::size_t pieces_ = 0;
};

/// The reply of a whole response: one event, or an array of them.
Result<ModelReply, ProviderError> read_whole(const HttpResponse& response, ReplyBuilder& builder);

enum class EventFormat { server_sent_events, json_lines };

std::unique_ptr<StreamReader> make_event_reader(EventFormat format, std::unique_ptr<ReplyBuilder> builder);

}  // namespace strawberry
