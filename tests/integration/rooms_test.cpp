/// Rooms, aliases, capabilities and metadata of devices, through a whole hub (docs/contract.md, sections 4, 5 and 7).
#include <gtest/gtest.h>

#include "tests/support/hub_process.h"

namespace strawberry::test {
namespace {

using nlohmann::json;

/// Three lights, two of them in rooms that their names do not contain.
class Rooms : public testing::Test {
 protected:
  void SetUp() override {
    for (auto* light : {ceiling_.get(), globe_.get(), lamp_.get()}) light->offer("LightSkill", {"turn_on() -> str"});
    say("ceiling", {{"room", "Küche"},
                    {"aliases", {"Big Light"}},
                    {"capabilities", {"light.dimmable:v1.2"}},
                    {"metadata", {{"bought", 2025}}}});
    say("globe", {{"room", "Living Room"}});
  }
  json say(const std::string& device, json change) {
    change.update({{"op", "update"}, {"device_id", device}});
    return alice_->result_of("devices", std::move(change));
  }
  std::string call(const std::string& target) {
    return alice_->send("skills", {{"op", "call"}, {"skill_path", "LightSkill.turn_on"}, {"target", target}});
  }
  /// Whether the device is called, and its answer comes back.
  bool calls(Spoke& device, const std::string& id) {
    const auto made = device.next_call();
    if (!made) return false;
    device.answer(*made, "on");
    return alice_->response("skills", id).value("result", json()) == "on";
  }

  HubProcess hub_;
  std::unique_ptr<Spoke> ceiling_ = hub_.device("ceiling");
  std::unique_ptr<Spoke> globe_ = hub_.device("globe");
  std::unique_ptr<Spoke> lamp_ = hub_.device("lamp");
  std::unique_ptr<Spoke> alice_ = hub_.user("alice");
};

TEST_F(Rooms, ACallNamesARoomAnAliasOrBoth) {
  for (const char* target : {"in the kuche", "Küche", "kuche light", "Big Light"})
    EXPECT_TRUE(calls(*ceiling_, call(target))) << target;
  EXPECT_TRUE(calls(*globe_, call("in the living room")));
  EXPECT_EQ(alice_->code_of("skills", {{"op", "call"}, {"skill_path", "LightSkill.turn_on"}, {"target", "cellar"}}),
            "not_found");
  const auto reply = alice_->ask("skills", {{"op", "call"}, {"skill_path", "LightSkill.turn_on"}});
  EXPECT_EQ(reply["error"]["code"], "ambiguous");
  EXPECT_EQ(reply["error"]["details"]["rooms"], json({{"ceiling", "Küche"}, {"globe", "Living Room"}}));
  say("globe", {{"room", "Küche"}});
  const auto both = alice_->ask("skills", {{"op", "call"}, {"skill_path", "LightSkill.turn_on"}, {"target", "Küche"}});
  EXPECT_EQ(both["error"]["details"]["candidates"], json({"ceiling", "globe"}));
}

TEST_F(Rooms, ASentenceNamesARoom) {
  const auto id =
      alice_->send("chat", {{"messages", {{{"role", "user"}, {"content", "turn on the light in the living room"}}}}});
  const auto made = globe_->next_call();
  ASSERT_TRUE(made);
  globe_->answer(*made, "on");
  EXPECT_EQ(alice_->response("chat", id).value("success", false), true);
}

TEST_F(Rooms, ATargetOfAToolMayBeARoom) {
  const auto tools = alice_->result_of("skills", {{"op", "tools"}, {"query", "turn on"}});
  const auto& tool = tools.at("tools").at(0);
  EXPECT_NE(tool.at("description").get<std::string>().find("ceiling (Küche)"), std::string::npos) << tool;
  const auto id = alice_->send(
      "skills", {{"op", "call_tool"}, {"tool", tool.at("name")}, {"arguments", {{"device", "in the living room"}}}});
  const auto made = globe_->next_call();
  ASSERT_TRUE(made);
  globe_->answer(*made, "on");
  EXPECT_EQ(alice_->response("skills", id)["result"]["result"], "on");
}

TEST_F(Rooms, WhatIsSaidOfADeviceIsListedByRoomAndCapabilityAndSurvivesARestart) {
  hub_.stop_bridge();
  hub_.start_bridge();
  hub_.wait_until_serving();
  const auto entry = alice_->result_of("devices", {{"op", "get"}, {"device_id", "ceiling"}});
  EXPECT_EQ(entry.at("room"), "Küche");
  EXPECT_EQ(entry.at("aliases"), json({"Big Light"}));
  EXPECT_EQ(entry.at("metadata"), json({{"bought", 2025}}));
  const auto total = [&](json filter) {
    filter["op"] = "list";
    return alice_->result_of("devices", std::move(filter)).at("total").get<int>();
  };
  EXPECT_EQ(total({{"room", "kuche"}}), 1);
  EXPECT_EQ(total({{"capability", "light.dimmable:v1"}}), 1);
  EXPECT_EQ(total({{"capability", "light.dimmable:v2"}}), 0);
  EXPECT_EQ(total({{"room", "attic"}}), 0);
}

TEST_F(Rooms, AnotherDevicesNameIsNoAliasAndNamesAreBounded) {
  const auto refused = [&](json change) {
    change.update({{"op", "update"}, {"device_id", "lamp"}});
    const auto reply = alice_->ask("devices", std::move(change));
    return reply["error"].value("code", "ok") + " " + reply["error"]["details"].value("path", "");
  };
  EXPECT_EQ(refused({{"aliases", {"Ceiling"}}}), "bad_request /aliases/0");
  EXPECT_EQ(refused({{"aliases", {"big light"}}}), "bad_request /aliases/0");
  EXPECT_EQ(refused({{"room", std::string(10'000, 'x')}}), "bad_request /room");
  EXPECT_EQ(refused({{"room", "\u202e"}}), "bad_request /room");
  EXPECT_EQ(refused({{"colour", "red"}}), "bad_request /colour");
  EXPECT_EQ(say("lamp", {{"room", "<script>alert(1)</script>"}}).at("room"), "<script>alert(1)</script>")
      << "kept as written: who shows it escapes it";
  EXPECT_EQ(alice_->result_of("devices", {{"op", "register"}, {"name", "Big Light"}}).at("name"), "Big Light 2");
}

}  // namespace
}  // namespace strawberry::test
