/// Skills with errors: their caller gets the reason in one sentence, and the Spoke continues.
#include <gtest/gtest.h>

#include <atomic>
#include <limits>
#include <thread>

#include "tests/sdk/spoke_fixture.h"

namespace strawberry::test {
namespace {

class SdkBadSkills : public SdkFixture {
 protected:
  template <class Function>
  void serve(const std::string& signature, Function function) {
    spoke_ = lamp(lamp_options());
    spoke_->skill(signature, "", std::move(function));
    spoke_->start();
    ASSERT_TRUE(spoke_->wait_until_ready()) << heard_.text();
  }
  void goes_on() { EXPECT_EQ(call("turn_on", {1}), "on at 1") << heard_.text(); }

  std::unique_ptr<Spoke> spoke_;
};

TEST_F(SdkBadSkills, WhatItThrowsIsItsCallersError) {
  serve("bad()", []() -> int { throw std::runtime_error("the lamp is broken"); });
  EXPECT_EQ(call("bad"), "skill_error: the lamp is broken");
  EXPECT_TRUE(heard_.wait_for("LampSkill.bad: failed: the lamp is broken"));
  goes_on();
}

TEST_F(SdkBadSkills, AResultThatIsNoJsonIsAnError) {
  serve("bad(which: str)", [](const std::string& which) -> json {
    if (which == "nan") return std::numeric_limits<double>::quiet_NaN();
    if (which == "text") return "\xc3";
    if (which == "large") return std::string(10'000'000, 'x');
    json deep = json::array();
    for (int i = 0; i < 100'000; ++i) {
      json outer = json::array();
      outer.push_back(std::move(deep));
      deep = std::move(outer);
    }
    return deep;
  });
  EXPECT_EQ(call("bad", {"nan"}), "skill_error: its result is no JSON: NaN or an infinite number");
  EXPECT_EQ(call("bad", {"text"}), "skill_error: its result is no JSON: text that is not UTF-8");
  EXPECT_TRUE(call("bad", {"large"}).get<std::string>().starts_with("skill_error: its result is too large: 100000"));
  EXPECT_EQ(call("bad", {"deep"}), "skill_error: its result nests deeper than 63 levels");
  goes_on();
}

TEST_F(SdkBadSkills, OnesThatHangDoNotStopTheOthers) {
  auto goes_on_now = std::make_shared<std::atomic<bool>>(false);
  serve("hang()", [goes_on_now] {
    while (!*goes_on_now) std::this_thread::sleep_for(1ms);
  });
  std::vector<std::thread> callers;
  goes_on();
  for (int i = 0; i < 6; ++i) {
    callers.emplace_back([this] {
      EXPECT_EQ(code_of([&] { alice().call("lamp.LampSkill.hang", json::array(), json::object(), 1s); }), "timeout");
    });
  }
  for (auto& each : callers) each.join();
  EXPECT_TRUE(heard_.wait_for("still runs after its deadline"));
  goes_on();
  *goes_on_now = true;
}

TEST_F(SdkBadSkills, OneThatCallsItselfWithoutEndFailsAndEnds) {
  Spoke* self = nullptr;
  serve("again() -> str", [&self] { return self->call("LampSkill.again", json::array(), json::object(), 2s); });
  self = spoke_.get();
  const auto answer = call("again", json::array(), 4s).get<std::string>();
  EXPECT_TRUE(answer.find("timeout") != std::string::npos || answer.find("did not") != std::string::npos ||
              answer.find("too many calls") != std::string::npos || answer.find("skill_error") != std::string::npos)
      << answer;
  std::this_thread::sleep_for(2s);
  goes_on();
}

TEST_F(SdkBadSkills, AnArgumentItsTypeCannotHoldIsAnError) {
  serve("small(n: int)", [](std::uint8_t) {});
  EXPECT_EQ(call("small", {256}), "skill_error: an argument is out of range: 256 (0 to 255)");
  goes_on();
}

}  // namespace
}  // namespace strawberry::test
