/// Event about one request to a language model (common/runtime/events.h). Views are valid while a listener runs.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace strawberry::bridge {

struct ModelAsked {
  std::string_view provider;  // its name in the configuration
  std::string_view model;     // the requested model; a client may have invented it
  std::string_view outcome;   // ok, empty, no_match, or the reason of a ProviderError
  bool is_embedded = false;
  std::chrono::nanoseconds took{0};
  std::optional<std::chrono::nanoseconds> began_after;  // for a streamed answer
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
};

}  // namespace strawberry::bridge
