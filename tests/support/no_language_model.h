/// Variables for ChildProcess with which a bridge uses only its built-in language model, whatever the tester's
/// environment and machine offer.
#pragma once

#include <map>
#include <string>

namespace strawberry::test {

inline std::map<std::string, std::string> no_language_model() {
  return {{"OPENAI_API_KEY", ""}, {"OPENAI_BASE_URL", ""}, {"ANTHROPIC_API_KEY", ""},          {"GEMINI_API_KEY", ""},
          {"GOOGLE_API_KEY", ""}, {"OLLAMA_HOST", ""},     {"STRAWBERRY_FIND_LOCAL", "false"}, {"DEFAULT_MODEL", ""}};
}

}  // namespace strawberry::test
