/// What a client asked of the model besides the conversation, in OpenAI's words, taken one by one into a dialect. What
/// nobody took is refused by problem(): nothing is dropped silently.
///
/// Left out knowingly: what is null or asks for nothing (`logprobs` false, a penalty of 0, …); the client's own
/// bookkeeping, `user`, `safety_identifier`, `metadata`, `store` and `prompt_cache_key`, which changes no answer; and
/// `tool_choice` and `parallel_tool_calls` where there are no tools.
///
/// Pure; one request.   Errors: the first problem is kept, with reason `unsupported` and the field's name.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bridge/llm/provider.h"

namespace strawberry::bridge {

struct ToolChoice {
  enum class Kind { automatic, none, required, named };
  Kind kind = Kind::automatic;
  std::string name;  // of the tool, when it is named
};

struct AnswerFormat {
  enum class Kind { text, json, schema };
  Kind kind = Kind::text;
  nlohmann::json schema;
};

class AskedOptions {
 public:
  explicit AskedOptions(const ModelRequest& request);

  std::optional<nlohmann::json> take(const char* key);
  /// Puts each option that was asked for into `to`, under the dialect's name for it.
  void move(const std::vector<std::pair<const char*, const char*>>& names, nlohmann::json& to);

  std::optional<nlohmann::json> max_tokens();  // by either name, the newer first
  nlohmann::json stop();                       // an array, maybe empty
  ToolChoice tool_choice();
  bool one_call_at_a_time();
  AnswerFormat answer_format();

  void refuse(const std::string& field, const std::string& why);
  /// Asked last: also refuses what nobody took.
  std::optional<ProviderError> problem();

 private:
  nlohmann::json rest_;
  std::optional<ProviderError> problem_;
};

}  // namespace strawberry::bridge
