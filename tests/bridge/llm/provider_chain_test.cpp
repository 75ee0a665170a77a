#include "bridge/llm/provider_chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/bridge/llm/provider_fakes.h"
#include "tests/support/run_task.h"

namespace strawberry::bridge {
namespace {

using namespace std::chrono_literals;
using test::ScriptedProvider;
using testing::ElementsAre;

class ProviderChainTest : public testing::Test {
 protected:
  void SetUp() override {
    auto make = [](const char* name, bool embedded = false) {
      return std::make_unique<ScriptedProvider>(name, embedded);
    };
    auto a = make("openai"), b = make("ollama"), c = make("rules", true);
    openai = a.get(), ollama = b.get(), rules = c.get();
    std::vector<std::unique_ptr<Provider>> providers;
    providers.push_back(std::move(a));
    providers.push_back(std::move(b));
    providers.push_back(std::move(c));
    chain = std::make_unique<ProviderChain>(clock, events, std::move(providers), ProviderChain::Options{});
  }
  Reply<ModelReply> complete(std::string model = {}, std::string start_with = {}) {
    ModelRequest request;
    request.model = std::move(model);
    request.deadline = clock.steady_now() + 60s;
    return test::run_task(loop, chain->complete(std::move(request), std::move(start_with)));
  }
  ModelReply nothing() const {
    ModelReply reply = rules->words("nothing fits");
    reply.understood = false;
    return reply;
  }

  asio::io_context loop;
  test::FakeClock clock;
  Events events{clock};
  ScriptedProvider *openai = nullptr, *ollama = nullptr, *rules = nullptr;
  std::unique_ptr<ProviderChain> chain;
};

TEST_F(ProviderChainTest, TheFirstThatAnswersDoes) {
  openai->script.push_back(openai->words("one"));
  EXPECT_EQ(complete()->content, "one");
  EXPECT_TRUE(ollama->requests.empty());
}

TEST_F(ProviderChainTest, AFailureGoesToTheNextInOrder) {
  openai->script.push_back(openai->fails("status", 500));
  ollama->script.push_back(ollama->words("two"));
  const auto reply = complete();
  EXPECT_EQ(reply->content, "two");
  EXPECT_EQ(reply->provider, "ollama");
}

TEST_F(ProviderChainTest, TellsWhoCountsOfEveryAttempt) {
  std::vector<std::string> seen;
  const auto subscription = events.listen<ModelAsked>("test", [&](const ModelAsked& attempt) {
    seen.push_back(std::string(attempt.provider) + " " + std::string(attempt.model) + " " +
                   std::string(attempt.outcome) + " " + std::to_string(attempt.output_tokens));
  });
  openai->script.push_back(openai->fails("status", 400));
  ollama->script.push_back(ollama->words(""));
  rules->script.push_back(nothing());
  (void)complete("gpt-x");
  EXPECT_THAT(seen, ElementsAre("openai gpt-x status 0", "ollama ollama empty 5", "rules rules no_match 5"));
}

TEST_F(ProviderChainTest, WhenAllFailEveryAttemptIsNamed) {
  openai->script.push_back(openai->fails("status", 429));
  ollama->script.push_back(ollama->fails("connect"));
  rules->script.push_back(nothing());
  const auto reply = complete();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::provider_error);
  const auto& attempts = reply.error().details.at("attempts");
  ASSERT_EQ(attempts.size(), 3u);
  EXPECT_EQ(attempts[0].at("provider"), "openai");
  EXPECT_EQ(attempts[0].at("reason"), "status");
  EXPECT_EQ(attempts[0].at("status"), 429);
  EXPECT_FALSE(attempts[1].contains("status"));
  EXPECT_EQ(attempts[2].at("reason"), "no_match");
}

TEST_F(ProviderChainTest, OnlyTimeoutsAreAProviderTimeout) {
  openai->script.push_back(openai->fails("timeout", 0, true));
  ollama->script.push_back(ollama->fails("timeout", 0, true));
  rules->script.push_back(nothing());
  EXPECT_EQ(complete().error().code, ErrorCode::provider_timeout);
}

TEST_F(ProviderChainTest, TheEmbeddedOneSpeaksWhenItIsTheOnlyOneAsked) {
  rules->script.push_back(nothing());
  EXPECT_EQ(complete("rules")->content, "nothing fits");
  EXPECT_TRUE(openai->requests.empty());
}

TEST_F(ProviderChainTest, TheEmbeddedOneActsWhenTheOthersFailed) {
  openai->script.push_back(openai->fails("connect"));
  ollama->script.push_back(ollama->fails("connect"));
  rules->script.push_back(rules->words("done"));
  EXPECT_EQ(complete()->provider, "rules");
}

TEST_F(ProviderChainTest, APrefixChoosesTheProvider) {
  ollama->script.push_back(ollama->words("two"));
  EXPECT_EQ(complete("ollama/llama3:8b")->provider, "ollama");
  EXPECT_EQ(ollama->requests.at(0).model, "llama3:8b");
  EXPECT_TRUE(openai->requests.empty());
}

TEST_F(ProviderChainTest, AnotherNameIsAModelOfTheFirstAndOfNobodyElse) {
  openai->script.push_back(openai->fails("status", 404));
  ollama->script.push_back(ollama->words("two"));
  (void)complete("meta-llama/llama-3");
  EXPECT_EQ(openai->requests.at(0).model, "meta-llama/llama-3");
  EXPECT_EQ(ollama->requests.at(0).model, "");
}

TEST_F(ProviderChainTest, ALaterStepStaysWithWhoAnsweredTheEarlierOne) {
  ollama->script.push_back(ollama->words("two"));
  EXPECT_EQ(complete("", "ollama")->provider, "ollama");
  EXPECT_TRUE(openai->requests.empty());
}

TEST_F(ProviderChainTest, AHangingFirstProviderDoesNotUseUpTheDeadline) {
  const auto begun = clock.steady_now();
  openai->script.push_back(openai->fails("timeout", 0, true));
  openai->on_request = [this](const ModelRequest& request) { clock.advance(request.deadline - clock.steady_now()); };
  ollama->on_request = openai->on_request;
  ollama->script.push_back(ollama->fails("timeout", 0, true));
  rules->script.push_back(rules->words("done"));
  EXPECT_TRUE(complete());
  EXPECT_EQ(openai->requests.at(0).deadline, begun + 24s);  // half of four fifths
  EXPECT_GT(ollama->requests.at(0).deadline, begun + 50s);
  EXPECT_EQ(rules->requests.at(0).deadline, begun + 60s);
}

TEST_F(ProviderChainTest, TimeNotUsedGoesToTheNext) {
  const auto begun = clock.steady_now();
  openai->script.push_back(openai->fails("connect"));
  (void)complete();
  EXPECT_EQ(ollama->requests.at(0).deadline, begun + 48s);
}

TEST_F(ProviderChainTest, AfterTheDeadlineNobodyIsAsked) {
  ModelRequest request;
  request.deadline = clock.steady_now();
  const auto reply = test::run_task(loop, chain->complete(request));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::timeout);
  EXPECT_TRUE(openai->requests.empty() && rules->requests.empty());
}

