#include <gmock/gmock.h>

#include "tests/bridge/llm/wire_testing.h"

namespace strawberry::test {
namespace {

using testing::HasSubstr;

const std::unique_ptr<Wire> wire = make_anthropic_wire({"", "sk-key"});

TEST(AnthropicRequest, GoesWherePeopleMeant) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "https://api.anthropic.com/v1/messages"},
      {"https://api.anthropic.com/", "https://api.anthropic.com/v1/messages"},
      {"https://api.anthropic.com/v1/", "https://api.anthropic.com/v1/messages"},
      {"https://api.anthropic.com/v1/messages", "https://api.anthropic.com/v1/messages"},
      {"http://proxy:8080/anthropic?a=b", "http://proxy:8080/anthropic/v1/messages?a=b"},
  };
  for (const auto& [given, wanted] : cases)
    EXPECT_EQ(make_anthropic_wire({given, ""})->write(asking_hi(), "m")->url, wanted);
  EXPECT_THROW(make_anthropic_wire({"api.anthropic.com", ""}), std::invalid_argument);
}

TEST(AnthropicRequest, CarriesKeyAndVersion) {
  const auto sent = wire->write(asking_hi(), "claude");
  ASSERT_TRUE(sent);
  EXPECT_EQ(header_of(*sent, "x-api-key"), "sk-key");
  EXPECT_EQ(header_of(*sent, "anthropic-version"), "2023-06-01");
  EXPECT_EQ(header_of(*make_anthropic_wire({})->write(asking_hi(), "claude"), "x-api-key"), "");
  EXPECT_EQ(sent->body, json::parse(R"({"model":"claude","max_tokens":4096,"stream":false,
      "messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]})"));
}

TEST(AnthropicRequest, IsStreamedWhenSomebodyListens) {
  auto request = asking_hi();
  request.on_text = [](std::string_view) {};
  const auto sent = wire->write(request, "m");
  EXPECT_EQ(sent->body.at("stream"), true);
  EXPECT_EQ(header_of(*sent, "Accept"), "text/event-stream");
}

TEST(AnthropicRequest, TurnsAlternateAndResultsComeBeforeText) {
  const auto body = body_of(*wire, asking(json::parse(R"([
    {"role":"system","content":"Be brief."},
    {"role":"user","content":"one"},
    {"role":"user","content":"two"},
    {"role":"developer","content":"Be kind."},
    {"role":"assistant","content":"let me see","tool_calls":[
      {"id":"a","type":"function","function":{"name":"x","arguments":"{\"q\":1}"}},
      {"id":"b","type":"function","function":{"name":"y","arguments":"nonsense"}}]},
    {"role":"user","content":"hurry"},
    {"role":"tool","tool_call_id":"b","content":"{\"error\":{\"code\":\"timeout\"}}"},
    {"role":"tool","tool_call_id":"a","content":"{\"result\":7}"},
    {"role":"assistant","content":"seven"},
    {"role":"user","name":"eve","content":"thanks"}])")));
  EXPECT_EQ(body.at("system"), "Be brief.\n\nBe kind.");
  EXPECT_EQ(body.at("messages"), json::parse(R"([
    {"role":"user","content":[{"type":"text","text":"one"},{"type":"text","text":"two"}]},
    {"role":"assistant","content":[{"type":"text","text":"let me see"},
      {"type":"tool_use","id":"a","name":"x","input":{"q":1}},
      {"type":"tool_use","id":"b","name":"y","input":{"arguments":"nonsense"}}]},
    {"role":"user","content":[
      {"type":"tool_result","tool_use_id":"a","content":"{\"result\":7}"},
      {"type":"tool_result","tool_use_id":"b","content":"{\"error\":{\"code\":\"timeout\"}}","is_error":true},
      {"type":"text","text":"hurry"}]},
    {"role":"assistant","content":[{"type":"text","text":"seven"}]},
    {"role":"user","content":[{"type":"text","text":"eve: thanks"}]}])"));
}

TEST(AnthropicRequest, EachOptionIsSaidInItsWords) {
  const auto body = body_of(*wire, asking_hi(json::parse(R"({"temperature":0.5,"top_p":0.9,"top_k":5,"stop":"END",
      "max_tokens":7,"max_completion_tokens":9,"response_format":{"type":"json_schema","json_schema":{"name":"n",
      "description":"a thing","schema":{"type":"object"}}}})")));
  EXPECT_EQ(body.at("temperature"), 0.5);
  EXPECT_EQ(body.at("top_p"), 0.9);
  EXPECT_EQ(body.at("top_k"), 5);
  EXPECT_EQ(body.at("stop_sequences"), json({"END"}));
  EXPECT_EQ(body.at("max_tokens"), 9);
  EXPECT_EQ(body.at("output_config"),
            json::parse(R"({"format":{"type":"json_schema","schema":{"type":"object","description":"a thing"}}})"));
  EXPECT_EQ(body_of(*wire, asking_hi({{"max_tokens", 7}})).at("max_tokens"), 7);
  EXPECT_EQ(body_of(*wire, asking_hi({{"temperature", 1}})).at("temperature"), 1);
}

TEST(AnthropicRequest, WhatItCannotSayIsRefusedByName) {
  const std::pair<const char*, const char*> cases[] = {
      {"seed", R"({"seed":7})"},
      {"temperature", R"({"temperature":1.01})"},
      {"response_format", R"({"response_format":{"type":"json_object"}})"},
      {"frequency_penalty", R"({"frequency_penalty":0.5})"},
      {"logprobs", R"({"logprobs":true})"},
      {"reasoning_effort", R"({"reasoning_effort":"low"})"},
      {"whatever", R"({"whatever":1})"},
  };
  for (const auto& [field, options] : cases)
    EXPECT_THAT(refusal_of(*wire, asking_hi(json::parse(options))), HasSubstr(field)) << options;
}

TEST(AnthropicRequest, ToolsAndTheirChoice) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({})", R"({"type":"auto"})"},
      {R"({"tool_choice":"auto","parallel_tool_calls":true})", R"({"type":"auto"})"},
      {R"({"parallel_tool_calls":false})", R"({"type":"auto","disable_parallel_tool_use":true})"},
      {R"({"tool_choice":"required"})", R"({"type":"any"})"},
      {R"({"tool_choice":"none","parallel_tool_calls":false})", R"({"type":"none"})"},
      {R"({"tool_choice":{"type":"function","function":{"name":"x"}}})", R"({"type":"tool","name":"x"})"},
  };
  for (const auto& [options, choice] : cases) {
    auto request = asking_hi(json::parse(options));
    request.tools = {tool_named("x"), tool_named("bare", json::object())};
    const auto body = body_of(*wire, request);
    EXPECT_EQ(body.at("tool_choice"), json::parse(choice)) << options;
    EXPECT_EQ(body.at("tools").at(0), json::parse(R"({"name":"x","description":"does x",
        "input_schema":{"type":"object","properties":{"q":{"type":"string"}}}})"));
    EXPECT_EQ(body.at("tools").at(1).at("input_schema"), json::parse(R"({"type":"object"})"));
  }
}

