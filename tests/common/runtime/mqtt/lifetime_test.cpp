/// Ends: stop, destruction at bad moments, a broker that becomes silent.
#include "tests/common/runtime/mqtt/client_fixture.h"
#include "tests/common/runtime/mqtt/fake_broker.h"

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

namespace strawberry::test {
namespace {

class Lifetime : public ClientFixture {
 protected:
  FakeBroker broker{loop};
};

TEST_F(Lifetime, StoppingSendsWhatWaitsAndSaysGoodbye) {
  start(options_for(broker.port()));
  ASSERT_TRUE(until_ready());
  EXPECT_TRUE(client->publish(message("last words")));
  stop();
  EXPECT_FALSE(client->publish(message("too late")));
  EXPECT_TRUE(until([this] { return broker.count(14) == 1; }));
  EXPECT_THAT(broker.payloads(), ElementsAre("last words"));
  EXPECT_TRUE(lost.empty()) << "not called after stop()";
  run_for(100ms);
  EXPECT_EQ(broker.connections, 1U) << "it came back";
}

TEST_F(Lifetime, StoppingWaitsOneSecondForABrokerThatDoesNotAcknowledge) {
  broker.script.answers_publish = false;
  start(options_for(broker.port()));
  ASSERT_TRUE(until_ready());
  EXPECT_TRUE(client->publish(message("unheard")));
  const auto before = std::chrono::steady_clock::now();
  stop();
  const auto took = std::chrono::steady_clock::now() - before;
  EXPECT_GE(took, 900ms);
  EXPECT_LT(took, 3s);
}

TEST_F(Lifetime, StoppingBeforeThereIsAConnectionEndsTheAttempt) {
  broker.script.answers_connect = false;
  start(options_for(broker.port()));
  ASSERT_TRUE(until([this] { return broker.connections == 1; }));
  stop();
  EXPECT_TRUE(until([this] { return broker.open_connections() == 0; }));
  run_for(50ms);
  EXPECT_EQ(broker.connections, 1U);
}

TEST_F(Lifetime, MayBeDestroyedAtAnyMoment) {
  for (const int moment : {0, 1, 2, 3, 4, 5}) {
    SCOPED_TRACE(moment);
    broker.received.clear();
    broker.script = {};
    broker.script.answers_connect = moment != 2 && moment != 5;
    broker.script.answers_subscribe = moment != 3;
    auto options = options_for(broker.port());
    if (moment == 5) options.tls = MosquittoClient::Tls{};
    const auto connections = broker.connections;
    start(options);
    if (moment >= 1) {
      ASSERT_TRUE(until([&] { return broker.connections > connections; }));
    }
    if (moment == 2 || moment == 3) {
      ASSERT_TRUE(until([&] { return broker.count(1) == 1; }));
    }
    if (moment == 4) {
      ASSERT_TRUE(until_ready());
    }
    client.reset();
    run_for(10ms);
  }
  EXPECT_TRUE(until([this] { return broker.open_connections() == 0; })) << "every socket is closed";
}

TEST_F(Lifetime, MayBeDestroyedByEachOfItsHandlers) {
  for (const int handler : {0, 1, 2}) {
    SCOPED_TRACE(handler);
    client = std::make_unique<MosquittoClient>(loop, options_for(broker.port()));
    bool gone = false;
    const auto destroy = [&] {
      client.reset();
      gone = true;
    };
    MqttClient::Handlers all;
    all.on_ready = [&, handler] {
      if (handler == 0) return destroy();
      if (handler == 1) broker.drop_all();
      if (handler == 2) broker.publish("in", "one"), broker.publish("in", "two");
    };
    all.on_lost = [&](const std::string&) { destroy(); };
    all.on_message = [&](const MqttMessage&) { destroy(); };
    client->start({"in"}, all);
    EXPECT_TRUE(until([&] { return gone; }));
    run_for(10ms);
  }
}

TEST_F(Lifetime, MayBeDestroyedWhileItStops) {
  broker.script.answers_publish = false;
  start(options_for(broker.port()));
  ASSERT_TRUE(until_ready());
  EXPECT_TRUE(client->publish(message("unheard")));
  bool stopped = false;
  asio::co_spawn(loop, client->stop(), [&stopped](const std::exception_ptr&) { stopped = true; });
  run_for(20ms);
  EXPECT_FALSE(stopped);
  client.reset();
  EXPECT_TRUE(until([&] { return stopped; }));
}

TEST_F(Lifetime, ReconnectsManyTimesWithoutLeavingAnythingBehind) {
  start(options_for(broker.port()));
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(until_ready());
    EXPECT_TRUE(client->publish(message(std::to_string(i))));
    ASSERT_TRUE(until([this] { return client->counters().outbox_messages == 0; }));
    broker.drop_all(/*with_reset=*/i % 2 == 0);
  }
  EXPECT_EQ(broker.payloads().size(), 50U) << "each acknowledged, none twice";
}

/// The library's shortest keep-alive is 5 s: it sends a ping after that, and gives up after as long again.
TEST_F(Lifetime, NoticesABrokerThatSaysNothingAnyMore) {
  broker.script.answers_ping = false;
  auto options = options_for(broker.port());
  options.keepalive = 5s;
  options.connect_once = true;
  start(options);
  ASSERT_TRUE(until_ready());
  ASSERT_TRUE(until([this] { return !lost.empty(); }, 15s));
  EXPECT_EQ(broker.count(12), 1U);
  EXPECT_THAT(lost, ElementsAre(HasSubstr("does not answer")));
}

}  // namespace
}  // namespace strawberry::test
