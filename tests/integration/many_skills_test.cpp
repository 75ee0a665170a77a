/// A user with more skills than a model is given, through a whole hub (docs/contract.md, section 5).
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/hub_process.h"
#include "tests/support/stub_llm/stub_llm.h"

namespace strawberry::test {
namespace {

using nlohmann::json;

json user_says(const std::string& text) { return {{"messages", {{{"role", "user"}, {"content", text}}}}}; }

std::string content_of(const json& reply) {
  if (!reply.at("success").get<bool>()) return reply.dump();
  return reply.at("result").at("choices").at(0).at("message").at("content").get<std::string>();
}

std::vector<std::string> tools_of(const StubRequest& request) {
  std::vector<std::string> names;
  for (const auto& tool : request.body.at("tools")) names.push_back(tool.at("function").at("name").get<std::string>());
  return names;
}

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Fifty skills for lamps on one device, one for music on another.
void furnish(HubProcess& hub, std::vector<std::unique_ptr<Spoke>>& clients) {
  auto lamps = hub.device("Lamps");
  std::vector<std::string> functions;
  for (int i = 0; i < 50; ++i) functions.push_back("turn_on_lamp" + std::to_string(i) + "(level: int)");
  lamps->offer("LampSkill", functions);
  clients.push_back(std::move(lamps));
  auto speaker = hub.device("Speaker");
  speaker->offer("MusicControlSkill", {"play_song(name: str)"});
  clients.push_back(std::move(speaker));
}

TEST(ChatWithManySkills, TheModelSearchesAndCallsWhatItFound) {
  StubLlm model;
  HubProcess hub([&] {
    HubProcess::Options options;
    options.config =
        "[llm]\n[[llm.provider]]\nname = \"stub\"\nbase_url = \"" + model.base_url() + "\"\nmodel = \"stub-1\"\n";
    return options;
  }());
  std::vector<std::unique_ptr<Spoke>> clients;
  furnish(hub, clients);
  model.push(StubAnswer::tool_calls({{"search_skills", {{"query", "play song"}}}}));
  model.push(StubAnswer::tool_calls({{"MusicControlSkill-play_song", {{"name", 5}}}}));
  model.push(StubAnswer::tool_calls({{"MusicControlSkill-play_song", {{"name", "Yesterday"}}}}));
  model.push(StubAnswer::words("It plays."));
  auto& speaker = *clients.back();
  auto tablet = hub.device("Tablet");
  auto request = user_says("make me happy");
  request["stream"] = true;
  const auto id = tablet->send("chat", request);
  const auto call = speaker.next_call();
  ASSERT_TRUE(call);
  EXPECT_EQ(call->at("kwargs"), json({{"name", "Yesterday"}})) << "the call with the wrong argument was not sent";
  speaker.answer(*call, true);
  EXPECT_EQ(content_of(tablet->response("chat", id)), "It plays.");

  const auto asked = model.requests();
  ASSERT_EQ(asked.size(), 4U);
  EXPECT_EQ(tools_of(asked[0]), (std::vector<std::string>{"search_skills", "describe_skill"}));
  EXPECT_TRUE(has(tools_of(asked[1]), "MusicControlSkill-play_song"));
  const auto refused = asked[2].body.at("messages").back().at("content").get<std::string>();
  EXPECT_NE(refused.find("\"path\":\"/name\""), std::string::npos) << refused;

  std::vector<std::string> events;
  for (const auto& message : tablet->mqtt().take_all()) {
    const auto event = json::parse(message.payload);
    if (event.contains("event") && event.at("event") != "delta") events.push_back(event.at("event").get<std::string>());
  }
  EXPECT_EQ(events, (std::vector<std::string>{"tool_call", "tool_result"})) << "a search is the hub's own business";
}

TEST(ChatWithManySkills, TheRulesStillFindTheRightOne) {
  HubProcess hub;
  std::vector<std::unique_ptr<Spoke>> clients;
  furnish(hub, clients);
  auto tablet = hub.device("Tablet");
  const auto id = tablet->send("chat", user_says("play Yesterday on the speaker"));
  const auto call = clients.back()->next_call();
  ASSERT_TRUE(call);
  clients.back()->answer(*call, true);
  EXPECT_NE(content_of(tablet->response("chat", id)).find("Done"), std::string::npos);
}

}  // namespace
}  // namespace strawberry::test
