/// Language models that need no configuration file: the variables people have set anyway.
///
/// Pure.   Errors: Failure that names the variable, never its value: it may be a key.
#pragma once

#include <string>
#include <string_view>

#include "bridge/config/config.h"

namespace strawberry::bridge {

/// Nothing when it is not set, or empty.
const std::string* variable(const Environment& environment, std::string_view name);

/// With no provider configured, each of OPENAI_API_KEY or OPENAI_BASE_URL, ANTHROPIC_API_KEY, GEMINI_API_KEY or
/// GOOGLE_API_KEY, and OLLAMA_HOST makes one, in this order. A provider of the file that has both name and kind of one
/// of these takes its key from there when the file chooses none and its URL is the public one, and openai its URL: a
/// key goes only where it was meant to. DEFAULT_MODEL is the model of the first provider, whatever it is.
Result<void> read_provider_environment(const Environment& environment, Config& config);

/// The variable with the key of the provider of this name; empty when its name says none.
std::string key_variable_of(std::string_view provider);

}  // namespace strawberry::bridge
