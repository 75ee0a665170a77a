/// Assembles tool calls from the fragments in which the OpenAI dialect streams them.
///
/// A fragment names its call by `index`, and only the first one has an id and the function's name. Servers deviate: all
/// calls at index 0, each with its id (Ollama); another id in each fragment of one call; no index, or no ids at all; id
/// and name repeated in each fragment. So a fragment belongs to the call with its id, else to the last one at its
/// index, unless it has a name and begins another call: with another name, or with the same one and a new id or new
/// arguments, provided the arguments before it are complete.
///
/// Pure; one answer.   Bounds: reply_tool_calls_max; further calls are dropped.
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
  /// Adds one element of a delta's `tool_calls`.
  void add(const nlohmann::json& fragment);
  /// Adds an element of a whole message's `tool_calls`: a call of its own when it has a name and no index.
  void add_whole(const nlohmann::json& call);
  /// Returns the calls in the order in which they began, with their arguments as received, which may be empty.
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

  std::vector<Begun> begun_;  // the last element collects the calls beyond the limit
};

}  // namespace strawberry::bridge
