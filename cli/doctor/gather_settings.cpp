/// What the bridge was told: whether it is right, and what it says of its language models, so that whoever mends one
/// knows where.
#include <unistd.h>

#include <filesystem>

#include "bridge/config/config.h"
#include "bridge/config/environment_providers.h"
#include "cli/doctor/gather.h"

namespace strawberry::cli {

void look_at_settings(Facts& facts) {
  facts.settings.file = look(facts.settings_path, R_OK);
  if (!facts.settings.file.exists || !facts.settings.file.problem.empty()) return;
  facts.settings.problems = check_config_file(facts.settings_path).problems;
}

ModelSettings settings_of_model(const std::string& settings_path, const std::string& name) {
  ModelSettings settings;
  settings.key_env = key_variable_of(name);
  const CheckedConfig checked = check_config_file(settings_path);
  for (const LlmProviderConfig& provider : checked.config.llm.providers) {
    if (provider.name != name) continue;
    settings.base_url = provider.base_url;
    if (!provider.api_key_env.empty() || !provider.api_key_file.empty()) settings.key_env = provider.api_key_env;
    // As the bridge reads it: beside bridge.toml.
    if (!provider.api_key_file.empty())
      settings.key_file = std::filesystem::path(settings_path).parent_path() / provider.api_key_file;
  }
  return settings;
}

}  // namespace strawberry::cli
