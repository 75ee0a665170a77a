/// A hub that is away for long: tokens whose time to be renewed passes meanwhile, tokens that expire meanwhile, a
/// broker that comes and goes.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "tests/sdk/spoke_fixture.h"

namespace strawberry::test {
namespace {

class SdkAway : public SdkFixture {
 protected:
  void new_token(const std::string& ttl, const std::string& directory) {
    hub_.ctl({"token", "issue", "--device", "Lamp", "--ttl", ttl, "--mosquitto", directory});
  }
  std::size_t lines() {
    const std::string text = heard_.text();
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }

  const SpokeOptions options_ = lamp_options();
};

TEST_F(SdkAway, ATokenThatExpiresMeanwhileIsOneLineWithWhatToDoAndTheNewOneIsUsedAtOnce) {
  auto spoke = lamp(options_);
  int code = -1;
  std::thread runs([&] { code = spoke->run(); });
  ASSERT_TRUE(heard_.wait_for("offers 1 skill"));
  const std::string short_lived = hub_.directory() + "/short-lived";
  new_token("1s", short_lived);
  hub_.stop();
  ASSERT_TRUE(heard_.wait_for("trying again"));
  std::filesystem::copy(short_lived, options_.connect_directory,
                        std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing);
  std::this_thread::sleep_for(2'100ms);
  hub_.start();
  ASSERT_TRUE(heard_.wait_for("its token expired on ")) << heard_.text();
  std::this_thread::sleep_for(3s);  // longer than the first pause
  EXPECT_EQ(heard_.count("its token expired on "), 1u) << heard_.text();
  EXPECT_EQ(heard_.count("strawberryctl token issue --device "), 1u) << heard_.text();
  EXPECT_EQ(heard_.count(", for " + options_.connect_directory), 1u) << heard_.text();
  EXPECT_EQ(heard_.count("trying again"), 1u) << heard_.text();
  EXPECT_EQ(code, -1) << "it goes on";
  new_token("1h", options_.connect_directory);
  EXPECT_TRUE(heard_.wait_for("offers 1 skill", 2)) << heard_.text();
  EXPECT_EQ(call("turn_on", {2}), "on at 2");
  spoke->stop();
  runs.join();
  EXPECT_EQ(code, 0);
}

TEST_F(SdkAway, ATokenWhoseTimeToBeRenewedPassesMeanwhileIsRenewedWithTheNextConnection) {
  new_token("45s", options_.connect_directory);
  auto spoke = lamp(options_);
  spoke->start();
  ASSERT_TRUE(spoke->wait_until_ready()) << heard_.text();
  hub_.stop();
  std::this_thread::sleep_for(30s);  // two thirds of its life
  EXPECT_EQ(heard_.count("cannot"), 0u) << "nothing is tried without a connection:\n" << heard_.text();
  EXPECT_LE(lines(), 4u) << heard_.text();
  hub_.start();
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  while (heard_.count("has a new token, valid until ") + heard_.count("its token expired") == 0 &&
         std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(20ms);
  if (heard_.count("its token expired") > 0) GTEST_SKIP() << "the hub took longer than a third of the token's life";
  EXPECT_EQ(heard_.count("has a new token, valid until "), 1u) << heard_.text();
  // It connects again with the new token, and is away for a moment.
  const auto is_away = [](const nlohmann::json& answer) {
    return answer.is_string() && answer.get<std::string>().starts_with("device_offline");
  };
  nlohmann::json answer = call("turn_on", {3});
  while (is_away(answer) && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(20ms);
    answer = call("turn_on", {3});
  }
  EXPECT_EQ(answer, "on at 3");
}

TEST_F(SdkAway, WhatIsAskedMeanwhileEndsAtItsTimeAndNothingOfItIsLeft) {
  auto spoke = lamp(options_);
  spoke->start();
  ASSERT_TRUE(spoke->wait_until_ready()) << heard_.text();
  hub_.stop();
  ASSERT_TRUE(heard_.wait_for("trying again"));
  const std::size_t before = lines();
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(code_of([&] { spoke->request("devices", {{"op", "me"}}, 20ms); }), "unreachable");
  EXPECT_EQ(lines(), before) << heard_.text();
  hub_.start();
  ASSERT_TRUE(heard_.wait_for("offers 1 skill", 2)) << heard_.text();
  EXPECT_EQ(call("turn_on", {4}), "on at 4");
}

}  // namespace
}  // namespace strawberry::test