TEST(AnthropicRequest, CallsOfThePastNeedTheirToolsWhenNoneIsOffered) {
  const auto history = json::parse(R"([{"role":"user","content":"go"},
    {"role":"assistant","content":null,"tool_calls":[{"id":"a","function":{"name":"x","arguments":"{}"}},
                                                     {"id":"b","function":{"name":"x","arguments":"{}"}}]},
    {"role":"tool","tool_call_id":"a","content":"1"},{"role":"tool","tool_call_id":"b","content":"2"}])");
  const auto body = body_of(*wire, asking(history, {{"tool_choice", "required"}}));
  EXPECT_EQ(body.at("tools"), json::parse(R"([{"name":"x","input_schema":{"type":"object"}}])"));
  EXPECT_EQ(body.at("tool_choice"), json::parse(R"({"type":"none"})"));
  EXPECT_FALSE(body_of(*wire, asking_hi({{"tool_choice", "required"}})).contains("tools"));
}

TEST(AnthropicResponse, WordsAndUsage) {
  const auto reply = read(*wire, R"({"id":"msg_1","type":"message","role":"assistant","model":"claude-1",
      "content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"Hel"},{"type":"text","text":"lo"}],
      "stop_reason":"end_turn","stop_sequence":null,
      "usage":{"input_tokens":3,"cache_creation_input_tokens":20,"cache_read_input_tokens":100,"output_tokens":4}})");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->content, "Hello");
  EXPECT_EQ(reply->finish_reason, "stop");
  EXPECT_EQ(reply->model, "claude-1");
  EXPECT_EQ(reply->usage.prompt_tokens, 123);
  EXPECT_EQ(reply->usage.completion_tokens, 4);
}

TEST(AnthropicResponse, Calls) {
  const auto reply = read(*wire, R"({"type":"message","content":[{"type":"text","text":"I look"},
      {"type":"tool_use","id":"toolu_1","name":"x","input":{"q":1}},{"type":"tool_use","id":"toolu_2","name":"y",
      "input":{}}],"stop_reason":"tool_use"})");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->content, "I look");
  ASSERT_EQ(reply->tool_calls.size(), 2u);
  EXPECT_EQ(reply->tool_calls[0].id, "toolu_1");
  EXPECT_EQ(reply->tool_calls[0].arguments, R"({"q":1})");
  EXPECT_EQ(reply->tool_calls[1].name, "y");
  EXPECT_EQ(reply->tool_calls[1].arguments, "{}");
  EXPECT_EQ(reply->finish_reason, "tool_calls");
}

