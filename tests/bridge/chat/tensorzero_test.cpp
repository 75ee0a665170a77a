#include "bridge/chat/tensorzero.h"

#include <gtest/gtest.h>

namespace strawberry::bridge {
namespace {

using nlohmann::json;

json translated(const char* body) {
  auto made = openai_body_from_tensorzero(json::parse(body));
  return made ? *made : json(made.error().message + " " + made.error().details.dump());
}

TEST(TensorZero, TextAndSystemBecomeMessages) {
  EXPECT_EQ(translated(R"({"input":{"system":"Be brief.","messages":[{"role":"user","content":"hi"},
      {"role":"assistant","content":[{"type":"text","text":"a"},{"type":"raw_text","value":"b"}]}]},
      "function_name":"tensorzero::default","correlation_id":"c","stream":true,"session_id":"new","tool_mode":"none"})"),
            json::parse(R"({"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"hi"},
      {"role":"assistant","content":"a\nb"}],"correlation_id":"c","stream":true,"session_id":"new","tool_mode":"none"})"));
}

TEST(TensorZero, ArgumentsOfATemplateAreGivenAsJson) {
  EXPECT_EQ(translated(R"({"input":{"system":{"tone":"dry"},
      "messages":[{"role":"user","content":[{"type":"text","arguments":{"place":"Tokyo"}}]}]}})"),
            json::parse(R"({"messages":[{"role":"system","content":"{\"tone\":\"dry\"}"},
      {"role":"user","content":"{\"place\":\"Tokyo\"}"}]})"));
}

TEST(TensorZero, CallsAndTheirResultsKeepTheirPlaces) {
  EXPECT_EQ(translated(R"({"input":{"messages":[
      {"role":"assistant","content":[{"type":"text","text":"I look."},
        {"type":"tool_call","id":"1","name":"clock","arguments":"{\"zone\":1}"},
        {"type":"tool_call","id":"2","raw_name":"clock","name":null,"arguments":{"zone":2}}]},
      {"role":"user","content":[{"type":"text","text":"And?"},
        {"type":"tool_result","id":"1","name":"clock","result":"noon"},
        {"type":"tool_result","id":"2","name":"clock","result":"one"}]},
      {"role":"assistant","content":[{"type":"tool_call","id":"3","name":"clock","raw_arguments":"{}"}]},
      {"role":"user","content":[{"type":"tool_result","id":"3","name":"clock","result":"two"}]}]}})"),
            json::parse(R"({"messages":[
      {"role":"assistant","content":"I look.","tool_calls":[
        {"id":"1","type":"function","function":{"name":"clock","arguments":"{\"zone\":1}"}},
        {"id":"2","type":"function","function":{"name":"clock","arguments":"{\"zone\":2}"}}]},
      {"role":"tool","tool_call_id":"1","content":"noon"},{"role":"tool","tool_call_id":"2","content":"one"},
      {"role":"user","content":"And?"},
      {"role":"assistant","content":null,"tool_calls":[
        {"id":"3","type":"function","function":{"name":"clock","arguments":"{}"}}]},
      {"role":"tool","tool_call_id":"3","content":"two"}]})"));
}

