// The loop that polls for work for some time before it sleeps.
#include "common/runtime/busy_poll.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "tests/support/fake_clock.h"

namespace strawberry {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

class LookOrSleep : public ::testing::Test {
 protected:
  bool looks_again(bool found_work) { return busy_.looks_again(clock_.steady_now(), found_work); }

  test::FakeClock clock_;
  BusyPoll busy_{microseconds(50)};
};

TEST_F(LookOrSleep, LooksUntilTheTimeIsOver) {
  EXPECT_TRUE(looks_again(false));
  clock_.advance(microseconds(49));
  EXPECT_TRUE(looks_again(false));
  clock_.advance(microseconds(1));
  EXPECT_FALSE(looks_again(false));
}

TEST_F(LookOrSleep, WorkBeginsTheTimeAgain) {
  EXPECT_TRUE(looks_again(false));
  clock_.advance(microseconds(49));
  EXPECT_TRUE(looks_again(true));
  clock_.advance(microseconds(400));  // the duration of the work
  EXPECT_TRUE(looks_again(true));
  EXPECT_TRUE(looks_again(false));
  clock_.advance(microseconds(50));
  EXPECT_FALSE(looks_again(false));
}

TEST_F(LookOrSleep, TheTimeBeginsAgainAfterASleep) {
  EXPECT_TRUE(looks_again(false));
  clock_.advance(microseconds(50));
  EXPECT_FALSE(looks_again(false));
  clock_.advance(milliseconds(7));
  busy_.woke();
  EXPECT_TRUE(looks_again(false));
  clock_.advance(microseconds(50));
  EXPECT_FALSE(looks_again(false));
}

class RunLoop : public ::testing::TestWithParam<microseconds> {
 protected:
  void run(bool is_calm = true) {
    run_loop(loop_, GetParam(), [=] { return is_calm; });
  }

  asio::io_context loop_{1};
};

TEST_P(RunLoop, ReturnsWhenNoWorkIsLeft) {
  int ran = 0;
  asio::post(loop_, [&] {
    ++ran;
    asio::post(loop_, [&] { ++ran; });
  });
  run();
  EXPECT_EQ(ran, 2);
}

TEST_P(RunLoop, ReturnsWhenStoppedThoughWorkIsLeft) {
  asio::steady_timer never(loop_, asio::steady_timer::time_point::max());
  never.async_wait([](const boost::system::error_code&) {});
  asio::steady_timer soon(loop_, milliseconds(1));
  soon.async_wait([&](const boost::system::error_code&) { loop_.stop(); });
  run();
  EXPECT_TRUE(loop_.stopped());
}

TEST_P(RunLoop, DoesAllTheWorkAlsoWhenMuchIsGoingOn) {
  int ran = 0;
  asio::steady_timer timer(loop_, milliseconds(1));
  timer.async_wait([&](const boost::system::error_code&) {
    ++ran;
    asio::post(loop_, [&] { ++ran; });
  });
  run(/*is_calm=*/false);
  EXPECT_EQ(ran, 2);
}

TEST_P(RunLoop, LetsAnExceptionThrough) {
  asio::post(loop_, [] { throw std::runtime_error("broken"); });
  EXPECT_THROW(run(), std::runtime_error);
}

TEST_P(RunLoop, SleepsWhenNothingComes) {
  const auto cpu_time = [] {
    rusage usage{};
    ::getrusage(RUSAGE_THREAD, &usage);
    return std::chrono::seconds(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           microseconds(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
  };
  const auto before = cpu_time();
  const auto began = std::chrono::steady_clock::now();
  asio::steady_timer timer(loop_, milliseconds(200));
  timer.async_wait([](const boost::system::error_code&) {});
  run();
  EXPECT_LT((cpu_time() - before) * 4, std::chrono::steady_clock::now() - began);
}

INSTANTIATE_TEST_SUITE_P(WithAndWithoutBusyPoll, RunLoop, ::testing::Values(microseconds(0), microseconds(50)));

}  // namespace
}  // namespace strawberry
