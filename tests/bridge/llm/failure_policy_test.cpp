#include "bridge/llm/failure_policy.h"

#include <gtest/gtest.h>

#include <set>

namespace strawberry::bridge {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Kind = NextStep::Kind;

const SteadyTime now{};
constexpr RetryOptions options{2, 500ms, 8'000ms, 200ms};

ProviderError failure(std::string reason, int status = 0) { return {"openai", std::move(reason), status, "no", false}; }
ProviderError wishing(milliseconds pause, int status = 429) {
  auto error = failure("status", status);
  error.retry_after = pause;
  return error;
}
ProviderError shown(ProviderError error) {
  error.shown = true;
  return error;
}
ProviderError late(std::string reason) {
  auto error = failure(std::move(reason));
  error.timed_out = true;
  return error;
}

NextStep retry(milliseconds delay) { return {Kind::retry, delay}; }
const NextStep next_provider{Kind::next_provider, 0ms};
const NextStep give_up{Kind::give_up, 0ms};

struct Row {
  const char* what;
  ProviderError error;
  std::size_t retries = 0;
  milliseconds left = 60s;
  bool is_last_try = false;
  NextStep expected;
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.what; }

class FailurePolicy : public testing::TestWithParam<Row> {};

TEST_P(FailurePolicy, DecidesAsTheTableSays) {
  const Row& row = GetParam();
  const auto step = after_failure(row.error, {row.retries, now, now + row.left, row.is_last_try, 0.0}, options);
  EXPECT_EQ(static_cast<int>(step.kind), static_cast<int>(row.expected.kind));
  EXPECT_EQ(step.delay.count(), row.expected.delay.count());
}

INSTANTIATE_TEST_SUITE_P(
    Table, FailurePolicy,
    testing::Values(
        // What passes by itself.
        Row{"request timeout", failure("status", 408), 0, 60s, false, retry(500ms)},
        Row{"conflict", failure("status", 409), 0, 60s, false, retry(500ms)},
        Row{"too many requests", failure("status", 429), 0, 60s, false, retry(500ms)},
        Row{"server error", failure("status", 500), 0, 60s, false, retry(500ms)},
        Row{"overloaded", failure("status", 529), 0, 60s, false, retry(500ms)},
        Row{"overloaded, said in a stream", failure("error", 529), 0, 60s, false, retry(500ms)},
        Row{"no connection", failure("connect"), 0, 60s, false, retry(500ms)},
        Row{"connection lost", failure("protocol"), 0, 60s, false, retry(500ms)},
        Row{"too slow", late("timeout"), 0, 60s, false, retry(500ms)},
        Row{"first token too slow", late("first_token"), 0, 60s, false, retry(500ms)},
        Row{"cut in the middle of a good answer", failure("cut", 200), 0, 60s, false, retry(500ms)},
        // The delay doubles, and retries end.
        Row{"second failure", failure("status", 500), 1, 60s, false, retry(1000ms)},
        Row{"no retries left", failure("status", 500), 2, 60s, false, next_provider},
        Row{"no retries left, whatever the server wishes", wishing(1s), 2, 60s, false, next_provider},
        // What would be the same again.
        Row{"bad request", failure("status", 400), 0, 60s, false, next_provider},
        Row{"bad key", failure("status", 401), 0, 60s, false, next_provider},
        Row{"forbidden", failure("status", 403), 0, 60s, false, next_provider},
        Row{"no such model", failure("status", 404), 0, 60s, false, next_provider},
        Row{"unprocessable", failure("status", 422), 0, 60s, false, next_provider},
        Row{"redirected", failure("status", 302), 0, 60s, false, next_provider},
        Row{"unsupported", failure("unsupported"), 0, 60s, false, next_provider},
        Row{"blocked", failure("blocked", 200), 0, 60s, false, next_provider},
        Row{"a call cut by the token limit", failure("length", 200), 0, 60s, false, next_provider},
        Row{"a web page", failure("bad_reply", 200), 0, 60s, false, next_provider},
        Row{"an error in a good reply", failure("error", 200), 0, 60s, false, next_provider},
        Row{"too large", failure("too_large"), 0, 60s, false, next_provider},
        Row{"open circuit", failure("circuit_open"), 0, 60s, false, next_provider},
        Row{"busy", failure("busy"), 0, 60s, false, next_provider},
        Row{"nothing fits", failure("no_match"), 0, 60s, false, next_provider},
        // What the server wishes.
        Row{"wish for less", wishing(20ms), 0, 60s, false, retry(20ms)},
        Row{"wish for more", wishing(30s), 1, 60s, false, retry(30s)},
        Row{"longest wish believed", wishing(120s), 0, 300s, false, retry(120s)},
        Row{"wish too long to believe", wishing(120'001ms), 0, 300s, false, retry(500ms)},
        Row{"wish for nothing", wishing(0ms), 0, 60s, false, retry(500ms)},
        Row{"wish of a bad request", wishing(1s, 400), 0, 60s, false, next_provider},
        // The deadline.
        Row{"delay and attempt just fit", failure("connect"), 0, 700ms, false, retry(500ms)},
        Row{"attempt would not fit", failure("connect"), 0, 699ms, false, next_provider},
        Row{"wish would not fit", wishing(30s), 0, 30s, false, next_provider},
        Row{"nothing left", late("timeout"), 0, 0ms, false, next_provider},
        // What may be done once only.
        Row{"shown, then lost", shown(failure("protocol")), 0, 60s, false, give_up},
        Row{"shown, then refused", shown(failure("status", 400)), 0, 60s, false, give_up},
        Row{"a tool has run, server error", failure("status", 500), 0, 60s, true, give_up},
        Row{"a tool has run, bad request", failure("status", 400), 0, 60s, true, give_up},
        Row{"a tool has run, open circuit", failure("circuit_open"), 0, 60s, true, give_up},
        Row{"a tool has run, and wishes", wishing(1s), 0, 60s, true, give_up}));

TEST(FailurePolicyOfStatuses, RetriesTheseAndNoOther) {
  for (int status = 100; status < 600; ++status) {
    const bool passes = std::set{408, 409, 429}.contains(status) || status >= 500;
    const auto step = after_failure(failure("status", status), {0, now, now + 60s, false, 0.0}, options);
    EXPECT_EQ(step.kind == Kind::retry, passes) << status;
    EXPECT_NE(step.kind, Kind::give_up) << status;
  }
}

TEST(FailurePolicyOfDelays, DoubleUpToTheMostAndAreShortenedByUpToAQuarter) {
  const RetryOptions many{20, 500ms, 8'000ms, 200ms};
  const milliseconds expected[] = {500ms, 1s, 2s, 4s, 8s, 8s, 8s};
  for (std::size_t retries = 0; retries < std::size(expected); ++retries) {
    const auto delay = [&](double random) {
      return after_failure(failure("connect"), {retries, now, now + 60s, false, random}, many).delay;
    };
    EXPECT_EQ(delay(0.0), expected[retries]);
    EXPECT_EQ(delay(0.5), expected[retries] * 7 / 8);
    EXPECT_GE(delay(0.999), expected[retries] * 3 / 4);
    EXPECT_LT(delay(0.999), expected[retries] * 76 / 100);
  }
  EXPECT_EQ(after_failure(failure("connect"), {19, now, now + 60s, false, 0.0}, many).delay, 8s);
}

TEST(FailurePolicyOfBlame, IsTheRequestsForWhatItSaysAndTheProvidersForTheRest) {
  for (const int status : {400, 403, 404, 413, 422, 451})
    EXPECT_FALSE(is_fault_of_provider(failure("status", status))) << status;
  for (const char* reason : {"unsupported", "blocked", "length"})
    EXPECT_FALSE(is_fault_of_provider(failure(reason))) << reason;
  for (const int status : {401, 408, 429, 500, 503})
    EXPECT_TRUE(is_fault_of_provider(failure("status", status))) << status;
  for (const char* reason : {"connect", "timeout", "protocol", "bad_reply", "too_large"})
    EXPECT_TRUE(is_fault_of_provider(failure(reason))) << reason;
}

}  // namespace
}  // namespace strawberry::bridge
