#include "common/runtime/fair_queue.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace strawberry {
namespace {

using Queue = FairQueue<std::string>;

std::vector<std::string> all_of(Queue& queue) {
  std::vector<std::string> items;
  while (auto item = queue.pop()) items.push_back(*item);
  return items;
}

TEST(FairQueue, KeepsOneSendersOrder) {
  Queue queue({});
  for (const auto* item : {"a", "b", "c"}) queue.push("alice", "speaker", item, 1);
  EXPECT_EQ(all_of(queue), (std::vector<std::string>{"a", "b", "c"}));
}

TEST(FairQueue, LetsUsersTakeTurnsAndTheirSenders) {
  Queue queue({});
  for (const auto* item : {"s1", "s2", "s3"}) queue.push("alice", "speaker", item, 1);
  for (const auto* item : {"t1", "t2"}) queue.push("alice", "tablet", item, 1);
  for (const auto* item : {"l1", "l2"}) queue.push("bob", "lamp", item, 1);
  EXPECT_EQ(all_of(queue), (std::vector<std::string>{"s1", "l1", "t1", "l2", "s2", "t2", "s3"}));
}

TEST(FairQueue, GivesNobodyASecondTurnForComingBack) {
  Queue queue({});
  queue.push("alice", "speaker", "a1", 1);
  queue.push("bob", "lamp", "b1", 1);
  EXPECT_EQ(queue.pop(), "a1");
  queue.push("alice", "speaker", "a2", 1);
  EXPECT_EQ(all_of(queue), (std::vector<std::string>{"b1", "a2"}));
}

TEST(FairQueue, IsBoundedInAllAndForEachSender) {
  Queue queue({.items_max = 3, .items_per_sender_max = 2, .bytes_max = 100});
  queue.push("alice", "speaker", "1", 10);
  queue.push("alice", "speaker", "2", 10);
  EXPECT_FALSE(queue.has_room_for("alice", "speaker", 10));
  EXPECT_FALSE(queue.has_room_for("alice", "tablet", 81));
  EXPECT_TRUE(queue.has_room_for("alice", "tablet", 80));
  queue.push("alice", "tablet", "3", 80);
  EXPECT_FALSE(queue.has_room_for("bob", "lamp", 0));
  EXPECT_EQ(queue.size(), 3U);
  EXPECT_EQ(queue.bytes(), 100U);
  all_of(queue);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.bytes(), 0U);
  EXPECT_TRUE(queue.has_room_for("alice", "speaker", 100));
}

TEST(FairQueue, BoundsTheBytesOfOneUserWhoeverOfTheirSendersHasThem) {
  Queue queue({.bytes_max = 100, .bytes_per_user_max = 40});
  EXPECT_FALSE(queue.has_room_for("alice", "speaker", 41));
  queue.push("alice", "speaker", "1", 30);
  EXPECT_FALSE(queue.has_room_for("alice", "tablet", 11));
  queue.push("alice", "tablet", "2", 10);
  EXPECT_FALSE(queue.has_room_for("alice", "speaker", 1));
  EXPECT_TRUE(queue.has_room_for("bob", "lamp", 40)) << "others have their own";
  EXPECT_EQ(queue.bytes_of("alice"), 40U);
  EXPECT_EQ(queue.bytes_of("bob"), 0U);
  EXPECT_EQ(queue.pop(), "1");
  EXPECT_FALSE(queue.has_room_for("alice", "speaker", 31));
  EXPECT_TRUE(queue.has_room_for("alice", "speaker", 30));
}

}  // namespace
}  // namespace strawberry
