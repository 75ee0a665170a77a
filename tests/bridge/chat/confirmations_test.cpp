#include "bridge/chat/confirmations.h"
#include "common/runtime/asio.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace strawberry::bridge {
namespace {

const Principal tablet{PrincipalType::device, "tablet", "alice"};
const Principal phone{PrincipalType::device, "phone", "alice"};

class ConfirmationsTest : public testing::Test {
 protected:
  auto ask(const Principal& sender) { return confirmations->ask(loop.get_executor(), sender); }

  asio::io_context loop;
  std::shared_ptr<Confirmations> confirmations = std::make_shared<Confirmations>(Confirmations::Options{12, 2});
};

TEST_F(ConfirmationsTest, OnlyWhoWasAskedAnswersAndOnlyOnce) {
  const auto question = ask(tablet);
  EXPECT_FALSE(confirmations->answer(phone, question->id(), true));
  EXPECT_FALSE(confirmations->answer(tablet, "no-such-question", true));
  EXPECT_FALSE(question->allowed().is_set());
  EXPECT_TRUE(confirmations->answer(tablet, question->id(), false));
  EXPECT_TRUE(question->allowed().is_set());
  EXPECT_FALSE(confirmations->answer(tablet, question->id(), true));
}

TEST_F(ConfirmationsTest, AQuestionThatIsOverCannotBeAnswered) {
  auto question = ask(tablet);
  const auto id = question->id();
  question.reset();
  EXPECT_FALSE(confirmations->answer(tablet, id, true));
  EXPECT_EQ(confirmations->open(), 0U);
}

TEST_F(ConfirmationsTest, OnlySoManyAreOpenOfOnePrincipalOfOneUserAndInAll) {
  std::vector<std::shared_ptr<Confirmations::Question>> open;
  const auto may_ask = [&](const Principal& sender) {
    open.push_back(ask(sender));
    return open.back() != nullptr;
  };
  EXPECT_TRUE(may_ask(tablet) && may_ask(tablet));
  EXPECT_FALSE(may_ask(tablet)) << "2 of a principal";
  EXPECT_TRUE(may_ask(phone));
  EXPECT_FALSE(may_ask(phone)) << "3 of a user, a quarter of all";
  for (const std::string user : {"bob", "carol", "dave"}) {
    EXPECT_TRUE(may_ask({PrincipalType::user, user, user})) << user;
    EXPECT_TRUE(may_ask({PrincipalType::user, user, user})) << user;
    EXPECT_TRUE(may_ask({PrincipalType::device, "of-" + user, user})) << user;
  }
  EXPECT_FALSE(may_ask({PrincipalType::user, "erin", "erin"})) << "12 in all";
}

}  // namespace
}  // namespace strawberry::bridge
