// Recorded answers of real model servers: one file in corpus/ each, with the expected result. See corpus/README.md.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/bridge/llm/wire_testing.h"

namespace strawberry::test {
namespace {

constexpr std::size_t cut_everywhere_bytes_max = 4 * 1024;

struct Sample {
  std::string name;
  std::string dialect;
  bool is_streamed = false;
  HttpResponse response;
  json expected;

  bool is_read_as_stream() const { return is_streamed && response.status >= 200 && response.status <= 299; }
};

/// Fails the test on a line that it does not know.
Sample read_sample(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  Sample sample;
  sample.name = path.filename().string();
  for (std::string line; std::getline(stream, line) && line != "---";) {
    if (line.starts_with('#')) continue;
    const auto colon = line.find(": ");
    const auto key = line.substr(0, colon), value = colon == std::string::npos ? "" : line.substr(colon + 2);
    if (key == "dialect") {
      sample.dialect = value;
    } else if (key == "asked") {
      sample.is_streamed = value == "streamed";
      EXPECT_TRUE(value == "streamed" || value == "whole") << sample.name;
    } else if (key == "status") {
      sample.response.status = std::stoi(value);
    } else if (key == "header") {
      const auto end = value.find(": ");
      sample.response.headers.emplace_back(value.substr(0, end), value.substr(end + 2));
    } else if (key == "expect") {
      sample.expected = json::parse(value);
    } else {
      ADD_FAILURE() << sample.name << ": " << line;
    }
  }
  sample.response.body.assign(std::istreambuf_iterator<char>(stream), {});
  return sample;
}

std::unique_ptr<Wire> wire_of(const Sample& sample) {
  if (sample.dialect == "openai") return make_openai_wire({});
  if (sample.dialect == "anthropic") return make_anthropic_wire({});
  if (sample.dialect == "gemini") return make_gemini_wire({});
  if (sample.dialect == "ollama") return make_ollama_wire({});
  ADD_FAILURE() << sample.name << ": there is no dialect " << sample.dialect;
  return make_openai_wire({});
}

void check_error(const Sample& sample, const ProviderError& error) {
  EXPECT_EQ(error.reason, sample.expected.value("error", "(none)")) << sample.name << ": " << error.message;
  EXPECT_THAT(error.message, testing::HasSubstr(sample.expected.value("says", "")));
  EXPECT_LT(error.message.size(), 400u);
  if (sample.expected.contains("status")) {
    EXPECT_EQ(error.status, sample.expected.at("status")) << sample.name;
  }
}

void check_reply(const Sample& sample, const ModelReply& reply) {
  const json& expected = sample.expected;
  ASSERT_FALSE(expected.contains("error")) << sample.name << " was taken, with the text " << reply.content;
  EXPECT_EQ(reply.content, expected.value("text", "")) << sample.name;
  EXPECT_EQ(reply.finish_reason, expected.value("finish", "")) << sample.name;
  json calls = json::array();
  for (const auto& call : reply.tool_calls)
    calls.push_back({{"id", call.id}, {"name", call.name}, {"arguments", json::parse(call.arguments, nullptr, false)}});
  EXPECT_EQ(calls, expected.value("calls", json::array())) << sample.name;
  if (expected.contains("model")) {
    EXPECT_EQ(json(reply.model), expected.at("model"));
  }
  if (expected.contains("usage")) {
    EXPECT_EQ(json({reply.usage.prompt_tokens, reply.usage.completion_tokens}), expected.at("usage")) << sample.name;
  }
}

void check(const Sample& sample, const Result<ModelReply, ProviderError>& reply) {
  if (reply) {
    check_reply(sample, *reply);
  } else {
    check_error(sample, reply.error());
  }
}

void check_stream(const Sample& sample) {
  const auto wire = wire_of(sample);
  const std::string& body = sample.response.body;
  const auto whole = stream(*wire, body);  // also byte by byte, and at random
  check(sample, whole.reply);
  if (whole.reply) {
    EXPECT_TRUE(whole.reply->content.starts_with(whole.shown)) << sample.name;
  }
  if (!whole.reply) {
    EXPECT_EQ(whole.shown, sample.expected.value("shown", "")) << sample.name;
  }
  if (sample.expected.contains("pieces")) {
    EXPECT_EQ(whole.pieces, sample.expected.at("pieces")) << sample.name;
  }
  ASSERT_LE(body.size(), cut_everywhere_bytes_max) << sample.name;
  const auto wanted = told(whole);
  for (std::size_t at = 1; at < body.size(); ++at) {
    bool is_first = true;
    const auto halves =
        stream_in_pieces(*wire, body, [&] { return std::exchange(is_first, false) ? at : body.size(); });
    ASSERT_EQ(told(halves), wanted) << sample.name << " cut at " << at;
  }
}

TEST(ModelAnswers, ComeOutAsTheirFilesSay) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(MODEL_ANSWERS)) {
    if (entry.path().extension() != ".txt") continue;
    ++count;
    const auto sample = read_sample(entry.path());
    ASSERT_TRUE(sample.expected.is_object()) << sample.name;
    if (sample.is_read_as_stream()) {
      check_stream(sample);
    } else {
      check(sample, wire_of(sample)->read(sample.response));
    }
  }
  EXPECT_GE(count, 100u);
}

}  // namespace
}  // namespace strawberry::test
