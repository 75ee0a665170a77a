// Calls in an incomplete answer: in every dialect, whole and streamed.
#include "bridge/llm/answer_end.h"

#include <gmock/gmock.h>

#include "tests/bridge/llm/wire_testing.h"

namespace strawberry::test {
namespace {

using testing::HasSubstr;

struct Broken {
  const char* dialect;
  std::unique_ptr<Wire> (*make)(const WireOptions&);
  bool is_streamed;
  /// TEXT stands for its text, REASON for its finish reason; its call has no complete arguments.
  const char* body;
  const char* too_long;
  const char* filtered;  // null: the dialect has no such reason
};

const Broken broken[] = {
    {"openai", make_openai_wire, false,
     R"({"choices":[{"message":{"content":"TEXT","tool_calls":[{"id":"a","function":{"name":"open_door","arguments":""}}]},
        "finish_reason":"REASON"}]})",
     "length", "content_filter"},
    {"openai", make_openai_wire, true,
     R"(data: {"choices":[{"delta":{"content":"TEXT"}}]}

data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"open_door","arguments":""}}]}}]}

data: {"choices":[{"delta":{},"finish_reason":"REASON"}]}

data: [DONE]

)",
     "length", "content_filter"},
    {"openai, in the words of another", make_openai_wire, true,
     R"(data: {"choices":[{"delta":{"content":"TEXT","tool_calls":[{"index":0,"id":"a","function":{"name":"open_door"}}]},"finish_reason":"REASON"}]}

)",
     "MAX_TOKENS", "SAFETY"},
    {"anthropic", make_anthropic_wire, false,
     R"({"type":"message","content":[{"type":"text","text":"TEXT"},
        {"type":"tool_use","id":"a","name":"open_door","input":{}}],"stop_reason":"REASON"})",
     "max_tokens", "refusal"},
    {"anthropic", make_anthropic_wire, true,
     R"(data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":"TEXT"}}

data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"a","name":"open_door","input":{}}}

data: {"type":"message_delta","delta":{"stop_reason":"REASON"}}

data: {"type":"message_stop"}

)",
     "max_tokens", "refusal"},
    {"gemini", make_gemini_wire, false,
     R"({"candidates":[{"content":{"parts":[{"text":"TEXT"},{"functionCall":{"name":"open_door","args":{}}}]},
        "finishReason":"REASON"}]})",
     "MAX_TOKENS", "SAFETY"},
    {"gemini", make_gemini_wire, true,
     R"(data: {"candidates":[{"content":{"parts":[{"text":"TEXT"},{"functionCall":{"name":"open_door","args":{}}}]}}]}

data: {"candidates":[{"finishReason":"REASON"}]}

)",
     "MAX_TOKENS", "SAFETY"},
    {"ollama", make_ollama_wire, false,
     R"({"message":{"content":"TEXT","tool_calls":[{"function":{"name":"open_door","arguments":{}}}]},"done":true,
        "done_reason":"REASON"})",
     "length", nullptr},
    {"ollama", make_ollama_wire, true,
     R"({"message":{"content":"TEXT"},"done":false}
{"message":{"content":"","tool_calls":[{"function":{"name":"open_door","arguments":{}}}]},"done":false}
{"message":{"content":""},"done":true,"done_reason":"REASON"}
)",
     "length", nullptr}};

Result<ModelReply, ProviderError> come_to(const Broken& answer, const char* text, const char* reason) {
  const auto wire = answer.make({});
  const auto body = replaced(replaced(answer.body, "TEXT", text), "REASON", reason);
  return answer.is_streamed ? stream(*wire, body).reply : read(*wire, body);
}

TEST(BrokenOffAnswer, ItsCallsAreDroppedAndItsTextStays) {
  for (const auto& answer : broken) {
    for (const auto& [reason, wanted] :
         {std::pair{answer.too_long, "length"}, std::pair{answer.filtered, "content_filter"}}) {
      if (!reason) continue;
      const auto reply = come_to(answer, "I open", reason);
      ASSERT_TRUE(reply) << answer.dialect << reply.error().message;
      EXPECT_TRUE(reply->tool_calls.empty()) << answer.dialect << " " << reason;
      EXPECT_EQ(reply->finish_reason, wanted) << answer.dialect;
      EXPECT_EQ(reply->content, "I open");
    }
  }
}

TEST(BrokenOffAnswer, WithoutTextItIsAnError) {
  for (const auto& answer : broken) {
    auto reply = come_to(answer, "", answer.too_long);
    ASSERT_FALSE(reply) << answer.dialect;
    EXPECT_EQ(reply.error().reason, "length") << answer.dialect;
    EXPECT_THAT(reply.error().message, HasSubstr("token limit"));
    if (!answer.filtered) continue;
    reply = come_to(answer, "", answer.filtered);
    ASSERT_FALSE(reply) << answer.dialect;
    EXPECT_EQ(reply.error().reason, "blocked") << answer.dialect;
  }
}

TEST(BrokenOffAnswer, OneThatIsWholeHasItsCalls) {
  for (const auto& answer : broken) {
    const auto reply = come_to(answer, "", "STOP");
    ASSERT_TRUE(reply) << answer.dialect << reply.error().message;
    EXPECT_EQ(reply->tool_calls.size(), 1u) << answer.dialect;
    EXPECT_EQ(reply->finish_reason, "tool_calls") << answer.dialect;
  }
}

}  // namespace
}  // namespace strawberry::test
