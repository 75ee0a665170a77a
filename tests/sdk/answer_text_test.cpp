#include "sdk/cpp/src/answer_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>

namespace strawberry::sdk {
namespace {

using nlohmann::json;

json answer_of(SkillResult result) { return json::parse(answer_text("7", result)); }
/// Moves the value: copying JSON recurses, and some values here are too deep for that.
std::string error_of(json value) {
  const json answer = answer_of(std::move(value));
  EXPECT_EQ(answer.at("correlation_id"), "7");
  return answer.at("success").get<bool>() ? "none" : answer.at("error").get<std::string>();
}

TEST(AnswerText, AResultIsInItsAnswer) {
  EXPECT_EQ(answer_of(json{{"a", {1, 2.5, "ä", nullptr}}}),
            json::parse(R"({"correlation_id":"7","success":true,"result":{"a":[1,2.5,"ä",null]},"error":null})"));
}

TEST(AnswerText, AFailureWithACodeIsAnObject) {
  EXPECT_EQ(answer_of(tl::unexpected(SkillFailure{"no such song", "not_found"})).at("error"),
            json({{"code", "not_found"}, {"message", "no such song"}}));
}

TEST(AnswerText, WhatIsNoJsonIsAnError) {
  EXPECT_EQ(error_of(std::nan("")), "its result is no JSON: NaN or an infinite number");
  EXPECT_EQ(error_of({1, {{"a", HUGE_VAL}}}), "its result is no JSON: NaN or an infinite number");
  EXPECT_EQ(error_of("\xff"), "its result is no JSON: text that is not UTF-8");
  EXPECT_EQ(error_of({{"\xff", 1}}), "its result is no JSON: a name that is not UTF-8");
  EXPECT_EQ(error_of(json::binary({1, 2})), "its result is no JSON: binary data");
  EXPECT_EQ(error_of(json(json::value_t::discarded)), "its result is no JSON: binary data");
}

TEST(AnswerText, TheDepthOfAResultHasALimit) {
  const auto nested = [](int levels) {
    json value = json::array();
    for (int i = 1; i < levels; ++i) {
      json outer = json::array();
      outer.push_back(std::move(value));
      value = std::move(outer);
    }
    return value;
  };
  EXPECT_EQ(error_of(nested(63)), "none");
  EXPECT_EQ(error_of(nested(64)), "its result nests deeper than 63 levels");
  EXPECT_EQ(error_of(nested(100'000)), "its result nests deeper than 63 levels");
}

TEST(AnswerText, TheSizeOfAnAnswerHasALimit) {
  SkillResult empty = json("");
  const std::size_t around = answer_text("7", empty).size();
  EXPECT_EQ(error_of(std::string(answer_bytes_max - around, 'x')), "none");
  EXPECT_EQ(error_of(std::string(answer_bytes_max - around + 1, 'x')),
            "its result is too large: 262145 bytes (at most 262144 with the answer around it)");
}

}  // namespace
}  // namespace strawberry::sdk
