/// Control of chats through a whole hub: cancelled, abandoned, answered in other shapes (docs/contract.md, section 5).
#include <gtest/gtest.h>

#include <thread>

#include "tests/support/hub_process.h"
#include "tests/support/stub_llm/stub_llm.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

json user_says(const std::string& text) { return {{"messages", {{{"role", "user"}, {"content", text}}}}}; }

HubProcess::Options asking(const StubLlm& model) {
  HubProcess::Options options;
  options.config =
      "[llm]\n[[llm.provider]]\nname = \"stub\"\nbase_url = \"" + model.base_url() + "\"\nmodel = \"stub-1\"\n";
  return options;
}

/// Waits until the stub has been asked `count` times.
bool was_asked(const StubLlm& model, std::size_t count) {
  const auto give_up = std::chrono::steady_clock::now() + 5s;
  while (model.requests().size() < count && std::chrono::steady_clock::now() < give_up)
    std::this_thread::sleep_for(1ms);
  return model.requests().size() >= count;
}

std::string code_of(const json& reply) {
  return reply.at("success").get<bool>() ? "ok" : reply.at("error").at("code").get<std::string>();
}

TEST(ChatControl, ACancelledChatEndsAtOnceAndOnlyOnItsSendersWord) {
  StubLlm model;
  model.otherwise([](const StubRequest&) { return StubAnswer::hang(); });
  HubProcess hub(asking(model));
  auto tablet = hub.device("Tablet");
  auto phone = hub.device("Phone");
  const auto id = tablet->send("chat", user_says("tell me a story"));
  ASSERT_TRUE(was_asked(model, 1));
  EXPECT_EQ(phone->code_of("chat", {{"op", "cancel"}, {"cancel", id}}), "not_found");
  EXPECT_EQ(tablet->result_of("chat", {{"op", "cancel"}, {"cancel", id}}), json({{"cancelled", true}}));
  EXPECT_EQ(code_of(tablet->response("chat", id, 1s)), "cancelled");
  EXPECT_EQ(tablet->code_of("chat", {{"op", "cancel"}, {"cancel", id}}), "not_found");
}

TEST(ChatControl, ACancelledChatGivesItsPlaceBack) {
  StubLlm model;
  model.otherwise([](const StubRequest&) { return StubAnswer::hang(); });
  HubProcess hub(asking(model));
  auto tablet = hub.device("Tablet");
  for (int round = 0; round < 3; ++round) {
    std::vector<std::string> ids;
    for (int i = 0; i < 4; ++i) ids.push_back(tablet->send("chat", user_says("tell me a story")));
    EXPECT_EQ(tablet->code_of("chat", user_says("one more")), "busy");
    for (const auto& id : ids) {
      tablet->result_of("chat", {{"op", "cancel"}, {"cancel", id}});
      EXPECT_EQ(code_of(tablet->response("chat", id, 1s)), "cancelled");
    }
  }
}

TEST(ChatControl, CancelAbandonsASkillCallUnderWay) {
  StubLlm model;
  model.otherwise(stub_calling("play_song", {{"name", "Yesterday"}}));
  HubProcess hub(asking(model));
  auto speaker = hub.device("Speaker");
  auto tablet = hub.device("Tablet");
  speaker->offer("MusicControlSkill", {"play_song(name: str) -> str"});
  const auto id = tablet->send("chat", user_says("music"));
  const auto call = speaker->next_call();
  ASSERT_TRUE(call);
  tablet->result_of("chat", {{"op", "cancel"}, {"cancel", id}});
  EXPECT_EQ(code_of(tablet->response("chat", id, 1s)), "cancelled");
  speaker->answer(*call, "playing");
  EXPECT_EQ(tablet->code_of("skills", {{"op", "list"}}), "ok") << "the late result changes nothing";
  EXPECT_EQ(model.requests().size(), 1U);
}

TEST(ChatControl, ADeviceThatLeavesStopsItsChats) {
  StubLlm model;
  model.otherwise([](const StubRequest&) { return StubAnswer::hang(); });
  HubProcess hub(asking(model));
  auto tablet = hub.device("Tablet");
  auto watcher = hub.device("Watcher");
  tablet->send("chat", user_says("tell me a story"));
  ASSERT_TRUE(was_asked(model, 1));
  const auto before = hub.bridge().output().size();
  tablet->mqtt().drop();
  EXPECT_TRUE(hub.bridge().wait_for_output("tablet left: 1 of its chats stopped", 5s, before)) << hub.bridge().output();
}

