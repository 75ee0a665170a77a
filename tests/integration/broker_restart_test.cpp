/// Calls right after a restart of the broker, while the hub does not know yet who comes back.
#include <gtest/gtest.h>

#include <thread>

#include "tests/support/hub_process.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr int rounds = 4;
/// The plugin says two seconds after a start who is gone; the rest is for a slow machine, and far from the 30 s of a
/// call.
constexpr auto soon = 15s;
/// A device that takes longer to come back than this may have been said to be gone.
constexpr auto in_time = 1'500ms;

class BrokerRestart : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"Lamp", "Gone"}) hub_.device(name)->offer("LampSkill", {"turn_on(level: int)"});
    lamp_ = come("lamp");
    hear_calls();
    gone_ = come("gone");
    gone_->mqtt().subscribe("skills/gone/call");
    wait_until_online("lamp");
    wait_until_online("gone");
  }
  std::unique_ptr<Spoke> come(const std::string& id) {
    return std::make_unique<Spoke>(hub_, Principal{PrincipalType::device, id, "alice"});
  }
  void hear_calls() { ASSERT_LT(lamp_->mqtt().subscribe("skills/lamp/call"), 0x80); }
  void wait_until_online(const std::string& id) {
    auto alice = hub_.user("alice");
    for (int tries = 0; tries < 1000; ++tries) {
      if (alice->result_of("devices", {{"op", "get"}, {"device_id", id}}).at("online").get<bool>()) return;
      std::this_thread::sleep_for(10ms);
    }
    FAIL() << id << " is not seen online";
  }
  /// With nobody connected but the bridge, which takes both devices to be there.
  void restart(bool is_killed) {
    const auto from = hub_.bridge().output().size();
    is_killed ? hub_.broker().kill() : hub_.broker().stop();
    lamp_.reset();
    gone_.reset();
    started_ = std::chrono::steady_clock::now();
    hub_.broker().start();
    hub_.wait_until_serving(from);
    alice_ = hub_.user("alice");
  }
  std::string call(const std::string& device) {
    return alice_->send("skills", {{"skill_path", "LampSkill.turn_on"}, {"target", device}, {"args", {7}}});
  }
  bool was_in_time() const { return std::chrono::steady_clock::now() - started_ < in_time; }
  /// `must_come`: the device was back before anybody could say that it is gone.
  void expect_one_call_and_answer(const std::string& id, bool must_come) {
    const auto arrived = lamp_->next_call(must_come ? std::chrono::milliseconds(soon) : 1'000ms);
    if (!arrived && !must_come) {
      EXPECT_EQ(alice_->response("skills", id, soon).at("error").at("code"), "device_offline");
      return;
    }
    ASSERT_TRUE(arrived) << "the call is lost";
    lamp_->answer(*arrived, "on");
    EXPECT_EQ(alice_->response("skills", id, soon).at("result"), "on");
    EXPECT_FALSE(lamp_->next_call(300ms)) << "it runs once";
  }

  HubProcess hub_{[] {
    HubProcess::Options options;
    options.broker_persistence = true;
    return options;
  }()};
  std::chrono::steady_clock::time_point started_;
  std::unique_ptr<Spoke> lamp_;
  std::unique_ptr<Spoke> gone_;
  std::unique_ptr<Spoke> alice_;
};

TEST_F(BrokerRestart, ACallReachesADeviceThatComesBackAfterIt) {
  for (int round = 0; round < rounds; ++round) {
    restart(/*is_killed=*/round % 2 == 1);
    const auto id = call("lamp");
    std::this_thread::sleep_for(100ms * round);
    lamp_ = come("lamp");
    const bool must_come = was_in_time();
    std::this_thread::sleep_for(50ms * round);  // connected, and not listening yet
    hear_calls();
    expect_one_call_and_answer(id, must_come);
    gone_ = come("gone");
    wait_until_online("gone");
  }
}

