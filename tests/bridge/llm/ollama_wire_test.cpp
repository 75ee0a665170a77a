#include <gmock/gmock.h>

#include "tests/bridge/llm/wire_testing.h"

namespace strawberry::test {
namespace {

using testing::HasSubstr;

const std::unique_ptr<Wire> wire = make_ollama_wire({});

TEST(OllamaRequest, GoesWherePeopleMeant) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "http://127.0.0.1:11434/api/chat"},
      {"http://nas:11434/", "http://nas:11434/api/chat"},
      {"http://nas:11434/v1", "http://nas:11434/api/chat"},
      {"http://nas:11434/api", "http://nas:11434/api/chat"},
      {"http://nas:11434/api/chat", "http://nas:11434/api/chat"},
      {"https://ollama.com/proxy/", "https://ollama.com/proxy/api/chat"},
  };
  for (const auto& [given, wanted] : cases)
    EXPECT_EQ(make_ollama_wire({given, ""})->write(asking_hi(), "m")->url, wanted);
  EXPECT_THROW(make_ollama_wire({"nas:11434", ""}), std::invalid_argument);
}

TEST(OllamaRequest, SendsAKeyOnlyWhenThereIsOne) {
  EXPECT_EQ(header_of(*wire->write(asking_hi(), "m"), "Authorization"), "");
  EXPECT_EQ(header_of(*make_ollama_wire({"", "k"})->write(asking_hi(), "m"), "Authorization"), "Bearer k");
}

TEST(OllamaRequest, SaysWhetherToStream) {
  auto request = asking_hi();
  EXPECT_EQ(body_of(*wire, request),
            json::parse(R"({"model":"model-1","stream":false,"messages":[{"role":"user","content":"hi"}]})"));
  request.on_text = [](std::string_view) {};
  EXPECT_EQ(body_of(*wire, request).at("stream"), true);
}

TEST(OllamaRequest, ArgumentsAreObjectsAndResultsNameTheirTool) {
  const auto body = body_of(*wire, asking(json::parse(R"([
    {"role":"developer","content":"Be brief."},
    {"role":"user","content":"go"},
    {"role":"assistant","content":null,"tool_calls":[
      {"id":"a","function":{"name":"x","arguments":"{\"q\":1}"},"extra":"of another"},
      {"id":"b","function":{"name":"y","arguments":""}}]},
    {"role":"tool","tool_call_id":"b","content":"two"},
    {"role":"tool","tool_call_id":"a","content":"one"},
    {"role":"assistant","content":"done"}])")));
  EXPECT_EQ(body.at("messages"), json::parse(R"([
    {"role":"system","content":"Be brief."},
    {"role":"user","content":"go"},
    {"role":"assistant","content":"","tool_calls":[
      {"function":{"name":"x","arguments":{"q":1}}},{"function":{"name":"y","arguments":{}}}]},
    {"role":"tool","tool_name":"x","content":"one"},
    {"role":"tool","tool_name":"y","content":"two"},
    {"role":"assistant","content":"done"}])"));
}

TEST(OllamaRequest, EachOptionIsSaidInItsWords) {
  const auto body = body_of(*wire, asking_hi(json::parse(R"({"temperature":0,"top_p":0.9,"top_k":5,"min_p":0.1,
      "stop":"END","max_tokens":7,"seed":3,"presence_penalty":0.1,"frequency_penalty":0.2,"num_ctx":8192,
      "keep_alive":"5m","response_format":{"type":"json_object"}})")));
  EXPECT_EQ(body.at("options"), json::parse(R"({"temperature":0,"top_p":0.9,"top_k":5,"min_p":0.1,"stop":["END"],
      "num_predict":7,"seed":3,"presence_penalty":0.1,"frequency_penalty":0.2,"num_ctx":8192})"));
  EXPECT_EQ(body.at("format"), "json");
  EXPECT_EQ(body.at("keep_alive"), "5m");
  const auto schema = json::parse(R"({"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"}}})");
  EXPECT_EQ(body_of(*wire, asking_hi({{"response_format", schema}})).at("format"), json::parse(R"({"type":"object"})"));
  EXPECT_FALSE(body_of(*wire, asking_hi({{"response_format", {{"type", "text"}}}})).contains("format"));
}

TEST(OllamaRequest, WhatItCannotSayIsRefusedByName) {
  const std::pair<const char*, const char*> cases[] = {
      {"tool_choice", R"({"tool_choice":"required"})"},
      {"tool_choice", R"({"tool_choice":{"type":"function","function":{"name":"x"}}})"},
      {"parallel_tool_calls", R"({"parallel_tool_calls":false})"},
      {"logprobs", R"({"logprobs":true})"},
      {"whatever", R"({"whatever":1})"}};
  for (const auto& [field, options] : cases) {
    auto request = asking_hi(json::parse(options));
    request.tools = {tool_named("x")};
    EXPECT_THAT(refusal_of(*wire, request), HasSubstr(field)) << options;
  }
}

TEST(OllamaRequest, ToolsAreOfferedUnlessNoneMayBeCalled) {
  auto request = asking_hi({{"tool_choice", "auto"}, {"parallel_tool_calls", true}});
  request.tools = {tool_named("x")};
  EXPECT_EQ(body_of(*wire, request).at("tools"), json::parse(R"([{"type":"function","function":{"name":"x",
      "description":"does x","parameters":{"type":"object","properties":{"q":{"type":"string"}}}}}])"));
  request.options = {{"tool_choice", "none"}};
  EXPECT_FALSE(body_of(*wire, request).contains("tools"));
}

