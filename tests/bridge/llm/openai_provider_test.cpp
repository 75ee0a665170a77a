#include "bridge/llm/openai_provider.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "bridge/adapters/curl/curl_client.h"
#include "tests/bridge/llm/provider_fakes.h"
#include "tests/support/run_task.h"
#include "tests/support/stub_llm/stub_llm.h"

namespace strawberry {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

class OpenAiProviderTest : public testing::Test {
 protected:
  OpenAiProvider::Options options() const {
    OpenAiProvider::Options made;
    made.base_url = "http://model.test/v1";
    made.model = "small";
    return made;
  }
  Result<ModelReply, ProviderError> complete(HttpClient& client, const OpenAiProvider::Options& made,
                                             ModelRequest request = {}) {
    OpenAiProvider provider(client, clock, made);
    if (request.messages.is_null()) request.messages = json::array({{{"role", "user"}, {"content", "hi"}}});
    if (request.deadline == SteadyTime{}) request.deadline = clock.steady_now() + 20s;
    return test::run_task(loop, provider.complete(std::move(request)));
  }

  asio::io_context loop;
  test::FakeClock clock;
  test::FakeHttp http;
};

TEST_F(OpenAiProviderTest, TheKeyIsSentOnlyWhenThereIsOne) {
  complete(http, options());
  for (const auto& [name, value] : http.requests.at(0).headers) EXPECT_NE(name, "Authorization");
  auto with_key = options();
  with_key.api_key = "sesame";
  complete(http, with_key);
  EXPECT_THAT(http.requests.at(1).headers, testing::Contains(testing::Pair("Authorization", "Bearer sesame")));
}

TEST_F(OpenAiProviderTest, EndsAtTheRequestsDeadline) {
  ModelRequest request;
  request.deadline = clock.steady_now() + 3s;
  complete(http, options(), request);
  EXPECT_EQ(http.requests.at(0).total_timeout, 3s);
  EXPECT_EQ(http.requests.at(0).connect_timeout, 3s);
  request.deadline = clock.steady_now() + 10min;
  complete(http, options(), request);
  EXPECT_EQ(http.requests.at(1).total_timeout, 60s);
  EXPECT_EQ(http.requests.at(1).connect_timeout, 5s);
}

TEST_F(OpenAiProviderTest, WithoutTimeLeftNothingIsSent) {
  ModelRequest request;
  request.deadline = clock.steady_now();
  const auto reply = complete(http, options(), request);
  ASSERT_FALSE(reply);
  EXPECT_TRUE(reply.error().timed_out);
  EXPECT_TRUE(http.requests.empty());
}

TEST_F(OpenAiProviderTest, AServerThatRepeatsTheKeyDoesNotGetItIntoTheError) {
  auto with_key = options();
  with_key.api_key = "sk-very-secret";
  HttpResponse response;
  response.status = 401;
  response.body = R"({"error":{"message":"Incorrect key sk-very-secret, I said sk-very-secret"}})";
  http.answer = response;
  const auto reply = complete(http, with_key);
  ASSERT_FALSE(reply);
  EXPECT_THAT(reply.error().message, Not(HasSubstr("very-secret")));
  EXPECT_EQ(reply.error().status, 401);
}

TEST_F(OpenAiProviderTest, TransportFailuresHaveTheirWords) {
  const std::pair<HttpError::Kind, const char*> cases[] = {{HttpError::Kind::connect, "connect"},
                                                           {HttpError::Kind::timeout, "timeout"},
                                                           {HttpError::Kind::too_large, "too_large"},
                                                           {HttpError::Kind::protocol, "protocol"}};
  for (const auto& [kind, word] : cases) {
    http.answer = tl::unexpected<HttpError>(HttpError{kind, "it failed"});
    const auto reply = complete(http, options());
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().reason, word);
    EXPECT_EQ(reply.error().timed_out, kind == HttpError::Kind::timeout);
  }
}

TEST_F(OpenAiProviderTest, BadOptionsAreRefusedAtOnce) {
  auto bad = options();
  bad.base_url = "model.test";
  EXPECT_THROW(OpenAiProvider(http, clock, bad), std::invalid_argument);
  bad = options();
  bad.api_key = "a\r\nX-Evil: 1";
  EXPECT_THROW(OpenAiProvider(http, clock, bad), std::invalid_argument);
}

TEST_F(OpenAiProviderTest, TalksToARealServer) {
  StubLlm stub;
  CurlClient client(loop.get_executor(), {});
  auto real = options();
  real.base_url = stub.base_url();
  real.api_key = "sesame";
  stub.push(StubAnswer::tool_calls({{"A-b", {{"q", 1}}}}));
  ModelRequest request;
  request.options = {{"temperature", 0.5}};
  request.tools.push_back({"A-b", "", {{"type", "object"}}, std::nullopt, ""});
  const auto reply = complete(client, real, request);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->tool_calls.at(0).name, "A-b");
  EXPECT_EQ(reply->model, "stub-model");
  EXPECT_EQ(reply->usage.completion_tokens, 7);
  const auto sent = stub.requests().at(0);
  EXPECT_EQ(sent.path, "/v1/chat/completions");
  EXPECT_EQ(sent.authorization, "Bearer sesame");
  EXPECT_EQ(sent.body.at("temperature"), 0.5);
  EXPECT_EQ(sent.body.at("tools").size(), 1u);
}

TEST_F(OpenAiProviderTest, RefusedHangingAndHtmlServers) {
  StubLlm stub;
  CurlClient client(loop.get_executor(), {});
  auto real = options();
  real.base_url = "http://127.0.0.1:" + std::to_string(refused_port());
  EXPECT_EQ(complete(client, real).error().reason, "connect");
  real.base_url = stub.base_url();
  stub.push(StubAnswer::html());
  EXPECT_EQ(complete(client, real).error().reason, "bad_reply");
  stub.push(StubAnswer::http(500, "{}"));
  EXPECT_EQ(complete(client, real).error().status, 500);
  stub.push(StubAnswer::cut());
  EXPECT_EQ(complete(client, real).error().reason, "protocol");
  real.total_timeout = 50ms;
  stub.push(StubAnswer::hang());
  EXPECT_TRUE(complete(client, real).error().timed_out);
}

}  // namespace
}  // namespace strawberry
