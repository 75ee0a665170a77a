/// Limits of single users, their usage, the audit, and a user who moves to another hub, through whole hubs
/// (docs/contract.md, section 7).
#include <gtest/gtest.h>

#include <thread>

#include "tests/support/hub_process.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

json quota_of(Spoke& who, const std::string& limit, const std::string& user = {}) {
  json request{{"op", "quota"}};
  if (!user.empty()) request["user_id"] = user;
  return who.result_of("users", request).at("limits").at(limit);
}

void set_limit(Spoke& admin, const std::string& limit, const json& value) {
  admin.result_of("users", {{"op", "update"}, {"user_id", "alice"}, {"limits", {{limit, value}}}});
}

class People : public testing::Test {
 protected:
  void SetUp() override {
    // Limits can only be set for accounts.
    admin_->result_of("users", {{"op", "create"}, {"user_id", "alice"}, {"name", "Alice"}, {"role", "member"}});
  }
  json add_device(const std::string& name) { return alice_->ask("devices", {{"op", "register"}, {"name", name}}); }

  HubProcess hub_;
  std::unique_ptr<Spoke> admin_ = hub_.admin();
  std::unique_ptr<Spoke> alice_ = hub_.user("alice");
};

TEST_F(People, ALimitThatAnAdminSetsHoldsAtOnceAndAfterARestart) {
  EXPECT_EQ(quota_of(*alice_, "devices").at("limit"), 200);
  EXPECT_EQ(quota_of(*alice_, "devices").at("is_own"), false);
  set_limit(*admin_, "devices", 1);
  ASSERT_TRUE(add_device("Lamp").at("success").get<bool>());
  for (int round = 0; round < 2; ++round) {
    const auto refused = add_device("Radio");
    EXPECT_EQ(refused["error"]["code"], "quota_exceeded");
    EXPECT_EQ(refused["error"]["details"]["limit"], "devices_per_user_max");
    EXPECT_EQ(refused["error"]["details"]["max"], 1);
    EXPECT_EQ(quota_of(*alice_, "devices"),
              json({{"limit", 1}, {"used", 1}, {"option", "devices_per_user_max"}, {"is_own", true}}));
    if (round > 0) break;
    hub_.stop_bridge();
    hub_.start_bridge();
    hub_.wait_until_serving();
  }
  set_limit(*admin_, "devices", nullptr);
  EXPECT_TRUE(add_device("Radio").at("success").get<bool>());
  EXPECT_EQ(quota_of(*admin_, "devices", "alice").at("used"), 2);
}

TEST_F(People, ChatsSkillsAndSessionsHaveLimitsOfAUsersOwn) {
  set_limit(*admin_, "chats_per_minute", 1);
  const json chat{{"messages", {{{"role", "user"}, {"content", "hello"}}}}};
  EXPECT_EQ(alice_->code_of("chat", chat), "ok");
  const auto refused = alice_->ask("chat", chat);
  EXPECT_EQ(refused["error"]["code"], "rate_limited");
  EXPECT_EQ(refused["error"]["details"]["limit"], "chat_requests_per_minute");
  EXPECT_EQ(quota_of(*alice_, "chats_per_minute").at("used"), 1);
  EXPECT_TRUE(quota_of(*alice_, "chats_per_minute").contains("resets_at"));

  auto lamp = hub_.device("Lamp");
  lamp->offer("LightSkill", {"turn_on()", "turn_off()"});
  set_limit(*admin_, "skills", 2);
  const json more{{"op", "register"},
                  {"skills",
                   {{{"class_name", "A"}, {"function_name", "a"}, {"signature", "a()"}},
                    {{"class_name", "A"}, {"function_name", "b"}, {"signature", "b()"}},
                    {{"class_name", "A"}, {"function_name", "c"}, {"signature", "c()"}}}}};
  const auto too_many = lamp->ask("skills", more);
  EXPECT_EQ(too_many["error"]["details"]["limit"], "skills_per_user_max");
  EXPECT_EQ(quota_of(*lamp, "skills").at("used"), 2);

  set_limit(*admin_, "sessions", 1);
  EXPECT_EQ(alice_->code_of("sessions", {{"op", "create"}}), "ok");
  EXPECT_EQ(alice_->ask("sessions", {{"op", "create"}})["error"]["details"]["limit"], "sessions_per_user_max");
}

