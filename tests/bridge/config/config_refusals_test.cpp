// What the configuration refuses, and with which words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bridge/config/config.h"
#include "bridge/config/key_table.h"
#include "tests/bridge/config/temp_dir.h"

namespace strawberry::bridge {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ConfigRefusals : public ::testing::Test {
 protected:
  /// The complaint without the folder in front; `accepted` when there is none.
  std::string complaint(const std::string& text, const Environment& environment = {}) {
    const auto config = load_config(dir_.write("bridge.toml", text), environment);
    if (config) return "accepted";
    std::string message = config.error().message;
    for (auto at = message.find(dir_.path() + "/"); at != std::string::npos; at = message.find(dir_.path() + "/")) {
      message.erase(at, dir_.path().size() + 1);
    }
    return message;
  }
  std::string provider(const std::string& more, const Environment& environment = {}) {
    return complaint("[[llm.provider]]\nname = 'x'\nbase_url = 'https://x.lan/v1'\nmodel = 'm'\n" + more, environment);
  }
  TempDir dir_;
};

TEST_F(ConfigRefusals, WrongTypeIsRefusedWithFileAndLine) {
  EXPECT_EQ(complaint("# a comment\n[limits]\nopen_calls_max = \"many\"\n"),
            "bridge.toml:3: [limits] open_calls_max must be an integer from 1 to 1000000, not \"many\"");
  EXPECT_EQ(complaint("[broker]\nhost = 7\n"),
            "bridge.toml:2: [broker] host must be a host name or address without scheme and port, not 7");
  EXPECT_EQ(complaint("[broker]\nport = 1883.0\n"),
            "bridge.toml:2: [broker] port must be an integer from 1 to 65535, not a fraction");
  EXPECT_EQ(complaint("[log]\nlevel = 'loud'\n"),
            "bridge.toml:2: [log] level must be trace, debug, info, warn, error or off, not \"loud\"");
  EXPECT_EQ(complaint("[log]\nformat = 'xml'\n"), "bridge.toml:2: [log] format must be human or json, not \"xml\"");
}

TEST_F(ConfigRefusals, AProxyIsAUrlOrAWordAndIsNotRepeated) {
  for (const char* proxy : {"", "none", "environment", "http://proxy.lan:3128", "http://me:sk-secret@proxy.lan:3128/",
                            "https://proxy.lan", "socks5h://[fe80::1]:1080"})
    EXPECT_EQ(provider("proxy = '" + std::string(proxy) + "'\n"), "accepted") << proxy;
  for (const char* proxy : {"proxy.lan:3128", "ftp://me:sk-secret@proxy.lan", "http://", "http://me:sk-secret@",
                            "http://sk-secret proxy.lan", "http://proxy.lan?sk-secret", "direct"}) {
    const auto words = provider("proxy = '" + std::string(proxy) + "'\n");
    EXPECT_THAT(words, HasSubstr("[llm.provider] proxy must be environment, none, or the URL of a proxy")) << proxy;
    EXPECT_THAT(words, Not(HasSubstr("sk-secret")));
  }
}

TEST_F(ConfigRefusals, EverythingThatIsWrongIsTold) {
  const std::string path = dir_.write("bridge.toml",
                                      "[broker]\nhost = 7\nport = 0\n[limits]\nwishes_max = 3\n[timeouts]\n"
                                      "sandbox_ms = 60000\n[wishes]\na = 1\n[[llm.provider]]\nname = 'a'\n"
                                      "api_key_env = 'NOWHERE'\nretries_max = -1\n");
  const auto checked = check_config(path, {{"STRAWBERRY_LOG_LEVEL", "loud"}});
  const auto expect_told = [](const CheckedConfig& config, const std::string& text) {
    EXPECT_THAT(config.problems, ::testing::Contains(HasSubstr(text)));
  };
  for (const char* told :
       {":2: [broker] host", ":3: [broker] port", ":5: [limits] has no key \"wishes_max\"", "[timeouts] sandbox_ms",
        ":8: \"wishes\" is not a section", "needs a model", ":13: [llm.provider] retries_max"}) {
    expect_told(checked, told);
    expect_told(check_config_file(path), told);
  }
  expect_told(checked, "environment variable STRAWBERRY_LOG_LEVEL");
  expect_told(checked, "NOWHERE, which is not set");
  EXPECT_EQ(check_config_file(path).problems.size() + 2, checked.problems.size()) << "it has no environment";
  EXPECT_TRUE(check_config("", {}).problems.empty());
  std::string many = "[limits]\n";
  for (int i = 0; i < 200; ++i) many += "x" + std::to_string(i) + " = 1\n";
  EXPECT_EQ(check_config(dir_.write("bridge.toml", many), {}).problems.size(), config_problems_max);
}

TEST_F(ConfigRefusals, AHostIsNoUrlAndHasNoPort) {
  for (const char* host : {"hub:1883", "mqtt://hub", "hub/", ":1883", "hub lan"})
    EXPECT_THAT(complaint("[broker]\nhost = '" + std::string(host) + "'\n"),
                HasSubstr("host must be a host name or address without scheme and port"))
        << host;
  for (const char* host : {"hub", "hub.lan", "192.168.1.2", "::1", "fe80::1%eth0"})
    EXPECT_EQ(complaint("[broker]\nhost = '" + std::string(host) + "'\n"), "accepted") << host;
}

TEST_F(ConfigRefusals, ASocketIsAPathThatTheSystemTakes) {
  EXPECT_EQ(complaint("[broker]\nsocket = 'on'\n"),
            "bridge.toml:2: [broker] socket must be auto, off, or the path of a Unix socket: with a slash, at most 107 "
            "bytes, not \"on\"");
  const std::string longest = "/" + std::string(106, 'x');
  EXPECT_EQ(complaint("[broker]\nsocket = '" + longest + "'\n"), "accepted");
  EXPECT_THAT(complaint("[broker]\nsocket = '" + longest + "x'\n"), HasSubstr("not a text of 108 bytes"));
  EXPECT_THAT(complaint("", {{"STRAWBERRY_BROKER_SOCKET", "broker.sock"}}),
              HasSubstr("variable STRAWBERRY_BROKER_SOCKET must be auto, off, or the path"));
  for (const char* socket : {"auto", "off", "", "./broker.sock", "/run/strawberry hub/broker.sock"})
    EXPECT_EQ(complaint("[broker]\nsocket = '" + std::string(socket) + "'\n"), "accepted") << socket;
}

TEST_F(ConfigRefusals, MetricsAreAtAnAddressNotAName) {
  EXPECT_EQ(complaint("[metrics]\naddress = 'localhost'\n"),
            "bridge.toml:2: [metrics] address must be an IP address such as 127.0.0.1 or ::1, not \"localhost\"");
  for (const char* address : {"127.1", "127.0.0.1:9464", "[::1]", "127.0.0.1%lo", "fe80::1%", "hub.lan"})
    EXPECT_THAT(complaint("[metrics]\naddress = '" + std::string(address) + "'\n"), HasSubstr("an IP address"))
        << address;
  for (const char* address : {"127.0.0.1", "0.0.0.0", "::", "::1", "fe80::1%eth0"})
    EXPECT_EQ(complaint("[metrics]\naddress = '" + std::string(address) + "'\n"), "accepted") << address;
}

TEST_F(ConfigRefusals, UsersAreIdsWithASpaceBetweenThem) {
  EXPECT_EQ(complaint("[home_assistant]\noff_for = 'bob, carol'\n"),
            "bridge.toml:2: [home_assistant] off_for must be ids with a space between them, not \"bob, carol\"");
  for (const char* users : {"", "bob", "bob carol", " bob  carol "})
    EXPECT_EQ(complaint("[home_assistant]\noff_for = '" + std::string(users) + "'\n"), "accepted") << users;
}

TEST_F(ConfigRefusals, UnknownKeyIsRefusedAndTheKnownOnesNamed) {
  EXPECT_EQ(complaint("[skills]\nexpiry = 5\n"),
            "bridge.toml:2: [skills] has no key \"expiry\"; it knows: expiry_s, confirm");
  EXPECT_THAT(
      complaint("[llm]\nmodel = 'x'\n"),
      HasSubstr("[llm] has no key \"model\"; it knows: find_local, ollama_port, llama_cpp_port, aliases, provider"));
}

TEST_F(ConfigRefusals, UnknownSectionIsRefusedAndTheKnownOnesNamed) {
  EXPECT_THAT(complaint("[brokers]\n"),
              HasSubstr("bridge.toml:1: \"brokers\" is not a section; there are: [broker], "));
  EXPECT_THAT(complaint("port = 1883\n"), HasSubstr("\"port\" is not a section"));
  EXPECT_THAT(complaint("broker = 1883\n"), HasSubstr("\"broker\" is not a section"));
}

TEST_F(ConfigRefusals, BrokenTomlIsRefusedWithItsLine) {
  EXPECT_THAT(complaint("[broker]\nport = \n"), HasSubstr("bridge.toml:2: "));
  EXPECT_THAT(complaint("[broker]\nport = 1\nport = 2\n"), HasSubstr("bridge.toml:3: "));
  EXPECT_THAT(complaint("\xff\xfe"), HasSubstr("bridge.toml:1: "));
  EXPECT_THAT(complaint("a = " + std::string(20'000, '[')), HasSubstr("bridge.toml:1: "));
}

TEST_F(ConfigRefusals, EveryNumberHasItsRange) {
  for (const auto& row : config_keys()) {
    const auto* range = std::get_if<IntegerRange>(&row.allowed);
    if (range == nullptr) continue;
    for (const std::int64_t value : {range->least - 1, range->most + 1}) {
      const std::string text =
          "[" + std::string(row.section) + "]\n" + std::string(row.name) + " = " + std::to_string(value) + "\n";
      EXPECT_THAT(complaint(text), HasSubstr("bridge.toml:2: [" + std::string(row.section) + "] " +
                                             std::string(row.name) + " must be an integer from "));
    }
  }
}

TEST_F(ConfigRefusals, TimeoutsOutOfOrderAreRefusedNamingTheTwo) {
  EXPECT_EQ(
      complaint("[timeouts]\nlocal_skill_ms = 30000\n"),
      "bridge.toml: [timeouts] local_skill_ms (30000) must be less than remote_skill_call_ms (30000): who waits must "
      "wait longer than what it waits for");
  EXPECT_THAT(complaint("[timeouts]\nsandbox_ms = 10000\n"), HasSubstr("sandbox_ms (10000) must be less than local_"));
  EXPECT_THAT(complaint("[timeouts]\ninterface_ms = 29999\n"),
              HasSubstr("remote_skill_call_ms (30000) must be less than interface_ms (29999)"));
}

TEST_F(ConfigRefusals, ReconnectPausesOutOfOrderAreRefused) {
  EXPECT_THAT(complaint("[broker]\nreconnect_min_ms = 6000\n"), HasSubstr("must not be more than reconnect_max_ms"));
}

TEST_F(ConfigRefusals, BadVariableIsRefusedByItsName) {
  EXPECT_EQ(complaint("", {{"STRAWBERRY_BROKER_PORT", "mqtt"}}),
            "environment variable STRAWBERRY_BROKER_PORT must be an integer from 1 to 65535, not \"mqtt\"");
  for (const char* value : {" 60", "60s", "0x3c", "-1", "1e3", "99999999999999999999"}) {
    EXPECT_THAT(complaint("", {{"SKILL_EXPIRY_SECONDS", value}}),
                HasSubstr("environment variable SKILL_EXPIRY_SECONDS must be"));
  }
  EXPECT_THAT(complaint("", {{"STRAWBERRY_LOG_LEVEL", "\x1b[31m"}}), Not(HasSubstr("\x1b")));
  EXPECT_THAT(complaint("", {{"OPENAI_BASE_URL", "api.openai.com"}}), HasSubstr("OPENAI_BASE_URL must be an http"));
  EXPECT_THAT(complaint("", {{"OPENAI_API_KEY", "k"}, {"DEFAULT_MODEL", "a\nb"}}), HasSubstr("DEFAULT_MODEL"));
}

TEST_F(ConfigRefusals, MissingFileIsSaidToBeMissing) {
  EXPECT_EQ(load_config("/nonexistent/bridge.toml", {}).error().message, "/nonexistent/bridge.toml cannot be read");
  EXPECT_THAT(load_config(dir_.path(), {}).error().message, HasSubstr("cannot be read"));
}

TEST_F(ConfigRefusals, HugeFileIsRefused) {
  EXPECT_EQ(complaint(std::string(70'000, '#')), "bridge.toml is larger than 65536 bytes");
}

TEST_F(ConfigRefusals, KeyInTheFileIsRefusedAndNotRepeated) {
  const std::string words = provider("api_key = 'sk-secret'\n");
  EXPECT_THAT(words, HasSubstr("bridge.toml:5: [llm.provider] a key does not belong into this file"));
  EXPECT_THAT(words, Not(HasSubstr("sk-secret")));
}

TEST_F(ConfigRefusals, KeyInTheWrongPlaceIsNotRepeated) {
  EXPECT_EQ(provider("api_key_env = 'sk-secret'\n"),
            "bridge.toml:5: [llm.provider] api_key_env must be the name of an environment variable (A-Z, 0-9, _)");
  const std::string url = complaint("[[llm.provider]]\nname='x'\nmodel='m'\nbase_url='https://me:sk-secret@x.lan'\n");
  EXPECT_THAT(url, HasSubstr("base_url must be an http:// or https:// URL"));
  EXPECT_THAT(url, Not(HasSubstr("sk-secret")));
  EXPECT_THAT(complaint("", {{"OPENAI_BASE_URL", "https://me:sk-secret@x.lan"}}), Not(HasSubstr("sk-secret")));
}

TEST_F(ConfigRefusals, VariableWithoutAKeyIsRefusedByItsName) {
  EXPECT_EQ(provider("api_key_env = 'MY_KEY'\n"),
            "the provider x wants its key in the environment variable MY_KEY, which is not set");
}

TEST_F(ConfigRefusals, KeyThatWouldBreakAHeaderIsRefusedAndNotRepeated) {
  const std::string words = provider("api_key_env = 'MY_KEY'\n", {{"MY_KEY", "sk-secret\r\nHost: evil"}});
  EXPECT_THAT(words, HasSubstr("environment variable MY_KEY must be a key"));
  EXPECT_THAT(words, Not(HasSubstr("sk-secret")));
}

TEST_F(ConfigRefusals, KeyFileThatOthersCanReadIsRefused) {
  dir_.write("open.key", "sk-secret\n", 0644);
  EXPECT_THAT(provider("api_key_file = 'open.key'\n"), HasSubstr("open.key is open to others"));
}

TEST_F(ConfigRefusals, KeyFileThatHoldsNoKeyIsRefused) {
  dir_.write("two.key", "sk-1\nsk-2\n");
  dir_.write("empty.key", "\n");
  dir_.write("huge.key", std::string(5000, 'x'));
  for (const char* name : {"two.key", "empty.key", "huge.key"}) {
    EXPECT_THAT(provider("api_key_file = '" + std::string(name) + "'\n"), HasSubstr("must hold one key on one line"));
  }
  EXPECT_THAT(provider("api_key_file = 'none.key'\n"), HasSubstr("none.key cannot be read"));
  EXPECT_THAT(provider("api_key_file = '.'\n"), HasSubstr("is not a file"));
}

TEST_F(ConfigRefusals, ProviderNeedsNameAndModel) {
  EXPECT_THAT(complaint("[[llm.provider]]\n"), HasSubstr("bridge.toml:1: [llm.provider] needs a name"));
  EXPECT_THAT(complaint("[[llm.provider]]\nname='x'\nbase_url='http://x'\n"), HasSubstr("needs a model"));
}

TEST_F(ConfigRefusals, ProviderIsOfAKnownKindAndWithinItsRanges) {
  EXPECT_EQ(provider("kind = 'cohere'\n"),
            "bridge.toml:5: [llm.provider] kind must be openai, anthropic, gemini or ollama, not \"cohere\"");
  for (const auto& row : provider_keys()) {
    const auto* range = std::get_if<IntegerRange>(&row.allowed);
    if (range == nullptr) continue;
    for (const std::int64_t value : {range->least - 1, range->most + 1})
      EXPECT_THAT(provider(std::string(row.name) + " = " + std::to_string(value) + "\n"),
                  HasSubstr("bridge.toml:5: [llm.provider] " + std::string(row.name) + " must be an integer from "));
    for (const std::int64_t value : {range->least, range->most})
      EXPECT_EQ(provider(std::string(row.name) + " = " + std::to_string(value) + "\n"), "accepted");
  }
}

TEST_F(ConfigRefusals, FlagIsTrueOrFalse) {
  EXPECT_EQ(complaint("[llm]\nfind_local = 'yes'\n"),
            "bridge.toml:2: [llm] find_local must be true or false, not \"yes\"");
  EXPECT_THAT(complaint("", {{"STRAWBERRY_FIND_LOCAL", "no"}}),
              HasSubstr("STRAWBERRY_FIND_LOCAL must be true or false, not \"no\""));
}

TEST_F(ConfigRefusals, AliasStandsForOneModelAndIsNobodyElsesName) {
  EXPECT_THAT(complaint("[llm]\naliases = 'x'\n"), HasSubstr("bridge.toml:2: aliases are written as [llm.aliases]"));
  EXPECT_THAT(complaint("[llm.aliases]\nfast = 7\n"), HasSubstr("bridge.toml:2: [llm.aliases] fast must be a text"));
  EXPECT_THAT(complaint("[llm.aliases]\n'a/b' = 'x'\n"), HasSubstr("[llm.aliases] \"a/b\" must be a name"));
  EXPECT_EQ(provider("[llm.aliases]\nx = 'gpt'\n"), "bridge.toml: [llm.aliases] x is the name of a provider");
  EXPECT_EQ(complaint("[llm.aliases]\nrules = 'gpt'\n"), "bridge.toml: [llm.aliases] rules is the name of a provider");
  EXPECT_EQ(complaint("[llm.aliases]\na = 'b'\nb = 'c'\n"),
            "bridge.toml: [llm.aliases] a stands for b, which is an alias itself");
  std::string many = "[llm.aliases]\n";
  for (std::size_t i = 0; i < aliases_max; ++i) many += "a" + std::to_string(i) + " = 'm'\n";
  EXPECT_EQ(complaint(many), "accepted");
  EXPECT_THAT(complaint(many + "one_more = 'm'\n"), HasSubstr("at most 64 [llm.aliases]"));
}

TEST_F(ConfigRefusals, VariableOfAProviderIsRefusedByItsNameAndAKeyNotRepeated) {
  for (const char* name : {"ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"}) {
    const std::string words = complaint("", {{name, "sk secret"}});
    EXPECT_THAT(words, HasSubstr("environment variable " + std::string(name) + " must be a key"));
    EXPECT_THAT(words, Not(HasSubstr("secret")));
  }
  EXPECT_THAT(complaint("", {{"OLLAMA_HOST", "me:secret@x"}}), HasSubstr("variable OLLAMA_HOST must be a host"));
  EXPECT_THAT(complaint("", {{"OLLAMA_HOST", "ftp://x"}}), HasSubstr("variable OLLAMA_HOST must be a host"));
}

TEST_F(ConfigRefusals, ProvidersAreAListOfTablesWithDifferentNames) {
  EXPECT_THAT(complaint("[llm.provider]\nname='x'\n"), HasSubstr("written as [[llm.provider]]"));
  EXPECT_THAT(complaint("[llm]\nprovider = [1]\n"), HasSubstr("written as [[llm.provider]]"));
  EXPECT_THAT(provider("[[llm.provider]]\nname='x'\nbase_url='http://x'\nmodel='m'\n"),
              HasSubstr("bridge.toml:5: [llm.provider] name \"x\" is taken"));
  EXPECT_THAT(provider("[[llm.provider]]\nname='rules'\nbase_url='http://x'\nmodel='m'\n"),
              HasSubstr("it is the hub's own"));
  EXPECT_THAT(provider("api_key_env='A'\napi_key_file='b'\n"), HasSubstr("not both"));
}

TEST_F(ConfigRefusals, MoreProvidersThanPossibleAreRefused) {
  std::string text;
  for (std::size_t i = 0; i <= providers_max; ++i) text += "[[llm.provider]]\nname='x'\n";
  EXPECT_THAT(complaint(text), HasSubstr("at most 16 [[llm.provider]]"));
}

}  // namespace
}  // namespace strawberry::bridge
