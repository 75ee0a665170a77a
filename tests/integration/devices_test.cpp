/// The devices service and presence, through a whole hub (docs/contract.md, sections 7 and 8).
#include <gtest/gtest.h>

#include "common/identity/token.h"
#include "tests/support/hub_process.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

/// `token` and `client_id` from an answer, or as text.
int connect_with(const HubProcess& hub, const json& token, const json& client_id) {
  MqttTestClient::Options options;
  options.port = hub.port();
  options.client_id = client_id.get<std::string>();
  options.password = token.get<std::string>();
  MqttTestClient client(options);
  return client.connect();
}

TEST(Devices, AUserAddsADeviceThatConnectsAtOnceWithItsToken) {
  HubProcess hub;
  auto alice = hub.user("alice");
  const auto added = alice->result_of("devices", {{"op", "register"}, {"name", "Büro-Computer"}});
  EXPECT_EQ(added.at("name"), "Büro-Computer");
  EXPECT_EQ(connect_with(hub, added.at("access_token"), added.at("device_id")), 0);
  const auto entry = alice->result_of("devices", {{"op", "get"}, {"device_id", added.at("device_id")}});
  EXPECT_EQ(entry.at("normalized_name"), "buro_computer");
  EXPECT_EQ(entry.at("user_id"), "alice");
  EXPECT_EQ(entry.at("is_active"), true);
  EXPECT_EQ(entry.at("skill_count"), 0);
}

/// With the plugin's reread once a second nearly all of them would fail.
TEST(Devices, ADeviceAddedWhileEverythingRunsConnectsAtTheFirstTryAndIsSeenByItsUser) {
  HubProcess hub;
  auto alice = hub.user("alice");
  ASSERT_LT(alice->mqtt().subscribe("devices/+/status"), 0x80);
  auto shortest = std::chrono::steady_clock::duration::max();
  for (int i = 0; i < 20; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const auto added = alice->result_of("devices", {{"op", "register"}, {"name", "Lamp " + std::to_string(i)}});
    ASSERT_EQ(connect_with(hub, added.at("access_token"), added.at("device_id")), 0);
    shortest = std::min(shortest, std::chrono::steady_clock::now() - begin);
    EXPECT_TRUE(alice->mqtt().wait_for("devices/" + added.at("device_id").get<std::string>() + "/status"));
  }
  EXPECT_LT(shortest, 50ms);
}

TEST(Devices, ASecondDeviceOfTheSameNameIsNumbered) {
  HubProcess hub;
  auto alice = hub.user("alice");
  const json add = {{"op", "register"}, {"name", "Speaker"}};
  EXPECT_EQ(alice->result_of("devices", add).at("name"), "Speaker");
  EXPECT_EQ(alice->result_of("devices", add).at("name"), "Speaker 2");
  EXPECT_EQ(alice->result_of("devices", add).at("name"), "Speaker 3");
  EXPECT_EQ(hub.user("bob")->result_of("devices", add).at("name"), "Speaker");
  EXPECT_EQ(alice->code_of("devices", {{"op", "register"}, {"name", "Hub"}}), "bad_request");
  EXPECT_EQ(alice->code_of("devices", {{"op", "register"}, {"name", "!!!"}}), "bad_request");
}

TEST(Devices, AnEnrollmentTokenRegistersOneDeviceOnce) {
  HubProcess hub;
  Spoke newcomer(hub, {PrincipalType::enroll, "enroll-1", "alice"});
  EXPECT_EQ(newcomer.code_of("devices", {{"op", "list"}}), "forbidden");
  const auto added = newcomer.result_of("devices", {{"op", "register"}, {"name", "Robot"}});
  EXPECT_EQ(newcomer.code_of("devices", {{"op", "register"}, {"name", "Robot"}}), "forbidden");
  EXPECT_EQ(connect_with(hub, added.at("access_token"), added.at("device_id")), 0);
  EXPECT_NE(connect_with(hub, hub.files().token({PrincipalType::enroll, "enroll-1", "alice"}), "again"), 0);
}

TEST(Devices, NobodySeesOrManagesAnotherUsersDevices) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  auto bob = hub.user("bob");
  EXPECT_EQ(bob->result_of("devices", {{"op", "list"}}).at("total"), 0);
  for (const json& request :
       {json{{"op", "get"}, {"device_id", "speaker"}}, json{{"op", "revoke"}, {"device_id", "speaker"}},
        json{{"op", "delete"}, {"device_id", "speaker"}},
        json{{"op", "update"}, {"device_id", "speaker"}, {"name", "Mine"}}}) {
    EXPECT_EQ(bob->code_of("devices", request), "not_found") << request;
  }
  EXPECT_EQ(bob->code_of("devices", {{"op", "list"}, {"user_id", "alice"}}), "forbidden");
  EXPECT_EQ(bob->code_of("devices", {{"op", "register"}, {"name", "x"}, {"device_id", "speaker"}}), "forbidden");
  EXPECT_EQ(bob->code_of("devices", {{"op", "register"}, {"name", "x"}, {"device_id", "alice"}}), "forbidden")
      << "a device with a user's id could not be told from the user";
  for (const auto* reserved : {"strawberry-bridge", "admin", "hub"}) {
    EXPECT_EQ(bob->code_of("devices", {{"op", "register"}, {"name", "x"}, {"device_id", reserved}}), "forbidden")
        << reserved;
    EXPECT_EQ(hub.admin()->code_of("devices", {{"op", "register"}, {"name", "x"}, {"user_id", reserved}}),
              "bad_request")
        << reserved;
  }
  EXPECT_EQ(hub.admin()->result_of("devices", {{"op", "list"}}).at("total"), 1);
  EXPECT_EQ(hub.admin()->result_of("devices", {{"op", "list"}, {"user_id", "bob"}}).at("total"), 0);
}

