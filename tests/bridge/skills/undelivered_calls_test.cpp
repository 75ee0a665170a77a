// Calls that the broker could give to nobody: when they are sent again, and when they are given up.
#include "bridge/skills/undelivered_calls.h"

#include <gtest/gtest.h>

namespace strawberry::bridge {
namespace {

using namespace std::chrono_literals;

class UndeliveredCallsTest : public testing::Test {
 protected:
  static MqttMessage message(const std::string& payload = "call") {
    MqttMessage made;
    made.payload = payload;
    return made;
  }
  bool keep(const std::string& call_id, const std::string& target = "lamp", const std::string& payload = "call") {
    return calls_.keep(call_id, target, message(payload), now_);
  }
  /// How often the message of one call is sent again within a time, if nobody ever hears it.
  int sent_again_within(std::chrono::milliseconds time) {
    int count = 0;
    for (const auto end = now_ + time; now_ < end; now_ += 1ms) {
      for (std::size_t due = calls_.take_due(now_).size(); due > 0; --due) {
        ++count;
        if (!keep("a")) return count;
      }
    }
    return count;
  }

  UndeliveredCalls calls_{{.pause_min = 20ms, .pause_max = 250ms, .patience = 5s, .messages_bytes_max = 100}};
  SteadyTime now_{1h};
};

TEST_F(UndeliveredCallsTest, AMessageIsDueAfterAPause) {
  ASSERT_TRUE(keep("a", "lamp", "hello"));
  EXPECT_EQ(calls_.next_due(), now_ + 20ms);
  EXPECT_TRUE(calls_.take_due(now_ + 19ms).empty());
  const auto due = calls_.take_due(now_ + 20ms);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].payload, "hello");
  EXPECT_FALSE(calls_.next_due());
}

TEST_F(UndeliveredCallsTest, PausesGrowAndAreBounded) {
  ASSERT_TRUE(keep("a"));
  EXPECT_EQ(sent_again_within(150ms), 3) << "after 20, 60 and 140 ms";
  const int in_a_second = sent_again_within(1s);
  EXPECT_GE(in_a_second, 4);
  EXPECT_LE(in_a_second, 6);
}

TEST_F(UndeliveredCallsTest, ACallIsGivenUpWhenPatienceIsOver) {
  ASSERT_TRUE(keep("a"));
  sent_again_within(4'900ms);
  now_ += 300ms;
  calls_.take_due(now_);
  EXPECT_FALSE(keep("a"));
  calls_.forget("a");
  EXPECT_TRUE(keep("a")) << "a later call with the same id is another one";
}

TEST_F(UndeliveredCallsTest, MessagesThatWaitAreBounded) {
  ASSERT_TRUE(keep("a", "lamp", std::string(60, 'x')));
  EXPECT_FALSE(keep("b", "lamp", std::string(41, 'x')));
  EXPECT_TRUE(keep("c", "lamp", std::string(40, 'x')));
  calls_.forget("a");
  EXPECT_TRUE(keep("b", "lamp", std::string(60, 'x')));
  EXPECT_EQ(calls_.take_due(now_ + 1s).size(), 2u);
  EXPECT_TRUE(keep("d", "lamp", std::string(100, 'x')));
}

TEST_F(UndeliveredCallsTest, ThoseOfADeviceAreNamedWhileTheyWait) {
  keep("a", "lamp");
  keep("b", "radio");
  EXPECT_EQ(calls_.waiting_for("lamp"), std::vector<std::string>{"a"});
  calls_.take_due(now_ + 1s);
  EXPECT_TRUE(calls_.waiting_for("lamp").empty()) << "on its way again: it may have been heard";
}

TEST_F(UndeliveredCallsTest, WhatHasEndedIsNotSentAgain) {
  keep("a");
  calls_.forget("a");
  calls_.forget("unknown");
  EXPECT_TRUE(calls_.take_due(now_ + 1s).empty());
  EXPECT_FALSE(calls_.next_due());
}

}  // namespace
}  // namespace strawberry::bridge
