#include "bridge/llm/tool_call_fragments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bridge/llm/wire.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;
using testing::ElementsAre;

/// What they come to, as `id name arguments`; `{}` where no arguments came.
std::vector<std::string> joined(const std::vector<const char*>& fragments) {
  ToolCallFragments calls;
  for (const char* fragment : fragments) calls.add(json::parse(fragment));
  std::vector<std::string> lines;
  for (const auto& call : calls.take())
    lines.push_back(call.id + " " + call.name + " " + (call.arguments.empty() ? "{}" : call.arguments));
  return lines;
}

TEST(ToolCallFragments, AreJoinedByIndexHoweverTheyAreMixed) {
  EXPECT_THAT(joined({R"({"index":0,"id":"a","type":"function","function":{"name":"x","arguments":""}})",
                      R"({"index":1,"id":"b","type":"function","function":{"name":"y","arguments":"{\"q\""}})",
                      R"({"index":0,"function":{"arguments":"{\"p\":"}})",
                      R"({"index":1,"function":{"arguments":":2}"}})", R"({"index":0,"function":{"arguments":"1}"}})"}),
              ElementsAre(R"(a x {"p":1})", R"(b y {"q":2})"));
}

TEST(ToolCallFragments, ANewIdStartsANewCallThoughAllHaveIndexZero) {
  EXPECT_THAT(joined({R"({"index":0,"id":"a","function":{"name":"x","arguments":"{}"}})",
                      R"({"index":0,"id":"b","function":{"name":"x","arguments":""}})",
                      R"({"index":0,"id":"c","function":{"name":"x","arguments":"{"}})",
                      R"({"index":0,"function":{"arguments":"}"}})"}),
              ElementsAre("a x {}", "b x {}", "c x {}"));
}

TEST(ToolCallFragments, AnIdThatIsRepeatedGoesOnWithItsCall) {
  EXPECT_THAT(
      joined({R"({"index":0,"id":"a","function":{"name":"x","arguments":"{"}})",
              R"({"index":0,"id":"a","function":{"name":"x","arguments":"}"}})",
              R"({"id":"b","function":{"name":"y","arguments":"["}})", R"({"id":"b","function":{"arguments":"]"}})"}),
      ElementsAre("a x {}", "b y []"));
}

TEST(ToolCallFragments, IdsThatChangeFromOneToTheNextAreOneCall) {
  for (const char* name : {R"("name":"",)", R"("name":null,)", ""}) {
    const auto next = [&](const char* id, const char* index, const char* arguments) {
      return std::string("{") + index + R"("id":")" + id + R"(","function":{)" + name + R"("arguments":")" + arguments +
             "\"}}";
    };
    for (const char* index : {R"("index":0,)", ""}) {
      const auto first = std::string("{") + index + R"("id":"a","function":{"name":"x","arguments":""}})";
      const auto second = next("b", index, R"({\"q\":)"), third = next("c", index, "1}");
      EXPECT_THAT(joined({first.c_str(), second.c_str(), third.c_str()}), ElementsAre(R"(a x {"q":1})")) << second;
    }
  }
}

TEST(ToolCallFragments, AnotherIdWithTheSameNameGoesOnWithArgumentsThatAreOpen) {
  EXPECT_THAT(joined({R"({"index":0,"id":"a","function":{"name":"x","arguments":"{\"q\":{\"}\":1}"}})",
                      R"({"index":0,"id":"b","function":{"name":"x","arguments":",\"r\":\"\\\"}\"}"}})",
                      R"({"index":0,"id":"c","function":{"name":"x","arguments":"{\"q\":"}})",
                      R"({"index":0,"id":"d","function":{"name":"y","arguments":"{}"}})"}),
              ElementsAre(R"(a x {"q":{"}":1},"r":"\"}"})", R"(c x {"q":)", "d y {}"));
}

TEST(ToolCallFragments, InAWholeMessageEachIsACall) {
  ToolCallFragments calls;
  for (int i = 0; i < 2; ++i) calls.add_whole(json::parse(R"({"function":{"name":"x","arguments":""}})"));
  calls.add_whole(json::parse(R"({"index":7,"id":"a","function":{"name":"x","arguments":"{"}})"));
  calls.add_whole(json::parse(R"({"index":7,"id":"a","function":{"name":"x","arguments":"}"}})"));
  EXPECT_EQ(calls.take().size(), 3u);
}

