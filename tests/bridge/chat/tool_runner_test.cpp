#include "bridge/chat/tool_runner.h"
#include "common/runtime/asio.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/bridge/chat/chat_fakes.h"
#include "tests/support/fake_clock.h"
#include "tests/support/run_task.h"

namespace strawberry::bridge {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;
using Outcomes = std::vector<Reply<json>>;

class ToolRunner : public testing::Test {
 protected:
  static PlannedCall call(const std::string& id, const std::string& target, bool needs_confirm = false) {
    PlannedCall planned;
    planned.id = id;
    planned.skill_path = "Door.unlock";
    planned.target = planned.device = target;
    planned.arguments = planned.kwargs = json::object();
    planned.args = json::array();
    planned.needs_confirm = needs_confirm;
    return planned;
  }
  ToolRun run() {
    ToolRun made;
    made.caller = {PrincipalType::device, "tablet", "alice"};
    made.acting_user = "alice";
    made.deadline = [this] { return clock.steady_now() + 30s; };
    made.on_call = [this](const PlannedCall& planned) { events.push_back("call " + planned.id); };
    made.on_result = [this](const PlannedCall& planned, const Reply<json>& outcome) {
      events.push_back((outcome ? "done " : "failed ") + planned.id);
    };
    return made;
  }
  /// Somebody who says this to every question.
  std::function<Task<bool>(PlannedCall)> says(bool allow) {
    return [this, allow](PlannedCall planned) { return answer(this, allow, std::move(planned)); };
  }
  static Task<bool> answer(ToolRunner* self, bool allow, PlannedCall planned) {
    self->events.push_back("ask " + planned.id);
    self->clock.advance(20s);
    co_return allow;
  }
  /// Waits for an answer that the test gives, or does not.
  std::function<Task<bool>(PlannedCall)> waits(asio::steady_timer::time_point until) {
    return [this, until](PlannedCall planned) { return wait(this, until, std::move(planned)); };
  }
  static Task<bool> wait(ToolRunner* self, asio::steady_timer::time_point until, PlannedCall planned) {
    self->events.push_back("ask " + planned.id);
    const auto question = std::make_shared<OneShot<bool>>(self->loop.get_executor());
    self->questions[planned.id] = question;
    const auto said = co_await question->wait_until(until);
    co_return said.value_or(false);
  }
  Outcomes outcomes_of(std::vector<PlannedCall> calls, ToolRun made) {
    return test::run_task(loop, run_tools(tools, std::move(calls), std::move(made)));
  }

  asio::io_context loop;
  test::FakeClock clock;
  test::FakeTools tools;
  std::vector<std::string> events;
  std::map<std::string, std::shared_ptr<OneShot<bool>>> questions;
};

TEST_F(ToolRunner, AnOrdinaryCallIsMadeWithoutAskingAndWithoutConsent) {
  auto made = run();
  made.confirm = says(false);
  const auto outcomes = outcomes_of({call("a", "d1")}, std::move(made));
  EXPECT_TRUE(outcomes.at(0));
  EXPECT_THAT(events, ElementsAre("call a", "done a"));
  EXPECT_EQ(tools.calls.at(0).caller.user_id, "alice");
  EXPECT_EQ(tools.calls.at(0).acting_user, "alice");
  EXPECT_FALSE(tools.calls.at(0).is_consented) << "if the skill wants to be asked about by now, this one was not";
}

TEST_F(ToolRunner, WhatIsAllowedIsMadeAfterTheAnswerWithItsTimeFromThen) {
  const auto start = clock.steady_now();
  auto made = run();
  made.confirm = says(true);
  const auto outcomes = outcomes_of({call("a", "d1", true)}, std::move(made));
  EXPECT_TRUE(outcomes.at(0));
  EXPECT_THAT(events, ElementsAre("ask a", "call a", "done a"));
  EXPECT_TRUE(tools.calls.at(0).is_consented);
  EXPECT_EQ(tools.calls.at(0).deadline, start + 20s + 30s);
}

TEST_F(ToolRunner, WhatIsRefusedIsForbiddenAndNothingIsSent) {
  auto made = run();
  made.confirm = says(false);
  const auto outcomes = outcomes_of({call("a", "d1", true)}, std::move(made));
  ASSERT_FALSE(outcomes.at(0));
  EXPECT_EQ(outcomes[0].error().code, ErrorCode::forbidden);
  EXPECT_THAT(outcomes[0].error().message, HasSubstr("did not allow"));
  EXPECT_TRUE(tools.calls.empty());
  EXPECT_THAT(events, ElementsAre("ask a", "failed a"));
}

TEST_F(ToolRunner, WhereNobodyCanBeAskedItIsForbidden) {
  const auto outcomes = outcomes_of({call("a", "d1", true)}, run());
  ASSERT_FALSE(outcomes.at(0));
  EXPECT_EQ(outcomes[0].error().code, ErrorCode::forbidden);
  EXPECT_TRUE(tools.calls.empty());
}

TEST_F(ToolRunner, AQuestionThatIsIgnoredIsANo) {
  auto made = run();
  made.confirm = waits(std::chrono::steady_clock::now());  // over at once
  const auto outcomes = outcomes_of({call("a", "d1", true)}, std::move(made));
  ASSERT_FALSE(outcomes.at(0));
  EXPECT_EQ(outcomes[0].error().code, ErrorCode::forbidden);
  EXPECT_TRUE(tools.calls.empty());
}

TEST_F(ToolRunner, AQuestionHoldsUpItsOwnDeviceOnly) {
  auto made = run();
  made.confirm = waits(asio::steady_timer::time_point::max());
  std::optional<Outcomes> outcomes;
  std::vector<PlannedCall> calls = {call("a", "d1", true), call("b", "d1"), call("c", "d2"), call("d", "d3", true)};
  asio::co_spawn(loop, run_tools(tools, std::move(calls), std::move(made)),
                 [&](std::exception_ptr, Outcomes done) { outcomes = std::move(done); });
  loop.poll();
  EXPECT_EQ(tools.calls.size(), 1u) << "the one on d2";
  ASSERT_EQ(questions.size(), 2u) << "both are asked at once";
  questions.at("d")->set(false);
  questions.at("a")->set(true);
  loop.poll();
  ASSERT_TRUE(outcomes);
  EXPECT_TRUE(outcomes->at(0) && outcomes->at(1) && outcomes->at(2));
  EXPECT_EQ(outcomes->at(3).error().code, ErrorCode::forbidden);
  ASSERT_EQ(tools.calls.size(), 3u);
  EXPECT_EQ(tools.calls[1].target, "d1");
  EXPECT_EQ(tools.calls[2].target, "d1");
}

TEST_F(ToolRunner, AStoppedChatTakesItsQuestionsBackAndMakesNoCall) {
  auto made = run();
  made.confirm = waits(asio::steady_timer::time_point::max());
  asio::cancellation_signal stop;
  bool has_ended = false;
  std::vector<PlannedCall> calls = {call("a", "d1", true), call("b", "d1"), call("c", "d2", true)};
  asio::co_spawn(
      loop, run_tools(tools, std::move(calls), std::move(made)),
      asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr, const Outcomes&) { has_ended = true; }));
  loop.poll();
  EXPECT_EQ(questions.size(), 2u);
  stop.emit(asio::cancellation_type::terminal);
  loop.poll();
  EXPECT_TRUE(has_ended);
  EXPECT_TRUE(tools.calls.empty());
  EXPECT_THAT(events, UnorderedElementsAre("ask a", "ask c")) << "nobody is told of a no that nobody said";
}

