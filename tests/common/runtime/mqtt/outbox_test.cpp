/// The client's handling of messages: bounds, order, and which are sent again.
#include <sys/resource.h>

#include "tests/common/runtime/mqtt/client_fixture.h"
#include "tests/common/runtime/mqtt/fake_broker.h"
#include "tests/support/free_port.h"

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

namespace strawberry::test {
namespace {

class Outbox : public ClientFixture {
 protected:
  void SetUp() override { options = options_for(broker.port()); }
  bool arrived(std::size_t count) {
    return until([&] { return broker.payloads().size() >= count; });
  }
  bool all_acknowledged() {
    return until([&] { return client->counters().outbox_messages == 0; });
  }
  FakeBroker broker{loop};
  MosquittoClient::Options options;
};

TEST_F(Outbox, TakesExactlyAsManyMessagesAsItMay) {
  options.outbox_messages_max = 3;
  broker.script.answers_connect = false;
  start(options);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(client->publish(message("x"))) << i;
  EXPECT_FALSE(client->publish(message("x")));
  EXPECT_EQ(client->counters().outbox_messages, 3U);
  EXPECT_EQ(client->counters().dropped_outbox_full, 1U);
}

TEST_F(Outbox, TakesExactlyAsManyBytesAsItMay) {
  options.outbox_bytes_max = 10;
  broker.script.answers_connect = false;
  start(options);
  EXPECT_FALSE(client->publish(message("12345678901")));
  EXPECT_TRUE(client->publish(message("1234567890")));
  EXPECT_TRUE(client->publish(message(""))) << "no byte more";
  EXPECT_FALSE(client->publish(message("1")));
  EXPECT_EQ(client->counters().outbox_bytes, 10U);
  EXPECT_EQ(client->counters().dropped_outbox_full, 2U);
}

TEST_F(Outbox, CountsWhatIsNotAcknowledged) {
  options.outbox_messages_max = 2;
  broker.script.answers_publish = false;
  start(options);
  ASSERT_TRUE(until_ready());
  EXPECT_TRUE(client->publish(message("1")));
  EXPECT_TRUE(client->publish(message("2")));
  ASSERT_TRUE(arrived(2));
  EXPECT_FALSE(client->publish(message("3"))) << "sent, but not acknowledged";
}

TEST_F(Outbox, SendsNoMoreAtATimeThanTheBrokerTakes) {
  broker.script.receive_maximum = 2;
  broker.script.answers_publish = false;
  start(options);
  ASSERT_TRUE(until_ready());
  for (const char* payload : {"1", "2", "3"}) EXPECT_TRUE(client->publish(message(payload)));
  ASSERT_TRUE(arrived(2));
  run_for(50ms);
  EXPECT_THAT(broker.payloads(), ElementsAre("1", "2"));
}

TEST_F(Outbox, SendsNoMoreBytesAtATimeThanItMay) {
  options.in_flight_bytes_max = 5;
  broker.script.answers_publish = false;
  start(options);
  ASSERT_TRUE(until_ready());
  for (const char* payload : {"1234", "5678", "9"}) EXPECT_TRUE(client->publish(message(payload)));
  ASSERT_TRUE(arrived(2));
  run_for(50ms);
  EXPECT_THAT(broker.payloads(), ElementsAre("1234", "5678")) << "the third waits for an acknowledgement";
  broker.drop_all();
  ASSERT_TRUE(until([this] { return !lost.empty(); }));
  broker.received.clear();
  broker.script.answers_publish = true;
  ASSERT_TRUE(until_ready());
  ASSERT_TRUE(all_acknowledged());
  EXPECT_THAT(broker.payloads(), ElementsAre("1234", "5678", "9"));
}

TEST_F(Outbox, OneReceiversBytesLeaveRoomForTheOthers) {
  options.outbox_bytes_max = 100;
  options.outbox_receiver_bytes_max = 20;
  broker.script.answers_connect = false;
  start(options);
  const auto publish = [this](const std::string& receiver, std::size_t bytes) {
    return client->publish(message(std::string(bytes, 'x'), "skills/" + receiver + "/response"));
  };
  EXPECT_TRUE(publish("first", 1)) << "it is next, and waits in nobody's part";
  EXPECT_TRUE(publish("greedy", 20));
  EXPECT_FALSE(publish("greedy", 1));
  EXPECT_TRUE(publish("greedy", 0));
  EXPECT_TRUE(publish("modest", 20));
  EXPECT_EQ(client->counters().dropped_outbox_full, 1U);
  EXPECT_EQ(client->counters().outbox_bytes, 41U);
}

TEST_F(Outbox, AReceiverIsBackedUpWhenHalfOfItsPartWaits) {
  options.outbox_bytes_max = 1'000;
  options.outbox_receiver_bytes_max = 20;
  broker.script.answers_connect = false;
  start(options);
  const auto publish = [this](const std::string& receiver, std::size_t bytes) {
    return client->publish(message(std::string(bytes, 'x'), "skills/" + receiver + "/response"));
  };
  EXPECT_TRUE(publish("first", 1));
  EXPECT_TRUE(publish("greedy", 9));
  EXPECT_FALSE(client->is_backed_up("greedy"));
  EXPECT_TRUE(publish("greedy", 1));
  EXPECT_TRUE(client->is_backed_up("greedy"));
  EXPECT_FALSE(client->is_backed_up("modest"));
  EXPECT_TRUE(publish("greedy", 10)) << "there is still room to say so";
  broker.script.answers_connect = true;
  broker.drop_all();
  ASSERT_TRUE(until_ready());
  ASSERT_TRUE(all_acknowledged());
  EXPECT_FALSE(client->is_backed_up("greedy"));
}

TEST_F(Outbox, InAFullOutboxAReceiverIsBackedUpEarlier) {
  options.outbox_bytes_max = 100;
  options.outbox_receiver_bytes_max = 40;
  broker.script.answers_connect = false;
  start(options);
  const auto publish = [this](const std::string& receiver, std::size_t bytes) {
    return client->publish(message(std::string(bytes, 'x'), "skills/" + receiver + "/response"));
  };
  EXPECT_TRUE(publish("first", 1));
  EXPECT_TRUE(publish("modest", 5));
  EXPECT_FALSE(client->is_backed_up("modest"));
  EXPECT_TRUE(publish("greedy", 40));
  EXPECT_TRUE(publish("another", 18));
  EXPECT_TRUE(client->is_backed_up("another")) << "36 are left";
  EXPECT_FALSE(client->is_backed_up("nobody"));
  EXPECT_TRUE(client->is_backed_up("modest")) << "an eighth of them is less than 5";
  EXPECT_TRUE(publish("third", 36));
  EXPECT_FALSE(client->is_backed_up("nobody")) << "nothing waits for it";
}

TEST_F(Outbox, SendsAgainWhatWasNotAcknowledgedInOrder) {
  broker.script.answers_publish = false;
  start(options);
  ASSERT_TRUE(until_ready());
  for (const char* payload : {"1", "2", "3"}) EXPECT_TRUE(client->publish(message(payload)));
  ASSERT_TRUE(arrived(3));
  broker.drop_all();
  ASSERT_TRUE(until([this] { return !lost.empty(); }));
  EXPECT_TRUE(client->publish(message("4")));
  broker.received.clear();
  broker.script.answers_publish = true;
  ASSERT_TRUE(until_ready());
  ASSERT_TRUE(all_acknowledged());
  EXPECT_THAT(broker.payloads(), ElementsAre("1", "2", "3", "4"));
  EXPECT_EQ(client->counters().outbox_bytes, 0U);
}

TEST_F(Outbox, LetsReceiversTakeTurns) {
  options.in_flight_max = 1;
  options.outbox_receiver_messages_max = 5;
  broker.script.answers_publish = false;
  start(options);
  ASSERT_TRUE(until_ready());
  const auto publish = [this](const std::string& topic, const std::string& payload) {
    auto published = message(payload);
    published.topic = topic;
    return client->publish(std::move(published));
  };
  EXPECT_TRUE(publish("skills/greedy/response", "0"));
  ASSERT_TRUE(arrived(1));
  EXPECT_TRUE(publish("skills/greedy/response", "1"));
  for (const char* payload : {"2", "3", "4", "5", "6"})
    EXPECT_TRUE(publish(*payload % 2 == 0 ? "skills/greedy/response" : "chat/greedy/response/x", payload));
  EXPECT_FALSE(publish("skills/greedy/call", "7")) << "only its part of the outbox";
  EXPECT_TRUE(publish("skills/modest/response", "a"));
  EXPECT_TRUE(publish("homeassistant/device/tidy/config", "b"));
  EXPECT_TRUE(publish("skills/modest/call", "c"));
  broker.drop_all();
  ASSERT_TRUE(until([this] { return !lost.empty(); }));
  broker.received.clear();
  broker.script.answers_publish = true;
  ASSERT_TRUE(until_ready());
  ASSERT_TRUE(all_acknowledged());
  // Messages that were sent before come first, then new ones; each receiver's in order.
  EXPECT_THAT(broker.payloads(), ElementsAre("0", "1", "2", "a", "b", "3", "c", "4", "5", "6"));
  EXPECT_EQ(client->counters().outbox_bytes, 0U);
}

TEST_F(Outbox, DropsWhatIsOverdueWhenTheBrokerIsBack) {
  broker.script.answers_publish = false;
  start(options);
  ASSERT_TRUE(until_ready());
  MqttMessage sent = message("sent before");
  sent.not_after = std::chrono::steady_clock::now() + 100ms;
  EXPECT_TRUE(client->publish(std::move(sent)));
  ASSERT_TRUE(until([&] { return broker.count(3) == 1; }));
  broker.script.answers_connect = false;
  broker.drop_all();
  ASSERT_TRUE(until([this] { return !lost.empty(); }));
  MqttMessage late = message("never sent");
  late.not_after = std::chrono::steady_clock::now() + 100ms;
  EXPECT_TRUE(client->publish(std::move(late)));
  MqttMessage lasting = message("in time");
  lasting.not_after = std::chrono::steady_clock::now() + 1h;
  EXPECT_TRUE(client->publish(std::move(lasting)));
  run_for(120ms);
  broker.received.clear();
  broker.script = {};
  broker.drop_all();
  ASSERT_TRUE(until_ready());
  ASSERT_TRUE(all_acknowledged());
  EXPECT_THAT(broker.payloads(), ElementsAre("in time"));
  const auto& kept =
      *std::find_if(broker.received.begin(), broker.received.end(), [](const Packet& p) { return p.type == 3; });
  EXPECT_EQ(kept.qos, 1);
  ASSERT_TRUE(kept.expiry_s);
  EXPECT_GE(*kept.expiry_s, 3'590U);
  EXPECT_LE(*kept.expiry_s, 3'599U);
  EXPECT_EQ(client->counters().outbox_bytes, 0U);
}

TEST_F(Outbox, WhatLivesForAMomentOnlyIsNotKeptByTheBroker) {
  start(options);
  ASSERT_TRUE(until_ready());
  MqttMessage brief = message("now");
  brief.not_after = std::chrono::steady_clock::now() + 900ms;
  EXPECT_TRUE(client->publish(std::move(brief)));
  ASSERT_TRUE(arrived(1));
  EXPECT_EQ(broker.received.back().qos, 0);
  EXPECT_EQ(client->counters().outbox_messages, 0U);
}

TEST_F(Outbox, CountsWhatTheBrokerRefuses) {
  broker.script.publish_reason = 0x87;
  start(options);
  ASSERT_TRUE(until_ready());
  EXPECT_TRUE(client->publish(message("1")));
  EXPECT_TRUE(client->publish(message("2")));
  ASSERT_TRUE(all_acknowledged());
  EXPECT_EQ(client->counters().refused, 2U);
  EXPECT_TRUE(client->is_ready()) << "a refusal is no loss";
  EXPECT_EQ(broker.count(3), 2U) << "and is not tried again";
}

TEST_F(Outbox, HandsBackWhatTheBrokerRefusesAndCountsWhatNobodyExpected) {
  broker.script.publish_reason = 0x87;
  std::vector<std::string> undelivered;
  auto all = handlers();
  all.on_undelivered = [&](MqttMessage& message) {
    undelivered.push_back(message.payload);
    return message.payload == "expected";
  };
  client = std::make_unique<MosquittoClient>(loop, options);
  client->start({"in"}, std::move(all));
  ASSERT_TRUE(until_ready());
  EXPECT_TRUE(client->publish(message("expected")));
  EXPECT_TRUE(client->publish(message("odd")));
  ASSERT_TRUE(all_acknowledged());
  EXPECT_THAT(undelivered, ElementsAre("expected", "odd"));
  EXPECT_EQ(client->counters().refused, 1U);
}

TEST_F(Outbox, DropsWhatCannotBeSentAtAll) {
  start(options);
  ASSERT_TRUE(until_ready());
  EXPECT_TRUE(client->publish(message("x", "wild/+/card")));
  EXPECT_TRUE(client->publish(message("good")));
  ASSERT_TRUE(all_acknowledged());
  EXPECT_EQ(client->counters().dropped_unsendable, 1U);
  EXPECT_THAT(broker.payloads(), ElementsAre("good"));
}

/// A broker that has stopped reading: waiting messages grow to the bound and no further, here and in the library.
TEST_F(Outbox, IsBoundedWhenTheBrokerStopsReading) {
  options.outbox_bytes_max = 16 * 1024 * 1024;
  options.keepalive = 60s;
  start(options);
  ASSERT_TRUE(until_ready());
  broker.script.reads = false;
  run_for(10ms);
  const std::string payload(64 * 1024, 'x');
  const std::size_t fit = options.outbox_bytes_max / payload.size();
  std::size_t taken = 0;
  for (std::size_t i = 0; i < 4 * fit; ++i) {
    if (client->publish(message(std::to_string(i) + payload.substr(std::to_string(i).size())))) ++taken;
    if (i % 16 == 0) run_for(1ms);
  }
  EXPECT_EQ(taken, fit);
  EXPECT_EQ(client->counters().dropped_outbox_full, 3 * fit);
  EXPECT_LE(client->counters().outbox_bytes, options.outbox_bytes_max);
  EXPECT_LE(client->counters().outbox_messages, fit);
  broker.script.reads = true;
  broker.resume();
  ASSERT_TRUE(all_acknowledged());
  const auto arrived = broker.payloads();
  ASSERT_EQ(arrived.size(), fit) << "each once";
  for (std::size_t i = 0; i < fit; ++i) EXPECT_EQ(arrived[i].substr(0, arrived[i].find('x')), std::to_string(i));
}

}  // namespace
}  // namespace strawberry::test
