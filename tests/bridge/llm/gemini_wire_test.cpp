#include <gmock/gmock.h>

#include "tests/bridge/llm/wire_testing.h"

namespace strawberry::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

const std::unique_ptr<Wire> wire = make_gemini_wire({"", "AIza-key"});

std::string url_for(const char* base_url, const char* model, bool is_streamed = false) {
  auto request = asking_hi();
  if (is_streamed) request.on_text = [](std::string_view) {};
  return make_gemini_wire({base_url, ""})->write(request, model)->url;
}

const json history = json::parse(R"([
    {"role":"system","content":"Be brief."},
    {"role":"user","content":"go"},
    {"role":"assistant","content":"I look","tool_calls":[
      {"id":"a","function":{"name":"x","arguments":"{\"q\":1}"},"extra":"c2ln"},
      {"id":"b","function":{"name":"y","arguments":"{}"}}]},
    {"role":"user","content":"hurry"},
    {"role":"tool","tool_call_id":"b","content":"plain"},
    {"role":"tool","tool_call_id":"a","content":"{\"result\":7}"},
    {"role":"assistant","content":"seven"}])");

TEST(GeminiRequest, GoesWherePeopleMeant) {
  const std::string google = "https://generativelanguage.googleapis.com";
  EXPECT_EQ(url_for("", "gemini-2.0-flash"), google + "/v1beta/models/gemini-2.0-flash:generateContent");
  EXPECT_EQ(url_for("", "m", true), google + "/v1beta/models/m:streamGenerateContent?alt=sse");
  EXPECT_EQ(url_for("http://h/", "m"), "http://h/v1beta/models/m:generateContent");
  EXPECT_EQ(url_for("http://h/v1beta/models/", "m"), "http://h/v1beta/models/m:generateContent");
  EXPECT_EQ(url_for("http://h/v1", "m"), "http://h/v1/models/m:generateContent");
  EXPECT_EQ(url_for("http://h/proxy?a=b", "m", true),
            "http://h/proxy/v1beta/models/m:streamGenerateContent?a=b&alt=sse");
  EXPECT_THROW(make_gemini_wire({"ftp://h", ""}), std::invalid_argument);
}

TEST(GeminiRequest, AModelsNameStaysInItsPlace) {
  EXPECT_THAT(url_for("", "models/m-1.5_x"), EndsWith("/models/m-1.5_x:generateContent"));
  EXPECT_THAT(url_for("", "tunedModels/mine"), EndsWith("/v1beta/tunedModels/mine:generateContent"));
  EXPECT_THAT(url_for("", "../../v1/files?x#y z"),
              EndsWith("/models/..%2F..%2Fv1%2Ffiles%3Fx%23y%20z:generateContent"));
}

TEST(GeminiRequest, CarriesTheKeyInItsHeader) {
  const auto sent = wire->write(asking_hi(), "m");
  EXPECT_EQ(header_of(*sent, "x-goog-api-key"), "AIza-key");
  EXPECT_EQ(sent->url.find("AIza"), std::string::npos);
  EXPECT_EQ(sent->body, json::parse(R"({"contents":[{"role":"user","parts":[{"text":"hi"}]}]})"));
}

TEST(GeminiRequest, EveryCallHasItsResultRightBehindIt) {
  const auto body = body_of(*wire, asking(history));
  EXPECT_EQ(body.at("systemInstruction"), json::parse(R"({"parts":[{"text":"Be brief."}]})"));
  EXPECT_EQ(body.at("contents"), json::parse(R"([
    {"role":"user","parts":[{"text":"go"}]},
    {"role":"model","parts":[{"text":"I look"},
      {"functionCall":{"id":"a","name":"x","args":{"q":1}},"thoughtSignature":"c2ln"},
      {"functionCall":{"id":"b","name":"y","args":{}}}]},
    {"role":"user","parts":[
      {"functionResponse":{"id":"a","name":"x","response":{"result":7}}},
      {"functionResponse":{"id":"b","name":"y","response":{"result":"plain"}}}]},
    {"role":"user","parts":[{"text":"hurry"}]},
    {"role":"model","parts":[{"text":"seven"}]}])"));
}

