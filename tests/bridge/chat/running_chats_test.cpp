#include "bridge/chat/running_chats.h"
#include "common/runtime/asio.h"

#include <gtest/gtest.h>

namespace strawberry::bridge {
namespace {

const Principal tablet{PrincipalType::device, "tablet", "alice"};
const Principal phone{PrincipalType::device, "phone", "alice"};

class RunningChatsTest : public testing::Test {
 protected:
  std::shared_ptr<RunningChats::Chat> begin(const Principal& sender, const std::string& id) {
    return chats->begin(loop.get_executor(), sender, id);
  }
  static bool is_ended(const std::shared_ptr<RunningChats::Chat>& chat) { return chat->ending()->answer.is_set(); }

  asio::io_context loop;
  std::shared_ptr<RunningChats> chats = std::make_shared<RunningChats>(2);
};

TEST_F(RunningChatsTest, APrincipalHasSoManyAndGetsThemBack) {
  auto first = begin(tablet, "1");
  const auto second = begin(tablet, "2");
  EXPECT_FALSE(begin(tablet, "3"));
  EXPECT_TRUE(begin(phone, "1"));
  EXPECT_TRUE(begin({PrincipalType::user, "tablet", "tablet"}, "1")) << "another principal of that id";
  first.reset();
  EXPECT_TRUE(begin(tablet, "3"));
  EXPECT_EQ(chats->size(), 1U) << "only what is held";
}

TEST_F(RunningChatsTest, OnlyItsSenderCancelsAChatAndOnlyOnce) {
  const auto mine = begin(tablet, "1");
  const auto other = begin(tablet, "2");
  EXPECT_FALSE(chats->cancel(phone, "1"));
  EXPECT_FALSE(chats->cancel({PrincipalType::device, "tablet", "bob"}, "1"));
  EXPECT_FALSE(chats->cancel(tablet, "3"));
  EXPECT_FALSE(is_ended(mine));
  EXPECT_TRUE(chats->cancel(tablet, "1"));
  EXPECT_TRUE(is_ended(mine));
  EXPECT_FALSE(is_ended(other));
  EXPECT_FALSE(chats->cancel(tablet, "1"));
}

TEST_F(RunningChatsTest, CancellingStopsWhatWorksOnIt) {
  const auto chat = begin(tablet, "1");
  asio::cancellation_type stopped = asio::cancellation_type::none;
  chat->ending()->stop.slot().assign([&](asio::cancellation_type how) { stopped = how; });
  chats->cancel(tablet, "1");
  EXPECT_EQ(stopped, asio::cancellation_type::terminal);
}

TEST_F(RunningChatsTest, AChatWhoseAnswerIsWholeIsNotStopped) {
  const auto chat = begin(tablet, "1");
  chat->done_deciding();
  EXPECT_FALSE(chats->cancel(tablet, "1"));
  EXPECT_EQ(chats->sender_left("tablet"), 0U);
  EXPECT_FALSE(is_ended(chat));
}

TEST_F(RunningChatsTest, ADeviceThatLeavesTakesItsChatsWithIt) {
  const auto first = begin(tablet, "1");
  const auto second = begin(tablet, "2");
  const auto others = begin(phone, "1");
  const auto user = begin({PrincipalType::user, "tablet", "tablet"}, "1");
  EXPECT_EQ(chats->sender_left("tablet"), 2U);
  EXPECT_TRUE(is_ended(first) && is_ended(second));
  EXPECT_FALSE(is_ended(others));
  EXPECT_FALSE(is_ended(user)) << "nobody says when a user leaves";
}

TEST_F(RunningChatsTest, ARevokedTokenTakesTheChatsOfItsLineWithIt) {
  const Principal alice{PrincipalType::user, "alice", "alice"};
  const auto of_line = chats->begin(loop.get_executor(), alice, "1", "phone");
  const auto of_another = chats->begin(loop.get_executor(), alice, "2", "tablet");
  const auto of_unknown = begin(phone, "3");
  EXPECT_EQ(chats->line_revoked("phone"), 1U);
  EXPECT_EQ(chats->line_revoked(""), 0U);
  EXPECT_TRUE(is_ended(of_line));
  EXPECT_FALSE(is_ended(of_another) || is_ended(of_unknown));
}

TEST_F(RunningChatsTest, AUserWhoIsDisabledTakesItsOwnChatsWithIt) {
  const auto own = begin({PrincipalType::user, "alice", "alice"}, "1");
  const auto of_device = begin({PrincipalType::device, "alice", "bob"}, "1");
  const auto of_another = begin({PrincipalType::user, "bob", "bob"}, "1");
  EXPECT_EQ(chats->standing_changed("alice"), 1U);
  EXPECT_TRUE(is_ended(own));
  EXPECT_FALSE(is_ended(of_device) || is_ended(of_another));
}

}  // namespace
}  // namespace strawberry::bridge
