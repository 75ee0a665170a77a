#include "common/runtime/events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/fake_clock.h"

namespace strawberry {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Opened {
  std::string id;
};
struct Closed {
  std::string id;
};

class EventsTest : public ::testing::Test {
 protected:
  template <class Event>
  Subscription note(const std::string& name) {
    return events_.listen<Event>(name, [this, name](const Event& event) { heard_.push_back(name + " " + event.id); });
  }

  test::FakeClock clock_;
  Events events_{clock_, {.listeners_max = 3, .slow_after = std::chrono::milliseconds(20)}};
  std::vector<std::string> heard_;
};

TEST_F(EventsTest, ListenersHearOfTheirTypeAtOnceInTheOrderOfTheirSubscriptions) {
  const auto first = note<Opened>("first");
  const auto other = note<Closed>("other");
  const auto second = note<Opened>("second");
  events_.publish(Opened{"a"});
  EXPECT_THAT(heard_, ElementsAre("first a", "second a"));
  events_.publish(Closed{"b"});
  EXPECT_THAT(heard_, ElementsAre("first a", "second a", "other b"));
}

TEST_F(EventsTest, AListenerThatThrowsHurtsNeitherThePublisherNorTheOthers) {
  const auto bad = events_.listen<Opened>("bad", [](const Opened&) { throw std::runtime_error("no disk"); });
  const auto worse = events_.listen<Opened>("worse", [](const Opened&) { throw 7; });
  const auto good = note<Opened>("good");
  EXPECT_NO_THROW(events_.publish(Opened{"a"}));
  EXPECT_NO_THROW(events_.publish(Opened{"b"}));
  EXPECT_THAT(heard_, ElementsAre("good a", "good b"));
}

TEST_F(EventsTest, ASlowListenerIsCalledAfterTheOthersFromThenOn) {
  const auto slow = events_.listen<Opened>("slow", [this](const Opened& event) {
    heard_.push_back("slow " + event.id);
    clock_.advance(std::chrono::milliseconds(21));
  });
  const auto quick = events_.listen<Opened>("quick", [this](const Opened& event) {
    heard_.push_back("quick " + event.id);
    clock_.advance(std::chrono::milliseconds(20));
  });
  events_.publish(Opened{"a"});
  EXPECT_THAT(heard_, ElementsAre("slow a", "quick a"));
  heard_.clear();
  events_.publish(Opened{"b"});
  EXPECT_THAT(heard_, ElementsAre("quick b", "slow b"));
  heard_.clear();
  const auto later = note<Opened>("later");
  events_.publish(Opened{"c"});
  EXPECT_THAT(heard_, ElementsAre("quick c", "later c", "slow c"));
}

TEST_F(EventsTest, ASubscriptionThatEndsIsToldOfNothingMore) {
  auto first = std::optional(note<Opened>("first"));
  Subscription second = note<Opened>("second");
  first.reset();
  events_.publish(Opened{"a"});
  EXPECT_THAT(heard_, ElementsAre("second a"));
  Subscription moved = std::move(second);
  events_.publish(Opened{"b"});
  EXPECT_THAT(heard_, ElementsAre("second a", "second b"));
  moved = Subscription();
  events_.publish(Opened{"c"});
  EXPECT_THAT(heard_, ElementsAre("second a", "second b"));
}

TEST_F(EventsTest, AListenerMayEndSubscriptionsWhileItIsTold) {
  std::optional<Subscription> itself;
  std::optional<Subscription> next;
  itself = events_.listen<Opened>("itself", [&](const Opened& event) {
    heard_.push_back("itself " + event.id);
    itself.reset();
    next.reset();
  });
  next = note<Opened>("next");
  events_.publish(Opened{"a"});
  events_.publish(Opened{"b"});
  EXPECT_THAT(heard_, ElementsAre("itself a"));
}

TEST_F(EventsTest, AListenerMaySubscribeAndPublishWhileItIsTold) {
  std::vector<Subscription> added;
  const auto opened = events_.listen<Opened>("opened", [&](const Opened& event) {
    heard_.push_back("opened " + event.id);
    if (added.empty()) added.push_back(note<Opened>("added"));
    events_.publish(Closed{event.id});
  });
  const auto closed = note<Closed>("closed");
  events_.publish(Opened{"a"});
  EXPECT_THAT(heard_, ElementsAre("opened a", "closed a"));
  events_.publish(Opened{"b"});
  EXPECT_THAT(heard_, ElementsAre("opened a", "closed a", "opened b", "closed b", "added b"));
}

TEST_F(EventsTest, ListenersOfOneTypeAreBounded) {
  std::vector<Subscription> all;
  for (const auto* name : {"1", "2", "3"}) all.push_back(note<Opened>(name));
  EXPECT_THROW((void)note<Opened>("4"), std::length_error);
  const auto other = note<Closed>("other");
  all.pop_back();
  all.push_back(note<Opened>("again"));
  events_.publish(Opened{"a"});
  EXPECT_THAT(heard_, ElementsAre("1 a", "2 a", "again a"));
}

TEST_F(EventsTest, ASubscriptionMayOutliveItsEvents) {
  auto events = std::make_unique<Events>(clock_);
  const auto subscription = events->listen<Opened>("late", [](const Opened&) {});
  events.reset();
  EXPECT_THAT(heard_, IsEmpty());
}

}  // namespace
}  // namespace strawberry
