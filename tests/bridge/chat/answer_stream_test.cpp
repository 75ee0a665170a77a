#include "bridge/chat/answer_stream.h"
#include "common/runtime/asio.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace strawberry::bridge {
namespace {

using nlohmann::json;
using testing::ElementsAre;

class AnswerStreamTest : public testing::Test {
 protected:
  static AnswerStream::Options soon() {
    AnswerStream::Options options;
    options.look_again_after = std::chrono::milliseconds(1);
    return options;
  }
  static ModelReply reply(const std::string& content) {
    ModelReply made;
    made.content = content;
    made.model = "m-1";
    made.provider = "p";
    return made;
  }
  /// What is said in each delta, `[event]` for the others, `<reason>` for the end.
  void note(const std::string& event, const json& data) {
    events.push_back(data);
    if (event != "delta") return said.push_back("[" + event + "]");
    const auto& choice = data.at("choices").at(0);
    if (!choice.at("finish_reason").is_null()) {
      said.push_back("<" + choice.at("finish_reason").get<std::string>() + ">");
    } else {
      said.push_back(choice.at("delta").value("content", "(calls)"));
    }
  }
  void wait_for_a_timer() {
    loop.restart();
    loop.run_one();
  }

  asio::io_context loop;
  AnswerStream::Backlog backlog;
  std::vector<std::string> said;
  std::vector<json> events;
  std::shared_ptr<AnswerStream> stream = std::make_shared<AnswerStream>(
      loop.get_executor(), [this](const std::string& event, json data) { note(event, data); },
      [this] { return backlog; }, openai_format(), AnswerHead{"id-1", 7, "asked-for", ""}, soon());
};

TEST_F(AnswerStreamTest, EachPieceLeavesAtOnceAndTheFirstSaysWhoSpeaks) {
  stream->begin_answer();
  stream->text("Hel");
  EXPECT_THAT(said, ElementsAre("Hel"));
  stream->text("lo");
  stream->answered(reply("Hello"));
  stream->finish({"Hello", "stop", {}, {}, {}});
  EXPECT_THAT(said, ElementsAre("Hel", "lo", "<stop>"));
  EXPECT_EQ(events[0], json::parse(R"({"id":"chatcmpl-id-1","object":"chat.completion.chunk","created":7,
      "model":"asked-for","choices":[{"index":0,"delta":{"role":"assistant","content":"Hel"},"finish_reason":null}]})"));
  EXPECT_FALSE(events[1].at("choices").at(0).at("delta").contains("role"));
  EXPECT_EQ(events[2], json::parse(R"({"id":"chatcmpl-id-1","object":"chat.completion.chunk","created":7,
      "model":"m-1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})"));
}

TEST_F(AnswerStreamTest, UnderPressureTextIsGatheredAndLeavesWhenThereIsRoom) {
  backlog.messages = 4'001;
  for (const char* piece : {"a", "b", "c"}) stream->text(piece);
  wait_for_a_timer();
  EXPECT_TRUE(said.empty());
  backlog.messages = 4'000;
  stream->text("d");
  EXPECT_TRUE(said.empty()) << "in order: not before what waits";
  wait_for_a_timer();
  EXPECT_THAT(said, ElementsAre("abcd"));
  stream->text("e");
  EXPECT_THAT(said, ElementsAre("abcd", "e"));
}

TEST_F(AnswerStreamTest, ManyBytesThatWaitArePressureToo) {
  backlog.bytes = 16 * 1024 * 1024;
  stream->text("a");
  EXPECT_THAT(said, ElementsAre("a"));
  ++backlog.bytes;
  stream->text("b");
  EXPECT_THAT(said, ElementsAre("a"));
}

TEST_F(AnswerStreamTest, OtherEventsComeAfterTheTextBeforeThem) {
  backlog.messages = 4'001;
  stream->text("let me see");
  stream->event("tool_call", {});
  EXPECT_THAT(said, ElementsAre("let me see", "[tool_call]"));
}

TEST_F(AnswerStreamTest, UnderPressureTheEndIsWholeAllTheSame) {
  backlog.messages = 4'001;
  for (int i = 0; i < 1000; ++i) stream->text("word ");
  std::string whole;
  for (int i = 0; i < 1000; ++i) whole += "word ";
  stream->answered(reply(whole));
  stream->finish({whole, "stop", {}, {}, {}});
  EXPECT_THAT(said, ElementsAre(whole, "<stop>")) << "one message for a thousand pieces";
  backlog.messages = 4'000;
  loop.restart();
  loop.run();
  EXPECT_EQ(said.size(), 2U) << "and nothing after the end";
}

TEST_F(AnswerStreamTest, TheSecondAnswerIsToldFromTheFirst) {
  stream->begin_answer();
  stream->answered(reply("I look it up. "));
  stream->begin_answer();
  stream->answered(reply("It is 7."));
  stream->finish({"It is 7.", "stop", {}, {}, {}});
  EXPECT_THAT(said, ElementsAre("I look it up. ", "It is 7.", "<stop>"));
}

TEST_F(AnswerStreamTest, CallsForTheClientComeBeforeTheEndWithTheirIndex) {
  stream->answered(reply(""));
  stream->finish({"", "tool_calls", {{"c1", "clock", "{}"}, {"c2", "clock", "{}"}}, {}, {}});
  EXPECT_THAT(said, ElementsAre("(calls)", "<tool_calls>"));
  const auto& delta = events[0].at("choices").at(0).at("delta");
  EXPECT_EQ(delta.at("role"), "assistant");
  EXPECT_EQ(delta.at("tool_calls").at(1),
            json::parse(R"({"index":1,"id":"c2","type":"function","function":{"name":"clock","arguments":"{}"}})"));
}

TEST_F(AnswerStreamTest, WhatWasSaidBeforeAFailureIsStillTold) {
  backlog.messages = 4'001;
  stream->text("half an ans");
  stream->give_up();
  EXPECT_THAT(said, ElementsAre("half an ans"));
}

TEST_F(AnswerStreamTest, AStreamThatIsGoneLeavesNothingBehind) {
  backlog.messages = 4'001;
  stream->text("x");
  stream.reset();
  loop.run();
  EXPECT_TRUE(said.empty());
}

}  // namespace
}  // namespace strawberry::bridge