TEST_F(People, NobodyButAnAdminSeesOrSetsTheLimitsOfOthers) {
  auto bob = hub_.user("bob");
  EXPECT_EQ(bob->code_of("users", {{"op", "quota"}, {"user_id", "alice"}}), "forbidden");
  EXPECT_EQ(alice_->code_of("users", {{"op", "update"}, {"user_id", "alice"}, {"limits", {{"devices", 0}}}}),
            "forbidden");
  const auto unknown = admin_->ask("users", {{"op", "update"}, {"user_id", "alice"}, {"limits", {{"lamps", 1}}}});
  EXPECT_EQ(unknown["error"]["code"], "bad_request");
  EXPECT_EQ(unknown["error"]["details"]["path"], "/limits/lamps");
}

TEST_F(People, AnAdminFindsWhoDidWhatForWhomAlsoAfterARestart) {
  set_limit(*admin_, "devices", 5);
  ASSERT_TRUE(add_device("Lamp").at("success").get<bool>());
  EXPECT_EQ(alice_->code_of("users", {{"op", "audit"}}), "forbidden");
  std::this_thread::sleep_for(1500ms);  // stored once a second
  hub_.stop_bridge();
  hub_.start_bridge();
  hub_.wait_until_serving();
  const auto lines = [&](json query) {
    query["op"] = "audit";
    return admin_->result_of("users", query).at("lines");
  };
  const auto registered = lines({{"action", "devices.register"}, {"user", "alice"}});
  ASSERT_EQ(registered.size(), 1U) << lines(json::object());
  EXPECT_EQ(registered[0].at("actor"), "alice");
  EXPECT_EQ(registered[0].at("user"), "alice");
  const auto updated = lines({{"action", "users.update"}});
  ASSERT_GE(updated.size(), 1U);
  EXPECT_EQ(updated[0].at("actor"), admin_->id());
  EXPECT_EQ(updated[0].at("subject"), "alice");
  const auto refused = lines({{"action", "users.audit"}});
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].at("outcome"), "forbidden");
  const auto page = admin_->result_of("users", {{"op", "audit"}, {"limit", 1}});
  EXPECT_EQ(page.at("lines").size(), 1U);
  const auto next = admin_->result_of("users", {{"op", "audit"}, {"limit", 1}, {"cursor", page.at("next_cursor")}});
  EXPECT_NE(next.at("lines"), page.at("lines"));
  EXPECT_EQ(admin_->code_of("users", {{"op", "audit"}, {"since", "yesterday"}}), "bad_request");
}

/// All records of a user.
json exported(Spoke& who, const std::string& user = {}) {
  json records = json::array();
  json request{{"op", "export"}};
  if (!user.empty()) request["user_id"] = user;
  for (;;) {
    const auto part = who.result_of("users", request);
    EXPECT_LE(part.dump().size(), 200U * 1024U);
    for (const auto& record : part.at("records")) records.push_back(record);
    if (!part.contains("next_cursor")) return records;
    request["cursor"] = part.at("next_cursor");
  }
}

json imported(Spoke& who, const json& records, const std::string& user = {}) {
  json sum{{"added", 0}, {"already_there", 0}, {"left_out", 0}};
  for (std::size_t from = 0; from < records.size(); from += 20) {
    json request{{"op", "import"}, {"records", json::array()}};
    if (!user.empty()) request["user_id"] = user;
    for (std::size_t i = from; i < std::min(from + 20, records.size()); ++i) request["records"].push_back(records[i]);
    const auto part = who.result_of("users", request);
    for (auto& [name, value] : sum.items()) value = value.get<int>() + part.at(name).get<int>();
  }
  return sum;
}

