// Presence in a real Mosquitto, where wills, takeovers and restarts come in the broker's own order.
#include <signal.h>

#include "tests/broker-plugin/plugin_fixture.h"

namespace strawberry::test {
namespace {

using namespace std::chrono_literals;

class PresenceInBroker : public PluginInBroker {
 protected:
  PresenceInBroker() { start_broker(); }

  MqttTestClient::Options with_will(const std::string& client_id) const {
    auto options_with_will = options(client_id, hub_.device_token("speaker", "alice"));
    options_with_will.will.emplace();
    options_with_will.will->topic = "devices/speaker/status";
    options_with_will.will->payload = R"({"state":"offline","by":"will"})";
    options_with_will.will->retained = true;
    return options_with_will;
  }
  /// The status for a new subscriber.
  std::string retained_state(const std::string& device_id) const {
    const auto boss = admin();
    EXPECT_EQ(boss->subscribe("devices/" + device_id + "/status"), 1);
    const auto status = boss->wait_for("devices/" + device_id + "/status", 1s);
    if (!status) return "none";
    return nlohmann::json::parse(status->payload).value("state", "");
  }
};

TEST_P(PresenceInBroker, IsRightForADeviceWithoutAWill) {
  const auto tablet = device("tablet", "alice");
  ASSERT_EQ(tablet->subscribe("devices/+/status"), 1);
  auto speaker = device("speaker", "alice");
  const auto online = wait_for_state(*tablet, "speaker", "online");
  ASSERT_TRUE(online);
  EXPECT_EQ(online->at("device_id"), "speaker");
  EXPECT_EQ(online->at("name"), "Living Room Speaker");
  EXPECT_EQ(online->at("reason"), "connected");
  EXPECT_EQ(online->at("v"), 1);
  EXPECT_EQ(retained_state("speaker"), "online");

  const auto dropped_at = std::chrono::steady_clock::now();
  speaker->drop();
  ASSERT_TRUE(wait_for_state(*tablet, "speaker", "offline"));
  // A call that waits for this device ends now, not at the broker's next idle moment.
  EXPECT_LT(std::chrono::steady_clock::now() - dropped_at, 1s);
  EXPECT_EQ(retained_state("speaker"), "offline");

  speaker = device("speaker", "alice");
  ASSERT_TRUE(wait_for_state(*tablet, "speaker", "online"));
  speaker->disconnect();
  ASSERT_TRUE(wait_for_state(*tablet, "speaker", "offline"));
}

TEST_P(PresenceInBroker, IsSeenByTheOwnersOthersOnly) {
  const auto lamp = device("lamp", "bob");
  const auto bob = user("bob");
  const auto speaker = device("speaker", "alice");
  for (const auto* client : {&lamp, &bob}) {
    ASSERT_EQ((*client)->subscribe("devices/+/status"), 1);
    ASSERT_TRUE(wait_for_state(**client, "lamp", "online"));  // retained; alice's are not among them
  }
  const auto tablet = device("tablet", "alice");
  ASSERT_EQ(lamp->publish("devices/lamp/status", R"({"state":"online","last":true})"), 0);
  for (const auto* client : {&lamp, &bob}) {
    ASSERT_TRUE(wait_for_state(**client, "lamp", "online"));
    for (const TestMessage& message : (*client)->take_all()) EXPECT_EQ(message.topic, "devices/lamp/status");
  }
}

TEST_P(PresenceInBroker, IsOnlineAfterATakeoverInSpiteOfTheOldWill) {
  const auto tablet = device("tablet", "alice");
  ASSERT_EQ(tablet->subscribe("devices/+/status"), 1);
  const auto first = connected(with_will("speaker"));
  ASSERT_TRUE(wait_for_state(*tablet, "speaker", "online"));
  const auto second = connected(with_will("speaker"));
  ASSERT_TRUE(first->wait_for_end());
  ASSERT_TRUE(wait_for_state(*tablet, "speaker", "online"));
  EXPECT_EQ(retained_state("speaker"), "online");
  EXPECT_TRUE(second->is_connected());
}

TEST_P(PresenceInBroker, StaysOnlineWhileAnotherConnectionIsThere) {
  const auto tablet = device("tablet", "alice");
  const auto first = connected(with_will("speaker-a"));
  const auto second = connected(with_will("speaker-b"));
  ASSERT_EQ(tablet->subscribe("devices/speaker/status"), 1);
  ASSERT_TRUE(wait_for_state(*tablet, "speaker", "online"));
  first->drop();  // its will publishes offline, which is wrong
  ASSERT_TRUE(wait_for_state(*tablet, "speaker", "offline"));
  EXPECT_TRUE(wait_for_state(*tablet, "speaker", "online"));
  EXPECT_EQ(retained_state("speaker"), "online");
}

TEST_P(PresenceInBroker, PutsRightADeviceThatCallsItselfOffline) {
  const auto tablet = device("tablet", "alice");
  const auto speaker = device("speaker", "alice");
  ASSERT_EQ(tablet->subscribe("devices/+/status"), 1);
  ASSERT_TRUE(wait_for_state(*tablet, "speaker", "online"));
  TestMessage claim;
  claim.topic = "devices/speaker/status";
  claim.payload = "offline";
  claim.retained = true;
  ASSERT_EQ(speaker->publish(claim), 0);
  EXPECT_TRUE(wait_for_state(*tablet, "speaker", "online"));
  EXPECT_EQ(retained_state("speaker"), "online");
}

TEST_P(PresenceInBroker, IsPutRightAfterABrokerThatWasKilled) {
  const auto speaker = device("speaker", "alice");
  const auto tablet = device("tablet", "alice");
  EXPECT_EQ(retained_state("speaker"), "online");
  // Makes it save first: a killed broker that has saved nothing has no wrong status.
  broker_->process().signal(SIGUSR1);
  ASSERT_TRUE(broker_->process().wait_for_output("Saving in-memory database", 5s));
  EXPECT_EQ(retained_state("speaker"), "online");
  broker_->kill();
  broker_->start();

  const auto again = device("tablet", "alice");
  ASSERT_EQ(again->subscribe("devices/+/status"), 1);
  const auto status = wait_for_state(*again, "speaker", "offline");
  ASSERT_TRUE(status);
  EXPECT_EQ(status->at("reason"), "broker_restart");
  EXPECT_EQ(retained_state("tablet"), "online");
}

INSTANTIATE_TEST_SUITE_P(Mqtt, PresenceInBroker, ::testing::Values(4, 5));

}  // namespace
}  // namespace strawberry::test
