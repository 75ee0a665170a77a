/// Tool calls put together from the fragments in which the OpenAI dialect streams them.
///
/// A fragment names its call by `index`, and only the first one has an id and the function's name. Servers deviate: all
/// calls at index 0, each with its id (Ollama); another id in each fragment of one call; no index, or no ids at all; id
/// and name again in each fragment. So a fragment belongs to the call with its id, else to the last one at its index,
/// unless it has a name and begins another: with another name, or with the same one and a new id or new arguments, when
/// those before are not open in the middle.
///
/// Pure; one answer.   Bounds: reply_tool_calls_max; what comes after those is dropped.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/llm/provider.h"

namespace strawberry::bridge {

class ToolCallFragments {
 public:
  /// One element of a delta's `tool_calls`.
  void add(const nlohmann::json& fragment);
  /// An element of a whole message's `tool_calls`: a call of its own when it has a name and no index.
  void add_whole(const nlohmann::json& call);
  /// The calls in the order in which they began, their arguments as they came: perhaps none.
  std::vector<ToolCall> take();

 private:
  class Balance {
   public:
    void add(std::string_view text);
    bool is_open() const { return depth_ > 0 || in_string_; }

   private:
    std::int64_t depth_ = 0;
    bool in_string_ = false;
    bool is_escaped_ = false;
  };
  struct Begun {
    std::optional<std::int64_t> index;
    ToolCall call;
    Balance written;  // of its arguments
  };
  struct Fragment;

  void add(const Fragment& fragment, bool is_new);

  Begun* find(const Fragment& fragment);
  Begun& begin(const Fragment& fragment);

  std::vector<Begun> begun_;  // and one more where those beyond the bound go
};

}  // namespace strawberry::bridge
