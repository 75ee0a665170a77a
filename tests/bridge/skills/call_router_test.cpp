#include "bridge/skills/call_router.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/support/fake_clock.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

class CallRouterTest : public testing::Test {
 protected:
  Reply<void> open(const std::string& id, const std::string& target, std::chrono::milliseconds in = 1s) {
    return router_.open(id, target, clock_.steady_now() + in, [this, id](CallRouter::Outcome outcome) {
      ended_.push_back(id + ":" + (outcome ? outcome->dump() : std::string(to_string(outcome.error().code))));
    });
  }
  static std::string answer(const std::string& id, const json& result = 7) {
    return json{{"correlation_id", id}, {"success", true}, {"result", result}, {"error", nullptr}}.dump();
  }
  using Ended = std::vector<std::string>;

  test::FakeClock clock_;
  CallRouter router_{clock_, {4, 2, 1024}};
  Ended ended_;
};

TEST_F(CallRouterTest, AResultEndsItsCallOnce) {
  ASSERT_TRUE(open("1", "speaker"));
  EXPECT_TRUE(router_.deliver("speaker", answer("1")));
  EXPECT_FALSE(router_.deliver("speaker", answer("1")));
  EXPECT_EQ(ended_, Ended{"1:7"});
  EXPECT_EQ(router_.counters().unwanted_results, 1U);
  EXPECT_EQ(router_.open_calls(), 0U);
}

TEST_F(CallRouterTest, OnlyTheTargetMayAnswer) {
  ASSERT_TRUE(open("1", "speaker"));
  EXPECT_FALSE(router_.deliver("burglar", answer("1")));
  EXPECT_EQ(ended_, Ended{});
}

TEST_F(CallRouterTest, CallEndsAtItsDeadlineNotBefore) {
  ASSERT_TRUE(open("1", "speaker", 1s));
  clock_.advance(999ms);
  EXPECT_EQ(router_.expire_overdue(), 0U);
  clock_.advance(1ms);
  EXPECT_EQ(router_.expire_overdue(), 1U);
  EXPECT_EQ(ended_, Ended{"1:timeout"});
  EXPECT_FALSE(router_.deliver("speaker", answer("1")));
}

TEST_F(CallRouterTest, TheNextDeadlineIsTheEarliest) {
  EXPECT_FALSE(router_.next_deadline());
  ASSERT_TRUE(open("1", "a", 3s));
  ASSERT_TRUE(open("2", "b", 1s));
  EXPECT_EQ(router_.next_deadline(), clock_.steady_now() + 1s);
}

TEST_F(CallRouterTest, ATargetThatLeavesEndsItsCallsAndNoOthers) {
  ASSERT_TRUE(open("1", "speaker"));
  ASSERT_TRUE(open("2", "lamp"));
  ASSERT_TRUE(open("3", "speaker"));
  EXPECT_EQ(router_.target_left("speaker"), 2U);
  EXPECT_EQ(router_.target_left("speaker"), 0U);
  EXPECT_EQ(router_.open_calls(), 1U);
  EXPECT_EQ(ended_.size(), 2U);
  EXPECT_EQ(ended_[0].substr(2), "device_offline");
}

TEST_F(CallRouterTest, BeyondItsBoundsItIsBusy) {
  ASSERT_TRUE(open("1", "speaker"));
  ASSERT_TRUE(open("2", "speaker"));
  EXPECT_EQ(open("3", "speaker").error().code, ErrorCode::busy);
  ASSERT_TRUE(open("4", "a"));
  ASSERT_TRUE(open("5", "b"));
  EXPECT_EQ(open("6", "c").error().code, ErrorCode::busy);
  EXPECT_TRUE(router_.deliver("a", answer("4")));
  EXPECT_TRUE(open("6", "c"));
}

TEST_F(CallRouterTest, RubbishThatNamesNoCallChangesNothing) {
  ASSERT_TRUE(open("1", "speaker"));
  for (const auto* rubbish :
       {"", "null", "[]", "{", "\"1\"", "{\"correlation_id\":1}", "{\"correlation_id\":\"\",\"success\":true}",
        "{\"correlation_id\":null,\"success\":true}", "{\"success\":true}", "\xff\xfe"}) {
    EXPECT_FALSE(router_.deliver("speaker", rubbish)) << rubbish;
  }
  EXPECT_EQ(router_.open_calls(), 1U);
}

TEST_F(CallRouterTest, AnAnswerThatCannotBeReadIsASkillError) {
  ASSERT_TRUE(open("1", "a"));
  EXPECT_TRUE(router_.deliver("a", R"({"correlation_id":"1","success":true,"result":)"));
  ASSERT_TRUE(open("2", "a"));
  EXPECT_TRUE(
      router_.deliver("a", R"({"correlation_id":"2","success":true,"result":")" + std::string(1024, 'x') + "\"}"));
  ASSERT_TRUE(open("3", "a"));
  EXPECT_TRUE(router_.deliver("a", R"({"correlation_id":"3","success":true,"result":)" + std::string(100'000, '[')));
  EXPECT_EQ(ended_, (Ended{"1:skill_error", "2:skill_error", "3:skill_error"}));
}

TEST_F(CallRouterTest, AbandonedCallsAreNotHeardOfAgain) {
  ASSERT_TRUE(open("1", "a"));
  router_.abandon("1");
  EXPECT_FALSE(router_.deliver("a", answer("1")));
  clock_.advance(2s);
  EXPECT_EQ(router_.expire_overdue(), 0U);
  EXPECT_EQ(ended_, Ended{});
}

TEST_F(CallRouterTest, ShutdownEndsEveryCall) {
  ASSERT_TRUE(open("1", "a"));
  ASSERT_TRUE(open("2", "b"));
  EXPECT_EQ(router_.end_all({ErrorCode::shutting_down, "", {}}), 2U);
  EXPECT_EQ(ended_.size(), 2U);
}

TEST(SkillResult, AFailureKeepsTheDevicesMessage) {
  const auto read = [](const char* text) { return read_skill_result(json::parse(text)); };
  EXPECT_EQ(*read(R"({"success":true,"result":{"a":1}})"), json::parse(R"({"a":1})"));
  EXPECT_TRUE(read(R"({"success":true})")->is_null());
  EXPECT_EQ(read(R"({"success":false,"error":"no disc"})").error().message, "no disc");
  const auto with_code = read(R"({"success":false,"error":{"code":"E7","message":"no disc"}})");
  EXPECT_EQ(with_code.error().message, "no disc");
  EXPECT_EQ(with_code.error().details.at("code"), "E7");
  for (const auto* odd : {"{}", R"({"success":1})", R"({"success":false})", R"({"success":false,"error":[]})"}) {
    EXPECT_EQ(read(odd).error().code, ErrorCode::skill_error) << odd;
  }
}

}  // namespace
}  // namespace strawberry::bridge