TEST(OllamaResponse, WordsCallsAndUsage) {
  const auto reply = read(*wire, R"({"model":"llama3.2","created_at":"2024-07-22T20:33:28.123648Z",
      "message":{"role":"assistant","content":"I look","thinking":"hm","tool_calls":[
        {"function":{"name":"x","arguments":{"q":1}}},{"id":"call_9","function":{"name":"y","arguments":{}}}]},
      "done_reason":"stop","done":true,"total_duration":885095291,"prompt_eval_count":122,"eval_count":33})");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->content, "I look");
  ASSERT_EQ(reply->tool_calls.size(), 2u);
  EXPECT_EQ(reply->tool_calls[0].id, "");
  EXPECT_EQ(reply->tool_calls[0].arguments, R"({"q":1})");
  EXPECT_EQ(reply->tool_calls[1].id, "call_9");
  EXPECT_EQ(reply->tool_calls[1].arguments, "{}");
  EXPECT_EQ(reply->finish_reason, "tool_calls");
  EXPECT_EQ(reply->model, "llama3.2");
  EXPECT_EQ(reply->usage.prompt_tokens, 122);
  EXPECT_EQ(reply->usage.completion_tokens, 33);
}

TEST(OllamaResponse, WhyItEnded) {
  for (const auto& [given, wanted] :
       {std::pair{"stop", "stop"}, std::pair{"length", "length"}, std::pair{"", "stop"}}) {
    const json body = {{"message", {{"content", "x"}}}, {"done", true}, {"done_reason", given}};
    EXPECT_EQ(read(*wire, body.dump())->finish_reason, wanted) << given;
  }
}

TEST(OllamaResponse, WhatIsNoAnswerIsABadReply) {
  for (const char* body : {"", "{}", "[]", "7", "not json", R"({"models":[]})", R"({"done":true,"done_reason":"load"})",
                           R"({"message":{"content":"half"},"done":false})", R"({"message":7,"done":true})"}) {
    const auto reply = read(*wire, body);
    ASSERT_FALSE(reply) << body;
    EXPECT_EQ(reply.error().reason, "bad_reply") << body;
  }
}

TEST(OllamaResponse, AnAnswerMayBeEmpty) {
  const auto reply = read(*wire, R"({"message":{"content":""},"done":true,"done_reason":"stop"})");
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->content, "");
  EXPECT_EQ(reply->finish_reason, "stop");
}

TEST(OllamaResponse, FailuresSayWhatTheServerSaid) {
  const auto reply = read(*wire, R"({"error":"model 'x' not found"})", 404);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().status, 404);
  EXPECT_EQ(reply.error().message, "HTTP 404: model 'x' not found");
}

TEST(OllamaResponse, OnlySoManyCallsAreRead) {
  json calls = json::array();
  for (std::size_t i = 0; i < reply_tool_calls_max + 1; ++i) calls.push_back({{"function", {{"name", "x"}}}});
  const json body = {{"message", {{"tool_calls", calls}}}, {"done", true}};
  EXPECT_EQ(read(*wire, body.dump())->tool_calls.size(), reply_tool_calls_max);
}

