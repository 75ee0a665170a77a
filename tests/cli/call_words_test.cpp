#include "cli/call_words.h"

#include <gtest/gtest.h>

namespace strawberry::cli {
namespace {

using nlohmann::json;

TEST(CallArguments, AreJsonWhenTheyReadAsJson) {
  const auto parsed = parse_call_arguments({"5", "-1.5", "true", "null", "\"5\"", "[1,\"a\"]", "{\"a\":1}"});
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->args, json::parse(R"([5,-1.5,true,null,"5",[1,"a"],{"a":1}])"));
  EXPECT_EQ(parsed->kwargs, json::object());
}

TEST(CallArguments, AreTextOtherwise) {
  const auto parsed = parse_call_arguments({"Never Gonna Give You Up", "True", "5 apples", "", "[1,", "nan"});
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->args, json::parse(R"(["Never Gonna Give You Up","True","5 apples","","[1,","nan"])"));
}

TEST(CallArguments, WithANameBecomeKeywords) {
  const auto parsed = parse_call_arguments({"Yesterday", "volume=20", "_by=The Beatles", "empty=", "q=a=b"});
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->args, json::parse(R"(["Yesterday"])"));
  EXPECT_EQ(parsed->kwargs, json::parse(R"({"volume":20,"_by":"The Beatles","empty":"","q":"a=b"})"));
}

TEST(CallArguments, KeepAnEqualsSignThatFollowsNoIdentifier) {
  const auto parsed = parse_call_arguments({"1+1=2", "=x", "a b=c", "{\"a=b\":1}"});
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->args, json::parse(R"(["1+1=2","=x","a b=c",{"a=b":1}])"));
}

TEST(CallArguments, RefuseOneNameTwice) { EXPECT_FALSE(parse_call_arguments({"volume=1", "volume=2"})); }

TEST(CallArguments, NestedTooDeepStayText) {
  const std::string deep(100'000, '[');
  const auto parsed = parse_call_arguments({deep});
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->args.at(0), deep);
}

TEST(CallArguments, StayTextWhereTheSkillWantsText) {
  const auto signature = parse_signature("note(title: str, tags: list[str] = [], *more: str, n: int = 1, **rest: str)");
  ASSERT_TRUE(signature);
  const auto parsed =
      parse_call_arguments({"42", "[\"a\"]", "true", "null", "n=3", "title=1.5", "color=7"}, *signature);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->args, json({"42", {"a"}, "true", "null"}));
  EXPECT_EQ(parsed->kwargs, json({{"n", 3}, {"title", "1.5"}, {"color", "7"}}));
}

TEST(CallArguments, AreValuesWhereTheSkillTakesBoth) {
  const auto signature = parse_signature("f(a: str | None, b: int | str, c: Literal['1', 'two'], d)");
  ASSERT_TRUE(signature);
  const auto parsed = parse_call_arguments({"null", "42", "1", "42"}, *signature);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->args, json({nullptr, 42, "1", 42}));
}

TEST(CallArguments, InQuotesAreTheTextInThem) {
  const auto signature = parse_signature("f(a: str)");
  EXPECT_EQ(parse_call_arguments({"\"42\""}, *signature)->args, json({"42"}));
}

TEST(CallArguments, TooManyAreLeftToTheHub) {
  const auto signature = parse_signature("f(a: str)");
  EXPECT_EQ(parse_call_arguments({"1", "2", "b=3"}, *signature)->args, json({"1", 2}));
}

}  // namespace
}  // namespace strawberry::cli
