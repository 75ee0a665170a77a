#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bridge/llm/event_reader.h"
#include "bridge/llm/openai_reply.h"
#include "tests/support/seeds.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

struct Heard {
  std::vector<std::string> texts;
  std::size_t pieces = 0;
  bool wants_more = true;
  Result<ModelReply, ProviderError> reply = ModelReply{};

  std::string text() const {
    std::string all;
    for (const auto& piece : texts) all += piece;
    return all;
  }
};

Heard listen(const std::vector<std::string>& pieces) {
  Heard heard;
  const auto reader = make_event_reader(make_openai_reply());
  for (const auto& piece : pieces)
    heard.wants_more = reader->feed(piece, [&heard](std::string_view text) { heard.texts.emplace_back(text); });
  heard.pieces = reader->pieces();
  heard.reply = reader->finish();
  return heard;
}

std::string event(const std::string& data) { return "data: " + data + "\n\n"; }
std::string delta(const std::string& content, const std::string& finish_reason = "null") {
  return event(R"({"model":"m-1","choices":[{"index":0,"delta":)" + content + R"(,"finish_reason":)" + finish_reason +
               "}]}");
}
std::string said(const std::string& text) { return delta(json{{"content", text}}.dump()); }
const std::string stop = delta("{}", R"("stop")");
const std::string done = event("[DONE]");

TEST(OpenAiStream, WordsUsageAndModel) {
  const auto heard = listen({delta(R"({"role":"assistant","content":""})") + said("Hel"), said("lo") + stop,
                             event(R"({"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}})") + done});
  ASSERT_TRUE(heard.reply) << heard.reply.error().message;
  EXPECT_THAT(heard.texts, ElementsAre("Hel", "lo"));
  EXPECT_EQ(heard.reply->content, "Hello");
  EXPECT_EQ(heard.reply->finish_reason, "stop");
  EXPECT_EQ(heard.reply->model, "m-1");
  EXPECT_EQ(heard.reply->usage.prompt_tokens, 3);
  EXPECT_EQ(heard.reply->usage.completion_tokens, 4);
  EXPECT_FALSE(heard.wants_more);
}

TEST(OpenAiStream, WantsMoreUntilDone) {
  EXPECT_TRUE(listen({said("a") + stop}).wants_more) << "the usage may still come";
  EXPECT_FALSE(listen({said("a") + stop + done}).wants_more);
  EXPECT_EQ(listen({said("a") + stop + done + said("b")}).reply->content, "a");
}

TEST(OpenAiStream, PiecesAreTextCallsAndThoughtsAndNothingElse) {
  EXPECT_EQ(listen({": ping\n\n", event(R"({"choices":[],"usage":null})"),
                    delta(R"({"role":"assistant","content":""})"), delta(R"({"content":null})"), stop})
                .pieces,
            0u);
  EXPECT_EQ(listen({said("a"), said("b")}).pieces, 2u);
  EXPECT_EQ(listen({delta(R"({"reasoning_content":"hm"})"), delta(R"({"reasoning":"hm"})")}).pieces, 2u);
  EXPECT_EQ(listen({delta(R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"x"}},{"index":1}]})")}).pieces, 2u);
}

TEST(OpenAiStream, SeveralToolCallsWithTextBeforeThem) {
  const auto heard = listen(
      {said("One moment."),
       delta(R"({"content":null,"tool_calls":[{"index":0,"id":"a","function":{"name":"x","arguments":""}}]})"),
       delta(
           R"({"tool_calls":[{"index":0,"function":{"arguments":"{\"q\""}},{"index":1,"id":"b","function":{"name":"y","arguments":"{}"}}]})"),
       delta(R"({"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]})"), delta("{}", R"("stop")"), done});
  ASSERT_TRUE(heard.reply);
  EXPECT_EQ(heard.reply->content, "One moment.");
  ASSERT_EQ(heard.reply->tool_calls.size(), 2u);
  EXPECT_EQ(heard.reply->tool_calls[0].arguments, R"({"q":1})");
  EXPECT_EQ(heard.reply->tool_calls[1].name, "y");
  EXPECT_EQ(heard.reply->finish_reason, "tool_calls") << "whatever the server calls it";
}

