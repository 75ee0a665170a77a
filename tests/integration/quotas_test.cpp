/// A user's quotas at a whole hub (docs/contract.md, sections 3, 6 and 7).
#include <gtest/gtest.h>

#include "tests/support/hub_process.h"

namespace strawberry::test {
namespace {

using nlohmann::json;

json append(const std::string& session_id, const std::string& content) {
  return {{"op", "append"}, {"session_id", session_id}, {"role", "user"}, {"content", content}};
}

json quota(const std::string& limit, int max, int used) { return {{"limit", limit}, {"max", max}, {"used", used}}; }

TEST(Quotas, WhoHasStoredAllThatIsAllowedDeletesBeforeStoringMore) {
  HubProcess::Options options;
  // Two sessions with a message of 1000 bytes each.
  options.config = "[limits]\nstored_bytes_per_user_max = 4560\nsessions_per_user_max = 2\n";
  HubProcess hub(options);
  auto tablet = hub.device("Tablet");
  auto phone = hub.device("Phone");
  auto stranger = hub.device("Stranger", "bob");
  auto admin = hub.admin();
  const std::string words(1'000, 'x');
  const auto create = [](Spoke& spoke) {
    return spoke.result_of("sessions", {{"op", "create"}}).at("session_id").get<std::string>();
  };
  const auto first = create(*tablet);
  const auto second = create(*phone);
  const auto refused = tablet->ask("sessions", {{"op", "create"}}).at("error");
  EXPECT_EQ(refused.at("code"), "quota_exceeded");
  EXPECT_EQ(refused.at("details"), quota("sessions_per_user_max", 2, 2));
  tablet->result_of("sessions", append(first, words));
  phone->result_of("sessions", append(second, words));
  EXPECT_EQ(tablet->ask("sessions", append(second, "")).at("error").at("details"),
            quota("stored_bytes_per_user_max", 4560, 4560));

  hub.stop_bridge();
  hub.start_bridge();
  hub.wait_until_serving();
  auto for_alice = append(second, "more");
  for_alice["user_id"] = "alice";
  EXPECT_EQ(admin->code_of("sessions", for_alice), "quota_exceeded") << "also after a restart, and for an admin";
  const json upload = {
      {"op", "sync"},
      {"sessions",
       json::array({{{"id", "trip"}, {"created_at", "2026-01-31T09:00:00Z"}, {"messages", json::array()}}})}};
  EXPECT_EQ(tablet->code_of("sessions", upload), "quota_exceeded");
  EXPECT_EQ(tablet->result_of("sessions", {{"op", "list"}}).at("total"), 2);
  EXPECT_EQ(stranger->code_of("sessions", upload), "ok") << "others have what is theirs";
  const auto id = json{{"op", "delete"}, {"session_id", first}};
  tablet->result_of("sessions", id);
  EXPECT_EQ(tablet->code_of("sessions", append(second, "more")), "ok");
}

TEST(Quotas, AFloodOfAppendsEndsAtTheLimitToTheByte) {
  HubProcess::Options options;
  options.config = "[limits]\nstored_bytes_per_user_max = 101024\n";
  options.rate_limits = false;
  HubProcess hub(options);
  auto tablet = hub.device("Tablet");
  const auto id = tablet->result_of("sessions", {{"op", "create"}}).at("session_id").get<std::string>();
  std::vector<std::string> asked;
  for (int i = 0; i < 200; ++i) asked.push_back(tablet->send("sessions", append(id, std::string(744, 'x'))));
  int taken = 0;
  for (const auto& each : asked) taken += tablet->response("sessions", each).at("success").get<bool>() ? 1 : 0;
  EXPECT_EQ(taken, 100);
  EXPECT_EQ(tablet->result_of("sessions", {{"op", "get"}, {"session_id", id}}).at("message_count"), 100);
}

TEST(Quotas, DevicesAreRegisteredUpToTheLimitAndAtARate) {
  HubProcess::Options options;
  options.config = "[limits]\ndevices_per_user_max = 3\ndevice_registrations_per_hour = 4\n";
  HubProcess hub(options);
  auto alice = hub.user("alice");
  auto tablet = hub.device("Tablet");
  const auto add = [](const std::string& name) { return json{{"op", "register"}, {"name", name}}; };
  const auto lamp = alice->result_of("devices", add("Lamp")).at("device_id");
  tablet->result_of("devices", add("Radio"));
  EXPECT_EQ(alice->ask("devices", add("Clock")).at("error").at("details"), quota("devices_per_user_max", 3, 3));
  alice->result_of("devices", {{"op", "delete"}, {"device_id", lamp}});
  alice->result_of("devices", add("Clock"));
  const auto refused = alice->ask("devices", add("Clock 2")).at("error");
  EXPECT_EQ(refused.at("code"), "rate_limited") << "the fourth was the last of this hour";
  EXPECT_GT(refused.at("details").at("retry_after_ms").get<int>(), 800'000);
  EXPECT_EQ(alice->result_of("devices", {{"op", "list"}}).at("total"), 3);
}

TEST(Quotas, OnAnAlmostFullDiskWhatNeedsRoomIsRefusedAndTheRestGoesOn) {
  HubProcess hub;
  auto alice = hub.user("alice");
  auto tablet = hub.device("Tablet");
  auto lamp = hub.device("Lamp");
  auto admin = hub.admin();
  const json one = {{"op", "register"},
                    {"skills", {{{"class_name", "C"}, {"function_name", "f"}, {"signature", "f()"}}}}};
  tablet->result_of("skills", one);
  const auto id = tablet->result_of("sessions", {{"op", "create"}}).at("session_id").get<std::string>();
  tablet->result_of("sessions", append(id, "before"));
  hub.stop_bridge();
  // More than any disk has free: the real bridge asks the real file system.
  hub.configure("[limits]\ndisk_free_min_mib = 1000000000\n");
  hub.start_bridge();
  hub.wait_until_serving();

  const auto refused = tablet->ask("sessions", {{"op", "create"}}).at("error");
  EXPECT_EQ(refused.at("code"), "quota_exceeded");
  EXPECT_EQ(refused.at("details").at("limit"), "disk_free_min_mib");
  EXPECT_EQ(refused.at("details").at("min"), 1'000'000'000);
  EXPECT_TRUE(refused.at("details").at("free").is_number_unsigned());
  EXPECT_EQ(tablet->code_of("sessions", append(id, "after")), "quota_exceeded");
  EXPECT_EQ(alice->code_of("devices", {{"op", "register"}, {"name", "Radio"}}), "quota_exceeded");
  EXPECT_EQ(admin->code_of("devices", {{"op", "register"}, {"name", "Radio"}, {"user_id", "bob"}}), "quota_exceeded")
      << "it is the disk, not the user";
  auto two = one;
  two["skills"].push_back({{"class_name", "C"}, {"function_name", "g"}, {"signature", "g()"}});
  EXPECT_EQ(tablet->code_of("skills", two), "quota_exceeded");
  EXPECT_EQ(tablet->result_of("skills", {{"op", "heartbeat"}}).at("skills"), 1) << "those of before";

  EXPECT_EQ(tablet->code_of("skills", one), "ok") << "nothing is new in it";
  EXPECT_EQ(tablet->result_of("sessions", {{"op", "messages"}, {"session_id", id}}).at("messages").size(), 1U);
  EXPECT_EQ(tablet->code_of("devices", {{"op", "update"}, {"device_id", "lamp"}, {"name", "Light"}}), "ok");
  json question = {{"messages", {{{"role", "user"}, {"content", "what can you do?"}}}}, {"session_id", "new"}};
  const auto chat = tablet->result_of("chat", question);
  EXPECT_NE(chat.at("choices").at(0).at("message").at("content"), "");
  EXPECT_EQ(chat.at("session_id"), nullptr);
  EXPECT_EQ(chat.at("stored"), false);
  EXPECT_EQ(chat.at("stored_error").at("details").at("limit"), "disk_free_min_mib");
  EXPECT_EQ(tablet->code_of("devices", {{"op", "revoke"}, {"device_id", "lamp"}}), "ok");
  EXPECT_EQ(tablet->code_of("devices", {{"op", "delete"}, {"device_id", "lamp"}}), "ok");
  EXPECT_EQ(tablet->code_of("sessions", {{"op", "delete"}, {"session_id", id}}), "ok");

  admin->mqtt().subscribe("hub/health");
  const auto health = admin->mqtt().wait_for("hub/health");
  ASSERT_TRUE(health);
  const auto said = json::parse(health->payload);
  EXPECT_EQ(said.at("disk_low"), true);
  EXPECT_GT(said.at("disk_free_bytes").get<std::uint64_t>(), 0U);
  const auto log = hub.bridge().output();
  const auto line = log.find("the disk is almost full");
  ASSERT_NE(line, std::string::npos) << log;
  EXPECT_EQ(log.find("the disk is almost full", line + 1), std::string::npos) << "said once";
}

}  // namespace
}  // namespace strawberry::test
