/// From a sentence and the tools at hand to a decision: call these, or say that.
///
/// Pure, deterministic. Bounds: commands_max calls; texts list at most Options::listed_max skills.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bridge/llm/provider.h"

namespace strawberry::rules {

inline constexpr std::size_t commands_max = 4;

struct Decision {
  struct Call {
    const Tool* tool;
    nlohmann::json arguments;
  };
  std::vector<Call> calls;  // empty: only words
  std::string words;        // what to say when there is no call
  bool understood = true;   // false: nothing fitted
};

/// Only tools that are skills are considered, never the client's own.
Decision understand(const std::string& text, const std::vector<Tool>& tools, std::size_t listed_max);

}  // namespace strawberry::rules
