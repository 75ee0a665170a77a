/// The waiting messages of a broker that sends many.
#include "cli/spoke/discovery_run/message_queue.h"

#include <gtest/gtest.h>

#include "cli/spoke/discovery_run/line_limit.h"
#include "tests/support/fake_clock.h"

namespace strawberry::test {
namespace {

using cli::discovery::LineLimit;
using cli::discovery::MessageQueue;
using Offered = MessageQueue::Offered;
using namespace std::chrono_literals;

class Queue : public testing::Test {
 protected:
  static MessageQueue::Options small() {
    MessageQueue::Options options;
    options.topics_max = 3;
    options.bytes_max = 100;
    options.message_bytes_max = 50;
    options.messages_per_second = 2;
    options.at_once = 2s;
    return options;
  }
  std::string next() {
    const auto message = queue.next();
    return message ? message->topic + "=" + message->payload : "none";
  }
  FakeClock clock;
  MessageQueue queue{clock, small()};
};

TEST_F(Queue, KeepsTheLatestOfEachTopicInTheOrderInWhichTheyBegan) {
  queue.offer("a", "1");
  queue.offer("b", "1");
  queue.offer("a", "22");
  EXPECT_EQ(queue.bytes(), 5u);
  EXPECT_EQ(next(), "a=22");
  EXPECT_EQ(next(), "b=1");
  EXPECT_EQ(next(), "none");
  EXPECT_TRUE(queue.is_empty());
  EXPECT_EQ(queue.bytes(), 0u);
}

TEST_F(Queue, HasRoomForSoManyTopics) {
  for (const char* topic : {"a", "b", "c"}) EXPECT_EQ(queue.offer(topic, ""), Offered::queued);
  EXPECT_EQ(queue.offer("d", ""), Offered::no_room);
  EXPECT_EQ(queue.offer("c", "x"), Offered::queued) << "one that waits already";
  EXPECT_EQ(queue.dropped(), 1u);
}

TEST_F(Queue, HasRoomForSoManyBytes) {
  EXPECT_EQ(queue.offer("a", std::string(49, 'x')), Offered::queued);
  EXPECT_EQ(queue.offer("b", std::string(50, 'x')), Offered::no_room);
  EXPECT_EQ(queue.offer("b", std::string(49, 'x')), Offered::queued);
  EXPECT_EQ(queue.offer("b", std::string(50, 'x')), Offered::no_room) << "in the place of the other";
  EXPECT_EQ(queue.offer("a", std::string(51, 'x')), Offered::too_large);
  EXPECT_EQ(queue.bytes(), 100u);
}

TEST_F(Queue, GivesSoManyASecondAfterSomeAtOnce) {
  clock.advance(1h);
  for (int i = 0; i < 4; ++i) {
    queue.offer("a", "");
    EXPECT_EQ(next(), "a=");
  }
  queue.offer("a", "");
  EXPECT_EQ(next(), "none");
  EXPECT_FALSE(queue.is_empty());
  EXPECT_EQ(queue.pause(), 500ms);
  clock.advance(499ms);
  EXPECT_EQ(next(), "none");
  clock.advance(1ms);
  EXPECT_EQ(next(), "a=");
}

TEST(LineLimit, CountsWhatIsTooMuchAndSaysSoInTheNextPeriod) {
  FakeClock clock;
  std::vector<std::string> lines;
  LineLimit limit(clock, {.lines_max = 2, .period = 10s}, [&](const std::string& line) { lines.push_back(line); });
  for (const char* line : {"a", "b", "c", "d"}) limit.say(line);
  EXPECT_EQ(lines, (std::vector<std::string>{"a", "b"}));
  clock.advance(10s);
  limit.say("e");
  EXPECT_EQ(lines, (std::vector<std::string>{"a", "b", "2 more lines were left out", "e"}));
}

}  // namespace
}  // namespace strawberry::test