TEST(TensorZero, ParametersToolsAndModelKeepTheirMeaning) {
  EXPECT_EQ(translated(R"({"input":{"messages":[{"role":"user","content":"x"}]},"model_name":"openai::ft:gpt::2",
      "params":{"chat_completion":{"temperature":0.5,"top_p":null,"max_tokens":9,"seed":1,"stop_sequences":["a"],
        "presence_penalty":1,"frequency_penalty":-1,"json_mode":"on"}},
      "additional_tools":[{"name":"clock","description":"d","parameters":{"type":"object"}}],
      "tool_choice":{"specific":"clock"},"parallel_tool_calls":false})"),
            json::parse(R"({"messages":[{"role":"user","content":"x"}],"model":"openai/ft:gpt::2","temperature":0.5,
      "max_tokens":9,"seed":1,"stop":["a"],"presence_penalty":1,"frequency_penalty":-1,
      "response_format":{"type":"json_object"},
      "tools":[{"type":"function","function":{"name":"clock","description":"d","parameters":{"type":"object"}}}],
      "tool_choice":{"type":"function","function":{"name":"clock"}},"parallel_tool_calls":false})"));
  EXPECT_EQ(translated(R"({"input":{"messages":[{"role":"user","content":"x"}]},"model_name":"gpt","tool_choice":"auto",
      "params":{"chat_completion":{"json_mode":"off"}}})"),
            json::parse(R"({"messages":[{"role":"user","content":"x"}],"model":"gpt","tool_choice":"auto"})"));
}

TEST(TensorZero, WhatSaysNothingIsTakenAsThat) {
  EXPECT_EQ(translated(R"({"input":{"messages":[{"role":"user","content":"x"}],"system":null},"dryrun":false,
      "include_original_response":false,"variant_name":null,"episode_id":null,"model_name":null,"stream":null})"),
            json::parse(R"({"messages":[{"role":"user","content":"x"}]})"));
}

struct Refused {
  const char* body;
  const char* path;
};
class TensorZeroRefuses : public testing::TestWithParam<Refused> {};
TEST_P(TensorZeroRefuses, WithThePlace) {
  const auto made = openai_body_from_tensorzero(json::parse(GetParam().body));
  ASSERT_FALSE(made) << made->dump();
  EXPECT_EQ(made.error().code, ErrorCode::bad_request);
  EXPECT_EQ(made.error().details.at("path"), GetParam().path);
}
INSTANTIATE_TEST_SUITE_P(
    All, TensorZeroRefuses,
    testing::Values(
        Refused{R"({})", "/input"}, Refused{R"({"input":"hi"})", "/input"},
        Refused{R"({"input":{}})", "/input/messages"}, Refused{R"({"input":{"messages":[]}})", "/input/messages"},
        Refused{R"({"input":{"messages":[{"role":"user","content":"x"}],"extra":1}})", "/input/extra"},
        Refused{R"({"input":{"messages":["x"]}})", "/input/messages/0/role"},
        Refused{R"({"input":{"messages":[{"role":"tool","content":"x"}]}})", "/input/messages/0/role"},
        Refused{R"({"input":{"messages":[{"role":"user"}]}})", "/input/messages/0/content"},
        Refused{R"({"input":{"messages":[{"role":"user","content":["x"]}]}})", "/input/messages/0/content/0"},
        Refused{R"({"input":{"messages":[{"role":"user","content":[{"type":"text"}]}]}})",
                "/input/messages/0/content/0"},
        Refused{R"({"input":{"messages":[{"role":"user","content":[{"type":"file","url":"u"}]}]}})",
                "/input/messages/0/content/0/type"},
        Refused{R"({"input":{"messages":[{"role":"assistant","content":[{"type":"tool_call","id":"1"}]}]}})",
                "/input/messages/0/content/0"},
        Refused{R"({"input":{"messages":[{"role":"user","content":[{"type":"tool_result","id":"1"}]}]}})",
                "/input/messages/0/content/0"},
        Refused{R"({"input":{"messages":[{"role":"user","content":[
            {"type":"tool_call","id":"1","name":"f","arguments":"{}"}]}]}})",
                "/input/messages/0/content"},
        Refused{R"({"input":{"messages":[{"role":"assistant","content":[
            {"type":"tool_result","id":"1","name":"f","result":"x"}]}]}})",
                "/input/messages/0/content"},
        Refused{R"({"input":{"messages":[{"role":"user","content":"x"}]},"dryrun":true})", "/dryrun"},
        Refused{R"({"input":{"messages":[{"role":"user","content":"x"}]},"output_schema":{}})", "/output_schema"},
        Refused{R"({"input":{"messages":[{"role":"user","content":"x"}]},"model_name":"a","function_name":"b"})",
                "/function_name"},
        Refused{R"({"input":{"messages":[{"role":"user","content":"x"}]},"params":{"best_of_n":{}}})",
                "/params/best_of_n"},
        Refused{R"({"input":{"messages":[{"role":"user","content":"x"}]},"params":{"chat_completion":{"top_k":1}}})",
                "/params/chat_completion/top_k"},
        Refused{R"({"input":{"messages":[{"role":"user","content":"x"}]},
            "params":{"chat_completion":{"json_mode":"strict"}}})",
                "/params/chat_completion/json_mode"},
        Refused{R"({"input":{"messages":[{"role":"user","content":"x"}]},"tool_choice":{"specific":5}})",
                "/tool_choice"},
        Refused{
            R"({"input":{"messages":[{"role":"user","content":"x"}]},"additional_tools":[{"type":"openai_custom"}]})",
            "/additional_tools/0"}));