TEST(ChatControl, ADeviceThatIsDeletedOrRevokedStopsItsChats) {
  StubLlm model;
  model.otherwise([](const StubRequest&) { return StubAnswer::hang(); });
  HubProcess hub(asking(model));
  auto alice = hub.user("alice");
  auto tablet = hub.device("Tablet");
  auto phone = hub.device("Phone");
  const auto before = hub.bridge().output().size();
  tablet->send("chat", user_says("tell me a story"));
  phone->send("chat", user_says("tell me a story"));
  ASSERT_TRUE(was_asked(model, 2));
  alice->result_of("devices", {{"op", "delete"}, {"device_id", "tablet"}});
  EXPECT_TRUE(hub.bridge().wait_for_output("tablet left: 1 of its chats stopped", 1s, before));
  alice->result_of("devices", {{"op", "revoke"}, {"device_id", "phone"}});
  EXPECT_TRUE(hub.bridge().wait_for_output("phone left: 1 of its chats stopped", 1s, before));
}

/// A door whose skill asks first, a model that calls it, and a tablet that gets the question.
class ChatConfirm : public testing::Test {
 protected:
  void SetUp() override {
    model_.otherwise(stub_calling("unlock", json::object()));
    door_->offer("DoorSkill", {"unlock() -> str"});
    door_->result_of("skills", {{"op", "register"},
                                {"skills",
                                 {{{"class_name", "DoorSkill"},
                                   {"function_name", "unlock"},
                                   {"signature", "unlock() -> str"},
                                   {"confirm", true}}}}});
  }
  /// The question for the chat's principal.
  json question(const std::string& chat_id) {
    const auto give_up = std::chrono::steady_clock::now() + 5s;
    while (std::chrono::steady_clock::now() < give_up) {
      for (const auto& message : tablet_->mqtt().take_all()) {
        const auto event = json::parse(message.payload);
        if (event.value("event", "") == "confirm" && event.at("correlation_id") == chat_id) return event.at("data");
      }
      std::this_thread::sleep_for(1ms);
    }
    throw std::runtime_error("nobody was asked");
  }
  static std::string words_of(const json& reply) {
    return reply.at("success").get<bool>() ? reply.at("result").at("choices").at(0).at("message").at("content").dump()
                                           : reply.dump();
  }

  StubLlm model_;
  HubProcess hub_{asking(model_)};
  std::unique_ptr<Spoke> door_ = hub_.device("Front Door");
  std::unique_ptr<Spoke> tablet_ = hub_.device("Tablet");
};