TEST(GeminiRequest, CallsOfOthersAreMarkedForModelsThatAskForASignature) {
  auto foreign = history;
  foreign[2]["tool_calls"][0].erase("extra");
  const auto signature_of = [&](const char* model, std::size_t part) {
    return wire->write(asking(foreign), model)->body["contents"][1]["parts"][part].value("thoughtSignature", "none");
  };
  EXPECT_EQ(signature_of("gemini-3-pro-preview", 1), "skip_thought_signature_validator");
  EXPECT_EQ(signature_of("gemini-3-pro-preview", 2), "none");
  EXPECT_EQ(signature_of("gemini-2.0-flash", 1), "none");
}

TEST(GeminiRequest, EachOptionIsSaidInItsWords) {
  const auto body = body_of(*wire, asking_hi(json::parse(R"({"temperature":1.5,"top_p":0.9,"top_k":5,"stop":["END"],
      "max_tokens":7,"seed":3,"presence_penalty":0.1,"frequency_penalty":0.2,
      "response_format":{"type":"json_object"}})")));
  EXPECT_EQ(body.at("generationConfig"), json::parse(R"({"temperature":1.5,"topP":0.9,"topK":5,
      "stopSequences":["END"],"maxOutputTokens":7,"seed":3,"presencePenalty":0.1,"frequencyPenalty":0.2,
      "responseMimeType":"application/json"})"));
}

TEST(GeminiRequest, AnAnswersSchemaIsSaidInWhicheverWayItFits) {
  const auto config_of = [](const char* schema) {
    const json format = {{"type", "json_schema"}, {"json_schema", {{"name", "n"}, {"schema", json::parse(schema)}}}};
    return body_of(*wire, asking_hi({{"response_format", format}})).at("generationConfig");
  };
  EXPECT_EQ(config_of(R"({"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false})"),
            json::parse(R"({"responseMimeType":"application/json",
              "responseSchema":{"type":"object","properties":{"a":{"type":"string"}}}})"));
  EXPECT_EQ(config_of(R"({"$schema":"s","$ref":"#/$defs/a","$defs":{"a":{"type":"object"}}})"),
            json::parse(R"({"responseMimeType":"application/json",
              "responseJsonSchema":{"$ref":"#/$defs/a","$defs":{"a":{"type":"object"}}}})"));
}

TEST(GeminiRequest, WhatItCannotSayIsRefusedByName) {
  auto request = asking_hi({{"parallel_tool_calls", false}});
  request.tools = {tool_named("x")};
  EXPECT_THAT(refusal_of(*wire, request), HasSubstr("parallel_tool_calls"));
  for (const char* field : {"logit_bias", "reasoning_effort", "whatever"})
    EXPECT_THAT(refusal_of(*wire, asking_hi({{field, "x"}})), HasSubstr(field));
}

TEST(GeminiRequest, ToolsAndTheirChoice) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({})", R"({"mode":"AUTO"})"},
      {R"({"tool_choice":"none"})", R"({"mode":"NONE"})"},
      {R"({"tool_choice":"required"})", R"({"mode":"ANY"})"},
      {R"({"tool_choice":{"type":"function","function":{"name":"x"}}})",
       R"({"mode":"ANY","allowedFunctionNames":["x"]})"}};
  for (const auto& [options, config] : cases) {
    auto request = asking_hi(json::parse(options));
    request.tools = {tool_named("x")};
    EXPECT_EQ(body_of(*wire, request).at("toolConfig").at("functionCallingConfig"), json::parse(config)) << options;
  }
  EXPECT_FALSE(body_of(*wire, asking_hi({{"tool_choice", "required"}})).contains("toolConfig"));
}

