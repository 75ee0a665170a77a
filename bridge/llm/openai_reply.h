/// Reads answers in the OpenAI dialect: `chat.completion` objects, and `chat.completion.chunk` objects as a stream.
///
/// Common deviations of servers are accepted: chunks without choices, with only usage or thoughts, text in parts,
/// `message` in place of `delta` and the other way round, calls as in tool_call_fragments.h, finish reasons in the
/// terms of the model behind the server. Of several choices the first is read.
///
/// Pure; one response.   Errors: those of event_reader.h.   Bounds: reply_tool_calls_max calls.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "bridge/llm/event_reader.h"

namespace strawberry::bridge {

std::unique_ptr<ReplyBuilder> make_openai_reply();

/// Returns the text of a message, or of a piece of one: text, text parts, or a refusal. No thoughts.
std::string openai_text(const nlohmann::json& message);

/// Converts a server's finish reason to the contract's: many servers pass on those of the models behind them. `stop`
/// for an unknown word, empty for an empty one.
std::string openai_finish_reason(std::string_view said);

}  // namespace strawberry::bridge
