// How often each provider of the chain is asked, and what is said when it was for nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bridge/llm/provider_chain.h"
#include "common/runtime/asio.h"
#include "tests/bridge/llm/provider_fakes.h"
#include "tests/support/run_task.h"

namespace strawberry::bridge {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using test::ScriptedProvider;
using testing::ElementsAre;
using testing::IsEmpty;
using State = CircuitBreaker::State;

class ProviderRetryTest : public testing::Test {
 protected:
  void SetUp() override {
    auto embedded = std::make_unique<ScriptedProvider>("rules", true);
    rules = embedded.get();
    rules->repeat_last = true;
    rules->script.push_back(nothing());
    std::vector<std::unique_ptr<Provider>> providers;
    providers.push_back(std::move(embedded));
    ProviderChain::Options options;
    options.random = [] { return 0.0; };
    options.pause = [this](milliseconds delay) -> Task<void> {
      pauses.push_back(delay);
      clock.advance(delay);
      co_return;
    };
    options.aliases = {{"fast", "ollama/llama3:8b"}, {"best", "openai"}};
    chain = std::make_unique<ProviderChain>(clock, events, std::move(providers), std::move(options));
    openai = add("openai", {});
    ollama = add("ollama", {});
  }
  ScriptedProvider* add(const char* name, ProviderGate::Options gate, std::size_t retries_max = 2) {
    auto provider = std::make_unique<ScriptedProvider>(name);
    auto* added = provider.get();
    ProviderChain::Limits limits;
    limits.retry.retries_max = retries_max;
    limits.gate = gate;
    chain->add(std::move(provider), limits);
    return added;
  }
  ModelReply nothing() const {
    ModelReply reply = rules->words("nothing fits");
    reply.understood = false;
    return reply;
  }
  ModelRequest request(std::string model = {}) const {
    ModelRequest asked;
    asked.model = std::move(model);
    asked.deadline = clock.steady_now() + 60s;
    return asked;
  }
  Reply<ModelReply> complete(ModelRequest asked) { return test::run_task(loop, chain->complete(std::move(asked))); }
  Reply<ModelReply> complete(std::string model = {}) { return complete(request(std::move(model))); }

  static std::vector<std::string> attempts(const Reply<ModelReply>& reply) {
    std::vector<std::string> all;
    for (const auto& attempt : reply.error().details.at("attempts"))
      all.push_back(attempt.at("provider").get<std::string>() + " " + attempt.at("reason").get<std::string>() + " " +
                    std::to_string(attempt.value("status", 0)));
    return all;
  }
  static void always(ScriptedProvider* provider, ScriptedProvider::Outcome outcome) {
    provider->script = {std::move(outcome)};
    provider->repeat_last = true;
  }

  asio::io_context loop;
  test::FakeClock clock;
  Events events{clock};
  std::vector<milliseconds> pauses;
  ScriptedProvider *openai = nullptr, *ollama = nullptr, *rules = nullptr;
  std::unique_ptr<ProviderChain> chain;
};

TEST_F(ProviderRetryTest, WhatPassesByItselfIsAskedAgainAfterAPause) {
  openai->script = {openai->fails("status", 503), openai->fails("connect"), openai->words("one")};
  EXPECT_EQ(complete()->content, "one");
  EXPECT_THAT(pauses, ElementsAre(500ms, 1000ms));
  EXPECT_TRUE(ollama->requests.empty());
}

TEST_F(ProviderRetryTest, WhatWouldBeTheSameAgainGoesToTheNextAtOnce) {
  openai->script = {openai->fails("status", 401), openai->words("never")};
  ollama->script = {ollama->words("two")};
  EXPECT_EQ(complete()->content, "two");
  EXPECT_THAT(pauses, IsEmpty());
  EXPECT_EQ(openai->requests.size(), 1u);
}

TEST_F(ProviderRetryTest, TheServersOwnPauseIsKept) {
  ProviderError limited{"openai", "status", 429, "slow down", false};
  limited.retry_after = 3s;
  openai->script = {tl::unexpected<ProviderError>(limited), openai->words("one")};
  EXPECT_EQ(complete()->content, "one");
  EXPECT_THAT(pauses, ElementsAre(3000ms));
}

TEST_F(ProviderRetryTest, WhenAllFailEachAttemptIsNamedInOrder) {
  openai->script = {openai->fails("status", 503), openai->fails("connect"), openai->fails("status", 404)};
  always(ollama, ollama->fails("status", 429));
  const auto reply = complete();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::provider_error);
  EXPECT_THAT(attempts(reply),
              ElementsAre("openai status 503", "openai connect 0", "openai status 404", "ollama status 429",
                          "ollama status 429", "ollama status 429", "rules no_match 0"));
  EXPECT_EQ(reply.error().details.at("attempts").at(0).at("message"), "it failed");
  EXPECT_FALSE(reply.error().details.contains("shown"));
}

