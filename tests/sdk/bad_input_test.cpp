/// Tokens that other users can read, refused, expired or replaced; a hub that is away: one clear line each, and the
/// Spoke reconnects automatically.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>

#include "sdk/cpp/src/token_claims.h"
#include "tests/sdk/spoke_fixture.h"

namespace strawberry::test {
namespace {

class SdkBadInput : public SdkFixture {
 protected:
  /// Replaces the token in the lamp's directory, as a person would.
  void new_token(const std::string& ttl) {
    hub_.ctl({"token", "issue", "--device", "Lamp", "--ttl", ttl, "--mosquitto", options_.connect_directory});
  }
  std::string pub() const { return options_.connect_directory + "/mosquitto_pub"; }
  static std::string read(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  std::string token() const {
    const std::string text = read(pub());
    const std::size_t at = text.find("-P ") + 3;
    return text.substr(at, text.find('\n', at) - at);
  }
  int run_to_its_end() {
    auto spoke = lamp(options_);
    return spoke->run();
  }

  const SpokeOptions options_ = lamp_options();
};

TEST_F(SdkBadInput, ATokenFileThatOthersMayReadIsRefusedAndTriedAgainOnceItIsMended) {
  ASSERT_EQ(::chmod(pub().c_str(), 0644), 0);
  auto spoke = lamp(options_);
  spoke->start();
  ASSERT_TRUE(heard_.wait_for("is open to other users"));
  std::this_thread::sleep_for(500ms);
  EXPECT_EQ(heard_.count("is open to other users"), 1u) << heard_.text();
  ASSERT_EQ(::chmod(pub().c_str(), 0600), 0);
  EXPECT_TRUE(spoke->wait_until_ready()) << heard_.text();
  EXPECT_EQ(call("turn_on", {1}), "on at 1");
}

TEST_F(SdkBadInput, RunEndsWhenTheTokenIsRefusedFromTheStart) {
  ASSERT_EQ(::chmod(pub().c_str(), 0644), 0);
  EXPECT_EQ(run_to_its_end(), 1);
  ASSERT_EQ(::chmod(pub().c_str(), 0600), 0);
  hub_.ctl({"device", "revoke", "Lamp"});
  EXPECT_EQ(run_to_its_end(), 1);
  EXPECT_TRUE(heard_.wait_for("its token or its device was revoked"));
  EXPECT_EQ(heard_.text().find(token()), std::string::npos) << "a token in the log";
}

TEST_F(SdkBadInput, ADeviceThatWasRevokedComesBackWithANewToken) {
  auto spoke = lamp(options_);
  spoke->start();
  ASSERT_TRUE(spoke->wait_until_ready());
  hub_.ctl({"device", "revoke", "Lamp"});
  ASSERT_TRUE(heard_.wait_for("strawberryctl token issue --device"));
  EXPECT_FALSE(spoke->is_online());
  hub_.ctl({"device", "restore", "Lamp"});
  new_token("1h");
  EXPECT_TRUE(heard_.wait_for("offers 1 skill", 2)) << heard_.text();
  EXPECT_EQ(call("turn_on", {2}), "on at 2");
  EXPECT_EQ(heard_.count("token issue"), 1u) << heard_.text();
}

TEST_F(SdkBadInput, AnExpiredTokenIsSaidToBeExpired) {
  new_token("1s");
  std::this_thread::sleep_for(2'100ms);
  auto spoke = lamp(options_);
  spoke->start();
  EXPECT_TRUE(heard_.wait_for("its token expired on ")) << heard_.text();
  new_token("1h");
  EXPECT_TRUE(spoke->wait_until_ready(20s)) << heard_.text();
}

TEST_F(SdkBadInput, ATokenIsRenewedInTimeAndKeptWhereItWas) {
  new_token("15s");  // renewed 5 s before its end: on a busy machine the renewal takes its time
  const std::string before = token();
  const auto end = sdk::read_claims(before).value().expires_at;
  auto spoke = lamp(options_);
  spoke->start();
  ASSERT_TRUE(spoke->wait_until_ready());
  ASSERT_TRUE(heard_.wait_for("has a new token, valid until ")) << heard_.text();
  EXPECT_NE(token(), before);
  struct stat status {};
  ::stat(pub().c_str(), &status);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_TRUE(heard_.wait_for("offers 1 skill", 2)) << "it has connected again, with the new one";
  std::this_thread::sleep_until(end + 1s);  // the old one has expired
  EXPECT_EQ(call("turn_on", {3}), "on at 3");
  EXPECT_EQ(heard_.text().find(before), std::string::npos) << "a token in the log";
}

TEST_F(SdkBadInput, WhatIsNoDirectoryIsSaid) {
  SpokeOptions nowhere;
  nowhere.connect_directory = hub_.directory() + "/nowhere";
  auto spoke = lamp(heard_.with(nowhere));
  EXPECT_EQ(spoke->run(), 1);
  EXPECT_TRUE(heard_.wait_for("there is no file " + hub_.directory() + "/nowhere/mosquitto_pub"));
}

TEST_F(SdkBadInput, SaysWhyThereIsNoConnection) {
  const auto said_of = [this](const std::function<void(SpokeOptions&)>& change) {
    Heard heard;
    SpokeOptions options = heard.with(options_);
    change(options);
    auto spoke = lamp(options);
    spoke->start();
    EXPECT_TRUE(heard.wait_for("; trying again")) << heard.text();
    spoke->stop();
    return heard.text();
  };
  EXPECT_NE(said_of([](SpokeOptions& bad) { bad.port = 1; }).find("nobody listens there (is the hub running"),
            std::string::npos);
  EXPECT_NE(said_of([](SpokeOptions& bad) { bad.host = "no.such.host.invalid"; }).find("not connected to no.such.host"),
            std::string::npos);
  const std::string no_tls = said_of([](SpokeOptions& bad) { bad.tls = true; });
  EXPECT_NE(no_tls.find("no TLS that can be trusted (does it speak TLS on this port"), std::string::npos) << no_tls;
}

TEST_F(SdkBadInput, OptionsOutOfTheirRangeAreRefused) {
  SpokeOptions none = options_;
  none.calls_running_max = 0;
  EXPECT_THROW(Spoke{none}, std::invalid_argument);
  none.calls_running_max = 65;
  EXPECT_THROW(Spoke{none}, std::invalid_argument);
}

TEST_F(SdkBadInput, ReconnectingManyTimesKeepsNothing) {
  const auto files = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
  };
  auto spoke = lamp(options_);
  spoke->start();
  ASSERT_TRUE(spoke->wait_until_ready());
  spoke->stop();
  const auto before = files();
  for (int i = 0; i < 10; ++i) {
    spoke->start();
    ASSERT_TRUE(spoke->wait_until_ready());
    spoke->stop();
  }
  EXPECT_EQ(files(), before);
}

}  // namespace
}  // namespace strawberry::test
