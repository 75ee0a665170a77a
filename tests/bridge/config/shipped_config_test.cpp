// config/bridge.toml is the reference of every key: it must name them all and tell the truth.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include "bridge/config/key_table.h"

namespace strawberry {
namespace {

/// `[section] key` → its line, from the lines that are written `key = value`, or `# key = value` when `commented`.
std::multimap<std::string, std::string> keys_written(bool commented) {
  std::multimap<std::string, std::string> found;
  const std::string start = commented ? "^# " : "^";
  const std::regex header(start + R"(\[+([a-z.]+)\]+.*)");
  const std::regex entry(start + R"(([a-z_]+) = (.*))");
  std::ifstream stream(SHIPPED_CONFIG);
  std::string section;
  std::smatch match;
  for (std::string line; std::getline(stream, line);) {
    if (std::regex_match(line, match, header)) section = match[1];
    if (std::regex_match(line, match, entry)) found.emplace("[" + section + "] " + match[1].str(), match[2]);
  }
  return found;
}

TEST(ShippedConfig, LoadsAndEqualsTheDefaults) {
  const auto config = load_config(SHIPPED_CONFIG, {});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(*config, Config{});
}

TEST(ShippedConfig, ShowsEveryKeyOnceWithItsDefaultAndItsVariable) {
  const auto written = keys_written(false);
  Config defaults;
  EXPECT_EQ(written.size(), config_keys().size());
  for (const auto& row : config_keys()) {
    const std::string key = "[" + std::string(row.section) + "] " + std::string(row.name);
    ASSERT_EQ(written.count(key), 1U) << key;
    const std::string& line = written.find(key)->second;
    const Target target = row.target(defaults);
    const auto* number = std::get_if<std::int64_t*>(&target);
    const std::string value =
        number != nullptr ? std::to_string(**number) : "\"" + *std::get<std::string*>(target) + "\"";
    EXPECT_EQ(line.rfind(value, 0), 0U) << key << " = " << line;
    EXPECT_NE(line.find("[" + std::string(row.environment) + "]"), row.environment.empty() ? 0U : std::string::npos)
        << key;
  }
}

TEST(ShippedConfig, ShowsEveryKeyOfAProvider) {
  const auto written = keys_written(true);
  for (const auto& row : provider_keys()) {
    EXPECT_GE(written.count("[llm.provider] " + std::string(row.name)), 1U) << row.name;
  }
}

TEST(ShippedConfig, ProviderDefaultsAreShownAsTheyAre) {
  const auto written = keys_written(true);
  EXPECT_EQ(written.find("[llm.provider] connect_timeout_ms")->second,
            std::to_string(LlmProviderConfig{}.connect_timeout_ms));
  EXPECT_EQ(written.find("[llm.provider] total_timeout_ms")->second,
            std::to_string(LlmProviderConfig{}.total_timeout_ms));
}

}  // namespace
}  // namespace strawberry
