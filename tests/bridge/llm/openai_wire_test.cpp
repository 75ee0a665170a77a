#include "bridge/llm/openai_wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace strawberry::bridge {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

Result<ModelReply, ProviderError> read(const std::string& body, int status = 200) {
  HttpResponse response;
  response.status = status;
  response.body = body;
  return make_openai_wire({})->read(response);
}

TEST(OpenAiUrl, TakesWhatPeopleWrite) {
  const std::pair<const char*, const char*> cases[] = {
      {"https://api.openai.com/v1", "https://api.openai.com/v1/chat/completions"},
      {"https://api.openai.com/v1/", "https://api.openai.com/v1/chat/completions"},
      {" http://localhost:11434 \n", "http://localhost:11434/v1/chat/completions"},
      {"http://localhost:11434//", "http://localhost:11434/v1/chat/completions"},
      {"http://localhost:8080/v1/chat/completions", "http://localhost:8080/v1/chat/completions"},
      {"http://h/openai/deployments/x?api-version=1", "http://h/openai/deployments/x/chat/completions?api-version=1"},
  };
  for (const auto& [given, wanted] : cases) EXPECT_EQ(chat_completions_url(given).value_or("FAILED"), wanted) << given;
}

TEST(OpenAiUrl, RefusesWhatIsNoHttpUrl) {
  for (const char* given :
       {"", "api.openai.com/v1", "ftp://x/v1", "http://", "file:///etc/passwd", "http://a b/v1", "http://a/#x"})
    EXPECT_FALSE(chat_completions_url(given)) << given;
}

TEST(OpenAiRequest, PassesTheClientsOptionsThrough) {
  ModelRequest request;
  request.messages = json::array({{{"role", "user"}, {"content", "hi"}}});
  request.options = {{"temperature", 0.2},
                     {"max_tokens", 5},
                     {"stop", {"END"}},
                     {"response_format", {{"type", "json_object"}}},
                     {"seed", 7}};
  const auto body = openai_request_body(request, "default-model");
  EXPECT_EQ(body.at("temperature"), 0.2);
  EXPECT_EQ(body.at("max_tokens"), 5);
  EXPECT_EQ(body.at("stop"), json({"END"}));
  EXPECT_EQ(body.at("response_format").at("type"), "json_object");
  EXPECT_EQ(body.at("seed"), 7);
  EXPECT_EQ(body.at("model"), "default-model");
  EXPECT_EQ(body.at("stream"), false);
  EXPECT_FALSE(body.contains("tools"));
}

TEST(OpenAiRequest, AStreamIsAskedForWithItsUsageWhenSomebodyListens) {
  ModelRequest request;
  request.options = {{"stream", true}, {"stream_options", {{"include_usage", false}}}};
  auto body = openai_request_body(request, "m");
  EXPECT_EQ(body.at("stream"), false);
  EXPECT_FALSE(body.contains("stream_options"));
  request.on_text = [](std::string_view) {};
  body = openai_request_body(request, "m");
  EXPECT_EQ(body.at("stream"), true);
  EXPECT_EQ(body.at("stream_options"), json({{"include_usage", true}}));
}

TEST(OpenAiRequest, ToolsAreFunctions) {
  ModelRequest request;
  request.options = {{"tool_choice", "auto"}};
  request.tools.push_back({"A-b", "does b", {{"type", "object"}}, std::nullopt, ""});
  const auto body = openai_request_body(request, "default-model");
  EXPECT_EQ(body.at("tool_choice"), "auto");
  EXPECT_EQ(
      body.at("tools").at(0),
      json::parse(
          R"({"type":"function","function":{"name":"A-b","description":"does b","parameters":{"type":"object"}}})"));
}

TEST(OpenAiRequest, TheMarkAnotherProviderLeftOnACallIsNotSent) {
  ModelRequest request;
  request.messages = json::parse(
      R"([{"role":"assistant","tool_calls":[{"id":"a","extra":"sig","function":{"name":"x","arguments":"{}"}}]}])");
  EXPECT_EQ(
      openai_request_body(request, "m").at("messages"),
      json::parse(R"([{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"x","arguments":"{}"}}]}])"));
}

TEST(OpenAiRequest, WithoutToolsThereIsNothingToChooseFrom) {
  ModelRequest request;
  request.options = {{"tool_choice", "required"}, {"parallel_tool_calls", false}};
  const auto body = openai_request_body(request, "m");
  EXPECT_FALSE(body.contains("tool_choice"));
  EXPECT_FALSE(body.contains("parallel_tool_calls"));
}