const std::string recorded =
    R"({"model":"qwen3","created_at":"2025-05-27T22:54:57.641643Z","message":{"role":"assistant","content":"","thinking":"The user"},"done":false}
{"model":"qwen3","created_at":"2025-05-27T22:54:57.69Z","message":{"role":"assistant","content":"Größe"},"done":false}
{"model":"qwen3","created_at":"2025-05-27T22:54:57.70Z","message":{"role":"assistant","content":" 🍓!"},"done":false}

{"model":"qwen3","created_at":"2025-05-27T22:54:57.71Z","message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"x","arguments":{"city":"Zürich"}}}]},"done":false}
{"model":"qwen3","created_at":"2025-05-27T22:54:57.72Z","message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"y","arguments":{}}}]},"done":false}
{"model":"qwen3","created_at":"2025-05-27T22:54:57.73Z","message":{"role":"assistant","content":""},"done_reason":"stop","done":true,"prompt_eval_count":26,"eval_count":259}
)";

TEST(OllamaStream, AddsUpToTheAnswer) {
  const auto streamed = stream(*wire, recorded);
  ASSERT_TRUE(streamed.reply) << streamed.reply.error().message;
  EXPECT_EQ(streamed.shown, "Größe 🍓!");
  EXPECT_EQ(streamed.reply->content, "Größe 🍓!");
  ASSERT_EQ(streamed.reply->tool_calls.size(), 2u);
  EXPECT_EQ(streamed.reply->tool_calls[0].arguments, R"({"city":"Zürich"})");
  EXPECT_EQ(streamed.reply->tool_calls[1].name, "y");
  EXPECT_EQ(streamed.reply->usage.prompt_tokens, 26);
  EXPECT_EQ(streamed.reply->usage.completion_tokens, 259);
  EXPECT_EQ(streamed.pieces, 5u) << "a thought, two texts and two calls";
  EXPECT_EQ(told(stream(*wire, replaced(recorded, "\n", "\r\n"))), told(streamed));
  EXPECT_EQ(told(stream(*wire, recorded.substr(0, recorded.size() - 1))), told(streamed)) << "without the last LF";
}

TEST(OllamaStream, AnEndInTheMiddleIsAnError) {
  for (const std::size_t line : {0, 1}) {
    const auto end = line == 0 ? 0 : recorded.rfind("{\"model\"");
    const auto streamed = stream(*wire, recorded.substr(0, end));
    ASSERT_FALSE(streamed.reply);
    EXPECT_EQ(streamed.reply.error().reason, "cut");
  }
}

TEST(OllamaStream, ALineMaySayWhatWentWrong) {
  const auto streamed =
      stream(*wire, recorded.substr(0, recorded.find("{\"model\"", 10)) + "{\"error\":\"out of \\u001bmemory\"}\n");
  ASSERT_FALSE(streamed.reply);
  EXPECT_EQ(streamed.reply.error().reason, "error");
  EXPECT_THAT(streamed.reply.error().message, HasSubstr("out of \\x1bmemory"));
}

TEST(OllamaStream, WhatIsNoStreamIsReadAsAWhole) {
  auto streamed = stream(*wire, "{\n  \"error\": \"no such model\"\n}\n");
  ASSERT_FALSE(streamed.reply);
  EXPECT_THAT(streamed.reply.error().message, HasSubstr("no such model"));
  streamed = stream(*wire, "<html>\nwelcome</html>");
  ASSERT_FALSE(streamed.reply);
  EXPECT_THAT(streamed.reply.error().message, HasSubstr("web page"));
}

TEST(OllamaStream, ALineHasABoundAndADepth) {
  const auto long_line = stream_in_pieces(*wire, std::string(2 * 1024 * 1024, 'x'), [] { return 9'000; });
  ASSERT_FALSE(long_line.reply);
  EXPECT_EQ(long_line.reply.error().reason, "too_large");
  const auto deep =
      stream(*wire, recorded.substr(0, recorded.find('\n') + 1) + std::string(65, '[') + std::string(65, ']') + "\n");
  ASSERT_FALSE(deep.reply);
  EXPECT_EQ(deep.reply.error().reason, "bad_reply");
}

}  // namespace
}  // namespace strawberry::test
