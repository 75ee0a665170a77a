#include "bridge/adapters/prometheus/hub_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace strawberry::bridge {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

std::size_t count_of(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

class HubMetricsTest : public testing::Test {
 protected:
  void answer(std::string_view op, std::optional<ErrorCode> error = std::nullopt, std::chrono::nanoseconds took = 1ms) {
    metrics_.answered({Service::skills, op, error, took});
  }
  void ask(std::string_view provider, std::string_view model, std::string_view outcome = "ok",
           std::optional<std::chrono::nanoseconds> began_after = std::nullopt) {
    ModelAsked attempt;
    attempt.began_after = began_after;
    attempt.provider = provider;
    attempt.model = model;
    attempt.outcome = outcome;
    attempt.took = 300ms;
    attempt.input_tokens = 20;
    attempt.output_tokens = 3;
    metrics_.asked(attempt);
  }
  std::string text(const std::vector<HubMetrics::Reading>& readings = {}) const { return metrics_.text(readings); }

  HubMetrics metrics_{{{Service::skills, {"call", "list"}}, {Service::chat, {"complete"}}},
                      {.providers_max = 2, .models_max = 2}};
};

TEST_F(HubMetricsTest, CountsRequestsByServiceOperationAndCode) {
  answer("call");
  answer("call");
  answer("call", ErrorCode::device_offline);
  const auto said = text();
  EXPECT_THAT(said, HasSubstr("strawberry_requests_total{code=\"ok\",op=\"call\",service=\"skills\"} 2\n"));
  EXPECT_THAT(said, HasSubstr("strawberry_requests_total{code=\"device_offline\",op=\"call\",service=\"skills\"} 1\n"));
  EXPECT_THAT(said, HasSubstr("strawberry_request_duration_seconds_count{op=\"call\",service=\"skills\"} 3\n"));
}

TEST_F(HubMetricsTest, PutsWhatTookLongIntoHigherBuckets) {
  answer("list", std::nullopt, 2ms);
  answer("list", std::nullopt, 2s);
  const auto said = text();
  const std::string list = "{op=\"list\",service=\"skills\",le=";
  EXPECT_THAT(said, HasSubstr(list + "\"0.001\"} 0\n"));
  EXPECT_THAT(said, HasSubstr(list + "\"0.0025\"} 1\n"));
  EXPECT_THAT(said, HasSubstr(list + "\"2.5\"} 2\n"));
}

TEST_F(HubMetricsTest, OperationsThatAreNoneShareOneLabel) {
  for (int i = 0; i < 500; ++i) answer("made_up_" + std::to_string(i), ErrorCode::unknown_op);
  answer("", ErrorCode::bad_request);
  answer("complete", ErrorCode::unknown_op);  // another service's
  const auto said = text();
  EXPECT_THAT(said, HasSubstr("strawberry_requests_total{code=\"unknown_op\",op=\"other\",service=\"skills\"} 501\n"));
  EXPECT_THAT(said, Not(HasSubstr("made_up")));
  EXPECT_EQ(count_of(said, "strawberry_request_duration_seconds_count"), 1U);
}

TEST_F(HubMetricsTest, EveryCodeOfTheContractHasItsLabel) {
  for (const auto code : error_codes_all) answer("call", code);
  const auto said = text();
  for (const auto code : error_codes_all) EXPECT_THAT(said, HasSubstr("code=\"" + std::string(to_string(code)) + '"'));
}

TEST_F(HubMetricsTest, SpeaksOfModelsAsOpenTelemetryDoes) {
  metrics_.know_model("stub", "m");
  ask("stub", "m");
  const auto said = text();
  const std::string of = "gen_ai_operation_name=\"chat\",gen_ai_provider_name=\"stub\",gen_ai_request_model=\"m\"";
  EXPECT_THAT(said, HasSubstr("gen_ai_client_operation_duration_seconds_sum{" + of + "} 0.3\n"));
  EXPECT_THAT(said, HasSubstr("gen_ai_client_token_usage_sum{" + of + ",gen_ai_token_type=\"input\"} 20\n"));
  EXPECT_THAT(said, HasSubstr("gen_ai_client_token_usage_sum{" + of + ",gen_ai_token_type=\"output\"} 3\n"));
  EXPECT_THAT(said, Not(HasSubstr("time_to_first_chunk"))) << "this answer came whole";
  ask("stub", "m", "ok", 40ms);
  EXPECT_THAT(text(), HasSubstr("gen_ai_client_operation_time_to_first_chunk_seconds_sum{" + of + "} 0.04\n"));
}

TEST_F(HubMetricsTest, AFailureHasItsReasonAndNoTokens) {
  metrics_.know_model("stub", "m");
  ask("stub", "m", "timeout");
  ask("stub", "m", "a new word");
  ask("stub", "m", "circuit_open");
  const auto said = text();
  EXPECT_THAT(said, HasSubstr("strawberry_provider_attempts_total{outcome=\"timeout\",provider=\"stub\"} 1\n"));
  EXPECT_THAT(said, HasSubstr("strawberry_provider_attempts_total{outcome=\"other\",provider=\"stub\"} 1\n"));
  EXPECT_THAT(said, HasSubstr("strawberry_provider_attempts_total{outcome=\"circuit_open\",provider=\"stub\"} 1\n"));
  EXPECT_THAT(said, HasSubstr("duration_seconds_count{error_type=\"timeout\""));
  EXPECT_THAT(said, Not(HasSubstr("error_type=\"circuit_open\""))) << "nobody was asked";
  EXPECT_THAT(said, Not(HasSubstr("token_usage_sum")));
}

TEST_F(HubMetricsTest, ModelsAreNamedUpToTheLimit) {
  for (const auto* model : {"one", "two", "more-0"}) metrics_.know_model("stub", model);
  for (const auto* model : {"one", "two", "more-0"}) ask("stub", model);
  const auto said = text();
  EXPECT_THAT(said, HasSubstr("gen_ai_request_model=\"two\""));
  EXPECT_THAT(said, Not(HasSubstr("more-")));
}

TEST_F(HubMetricsTest, NamesThatOnlyAClientUsesShareOneLabelEvenWhenTheModelAnswers) {
  metrics_.know_model("stub", "m");
  for (int i = 0; i < 97; ++i) ask("stub", "secret-of-a-client-" + std::to_string(i));
  ask("other stub", "m");
  const auto said = text();
  EXPECT_THAT(said, Not(HasSubstr("secret-of-a-client")));
  EXPECT_THAT(said, Not(HasSubstr("gen_ai_request_model=\"m\""))) << "another provider's";
  EXPECT_THAT(
      said,
      HasSubstr("gen_ai_provider_name=\"stub\",gen_ai_request_model=\"other\",gen_ai_token_type=\"input\"} 97\n"));
}

TEST_F(HubMetricsTest, ProvidersAreNamedUpToTheLimit) {
  for (const auto* provider : {"a", "b", "c", "d"}) ask(provider, "m", "connect");
  const auto said = text();
  EXPECT_THAT(said, HasSubstr("provider=\"b\"} 1\n"));
  EXPECT_THAT(said, HasSubstr("strawberry_provider_attempts_total{outcome=\"connect\",provider=\"other\"} 2\n"));
}

TEST_F(HubMetricsTest, AModelsNameStaysWithinItsLabel) {
  metrics_.know_model("stub", "evil\"} 1\nfake_metric 7\n\\");
  ask("stub", "evil\"} 1\nfake_metric 7\n\\");
  const auto said = text();
  EXPECT_EQ(said.find("\nfake_metric"), std::string::npos);
  EXPECT_THAT(said, HasSubstr(R"(evil\"} 1\nfake_metric 7\n\\)"));
}

TEST_F(HubMetricsTest, ReadingsOfOneNameAreOneFamily) {
  const auto said = text({{"a_items", "Waiting.", HubMetrics::Kind::gauge, 3, {{"queue", "x"}}},
                          {"a_items", "Waiting.", HubMetrics::Kind::gauge, 4, {{"queue", "y"}}},
                          {"b_total", "Counted.", HubMetrics::Kind::counter, 12'345'678}});
  EXPECT_EQ(count_of(said, "# TYPE a_items gauge\n"), 1U);
  EXPECT_THAT(said, HasSubstr("a_items{queue=\"y\"} 4\n"));
  EXPECT_THAT(said, HasSubstr("# TYPE b_total counter\nb_total 12345678\n"));
}

}  // namespace
}  // namespace strawberry::bridge