TEST_F(ProviderRetryTest, RetriesStayWithinTheProvidersShareOfTheTime) {
  openai->on_request = [this](const ModelRequest& asked) { clock.advance(asked.deadline - clock.steady_now()); };
  always(openai, openai->fails("timeout", 0, true));
  ollama->script = {ollama->words("two")};
  EXPECT_EQ(complete()->content, "two");
  EXPECT_EQ(openai->requests.size(), 1u);
}

TEST_F(ProviderRetryTest, AStreamedAnswerMustBeginWithinTheShareAndMayThenGoOn) {
  auto asked = request();
  asked.on_text = [](std::string_view) {};
  const auto begun = clock.steady_now();
  (void)complete(asked);
  EXPECT_EQ(openai->requests.at(0).begin_by, begun + 24s);  // half of four fifths
  EXPECT_EQ(openai->requests.at(0).deadline, begun + 60s);
}

TEST_F(ProviderRetryTest, WhereNobodyFollowsAllOfTheTimeIsTheProviders) {
  auto asked = request();
  asked.is_last_try = true;
  const auto begun = clock.steady_now();
  (void)complete(asked);
  EXPECT_EQ(openai->requests.at(0).deadline, begun + 60s);
}

TEST_F(ProviderRetryTest, AWishThatDoesNotFitGoesToTheNextInstead) {
  ProviderError limited{"openai", "status", 429, "slow down", false};
  limited.retry_after = 50s;
  openai->script = {tl::unexpected<ProviderError>(limited)};
  ollama->script = {ollama->words("two")};
  EXPECT_EQ(complete()->content, "two");
  EXPECT_THAT(pauses, IsEmpty());
}

TEST_F(ProviderRetryTest, OnceSomethingWasShownNobodyIsAskedAgain) {
  ProviderError broken{"openai", "protocol", 0, "cut off", false};
  broken.shown = true;
  openai->script = {tl::unexpected<ProviderError>(broken), openai->words("never")};
  const auto reply = complete();
  ASSERT_FALSE(reply);
  EXPECT_THAT(attempts(reply), ElementsAre("openai protocol 0"));
  EXPECT_EQ(reply.error().details.at("shown"), true);
  EXPECT_TRUE(ollama->requests.empty() && rules->requests.empty());
}

TEST_F(ProviderRetryTest, OnceAToolHasRunNobodyIsAskedAgain) {
  openai->script = {openai->fails("status", 503), openai->words("never")};
  auto asked = request();
  asked.is_last_try = true;
  const auto reply = complete(std::move(asked));
  ASSERT_FALSE(reply);
  EXPECT_THAT(attempts(reply), ElementsAre("openai status 503"));
  EXPECT_TRUE(ollama->requests.empty() && rules->requests.empty());
}

TEST_F(ProviderRetryTest, AnOpenCircuitIsSkippedAtOnceAndNamed) {
  always(openai, openai->fails("connect"));
  always(ollama, ollama->fails("status", 500));
  EXPECT_FALSE(complete());
  EXPECT_FALSE(complete());
  EXPECT_EQ(openai->requests.size(), 5u) << "the fifth failure opened it";
  EXPECT_EQ(pauses.size(), 6u) << "nobody waits to find it open";
  const auto reply = complete();
  EXPECT_THAT(attempts(reply), ElementsAre("openai circuit_open 0", "ollama circuit_open 0", "rules no_match 0"));
  EXPECT_EQ(reply.error().code, ErrorCode::provider_error);
  EXPECT_EQ(openai->requests.size(), 5u);

  const auto health = chain->health();
  ASSERT_EQ(health.size(), 3u);
  EXPECT_EQ(health[0].name, "openai");
  EXPECT_EQ(health[0].state, State::open);
  EXPECT_EQ(health[0].counts.requests, 5u);
  EXPECT_EQ(health[0].counts.failures, 5u);
  EXPECT_GT(health[0].retry_in, 0ms);
  EXPECT_EQ(health[2].name, "rules");
  EXPECT_EQ(health[2].state, State::closed);
  EXPECT_EQ(health[2].counts.requests, 3u);

  clock.advance(30s);
  always(openai, openai->words("back"));
  EXPECT_EQ(complete()->content, "back");
  EXPECT_EQ(chain->health()[0].state, State::closed);
}