TEST_F(ChatConfirm, AYesRunsIt) {
  const auto id = tablet_->send("chat", user_says("open the door"));
  const auto asked = question(id);
  EXPECT_EQ(asked.at("skill_path"), "DoorSkill.unlock");
  EXPECT_EQ(asked.at("device"), "front_door");
  EXPECT_LE(asked.at("expires_in_ms"), 30'000);
  EXPECT_GE(asked.at("expires_in_ms"), 29'000);
  EXPECT_EQ(door_->code_of("chat", {{"op", "confirm"}, {"confirm", asked.at("id")}, {"allow", true}}), "not_found")
      << "it was not asked";
  EXPECT_FALSE(door_->next_call(100ms));
  EXPECT_EQ(tablet_->result_of("chat", {{"op", "confirm"}, {"confirm", asked.at("id")}, {"allow", true}}),
            json({{"confirmed", true}}));
  const auto call = door_->next_call();
  ASSERT_TRUE(call);
  door_->answer(*call, "it is open");
  const auto reply = tablet_->response("chat", id);
  EXPECT_NE(words_of(reply).find("it is open"), std::string::npos) << reply;
}

TEST_F(ChatConfirm, ANoDoesNot) {
  const auto id = tablet_->send("chat", user_says("open the door"));
  tablet_->result_of("chat", {{"op", "confirm"}, {"confirm", question(id).at("id")}, {"allow", false}});
  const auto reply = tablet_->response("chat", id);
  EXPECT_NE(words_of(reply).find("forbidden"), std::string::npos) << reply;
  EXPECT_FALSE(door_->next_call(100ms));
}

TEST_F(ChatConfirm, SilenceUntilTheChatsTimeIsUpIsNo) {
  auto request = user_says("open the door");
  request["timeout_ms"] = 1'000;
  const auto id = tablet_->send("chat", request);
  const auto asked = question(id);
  EXPECT_LT(asked.at("expires_in_ms"), 1'000);
  const auto reply = tablet_->response("chat", id);
  EXPECT_NE(words_of(reply).find("forbidden"), std::string::npos) << reply;
  EXPECT_EQ(tablet_->code_of("chat", {{"op", "confirm"}, {"confirm", asked.at("id")}, {"allow", true}}), "not_found");
  EXPECT_FALSE(door_->next_call(100ms));
}

TEST(ChatControl, PythonReturnsTheModelsCodeAndRunsNothing) {
  const std::string code = "```python\nspeaker.MusicControlSkill.play_song(name=\"Yesterday\")\n```";
  StubLlm model;
  model.otherwise([code](const StubRequest&) { return StubAnswer::words(code); });
  HubProcess hub(asking(model));
  auto speaker = hub.device("Speaker");
  auto tablet = hub.device("Tablet");
  speaker->offer("MusicControlSkill", {"play_song(name: str) -> str"});
  tablet->offer("ScreenSkill", {"show(text: str)"});
  json request = {
      {"tool_mode", "python"},
      {"messages", {{{"role", "system"}, {"content", "Be kind."}}, {{"role", "user"}, {"content", "some music"}}}}};
  const auto result = tablet->result_of("chat", request);
  EXPECT_EQ(result.at("choices").at(0).at("message").at("content"), code);
  const auto asked = model.requests().at(0).body;
  EXPECT_FALSE(asked.contains("tools"));
  ASSERT_EQ(asked.at("messages").size(), 3U);
  const auto prompt = asked.at("messages").at(0).at("content").get<std::string>();
  EXPECT_NE(prompt.find("The current device is tablet."), std::string::npos) << prompt;
  EXPECT_LT(prompt.find("def show(text: str):"), prompt.find("def play_song(name: str) -> str:  # on: speaker"));
  EXPECT_EQ(asked.at("messages").at(1).at("content"), "Be kind.");
  EXPECT_FALSE(speaker->next_call(200ms));
}

TEST(ChatControl, ATensorZeroStyleRequestIsAnsweredInThatShape) {
  StubLlm model;
  model.push(StubAnswer::words("Noon."));
  HubProcess hub(asking(model));
  auto tablet = hub.device("Tablet");
  const auto result = tablet->result_of("chat", {{"input", {{"messages", {{{"role", "user"}, {"content", "time?"}}}}}},
                                                 {"model_name", "stub::other-model"},
                                                 {"episode_id", "e-1"},
                                                 {"params", {{"chat_completion", {{"temperature", 0.25}}}}}});
  EXPECT_EQ(result.at("episode_id"), "e-1");
  EXPECT_EQ(result.at("content"), json::parse(R"([{"type":"text","text":"Noon."}])"));
  EXPECT_TRUE(result.at("usage").at("input_tokens").is_number());
  const auto asked = model.requests().at(0).body;
  EXPECT_EQ(asked.at("model"), "other-model");
  EXPECT_EQ(asked.at("temperature"), 0.25);
  const auto reply = tablet->ask("chat", {{"input", {{"messages", {{{"role", "user"}, {"content", 5}}}}}}});
  EXPECT_EQ(reply.at("error").at("details").at("path"), "/input/messages/0/content");
}

TEST(ChatControl, WhatWasUsedIsToldToTheUserAndNobodyElse) {
  StubLlm model;
  HubProcess hub(asking(model));
  auto tablet = hub.device("Tablet");
  auto phone = hub.device("Phone");
  const auto usage = tablet->result_of("chat", user_says("hello")).at("usage");
  const auto report = phone->result_of("chat", {{"op", "usage"}, {"days", 1}});
  ASSERT_EQ(report.at("days").size(), 1U) << report;
  const auto& row = report.at("days").at(0);
  EXPECT_EQ(row.at("device_id"), "tablet");
  EXPECT_EQ(row.at("provider"), "stub");
  EXPECT_EQ(row.at("requests"), 1);
  EXPECT_EQ(row.at("total_tokens"), usage.at("total_tokens"));
  EXPECT_TRUE(hub.device("Stranger", "bob")->result_of("chat", {{"op", "usage"}}).at("days").empty());
}

TEST(ChatControl, WhoAsksTooOftenIsTurnedAwayAndTold) {
  StubLlm model;
  auto options = asking(model);
  options.config = "[limits]\nchat_requests_per_minute = 2\n" + options.config;
  HubProcess hub(options);
  auto tablet = hub.device("Tablet");
  EXPECT_EQ(tablet->code_of("chat", user_says("one")), "ok");
  EXPECT_EQ(tablet->code_of("chat", user_says("two")), "ok");
  const auto reply = tablet->ask("chat", user_says("three"));
  EXPECT_EQ(code_of(reply), "rate_limited");
  EXPECT_GT(reply.at("error").at("details").at("retry_after_ms"), 0);
  EXPECT_EQ(model.requests().size(), 2U);
  EXPECT_EQ(hub.device("Stranger", "bob")->code_of("chat", user_says("one")), "ok");
}

TEST(ChatControl, AnAnswerToNoQuestionIsNotFound) {
  HubProcess hub;
  auto tablet = hub.device("Tablet");
  EXPECT_EQ(tablet->code_of("chat", {{"op", "confirm"}, {"confirm", "x"}, {"allow", true}}), "not_found");
}

}  // namespace
}  // namespace strawberry::test
