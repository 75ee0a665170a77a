/// A streamed answer of the OpenAI dialect: `chat.completion.chunk` objects as server-sent events, up to `[DONE]`.
///
/// What servers do differently is taken as it is meant: chunks without choices, with usage alone or with thoughts, text
/// in parts, an answer that comes whole although a stream was asked for, calls as tool_call_fragments.h says. Of
/// several choices the first is read.
///
/// Pure; one response.
/// Errors: `error` for what the server reports in the middle, `bad_reply` for what is no completion, `cut` for an end
/// without a finish_reason, `too_large`.   Bounds: an event openai_event_bytes_max, reply_tool_calls_max calls.
#pragma once

#include <memory>

#include "bridge/llm/wire.h"

namespace strawberry {

inline constexpr std::size_t openai_event_bytes_max = 1024 * 1024;

std::unique_ptr<StreamReader> make_openai_stream();

}  // namespace strawberry
