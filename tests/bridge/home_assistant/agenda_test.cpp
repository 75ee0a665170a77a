// Who is looked at when: news first, users in turns, and so much a turn.
#include "bridge/home_assistant/agenda.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace strawberry {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Look only_state{false, true, false, false};
constexpr Look whole{true, true, false, false};
constexpr Look everything_again{true, true, true, false};

class AgendaOfTwo : public ::testing::Test {
 protected:
  std::vector<std::string> turn() {
    clock_.advance(50ms);
    std::vector<std::string> ids;
    for (const auto& item : agenda_.take()) ids.push_back(item.id);
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
  Agenda agenda_{clock_, [this](const std::string& user) { return ids_[user]; }, {.looks_per_turn_max = 3}};
};

TEST_F(AgendaOfTwo, UsersTakeTurnsAndTheHubComesFirst) {
  agenda_.add_round("alice");
  agenda_.add_round("bob");
  EXPECT_THAT(turn(), ElementsAre("alice", "bob", "a1"));
  EXPECT_THAT(turn(), ElementsAre("b1", "a2", "a3"));
  EXPECT_THAT(turn(), IsEmpty());
  EXPECT_FALSE(agenda_.next());
}

TEST_F(AgendaOfTwo, NewsDoNotWaitForARound) {
  agenda_.add_round("alice");
  EXPECT_THAT(turn(), ElementsAre("alice", "a1", "a2"));
  agenda_.add("new", whole);
  EXPECT_THAT(turn(), ElementsAre("new", "a3"));
}

TEST_F(AgendaOfTwo, OneThingIsLookedAtOnceForAllThatHappenedToIt) {
  for (int i = 0; i < 100; ++i) agenda_.add("a1", only_state);
  agenda_.add("a1", whole);
  clock_.advance(50ms);
  const auto items = agenda_.take();
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(items[0].look, whole);
}

TEST_F(AgendaOfTwo, NothingIsTakenTwiceInOneTurn) {
  agenda_.add("a1", only_state);
  agenda_.add_round("alice");
  EXPECT_THAT(turn(), ElementsAre("a1", "alice", "a2"));
  clock_.advance(50ms);
  const auto items = agenda_.take();
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0].id, "a1");
  EXPECT_EQ(items[0].look, everything_again);
}

TEST_F(AgendaOfTwo, ATurnIsNotBeforeItsTime) {
  for (const char* id : {"1", "2", "3", "4"}) agenda_.add(id, whole);
  ASSERT_EQ(agenda_.take().size(), 3U);
  EXPECT_THAT(agenda_.take(), IsEmpty());
  EXPECT_EQ(agenda_.next(), clock_.steady_now() + 50ms);
  clock_.advance(50ms);
  EXPECT_EQ(agenda_.take().size(), 1U);
}

TEST_F(AgendaOfTwo, NumbersAreGatheredFirst) {
  for (int i = 0; i < 100; ++i) agenda_.numbers_changed("alice");
  EXPECT_THAT(turn(), IsEmpty());
  EXPECT_EQ(agenda_.next(), clock_.steady_now() + 2s - 50ms);
  clock_.advance(2s);
  EXPECT_THAT(all_turns(), ElementsAre("alice"));
  agenda_.numbers_changed("alice");
  clock_.advance(2s);
  EXPECT_THAT(all_turns(), ElementsAre("alice"));
}

TEST_F(AgendaOfTwo, WhoIsBornAgainAndAgainGetsOneRoundInHalfAMinute) {
  int rounds = 0;
  for (int second = 0; second < 60; ++second) {
    for (int i = 0; i < 100; ++i) agenda_.born("bob");
    for (const auto& id : all_turns()) rounds += id == "bob" ? 1 : 0;
    clock_.advance(1s - 100ms);
  }
  EXPECT_EQ(rounds, 2) << "at 0 and 30 s";
}

TEST_F(AgendaOfTwo, ABirthDuringTheRoundBeginsItAnew) {
  agenda_.add_round("alice");
  EXPECT_THAT(turn(), ElementsAre("alice", "a1", "a2"));
  agenda_.born("alice");
  EXPECT_THAT(all_turns(), ElementsAre("alice", "a1", "a2", "a3"));
}

TEST_F(AgendaOfTwo, WhatIsGoneIsTidiedLater) {
  agenda_.tidy_later("a1");
  clock_.advance(599s);
  EXPECT_THAT(turn(), IsEmpty());
  clock_.advance(1s);
  const auto items = agenda_.take();
  ASSERT_EQ(items.size(), 1U);
  EXPECT_TRUE(items[0].look.tidy);
}

TEST_F(AgendaOfTwo, ManyLooksAtWhatIsGoneTidyItOnce) {
  agenda_.tidy_later("a1");
  clock_.advance(1s);
  agenda_.tidy_later("a1");
  clock_.advance(599s);
  EXPECT_THAT(turn(), ElementsAre("a1"));
  EXPECT_FALSE(agenda_.next()) << "nothing waits any more";
  agenda_.tidy_later("a1");
  clock_.advance(600s);
  EXPECT_THAT(turn(), ElementsAre("a1"));
}

TEST_F(AgendaOfTwo, WhatChangesInTheMomentOfTidyingIsNotTidied) {
  agenda_.tidy_later("a1");
  agenda_.tidy_later("a2");
  clock_.advance(600s);
  agenda_.add("a1", whole);
  agenda_.add("a2", only_state);
  const auto items = agenda_.take();
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0].look, whole) << "what it finds gone was never named";
  EXPECT_EQ(items[1].look, (Look{true, true, false, true})) << "a state is no news of buttons";
}

}  // namespace
}  // namespace strawberry
