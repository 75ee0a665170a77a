#include "bridge/llm/http_provider.h"

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

class HttpProviderTest : public testing::Test {
 protected:
  HttpProvider::Options options() const {
    HttpProvider::Options made;
    made.name = "openai";
    made.model = "small";
    return made;
  }
  Result<ModelReply, ProviderError> complete(HttpClient& client, const HttpProvider::Options& made,
                                             ModelRequest request = {}) {
    HttpProvider provider(client, clock, make_openai_wire({base_url, made.api_key}), made);
    if (request.messages.is_null()) request.messages = json::array({{{"role", "user"}, {"content", "hi"}}});
    if (request.deadline == SteadyTime{}) request.deadline = clock.steady_now() + 20s;
    return test::run_task(loop, provider.complete(std::move(request)));
  }

  std::string base_url = "http://model.test/v1";
  asio::io_context loop;
  test::FakeClock clock;
  test::FakeHttp http;
};

TEST_F(HttpProviderTest, TheKeyIsSentOnlyWhenThereIsOne) {
  complete(http, options());
  for (const auto& [name, value] : http.requests.at(0).headers) EXPECT_NE(name, "Authorization");
  auto with_key = options();
  with_key.api_key = "sesame";
  complete(http, with_key);
  EXPECT_THAT(http.requests.at(1).headers, testing::Contains(testing::Pair("Authorization", "Bearer sesame")));
}

TEST_F(HttpProviderTest, TheRequestsModelWins) {
  complete(http, options());
  ModelRequest request;
  request.model = "large";
  complete(http, options(), request);
  EXPECT_EQ(json::parse(http.requests.at(0).body).at("model"), "small");
  EXPECT_EQ(json::parse(http.requests.at(1).body).at("model"), "large");
}

TEST_F(HttpProviderTest, EndsAtTheRequestsDeadline) {
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

TEST_F(HttpProviderTest, WithoutTimeLeftNothingIsSent) {
  ModelRequest request;
  request.deadline = clock.steady_now();
  const auto reply = complete(http, options(), request);
  ASSERT_FALSE(reply);
  EXPECT_TRUE(reply.error().timed_out);
  EXPECT_TRUE(http.requests.empty());
}

TEST_F(HttpProviderTest, AServerThatRepeatsTheKeyDoesNotGetItIntoTheError) {
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

TEST_F(HttpProviderTest, TransportFailuresHaveTheirWords) {
  const std::pair<HttpError::Kind, const char*> cases[] = {{HttpError::Kind::connect, "connect"},
                                                           {HttpError::Kind::connect_timeout, "timeout"},
                                                           {HttpError::Kind::timeout, "timeout"},
                                                           {HttpError::Kind::too_large, "too_large"},
                                                           {HttpError::Kind::protocol, "protocol"}};
  for (const auto& [kind, word] : cases) {
    http.answer = tl::unexpected<HttpError>(HttpError{kind, "it failed"});
    const auto reply = complete(http, options());
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().reason, word);
    EXPECT_EQ(reply.error().provider, "openai");
    EXPECT_EQ(reply.error().timed_out, std::string(word) == "timeout");
  }
}

TEST_F(HttpProviderTest, BadOptionsAreRefusedAtOnce) {
  EXPECT_THROW(make_openai_wire({"model.test", {}}), std::invalid_argument);
  for (const char* text : {"a\r\nX-Evil: 1", "a\x7f"}) {
    auto bad = options();
    bad.api_key = text;
    EXPECT_THROW(HttpProvider(http, clock, make_openai_wire({}), bad), std::invalid_argument);
    bad = options();
    bad.name = text;
    EXPECT_THROW(HttpProvider(http, clock, make_openai_wire({}), bad), std::invalid_argument);
  }
}

TEST_F(HttpProviderTest, TalksToARealServer) {
  StubLlm stub;
  CurlClient client(loop.get_executor(), {});
  auto real = options();
  base_url = stub.base_url();
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

TEST_F(HttpProviderTest, RefusedHangingAndHtmlServers) {
  StubLlm stub;
  CurlClient client(loop.get_executor(), {});
  auto real = options();
  base_url = "http://127.0.0.1:" + std::to_string(refused_port());
  EXPECT_EQ(complete(client, real).error().reason, "connect");
  base_url = stub.base_url();
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
