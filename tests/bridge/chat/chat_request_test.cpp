#include "bridge/chat/chat_request.h"

#include <gtest/gtest.h>

namespace strawberry::bridge {
namespace {

using nlohmann::json;

Reply<ChatRequest> read(const std::string& text) { return ChatRequest::read(json::parse(text), {}); }

TEST(ChatRequestTest, TakesAnOpenAiBody) {
  const auto request = read(
      R"({"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}],
      "model":"m","temperature":0.1,"max_tokens":5,"stream":true,"session_id":"s","tool_mode":"none","correlation_id":"c","timeout_ms":5,"v":1,"op":"complete"})");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->system_messages.size(), 1u);
  EXPECT_EQ(request->messages.at(0).at("content"), "a\nb");
  EXPECT_EQ(request->options, json({{"temperature", 0.1}, {"max_tokens", 5}}))
      << "nothing of the hub's goes to a provider";
  EXPECT_EQ(request->model, "m");
  EXPECT_EQ(request->session_id, "s");
  EXPECT_TRUE(request->stream);
  EXPECT_EQ(request->tool_mode, ToolMode::none);
}

TEST(ChatRequestTest, AMisspeltMemberOfTheHubsOwnIsNotLeftToTheProvider) {
  const auto with = [](const std::string& name) {
    return ChatRequest::read({{"messages", {{{"role", "user"}, {"content", "x"}}}}, {name, "y"}}, {});
  };
  const std::pair<const char*, const char*> misspelt[] = {{"session", "session_id"},   {"sessionId", "session_id"},
                                                          {"sesion_id", "session_id"}, {"toolMode", "tool_mode"},
                                                          {"tool-mode", "tool_mode"},  {"tool_mod", "tool_mode"}};
  for (const auto& [name, meant] : misspelt) {
    const auto request = with(name);
    ASSERT_FALSE(request) << name;
    EXPECT_EQ(request.error().code, ErrorCode::bad_request) << name;
    EXPECT_EQ(request.error().details, json({{"path", std::string("/") + name}, {"meant", meant}}));
  }
  for (const auto* theirs : {"audio",
                             "frequency_penalty",
                             "logit_bias",
                             "logprobs",
                             "max_completion_tokens",
                             "metadata",
                             "modalities",
                             "models",
                             "parallel_tool_calls",
                             "prediction",
                             "presence_penalty",
                             "prompt_cache_key",
                             "reasoning_effort",
                             "response_format",
                             "safety_identifier",
                             "seed",
                             "service_tier",
                             "stop",
                             "store",
                             "temperature",
                             "tool_choice",
                             "tool_config",
                             "top_k",
                             "top_logprobs",
                             "top_p",
                             "user",
                             "verbosity",
                             "web_search_options",
                             "mode",
                             "id"})
    EXPECT_TRUE(with(theirs)) << theirs;
}

TEST(ChatRequestTest, WithoutASessionTheOrderIsTheClients) {
  const auto request = read(
      R"({"messages":[{"role":"user","content":"1"},{"role":"system","content":"2"},{"role":"user","content":"3"}]})");
  ASSERT_TRUE(request);
  ASSERT_EQ(request->messages.size(), 3u);
  EXPECT_EQ(request->messages.at(1).at("content"), "2");
  EXPECT_TRUE(request->system_messages.empty());
}

TEST(ChatRequestTest, AToolConversationIsKept) {
  const auto request = read(R"({"messages":[{"role":"user","content":"t"},
      {"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"clock","arguments":"{}"},"evil":1}],"evil":2},
      {"role":"tool","tool_call_id":"c","content":"noon"}],"tools":[{"type":"function","function":{"name":"clock"}}]})");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(
      request->messages.at(1),
      json::parse(
          R"({"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"clock","arguments":"{}"}}]})"));
  EXPECT_EQ(request->client_tools.at(0).name, "clock");
  EXPECT_FALSE(request->client_tools.at(0).skill);
}

TEST(ChatRequestTest, WhatAProviderLeftOnACallComesBackWithIt) {
  const auto with_extra = [](std::size_t bytes) {
    json call = {{"id", "c"}, {"type", "function"}, {"function", {{"name", "clock"}, {"arguments", "{}"}}}};
    call["extra"] = std::string(bytes, 'x');
    const json message = {{"role", "assistant"}, {"tool_calls", json::array({call})}};
    const json result = {{"role", "tool"}, {"tool_call_id", "c"}, {"content", "noon"}};
    return read(json{{"messages", json::array({message, result})}}.dump());
  };
  const auto request = with_extra(tool_call_extra_bytes_max);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->messages.at(0).at("tool_calls").at(0).at("extra"), std::string(tool_call_extra_bytes_max, 'x'));
  EXPECT_FALSE(with_extra(tool_call_extra_bytes_max + 1));
}

