// What is announced when: changes first, users in turns, and so much a turn.
#include "bridge/home_assistant/announcement_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace strawberry::bridge {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Need config_and_state = Need::config | Need::state;
constexpr Need everything = Need::config | Need::state | Need::republish;

class QueueOfTwo : public ::testing::Test {
 protected:
  std::vector<std::string> turn() {
    clock_.advance(50ms);
    std::vector<std::string> ids;
    for (const auto& item : queue_.take()) ids.push_back(item.id);
    return ids;
  }
  /// Everything, turn by turn.
  std::vector<std::string> all_turns() {
    std::vector<std::string> all;
    for (auto ids = turn(); !ids.empty(); ids = turn()) all.insert(all.end(), ids.begin(), ids.end());
    return all;
  }

  test::FakeClock clock_;
  std::map<std::string, std::vector<std::string>> ids_ = {{"alice", {"alice", "a1", "a2", "a3"}},
                                                          {"bob", {"bob", "b1"}}};
  AnnouncementQueue queue_{clock_, [this](const std::string& user) { return ids_[user]; }, {.per_turn_max = 3}};
};

TEST_F(QueueOfTwo, UsersTakeTurnsAndTheHubComesFirst) {
  queue_.resync("alice");
  queue_.resync("bob");
  EXPECT_THAT(turn(), ElementsAre("alice", "bob", "a1"));
  EXPECT_THAT(turn(), ElementsAre("b1", "a2", "a3"));
  EXPECT_THAT(turn(), IsEmpty());
  EXPECT_FALSE(queue_.next());
}

TEST_F(QueueOfTwo, ChangesDoNotWaitForAResync) {
  queue_.resync("alice");
  EXPECT_THAT(turn(), ElementsAre("alice", "a1", "a2"));
  queue_.add("new", config_and_state);
  EXPECT_THAT(turn(), ElementsAre("new", "a3"));
}

TEST_F(QueueOfTwo, OneIdIsTakenOnceWithAllThatItNeeds) {
  for (int i = 0; i < 100; ++i) queue_.add("a1", Need::state);
  queue_.add("a1", config_and_state);
  clock_.advance(50ms);
  const auto items = queue_.take();
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(items[0].needs, config_and_state);
}

TEST_F(QueueOfTwo, NothingIsTakenTwiceInOneTurn) {
  queue_.add("a1", Need::state);
  queue_.resync("alice");
  EXPECT_THAT(turn(), ElementsAre("a1", "alice", "a2"));
  clock_.advance(50ms);
  const auto items = queue_.take();
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0].id, "a1");
  EXPECT_EQ(items[0].needs, everything);
}

TEST_F(QueueOfTwo, ATurnIsNotBeforeItsTime) {
  for (const char* id : {"1", "2", "3", "4"}) queue_.add(id, config_and_state);
  ASSERT_EQ(queue_.take().size(), 3U);
  EXPECT_THAT(queue_.take(), IsEmpty());
  EXPECT_EQ(queue_.next(), clock_.steady_now() + 50ms);
  clock_.advance(50ms);
  EXPECT_EQ(queue_.take().size(), 1U);
}

TEST_F(QueueOfTwo, NumbersAreGatheredFirst) {
  for (int i = 0; i < 100; ++i) queue_.numbers_changed("alice");
  EXPECT_THAT(turn(), IsEmpty());
  EXPECT_EQ(queue_.next(), clock_.steady_now() + 2s - 50ms);
  clock_.advance(2s);
  EXPECT_THAT(all_turns(), ElementsAre("alice"));
  queue_.numbers_changed("alice");
  clock_.advance(2s);
  EXPECT_THAT(all_turns(), ElementsAre("alice"));
}

TEST_F(QueueOfTwo, AHomeAssistantThatRestartsAgainAndAgainGetsOneResyncInHalfAMinute) {
  int resyncs = 0;
  for (int second = 0; second < 60; ++second) {
    for (int i = 0; i < 100; ++i) queue_.home_assistant_started("bob");
    for (const auto& id : all_turns()) resyncs += id == "bob" ? 1 : 0;
    clock_.advance(1s - 100ms);
  }
  EXPECT_EQ(resyncs, 2) << "at 0 and 30 s";
}

TEST_F(QueueOfTwo, AStartOfHomeAssistantDuringTheResyncBeginsItAgain) {
  queue_.resync("alice");
  EXPECT_THAT(turn(), ElementsAre("alice", "a1", "a2"));
  queue_.home_assistant_started("alice");
  EXPECT_THAT(all_turns(), ElementsAre("alice", "a1", "a2", "a3"));
}

TEST_F(QueueOfTwo, RemovedButtonsAreDroppedLater) {
  queue_.drop_removed_later("a1");
  clock_.advance(599s);
  EXPECT_THAT(turn(), IsEmpty());
  clock_.advance(1s);
  const auto items = queue_.take();
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(items[0].needs, Need::drop_removed);
  EXPECT_TRUE(drops_removed(items[0].needs));
}

TEST_F(QueueOfTwo, RemovedButtonsThatAreNamedOftenAreDroppedOnce) {
  queue_.drop_removed_later("a1");
  clock_.advance(1s);
  queue_.drop_removed_later("a1");
  clock_.advance(599s);
  EXPECT_THAT(turn(), ElementsAre("a1"));
  EXPECT_FALSE(queue_.next()) << "nothing waits any more";
  queue_.drop_removed_later("a1");
  clock_.advance(600s);
  EXPECT_THAT(turn(), ElementsAre("a1"));
}

TEST_F(QueueOfTwo, WhatChangesInTheMomentOfDroppingIsNotDropped) {
  queue_.drop_removed_later("a1");
  queue_.drop_removed_later("a2");
  clock_.advance(600s);
  queue_.add("a1", config_and_state);
  queue_.add("a2", Need::state);
  const auto items = queue_.take();
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0].needs, config_and_state | Need::drop_removed);
  EXPECT_FALSE(drops_removed(items[0].needs)) << "what was removed just now was never named";
  EXPECT_EQ(items[1].needs, Need::state | Need::drop_removed);
  EXPECT_TRUE(drops_removed(items[1].needs)) << "a state removes no button";
}

}  // namespace
}  // namespace strawberry::bridge
