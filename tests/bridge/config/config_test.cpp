#include "bridge/config/config.h"

#include <gtest/gtest.h>

#include "tests/bridge/config/temp_dir.h"

namespace strawberry::bridge {
namespace {

class ConfigTest : public ::testing::Test {
 protected:
  Config load(const std::string& text, const Environment& environment = {}) {
    auto config = load_config(dir_.write("bridge.toml", text), environment);
    EXPECT_TRUE(config) << (config ? "" : config.error().message);
    return config ? *config : Config{};
  }
  TempDir dir_;
};

TEST_F(ConfigTest, NoFileMeansDefaults) { EXPECT_EQ(load_config("", {}).value(), Config{}); }

TEST_F(ConfigTest, EmptyFileMeansDefaults) { EXPECT_EQ(load(""), Config{}); }

TEST_F(ConfigTest, WhatIsSaidReplacesTheDefaultAndNothingElse) {
  Config expected;
  expected.broker.port = 2883;
  expected.data.directory = "/srv/hub";
  expected.log.format = "json";
  EXPECT_EQ(load("[broker]\nport = 2883\n[data]\ndirectory = '/srv/hub'\n[log]\nformat = 'json'\n"), expected);
}

TEST_F(ConfigTest, EnvironmentWinsOverTheFile) {
  const Environment environment = {{"STRAWBERRY_BROKER_HOST", "broker.lan"}, {"STRAWBERRY_BROKER_PORT", "8883"},
                                   {"STRAWBERRY_DATA_DIR", "/data"},         {"STRAWBERRY_LOG_LEVEL", "debug"},
                                   {"SKILL_EXPIRY_SECONDS", "60"},           {"PATH", "/bin"}};
  const Config config = load("[broker]\nport = 1\nhost = 'x'\n[skills]\nexpiry_s = 5\n", environment);
  EXPECT_EQ(config.broker.host, "broker.lan");
  EXPECT_EQ(config.broker.port, 8883);
  EXPECT_EQ(config.data.keys_file(), "/data/keys.json");
  EXPECT_EQ(config.data.database_file(), "/data/hub.db");
  EXPECT_EQ(config.log.level, "debug");
  EXPECT_EQ(config.skills.expiry_s, 60);
}

TEST_F(ConfigTest, TlsToTheBrokerIsAskedForByFileOrEnvironment) {
  EXPECT_FALSE(load("").broker.tls);
  const Config file = load("[broker]\ntls = true\nca_file = '/etc/ca.crt'\ntls_server_name = 'hub.lan'\n");
  const Config environment = load("", {{"STRAWBERRY_BROKER_TLS", "true"},
                                       {"STRAWBERRY_BROKER_CA_FILE", "/etc/ca.crt"},
                                       {"STRAWBERRY_BROKER_TLS_SERVER_NAME", "hub.lan"}});
  for (const Config& config : {file, environment}) {
    EXPECT_TRUE(config.broker.tls);
    EXPECT_EQ(config.broker.ca_file, "/etc/ca.crt");
    EXPECT_EQ(config.broker.tls_server_name, "hub.lan");
  }
  EXPECT_FALSE(load("[broker]\ntls = true\n", {{"STRAWBERRY_BROKER_TLS", "false"}}).broker.tls);
}

TEST_F(ConfigTest, TheBrokersSocketIsTheDataDirectorysUnlessSaidOtherwise) {
  const std::string data = "[data]\ndirectory = '/hub'\n";
  EXPECT_EQ(load(data).broker_socket(), (BrokerSocket{"/hub/broker.sock", false}));
  EXPECT_EQ(load(data + "[broker]\nhost = 'broker'\n").broker_socket(), BrokerSocket{});
  EXPECT_EQ(load(data + "[broker]\nsocket = ''\n").broker_socket(), BrokerSocket{});
  const Environment named = {{"STRAWBERRY_BROKER_SOCKET", "/data/b.sock"}};
  EXPECT_EQ(load(data + "[broker]\nhost = 'broker'\n", named).broker_socket(), (BrokerSocket{"/data/b.sock", true}));
  EXPECT_EQ(load(data, {{"STRAWBERRY_BROKER_SOCKET", "off"}}).broker_socket(), BrokerSocket{});
  EXPECT_EQ(load(data + "[broker]\nsocket = ''\n", {{"STRAWBERRY_BROKER_SOCKET", "auto"}}).broker_socket().path,
            "/hub/broker.sock");
}

TEST_F(ConfigTest, EmptyVariableCountsAsNotSet) {
  EXPECT_EQ(load("", {{"STRAWBERRY_BROKER_PORT", ""}, {"OPENAI_API_KEY", ""}}), Config{});
}

TEST_F(ConfigTest, OpenAiKeyInTheEnvironmentIsAProvider) {
  const Config config = load("", {{"OPENAI_API_KEY", "sk-1"}});
  ASSERT_EQ(config.llm.providers.size(), 1U);
  EXPECT_EQ(config.llm.providers[0].name, "openai");
  EXPECT_EQ(config.llm.providers[0].kind, "openai");
  EXPECT_EQ(config.llm.providers[0].base_url, "");
  EXPECT_EQ(config.llm.providers[0].model, "gpt-4o-mini");
  EXPECT_EQ(config.llm.providers[0].api_key, "sk-1");
}

TEST_F(ConfigTest, OpenAiUrlInTheEnvironmentIsAProviderWithoutAKey) {
  const Config config = load("", {{"OPENAI_BASE_URL", "http://127.0.0.1:11434/v1/"}, {"DEFAULT_MODEL", "llama3.2"}});
  ASSERT_EQ(config.llm.providers.size(), 1U);
  EXPECT_EQ(config.llm.providers[0].base_url, "http://127.0.0.1:11434/v1");
  EXPECT_EQ(config.llm.providers[0].model, "llama3.2");
  EXPECT_EQ(config.llm.providers[0].api_key, "");
}

constexpr const char* two_providers = R"([[llm.provider]]
name = "local"
base_url = "http://127.0.0.1:8080/v1"
model = "a"
[[llm.provider]]
name = "openai"
base_url = "https://api.openai.com/v1"
model = "b"
api_key_env = "MY_KEY"
total_timeout_ms = 20000
)";

TEST_F(ConfigTest, ProvidersKeepTheirOrderAndFetchTheirKeys) {
  const Config config = load(two_providers, {{"MY_KEY", "sk-2"}});
  ASSERT_EQ(config.llm.providers.size(), 2U);
  EXPECT_EQ(config.llm.providers[0].name, "local");
  EXPECT_EQ(config.llm.providers[0].api_key, "");
  EXPECT_EQ(config.llm.providers[1].api_key, "sk-2");
  EXPECT_EQ(config.llm.providers[1].total_timeout_ms, 20'000);
}

TEST_F(ConfigTest, OpenAiUrlInTheEnvironmentOverridesTheProviderOfThatNameOnly) {
  const Config config = load(two_providers, {{"MY_KEY", "sk-2"}, {"OPENAI_BASE_URL", "https://proxy.lan/v1"}});
  ASSERT_EQ(config.llm.providers.size(), 2U);
  EXPECT_EQ(config.llm.providers[0].base_url, "http://127.0.0.1:8080/v1");
  EXPECT_EQ(config.llm.providers[1].base_url, "https://proxy.lan/v1");
}

TEST_F(ConfigTest, AKeyThatTheFileChoseStays) {
  const Environment environment = {{"MY_KEY", "sk-2"}, {"OPENAI_API_KEY", "sk-3"}};
  EXPECT_EQ(load(two_providers, environment).llm.providers.at(1).api_key, "sk-2");
  dir_.write("openai.key", "sk-file\n");
  const Config config = load("[[llm.provider]]\nname='openai'\nmodel='m'\napi_key_file='openai.key'\n", environment);
  EXPECT_EQ(config.llm.providers.at(0).api_key, "sk-file");
}

TEST_F(ConfigTest, AKeyOfTheEnvironmentGoesNowhereElseUnlessTheFileSaysSo) {
  const auto key_at = [this](const std::string& more, Environment environment = {}) {
    environment["OPENAI_API_KEY"] = "sk-3";
    return load("[[llm.provider]]\nname='openai'\nmodel='m'\n" + more, environment).llm.providers.at(0).api_key;
  };
  for (const char* home : {"", "base_url='https://api.openai.com/v1'", "base_url='https://api.openai.com'"})
    EXPECT_EQ(key_at(home), "sk-3") << home;
  for (const char* elsewhere : {"http://127.0.0.1:8080/v1", "http://api.openai.com/v1",
                                "https://api.openai.com.evil.lan", "https://api.openai.com:8443/v1"})
    EXPECT_EQ(key_at("base_url='" + std::string(elsewhere) + "'"), "") << elsewhere;
  EXPECT_EQ(key_at("base_url='https://proxy.lan/v1'\napi_key_env='OPENAI_API_KEY'"), "sk-3");
  EXPECT_EQ(key_at("base_url='https://api.openai.com/v1'", {{"OPENAI_BASE_URL", "https://proxy.lan/v1"}}), "sk-3")
      << "both are of the environment: they belong together";
}

TEST_F(ConfigTest, KeyFileIsFoundBesideTheConfiguration) {
  dir_.write("openai.key", "sk-file\n");
  const Config config =
      load("[[llm.provider]]\nname='x'\nbase_url='https://x.lan/v1'\nmodel='m'\napi_key_file='openai.key'\n");
  ASSERT_EQ(config.llm.providers.size(), 1U);
  EXPECT_EQ(config.llm.providers[0].api_key, "sk-file");
}

TEST_F(ConfigTest, EachKnownVariableIsAProviderInAFixedOrder) {
  const Config config = load("", {{"OLLAMA_HOST", "box.lan"},
                                  {"GEMINI_API_KEY", "g"},
                                  {"GOOGLE_API_KEY", "never"},
                                  {"ANTHROPIC_API_KEY", "a"},
                                  {"OPENAI_API_KEY", "o"},
                                  {"DEFAULT_MODEL", "gpt-x"}});
  std::vector<std::string> all;
  for (const auto& provider : config.llm.providers)
    all.push_back(provider.name + " " + provider.kind + " " + provider.model + " " + provider.api_key);
  EXPECT_EQ(all, (std::vector<std::string>{"openai openai gpt-x o", "anthropic anthropic claude-haiku-4-5 a",
                                           "gemini gemini gemini-flash-latest g", "ollama ollama llama3.2 "}));
  EXPECT_EQ(config.llm.providers[3].base_url, "http://box.lan:11434");
  EXPECT_EQ(load("", {{"GOOGLE_API_KEY", "g"}}).llm.providers.at(0).api_key, "g");
}

TEST_F(ConfigTest, OllamaHostIsReadAsOllamaDoes) {
  const std::pair<const char*, const char*> hosts[] = {{"127.0.0.1:9999", "http://127.0.0.1:9999"},
                                                       {"0.0.0.0", "http://127.0.0.1:11434"},
                                                       {"0.0.0.0:8000", "http://127.0.0.1:8000"},
                                                       {":8000", "http://127.0.0.1:8000"},
                                                       {"[::1]", "http://[::1]:11434"},
                                                       {"::1", "http://[::1]:11434"},
                                                       {"fe80::1", "http://[fe80::1]:11434"},
                                                       {"::", "http://127.0.0.1:11434"},
                                                       {"[::]:8000", "http://127.0.0.1:8000"},
                                                       {"https://box.lan", "https://box.lan"},
                                                       {"http://box.lan:1/ollama/", "http://box.lan:1/ollama"}};
  for (const auto& [host, url] : hosts)
    EXPECT_EQ(load("", {{"OLLAMA_HOST", host}}).llm.providers.at(0).base_url, url) << host;
}

TEST_F(ConfigTest, VariablesAddNoProviderToThoseOfTheFile) {
  const Environment environment = {
      {"ANTHROPIC_API_KEY", "a"}, {"GEMINI_API_KEY", "g"}, {"OLLAMA_HOST", "x"}, {"MY_KEY", "sk"}};
  EXPECT_EQ(load(two_providers, environment).llm.providers.size(), 2U);
  const Config config = load(
      "[[llm.provider]]\nname='anthropic'\nkind='anthropic'\nmodel='m'\n"
      "[[llm.provider]]\nname='gemini'\nbase_url='http://proxy.lan/v1'\nmodel='m'\n",
      environment);
  EXPECT_EQ(config.llm.providers.at(0).api_key, "a");
  EXPECT_EQ(config.llm.providers.at(1).api_key, "") << "of another kind: not whose key that is";
}

TEST_F(ConfigTest, AliasesAreOtherNamesForModels) {
  const Config config = load("[llm.aliases]\nfast = 'groq/llama-3.1-8b'\n'gpt-4.1' = 'openai/gpt-4.1'\n");
  EXPECT_EQ(config.llm.aliases,
            (std::map<std::string, std::string>{{"fast", "groq/llama-3.1-8b"}, {"gpt-4.1", "openai/gpt-4.1"}}));
}

TEST_F(ConfigTest, LookingForALocalModelCanBeSwitchedOff) {
  EXPECT_TRUE(load("").llm.find_local);
  EXPECT_FALSE(load("[llm]\nfind_local = false\n").llm.find_local);
  EXPECT_FALSE(load("", {{"STRAWBERRY_FIND_LOCAL", "false"}}).llm.find_local);
  EXPECT_TRUE(load("[llm]\nfind_local = false\n", {{"STRAWBERRY_FIND_LOCAL", "true"}}).llm.find_local);
  EXPECT_EQ(load("", {{"DEFAULT_MODEL", "qwen3"}}).llm.default_model, "qwen3");
}

TEST_F(ConfigTest, ProcessEnvironmentHasThePath) { EXPECT_TRUE(process_environment().contains("PATH")); }

}  // namespace
}  // namespace strawberry::bridge
