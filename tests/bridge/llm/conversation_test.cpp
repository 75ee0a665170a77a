#include "bridge/llm/conversation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace strawberry::bridge {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;

Result<Conversation, ProviderError> read(const char* messages) { return read_conversation(json::parse(messages)); }

TEST(Conversation, ACallNobodyAnsweredSaysSo) {
  const auto read_one = read(R"([{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"x"}}]}])");
  ASSERT_TRUE(read_one);
  const auto& call = read_one->turns.at(0).calls.at(0);
  EXPECT_TRUE(call.is_error);
  EXPECT_THAT(call.result, HasSubstr("no result"));
  EXPECT_EQ(call.arguments, json::object());
}

TEST(Conversation, IdsArePlainAndEachOnceWhoeverMadeThem) {
  const auto two = read(R"([
    {"role":"assistant","tool_calls":[{"id":"call_1","function":{"name":"x"}},{"id":"fc:1.é","function":{"name":"y"}}]},
    {"role":"tool","tool_call_id":"fc:1.é","content":"second"},
    {"role":"tool","tool_call_id":"call_1","content":"first"},
    {"role":"assistant","tool_calls":[{"id":"call_1","function":{"name":"x"}}]},
    {"role":"tool","tool_call_id":"call_1","content":"third"}])");
  ASSERT_TRUE(two);
  const auto& calls = two->turns.at(0).calls;
  EXPECT_EQ(calls.at(0).id, "call_1");
  EXPECT_EQ(calls.at(0).result, "first");
  EXPECT_THAT(calls.at(1).id, MatchesRegex("[A-Za-z0-9_-]+"));
  EXPECT_EQ(calls.at(1).result, "second");
  EXPECT_EQ(two->turns.at(1).calls.at(0).result, "third");
  EXPECT_NE(two->turns.at(1).calls.at(0).id, "call_1");
  EXPECT_NE(two->turns.at(1).calls.at(0).id, calls.at(1).id);
}

TEST(Conversation, BlankTextsAreLeftOutAndTurnsJoin) {
  const auto joined = read(R"([{"role":"user","content":"a"},{"role":"assistant","content":" \n"},
    {"role":"user","content":""},{"role":"user","content":[{"type":"text","text":"b"},{"type":"text","text":"c"}]},
    {"role":"system","content":" "},{"role":"assistant","content":"d"},{"role":"assistant","content":"e"}])");
  ASSERT_TRUE(joined);
  ASSERT_EQ(joined->turns.size(), 2u);
  EXPECT_THAT(joined->turns[0].texts, ElementsAre("a", "b\nc"));
  EXPECT_THAT(joined->turns[1].texts, ElementsAre("d", "e"));
  EXPECT_EQ(joined->system, "");
}

TEST(Conversation, NothingIsJoinedAcrossCalls) {
  const auto apart = read(R"([{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"x"}}]},
    {"role":"tool","tool_call_id":"a","content":"1"},{"role":"assistant","content":"done"}])");
  ASSERT_TRUE(apart);
  ASSERT_EQ(apart->turns.size(), 2u);
  EXPECT_THAT(apart->turns[1].texts, ElementsAre("done"));
}

TEST(Conversation, WhatNoDialectCarriesIsRefused) {
  for (const char* messages :
       {R"({})", R"([7])", R"([{"role":"function","content":"x"}])", R"([{"role":"user","content":7}])",
        R"([{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}])",
        R"([{"role":"tool","tool_call_id":"a","content":"x"}])",
        R"([{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"x"}}]},
            {"role":"tool","tool_call_id":"a","content":"x"},{"role":"tool","tool_call_id":"a","content":"x"}])"}) {
    const auto refused = read(messages);
    ASSERT_FALSE(refused) << messages;
    EXPECT_EQ(refused.error().reason, "unsupported");
    EXPECT_THAT(refused.error().message, HasSubstr("messages"));
  }
}

TEST(Conversation, TheUserCanBeMadeToBegin) {
  for (const char* messages :
       {R"([])", R"([{"role":"system","content":"s"}])", R"([{"role":"assistant","content":"a"}])"}) {
    auto conversation = *read(messages);
    let_user_begin(conversation);
    EXPECT_FALSE(conversation.turns.at(0).is_assistant);
    EXPECT_EQ(conversation.turns.at(0).texts.size(), 1u);
  }
  auto begun = *read(R"([{"role":"user","content":"u"}])");
  let_user_begin(begun);
  EXPECT_THAT(begun.turns.at(0).texts, ElementsAre("u"));
}

}  // namespace
}  // namespace strawberry::bridge