TEST(ChatRequestTest, BadRequestsAreRefusedWithThePlace) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({})", "/messages"},
      {R"({"messages":[]})", "/messages"},
      {R"({"messages":"hi"})", "/messages"},
      {R"({"messages":["hi"]})", "/messages/0"},
      {R"({"messages":[{"role":"user","content":"a"},{"role":"boss","content":"b"}]})", "/messages/1/role"},
      {R"({"messages":[{"content":"b"}]})", "/messages/0/role"},
      {R"({"messages":[{"role":"user","content":7}]})", "/messages/0/content"},
      {R"({"messages":[{"role":"user","content":null}]})", "/messages/0/content"},
      {R"({"messages":[{"role":"assistant","content":null}]})", "/messages/0/content"},
      {R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]})",
       "/messages/0/content/0"},
      {R"({"messages":[{"role":"user","content":["a"]}]})", "/messages/0/content/0"},
      {R"({"messages":[{"role":"tool","content":"a"}]})", "/messages/0/tool_call_id"},
      {R"({"messages":[{"role":"assistant","tool_calls":[{}]}]})", "/messages/0/tool_calls"},
      {R"({"messages":[{"role":"user","content":"a"}],"tool_mode":"magic"})", "/tool_mode"},
      {R"({"messages":[{"role":"user","content":"a"}],"n":2})", "/n"},
      {R"({"messages":[{"role":"user","content":"a"}],"tools":[{"function":{"name":"a b"}}]})",
       "/tools/0/function/name"},
      {R"({"messages":[{"role":"user","content":"a"}],"tools":[{"function":{"name":"a"}},{"function":{"name":"a"}}]})",
       "/tools/1/function/name"},
      {R"({"messages":[{"role":"user","content":"a"}],"tools":[{"function":{"name":"a","parameters":[]}}]})",
       "/tools/0/function/parameters"},
      {R"({"messages":[{"role":"user","content":"a"}],"tools":{}})", "/tools"},
  };
  for (const auto& [body, path] : cases) {
    const auto request = read(body);
    ASSERT_FALSE(request) << body;
    EXPECT_EQ(request.error().code, ErrorCode::bad_request) << body;
    EXPECT_EQ(request.error().details.at("path"), path) << body;
  }
}

TEST(ChatRequestTest, ACallAndItsResultStandTogether) {
  const auto with = [](const std::string& messages, const std::string& more = "") {
    json all = json::array();
    for (const char what : messages) {
      const auto call = [](const char* id) {
        return json{{"id", id}, {"type", "function"}, {"function", {{"name", "clock"}, {"arguments", "{}"}}}};
      };
      switch (what) {
        case 'u': all.push_back({{"role", "user"}, {"content", "u"}}); break;
        case 's': all.push_back({{"role", "system"}, {"content", "s"}}); break;
        case 'a': all.push_back({{"role", "assistant"}, {"content", "a"}}); break;
        case '1': all.push_back({{"role", "assistant"}, {"tool_calls", {call("x")}}}); break;
        case '2': all.push_back({{"role", "assistant"}, {"tool_calls", {call("x"), call("y")}}}); break;
        case 'd': all.push_back({{"role", "assistant"}, {"tool_calls", {call("x"), call("x")}}}); break;
        default: all.push_back({{"role", "tool"}, {"tool_call_id", std::string(1, what)}, {"content", "r"}});
      }
    }
    json body = {{"messages", all}};
    if (!more.empty()) body["session_id"] = more;
    const auto request = ChatRequest::read(body, {});
    if (request) return std::string("ok");
    EXPECT_EQ(request.error().code, ErrorCode::bad_request);
    return request.error().details.at("path").get<std::string>();
  };
  for (const char* sound : {"u1x", "u1xu", "u2xy", "u2yxau", "su1xsu", "1x1xa", "u1xau1xa"}) {
    EXPECT_EQ(with(sound), "ok") << sound;
    EXPECT_EQ(with(sound, "s1"), "ok") << sound;
  }
  const std::pair<const char*, const char*> cases[] = {
      {"x", "/messages/0/tool_call_id"},    {"ux", "/messages/1/tool_call_id"},    {"u1y", "/messages/2/tool_call_id"},
      {"u1xx", "/messages/3/tool_call_id"}, {"u1xux", "/messages/4/tool_call_id"}, {"uax", "/messages/2/tool_call_id"},
      {"u1u", "/messages/1/tool_calls"},    {"u1a", "/messages/1/tool_calls"},     {"u2xu", "/messages/1/tool_calls"},
      {"u2yax", "/messages/1/tool_calls"},  {"u1", "/messages/1/tool_calls"},      {"u2x", "/messages/1/tool_calls"},
      {"u11xx", "/messages/1/tool_calls"},  {"u1sx", "/messages/1/tool_calls"},    {"udxx", "/messages/1/tool_calls"},
  };
  for (const auto& [messages, path] : cases) EXPECT_EQ(with(messages), path) << messages;
}

TEST(ChatRequestTest, WhatOpenAiHadBeforeToolsIsRefusedNotDropped) {
  for (const char* member : {"functions", "function_call"}) {
    json body = {{"messages", {{{"role", "user"}, {"content", "a"}}}}, {member, "auto"}};
    const auto request = ChatRequest::read(body, {});
    ASSERT_FALSE(request) << member;
    EXPECT_EQ(request.error().code, ErrorCode::bad_request);
    EXPECT_EQ(request.error().details.at("path"), "/" + std::string(member));
    EXPECT_NE(request.error().message.find("use tools and tool_choice"), std::string::npos);
    body[member] = nullptr;
    EXPECT_TRUE(ChatRequest::read(body, {})) << member;
  }
}

TEST(ChatRequestTest, MessagesAreBounded) {
  json body = {{"messages", json::array()}};
  for (int i = 0; i < 1001; ++i) body["messages"].push_back({{"role", "user"}, {"content", "a"}});
  EXPECT_FALSE(ChatRequest::read(body, {}));
  body["messages"].erase(0);
  EXPECT_TRUE(ChatRequest::read(body, {}));
}

TEST(ChatRequestTest, NullsAreAsIfAbsent) {
  EXPECT_TRUE(read(
      R"({"messages":[{"role":"user","content":"a","name":null,"tool_calls":null}],"model":null,"tools":null,"n":1,"tool_choice":null,"stream":null})"));
}

}  // namespace
}  // namespace strawberry::bridge
