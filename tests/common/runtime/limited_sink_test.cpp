#include "common/runtime/limited_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <sstream>
#include <thread>
#include <vector>

#include "common/runtime/log.h"
#include "common/runtime/request_log.h"
#include "tests/support/fake_clock.h"

namespace strawberry {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint64_t lines_max = 3;

class LimitedSinkTest : public testing::Test {
 protected:
  LimitedSinkTest()
      : sink_(
            std::make_shared<LimitedSink>(std::make_shared<spdlog::sinks::ostream_sink_mt>(out_), clock_, lines_max)) {
    auto logger = std::make_shared<spdlog::logger>("test", sink_);
    logger->set_pattern("%l %v");
    logger->set_level(spdlog::level::debug);
    spdlog::set_default_logger(std::move(logger));
  }
  ~LimitedSinkTest() override { spdlog::set_default_logger(std::make_shared<spdlog::logger>("none")); }

  /// The lines since the last call.
  std::vector<std::string> lines() {
    std::vector<std::string> said;
    std::istringstream stream(out_.str());
    out_.str("");
    for (std::string line; std::getline(stream, line);) said.push_back(line);
    return said;
  }

  std::ostringstream out_;
  test::FakeClock clock_;
  std::shared_ptr<LimitedSink> sink_;
};

TEST_F(LimitedSinkTest, WritesSoManyLinesASecondAndCountsTheRest) {
  for (int i = 0; i < 10; ++i) hub_log().info("{} was not allowed", i);
  EXPECT_THAT(lines(), ElementsAre("info 0 was not allowed", "info 1 was not allowed", "info 2 was not allowed"));
  clock_.advance(999ms);
  hub_log().info("{} was not allowed", 10);
  EXPECT_THAT(lines(), IsEmpty()) << "the second is not over";
  clock_.advance(1ms);
  hub_log().info("{} was not allowed", 11);
  EXPECT_THAT(lines(),
              ElementsAre("info 8 more lines like this, not written: {} was not allowed", "info 11 was not allowed"));
}

TEST_F(LimitedSinkTest, SaysSoWhenNothingElseIsWritten) {
  for (int i = 0; i < 5; ++i) hub_log().info("again");
  lines();
  sink_->tick();
  EXPECT_THAT(lines(), IsEmpty()) << "the second is not over";
  clock_.advance(1s);
  sink_->tick();
  EXPECT_THAT(lines(), ElementsAre("info 2 more lines like this, not written: again"));
  clock_.advance(1s);
  sink_->tick();
  EXPECT_THAT(lines(), IsEmpty()) << "once";
}

TEST_F(LimitedSinkTest, SaysSoAtTheEndWithoutWaitingForTheSecond) {
  for (int i = 0; i < 5; ++i) hub_log().info("again");
  lines();
  sink_->finish();
  sink_->finish();
  EXPECT_THAT(lines(), ElementsAre("info 2 more lines like this, not written: again"));
}

TEST_F(LimitedSinkTest, SaysNothingWhenNothingWasLeftOut) {
  for (std::uint64_t i = 0; i < lines_max; ++i) hub_log().info("again");
  lines();
  clock_.advance(1s);
  sink_->tick();
  sink_->finish();
  EXPECT_THAT(lines(), IsEmpty());
}

TEST_F(LimitedSinkTest, AFloodHidesNoLineOfAnotherKind) {
  for (int i = 0; i < 1'000; ++i) hub_log().info("{}: {}", "request", i);
  lines();
  hub_log().error("{}: {}", "request", "the disk is full");  // the same format, and an error
  hub_log().info("{}, {}", "request", 1);
  EXPECT_THAT(lines(), ElementsAre("error request: the disk is full", "info request, 1"));
}

TEST_F(LimitedSinkTest, WritesTheFirstLineOfAKindInEverySecond) {
  for (int second = 0; second < 3; ++second) {
    for (int i = 0; i < 100; ++i) hub_log().info("flood");
    lines();
    hub_log().warn("first");
    EXPECT_THAT(lines(), ElementsAre("warning first"));
    clock_.advance(1s);
    sink_->tick();
  }
}

TEST_F(LimitedSinkTest, ZeroIsAnyNumberAndChangesWhileItRuns) {
  sink_->allow(0);
  for (int i = 0; i < 100; ++i) hub_log().info("again");
  EXPECT_EQ(lines().size(), 100U);
  sink_->allow(1);
  clock_.advance(1s);
  for (int i = 0; i < 100; ++i) hub_log().info("again");
  EXPECT_EQ(lines().size(), 1U);
}

/// Formats come from the program, but this is not relied on: neither many nor long ones take memory.
TEST_F(LimitedSinkTest, BoundsTheNumberOfKindsAndTheirLength) {
  const auto write = [](const std::string& kind) {
    const LogLine line({}, kind);
    spdlog::info("line");
  };
  constexpr std::size_t beyond = 50;
  for (std::size_t i = 0; i < LimitedSink::kinds_max + beyond; ++i) write("kind " + std::to_string(i));
  EXPECT_EQ(lines().size(), LimitedSink::kinds_max + lines_max);
  clock_.advance(1s);
  sink_->tick();
  EXPECT_THAT(lines(),
              ElementsAre("info " + std::to_string(beyond - lines_max) + " more lines of other kinds, not written"));

  const std::string long_kind(LimitedSink::kind_bytes_max, 'x');
  for (int i = 0; i < 5; ++i) write(long_kind + std::to_string(i));
  lines();
  sink_->finish();
  EXPECT_THAT(lines(), ElementsAre("info 2 more lines like this, not written: " + long_kind));
}

TEST_F(LimitedSinkTest, LinesWithoutAKindAreBoundedToo) {
  for (int i = 0; i < 10; ++i) spdlog::info("{}", i);
  EXPECT_EQ(lines().size(), lines_max);
  spdlog::error("broken");
  EXPECT_THAT(lines(), ElementsAre("error broken"));
}

TEST_F(LimitedSinkTest, WhatWasLeftOutIsNoLineOfTheNextRequest) {
  spdlog::default_logger()->set_formatter(make_log_formatter("human", 1'024));
  for (std::uint64_t i = 0; i <= lines_max; ++i) log_for("flood-1").info("again");
  clock_.advance(1s);
  lines();
  log_for("next-1").info("else");
  const auto said = lines();
  ASSERT_EQ(said.size(), 2U);
  EXPECT_THAT(said[0], testing::EndsWith("info     1 more lines like this, not written: again"));
  EXPECT_THAT(said[1], testing::EndsWith("info     [next-1] else")) << "which keeps its own id";
}

TEST_F(LimitedSinkTest, ManyThreadsLoseNoCount) {
  constexpr int threads_count = 8;
  constexpr int lines_each = 1'000;
  std::vector<std::thread> threads;
  for (int i = 0; i < threads_count; ++i) {
    threads.emplace_back([] {
      for (int line = 0; line < lines_each; ++line) hub_log().info("again");
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(lines().size(), lines_max);
  sink_->finish();
  EXPECT_THAT(lines(), ElementsAre("info " + std::to_string(threads_count * lines_each - static_cast<int>(lines_max)) +
                                   " more lines like this, not written: again"));
}

}  // namespace
}  // namespace strawberry
