/// Messages kept while the hub was away reach it once, across restarts.
#include <gtest/gtest.h>

#include "tests/sdk/spoke_fixture.h"

namespace strawberry::test {
namespace {

using SdkOffline = SdkFixture;

std::vector<std::string> contents(Spoke& spoke, const std::string& session) {
  std::vector<std::string> found;
  for (const Message& message : spoke.sessions().messages(session)) found.push_back(message.content);
  return found;
}

TEST_F(SdkOffline, WhatWasSaidIsSentWhenTheHubIsBackAndOnce) {
  const auto options = lamp_options();
  hub_.stop();
  {
    auto spoke = lamp(options);
    spoke->start();
    spoke->keep({"kitchen-1", "user", "turn on the lamp", "In the kitchen"});
    spoke->keep({"kitchen-1", "assistant", "It is on", ""});
  }
  auto spoke = lamp(options);  // like another process for the file
  spoke->keep({"kitchen-1", "user", "thanks", ""});
  spoke->start();
  hub_.start();
  ASSERT_TRUE(heard_.wait_for("sent what was said offline: 3 messages, 0 were there already")) << heard_.text();
  EXPECT_EQ(contents(alice(), "kitchen-1"), (std::vector<std::string>{"turn on the lamp", "It is on", "thanks"}));
  EXPECT_EQ(alice().sessions().get("kitchen-1").title, "In the kitchen");
  EXPECT_EQ(spoke->sync().added, 0u);
}

TEST_F(SdkOffline, WhileTheHubIsThereItIsSentAtOnce) {
  const auto spoke = running_lamp();
  spoke->keep({"s1", "user", "hello", ""});
  ASSERT_TRUE(heard_.wait_for("sent what was said offline: 1 messages"));
  spoke->keep({"s1", "user", "hello again", ""});
  ASSERT_TRUE(heard_.wait_for("sent what was said offline: 1 messages", 2));
  EXPECT_EQ(contents(alice(), "s1").size(), 2u);
}

TEST_F(SdkOffline, ManyMessagesGoInBatchesAndNoneIsLost) {
  const auto options = lamp_options();
  hub_.stop();
  auto spoke = lamp(options);
  const std::string text(2'000, 'x');
  for (int i = 0; i < 300; ++i) spoke->keep({"s" + std::to_string(i % 7), "user", std::to_string(i) + text, ""});
  hub_.start();
  const SyncResult result = spoke->sync();
  EXPECT_TRUE(heard_.wait_for("connected"));
  const auto list = alice().sessions().list();
  std::size_t stored = 0;
  for (const Session& session : list) stored += session.message_count;
  EXPECT_EQ(stored, 300u) << result.added << " " << result.already_there;
}

TEST_F(SdkOffline, WhatTheHubRefusesIsPutAsideAndTheRestIsSent) {
  const std::string theirs = alice().sessions().create("Alice's");
  const SpokeOptions options = heard_.with(hub_.device("Other", "bob"));
  Spoke other(options);
  other.keep({theirs, "user", "this is not mine", ""});
  other.keep({"mine", "user", "this is", ""});
  other.start();
  ASSERT_TRUE(heard_.wait_for("the hub does not take what was said offline in " + theirs)) << heard_.text();
  ASSERT_TRUE(heard_.wait_for("sent what was said offline: 1 messages")) << heard_.text();
  EXPECT_EQ(contents(other, "mine").size(), 1u);
  EXPECT_EQ(contents(alice(), theirs).size(), 0u);
}

TEST_F(SdkOffline, WithoutAPlaceForTheFileItIsRefused) {
  SpokeOptions options;
  options.token = "e30.e30.e30";
  Spoke spoke(heard_.with(options));
  EXPECT_EQ(code_of([&] { spoke.keep({"s", "user", "x", ""}); }), "bad_request");
}

}  // namespace
}  // namespace strawberry::test
