#include "bridge/devices/plugin_control.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/fake_clock.h"
#include "tests/support/run_task.h"

namespace strawberry::bridge {
namespace {

using namespace std::chrono_literals;
using Ids = std::vector<std::string>;

class PluginControls : public ::testing::Test {
 protected:
  void make(PluginControl::Options options = {}) {
    control_ = std::make_unique<PluginControl>(
        loop_, clock_,
        [this](MqttMessage message) {
          EXPECT_EQ(message.topic, "$CONTROL/strawberry/v1");
          if (can_send_) sent_.push_back(read_change(message.payload).value());
          return can_send_;
        },
        options);
  }
  void change(Ids ids) {
    asio::co_spawn(loop_, control_->changed(std::move(ids)), [this](const std::exception_ptr& thrown) {
      EXPECT_FALSE(thrown);
      ++done_;
    });
    turn();
  }
  void acknowledge(std::uint64_t number) {
    control_->response_arrived(write_acknowledgement(number));
    turn();
  }
  void turn() {
    loop_.restart();
    loop_.poll();
  }

  asio::io_context loop_;
  test::FakeClock clock_;
  bool can_send_ = true;
  std::vector<DirectoryChange> sent_;
  int done_ = 0;
  std::unique_ptr<PluginControl> control_;
};

TEST_F(PluginControls, AChangeEndsWhenThePluginAcknowledgesIt) {
  make();
  change({"lamp"});
  ASSERT_EQ(sent_.size(), 1U);
  EXPECT_EQ(sent_[0].ids, Ids{"lamp"});
  EXPECT_EQ(done_, 0);
  acknowledge(sent_[0].number + 1);
  control_->response_arrived("rubbish");
  control_->response_arrived(R"({"number":"1"})");
  turn();
  EXPECT_EQ(done_, 0);
  acknowledge(sent_[0].number);
  EXPECT_EQ(done_, 1);
}

TEST_F(PluginControls, WhatChangesMeanwhileGoesTogetherWithTheNextMessage) {
  make();
  change({"a"});
  change({"b"});
  change({"c", "once"});
  ASSERT_EQ(sent_.size(), 1U);
  acknowledge(sent_[0].number);
  ASSERT_EQ(sent_.size(), 2U);
  EXPECT_EQ(sent_[1].ids, (Ids{"b", "c", "once"}));
  EXPECT_EQ(done_, 1);
  acknowledge(sent_[1].number);
  EXPECT_EQ(done_, 3);
}

TEST_F(PluginControls, AMessageHasAtMostSoManyIds) {
  make();
  change({"first"});
  for (std::size_t i = 0; i <= control_ids_max; ++i) change({"d" + std::to_string(i)});
  acknowledge(sent_[0].number);
  acknowledge(sent_[1].number);
  ASSERT_EQ(sent_.size(), 3U);
  EXPECT_EQ(sent_[1].ids.size(), control_ids_max);
  EXPECT_EQ(sent_[2].ids.size(), 1U);
}

TEST_F(PluginControls, APluginThatDoesNotAcknowledgeIsNotWaitedForAgainUntilItDoes) {
  make({.patience = 1ms, .retry_after = 1s});
  change({"a"});
  loop_.restart();
  loop_.run();  // until patience ends
  EXPECT_EQ(done_, 1);
  change({"b"});
  EXPECT_EQ(done_, 2);
  EXPECT_EQ(sent_.size(), 1U);
  clock_.advance(1s);
  change({"c"});
  EXPECT_EQ(done_, 3) << "tried, but not waited for";
  ASSERT_EQ(sent_.size(), 2U);
  acknowledge(sent_[1].number);
  change({"d"});
  EXPECT_EQ(done_, 3);
  acknowledge(sent_.back().number);
  EXPECT_EQ(done_, 4);
}

TEST_F(PluginControls, NobodyWaitsWhenTheMessageCannotBeSentOrTheBrokerIsGone) {
  make();
  can_send_ = false;
  change({"a"});
  EXPECT_EQ(done_, 1);
  can_send_ = true;
  clock_.advance(2s);
  control_->lost();
  change({"b"});
  change({"c"});
  EXPECT_EQ(done_, 1);
  control_->lost();
  turn();
  EXPECT_EQ(done_, 3);
}

TEST_F(PluginControls, ChangesBeyondTheLimitAreLeftToTheLookOnceASecond) {
  make({.waiting_max = 2});
  change({"a"});
  change({"b", "c"});
  EXPECT_EQ(done_, 1);
  ASSERT_EQ(sent_.size(), 1U);
  acknowledge(sent_[0].number);
  EXPECT_EQ(sent_.size(), 1U);
}

}  // namespace
}  // namespace strawberry::bridge
