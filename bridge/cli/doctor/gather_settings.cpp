/// What the bridge was told about its language models, so that whoever mends one knows where.
#include <toml++/toml.h>

#include <filesystem>
#include <sstream>

#include "bridge/cli/doctor/gather.h"

namespace strawberry::cli {
namespace {

/// Models that need not be in bridge.toml: the environment names them.
ModelSettings from_environment(const std::string& name) {
  ModelSettings settings;
  if (name == "openai") settings.key_env = "OPENAI_API_KEY";
  if (name == "anthropic") settings.key_env = "ANTHROPIC_API_KEY";
  if (name == "gemini") settings.key_env = "GEMINI_API_KEY";
  return settings;
}

}  // namespace

ModelSettings settings_of_model(const std::string& settings_path, const std::string& name) {
  ModelSettings settings = from_environment(name);
  const auto text = read_file(settings_path);
  if (!text) return settings;
  toml::table document;
  try {
    document = toml::parse(std::string_view(*text));
  } catch (const toml::parse_error&) {
    return settings;
  }
  const toml::array* providers = document["llm"]["provider"].as_array();
  if (providers == nullptr) return settings;
  for (const toml::node& entry : *providers) {
    const toml::table* provider = entry.as_table();
    if (provider == nullptr || (*provider)["name"].value_or(std::string()) != name) continue;
    settings.base_url = (*provider)["base_url"].value_or(std::string());
    const auto key_env = (*provider)["api_key_env"].value_or(std::string());
    const auto key_file = (*provider)["api_key_file"].value_or(std::string());
    if (!key_env.empty() || !key_file.empty()) settings.key_env = key_env;
    // As the bridge reads it: beside bridge.toml.
    if (!key_file.empty()) settings.key_file = std::filesystem::path(settings_path).parent_path() / key_file;
  }
  return settings;
}

}  // namespace strawberry::cli