TEST(ToolCallFragments, OneIdAtTwoIndexesIsTwoCalls) {
  EXPECT_THAT(joined({R"({"index":0,"id":"a","function":{"name":"x","arguments":"{}"}})",
                      R"({"index":1,"id":"a","function":{"name":"y","arguments":"{}"}})"}),
              ElementsAre("a x {}", "a y {}"));
}

TEST(ToolCallFragments, IdsMayBeMissing) {
  EXPECT_THAT(
      joined({R"({"index":0,"function":{"name":"x","arguments":"{}"}})",
              R"({"index":1,"function":{"name":"x","arguments":"{"}})", R"({"index":1,"function":{"arguments":"}"}})"}),
      ElementsAre(" x {}", " x {}"));
}

TEST(ToolCallFragments, WithoutIdsAnotherNameOrCompleteArgumentsStartANewCall) {
  EXPECT_THAT(joined({R"({"index":0,"function":{"name":"x","arguments":"{}"}})",
                      R"({"index":0,"function":{"name":"y","arguments":""}})",
                      R"({"index":0,"function":{"name":"y","arguments":"{\"q\":"}})",
                      R"({"index":0,"function":{"name":"y","arguments":"{}}"}})",
                      R"({"index":0,"function":{"name":"y","arguments":"{}"}})"}),
              ElementsAre(" x {}", R"( y {"q":{}})", " y {}"));
}

TEST(ToolCallFragments, WithoutIndexesTheyGoToTheLastCall) {
  EXPECT_THAT(joined({R"({"id":"a","function":{"name":"x","arguments":"{"}})", R"({"function":{"arguments":"}"}})",
                      R"({"id":"b","function":{"name":"y","arguments":"{"}})", R"({"function":{"arguments":"}"}})"}),
              ElementsAre("a x {}", "b y {}"));
}

TEST(ToolCallFragments, AnIdMayComeLate) {
  EXPECT_THAT(joined({R"({"index":0,"function":{"name":"x","arguments":""}})",
                      R"({"index":0,"id":"a","function":{"arguments":"{}"}})"}),
              ElementsAre("a x {}"));
}

TEST(ToolCallFragments, ArgumentsMayBeAnObjectOrMissing) {
  EXPECT_THAT(joined({R"({"index":0,"id":"a","function":{"name":"x","arguments":{"q":1}}})",
                      R"({"index":1,"id":"b","function":{"name":"y","arguments":null}})",
                      R"({"index":2,"id":"c","function":{"name":"z"}})"}),
              ElementsAre(R"(a x {"q":1})", "b y {}", "c z {}"));
}

TEST(ToolCallFragments, OddTypesAreSurvived) {
  EXPECT_THAT(joined({"null", "[]", "7", R"({"index":"0","id":7,"function":[]})",
                      R"({"index":-1,"function":{"name":3,"arguments":[1]}})"}),
              testing::SizeIs(1));
}

TEST(ToolCallFragments, WhatComesAfterTheLastCallIsDropped) {
  ToolCallFragments calls;
  const auto add = [&calls](std::size_t at, json fragment) {
    fragment["index"] = at;
    calls.add(fragment);
  };
  for (std::size_t at = 0; at < reply_tool_calls_max + 2; ++at)
    add(at, {{"id", "id" + std::to_string(at)}, {"function", {{"name", "x"}, {"arguments", "{"}}}});
  calls.add({{"function", {{"arguments", "for the one dropped last"}}}});
  for (std::size_t at = 0; at < reply_tool_calls_max + 2; ++at) add(at, {{"function", {{"arguments", "}"}}}});
  const auto taken = calls.take();
  ASSERT_EQ(taken.size(), reply_tool_calls_max);
  for (const auto& call : taken) EXPECT_EQ(call.arguments, "{}");
  EXPECT_EQ(taken.back().id, "id127");
}

}  // namespace
}  // namespace strawberry::bridge