TEST(OpenAiStream, ARefusalIsText) {
  const auto heard = listen({delta(R"({"content":null,"refusal":"I will"})"), delta(R"({"refusal":" not"})"), stop});
  EXPECT_EQ(heard.text(), "I will not");
  EXPECT_EQ(heard.reply->content, "I will not");
}

TEST(OpenAiStream, OnlyTheFirstChoiceIsRead) {
  const auto heard = listen({event(R"({"choices":[{"index":1,"delta":{"content":"B"},"finish_reason":"length"}]})"),
                             event(R"({"choices":[{"index":0,"delta":{"content":"A"},"finish_reason":"stop"}]})")});
  EXPECT_EQ(heard.reply->content, "A");
  EXPECT_EQ(heard.reply->finish_reason, "stop");
}

TEST(OpenAiStream, AnEndThatNothingAnnouncesIsAnError) {
  for (const auto& end : {std::string(), delta("{}", R"("")")}) {
    const auto heard = listen({said("half") + end});
    ASSERT_FALSE(heard.reply);
    EXPECT_EQ(heard.reply.error().reason, "cut");
    EXPECT_EQ(heard.text(), "half");
  }
  EXPECT_EQ(listen({said("all"), done}).reply->finish_reason, "stop") << "DONE announces it as well";
  EXPECT_TRUE(listen({said("all"), stop}).reply) << "though nobody says DONE";
  EXPECT_TRUE(listen({said("all"), "data: " + stop.substr(6, stop.size() - 8)}).reply) << "nor ends the last line";
}

TEST(OpenAiStream, NothingAtAllIsAnError) {
  for (const std::string body : {"", "\n\n", ": only a comment\n\n", "data: [DONE]\n\n"})
    EXPECT_FALSE(listen({body}).reply) << body;
}

TEST(OpenAiStream, AnErrorInTheMiddleEndsIt) {
  const std::pair<std::string, int> cases[] = {
      {event(R"({"error":{"message":"overloaded","type":"server_error"}})"), 500},
      {event(R"({"error":{"message":"overloaded","code":503}})"), 503},
      {event(R"({"error":"overloaded"})"), 200},
      {event(R"({"object":"error","message":"overloaded","code":503})"), 503},
      {"event: error\n" + event(R"({"message":"overloaded"})"), 200},
  };
  for (const auto& [text, status] : cases) {
    const auto heard = listen({said("half"), text, said("more") + stop + done});
    ASSERT_FALSE(heard.reply) << text;
    EXPECT_EQ(heard.reply.error().reason, "error") << text;
    EXPECT_EQ(heard.reply.error().status, status) << text;
    EXPECT_THAT(heard.reply.error().message, HasSubstr("overloaded"));
    EXPECT_EQ(heard.text(), "half");
    EXPECT_FALSE(heard.wants_more);
  }
}

TEST(OpenAiStream, AWholeAnswerWhereAStreamWasDueIsTaken) {
  const std::string body = R"({"choices":[{"message":{"content":"hello"},"finish_reason":"stop"}]})";
  for (const auto& pieces :
       {std::vector<std::string>{body}, {"\xEF\xBB", "\xBF\r\n", body.substr(0, 9), body.substr(9)}}) {
    const auto heard = listen(pieces);
    ASSERT_TRUE(heard.reply) << heard.reply.error().message;
    EXPECT_EQ(heard.reply->content, "hello");
  }
}