TEST(GeminiRequest, ParametersAreSaidInWhicheverWayTheyFit) {
  auto request = asking_hi();
  request.tools = {tool_named("x"),
                   tool_named("none", json::parse(R"({"type":"object","properties":{},"additionalProperties":false})")),
                   tool_named("any", json::parse(R"({"type":"object","properties":{"a":{}},"required":["a"]})")),
                   tool_named("rest", json::parse(R"({"type":"object","properties":{},"additionalProperties":true})"))};
  const auto tools = body_of(*wire, request).at("tools").at(0).at("functionDeclarations");
  EXPECT_EQ(tools.at(0), json::parse(R"({"name":"x","description":"does x",
      "parameters":{"type":"object","properties":{"q":{"type":"string"}}}})"));
  EXPECT_EQ(tools.at(1), json::parse(R"({"name":"none","description":"does none"})"));
  EXPECT_EQ(tools.at(2).at("parametersJsonSchema"), request.tools[2].parameters);
  EXPECT_EQ(tools.at(3).at("parametersJsonSchema"), request.tools[3].parameters);
}

TEST(GeminiResponse, WordsCallsAndUsage) {
  const auto reply = read(*wire, R"({"candidates":[{"content":{"role":"model","parts":[
      {"text":"hm","thought":true},{"text":"I "},{"text":"look"},
      {"functionCall":{"id":"f1","name":"x","args":{"q":1}},"thoughtSignature":"c2ln"},
      {"functionCall":{"name":"y"}}]},"finishReason":"STOP","index":0}],
      "usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":5,"thoughtsTokenCount":7,"totalTokenCount":22},
      "modelVersion":"gemini-2.0-flash-001"})");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->content, "I look");
  ASSERT_EQ(reply->tool_calls.size(), 2u);
  EXPECT_EQ(reply->tool_calls[0].id, "f1");
  EXPECT_EQ(reply->tool_calls[0].arguments, R"({"q":1})");
  EXPECT_EQ(reply->tool_calls[0].extra, "c2ln");
  EXPECT_EQ(reply->tool_calls[1].id, "");
  EXPECT_EQ(reply->tool_calls[1].arguments, "{}");
  EXPECT_EQ(reply->finish_reason, "tool_calls");
  EXPECT_EQ(reply->model, "gemini-2.0-flash-001");
  EXPECT_EQ(reply->usage.prompt_tokens, 10);
  EXPECT_EQ(reply->usage.completion_tokens, 12);
}

TEST(GeminiResponse, ASignatureHasABound) {
  for (const std::size_t over : {0, 1}) {
    const json part = {{"functionCall", {{"name", "x"}}},
                       {"thoughtSignature", std::string(tool_call_extra_bytes_max + over, 'A')}};
    const json body = {{"candidates", {{{"content", {{"parts", {part}}}}, {"finishReason", "STOP"}}}}};
    EXPECT_EQ(read(*wire, body.dump())->tool_calls.at(0).extra.empty(), over == 1);
  }
}

TEST(GeminiResponse, OnlySoManyCallsAreRead) {
  json parts = json::array();
  for (std::size_t i = 0; i < reply_tool_calls_max + 1; ++i) parts.push_back({{"functionCall", {{"name", "x"}}}});
  const json body = {{"candidates", {{{"content", {{"parts", parts}}}, {"finishReason", "STOP"}}}}};
  EXPECT_EQ(read(*wire, body.dump())->tool_calls.size(), reply_tool_calls_max);
}

