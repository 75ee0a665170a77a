/// `strawberryctl spoke --discovery`: a real hub, a broker that is not the hub's, and what is announced there.
#include "common/text/private_file.h"
#include "tests/cli/hub_run.h"
#include "tests/integration/discovery_fixture.h"

namespace strawberry::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class Discovery : public DiscoveryFixture {};

TEST_F(Discovery, ALightOfAnotherBrokerIsADeviceOfTheHubAndItsSkillIsAMessageThere) {
  announce_light("kitchen_light", "Kitchen Light");
  listen("kitchen_light/set");
  run();
  wait_for("connected to the broker " + url());
  ASSERT_TRUE(comes_online("Kitchen Light")) << process().output();
  const json reply = call("Kitchen Light", path_of("Kitchen Light", "turn_on"), {{"brightness_pct", 50}});
  EXPECT_TRUE(reply.at("success").get<bool>()) << reply;
  const json command = command_of("kitchen_light");
  EXPECT_EQ(command.at("state"), "ON");
  EXPECT_EQ(command.at("brightness"), 127);
  wait_for("1 device with 1 entity: 1 connected");
}

TEST_F(Discovery, ADeviceIsOfflineWhenItsAvailabilitySaysSoAndComesBackAsTheSameDevice) {
  announce("lamp", with_availability(light("lamp", "Lamp"), "lamp/availability"));
  publish_there("lamp/availability", "online");
  run();
  ASSERT_TRUE(comes_online("Lamp")) << process().output();
  const json id = device("Lamp").at("device_id");
  publish_there("lamp/availability", "offline");
  ASSERT_TRUE(goes_offline("Lamp")) << process().output();
  wait_for("0 connected, 1 not available");
  publish_there("lamp/availability", "online");
  ASSERT_TRUE(comes_online("Lamp")) << process().output();
  EXPECT_EQ(device("Lamp").at("device_id"), id);
}

TEST_F(Discovery, ADeviceThatWasNeverAvailableIsNotRegistered) {
  announce("ghost", with_availability(light("ghost", "Ghost"), "ghost/availability"));
  announce_light("lamp", "Lamp");
  run();
  ASSERT_TRUE(comes_online("Lamp")) << process().output();
  wait_for("2 devices with 2 entities: 1 connected, 1 not available");
  EXPECT_TRUE(device("Ghost").is_null());
}

TEST_F(Discovery, ADeviceWhoseAnnouncementIsRemovedHasNoSkillsAndReturnsAsTheSameDevice) {
  announce_light("lamp", "Lamp");
  run();
  ASSERT_TRUE(comes_online("Lamp")) << process().output();
  const json id = device("Lamp").at("device_id");
  publish_there(config_topic("lamp"), "");
  ASSERT_TRUE(goes_offline("Lamp")) << process().output();
  EXPECT_EQ(device("Lamp").at("skill_count"), 0);
  announce_light("lamp", "Lamp");
  ASSERT_TRUE(comes_online("Lamp")) << process().output();
  EXPECT_EQ(device("Lamp").at("device_id"), id);
}

TEST_F(Discovery, AfterARestartTheDevicesAreTheSameAndTheirTokensWereReadableByNobodyElse) {
  announce_light("lamp", "Lamp");
  run();
  ASSERT_TRUE(comes_online("Lamp")) << process().output();
  const auto id = device("Lamp").at("device_id").get<std::string>();
  EXPECT_EQ(mode_of(state_dir()), 0700u);
  EXPECT_EQ(mode_of(state_dir() + "/" + id + ".json"), 0600u);
  const auto token = json::parse(content_of(state_dir() + "/" + id + ".json")).at("token").get<std::string>();
  EXPECT_EQ(process().terminate(), 0) << process().output();
  EXPECT_EQ(process().output().find(token), std::string::npos);
  ASSERT_TRUE(goes_offline("Lamp"));
  run();
  ASSERT_TRUE(comes_online("Lamp")) << process().output();
  EXPECT_EQ(device("Lamp").at("device_id"), id);
  EXPECT_EQ(alice().result_of("devices", {{"op", "list"}}).at("total"), 1);
}

}  // namespace
}  // namespace strawberry::test
