/// Finish reasons, and their meaning for the calls in an answer.
///
/// A call in an answer that was broken off may have lost its arguments, or all of them: it is a different call from the
/// one the model was writing. So no such call is run.
///
/// Pure functions.   Errors: ProviderError without the provider's name, with reason `length` or `blocked`.
#pragma once

#include <string_view>

#include "bridge/llm/provider.h"

namespace strawberry::bridge {

/// True for the finish reasons of an incomplete answer: `length`, `content_filter`.
bool was_broken_off(std::string_view finish_reason);

/// Sets the finish reason `tool_calls` when `reply` has calls. When it was broken off, its calls are removed and its
/// text stays; without text nothing is left, which is an error.
Result<ModelReply, ProviderError> settle_calls(ModelReply reply);

}  // namespace strawberry::bridge
