// Messages that clients may not have read yet: the accounts alone, and the effect on a connection that does not read.
#include "broker-plugin/unread.h"

#include <gtest/gtest.h>

#include "tests/broker-plugin/gate.h"

namespace strawberry::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr std::size_t kib = 1024;
/// Together with the broker's overhead, 1 KiB.
constexpr std::size_t message = kib - Unread::message_bytes;

class UnreadAccounts : public ::testing::Test {
 protected:
  UnreadAccounts() { broker_.memory = 1'000 * kib; }
  Unread make(std::size_t principal_kib, std::size_t user_kib) {
    return Unread(broker_, clock_, {.principal_bytes_max = principal_kib * kib, .user_bytes_max = user_kib * kib});
  }
  /// Returns how many messages of 1 KiB are delivered; with `is_held` the broker's memory grows by each.
  int given(Unread& unread, std::string_view client_id, const Principal& principal, int wanted, bool is_held = true) {
    int count = 0;
    for (int i = 0; i < wanted && unread.give(client_id, principal, message); ++i, ++count)
      if (is_held) *broker_.memory += kib;
    return count;
  }
  FakeBroker broker_;
  FakeClock clock_;
};

TEST_F(UnreadAccounts, GiveNoMoreToWhoDoesNotReadAndNameItsConnections) {
  Unread unread = make(100, 1'000);
  EXPECT_EQ(given(unread, "a", lamp, 60), 60);
  EXPECT_EQ(given(unread, "b", lamp, 60), 40) << "counted for the principal";
  EXPECT_THAT(unread.take_overdue(), ElementsAre("a", "b"));
  EXPECT_THAT(unread.take_overdue(), IsEmpty());
  EXPECT_EQ(given(unread, "c", speaker, 100), 100) << "somebody else";
}

TEST_F(UnreadAccounts, LetWhoReadsGoOn) {
  Unread unread = make(100, 1'000);
  EXPECT_EQ(given(unread, "a", lamp, 10'000, /*is_held=*/false), 10'000);
  EXPECT_THAT(unread.take_overdue(), IsEmpty());
  EXPECT_LE(broker_.memory_looks, 101) << "the memory is looked at once for each 100 KiB";
}

TEST_F(UnreadAccounts, SeeThatPartOfItIsNotRead) {
  Unread unread = make(100, 1'000);
  int held = 0;
  for (int i = 0; i < 10'000 && unread.give("a", lamp, message); ++i) {
    if (i % 10 != 0) continue;  // it reads nine of ten
    *broker_.memory += kib;
    ++held;
  }
  EXPECT_GE(held, 50);
  EXPECT_LE(held, 60) << "though its count began anew some times";
  EXPECT_THAT(unread.take_overdue(), ElementsAre("a"));
}

TEST_F(UnreadAccounts, CountAllOfAUsersTogether) {
  Unread unread = make(100, 150);
  EXPECT_EQ(given(unread, "a", speaker, 100), 100);
  EXPECT_EQ(given(unread, "b", tablet, 100), 50);
  EXPECT_THAT(unread.take_overdue(), ElementsAre("a", "b"));
  EXPECT_EQ(given(unread, "c", alice, 1), 0);
  EXPECT_EQ(given(unread, "d", lamp, 100), 100) << "bob's";
}

TEST_F(UnreadAccounts, LookAgainAfterASecond) {
  Unread unread = make(100, 1'000);
  given(unread, "a", lamp, 100);
  EXPECT_EQ(given(unread, "a", lamp, 1), 0);
  const int looks = broker_.memory_looks;
  for (int i = 0; i < 1'000; ++i) EXPECT_FALSE(unread.give("a", lamp, message));
  EXPECT_EQ(broker_.memory_looks, looks) << "which costs time";
  clock_.advance(1s);
  EXPECT_EQ(given(unread, "a", lamp, 1), 0);
  *broker_.memory -= 90 * kib;  // it has read them after all
  clock_.advance(1s);
  EXPECT_EQ(given(unread, "a", lamp, 100), 100);
}

TEST_F(UnreadAccounts, ForgetWhatTheBrokerHoldsNoMore) {
  Unread unread = make(100, 1'000);
  given(unread, "a", lamp, 100);
  EXPECT_EQ(given(unread, "a", lamp, 1), 0);
  unread.forget("a");
  *broker_.memory -= 100 * kib;
  unread.tick();
  EXPECT_EQ(given(unread, "b", lamp, 200), 100);
}

TEST_F(UnreadAccounts, DoNotTakeWhatWasHeldBeforeForWhatWasAlwaysThere) {
  Unread unread = make(100, 1'000);
  given(unread, "a", lamp, 100);
  unread.tick();
  EXPECT_EQ(given(unread, "a", lamp, 1), 0);
  for (const std::string& client_id : unread.take_overdue()) unread.forget(client_id);
  *broker_.memory -= 100 * kib;
  EXPECT_EQ(given(unread, "a", lamp, 300), 100) << "it is back within the same second";
}

TEST_F(UnreadAccounts, CountWhatASessionHeldWhenItsClientIsBack) {
  Unread unread = make(100, 1'000);
  given(unread, "a", lamp, 90);
  unread.tick();
  unread.came_back("a");
  for (int i = 0; i < 80; ++i) unread.holds("a", lamp, message);  // as the broker shows
  EXPECT_EQ(given(unread, "a", lamp, 100), 20) << "it holds 80 KiB and may hold 100";
}

TEST_F(UnreadAccounts, DoNotBlameWhoIsBackForWhatOthersHold) {
  Unread unread = make(100, 1'000);
  given(unread, "a", lamp, 100, /*is_held=*/false);
  *broker_.memory += 500 * kib;  // of other clients
  EXPECT_EQ(given(unread, "a", lamp, 1), 0) << "nobody can know";
  unread.tick();
  clock_.advance(1s);
  unread.came_back("a");
  EXPECT_EQ(given(unread, "a", lamp, 1'000, /*is_held=*/false), 1'000);
}

TEST_F(UnreadAccounts, KnowWhoseClientIdItIs) {
  Unread unread = make(100, 1'000);
  given(unread, "a", lamp, 100);
  EXPECT_EQ(given(unread, "a", speaker, 100), 100);
  EXPECT_EQ(given(unread, "b", {PrincipalType::user, "lamp", "lamp"}, 100), 100) << "a user of the same id";
}

TEST_F(UnreadAccounts, RefuseNobodyWhenTheMemoryCannotBeKnown) {
  Unread unread = make(100, 1'000);
  broker_.memory = std::nullopt;
  EXPECT_EQ(given(unread, "a", lamp, 1'000, /*is_held=*/false), 1'000);
}

// --- a connection ---

class UnreadGate : public Gate {
 protected:
  UnreadGate() {
    Gatekeeper::Options options;
    options.unread = {.principal_bytes_max = 100 * kib, .user_bytes_max = 1'000 * kib};
    make(options);
    EXPECT_TRUE(connect(1, lamp, "lamp", 1h, /*session_may_stay=*/true));
    gate_->tick();
  }
  bool is_given(int number, const Principal& who, const std::string& client_id, const std::string& topic_of) {
    const std::string payload(kib, 'x');
    auto event = topic(number, who, Access::read, topic_of, payload);
    event.client_id = client_id;
    const bool given = gate_->allows(event);
    if (given) *broker_.memory += kib;
    return given;
  }
  int given_to_lamp(int wanted) {
    int count = 0;
    for (int i = 0; i < wanted; ++i) count += is_given(1, lamp, "lamp", "skills/lamp/call");
    return count;
  }
};

TEST_F(UnreadGate, EndsAConnectionThatDoesNotRead) {
  EXPECT_LE(given_to_lamp(200), 100);
  EXPECT_THAT(broker_.kicked, IsEmpty()) << "not within the broker's callback";
  gate_->tick();
  EXPECT_THAT(broker_.kicked, ElementsAre(Pair("lamp", true)));
  seconds_pass(11);
  EXPECT_EQ(nlohmann::json::parse(broker_.retained.at("hub/broker")).at("ended").at("not_reading"), 1);
  EXPECT_EQ(broker_.status_of("lamp").at("reason"), "not_reading");
}

TEST_F(UnreadGate, CountsWhatWaitsForASessionThatNobodyIsConnectedTo) {
  end(1);
  EXPECT_LE(given_to_lamp(200), 100);
  EXPECT_EQ(given_to_lamp(1), 0);
}

TEST_F(UnreadGate, CountsWhatASessionHoldsWhenItsClientIsBack) {
  EXPECT_EQ(given_to_lamp(30), 30);
  gate_->tick();
  end(1);
  seconds_pass(1);
  ASSERT_TRUE(connect(1, lamp, "lamp", 1h, /*session_may_stay=*/true));
  *broker_.memory -= 30 * kib;  // messages that it already held
  EXPECT_EQ(given_to_lamp(30), 30) << "the broker asks about each that it holds";
  gate_->tick();
  const int more = given_to_lamp(200);
  EXPECT_GT(more, 10);
  EXPECT_LE(more, 40);
}

TEST_F(UnreadGate, CountsThePropertiesOfWhatIsDelivered) {
  auto event = topic(1, lamp, Access::write, "devices/lamp/status", "{}");
  event.properties_bytes = 8 * kib;
  EXPECT_TRUE(gate_->takes_properties(event));
  const int looks = broker_.memory_looks;
  given_to_lamp(12);
  EXPECT_GT(broker_.memory_looks, looks) << "more than 100 KiB, with what the broker delivers beside the payloads";
}

TEST_F(UnreadGate, RefusesAMessageWithLargeProperties) {
  auto event = topic(1, lamp, Access::write, "devices/lamp/status", "{}");
  event.properties_bytes = 8 * kib + 1;
  EXPECT_FALSE(gate_->takes_properties(event));
  EXPECT_THAT(broker_.lines.back(), HasSubstr("reason=properties_too_large"));
  EXPECT_TRUE(connect(2, bridge, "bridge"));
  auto of_bridge = topic(2, bridge, Access::write, "skills/lamp/call", "{}");
  of_bridge.properties_bytes = 100 * kib;
  EXPECT_TRUE(gate_->takes_properties(of_bridge));
}

TEST_F(UnreadGate, NeverRefusesTheHubItself) {
  EXPECT_TRUE(connect(2, bridge, "bridge"));
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_TRUE(is_given(2, bridge, "bridge", "skills/lamp/result"));
  }
}

TEST_F(UnreadGate, CountsWhatIsSentAtQosTwoAndNotReleased) {
  const std::string payload(kib, 'x');
  int through = 0;
  for (int i = 0; i < 200; ++i) {
    auto event = topic(1, lamp, Access::write, "skills/lamp/request", payload);
    event.client_id = "lamp";
    event.qos = 2;
    through += gate_->allows(event);
    *broker_.memory += kib;
  }
  EXPECT_LE(through, 100);
  gate_->tick();
  EXPECT_THAT(broker_.kicked, Contains(Pair("lamp", true)));
}

}  // namespace
}  // namespace strawberry::test
