// The bridge's commands on $CONTROL/strawberry/v1, in a real broker. Each test makes one change of the database and
// compares two kinds of client: the plugin rereads the database once a second anyway, so the tests check that the
// acknowledgement comes at once and that the change is effective after it.
#include "common/contract/control.h"

#include "tests/broker-plugin/plugin_fixture.h"

namespace strawberry::test {
namespace {

using namespace std::chrono_literals;

class ControlInBroker : public PluginInBroker {
 protected:
  ControlInBroker() {
    start_broker();
    bridge_ = bridge();
    EXPECT_EQ(bridge_->subscribe(std::string(control_response_topic)), 1);
  }
  int say(const std::string& payload) { return bridge_->publish(std::string(control_topic), payload); }
  void say_changed(std::vector<std::string> ids) {
    const std::uint64_t number = ++number_;
    ASSERT_EQ(say(write_change({number, std::move(ids)})), 0) << broker_->log();
    const auto answer = bridge_->wait_for(std::string(control_response_topic));
    ASSERT_TRUE(answer) << broker_->log();
    EXPECT_EQ(read_acknowledgement(answer->payload), number);
    EXPECT_FALSE(answer->retained);
  }

  std::unique_ptr<MqttTestClient> bridge_;
  std::uint64_t number_ = 0;
};

TEST_P(ControlInBroker, AnAddedDeviceConnectsAndIsSeenByItsUserAtOnce) {
  const auto alice = user("alice");
  ASSERT_LT(alice->subscribe("devices/+/status"), 0x80);
  // Repeated, so that the periodic reread cannot have been in time for all of them.
  for (int i = 0; i < 20; ++i) {
    const std::string id = "added" + std::to_string(i);
    hub_.add_device(id, "alice", "Added " + std::to_string(i));
    say_changed({id});
    const auto added = device(id, "alice");
    EXPECT_TRUE(wait_for_state(*alice, id, "online")) << id;
  }
}

TEST_P(ControlInBroker, AClientIdBelongsToAUserFromTheMomentThereIsOne) {
  const auto squatter = connected(options("carol", hub_.user_token("mallory")));
  hub_.database().exec("INSERT INTO users (user_id, created_at) VALUES ('carol', 1)");
  say_changed({"carol"});
  EXPECT_TRUE(squatter->wait_for_end()) << broker_->log();
  MqttTestClient again(options("carol", hub_.user_token("mallory")));
  EXPECT_EQ(again.connect(), refused_code());
  EXPECT_TRUE(user("carol")->is_connected());
}

TEST_P(ControlInBroker, ARevokedDeviceIsEndedAtOnce) {
  std::chrono::steady_clock::duration took{};
  for (int i = 0; i < 5; ++i) {
    const auto speaker = device("speaker", "alice");
    hub_.set_active("speaker", false);
    const auto asked = std::chrono::steady_clock::now();
    say_changed({"speaker"});
    ASSERT_TRUE(speaker->wait_for_end()) << broker_->log();
    took += std::chrono::steady_clock::now() - asked;
    hub_.set_active("speaker", true);
    say_changed({"speaker"});
  }
  // With the reread once a second the average would be half a second each.
  EXPECT_LT(took, 1500ms);
}

TEST_P(ControlInBroker, OthersMayNeitherSpeakNorListenThere) {
  const std::string message = write_change({1, {"speaker"}});
  for (const auto& client : {device("tablet", "alice"), user("alice"), admin()}) {
    EXPECT_EQ(client->publish(std::string(control_topic), message), denied_publication());
    for (const std::string& filter : {std::string(control_response_topic), std::string("$CONTROL/#")}) {
      EXPECT_GE(client->subscribe(filter), 0x80) << filter;
    }
  }
  EXPECT_FALSE(bridge_->wait_for(std::string(control_response_topic), 200ms));
}

TEST_P(ControlInBroker, RubbishFromTheBridgeIsIgnoredAndNotAcknowledged) {
  for (const std::string& payload : {std::string(), std::string("rubbish"), std::string(900'000, '[')}) {
    EXPECT_EQ(say(payload), 0) << payload.substr(0, 10);
  }
  say_changed({});
  say_changed({"nobody"});
}

INSTANTIATE_TEST_SUITE_P(Versions, ControlInBroker, ::testing::Values(4, 5),
                         [](const auto& version) { return version.param == 5 ? "Mqtt5" : "Mqtt311"; });

}  // namespace
}  // namespace strawberry::test
