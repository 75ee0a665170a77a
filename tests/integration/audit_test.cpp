/// hub/audit through a whole hub: actions and refusals of the bridge and of the broker plugin (docs/contract.md,
/// section 9).
#include <gtest/gtest.h>

#include "tests/support/hub_process.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

class AuditOfAHub : public ::testing::Test {
 protected:
  AuditOfAHub() { EXPECT_LT(admin_->mqtt().subscribe("hub/audit"), 0x80); }

  /// The next line about `action`; null when none arrives.
  json line_about(const std::string& action) {
    const auto message = admin_->mqtt().wait_for([&](const TestMessage& m) {
      return m.topic == "hub/audit" && json::parse(m.payload).value("action", "") == action;
    });
    if (!message) return nullptr;
    EXPECT_FALSE(message->retained);
    EXPECT_EQ(message->payload.find("eyJ"), std::string::npos) << "never a token: " << message->payload;
    return json::parse(message->payload);
  }
  int connect(const std::string& client_id, const std::string& password, const std::string& user_name = "") {
    MqttTestClient::Options options;
    options.port = hub_.port();
    options.client_id = client_id;
    options.password = password;
    options.user_name = user_name;
    return MqttTestClient(options).connect();
  }

  HubProcess hub_;
  std::unique_ptr<Spoke> admin_ = hub_.admin();
};

TEST_F(AuditOfAHub, TellsOfWhatTheBridgeRefuses) {
  auto alice = hub_.user("alice");
  EXPECT_EQ(alice->code_of("devices", {{"op", "list"}, {"user_id", "bob"}}), "forbidden");
  const json line = line_about("devices.list");
  EXPECT_EQ(line.at("actor"), "alice");
  EXPECT_EQ(line.at("subject"), "bob");
  EXPECT_EQ(line.at("outcome"), "forbidden");
  EXPECT_EQ(line.at("reason"), "only an admin may act for another user");
}

TEST_F(AuditOfAHub, TellsOfARefreshedTokenAndOfAnAdminInSomebodysConversations) {
  auto speaker = hub_.device("Speaker");
  speaker->result_of("devices", {{"op", "refresh_token"}});
  const json refreshed = line_about("devices.refresh_token");
  EXPECT_EQ(refreshed.at("actor"), "speaker");
  EXPECT_EQ(refreshed.at("outcome"), "ok");
  admin_->result_of("chat", {{"op", "usage"}, {"user_id", "alice"}});
  const json looked = line_about("chat.usage");
  EXPECT_EQ(looked.at("actor"), "admin");
  EXPECT_EQ(looked.at("subject"), "alice");
}

TEST_F(AuditOfAHub, TellsOfLoginsThatTheBrokerRefusedWithoutNamesNobodyProved) {
  const std::string good = hub_.files().user_token("alice");
  EXPECT_NE(connect("window", good.substr(0, good.size() - 4) + "AAAA", "somebody"), 0);
  const json forged = line_about("broker.connect");
  EXPECT_EQ(forged.at("actor"), "");
  EXPECT_EQ(forged.at("outcome"), "forbidden");
  EXPECT_EQ(forged.at("reason"), "token_bad_signature");
  EXPECT_EQ(forged.at("client_id"), "window");
  EXPECT_EQ(forged.dump().find("somebody"), std::string::npos);
  // The token in the wrong field.
  EXPECT_NE(connect(good, "", good), 0);
  EXPECT_FALSE(line_about("broker.connect").contains("client_id"));
}

TEST_F(AuditOfAHub, TellsOfTopicsThatTheBrokerRefused) {
  auto speaker = hub_.device("Speaker");
  auto tablet = hub_.device("Tablet");
  EXPECT_GE(speaker->mqtt().subscribe("skills/tablet/call"), 0x80);
  const json subscribed = line_about("broker.subscribe");
  EXPECT_EQ(subscribed.at("actor"), "speaker");
  EXPECT_EQ(subscribed.at("subject"), "skills/tablet/call");
  EXPECT_NE(speaker->mqtt().publish("skills/tablet/request", "{}"), 0);
  EXPECT_EQ(line_about("broker.publish").at("subject"), "skills/tablet/request");
}

TEST_F(AuditOfAHub, IsNotFloodedAndSaysHowMuchIsMissing) {
  auto speaker = hub_.device("Speaker");
  for (int i = 0; i < 200; ++i) speaker->mqtt().publish("hub/state", "x");
  const json left_out = line_about("broker.refusals");
  ASSERT_TRUE(left_out.is_object());
  EXPECT_GT(left_out.at("left_out"), 0);
}

TEST_F(AuditOfAHub, IsForAdminsAlone) {
  auto alice = hub_.user("alice");
  ASSERT_LT(alice->mqtt().subscribe("hub/+"), 0x80);
  EXPECT_EQ(alice->code_of("devices", {{"op", "list"}, {"user_id", "bob"}}), "forbidden");
  EXPECT_TRUE(line_about("devices.list").is_object());
  alice->result_of("devices", {{"op", "list"}});  // earlier messages have arrived by now
  for (const auto& message : alice->mqtt().take_all()) EXPECT_NE(message.topic, "hub/audit");
}

}  // namespace
}  // namespace strawberry::test
