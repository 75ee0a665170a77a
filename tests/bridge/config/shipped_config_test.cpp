// config/bridge.toml is the reference of every key: it must name them all and tell the truth.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include "bridge/config/key_table.h"
#include "tests/bridge/config/temp_dir.h"

namespace strawberry::bridge {
namespace {

/// `[section] key` → its line, from the lines that are written `key = value`, or `# key = value` when `commented`.
std::multimap<std::string, std::string> keys_written(bool commented) {
  std::multimap<std::string, std::string> found;
  const std::string start = commented ? "^# " : "^";
  const std::regex header(start + R"(\[+([a-z_.]+)\]+.*)");
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

std::string written_as(const Target& target) {
  if (const auto* number = std::get_if<std::int64_t*>(&target)) return std::to_string(**number);
  if (const auto* flag = std::get_if<bool*>(&target)) return **flag ? "true" : "false";
  return "\"" + *std::get<std::string*>(target) + "\"";
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
    const std::string value = written_as(target);
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
  LlmProviderConfig defaults;
  for (const auto& row : provider_keys()) {
    if (!std::holds_alternative<IntegerRange>(row.allowed) && row.name != "kind") continue;
    const std::string& line = written.find("[llm.provider] " + std::string(row.name))->second;  // the first one
    EXPECT_EQ(line.substr(0, line.find(' ')), written_as(row.target(defaults))) << row.name;
  }
}

TEST(ShippedConfig, WhatItShowsOfProvidersAndAliasesIsAccepted) {
  std::ifstream stream(SHIPPED_CONFIG);
  const std::regex example(R"(# (\[.*|[a-z_]+ = .*))");
  std::string text;
  std::smatch match;
  for (std::string line; std::getline(stream, line);) {
    if (std::regex_match(line, match, example) && line.find("api_key_file") == std::string::npos)
      text += match[1].str() + "\n";
  }
  const TempDir dir;
  const auto config =
      load_config(dir.write("bridge.toml", text), {{"OPENAI_API_KEY", "sk-1"}, {"GROQ_API_KEY", "gsk-1"}});
  ASSERT_TRUE(config) << config.error().message << "\n" << text;
  EXPECT_EQ(config->llm.providers.size(), 4U);
  EXPECT_EQ(config->llm.aliases.at("home"), "ollama");
}

}  // namespace
}  // namespace strawberry::bridge