TEST(OpenAiStream, WhatIsNoStreamSaysSo) {
  EXPECT_THAT(listen({R"({"error":{"message":"no such model"}})"}).reply.error().message, HasSubstr("no such model"));
  EXPECT_THAT(listen({R"([{"error":{"message":"no such model"}}])"}).reply.error().message, HasSubstr("no such model"));
  EXPECT_THAT(listen({"\n<!doctype html>"}).reply.error().message, HasSubstr("web page"));
  for (const std::string body :
       {"data: {\n\n", "data: 7\n\n", "data: [1]\n\n", "data: {\"a\":\"\xff\"}\n\n", "{\"choices\":"}) {
    const auto reply = listen({body, stop}).reply;
    ASSERT_FALSE(reply) << body;
    EXPECT_EQ(reply.error().reason, "bad_reply") << body;
  }
}

TEST(OpenAiStream, AnEventAtTheLimitIsTakenAndOneByteMoreIsNot) {
  const auto of_size = [](std::size_t size) {
    const std::string frame = said("");
    return said(std::string(size - (frame.size() - 2), 'x'));  // the line, without the two line feeds
  };
  EXPECT_TRUE(listen({of_size(event_bytes_max), stop}).reply);
  const auto above = listen({of_size(event_bytes_max + 1), stop});
  ASSERT_FALSE(above.reply);
  EXPECT_EQ(above.reply.error().reason, "too_large");
  EXPECT_FALSE(above.wants_more);
}

TEST(OpenAiStream, DeepNestingIsRefusedBeforeAnybodyWalksIt) {
  const std::string deep(100'000, '[');
  EXPECT_EQ(listen({event(deep)}).reply.error().reason, "bad_reply");
  EXPECT_EQ(listen({event(R"({"choices":)" + deep + std::string(100'000, ']') + "}")}).reply.error().reason,
            "bad_reply");
}

TEST(OpenAiStream, OddTypesAreSurvived) {
  const auto heard =
      listen({event(R"({"model":7,"choices":{"a":1},"usage":[1]})"), event(R"({"choices":[7,null,[]]})"),
              event(R"({"choices":[{"delta":[]},{"delta":{"content":7,"tool_calls":{"a":1}}}]})"),
              event(R"({"choices":[{"index":"x","delta":{"content":[{"text":"a"},3]},"finish_reason":7}]})"), stop});
  ASSERT_TRUE(heard.reply);
  EXPECT_EQ(heard.reply->content, "a");
}

TEST(OpenAiStream, AnySplitOfTheBytesComesToTheSame) {
  static const std::vector<std::string> words = {
      said("a"),
      said("ü🍓"),
      ": ping\n\n",
      "\r\n",
      delta(R"({"content":null})"),
      event(R"({"choices":[]})"),
      stop,
      stop,
      delta(R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"x","arguments":"{"}}]})"),
      delta(R"({"tool_calls":[{"index":0,"function":{"arguments":"}"}}]})"),
      event(R"({"usage":{"prompt_tokens":1,"completion_tokens":2}})"),
      event(R"({"error":"no"})"),
      done,
      "data: {",
      "{",
      "<"};
  test::for_each_seed(1000, [](test::Random& random) {
    std::string body;
    for (std::size_t i = random.below(12); i > 0; --i) body += random.pick(words);
    std::vector<std::string> pieces;
    for (std::size_t at = 0, size = 0; at < body.size(); at += size) {
      size = random.percent(50) ? 1 : 1 + random.below(40);
      pieces.push_back(body.substr(at, size));
    }
    const auto whole = listen({body}), split = listen(pieces);
    EXPECT_EQ(split.texts, whole.texts) << body;
    EXPECT_EQ(split.pieces, whole.pieces) << body;
    ASSERT_EQ(split.reply.has_value(), whole.reply.has_value()) << body;
    if (whole.reply) {
      EXPECT_EQ(split.reply->content, whole.reply->content) << body;
      EXPECT_EQ(split.reply->tool_calls.size(), whole.reply->tool_calls.size()) << body;
      EXPECT_EQ(split.reply->usage.completion_tokens, whole.reply->usage.completion_tokens) << body;
    } else {
      EXPECT_EQ(split.reply.error().reason, whole.reply.error().reason) << body;
    }
  });
}

}  // namespace
}  // namespace strawberry::bridge
