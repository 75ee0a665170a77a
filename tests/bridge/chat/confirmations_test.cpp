#include "bridge/chat/confirmations.h"
#include "common/runtime/asio.h"

#include <gtest/gtest.h>

namespace strawberry::bridge {
namespace {

const Principal tablet{PrincipalType::device, "tablet", "alice"};
const Principal phone{PrincipalType::device, "phone", "alice"};

class ConfirmationsTest : public testing::Test {
 protected:
  auto ask(const Principal& sender) { return confirmations->ask(loop.get_executor(), sender); }

  asio::io_context loop;
  std::shared_ptr<Confirmations> confirmations = std::make_shared<Confirmations>(Confirmations::Options{3, 2});
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

TEST_F(ConfirmationsTest, OnlySoManyAreOpenOfOnePrincipalAndInAll) {
  const auto first = ask(tablet);
  const auto second = ask(tablet);
  EXPECT_FALSE(ask(tablet));
  const auto third = ask(phone);
  EXPECT_TRUE(third);
  EXPECT_FALSE(ask({PrincipalType::user, "bob", "bob"}));
}

}  // namespace
}  // namespace strawberry::bridge
