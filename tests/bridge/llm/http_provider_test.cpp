#include "bridge/llm/http_provider.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

#include "tests/bridge/llm/provider_fakes.h"
#include "tests/support/run_task.h"

namespace strawberry::bridge {
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
  (void)complete(http, options());
  for (const auto& [name, value] : http.requests.at(0).headers) EXPECT_NE(name, "Authorization");
  auto with_key = options();
  with_key.api_key = "sesame";
  (void)complete(http, with_key);
  EXPECT_THAT(http.requests.at(1).headers, testing::Contains(testing::Pair("Authorization", "Bearer sesame")));
}

TEST_F(HttpProviderTest, TheRequestsModelWins) {
  (void)complete(http, options());
  ModelRequest request;
  request.model = "large";
  (void)complete(http, options(), request);
  EXPECT_EQ(json::parse(http.requests.at(0).body).at("model"), "small");
  EXPECT_EQ(json::parse(http.requests.at(1).body).at("model"), "large");
}

TEST_F(HttpProviderTest, EndsAtTheRequestsDeadline) {
  ModelRequest request;
  request.deadline = clock.steady_now() + 3s;
  (void)complete(http, options(), request);
  EXPECT_EQ(http.requests.at(0).total_timeout, 3s);
  EXPECT_EQ(http.requests.at(0).connect_timeout, 3s);
  request.deadline = clock.steady_now() + 10min;
  (void)complete(http, options(), request);
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

TEST_F(HttpProviderTest, InWhicheverFormTheServerRepeatsTheKey) {
  auto with_key = options();
  with_key.api_key = "sk-very-secret";
  for (const char* body : {"no such key: sk-very-secret", R"({"detail":"no such key: sk-very-secret"})",
                           R"({"request":{"key":"sk-very-secret"}})", "<title>sk-very-secret</title>",
                           "event: error\ndata: sk-very-secret\n\n"}) {
    http.answer = HttpResponse{401, {}, body};
    const auto reply = complete(http, with_key);
    ASSERT_FALSE(reply);
    EXPECT_THAT(reply.error().message, Not(HasSubstr("very-secret"))) << body;
    EXPECT_THAT(reply.error().message, HasSubstr("***")) << body;
  }
}

TEST_F(HttpProviderTest, TransportFailuresHaveTheirWords) {
  const std::pair<HttpError::Kind, const char*> cases[] = {{HttpError::Kind::connect, "connect"},
                                                           {HttpError::Kind::connect_timeout, "timeout"},
                                                           {HttpError::Kind::timeout, "timeout"},
                                                           {HttpError::Kind::too_large, "too_large"},
                                                           {HttpError::Kind::request_too_large, "unsupported"},
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

TEST_F(HttpProviderTest, AKeyThatWasCutWithTheMessageIsNotShownInHalfEither) {
  auto with_key = options();
  with_key.api_key = "sk-very-secret";
  for (const std::size_t before : {287u, 290u, 299u}) {
    HttpResponse response;
    response.status = 401;
    response.body = json{{"error", {{"message", std::string(before, 'x') + "sk-very-secret"}}}}.dump();
    http.answer = response;
    const auto message = complete(http, with_key).error().message;
    EXPECT_THAT(message, testing::EndsWith("x***…"));
  }
}

TEST_F(HttpProviderTest, WhatTheDialectCannotSayIsRefusedUnsent) {
  class Mute final : public Wire {
    Result<Sent, ProviderError> write(const ModelRequest&, const std::string&) const override {
      return tl::unexpected(ProviderError{{}, "unsupported", 0, "logit_bias: there is no such option"});
    }
    Result<ModelReply, ProviderError> read(const HttpResponse&) const override { return ModelReply{}; }
    std::unique_ptr<StreamReader> stream() const override { return nullptr; }
  };
  HttpProvider provider(http, clock, std::make_unique<Mute>(), options());
  ModelRequest request;
  request.deadline = clock.steady_now() + 1s;
  const auto reply = test::run_task(loop, provider.complete(request));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().provider, "openai");
  EXPECT_EQ(reply.error().reason, "unsupported");
  EXPECT_TRUE(http.requests.empty());
}

TEST_F(HttpProviderTest, ReportedTokensStandAndOthersAreEstimated) {
  http.answer->body = R"({"choices":[{"message":{"content":"12345678"}}],"usage":{"completion_tokens":7}})";
  auto reply = complete(http, options());
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->usage.completion_tokens, 7);
  EXPECT_FALSE(reply->usage.estimated);
  http.answer->body = R"({"choices":[{"message":{"content":"12345678"}}]})";
  reply = complete(http, options());
  EXPECT_EQ(reply->usage.prompt_tokens, 2);  // `user`, `hi`
  EXPECT_EQ(reply->usage.completion_tokens, 2);
  EXPECT_TRUE(reply->usage.estimated);
}

TEST_F(HttpProviderTest, AnErrorTellsWhetherTextWasShown) {
  std::string text;
  ModelRequest request;
  request.on_text = [&text](std::string_view piece) { text += piece; };
  http.answer = tl::unexpected<HttpError>(HttpError{HttpError::Kind::protocol, "cut"});
  http.pieces = {"data: {\"choices\":[{\"delta\":{\"content\":\"\"}}]}\n\n"};
  EXPECT_FALSE(complete(http, options(), request).error().shown);
  http.pieces = {"data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"};
  EXPECT_TRUE(complete(http, options(), request).error().shown);
  EXPECT_EQ(text, "a");
}

TEST_F(HttpProviderTest, AnAnswerThatWasCompleteBeforeTheLineBrokeIsTaken) {
  ModelRequest request;
  request.on_text = [](std::string_view) {};
  http.answer = tl::unexpected<HttpError>(HttpError{HttpError::Kind::protocol, "cut"});
  http.pieces = {"data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n"};
  const auto reply = complete(http, options(), request);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->content, "a");
}

}  // namespace
}  // namespace strawberry::bridge
