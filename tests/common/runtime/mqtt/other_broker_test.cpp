/// The client with a broker that is not the hub's: MQTT 3.1.1, refused filters, messages that are published once.
#include "common/runtime/libmosquitto.h"
#include "tests/common/runtime/mqtt/client_fixture.h"
#include "tests/common/runtime/mqtt/fake_broker.h"
#include "tests/support/broker_process.h"
#include "tests/support/mqtt_test_client.h"

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

namespace strawberry::test {
namespace {

class OtherBroker : public ClientFixture {
 protected:
  static MosquittoClient::Options any_protocol(int port) {
    auto options = options_for(port);
    options.protocol = MosquittoClient::Protocol::v5_or_v311;
    return options;
  }
  MosquittoClient::OnPublished note() {
    return [this](std::optional<std::string> failure) { ends.push_back(failure.value_or("published")); };
  }
  FakeBroker broker{loop};
  std::vector<std::string> ends;
};

TEST_F(OtherBroker, IsSpokenToInMqtt311WhenItSaysThatItKnowsNothingElse) {
  broker.script.speaks_v311 = true;
  start(any_protocol(broker.port()));
  ASSERT_TRUE(until_ready());
  EXPECT_TRUE(client->speaks_v311());
  ASSERT_TRUE(client->publish(message("hello")));
  ASSERT_TRUE(until([this] { return client->counters().outbox_messages == 0; })) << "it was not acknowledged";
  EXPECT_THAT(broker.payloads(), ElementsAre("hello"));
}

TEST_F(OtherBroker, IsSpokenToInMqtt311WhenItHangsUpOnMqtt5) {
  broker.script.speaks_v311 = true;
  broker.script.says_what_it_speaks = false;
  start(any_protocol(broker.port()));
  ASSERT_TRUE(until_ready());
  EXPECT_TRUE(client->speaks_v311());
  broker.drop_all();
  ASSERT_TRUE(until_ready());
  EXPECT_TRUE(client->speaks_v311()) << "what has worked stays";
  EXPECT_EQ(lost.size(), 2u);
}

TEST_F(OtherBroker, IsSpokenToInMqtt5WhenItRefusesTheLogin) {
  broker.script.connect_reason = MQTT_RC_NOT_AUTHORIZED;
  start(any_protocol(broker.port()));
  ASSERT_TRUE(until([this] { return lost.size() > 2; }));
  EXPECT_FALSE(client->speaks_v311());
  EXPECT_EQ(client->loss_code(), MQTT_RC_NOT_AUTHORIZED);
}

TEST_F(OtherBroker, TellsARefusedLoginOfMqtt311FromOtherTroubles) {
  broker.script.speaks_v311 = true;
  broker.script.connect_reason = CONNACK_REFUSED_NOT_AUTHORIZED;
  start(any_protocol(broker.port()));
  ASSERT_TRUE(until([this] { return lost.size() > 1; }));
  EXPECT_EQ(client->loss_code(), MQTT_RC_NOT_AUTHORIZED) << lost.back();
}

TEST_F(OtherBroker, MayRefuseAFilterAndKeepsTheConnection) {
  broker.script.subscribe_reason = MQTT_RC_NOT_AUTHORIZED;
  std::vector<std::string> refused;
  auto options = options_for(broker.port());
  options.on_filter_refused = [&](const std::string& filter) { refused.push_back(filter); };
  start(options);
  ASSERT_TRUE(until_ready());
  EXPECT_THAT(refused, ElementsAre("in"));
  EXPECT_TRUE(lost.empty());
}

TEST_F(OtherBroker, AcknowledgesWhatIsPublishedOnce) {
  BrokerProcess real{BrokerProcess::Options{}};
  MqttTestClient::Options options;
  options.port = real.port();
  options.client_id = "reader";
  MqttTestClient reader(options);
  ASSERT_EQ(reader.connect(), 0);
  ASSERT_LT(reader.subscribe("out", 2), 0x80);
  start(options_for(real.port()));
  ASSERT_TRUE(until_ready());
  for (const int qos : {0, 1, 2}) {
    ends.clear();
    ASSERT_TRUE(client->publish_once(message(std::to_string(qos)), qos, note()));
    EXPECT_TRUE(ends.empty()) << "not from within";
    ASSERT_TRUE(until([this] { return !ends.empty(); })) << "QoS " << qos;
    EXPECT_EQ(ends.front(), "published");
    const auto got = reader.wait_for("out");
    ASSERT_TRUE(got);
    EXPECT_EQ(got->payload, std::to_string(qos));
    EXPECT_EQ(got->qos, qos);
  }
}

TEST_F(OtherBroker, IsQuotedWhenItRefusesWhatIsPublishedOnce) {
  broker.script.publish_reason = MQTT_RC_NOT_AUTHORIZED;
  start(options_for(broker.port()));
  ASSERT_TRUE(until_ready());
  ASSERT_TRUE(client->publish_once(message("x"), 1, note()));
  ASSERT_TRUE(until([this] { return !ends.empty(); }));
  EXPECT_THAT(ends, ElementsAre(mosquitto_reason_string(MQTT_RC_NOT_AUTHORIZED)));
}

TEST_F(OtherBroker, IsNotGivenAgainWhatWasPublishedOnceAndNotAcknowledged) {
  broker.script.answers_publish = false;
  start(options_for(broker.port()));
  EXPECT_FALSE(client->publish_once(message("too early"), 1, note()));
  ASSERT_TRUE(until_ready());
  ASSERT_TRUE(client->publish_once(message("x"), 1, note()));
  ASSERT_TRUE(until([this] { return !broker.payloads().empty(); }));
  broker.drop_all();
  ASSERT_TRUE(until([this] { return !ends.empty(); }));
  EXPECT_THAT(ends, ElementsAre(HasSubstr("lost")));
  ASSERT_TRUE(until_ready());
  run_for(50ms);
  EXPECT_THAT(broker.payloads(), ElementsAre("x"));
}

}  // namespace
}  // namespace strawberry::test
