/// How an answer may end, and what its end means for the calls in it.
///
/// A call of an answer that was broken off may have lost its arguments, down to none at all: a different call from the
/// one the model was writing. So no such call is run.
///
/// Pure functions.   Errors: ProviderError without the provider's name, with reason `length` or `blocked`.
#pragma once

#include <string_view>

#include "bridge/llm/provider.h"

namespace strawberry::bridge {

/// True for the finish reasons of an answer that stops before the model was done: `length`, `content_filter`.
bool was_broken_off(std::string_view finish_reason);

/// Gives `reply` the finish reason `tool_calls` when it has calls. When it was broken off, its calls are dropped and
/// its text stays; without text nothing is left of it, which is an error.
Result<ModelReply, ProviderError> settle_calls(ModelReply reply);

}  // namespace strawberry::bridge