TEST_F(ToolRunner, AStoppedChatIsToldNothingOfTheCallUnderWayNorOfThoseAfterIt) {
  for (const bool has_neighbour : {false, true}) {
    tools.calls.clear();
    tools.hang_on = "d1";
    events.clear();
    asio::cancellation_signal stop;
    bool has_ended = false;
    std::vector<PlannedCall> calls = {call("a", "d1"), call("b", "d1")};
    if (has_neighbour) calls.push_back(call("c", "d2"));
    asio::co_spawn(
        loop, run_tools(tools, std::move(calls), run()),
        asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr, const Outcomes&) { has_ended = true; }));
    loop.restart();
    loop.poll();
    const auto before = events;
    stop.emit(asio::cancellation_type::terminal);
    loop.restart();
    loop.poll();
    EXPECT_TRUE(has_ended);
    EXPECT_EQ(events, before);
    EXPECT_EQ(tools.calls.size(), has_neighbour ? 2u : 1u);
  }
}

TEST_F(ToolRunner, ADeviceThatLeavesMidCallFailsItsOwnCallsOnly) {
  tools.answer = [&](const SkillCall& made) -> Reply<json> {
    if (made.target == "d1") return error(ErrorCode::device_offline, "the device left before it answered");
    return json(made.target);
  };
  const auto outcomes = outcomes_of({call("a", "d1"), call("b", "d2"), call("c", "d1"), call("d", "d3")}, run());
  EXPECT_EQ(outcomes.at(0).error().code, ErrorCode::device_offline);
  EXPECT_EQ(outcomes.at(1).value(), json("d2"));
  EXPECT_EQ(outcomes.at(2).error().code, ErrorCode::device_offline);
  EXPECT_EQ(outcomes.at(3).value(), json("d3"));
  EXPECT_EQ(tools.calls.size(), 4u) << "no call is made again";
}

TEST_F(ToolRunner, SixteenCallsOnSixteenDevicesRunAtOnceAndKeepTheirPlaces) {
  std::vector<PlannedCall> calls;
  for (int i = 0; i < 16; ++i) calls.push_back(call("c" + std::to_string(i), "d" + std::to_string(i)));
  tools.answer = [](const SkillCall& made) { return Reply<json>(json(made.target)); };
  const auto outcomes = outcomes_of(std::move(calls), run());
  EXPECT_EQ(tools.most_at_once, 16);
  for (std::size_t i = 0; i < 16; ++i) EXPECT_EQ(outcomes.at(i).value(), json("d" + std::to_string(i)));
}

}  // namespace
}  // namespace strawberry::bridge
