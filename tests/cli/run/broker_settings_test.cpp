#include "cli/run/broker_settings.h"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

namespace strawberry::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string pattern(const std::string& name) {
  std::ifstream file(STRAWBERRY_SOURCE_DIR "/config/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

BrokerSettings plain() {
  BrokerSettings settings;
  settings.port = 1884;
  settings.listen = "127.0.0.1";
  settings.data_dir = "/hub";
  settings.plugin = "/lib/strawberry_auth.so";
  settings.user = "alice";
  return settings;
}

/// Made from the shipped patterns.
std::string text_of(const BrokerSettings& settings) {
  const auto text = broker_settings_text(pattern("mosquitto.conf"), pattern("mosquitto-tls.conf"), settings);
  EXPECT_TRUE(text) << text.error().message;
  return "\n" + text.value_or("");
}

TEST(BrokerSettings, FillWhatThePatternLeavesOpen) {
  const std::string text = text_of(plain());
  EXPECT_THAT(text, HasSubstr("\nlistener 0 /hub/broker.sock\n"));
  EXPECT_THAT(text, HasSubstr("\nlistener 1884 127.0.0.1\n"));
  EXPECT_THAT(text, HasSubstr("\nplugin /lib/strawberry_auth.so\nplugin_opt_keys /hub/keys.json\n"));
  EXPECT_THAT(text, HasSubstr("\nuser alice\n"));
  EXPECT_THAT(text, HasSubstr("\npersistence_location /hub/\n"));
  EXPECT_THAT(text, Not(HasSubstr("_per_second 0")));
}

TEST(BrokerSettings, WithTlsListenWithTlsAlone) {
  BrokerSettings settings = plain();
  settings.wss_port = 8885;
  settings.listen = "::";
  const std::string text = text_of(settings);
  EXPECT_THAT(text, HasSubstr("\nlistener 1884 ::\ncertfile /hub/tls/server.crt\n"));
  EXPECT_THAT(text, HasSubstr("\nlistener 8885 ::\nprotocol websockets\nsocket_domain ipv6\n"));
  EXPECT_THAT(text, Not(HasSubstr("\nlistener 1884 127.0.0.1\n"))) << "tokens would be readable on the way";
}

TEST(BrokerSettings, NameTheSocketWithoutItsDirectoryWhenThatHasASpace) {
  BrokerSettings settings = plain();
  settings.data_dir = "/my hub";
  const std::string text = text_of(settings);
  EXPECT_THAT(text, HasSubstr("\nlistener 0 broker.sock\n"));
  EXPECT_THAT(text, HasSubstr("\nplugin_opt_keys /my hub/keys.json\n"));
}

TEST(BrokerSettings, HaveNoSocketWhereThereCanBeNone) {
  BrokerSettings settings = plain();
  settings.socket = false;
  EXPECT_THAT(text_of(settings), Not(HasSubstr("\nlistener 0")));
}

TEST(BrokerSettings, SwitchTheRatesOffBehindThePlugin) {
  BrokerSettings settings = plain();
  settings.rate_limits = false;
  const std::string text = text_of(settings);
  for (const char* rate : {"messages", "bytes", "connections", "user_messages", "user_bytes"}) {
    EXPECT_THAT(text, HasSubstr("\nplugin_opt_" + std::string(rate) + "_per_second 0\n"));
  }
  EXPECT_LT(text.find("\nplugin /lib"), text.find("_per_second 0"));
}

TEST(BrokerSettings, TakeAValueLiterally) {
  BrokerSettings settings = plain();
  settings.data_dir = "/hub@PORT@";
  EXPECT_THAT(text_of(settings), HasSubstr("\nplugin_opt_database /hub@PORT@/hub.db\n"));
}

TEST(BrokerSettings, AreRefusedWhenThePatternLacksALineThatIsToBeReplaced) {
  BrokerSettings settings = plain();
  settings.wss_port = 8885;
  const auto text = broker_settings_text("listener 1883\n", "", settings);
  ASSERT_FALSE(text);
  EXPECT_THAT(text.error().message, HasSubstr("no line 'listener @PORT@ 127.0.0.1'"));
}

}  // namespace
}  // namespace strawberry::cli