TEST_F(People, AUserMovesToAnotherHubWithEverythingAndOnce) {
  auto lamp = hub_.device("Lamp");
  lamp->offer("LightSkill", {"turn_on() -> str"});
  alice_->result_of("devices",
                    {{"op", "update"}, {"device_id", "lamp"}, {"room", "Kitchen"}, {"aliases", {"Big Light"}}});
  const auto session = alice_->result_of("sessions", {{"op", "create"}, {"title", "Music"}}).at("session_id");
  const std::string long_text(120'000, '"');  // twice the size as JSON
  for (const auto& content : {std::string("Hello"), long_text, std::string("Ünïcode \u202e")})
    alice_->result_of("sessions", {{"op", "append"}, {"session_id", session}, {"role", "user"}, {"content", content}});
  set_limit(*admin_, "sessions", 77);
  alice_->code_of("chat", {{"messages", {{{"role", "user"}, {"content", "hello"}}}}});
  std::this_thread::sleep_for(1500ms);  // usage is stored once a second

  const auto records = exported(*admin_, "alice");
  HubProcess other;
  auto other_admin = other.admin();
  auto other_alice = other.user("alice");
  const auto first = imported(*other_admin, records, "alice");
  EXPECT_GT(first.at("added").get<int>(), 5) << records.size();
  const auto second = imported(*other_admin, records, "alice");
  EXPECT_EQ(second.at("added"), 0) << "the same once more changes nothing";

  const auto device = other_alice->result_of("devices", {{"op", "get"}, {"device_id", "lamp"}});
  EXPECT_EQ(device.at("room"), "Kitchen");
  EXPECT_EQ(device.at("skill_count"), 1);
  const auto messages =
      other_alice->result_of("sessions", {{"op", "messages"}, {"session_id", session}, {"limit", 10}}).at("messages");
  ASSERT_EQ(messages.size(), 3U);
  EXPECT_EQ(messages[1].at("content"), long_text);
  EXPECT_EQ(messages[2].at("content"), "Ünïcode \u202e");
  EXPECT_EQ(quota_of(*other_alice, "sessions").at("limit"), 77);
  EXPECT_EQ(quota_of(*other_alice, "stored_bytes").at("used"), quota_of(*alice_, "stored_bytes").at("used"));

  // A second export from the other hub: the same, except for the time in the head.
  const auto again = exported(*other_admin, "alice");
  ASSERT_EQ(again.size(), records.size());
  for (std::size_t i = 1; i < records.size(); ++i) EXPECT_EQ(again[i], records[i]) << i;
}

TEST_F(People, AUsersOwnImportBringsInNoLimitsAndTakesNothingOfOthers) {
  auto lamp = hub_.device("Lamp");
  set_limit(*admin_, "devices", 3);
  const auto records = exported(*alice_);
  const auto head = records.at(0);
  EXPECT_EQ(head.at("kind"), "user");
  EXPECT_EQ(head.dump().find("hash"), std::string::npos);
  auto bob = hub_.user("bob");
  EXPECT_EQ(bob->code_of("users", {{"op", "import"}, {"records", records}}), "forbidden") << "the lamp is alice's";
  EXPECT_EQ(bob->code_of("users", {{"op", "export"}, {"user_id", "alice"}}), "forbidden");
  const json limits = json::array({{{"kind", "limit"}, {"name", "devices"}, {"value", 0}}});
  EXPECT_EQ(bob->result_of("users", {{"op", "import"}, {"records", limits}}).at("left_out"), 1);
  EXPECT_EQ(quota_of(*bob, "devices").at("limit"), 200);
}

TEST_F(People, AGuestExportsNothing) {
  admin_->result_of(
      "users", {{"op", "create"}, {"user_id", "carol"}, {"name", "Carol"}, {"role", "guest"}, {"guest_of", "alice"}});
  auto carol = hub_.user("carol");
  EXPECT_EQ(carol->code_of("users", {{"op", "export"}}), "forbidden");
  EXPECT_EQ(carol->code_of("users", {{"op", "import"}, {"records", {{{"kind", "chats"}, {"day", 1}, {"chats", 1}}}}}),
            "forbidden");
}

TEST_F(People, ARecordThatIsNoneIsRefusedAtItsPlace) {
  const auto path = [&](const json& record) {
    const auto reply = admin_->ask("users", {{"op", "import"}, {"user_id", "alice"}, {"records", {record}}});
    return reply["error"]["details"].value("path", reply.dump());
  };
  EXPECT_EQ(path({{"kind", "limit"}, {"name", "lamps"}, {"value", 1}}), "/records/0/name");
  EXPECT_EQ(path({{"kind", "chats"}, {"day", -1}, {"chats", 1}}), "/records/0/day");
  EXPECT_EQ(path({{"kind", "user"}, {"format", 99}}), "/records/0/format");
  EXPECT_EQ(path({{"kind", "session"}, {"session_id", "a/b"}}), "/records/0/session_id");
}

}  // namespace
}  // namespace strawberry::test
