/// What became of asking a language model once, for Events (common/runtime/events.h). Views are good while a listener
/// runs.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace strawberry::bridge {

struct ModelAsked {
  std::string_view provider;  // as the configuration calls it
  std::string_view model;     // that was asked for; a client may have made it up
  std::string_view outcome;   // ok, empty, no_match, or the reason of a ProviderError
  bool is_embedded = false;
  std::chrono::nanoseconds took{0};
  std::optional<std::chrono::nanoseconds> began_after;  // of a streamed answer
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
};

}  // namespace strawberry::bridge
