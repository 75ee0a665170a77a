/// The OpenAI chat-completions dialect, as used by OpenAI, Ollama, vLLM, llama.cpp, LiteLLM and others.
///
/// Pure.   Errors, bounds: wire.h.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "bridge/llm/wire.h"

namespace strawberry::bridge {

/// Returns `<base>/chat/completions`. Accepts common spellings: with or without trailing slashes, `/chat/completions`
/// or, when there is no path at all, `/v1`. Fails unless it is an http or https URL.
Result<std::string> chat_completions_url(const std::string& base_url);

/// Returns the request's JSON body, for a streamed answer when there is an on_text. `with_usage`: requests token counts
/// in a streamed answer.
nlohmann::json openai_request_body(const ModelRequest& request, const std::string& model, bool with_usage = true);

}  // namespace strawberry::bridge
