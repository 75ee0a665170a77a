/// The hub that users of the library start in their tests.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/sdk/spoke_fixture.h"

namespace strawberry::test {
namespace {

TEST(SdkTestHub, TwoRunAtOnceAndLeaveNothingBehind) {
  std::string first_directory;
  {
    TestHub::Options options;
    options.strawberryctl = STRAWBERRYCTL_PATH;
    ::strawberry::TestHub first(options);
    ::strawberry::TestHub second(options);
    EXPECT_NE(first.port(), second.port());
    first_directory = first.directory();
    Spoke spoke(first.device("Lamp", "bob"));
    EXPECT_EQ(spoke.request("devices", {{"op", "me"}}).at("user_id"), "bob");
    Spoke carol(second.user("carol"));
    EXPECT_EQ(carol.request("devices", {{"op", "list"}}).at("total"), 0);
    EXPECT_NE(first.ctl({"device", "list"}).find("Lamp"), std::string::npos);
    EXPECT_THROW(first.ctl({"device", "revoke", "Nobody"}), std::runtime_error);
  }
  EXPECT_FALSE(std::filesystem::exists(first_directory));
}

TEST(SdkTestHub, SaysWhatIsMissing) {
  TestHub::Options options;
  options.strawberryctl = "/nowhere/strawberryctl";
  try {
    const ::strawberry::TestHub hub(options);
    FAIL() << "it started";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(),
                 "TestHub: there is no program /nowhere/strawberryctl (install strawberry-hub, or set STRAWBERRYCTL)");
  }
}

TEST(SdkTestHub, SaysWhyTheHubEnds) {
  TestHub::Options options;
  options.strawberryctl = STRAWBERRYCTL_PATH;
  options.arguments = {"--no-such-option"};
  try {
    const ::strawberry::TestHub hub(options);
    FAIL() << "it started";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("--no-such-option"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace strawberry::test
