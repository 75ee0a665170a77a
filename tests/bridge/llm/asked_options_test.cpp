#include "bridge/llm/asked_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace strawberry::bridge {
namespace {

using nlohmann::json;
using testing::HasSubstr;

ModelRequest request_with(const char* options, bool has_tools = true) {
  ModelRequest request;
  request.options = json::parse(options);
  if (has_tools) request.tools.push_back({"x", "", json::object(), std::nullopt, ""});
  return request;
}

TEST(AskedOptions, WhatNobodyTookIsRefusedByName) {
  AskedOptions options(request_with(R"({"temperature":1,"se\ned":2})"));
  EXPECT_EQ(options.take("temperature"), json(1));
  const auto problem = options.problem();
  ASSERT_TRUE(problem);
  EXPECT_EQ(problem->reason, "unsupported");
  EXPECT_THAT(problem->message, HasSubstr("se\\x0aed"));
}

TEST(AskedOptions, WhatAsksForNothingIsLeftOut) {
  AskedOptions options(request_with(R"({"seed":null,"logprobs":false,"top_logprobs":0,"frequency_penalty":0.0,
    "presence_penalty":0,"logit_bias":{},"modalities":["text"],"service_tier":"auto","n":1,"user":"u",
    "safety_identifier":"u","metadata":{"a":"b"},"store":true,"prompt_cache_key":"k"})"));
  EXPECT_FALSE(options.take("frequency_penalty"));
  EXPECT_FALSE(options.problem());
}

TEST(AskedOptions, ThereIsNothingToChooseWithoutTools) {
  AskedOptions options(request_with(R"({"tool_choice":"required","parallel_tool_calls":false})", false));
  EXPECT_EQ(options.tool_choice().kind, ToolChoice::Kind::automatic);
  EXPECT_FALSE(options.one_call_at_a_time());
  EXPECT_FALSE(options.problem());
}

TEST(AskedOptions, OddShapesAreRefusedByName) {
  const std::pair<const char*, const char*> cases[] = {
      {"tool_choice", R"({"tool_choice":"sometimes"})"},
      {"tool_choice", R"({"tool_choice":{"type":"allowed_tools"}})"},
      {"parallel_tool_calls", R"({"parallel_tool_calls":1})"},
      {"response_format", R"({"response_format":"json"})"},
      {"response_format", R"({"response_format":{"type":"json_schema"}})"},
      {"response_format", R"({"response_format":{"type":"grammar"}})"}};
  for (const auto& [field, text] : cases) {
    AskedOptions options(request_with(text));
    options.tool_choice();
    options.one_call_at_a_time();
    options.answer_format();
    const auto problem = options.problem();
    ASSERT_TRUE(problem) << text;
    EXPECT_THAT(problem->message, HasSubstr(field)) << text;
  }
}

TEST(AskedOptions, StopIsAList) {
  EXPECT_EQ(AskedOptions(request_with(R"({"stop":"a"})")).stop(), json({"a"}));
  EXPECT_EQ(AskedOptions(request_with(R"({"stop":["a","b"]})")).stop(), json({"a", "b"}));
  EXPECT_EQ(AskedOptions(request_with(R"({"stop":null})")).stop(), json::array());
}

}  // namespace
}  // namespace strawberry::bridge
