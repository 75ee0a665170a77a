// CONNECT packets that no client library sends.
#include "tests/broker-plugin/plugin_fixture.h"
#include "tests/support/wire_client.h"

namespace strawberry::test {
namespace {

class RawPackets : public PluginInBroker {
 protected:
  using Text = std::optional<std::string>;

  RawPackets() { start_broker(); }

  /// The reason in the CONNACK; WireClient::closed when the broker closed instead.
  int connack(const std::string& client_id, const Text& user_name, const Text& password,
              const std::string& properties = {}) const {
    wire::Connect connect;
    connect.version = GetParam();
    connect.client_id = client_id;
    connect.user_name = user_name;
    connect.password = password;
    connect.properties = properties;
    return WireClient(broker_->port(), connect).connect();
  }
  std::string token() const { return hub_.user_token("alice"); }
};

TEST_P(RawPackets, AGoodOneIsAccepted) {
  EXPECT_EQ(connack("free", "", token()), 0);
  EXPECT_EQ(connack("free", std::nullopt, token()), 0);
}

TEST_P(RawPackets, AnAuthenticationMethodIsNoWayAroundTheToken) {
  const std::string method = '\x15' + wire::with_length("PLAIN");
  const std::string data = '\x16' + wire::with_length("x");
  EXPECT_NE(connack("free", std::nullopt, std::nullopt, method), 0);
  EXPECT_NE(connack("free", "", "rubbish", method + data), 0);
}

TEST_P(RawPackets, CredentialsThatAreMissingOrCutAreRefused) {
  EXPECT_NE(connack("free", std::nullopt, std::nullopt), 0);
  EXPECT_NE(connack("free", "alice", std::nullopt), 0);
  EXPECT_NE(connack("free", "", ""), 0);
  EXPECT_NE(connack("free", "", std::string("\0", 1) + token()), 0);
  EXPECT_NE(connack("free", "", std::string(65'535, 'x')), 0);
  EXPECT_NE(connack("free", std::string(65'535, 'x'), token()), 0);
}

TEST_P(RawPackets, StrangeClientIdsAreRefused) {
  for (const std::string& id : {std::string("speaker\0x", 9), std::string("speaker\xe2\x80\xae"),
                                std::string(65'535, 'x'), std::string("a/+/#"), std::string("\x7f")}) {
    EXPECT_NE(connack(id, "", token()), 0);
  }
  EXPECT_TRUE(broker_->process().is_running());
}

INSTANTIATE_TEST_SUITE_P(Mqtt5, RawPackets, ::testing::Values(5));

}  // namespace
}  // namespace strawberry::test
