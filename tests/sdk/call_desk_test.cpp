#include "sdk/cpp/src/call_desk.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

namespace strawberry::sdk {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

class CallDeskTest : public testing::Test {
 protected:
  ~CallDeskTest() override {
    release();
    if (desk_) desk_->stop(5s);
  }

  CallDesk& desk(std::size_t running_max = 4, std::size_t waiting_max = 64, std::size_t overdue_max = 1) {
    CallDesk::Options options;
    options.running_max = running_max;
    options.waiting_max = waiting_max;
    options.overdue_max = overdue_max;
    options.answer = [this](std::string text, SteadyTime) {
      const std::lock_guard lock(mutex_);
      answers_.push_back(json::parse(text));
      changed_.notify_all();
    };
    options.say = [this](LogLevel, const std::string& line) {
      const std::lock_guard lock(mutex_);
      said_ += line + "\n";
      changed_.notify_all();
    };
    desk_ = std::make_unique<CallDesk>(clock_, std::move(options));
    add("echo(text: str) -> str", [](const std::string& text) { return text; });
    add("wait() -> str", [this] {
      std::unique_lock lock(mutex_);
      ++started_;
      changed_.notify_all();
      changed_.wait(lock, [this] { return released_; });
      return "done";
    });
    return *desk_;
  }
  template <class Function>
  void add(const std::string& signature, Function function) {
    desk_->add(make_skill(signature, "", "Test", skill_function::adapt(function), {}));
  }
  void call(const std::string& id, const std::string& skill, const json& args = json::array(),
            std::int64_t timeout_ms = 30'000) {
    const std::string text = json{
        {"correlation_id", id},
        {"skill_path", "Test." + skill},
        {"args", args},
        {"kwargs", json::object()},
        {"timeout_ms",
         timeout_ms}}.dump();
    desk_->called({"skills/x/call", text, false, std::nullopt});
  }
  void call_text(const std::string& text) { desk_->called({"skills/x/call", text, false, std::nullopt}); }
  void release() {
    const std::lock_guard lock(mutex_);
    released_ = true;
    changed_.notify_all();
  }
  /// All so far, once there are `count`.
  std::vector<json> answers(std::size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, 10s, [&] { return answers_.size() >= count; })) << answers_.size();
    return answers_;
  }
  void wait_until_started(int count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, 10s, [&] { return started_ >= count; })) << started_;
  }
  bool was_said(const std::string& text) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 10s, [&] { return said_.find(text) != std::string::npos; });
  }

  SystemClock clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<json> answers_;
  std::string said_;
  int started_ = 0;
  bool released_ = false;
  std::unique_ptr<CallDesk> desk_;
};

TEST_F(CallDeskTest, ACallIsAnsweredUnderItsId) {
  desk();
  call("1", "echo", {"hello"});
  EXPECT_EQ(answers(1).at(0), json::parse(R"({"correlation_id":"1","success":true,"result":"hello","error":null})"));
}

TEST_F(CallDeskTest, ACallThatComesAgainGetsTheSameAnswerAndRunsOnce) {
  desk();
  int runs = 0;
  add("count() -> int", [&] { return ++runs; });
  call("1", "count");
  answers(1);
  call("1", "count");
  EXPECT_EQ(answers(2).at(1), answers_.at(0));
  EXPECT_EQ(runs, 1);
}

TEST_F(CallDeskTest, ACallThatComesAgainWhileItRunsHasOneAnswer) {
  desk();
  call("1", "wait");
  wait_until_started(1);
  call("1", "wait");
  release();
  answers(1);
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(answers(1).size(), 1u);
}

TEST_F(CallDeskTest, WhatASkillThrowsIsItsCallersError) {
  desk();
  add("a()", []() -> int { throw std::runtime_error("the lamp is broken"); });
  add("b()", []() -> int { throw HubError("device_offline", "the other lamp is away"); });
  add("c()", []() -> int { throw 5; });
  std::size_t asked = 0;
  for (const char* skill : {"a", "b", "c"}) {
    call(skill, skill);
    answers(++asked);
  }
  EXPECT_EQ(answers_.at(0).at("error"), "the lamp is broken");
  EXPECT_EQ(answers_.at(1).at("error"), json({{"code", "device_offline"}, {"message", "the other lamp is away"}}));
  EXPECT_EQ(answers_.at(2).at("error"), "it threw something that is no std::exception");
  EXPECT_TRUE(was_said("Test.a: failed: the lamp is broken"));
}