TEST(AnthropicResponse, WhyItEnded) {
  const std::pair<const char*, const char*> cases[] = {{"end_turn", "stop"},
                                                       {"stop_sequence", "stop"},
                                                       {"pause_turn", "stop"},
                                                       {"max_tokens", "length"},
                                                       {"model_context_window_exceeded", "length"},
                                                       {"refusal", "content_filter"},
                                                       {"something_new", "stop"}};
  for (const auto& [given, wanted] : cases) {
    const json body = {{"type", "message"}, {"content", {{{"type", "text"}, {"text", "x"}}}}, {"stop_reason", given}};
    EXPECT_EQ(read(*wire, body.dump())->finish_reason, wanted) << given;
  }
  EXPECT_TRUE(read(*wire, R"({"type":"message","content":[],"stop_reason":"refusal"})"));
}

TEST(AnthropicResponse, WhatIsNoAnswerIsABadReply) {
  for (const char* body :
       {"", "{}", "[]", "7", "not json", R"({"type":"message"})", R"({"type":"message","content":"x"})"}) {
    const auto reply = read(*wire, body);
    ASSERT_FALSE(reply) << body;
    EXPECT_EQ(reply.error().reason, "bad_reply") << body;
  }
}

TEST(AnthropicResponse, AnAnswerMayBeEmpty) {
  const auto reply = read(*wire, R"({"type":"message","content":[],"stop_reason":"end_turn"})");
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->content, "");
  EXPECT_EQ(reply->finish_reason, "stop");
}

TEST(AnthropicResponse, FailuresSayWhatTheServerSaid) {
  HttpResponse response{529, {{"retry-after", "3"}}, {}};
  response.body = R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})";
  const auto reply = wire->read(response);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().status, 529);
  EXPECT_EQ(reply.error().reason, "status");
  EXPECT_EQ(reply.error().message, "HTTP 529: Overloaded");
  EXPECT_EQ(reply.error().retry_after, std::chrono::milliseconds(3'000));
}

TEST(AnthropicResponse, OnlySoManyCallsAreRead) {
  json content = json::array();
  for (std::size_t i = 0; i < reply_tool_calls_max + 5; ++i)
    content.push_back({{"type", "tool_use"}, {"id", std::to_string(i)}, {"name", "x"}, {"input", {{"i", i}}}});
  const auto reply = read(*wire, json{{"type", "message"}, {"content", content}}.dump());
  ASSERT_TRUE(reply);
  ASSERT_EQ(reply->tool_calls.size(), reply_tool_calls_max);
  EXPECT_EQ(reply->tool_calls.back().arguments, R"({"i":127})");
}

// As in the documentation, with calls, a ping in between, and unknown events.
const std::string recorded = R"(event: message_start
data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","content":[],"model":"claude-1","stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":25,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Weather, then."}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}

event: ping
data: {"type": "ping"}

: a comment
event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Größe"}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":" 🍓!"}}

event: content_block_stop
data: {"type":"content_block_stop","index":1}

event: something_new
data: {"type":"something_new","index":9,"delta":{"text":"?"}}

event: content_block_start
data: {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_1","name":"get_weather","input":{}}}

event: content_block_start
data: {"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"toolu_2","name":"get_time","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"location\": \"San Fra"}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"ncisco\"}"}}

event: content_block_stop
data: {"type":"content_block_stop","index":2}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":89}}

event: message_stop
data: {"type":"message_stop"}

)";

TEST(AnthropicStream, AddsUpToTheAnswer) {
  const auto streamed = stream(*wire, recorded);
  ASSERT_TRUE(streamed.reply) << streamed.reply.error().message;
  EXPECT_EQ(streamed.shown, "Größe 🍓!");
  EXPECT_EQ(streamed.reply->content, "Größe 🍓!");
  ASSERT_EQ(streamed.reply->tool_calls.size(), 2u);
  EXPECT_EQ(streamed.reply->tool_calls[0].id, "toolu_1");
  EXPECT_EQ(streamed.reply->tool_calls[0].name, "get_weather");
  EXPECT_EQ(streamed.reply->tool_calls[0].arguments, R"({"location": "San Francisco"})");
  EXPECT_EQ(streamed.reply->tool_calls[1].arguments, "{}");
  EXPECT_EQ(streamed.reply->finish_reason, "tool_calls");
  EXPECT_EQ(streamed.reply->model, "claude-1");
  EXPECT_EQ(streamed.reply->usage.prompt_tokens, 25);
  EXPECT_EQ(streamed.reply->usage.completion_tokens, 89);
  EXPECT_EQ(streamed.pieces, 8u) << "a thought, two texts, two calls and three fragments; no ping";
}

