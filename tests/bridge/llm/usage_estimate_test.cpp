#include "bridge/llm/usage_estimate.h"

#include <gtest/gtest.h>

namespace strawberry::bridge {
namespace {

using nlohmann::json;

TEST(UsageEstimate, FourBytesOfTextAreAToken) {
  ModelRequest request;
  request.messages = json::parse(R"([{"role":"user","content":"12345678"}])");  // 4 + 8
  ModelReply reply;
  reply.content = "123456789";
  const Usage usage = estimate_usage(request, reply);
  EXPECT_EQ(usage.prompt_tokens, 3);
  EXPECT_EQ(usage.completion_tokens, 3) << "rounded up";
  EXPECT_TRUE(usage.estimated);
}

TEST(UsageEstimate, PartsCallsAndToolsCount) {
  ModelRequest request;
  request.messages = json::parse(R"([{"content":[{"text":"1234"},{"text":"5678"}],"number":7,"none":null}])");
  request.tools.push_back({"name", "12345678", json::object(), std::nullopt, ""});  // 4 + 8 + 2
  ModelReply reply;
  reply.tool_calls.push_back({"an id", "name", "{\"q\":12345}"});  // 4 + 11
  const Usage usage = estimate_usage(request, reply);
  EXPECT_EQ(usage.prompt_tokens, 6);
  EXPECT_EQ(usage.completion_tokens, 4);
}

TEST(UsageEstimate, NothingIsNothing) {
  const Usage usage = estimate_usage({}, {});
  EXPECT_EQ(usage.prompt_tokens, 0);
  EXPECT_EQ(usage.completion_tokens, 0);
}

}  // namespace
}  // namespace strawberry::bridge