TEST_F(CallDeskTest, CallsRunAtOnceWaitAndAreRefusedInThatOrder) {
  desk(2, 1);
  call("1", "wait");
  call("2", "wait");
  wait_until_started(2);
  call("3", "wait");
  call("4", "wait");
  EXPECT_EQ(answers(1).at(0).at("correlation_id"), "4");
  EXPECT_EQ(answers_.at(0).at("error"), "too many calls at once: 2 run and 1 wait");
  release();
  EXPECT_EQ(answers(4).size(), 4u);
}

TEST_F(CallDeskTest, ManyCallsInOneInstantAllHaveThreads) {
  desk(4);
  for (int i = 0; i < 4; ++i) call(std::to_string(i), "wait");
  wait_until_started(4);
}

TEST_F(CallDeskTest, ASkillThatHangsGivesItsPlaceToAnotherThread) {
  desk(1);
  call("1", "wait", json::array(), 1'000);
  wait_until_started(1);
  call("2", "echo", {"I come through"});
  std::this_thread::sleep_for(1'050ms);
  desk_->tick();
  EXPECT_EQ(answers(1).at(0).at("result"), "I come through");
  EXPECT_TRUE(was_said("Test.wait: still runs after its deadline, and keeps its thread (1 of 1)"));
  release();
  EXPECT_EQ(answers(2).at(1).at("correlation_id"), "1") << "late, as the hub sees it";
  call("3", "echo", {"after it"});
  EXPECT_EQ(answers(3).at(2).at("result"), "after it");
}

TEST_F(CallDeskTest, NotMoreThreadsHangThanMayHang) {
  desk(1);
  call("1", "wait", json::array(), 1'000);
  wait_until_started(1);
  std::this_thread::sleep_for(1'050ms);
  desk_->tick();
  call("2", "wait", json::array(), 1'000);
  wait_until_started(2);
  std::this_thread::sleep_for(1'050ms);
  desk_->tick();
  call("3", "wait", json::array(), 1'000);
  std::this_thread::sleep_for(1'100ms);
  EXPECT_EQ(started_, 2);
  release();
  std::map<std::string, json> by_id;  // the threads end in any order
  for (const json& answer : answers(3)) by_id[answer.at("correlation_id").get<std::string>()] = answer;
  EXPECT_EQ(by_id.at("3").at("error"), "its turn did not come in time");
}

TEST_F(CallDeskTest, TheDeadlineIsTheEarlierOfTimeoutAndMessageExpiry) {
  desk();
  add("left() -> int", [](const CallContext& context) {
    return std::chrono::duration_cast<std::chrono::seconds>(context.deadline - std::chrono::steady_clock::now() + 500ms)
        .count();
  });
  std::size_t asked = 0;
  const auto left = [&](const std::string& id, std::optional<std::uint32_t> expiry_s) {
    const std::string text = R"({"correlation_id":")" + id + R"(","skill_path":"Test.left","timeout_ms":60000})";
    desk_->called({"skills/x/call", text, false, expiry_s});
    return answers(++asked).back().at("result");
  };
  EXPECT_EQ(left("1", std::nullopt), 60);
  EXPECT_EQ(left("2", 7u), 9);
  EXPECT_EQ(left("3", 500u), 60);
}

TEST_F(CallDeskTest, RubbishIsDroppedAndWhatHasAnIdIsAnswered) {
  desk();
  for (const char* text : {"", "{", "[]", "5", "{}", R"({"correlation_id":5})", R"({"correlation_id":null})", "\xff"})
    call_text(text);
  call_text(R"({"correlation_id":"1"})");
  EXPECT_EQ(answers(1).at(0).at("error"), "there is no such skill here: ");
  call_text(R"({"correlation_id":"2","skill_path":"Test.echo","args":5})");
  EXPECT_EQ(answers(2).at(1).at("error"), "args must be an array");
  EXPECT_EQ(answers_.size(), 2u);
}

TEST_F(CallDeskTest, StoppingLeavesBehindWhatDoesNotEndInTime) {
  desk();
  call("1", "wait");
  wait_until_started(1);
  const auto before = std::chrono::steady_clock::now();
  desk_->stop(100ms);
  EXPECT_LT(std::chrono::steady_clock::now() - before, 1s);
  EXPECT_TRUE(was_said("1 skills still run and are left behind"));
}

TEST_F(CallDeskTest, ASkillHearsThatItsCallIsOver) {
  desk();
  add("long() -> str", [this](const CallContext& context) {
    {
      const std::lock_guard lock(mutex_);
      ++started_;
      changed_.notify_all();
    }
    while (!context.is_over()) std::this_thread::sleep_for(1ms);
    return "ended";
  });
  call("1", "long");
  wait_until_started(1);
  desk_->stop(5s);
  EXPECT_EQ(answers(1).at(0).at("result"), "ended");
}

}  // namespace
}  // namespace strawberry::sdk