TEST(AnthropicStream, IsTheSameWithOtherLineEndings) {
  const auto wanted = told(stream(*wire, recorded));
  EXPECT_EQ(told(stream(*wire, replaced(recorded, "\n", "\r\n"))), wanted);
  EXPECT_EQ(told(stream(*wire, replaced(recorded, "\n", "\r"))), wanted);
}

TEST(AnthropicStream, WantsNothingAfterItsEnd) {
  const auto reader = wire->stream();
  EXPECT_FALSE(reader->feed(recorded, [](std::string_view) {}));
}

TEST(AnthropicStream, AnErrorInTheMiddleHasTheStatusItStandsFor) {
  const auto begun = recorded.substr(
      0, recorded.find("event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":1}"));
  const auto streamed = stream(
      *wire,
      begun +
          "event: error\ndata: "
          "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Over\\u0007loaded\"}}\n\n");
  ASSERT_FALSE(streamed.reply);
  EXPECT_EQ(streamed.reply.error().reason, "error");
  EXPECT_EQ(streamed.reply.error().status, 529);
  EXPECT_THAT(streamed.reply.error().message, HasSubstr("Over\\x07loaded"));
  EXPECT_EQ(streamed.shown, "Größe 🍓!");
}

TEST(AnthropicStream, AnEndInTheMiddleIsAnError) {
  for (const char* before : {"event: message_delta", "event: ping", "event: message_start"}) {
    const auto streamed = stream(*wire, recorded.substr(0, recorded.find(before)));
    ASSERT_FALSE(streamed.reply) << before;
    EXPECT_EQ(streamed.reply.error().reason, "cut") << before;
  }
}

TEST(AnthropicStream, WhatIsNoStreamIsReadAsAWhole) {
  auto streamed = stream(
      *wire, "\n{\n \"type\": \"error\",\n \"error\": {\"type\":\"rate_limit_error\",\"message\":\"slow down\"}\n}");
  ASSERT_FALSE(streamed.reply);
  EXPECT_EQ(streamed.reply.error().reason, "error");
  EXPECT_EQ(streamed.reply.error().status, 429);
  EXPECT_THAT(streamed.reply.error().message, HasSubstr("slow down"));

  streamed = stream(*wire, R"({"type":"message","content":[{"type":"text","text":"all"}],"stop_reason":"end_turn"})");
  ASSERT_TRUE(streamed.reply);
  EXPECT_EQ(streamed.reply->content, "all");

  streamed = stream(*wire, "<html>welcome</html>");
  ASSERT_FALSE(streamed.reply);
  EXPECT_THAT(streamed.reply.error().message, HasSubstr("web page"));
}

TEST(AnthropicStream, OddEventsAreSurvived) {
  const auto streamed = stream(*wire, R"(data: {"type":"message_start","message":7}

data: {"type":"content_block_delta","index":-3,"delta":{"type":"input_json_delta","partial_json":"x"}}

data: {"type":"content_block_start","index":"a","content_block":[]}

data: {"type":7}

data: [1]

data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"ok"}}

data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":[]}

)");
  ASSERT_TRUE(streamed.reply) << streamed.reply.error().message;
  EXPECT_EQ(streamed.reply->content, "ok");
}

TEST(AnthropicStream, WhatIsNoJsonOrTooDeepIsABadReply) {
  const std::string deep = std::string(65, '[') + std::string(65, ']');
  for (const auto& data : {std::string("not json"), deep, std::string("{\"type\":\"\xff\"}")}) {
    const auto streamed = stream(*wire, "data: " + data + "\n\n");
    ASSERT_FALSE(streamed.reply);
    EXPECT_EQ(streamed.reply.error().reason, "bad_reply");
  }
  const auto at_limit = stream(*wire, "data: " + std::string(64, '[') + std::string(64, ']') + "\n\n" + recorded);
  EXPECT_TRUE(at_limit.reply);
}

TEST(AnthropicStream, AnEventHasABound) {
  const auto streamed =
      stream_in_pieces(*wire, "data: \"" + std::string(2 * 1024 * 1024, 'x') + "\"\n\n", [] { return 9'000; });
  ASSERT_FALSE(streamed.reply);
  EXPECT_EQ(streamed.reply.error().reason, "too_large");
}

}  // namespace
}  // namespace strawberry::test