TEST(OpenAiResponse, WordsAndUsage) {
  const auto reply = read(
      R"({"model":"m-1","choices":[{"message":{"content":"hello"},"finish_reason":"length"}],"usage":{"prompt_tokens":3,"completion_tokens":4}})");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->content, "hello");
  EXPECT_EQ(reply->finish_reason, "length");
  EXPECT_EQ(reply->model, "m-1");
  EXPECT_EQ(reply->usage.prompt_tokens, 3);
  EXPECT_EQ(reply->usage.completion_tokens, 4);
}

TEST(OpenAiResponse, NullContentWithToolCalls) {
  const auto reply = read(R"({"choices":[{"message":{"content":null,"tool_calls":[
      {"id":"a","function":{"name":"x","arguments":"{\"q\":1}"}},
      {"function":{"name":"y","arguments":{"q":2}}},
      {"id":"c","function":{"name":"z","arguments":null}},
      {"id":"d","function":{"name":"w","arguments":""}}]},"finish_reason":"stop"}]})");
  ASSERT_TRUE(reply);
  ASSERT_EQ(reply->tool_calls.size(), 4u);
  EXPECT_EQ(reply->tool_calls[0].arguments, R"({"q":1})");
  EXPECT_EQ(reply->tool_calls[1].arguments, R"({"q":2})");
  EXPECT_EQ(reply->tool_calls[1].id, "");
  EXPECT_EQ(reply->tool_calls[2].arguments, "{}");
  EXPECT_EQ(reply->tool_calls[3].arguments, "{}");
  EXPECT_EQ(reply->finish_reason, "tool_calls");
}

TEST(OpenAiResponse, OnlySoManyToolCallsAreRead) {
  json calls = json::array();
  for (int i = 0; i < 5000; ++i) calls.push_back({{"id", "c"}, {"function", {{"name", "x"}, {"arguments", "{}"}}}});
  const json body = {{"choices", {{{"message", {{"content", nullptr}, {"tool_calls", calls}}}}}}};
  EXPECT_EQ(read(body.dump())->tool_calls.size(), reply_tool_calls_max);
}

TEST(OpenAiResponse, ErrorObjectsInEveryShape) {
  for (const char* body : {R"({"error":{"message":"no such model"}})", R"({"error":"no such model"})",
                           R"([{"error":{"message":"no such model"}}])"}) {
    const auto reply = read(body, 404);
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().reason, "status");
    EXPECT_EQ(reply.error().status, 404);
    EXPECT_THAT(reply.error().message, HasSubstr("no such model"));
    EXPECT_EQ(read(body, 200).error().reason, "error");
  }
}

TEST(OpenAiResponse, WhatIsNoChatCompletionIsABadReply) {
  for (const char* body : {"", "null", "[]", "{}", "42", "\"hello\"", R"({"choices":[]})", R"({"choices":[{}]})",
                           R"({"choices":[{"message":null}]})", R"({"choices":[[]]})", R"({"choices":"x"})", "not json",
                           "{\"choices\":\"\xff\"}"}) {
    const auto reply = read(body);
    ASSERT_FALSE(reply) << body;
    EXPECT_EQ(reply.error().reason, "bad_reply") << body;
  }
}

TEST(OpenAiResponse, AWebPageIsCalledOne) {
  EXPECT_THAT(read("\n<!doctype html><html></html>").error().message, HasSubstr("web page"));
  EXPECT_THAT(read("<html>secret token</html>", 502).error().message, Not(HasSubstr("secret")));
}

TEST(OpenAiResponse, OddTypesAreSurvived) {
  EXPECT_TRUE(read(
      R"({"model":7,"usage":{"prompt_tokens":-5,"completion_tokens":"x"},"choices":[{"message":{"content":7,"tool_calls":"x"},"finish_reason":null}]})"));
  EXPECT_TRUE(read(R"({"usage":[],"choices":[{"message":{"content":[{"type":"text","text":"a"},3]}}]})"));
  EXPECT_EQ(read(R"({"choices":[{"message":{"content":null,"refusal":"I will not"}}]})")->content, "I will not");
}

TEST(OpenAiResponse, DeepNestingIsRefusedBeforeAnybodyWalksIt) {
  const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
  const auto reply =
      read(R"({"choices":[{"message":{"tool_calls":[{"function":{"name":"x","arguments":)" + deep + "}}]}}]}");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().reason, "bad_reply");
}

TEST(OpenAiResponse, WhatTheServerSaysIsCutAndPrintable) {
  for (const char filling : {'x', '\x07'}) {
    const json body = {{"error", {{"message", "\x1b[31m" + std::string(10'000, filling)}}}};
    const auto reply = read(body.dump(), 500);
    ASSERT_FALSE(reply);
    EXPECT_LT(reply.error().message.size(), 400u);
    EXPECT_THAT(reply.error().message, Not(HasSubstr("\x1b")));
  }
}

}  // namespace
}  // namespace strawberry::bridge
