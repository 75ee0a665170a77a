#include "cli/questions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace strawberry::cli {
namespace {

using nlohmann::json;
using testing::ElementsAre;

class QuestionsTest : public testing::Test {
 protected:
  /// Answers when the test says so.
  static Task<void> ask_one(QuestionsTest* self, json question) {
    self->asked.push_back(question.get<std::string>());
    const auto answer = self->answer = std::make_shared<OneShot<bool>>(self->loop.get_executor());
    co_await answer->wait();
  }
  /// A prompt that waits for all questions before it continues.
  void wait() {
    is_waiting = true;
    asio::co_spawn(loop, questions.wait(), [this](const std::exception_ptr&) { is_waiting = false; });
    poll();
  }
  void ask(const std::string& question) {
    questions.ask(question);
    poll();
  }
  void say() {
    answer->set(true);
    poll();
  }
  void poll() {
    loop.restart();
    loop.poll();
  }

  asio::io_context loop;
  Questions questions{loop, [this](json question) { return ask_one(this, std::move(question)); }};
  std::vector<std::string> asked;
  std::shared_ptr<OneShot<bool>> answer;
  bool is_waiting = false;
};

TEST_F(QuestionsTest, OneIsAskedAfterTheOther) {
  ask("a");
  ask("b");
  EXPECT_THAT(asked, ElementsAre("a"));
  say();
  EXPECT_THAT(asked, ElementsAre("a", "b"));
}

TEST_F(QuestionsTest, WhoWaitsGoesOnWhenAllAreAnswered) {
  ask("a");
  ask("b");
  wait();
  say();
  EXPECT_TRUE(is_waiting);
  say();
  EXPECT_FALSE(is_waiting);
  wait();
  EXPECT_FALSE(is_waiting) << "nothing is open any more";
}

TEST_F(QuestionsTest, AfterAWaitTheNextQuestionIsAsked) {
  for (const char* question : {"a", "b"}) {
    ask(question);
    ASSERT_EQ(asked.back(), question);
    wait();
    EXPECT_TRUE(is_waiting);
    say();
    EXPECT_FALSE(is_waiting);
  }
}

}  // namespace
}  // namespace strawberry::cli
