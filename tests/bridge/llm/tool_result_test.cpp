#include "bridge/llm/tool_result.h"

#include <gtest/gtest.h>

namespace strawberry::bridge {
namespace {

using nlohmann::json;

TEST(ToolResult, SuccessAndFailureCannotBeMistakenForEachOther) {
  EXPECT_EQ(tool_result_content(json(true), 1000), R"({"result":true})");
  const json tricky = {{"error", "no"}};
  EXPECT_EQ(tool_result_content(tricky, 1000), R"({"result":{"error":"no"}})");
  EXPECT_EQ(tool_result_content(error(ErrorCode::timeout, "too late"), 1000),
            R"({"error":{"code":"timeout","message":"too late"}})");
}

TEST(ToolResult, CandidatesGoAlong) {
  const auto content =
      tool_result_content(error(ErrorCode::ambiguous, "which", {{"candidates", {"a", "b"}}, {"other", 1}}), 1000);
  EXPECT_EQ(json::parse(content).at("error").at("candidates"), json({"a", "b"}));
}

TEST(ToolResult, TheWrongArgumentGoesAlong) {
  const auto content = tool_result_content(error(ErrorCode::bad_request, "no", {{"path", "/a"}, {"other", 1}}), 1000);
  EXPECT_EQ(json::parse(content), json::parse(R"({"error":{"code":"bad_request","message":"no","path":"/a"}})"));
}

TEST(ToolResult, ALongErrorIsCutMarkedAndStillJson) {
  for (const std::string& text : {std::string(100'000, 'x'), std::string(100'000, '"'), std::string(100'000, '\xff')}) {
    const auto content = tool_result_content(error(ErrorCode::skill_error, text), 8192);
    EXPECT_LE(content.size(), 8192u);
    const auto told = json::parse(content).at("error");
    EXPECT_EQ(told.at("code"), "skill_error");
    EXPECT_TRUE(told.at("truncated").get<bool>());
    EXPECT_GT(told.at("message").get<std::string>().size(), 1500u);
  }
  EXPECT_FALSE(
      json::parse(tool_result_content(error(ErrorCode::timeout, "x"), 8192)).at("error").contains("truncated"));
}

TEST(ToolResult, WhatIsTooLongIsCutMarkedAndStillJson) {
  for (const std::string& text : {std::string(100'000, 'x'), std::string(100'000, '"'),
                                  std::string("\xF0\x9F\x8D\x93") + std::string(100'000, '\n')}) {
    const auto content = tool_result_content(json(text), 8192);
    EXPECT_LE(content.size(), 8192u);
    const auto parsed = json::parse(content, nullptr, false);
    ASSERT_FALSE(parsed.is_discarded());
    EXPECT_TRUE(parsed.at("truncated").get<bool>());
    EXPECT_GT(parsed.at("result").get<std::string>().size(), 2000u);
  }
  std::string strawberries;
  for (int i = 0; i < 10'000; ++i) strawberries += "\xF0\x9F\x8D\x93";
  EXPECT_TRUE(json::accept(tool_result_content(json(strawberries), 1001)));
}

TEST(ToolResult, ControlCharactersAreDropped) {
  const json result = {{"te\x1bxt", "a\x07\x1b[31mb\nc\xC2\x9B"}, {"list", {"x\x01"}}};
  const auto content = json::parse(tool_result_content(result, 1000)).at("result");
  EXPECT_EQ(content.at("text"), "a[31mb\nc");
  EXPECT_EQ(content.at("list").at(0), "x");
}

TEST(AsData, CutsAtACharactersBorder) {
  EXPECT_EQ(as_data("a\xC3\xA4", 2), "a");
  EXPECT_EQ(as_data("a\xC3\xA4", 3), "a\xC3\xA4");
  EXPECT_EQ(as_data("", 0), "");
}

}  // namespace
}  // namespace strawberry::bridge
