/// The owner of an id is permanent: no device gets a user's id, and no token of a deleted device becomes valid again.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/hub_run.h"
#include "tests/support/hub_process.h"

namespace strawberry::test {
namespace {

using nlohmann::json;

int connect_with(const HubProcess& hub, const json& token, const json& client_id) {
  MqttTestClient::Options options;
  options.port = hub.port();
  options.client_id = client_id.get<std::string>();
  options.password = token.get<std::string>();
  return MqttTestClient(options).connect();
}

TEST(Identities, ADeletedDevicesTokensStayDeadWhenItsIdComesAgain) {
  HubProcess hub;
  auto alice = hub.user("alice");
  const json add = {{"op", "register"}, {"name", "Speaker"}, {"device_id", "speaker"}};
  std::vector<json> dead;
  for (const bool is_revoked_first : {false, true}) {
    // All within a second, the resolution of a token's time.
    const auto added = alice->result_of("devices", add);
    EXPECT_EQ(connect_with(hub, added.at("access_token"), "speaker"), 0) << "at once";
    for (const json& token : dead) EXPECT_NE(connect_with(hub, token, "speaker"), 0);
    if (is_revoked_first) alice->result_of("devices", {{"op", "revoke"}, {"device_id", "speaker"}});
    alice->result_of("devices", {{"op", "delete"}, {"device_id", "speaker"}});
    EXPECT_NE(connect_with(hub, added.at("access_token"), "speaker"), 0);
    dead.push_back(added.at("access_token"));
  }
  const auto last = alice->result_of("devices", add);
  for (const json& token : dead) EXPECT_NE(connect_with(hub, token, "speaker"), 0);
  EXPECT_EQ(connect_with(hub, last.at("access_token"), "speaker"), 0);
}

/// A device with a user's id would take over that user's connection again and again.
TEST(Identities, NobodyTakesTheIdOfAUserWhoHasNoDevice) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  auto bob = hub.user("bob");
  auto carol = hub.user("carol");
  carol->result_of("devices", {{"op", "list"}});
  // The only trace of dave is an issued token.
  const std::string data = hub.files().directory().path();
  ASSERT_EQ(control({"--data-dir", data, "token", "issue", "--user", "dave"}).code, 0);
  for (const bool is_restarted : {false, true}) {
    if (is_restarted) {
      hub.kill_bridge();
      hub.start_bridge();
    }
    for (const char* id : {"carol", "dave"}) {
      const json wanted = {{"op", "register"}, {"name", "Lamp"}, {"device_id", id}};
      EXPECT_EQ(speaker->code_of("devices", wanted), "forbidden") << id;
      EXPECT_EQ(bob->code_of("devices", wanted), "forbidden") << id;
    }
  }
  EXPECT_EQ(carol->result_of("devices", {{"op", "list"}}).at("total"), 0) << "is still there, and heard";
  EXPECT_NO_THROW(hub.user("dave")->result_of("devices", {{"op", "list"}}));
  EXPECT_EQ(control({"--data-dir", data, "token", "issue", "--user", "speaker"}).code, 2);
}

TEST(Identities, ADeviceThatRegistersAnotherDoesNotChooseItsId) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  EXPECT_EQ(speaker->code_of("devices", {{"op", "register"}, {"name", "Lamp"}, {"device_id", "lamp"}}), "forbidden");
  const auto lamp = speaker->result_of("devices", {{"op", "register"}, {"name", "Lamp"}});
  EXPECT_EQ(connect_with(hub, lamp.at("access_token"), lamp.at("device_id")), 0);
  Spoke newcomer(hub, {PrincipalType::enroll, "enroll-1", "alice"});
  EXPECT_EQ(newcomer.code_of("devices", {{"op", "register"}, {"name", "Robot"}, {"device_id", "robot"}}), "forbidden");
  EXPECT_NO_THROW(newcomer.result_of("devices", {{"op", "register"}, {"name", "Robot"}})) << "it is not spent";
}

}  // namespace
}  // namespace strawberry::test
