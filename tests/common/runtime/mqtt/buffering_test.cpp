/// The client on a buffered socket: however packets are split and joined, the messages are the same.
#include "tests/common/runtime/mqtt/client_fixture.h"
#include "tests/common/runtime/mqtt/fake_broker.h"

using namespace std::chrono_literals;
using testing::ElementsAre;

namespace strawberry::test {
namespace {

constexpr int publish_type = 3;
constexpr int puback_type = 4;

/// At QoS 1 to the topic "in".
std::string publication(char id, const std::string& payload) {
  std::string body{0, 2, 'i', 'n', 0, id, 0};
  body += payload;
  std::string bytes = "\x32";
  for (std::size_t rest = body.size(); rest > 0; rest /= 128)
    bytes += static_cast<char>(rest % 128 | (rest >= 128 ? 128U : 0U));
  return bytes + body;
}

class Buffering : public ClientFixture {
 protected:
  void SetUp() override {
    start(options_for(broker.port()));
    ASSERT_TRUE(until_ready());
    broker.received.clear();
  }
  bool received(std::size_t count) {
    return until([&] { return messages.size() >= count; });
  }
  FakeBroker broker{loop};
};

TEST_F(Buffering, WhatIsPublishedInAnswerLeavesBeforeTheAcknowledgement) {
  auto answering = handlers();
  answering.on_message = [this](const MqttMessage& request) {
    client->publish(message("answer to " + request.payload));
  };
  client = std::make_unique<MosquittoClient>(loop, options_for(broker.port()));
  client->start({"in"}, std::move(answering));
  ASSERT_TRUE(until_ready());
  broker.received.clear();
  broker.send(publication(1, "1") + publication(2, "2"));
  ASSERT_TRUE(until([&] { return broker.received.size() >= 4; }));
  std::vector<int> types;
  for (const auto& packet : broker.received) types.push_back(packet.type);
  EXPECT_THAT(types, ElementsAre(publish_type, publish_type, puback_type, puback_type));
  EXPECT_THAT(broker.payloads(), ElementsAre("answer to 1", "answer to 2"));
}

TEST_F(Buffering, ManyPacketsInOneWriteAllArrive) {
  std::string all;
  for (int i = 0; i < 100; ++i) all += publication(static_cast<char>(i + 1), std::to_string(i));
  broker.send(all);
  ASSERT_TRUE(received(100));
  for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(messages[i].payload, std::to_string(i));
  EXPECT_TRUE(until([&] { return broker.count(puback_type) == 100; }));
}

TEST_F(Buffering, APacketThatComesByteByByteArrives) {
  for (const char byte : publication(1, "slowly")) {
    broker.send({byte});
    loop.restart();
    loop.poll();
  }
  ASSERT_TRUE(received(1));
  EXPECT_EQ(messages[0].payload, "slowly");
}

TEST_F(Buffering, LargePacketsComeAndGo) {
  const std::string large(1'000'000, 'x');
  broker.send(publication(1, "before") + publication(2, large) + publication(3, "behind"));
  ASSERT_TRUE(received(3));
  EXPECT_EQ(messages[1].payload, large);
  EXPECT_EQ(messages[2].payload, "behind");
  for (const auto& payload : {std::string("before"), large, std::string("behind")})
    EXPECT_TRUE(client->publish(message(payload)));
  ASSERT_TRUE(until([&] { return broker.payloads().size() == 3; }));
  EXPECT_THAT(broker.payloads(), ElementsAre("before", large, "behind"));
}

TEST_F(Buffering, WhatCameBeforeTheEndStillArrives) {
  broker.send(publication(1, "last words"));
  broker.drop_all();
  ASSERT_TRUE(until([this] { return !lost.empty(); }));
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].payload, "last words");
}

TEST_F(Buffering, WhatIsPublishedLastLeavesBeforeTheConnectionEnds) {
  EXPECT_TRUE(client->publish(message("farewell")));
  stop();
  ASSERT_TRUE(until([&] { return broker.count(14) == 1; }));
  EXPECT_THAT(broker.payloads(), ElementsAre("farewell"));
}

}  // namespace
}  // namespace strawberry::test
