// A sanitizer's report in the broker must fail the test that is running. Built only with AddressSanitizer.
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include "tests/support/broker_process.h"

namespace strawberry::test {
namespace {

/// Runs a broker to its end with a plugin that has this error; returns the broker's output if it did not start.
std::string run_with(const std::string& fault) {
  BrokerProcess::Options options;
  options.config = {"plugin " STRAWBERRY_FAULTY_PLUGIN_PATH, "plugin_opt_fault " + fault};
  return BrokerProcess::refusal_of(options);
}

TEST(SanitizedBroker, PassesWithoutAMistake) { EXPECT_EQ(run_with("none"), ""); }

TEST(SanitizedBroker, FailsTheTestOnAnyMistakeInAPlugin) {
  EXPECT_NONFATAL_FAILURE(run_with("overflow"), "heap-buffer-overflow");
  EXPECT_NONFATAL_FAILURE(run_with("use_after_free"), "heap-use-after-free");
  EXPECT_NONFATAL_FAILURE(run_with("undefined"), "signed integer overflow");
  EXPECT_NONFATAL_FAILURE(run_with("leak"), "LeakSanitizer");
}

}  // namespace
}  // namespace strawberry::test
