#include "bridge/chat/chat_session.h"

#include <gtest/gtest.h>

#include "tests/bridge/chat/chat_fakes.h"
#include "tests/support/fake_clock.h"
#include "tests/support/run_task.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

class ChatSessionTest : public testing::Test {
 protected:
  /// What is told of a session of these messages: each letter one, `u` by the user, `a` by the assistant.
  std::string told(const std::string& said, ChatSession::Options options = {}) {
    const auto now = to_unix_ms(clock.wall_now());
    store.sessions["s1"] = {"s1", "alice", "d", "t", 0, true, 0, now};
    store.messages["s1"].clear();
    for (std::size_t i = 0; i < said.size(); ++i) {
      const auto at_ms = now - 1000 + static_cast<std::int64_t>(i);
      store.messages["s1"].push_back(
          {"m" + std::to_string(i), said[i] == 'u' ? "user" : "assistant", std::to_string(i), at_ms});
    }
    const auto session = test::run_task(
        loop, ChatSession::open(store, clock, {PrincipalType::device, "tablet", "alice"}, "s1", options));
    EXPECT_TRUE(session);
    std::string roles;
    for (const auto& message : session->history()) roles += message.at("role") == "user" ? 'u' : 'a';
    return roles;
  }
  static std::string repeated(const std::string& text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) all += text;
    return all;
  }

  asio::io_context loop;
  test::FakeClock clock;
  test::FakeSessions store;
};

TEST_F(ChatSessionTest, FiftyMessagesAreToldAndOfMoreTheOldestTurnsAreNot) {
  EXPECT_EQ(told(repeated("ua", 25)), repeated("ua", 25));
  EXPECT_EQ(told(repeated("ua", 26)), repeated("ua", 25));
  EXPECT_EQ(told(repeated("ua", 25) + "u"), repeated("ua", 24) + "u") << "the oldest answer goes with its question";
}

TEST_F(ChatSessionTest, AnAnswerWhoseQuestionIsNotToldIsNotToldEither) {
  EXPECT_EQ(told("uaaa" + repeated("ua", 24)), repeated("ua", 24));
}

TEST_F(ChatSessionTest, AGreetingThatTheSessionBeginsWithIsTold) {
  EXPECT_EQ(told("a" + repeated("ua", 24)), "a" + repeated("ua", 24));
  EXPECT_EQ(told("a" + repeated("ua", 24) + "u"), "a" + repeated("ua", 24) + "u") << "exactly fifty";
}

TEST_F(ChatSessionTest, BytesAreBoundedToo) {
  ChatSession::Options options;
  options.history_bytes_max = 200;
  const auto roles = told(repeated("ua", 20), options);
  EXPECT_GE(roles.size(), 4u);
  EXPECT_LE(roles.size(), 6u);
  EXPECT_EQ(roles.front(), 'u');
}

}  // namespace
}  // namespace strawberry::bridge
