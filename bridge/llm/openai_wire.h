/// The OpenAI chat-completions dialect: OpenAI, Ollama, vLLM, llama.cpp, LiteLLM and whoever else speaks it.
///
/// Pure.   Errors, bounds: wire.h.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "bridge/llm/wire.h"

namespace strawberry {

/// `<base>/chat/completions`. Takes what people write: with or without trailing slashes, `/chat/completions` or, when
/// there is no path at all, `/v1`. Fails unless it is an http or https URL.
Result<std::string> chat_completions_url(const std::string& base_url);

/// The request's JSON body, for a streamed answer when there is an on_text. `model` is what to ask for.
nlohmann::json openai_request_body(const ModelRequest& request, const std::string& model);

Result<ModelReply, ProviderError> read_openai_response(const HttpResponse& response);

/// What a message, or a piece of one, says: text, texts in parts, or a refusal.
std::string openai_text(const nlohmann::json& message);

/// The contract's word for what a server calls it: many pass on the words of the models behind them. `stop` for a word
/// that is not known, empty for an empty one.
std::string openai_finish_reason(std::string_view said);

}  // namespace strawberry
