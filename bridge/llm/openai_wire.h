/// The OpenAI chat-completions dialect: OpenAI, Ollama, vLLM, llama.cpp, LiteLLM and whoever else speaks it.
///
/// Pure.   Errors, bounds: wire.h.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "bridge/llm/wire.h"

namespace strawberry::bridge {

/// `<base>/chat/completions`. Takes what people write: with or without trailing slashes, `/chat/completions` or, when
/// there is no path at all, `/v1`. Fails unless it is an http or https URL.
Result<std::string> chat_completions_url(const std::string& base_url);

/// The request's JSON body, for a streamed answer when there is an on_text. `model` is what to ask for. `with_usage`:
/// a streamed answer is to say how many tokens it took.
nlohmann::json openai_request_body(const ModelRequest& request, const std::string& model, bool with_usage = true);

}  // namespace strawberry::bridge