const AnswerHead head{"id-1", 7, "gpt", "openai"};

std::unique_ptr<AnswerFormat> format() {
  return tensorzero_format({{"episode_id", "e-1"}, {"model_name", "openai::gpt"}});
}

TEST(TensorZero, AnAnswerInWords) {
  const Usage usage{3, 4, true};
  EXPECT_EQ(format()->whole(head, {"hello", "stop", {}, usage, "s-1"}),
            json::parse(R"({"inference_id":"id-1","episode_id":"e-1","variant_name":"openai::gpt",
      "content":[{"type":"text","text":"hello"}],"usage":{"input_tokens":3,"output_tokens":4,"estimated":true},
      "finish_reason":"stop","session_id":"s-1","provider":"openai"})"));
}

TEST(TensorZero, AnAnswerThatCallsTheClientsTools) {
  const auto whole = format()->whole(head, {"", "tool_calls", {{"1", "f", R"({"a":1})"}, {"2", "f", "no"}}, {}, {}});
  EXPECT_EQ(whole.at("content"), json::parse(R"([
      {"type":"tool_call","id":"1","name":"f","arguments":{"a":1},"raw_name":"f","raw_arguments":"{\"a\":1}"},
      {"type":"tool_call","id":"2","name":"f","arguments":null,"raw_name":"f","raw_arguments":"no"}])"));
  EXPECT_EQ(whole.at("finish_reason"), "tool_call");
}

TEST(TensorZero, AStreamedAnswer) {
  const auto chunks = format();
  EXPECT_EQ(chunks->text({"id-1", 7, "", ""}, "hel", true),
            json::parse(R"({"inference_id":"id-1","episode_id":"e-1","variant_name":"openai::gpt",
      "content":[{"type":"text","id":"0","text":"hel"}]})"));
  EXPECT_EQ(chunks->calls(head, {{"1", "f", "{}"}}, false).at("content"),
            json::parse(R"([{"type":"tool_call","id":"1","raw_name":"f","raw_arguments":"{}"}])"));
  EXPECT_EQ(chunks->end(head, {"hello", "stop", {}, {3, 4}, {}}),
            json::parse(R"({"inference_id":"id-1","episode_id":"e-1","variant_name":"openai::gpt","content":[],
      "usage":{"input_tokens":3,"output_tokens":4},"finish_reason":"stop"})"));
}

TEST(TensorZero, WithoutAnEpisodeThereIsANewOneTheSameThroughout) {
  const auto made = tensorzero_format(json::object());
  const auto episode = made->text(head, "x", true).at("episode_id");
  EXPECT_EQ(episode.get<std::string>().size(), 36U);
  EXPECT_EQ(made->end(head, {}).at("episode_id"), episode);
  EXPECT_NE(tensorzero_format(json::object())->end(head, {}).at("episode_id"), episode);
}

}  // namespace
}  // namespace strawberry::bridge