TEST(Devices, ARevokedDeviceIsThrownOutAndItsTokenIsDead) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  auto alice = hub.user("alice");
  const auto token = hub.files().device_token("speaker", "alice");
  alice->result_of("devices", {{"op", "revoke"}, {"device_id", "speaker"}});
  EXPECT_TRUE(speaker->mqtt().wait_for_end(3s));
  EXPECT_NE(connect_with(hub, token, "speaker"), 0);
  EXPECT_EQ(alice->result_of("devices", {{"op", "get"}, {"device_id", "speaker"}}).at("is_active"), false);
  // Registered again by its user, it is accepted with the new token only.
  const auto again = alice->result_of("devices", {{"op", "register"}, {"name", "Speaker"}, {"device_id", "speaker"}});
  EXPECT_EQ(connect_with(hub, again.at("access_token"), "speaker"), 0);
  EXPECT_NE(connect_with(hub, token, "speaker"), 0);
}

TEST(Devices, ADeletedDeviceLeavesNothingBehind) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  auto tablet = hub.device("Tablet");
  speaker->offer("C", {"f()"});
  tablet->result_of("devices", {{"op", "delete"}, {"device_id", "speaker"}});
  EXPECT_TRUE(speaker->mqtt().wait_for_end(3s));
  EXPECT_EQ(tablet->result_of("skills", {{"op", "list"}}).at("total"), 0);
  EXPECT_EQ(tablet->code_of("devices", {{"op", "get"}, {"device_id", "speaker"}}), "not_found");
  // A new subscription gets no retained status of it; the tablet's marks the end of the retained messages.
  auto admin = hub.admin();
  ASSERT_LT(admin->mqtt().subscribe("devices/+/status"), 0x80);
  ASSERT_TRUE(admin->mqtt().wait_for("devices/tablet/status"));
  EXPECT_FALSE(admin->mqtt().wait_for("devices/speaker/status", 200ms));
}

TEST(Devices, RefreshedTokensWork) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  const auto refreshed = speaker->result_of("devices", {{"op", "refresh_token"}});
  EXPECT_EQ(connect_with(hub, refreshed.at("access_token"), "speaker"), 0);
  EXPECT_EQ(refreshed.at("expires_at").get<std::string>().size(), std::string("2026-01-31T12:00:00.000Z").size());
  EXPECT_EQ(hub.admin()->code_of("devices", {{"op", "refresh_token"}}), "forbidden");
}

TEST(Devices, RenamingChangesHowItIsCalled) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  auto tablet = hub.device("Tablet");
  speaker->offer("C", {"f()"});
  const auto entry =
      tablet->result_of("devices", {{"op", "update"}, {"device_id", "speaker"}, {"name", "Den Speaker"}});
  EXPECT_EQ(entry.at("normalized_name"), "den_speaker");
  EXPECT_EQ(entry.at("skill_count"), 1) << "a new name keeps the skills";
  const auto id = tablet->send("skills", {{"op", "call"}, {"skill_path", "den_speaker.C.f"}});
  const auto call = speaker->next_call();
  ASSERT_TRUE(call);
  speaker->answer(*call, 1);
  EXPECT_EQ(tablet->response("skills", id).at("success"), true);
  EXPECT_EQ(tablet->code_of("devices", {{"op", "update"}, {"device_id", "speaker"}, {"name", "hub"}}), "bad_request");
}

TEST(Devices, PresenceFollowsTheConnectionAndStaysAmongItsUser) {
  HubProcess hub;
  auto tablet = hub.device("Tablet");
  auto stranger = hub.device("Stranger", "bob");
  ASSERT_LT(tablet->mqtt().subscribe("devices/+/status"), 0x80);
  ASSERT_LT(stranger->mqtt().subscribe("devices/+/status"), 0x80);
  auto speaker = hub.device("Speaker");
  const auto online = tablet->mqtt().wait_for("devices/speaker/status");
  ASSERT_TRUE(online);
  EXPECT_EQ(json::parse(online->payload).at("state"), "online");
  EXPECT_EQ(json::parse(online->payload).at("name"), "Speaker");
  speaker->mqtt().drop();
  const auto offline = tablet->mqtt().wait_for("devices/speaker/status");
  ASSERT_TRUE(offline);
  EXPECT_EQ(json::parse(offline->payload).at("state"), "offline");
  for (const auto& message : stranger->mqtt().take_all()) {
    EXPECT_EQ(message.topic.find("speaker"), std::string::npos) << message.topic;
    EXPECT_EQ(message.topic.find("tablet"), std::string::npos) << message.topic;
  }
  const auto entry = tablet->result_of("devices", {{"op", "get"}, {"device_id", "speaker"}});
  EXPECT_EQ(entry.at("online"), false);
  EXPECT_TRUE(entry.at("last_seen").is_string());
}

TEST(Devices, AdministrativeActsAreAuditedForAdmins) {
  HubProcess hub;
  auto admin = hub.admin();
  ASSERT_LT(admin->mqtt().subscribe("hub/audit"), 0x80);
  hub.user("alice")->result_of("devices", {{"op", "register"}, {"name", "Speaker"}, {"device_id", "s1"}});
  const auto line = admin->mqtt().wait_for("hub/audit");
  ASSERT_TRUE(line);
  const auto audit = json::parse(line->payload);
  EXPECT_EQ(audit.at("actor"), "alice");
  EXPECT_EQ(audit.at("action"), "devices.register");
  EXPECT_EQ(audit.at("subject"), "s1");
  EXPECT_EQ(line->payload.find("eyJ"), std::string::npos) << "never a token";
}

}  // namespace
}  // namespace strawberry::test
