/// Any server that speaks the OpenAI chat-completions API: OpenAI, Ollama, vLLM, llama.cpp, LiteLLM.
///
/// Threading: loop only.   Lifetime: outlives its requests; `http` and `clock` outlive it.
/// Errors: ProviderError. Its message never holds the key, even when the server repeats it.
/// Bounds: Options; a request ends at its own deadline or at total_timeout, whichever is first.
#pragma once

#include <chrono>
#include <string>

#include "bridge/llm/provider.h"
#include "bridge/ports/http.h"

namespace strawberry {

class OpenAiProvider final : public Provider {
 public:
  struct Options {
    std::string name = "openai";
    std::string base_url = "https://api.openai.com/v1";
    std::string api_key;  // empty: none is sent
    std::string model;    // when the request names none
    std::chrono::milliseconds connect_timeout{5'000};
    std::chrono::milliseconds total_timeout{60'000};
    std::size_t response_bytes_max = 4 * 1024 * 1024;
  };

  /// Throws std::invalid_argument when base_url is no http or https URL, or the key or name has control characters.
  OpenAiProvider(HttpClient& http, const Clock& clock, Options options);

  const std::string& name() const override { return options_.name; }
  Task<Result<ModelReply, ProviderError>> complete(ModelRequest request) override;

 private:
  std::string without_key(std::string text) const;

  HttpClient& http_;
  const Clock& clock_;
  const Options options_;
  std::string url_;
};

}  // namespace strawberry