TEST_F(ProviderRetryTest, WhoGivesItLittleTimeLearnsNothingOfAProvider) {
  auto slow = openai->fails("timeout", 0, true);
  always(openai, slow);
  const auto ask = [&](milliseconds time, bool is_streamed) {
    auto asked = request("openai");
    asked.is_last_try = true;  // all of the time is this one's
    asked.deadline = clock.steady_now() + time;
    if (is_streamed) asked.on_text = [](std::string_view) {};
    (void)complete(std::move(asked));
  };
  for (int i = 0; i < 10; ++i) ask(4'999ms, i % 2 == 0);
  EXPECT_EQ(chain->health()[0].state, State::closed);
  EXPECT_EQ(chain->health()[0].counts.failures, 10u);
  for (int i = 0; i < 5; ++i) ask(5'000ms, i % 2 == 0);
  EXPECT_EQ(chain->health()[0].state, State::open);
}

TEST_F(ProviderRetryTest, TheTimeToBeginIsWhatCountsOfAStream) {
  always(openai, openai->fails("timeout", 0, true));
  auto asked = request("openai");
  asked.deadline = clock.steady_now() + 12s;  // a share of 4.8 s, and somebody else follows
  asked.on_text = [](std::string_view) {};
  for (int i = 0; i < 5; ++i) (void)complete(asked);
  EXPECT_EQ(chain->health()[0].state, State::closed);
}

TEST_F(ProviderRetryTest, OtherFailuresCountHoweverLittleTimeThereWas) {
  always(openai, openai->fails("connect"));
  for (int i = 0; i < 5; ++i) {
    auto asked = request("openai");
    asked.is_last_try = true;
    asked.deadline = clock.steady_now() + 1s;
    (void)complete(std::move(asked));
  }
  EXPECT_EQ(chain->health()[0].state, State::open);
}

TEST_F(ProviderRetryTest, AnOpenCircuitTakesNoShareOfTheTime) {
  always(ollama, ollama->fails("connect"));
  for (int i = 0; i < 2; ++i) (void)complete("ollama");
  const auto begun = clock.steady_now();
  (void)complete();
  EXPECT_EQ(openai->requests.back().deadline, begun + 48s);
}

TEST_F(ProviderRetryTest, ABusyProviderIsPassedOver) {
  auto* small = add("small", {10, 1, {}});
  small->script = {small->words("small one")};
  EXPECT_EQ(complete("small")->content, "small one");
  openai->script = {openai->words("one")};
  EXPECT_EQ(complete("small")->content, "one");
  EXPECT_EQ(small->requests.size(), 1u);
}

TEST_F(ProviderRetryTest, RetriesCountAsRequestsOfTheMinute) {
  auto* small = add("small", {10, 2, {}});
  always(small, small->fails("status", 500));
  openai->script = {openai->fails("status", 404)};
  ollama->script = {ollama->fails("status", 404)};
  EXPECT_THAT(attempts(complete("small")), ElementsAre("small status 500", "small status 500", "small busy 0",
                                                       "openai status 404", "ollama status 404", "rules no_match 0"));
}

TEST_F(ProviderRetryTest, AnAliasStandsForAProviderAndItsModel) {
  (void)complete("fast");
  EXPECT_EQ(ollama->requests.at(0).model, "llama3:8b");
  (void)complete("best");
  EXPECT_EQ(openai->requests.at(0).model, "");
  (void)complete("fast/other");  // an alias is a whole name
  EXPECT_EQ(openai->requests.at(1).model, "fast/other");
}

TEST_F(ProviderRetryTest, TheModelsThatWereNamedAreDefaultsAndWhatAliasesLeadTo) {
  using Model = ProviderChain::Model;
  EXPECT_THAT(
      chain->named_models(),
      testing::UnorderedElementsAre(Model{"openai", openai->default_model()}, Model{"ollama", ollama->default_model()},
                                    Model{"ollama", "llama3:8b"}, Model{"openai", openai->default_model()}));
}

TEST_F(ProviderRetryTest, OnlyTheFirstSlashParts) {
  (void)complete("ollama/meta/llama");
  EXPECT_EQ(ollama->requests.at(0).model, "meta/llama");
}

TEST_F(ProviderRetryTest, OneAddedLaterComesBeforeTheEmbedded) {
  add("found", {});
  EXPECT_THAT(chain->names(), ElementsAre("openai", "ollama", "found", "rules"));
  EXPECT_THROW(add("openai", {}), std::invalid_argument);
}

/// Waits until it is cancelled, then says, as an adapter may, that its connection ended.
class HangingProvider final : public Provider {
 public:
  const std::string& name() const override { return name_; }
  Task<Result<ModelReply, ProviderError>> complete(ModelRequest) override {
    asio::steady_timer forever(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
    co_await forever.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return tl::unexpected<ProviderError>(ProviderError{name_, "protocol", 0, "cancelled", false});
  }

  std::shared_ptr<int> alive = std::make_shared<int>();

 private:
  std::string name_ = "hanging";
};

TEST_F(ProviderRetryTest, TheLoopMayEndRequestsAfterTheChainIsGone) {
  auto hanging = std::make_unique<HangingProvider>();
  const std::weak_ptr<int> provider = hanging->alive;
  chain->add(std::move(hanging), {});
  auto ending = std::make_unique<asio::io_context>();
  asio::co_spawn(*ending, chain->complete(request("hanging")), asio::detached);
  ending->poll();
  chain.reset();
  EXPECT_FALSE(provider.expired()) << "a request knows it still";
  ending.reset();
  EXPECT_TRUE(provider.expired());
}

TEST_F(ProviderRetryTest, ACancelledChatEndsAtOnceAndCountsAgainstNobody) {
  chain->add(std::make_unique<HangingProvider>(), {{}, {1, 0, {1, 30s}}});
  asio::cancellation_signal cancel;
  std::optional<ErrorCode> code;
  asio::co_spawn(loop, chain->complete(request("hanging")),
                 asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr, Reply<ModelReply> reply) {
                   if (!reply) code = reply.error().code;
                 }));
  loop.poll();
  cancel.emit(asio::cancellation_type::terminal);
  loop.run();
  EXPECT_EQ(code, ErrorCode::cancelled);
  const auto health = chain->health().at(2);
  EXPECT_EQ(health.state, State::closed) << "one failure would have opened it";
  EXPECT_EQ(health.counts.failures, 0u);
  EXPECT_TRUE(openai->requests.empty());
}

TEST_F(ProviderRetryTest, APauseEndsWhenTheChatIsCancelled) {
  std::vector<std::unique_ptr<Provider>> none;
  none.push_back(std::make_unique<ScriptedProvider>("rules", true));
  ProviderChain real(clock, events, std::move(none), {});
  auto failing = std::make_unique<ScriptedProvider>("failing");
  always(failing.get(), failing->fails("connect"));
  ProviderChain::Limits limits;
  limits.retry = {1, 1h, 1h, 0ms};
  real.add(std::move(failing), limits);
  asio::cancellation_signal cancel;
  bool thrown = false;
  auto asked = request("failing");
  asked.deadline = clock.steady_now() + 10h;
  asio::co_spawn(loop, real.complete(std::move(asked)),
                 asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr failure, const Reply<ModelReply>&) {
                   thrown = failure != nullptr;
                 }));
  loop.poll();
  EXPECT_FALSE(thrown);
  cancel.emit(asio::cancellation_type::terminal);
  EXPECT_GT(loop.poll(), 0u);
  EXPECT_TRUE(loop.stopped()) << "nothing is left to wait for";
  EXPECT_TRUE(thrown);
}

}  // namespace
}  // namespace strawberry::bridge
