/// Answers in the OpenAI dialect: `chat.completion` objects, and `chat.completion.chunk` objects as a stream.
///
/// What servers do differently is taken as it is meant: chunks without choices, with usage alone or with thoughts, text
/// in parts, `message` where `delta` was due and the other way round, calls as tool_call_fragments.h says, reasons in
/// the words of the model behind the server. Of several choices the first is read.
///
/// Pure; one response.   Errors: of event_reader.h.   Bounds: reply_tool_calls_max calls.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "bridge/llm/event_reader.h"

namespace strawberry::bridge {

std::unique_ptr<ReplyBuilder> make_openai_reply();

/// What a message, or a piece of one, says: text, texts in parts, or a refusal. No thoughts.
std::string openai_text(const nlohmann::json& message);

/// The contract's word for what a server calls it: many pass on the words of the models behind them. `stop` for a word
/// that is not known, empty for an empty one.
std::string openai_finish_reason(std::string_view said);

}  // namespace strawberry::bridge