TEST_F(BrokerRestart, ACallReachesADeviceWhoseSubscriptionTheBrokerKept) {
  lamp_.reset();
  MqttTestClient::Options options;
  options.port = hub_.port();
  options.client_id = options.user_name = "lamp";
  options.password = hub_.files().device_token("lamp", "alice");
  options.clean = false;
  options.session_expiry_s = 600;
  MqttTestClient first(options);
  ASSERT_EQ(first.connect(), 0);
  ASSERT_LT(first.subscribe("skills/lamp/call"), 0x80);
  wait_until_online("lamp");
  restart(/*is_killed=*/false);
  const auto id = call("lamp");
  MqttTestClient again(options);
  ASSERT_EQ(again.connect(), 0);
  if (!was_in_time()) GTEST_SKIP() << "this machine is too slow";
  ASSERT_TRUE(again.session_present());
  const auto arrived = again.wait_for("skills/lamp/call", soon);
  ASSERT_TRUE(arrived);
  const json answer{{"correlation_id", json::parse(arrived->payload).at("correlation_id")},
                    {"success", true},
                    {"result", "on"},
                    {"error", nullptr}};
  again.publish("skills/lamp/result", answer.dump());
  EXPECT_EQ(alice_->response("skills", id, soon).at("result"), "on");
}

TEST_F(BrokerRestart, ACallOfADeviceThatDoesNotComeBackIsRefusedAsOffline) {
  for (int round = 0; round < rounds; ++round) {
    restart(/*is_killed=*/round % 2 == 1);
    const auto reply = alice_->response("skills", call("gone"), soon);
    const json& error = reply.at("error");
    EXPECT_EQ(error.at("code"), "device_offline") << reply;
    EXPECT_FALSE(error.contains("details")) << "nothing ran: " << reply;
    EXPECT_EQ(alice_->code_of("skills", {{"skill_path", "LampSkill.turn_on"}, {"target", "gone"}, {"args", {7}}}),
              "device_offline")
        << "and now at once";
    lamp_ = come("lamp");
    gone_ = come("gone");
    gone_->mqtt().subscribe("skills/gone/call");
    wait_until_online("gone");
  }
}

TEST_F(BrokerRestart, AnAdminWhoListensDoesNotHideThatNobodyHearsACall) {
  auto admin = hub_.admin();
  restart(/*is_killed=*/false);
  admin = hub_.admin();
  ASSERT_LT(admin->mqtt().subscribe("skills/+/call"), 0x80);
  lamp_ = come("lamp");
  wait_until_online("lamp");
  const auto id = call("lamp");
  std::this_thread::sleep_for(200ms);
  hear_calls();
  expect_one_call_and_answer(id, /*must_come=*/true);
}

TEST_F(BrokerRestart, ACallUnderWayIsAnsweredWhenItsDeviceComesBackInTime) {
  for (int round = 0; round < rounds; ++round) {
    auto alice = hub_.user("alice");
    const auto id = alice->send("skills", {{"skill_path", "LampSkill.turn_on"}, {"target", "lamp"}, {"args", {7}}});
    const auto arrived = lamp_->next_call(soon);
    ASSERT_TRUE(arrived);
    restart(/*is_killed=*/false);
    ASSERT_LT(alice_->mqtt().subscribe("skills/alice/response"), 0x80);
    lamp_ = come("lamp");
    const bool must_come = was_in_time();
    hear_calls();
    lamp_->answer(*arrived, "on");
    const auto reply = alice_->response("skills", id, soon);
    if (must_come || reply.at("success").get<bool>()) {
      EXPECT_EQ(reply.at("result"), "on") << reply;
    } else {
      EXPECT_EQ(reply.at("error").at("details").at("may_have_run"), true) << reply;
    }
    EXPECT_FALSE(lamp_->next_call(300ms)) << "it was given to the device before";
    gone_ = come("gone");
    wait_until_online("gone");
    wait_until_online("lamp");
  }
}

TEST_F(BrokerRestart, ADeviceThatNeverListensIsSaidToBeOffline) {
  lamp_->mqtt().unsubscribe("skills/lamp/call");
  alice_ = hub_.user("alice");
  const auto reply = alice_->response("skills", call("lamp"), soon);
  EXPECT_EQ(reply.at("error").at("code"), "device_offline") << reply;
}

}  // namespace
}  // namespace strawberry::test