TEST(GeminiResponse, WhyItEnded) {
  const std::pair<const char*, const char*> cases[] = {{"STOP", "stop"},
                                                       {"MAX_TOKENS", "length"},
                                                       {"SAFETY", "content_filter"},
                                                       {"SPII", "content_filter"},
                                                       {"OTHER", "stop"}};
  for (const auto& [given, wanted] : cases) {
    const json body = {{"candidates", {{{"content", {{"parts", {{{"text", "x"}}}}}}, {"finishReason", given}}}}};
    EXPECT_EQ(read(*wire, body.dump())->finish_reason, wanted) << given;
  }
  const auto gave_up = read(*wire, R"({"candidates":[{"finishReason":"MALFORMED_FUNCTION_CALL"}]})");
  ASSERT_FALSE(gave_up);
  EXPECT_THAT(gave_up.error().message, HasSubstr("MALFORMED_FUNCTION_CALL"));
}

TEST(GeminiResponse, ABlockedPromptSaysWhy) {
  const auto reply =
      read(*wire, R"({"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":4}})");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().reason, "blocked");
  EXPECT_THAT(reply.error().message, HasSubstr("PROHIBITED_CONTENT"));
}

TEST(GeminiResponse, FailuresMayComeInAnArrayAndTellTheirDelay) {
  HttpResponse response{429, {}, {}};
  response.body = R"([{"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED","details":[
      {"@type":"type.googleapis.com/google.rpc.Help"},
      {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"23.5s"}]}}])";
  auto reply = wire->read(response);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().message, "HTTP 429: quota");
  EXPECT_EQ(reply.error().retry_after, std::chrono::milliseconds(23'500));
  response.headers = {{"retry-after", "2"}};
  EXPECT_EQ(wire->read(response).error().retry_after, std::chrono::milliseconds(2'000));
  response = {429, {}, R"({"error":{"details":[{"retryDelay":"3000s"}]}})"};
  EXPECT_EQ(wire->read(response).error().retry_after, std::nullopt);
}

TEST(GeminiResponse, WhatIsNoAnswerIsABadReply) {
  for (const char* body : {"", "{}", "[]", "7", R"({"candidates":[]})", R"({"candidates":[7]})",
                           R"({"candidates":"x"})", R"({"candidates":[{"content":{"parts":[]}}]})"}) {
    const auto reply = read(*wire, body);
    ASSERT_FALSE(reply) << body;
    EXPECT_EQ(reply.error().reason, "bad_reply") << body;
  }
}

TEST(GeminiResponse, AnAnswerMayBeEmpty) {
  for (const char* body : {R"({"candidates":[{"content":{"parts":[]},"finishReason":"STOP"}]})",
                           R"({"candidates":[{"content":{"parts":[7]},"finishReason":"STOP"}]})"}) {
    const auto reply = read(*wire, body);
    ASSERT_TRUE(reply) << body;
    EXPECT_EQ(reply->content, "");
    EXPECT_EQ(reply->finish_reason, "stop");
  }
}

TEST(GeminiResponse, CountsOfAnySizeCanBeAddedUp) {
  const auto reply = read(*wire, R"({"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"STOP"}],
    "usageMetadata":{"promptTokenCount":9223372036854775807,"toolUsePromptTokenCount":9223372036854775807,
                     "candidatesTokenCount":18446744073709551615,"thoughtsTokenCount":-9223372036854775808}})");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->usage.prompt_tokens, 2'000'000'000'000);
  EXPECT_EQ(reply->usage.completion_tokens, 1'000'000'000'000);
}

// Simultaneous calls may come in chunks of their own; counts are totals so far; there is no [DONE].
const std::string recorded =
    R"(data: {"candidates": [{"content": {"parts": [{"text": "Ich ","thought": true}],"role": "model"},"index": 0}],"usageMetadata": {"promptTokenCount": 12,"totalTokenCount": 12},"modelVersion": "gemini-3-pro"}

data: {"candidates": [{"content": {"parts": [{"text": "Größe"}],"role": "model"},"index": 0}],"usageMetadata": {"promptTokenCount": 12,"candidatesTokenCount": 2,"thoughtsTokenCount": 4}}

data: {"candidates": [{"content": {"parts": [{"text": " 🍓!"},{"functionCall": {"name": "x","args": {"q": "ü"}},"thoughtSignature": "c2ln"}],"role": "model"},"index": 0}],"usageMetadata": {"promptTokenCount": 12,"candidatesTokenCount": 5,"thoughtsTokenCount": 4}}

