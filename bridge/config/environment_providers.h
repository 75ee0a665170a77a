/// Configures language models without a file, from the environment variables that users commonly have set.
///
/// Pure.   Errors: Failure that names the variable, never its value, which may be a key.
#pragma once

#include <string>
#include <string_view>

#include "bridge/config/config.h"

namespace strawberry::bridge {

/// Returns nothing when the variable is not set, or is empty.
const std::string* variable(const Environment& environment, std::string_view name);

/// With no provider configured, each of OPENAI_API_KEY or OPENAI_BASE_URL, ANTHROPIC_API_KEY, GEMINI_API_KEY or
/// GOOGLE_API_KEY, and OLLAMA_HOST creates one, in this order. A provider of the file that has both name and kind of
/// one of these takes its key from there when the file sets none and its URL is the public one, and openai its URL: a
/// key is only sent where it was meant for. DEFAULT_MODEL is the model of the first provider, whichever it is.
Result<void> read_provider_environment(const Environment& environment, Config& config);

/// Returns the variable with the key of the provider of this name; empty when the name has none.
std::string key_variable_of(std::string_view provider);

}  // namespace strawberry::bridge
