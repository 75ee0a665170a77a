/// The client and a real Mosquitto: sessions, takeovers, restarts.
#include "tests/common/runtime/mqtt/client_fixture.h"
#include "tests/support/broker_process.h"
#include "tests/support/mqtt_test_client.h"
#include "tests/support/test_hub.h"

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

namespace strawberry::test {
namespace {

class RealBroker : public ClientFixture {
 protected:
  static BrokerProcess::Options kept() {
    BrokerProcess::Options options;
    options.persistence = true;
    return options;
  }
  void publish_in(const std::string& payload) {
    MqttTestClient::Options options;
    options.port = broker.port();
    options.client_id = "sender";
    MqttTestClient sender(options);
    ASSERT_EQ(sender.connect(), 0);
    ASSERT_LT(sender.publish("in", payload), 0x80);
    sender.disconnect();
  }
  BrokerProcess broker{kept()};
};

TEST_F(RealBroker, KeepsTheSessionOfWhoWasAway) {
  auto options = options_for(broker.port());
  options.clean_start = false;
  options.session_expiry_s = 60;
  start(options);
  ASSERT_TRUE(until_ready());
  client.reset();
  run_for(10ms);
  publish_in("meanwhile");
  start(options);
  ASSERT_TRUE(until([this] { return !messages.empty(); })) << "no session: the expiry was not asked for";
  EXPECT_EQ(messages.front().payload, "meanwhile");
}

TEST_F(RealBroker, ForgetsTheSessionOfWhoWantsNone) {
  start(options_for(broker.port()));
  ASSERT_TRUE(until_ready());
  client.reset();
  run_for(10ms);
  publish_in("meanwhile");
  start(options_for(broker.port()));
  ASSERT_TRUE(until_ready());
  publish_in("now");
  ASSERT_TRUE(until([this] { return !messages.empty(); }));
  EXPECT_EQ(messages.front().payload, "now");
}

TEST_F(RealBroker, HandsBackWhatNobodySubscribesTo) {
  std::vector<std::string> undelivered;
  auto all = handlers();
  all.on_undelivered = [&](MqttMessage& message) {
    undelivered.push_back(message.topic);
    return true;
  };
  client = std::make_unique<MosquittoClient>(loop, options_for(broker.port()));
  client->start({"in"}, std::move(all));
  ASSERT_TRUE(until_ready());
  EXPECT_TRUE(client->publish(message("x", "nobody")));
  EXPECT_TRUE(client->publish(message("y", "in")));
  ASSERT_TRUE(until([&] { return !messages.empty() && client->counters().outbox_messages == 0; }));
  EXPECT_THAT(undelivered, ElementsAre("nobody"));
}

TEST_F(RealBroker, TakesOneMoreFilterWhileItIsConnectedAndKeepsIt) {
  start(options_for(broker.port()), {"out"});
  ASSERT_TRUE(until_ready());
  client->subscribe("in");
  EXPECT_TRUE(client->publish(message("first", "in")));
  ASSERT_TRUE(until([this] { return !messages.empty(); }));
  EXPECT_EQ(messages.back().payload, "first");
  EXPECT_EQ(ready, 1u) << "ready is said once for a connection";
  // Messages without acknowledgement are delivered again, as they should.
  ASSERT_TRUE(until([&] { return client->counters().outbox_messages == 0; }));
  broker.kill();
  ASSERT_TRUE(until([this] { return !client->is_ready(); }));
  broker.start();
  ASSERT_TRUE(until_ready());
  publish_in("second");
  ASSERT_TRUE(until([this] { return messages.size() > 1; }));
  EXPECT_EQ(messages.back().payload, "second");
}

TEST_F(RealBroker, ComesBackAfterARestartWithWhatWaited) {
  start(options_for(broker.port()), {"in", "out"});
  ASSERT_TRUE(until_ready());
  for (int i = 0; i < 5; ++i) {
    broker.kill();
    ASSERT_TRUE(until([&] { return !client->is_ready(); }));
    EXPECT_TRUE(client->publish(message(std::to_string(i))));
    broker.start();
    ASSERT_TRUE(until([&] { return messages.size() == static_cast<std::size_t>(i) + 1; })) << i;
    EXPECT_EQ(messages.back().payload, std::to_string(i));
    // Messages without acknowledgement are delivered again, as they should.
    ASSERT_TRUE(until([&] { return client->counters().outbox_messages == 0; }));
  }
}

TEST_F(RealBroker, ComesBackWhenAnotherHasTakenItsClientId) {
  start(options_for(broker.port()));
  ASSERT_TRUE(until_ready());
  MqttTestClient::Options options;
  options.port = broker.port();
  options.client_id = "tested";
  MqttTestClient other(options);
  ASSERT_EQ(other.connect(), 0);
  ASSERT_TRUE(until([this] { return !lost.empty(); }));
  EXPECT_TRUE(until_ready());
}

TEST_F(RealBroker, LargeMessagesPassInBothDirections) {
  start(options_for(broker.port()), {"out"});
  ASSERT_TRUE(until_ready());
  const std::string large(1024 * 1024, 'L');
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(client->publish(message(std::to_string(i % 10) + large)));
  ASSERT_TRUE(until([this] { return messages.size() == 20; }));
  for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(messages[i].payload, std::to_string(i % 10) + large);
}

TEST(RealHub, ABadTokenIsReported) {
  TestHub hub;
  BrokerProcess broker({hub.keys_path(), hub.database_path(), false, true, {}, {}});
  asio::io_context loop;
  MosquittoClient::Options options;
  options.port = static_cast<std::uint16_t>(broker.port());
  options.client_id = "tested";
  options.password = [] { return std::string("no token"); };
  options.connect_once = true;
  MosquittoClient client(loop, options);
  std::string lost;
  client.start({}, {[] {}, [&](const std::string& reason) { lost = reason; }, [](const MqttMessage&) {}});
  loop.run_for(10s);
  EXPECT_THAT(lost, HasSubstr("uthori"));
}

}  // namespace
}  // namespace strawberry::test
