/// The OpenAI chat-completions wire, without any I/O: what is sent, and what an answer means.
///
/// Pure functions. A response is untrusted: its size is bounded by the caller, its nesting and its tool calls here.
/// Error messages carry at most 300 bytes of what the server said, made printable.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "bridge/llm/provider.h"
#include "bridge/ports/http.h"

namespace strawberry {

inline constexpr std::size_t reply_tool_calls_max = 128;

/// `<base>/chat/completions`. Takes what people write: with or without trailing slashes, `/chat/completions` or, when
/// there is no path at all, `/v1`. Fails unless it is an http or https URL.
Result<std::string> chat_completions_url(std::string base_url);

/// The request's JSON body. `model` is what is asked for when the request names none.
nlohmann::json openai_request_body(const ModelRequest& request, const std::string& model);

Result<ModelReply, ProviderError> read_openai_response(const std::string& provider, const HttpResponse& response);

}  // namespace strawberry
