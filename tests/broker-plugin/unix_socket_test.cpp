// Clients on the broker's Unix socket: all have one address, the path of the socket.
#include <csignal>

#include "tests/broker-plugin/plugin_fixture.h"

namespace strawberry::test {
namespace {

class UnixSocket : public PluginInBroker {
 protected:
  UnixSocket() { start({}); }
  void start(std::vector<std::string> config) {
    auto options = broker_options();
    options.socket_path = hub_.socket_path();
    options.config = std::move(config);
    broker_ = std::make_unique<BrokerProcess>(options);
  }
  MqttTestClient::Options local(const std::string& client_id, const std::string& token) const {
    auto over_socket = options(client_id, token);
    over_socket.socket_path = hub_.socket_path();
    return over_socket;
  }
};

TEST_P(UnixSocket, ChecksTokensAsAnywhere) {
  EXPECT_EQ(MqttTestClient(local("speaker", "")).connect(), refused_code());
  EXPECT_EQ(MqttTestClient(local("speaker", "rubbish")).connect(), refused_code());
  const auto speaker = connected(local("speaker", hub_.device_token("speaker", "alice")));
  EXPECT_EQ(speaker->subscribe("skills/lamp/call"), denied_subscription());
  EXPECT_EQ(speaker->subscribe("skills/speaker/call"), 1);
}

TEST_P(UnixSocket, OneProgramsBadTokenTakesNoAnswerFromAnother) {
  start({"plugin_opt_failed_logins_max 2", "plugin_opt_failed_logins_per_minute 1"});
  for (int i = 0; i < 10; ++i) EXPECT_EQ(MqttTestClient(local("speaker", "rubbish")).connect(), refused_code()) << i;
  EXPECT_TRUE(connected(local("tablet", hub_.device_token("tablet", "alice")))->is_connected());
  // TCP has its own limit, which is unused so far.
  for (int i = 0; i < 2; ++i) EXPECT_EQ(MqttTestClient(options("speaker", "rubbish")).connect(), refused_code());
  EXPECT_EQ(MqttTestClient(options("speaker", "rubbish")).connect(), MqttTestClient::no_answer);
}

/// The plugin accepts the broker's questions about stored sessions while it reloads: no client may pass for one.
TEST_P(UnixSocket, NoClientPassesForAStoredSessionWhileTheBrokerReloads) {
  for (int i = 0; i < 20; ++i) {
    auto forged = local("dashboard", "");
    forged.user_name = "admin/admin//1767225600/tag/jti";
    broker_->process().signal(SIGHUP);
    EXPECT_EQ(MqttTestClient(forged).connect(), refused_code()) << i;
  }
  EXPECT_TRUE(broker_->process().is_running());
}

TEST_P(UnixSocket, AStoredSessionStaysItsOwnersAfterARestart) {
  auto durable = local("dashboard", hub_.user_token("alice"));
  durable.clean = false;
  durable.session_expiry_s = 3'600;
  connected(durable)->disconnect();
  broker_->stop();
  broker_->start();
  EXPECT_EQ(MqttTestClient(local("dashboard", hub_.user_token("bob"))).connect(), refused_code());
  EXPECT_TRUE(connected(durable)->session_present());
}

INSTANTIATE_TEST_SUITE_P(Mqtt, UnixSocket, ::testing::Values(4, 5));

}  // namespace
}  // namespace strawberry::test