TEST_F(ProviderChainTest, TwoOfOneNameOrNoneAtAllAreRefused) {
  EXPECT_THROW(ProviderChain(clock, events, {}, {}), std::invalid_argument);
  std::vector<std::unique_ptr<Provider>> twins;
  twins.push_back(std::make_unique<ScriptedProvider>("a"));
  twins.push_back(std::make_unique<ScriptedProvider>("a"));
  EXPECT_THROW(ProviderChain(clock, events, std::move(twins), {}), std::invalid_argument);
  EXPECT_THAT(chain->names(), ElementsAre("openai", "ollama", "rules"));
}

TEST_F(ProviderChainTest, WhoAnswersWithNothingLetsTheNextTry) {
  openai->script.push_back(openai->words(""));
  ollama->script.push_back(ollama->words("two"));
  EXPECT_EQ(complete()->content, "two");
  EXPECT_EQ(openai->requests.size(), 1u);
}

TEST_F(ProviderChainTest, AnEmptyAnswerIsBetterThanNone) {
  openai->script.push_back(openai->words(""));
  ollama->script.push_back(ollama->fails("status", 500));
  rules->script.push_back(nothing());
  const auto reply = complete();
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->provider, "openai");
  EXPECT_EQ(reply->content, "");
}

TEST_F(ProviderChainTest, AnEmptyAnswerDoesNotHideThatAnotherBrokeOff) {
  openai->script.push_back(openai->words(""));
  ProviderError broken{"ollama", "cut", 200, "it broke off", false};
  broken.shown = true;
  ollama->script.push_back(tl::unexpected<ProviderError>(broken));
  const auto reply = complete();
  ASSERT_FALSE(reply);
  EXPECT_TRUE(reply.error().details.at("shown"));
  EXPECT_EQ(reply.error().details.at("attempts").at(0).at("reason"), "bad_reply");
}

TEST_F(ProviderChainTest, AfterAToolHasRunAnEmptyAnswerIsTheAnswer) {
  openai->script.push_back(openai->words(""));
  ModelRequest request;
  request.deadline = clock.steady_now() + 60s;
  request.is_last_try = true;
  const auto reply = test::run_task(loop, chain->complete(std::move(request)));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->provider, "openai");
  EXPECT_TRUE(ollama->requests.empty());
}

TEST_F(ProviderChainTest, CallsOrAFilterAreNotNothing) {
  openai->script.push_back(openai->calls({{"1", "light", "{}"}}));
  EXPECT_EQ(complete()->provider, "openai");
  auto filtered = openai->words("");
  filtered.finish_reason = "content_filter";
  openai->script.push_back(filtered);
  EXPECT_EQ(complete()->provider, "openai");
  EXPECT_TRUE(ollama->requests.empty());
}

}  // namespace
}  // namespace strawberry::bridge