data: {"candidates": [{"content": {"parts": [{"functionCall": {"name": "y","args": {}}}],"role": "model"},"index": 0}]}

data: {"candidates": [{"content": {"parts": [{"text": ""}],"role": "model"},"finishReason": "STOP","index": 0}],"usageMetadata": {"promptTokenCount": 12,"candidatesTokenCount": 9,"thoughtsTokenCount": 4}}

)";

TEST(GeminiStream, AddsUpToTheAnswer) {
  const auto streamed = stream(*wire, recorded);
  ASSERT_TRUE(streamed.reply) << streamed.reply.error().message;
  EXPECT_EQ(streamed.shown, "Größe 🍓!");
  EXPECT_EQ(streamed.reply->content, "Größe 🍓!");
  ASSERT_EQ(streamed.reply->tool_calls.size(), 2u);
  EXPECT_EQ(streamed.reply->tool_calls[0].arguments, R"({"q":"ü"})");
  EXPECT_EQ(streamed.reply->tool_calls[0].extra, "c2ln");
  EXPECT_EQ(streamed.reply->tool_calls[1].name, "y");
  EXPECT_EQ(streamed.reply->finish_reason, "tool_calls");
  EXPECT_EQ(streamed.reply->usage.prompt_tokens, 12);
  EXPECT_EQ(streamed.reply->usage.completion_tokens, 13);
  EXPECT_EQ(streamed.pieces, 5u) << "a thought, two texts and two calls";
  EXPECT_EQ(told(stream(*wire, replaced(recorded, "\n", "\r\n"))), told(streamed));
}

TEST(GeminiStream, TheLastEventMayLackItsEmptyLine) {
  EXPECT_EQ(told(stream(*wire, recorded.substr(0, recorded.size() - 2))), told(stream(*wire, recorded)));
}

TEST(GeminiStream, AnEndInTheMiddleIsAnError) {
  const auto streamed = stream(*wire, recorded.substr(0, recorded.rfind("data:")));
  ASSERT_FALSE(streamed.reply);
  EXPECT_EQ(streamed.reply.error().reason, "cut");
}

TEST(GeminiStream, FailuresInItsMiddleAndInItsPlace) {
  auto streamed =
      stream(*wire, recorded.substr(0, recorded.find("\n\n") + 2) +
                        "data: {\"error\":{\"code\":503,\"message\":\"overloaded\",\"status\":\"UNAVAILABLE\"}}\n\n");
  ASSERT_FALSE(streamed.reply);
  EXPECT_EQ(streamed.reply.error().status, 503);
  EXPECT_THAT(streamed.reply.error().message, HasSubstr("overloaded"));

  streamed = stream(*wire, "[{\n  \"error\": {\n    \"code\": 400,\n    \"message\": \"no such model\"\n  }\n}\n]\n");
  ASSERT_FALSE(streamed.reply);
  EXPECT_EQ(streamed.reply.error().status, 400);
  EXPECT_THAT(streamed.reply.error().message, HasSubstr("no such model"));

  streamed = stream(*wire, "data: {\"promptFeedback\": {\"blockReason\": \"SAFETY\"}}\n\n");
  ASSERT_FALSE(streamed.reply);
  EXPECT_EQ(streamed.reply.error().reason, "blocked");
}

TEST(GeminiStream, AnArrayOfChunksIsReadAsWell) {
  const auto streamed = stream(*wire, R"([{"candidates":[{"content":{"parts":[{"text":"a"}]}}]},
      {"candidates":[{"content":{"parts":[{"text":"b"}]},"finishReason":"STOP"}]}])");
  ASSERT_TRUE(streamed.reply);
  EXPECT_EQ(streamed.reply->content, "ab");
}

}  // namespace
}  // namespace strawberry::test
