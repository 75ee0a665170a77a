/// Tool calls put together from the fragments in which the OpenAI dialect streams them.
///
/// A fragment names its call by `index`, and only the first one has an id and the function's name. Servers deviate: all
/// calls at index 0, each with its id (Ollama); no index, or no ids at all; id and name again in each fragment. So a
/// new id starts a new call, and without ids another name does, or the same one when its arguments were complete.
///
/// Pure; one answer.   Bounds: reply_tool_calls_max; what comes after those is dropped.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bridge/llm/provider.h"

namespace strawberry {

class ToolCallFragments {
 public:
  /// One element of a delta's `tool_calls`.
  void add(const nlohmann::json& fragment);
  /// The calls in the order in which they began.
  std::vector<ToolCall> take();

 private:
  struct Begun {
    std::optional<std::int64_t> index;
    ToolCall call;
  };
  struct Fragment;

  Begun* find(const Fragment& fragment);
  Begun& begin(const Fragment& fragment);

  std::vector<Begun> begun_;  // and one more where those beyond the bound go
};

}  // namespace strawberry
