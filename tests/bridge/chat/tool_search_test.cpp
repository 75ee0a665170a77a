// A user with more skills than a model is shown: the hub's own tools, and what they find.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "bridge/chat/agent_loop.h"
#include "bridge/chat/hub_tools.h"
#include "bridge/llm/rules_provider.h"
#include "tests/bridge/chat/chat_fakes.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;
using test::device;
using test::skill;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class ToolSearch : public testing::Test {
 protected:
  ToolSearch() {
    auto& all = tools.skills["alice"];
    for (int i = 0; i < 100; ++i)
      all.push_back(skill("Lamp" + std::to_string(i), "turn_on(level: int)", {device("1")}));
    all.push_back(skill("MusicSkill", "play_song(name: str)", {device("1"), device("2")}));
    all.back().skill.docstring = "Plays a song.\nBy name.\x1b[31m";
  }
  ToolCatalog make(const std::string& about = "", std::vector<Tool> client = {}, ToolCatalog::Options options = {}) {
    return {&tools, {PrincipalType::device, "me", "alice"}, std::move(client), about, options};
  }
  static std::vector<std::string> names(const ToolCatalog& catalog) {
    std::vector<std::string> all;
    for (const auto& tool : catalog.tools()) all.push_back(tool.name);
    return all;
  }
  static Tool client_tool(const std::string& name) { return {name, "mine", {{"type", "object"}}, std::nullopt, ""}; }
  static ToolCall search_for(const std::string& words) { return {"s", "search_skills", json{{"query", words}}.dump()}; }
  static ModelReply calls(std::vector<ToolCall> list) {
    ModelReply reply;
    reply.tool_calls = std::move(list);
    return reply;
  }

  test::FakeTools tools;
};

TEST_F(ToolSearch, FortySkillsAreOfferedAndOfFortyOneNone) {
  tools.skills["alice"].resize(40);
  EXPECT_EQ(make().tools().size(), 40u);
  EXPECT_FALSE(make().is_hub_tool("search_skills"));
  tools.skills["alice"].push_back(skill("One", "more()", {device("1")}));
  EXPECT_THAT(names(make()), ElementsAre("search_skills", "describe_skill"));
}

TEST_F(ToolSearch, WhatTheUsersWordsFitIsOfferedAtOnce) {
  EXPECT_THAT(names(make("Please play a song for me!")),
              ElementsAre("search_skills", "describe_skill", "MusicSkill-play_song"));
  const auto lamps = make("turn the lamps on");
  EXPECT_EQ(lamps.tools().size(), 2u + 20u) << "some of them";
  EXPECT_EQ(make("please, could you do it?").tools().size(), 2u);
}

TEST_F(ToolSearch, WhatASearchFindsIsAToolInTheNextStep) {
  auto catalog = make();
  AgentLoop loop(catalog, json::array({{{"role", "user"}, {"content", "go"}}}), true, {});
  loop.start();
  const auto next = loop.model_answered(calls({search_for("play song")}));
  ASSERT_TRUE(std::holds_alternative<AgentLoop::AskModel>(next)) << "nothing is run on a device";
  EXPECT_FALSE(loop.has_run_tools());
  const auto told = json::parse(loop.messages().back().at("content").get<std::string>()).at("result");
  EXPECT_EQ(told, json::parse(R"json({"skills":[{"tool":"MusicSkill-play_song","path":"MusicSkill.play_song",
      "signature":"play_song(name: str)","summary":"Plays a song.","devices":["device_1","device_2"],
      "device_count":2}]})json"));
  EXPECT_THAT(names(catalog), ElementsAre("search_skills", "describe_skill", "MusicSkill-play_song"));
  const auto run =
      loop.model_answered(calls({{"p", "MusicSkill-play_song", R"({"name":"Yesterday","device":"device_2"})"}}));
  EXPECT_EQ(std::get<AgentLoop::RunTools>(run).calls.at(0).target, "2");
}

TEST_F(ToolSearch, ASkillThatWasNotFoundCannotBeCalled) {
  auto catalog = make();
  EXPECT_EQ(plan_call(catalog, {"c", "MusicSkill-play_song", R"({"name":"x","device":"device_1"})"}).error().code,
            ErrorCode::not_found);
}

TEST_F(ToolSearch, DescribeTellsEverythingAndOffersIt) {
  auto catalog = make();
  const auto told = catalog.answer({"d", "describe_skill", R"({"path":"MusicSkill.play_song"})"});
  ASSERT_TRUE(told) << told.error().message;
  const auto& entry = told->at("skills").at(0);
  EXPECT_EQ(entry.at("docstring"), "Plays a song.\nBy name.[31m");
  EXPECT_EQ(entry.at("parameters").at("required"), json({"name"}));
  EXPECT_NE(catalog.find_skill("MusicSkill-play_song"), nullptr);
  EXPECT_TRUE(catalog.answer({"d", "describe_skill", R"({"path":"device_1.MusicSkill.play_song"})"}));
}

TEST_F(ToolSearch, WrongQuestionsAreAnsweredWithWhatIsWrong) {
  auto catalog = make();
  for (const char* arguments : {"", "[]", "{}", R"({"query":5})", R"({"query":""})", R"({"query":"a","more":1})"}) {
    const auto told = catalog.answer({"s", "search_skills", arguments});
    ASSERT_FALSE(told) << arguments;
    EXPECT_EQ(told.error().code, ErrorCode::bad_request) << arguments;
  }
  EXPECT_FALSE(catalog.answer(search_for(std::string(hub_tools::text_bytes_max + 1, 'x'))));
  EXPECT_TRUE(catalog.answer(search_for(std::string(hub_tools::text_bytes_max, 'x'))));
  const std::pair<const char*, ErrorCode> paths[] = {{"play_song", ErrorCode::bad_request},
                                                     {"MusicSkill.stop", ErrorCode::not_found},
                                                     {"bobs.Door.unlock", ErrorCode::not_found}};
  for (const auto& [path, code] : paths)
    EXPECT_EQ(catalog.answer({"d", "describe_skill", json{{"path", path}}.dump()}).error().code, code) << path;
  EXPECT_THAT(catalog.answer(search_for("qqq"))->dump(), HasSubstr("nothing fits"));
}

TEST_F(ToolSearch, OtherUsersSkillsAreNotFound) {
  tools.skills["bob"] = {skill("DoorSkill", "unlock()", {device("door")})};
  auto catalog = make("unlock the door");
  EXPECT_EQ(catalog.tools().size(), 2u);
  EXPECT_TRUE(catalog.answer(search_for("unlock"))->at("skills").empty());
  EXPECT_FALSE(catalog.answer({"d", "describe_skill", R"({"path":"DoorSkill.unlock"})"}));
}

TEST_F(ToolSearch, TheHubsToolsGiveWayToTheClients) {
  auto catalog = make("", {client_tool("search_skills"), client_tool("hub_search_skills")});
  EXPECT_THAT(names(catalog),
              ElementsAre("search_skills", "hub_search_skills", "hub_hub_search_skills", "describe_skill"));
  EXPECT_FALSE(catalog.is_hub_tool("search_skills"));
  EXPECT_TRUE(catalog.is_hub_tool("hub_hub_search_skills"));
  EXPECT_TRUE(catalog.answer({"s", "hub_hub_search_skills", R"({"query":"song"})"}));
}

TEST_F(ToolSearch, WhatWasFoundIsBoundedAndTheOldestGoes) {
  ToolCatalog::Options options;
  options.found_skills_max = 12;
  auto catalog = make("", {client_tool("own")}, options);
  for (const char* words : {"song", "lamp1", "lamp2", "lamp3", "lamp4"}) {
    ASSERT_TRUE(catalog.answer(search_for(words)));
    EXPECT_LE(catalog.tools().size(), 3u + 12u);
    std::set<std::string> unique;
    for (const auto& name : names(catalog)) unique.insert(name);
    EXPECT_EQ(unique.size(), catalog.tools().size());
  }
  EXPECT_EQ(catalog.tools().size(), 3u + 12u);
  EXPECT_EQ(catalog.tools()[0].name, "own");
  EXPECT_EQ(catalog.find_skill("MusicSkill-play_song"), nullptr) << "found first, gone first";
  ASSERT_NE(catalog.find_skill("Lamp4-turn_on"), nullptr);
  for (std::size_t i = 3; i < catalog.tools().size(); ++i) {
    const auto planned = plan_call(catalog, {"c", catalog.tools()[i].name, R"({"level":1})"});
    ASSERT_TRUE(planned);
    EXPECT_EQ(planned->skill_path, catalog.tools()[i].skill->path()) << "every name still means its own skill";
  }
}

TEST_F(ToolSearch, FoundTwiceIsOfferedOnce) {
  auto catalog = make("play a song");
  const auto first = catalog.answer(search_for("song"));
  EXPECT_EQ(*catalog.answer(search_for("song")), *first);
  EXPECT_EQ(catalog.tools().size(), 3u);
}

TEST_F(ToolSearch, ClientsToolsThatFillAllPlacesLeaveNoneForSkills) {
  ToolCatalog::Options options;
  options.tools_max = 10;
  std::vector<Tool> client;
  for (int i = 0; i < 8; ++i) client.push_back(client_tool("own" + std::to_string(i)));
  EXPECT_EQ(make("play a song", client, options).tools().size(), 8u);
  EXPECT_TRUE(make("", client, options).has_no_room());
  client.pop_back();
  auto catalog = make("play a song", client, options);
  EXPECT_EQ(catalog.tools().size(), 10u);
  (void)catalog.answer(search_for("lamp1"));
  EXPECT_EQ(catalog.tools().size(), 10u);
}

TEST_F(ToolSearch, TheBuiltInRulesStillFindTheOneSkillAmongMany) {
  const std::string said = "play \"Yesterday\" on device 2";
  const auto catalog = make(said);
  ModelRequest request;
  request.messages = json::array({{{"role", "user"}, {"content", said}}});
  request.tools = catalog.tools();
  const auto reply = RulesProvider().answer(request);
  ASSERT_EQ(reply.tool_calls.size(), 1u) << reply.content;
  const auto planned = plan_call(catalog, reply.tool_calls[0]);
  ASSERT_TRUE(planned) << planned.error().message;
  EXPECT_EQ(planned->skill_path, "MusicSkill.play_song");
  EXPECT_EQ(planned->target, "2");
}

TEST_F(ToolSearch, AnswersFitWhatAModelIsTold) {
  auto& all = tools.skills["alice"];
  for (int i = 0; i < 20; ++i) {
    all.push_back(skill("Talk" + std::to_string(i), "say(" + std::string(1500, 'x') + ": int)", {device("1")}));
    all.back().skill.docstring = std::string(5000, 'd');
  }
  auto catalog = make();
  const auto found = catalog.answer(search_for("talk"));
  EXPECT_LE(found->dump().size(), 7000u);
  EXPECT_THAT(found->dump(), HasSubstr("there are more"));
  const auto described = catalog.answer({"d", "describe_skill", R"({"path":"Talk1.say"})"});
  EXPECT_LE(described->dump().size(), 7500u);
  EXPECT_TRUE(described->at("skills").at(0).at("docstring_is_cut").get<bool>());
}

TEST_F(ToolSearch, DocstringsAreData) {
  tools.skills["alice"].push_back(skill("Evil", "talk()", {device("1")}));
  tools.skills["alice"].back().skill.docstring = "\x1b]0;x\x07 evil\x9b words";
  auto catalog = make();
  AgentLoop loop(catalog, json::array({{{"role", "user"}, {"content", "go"}}}), true, {});
  loop.start();
  loop.model_answered(calls({search_for("evil"), {"d", "describe_skill", R"({"path":"Evil.talk"})"}}));
  ASSERT_EQ(loop.messages().size(), 4u);
  for (std::size_t i = 2; i < 4; ++i) {
    EXPECT_EQ(loop.messages()[i].at("role"), "tool");
    EXPECT_THAT(loop.messages()[i].dump(-1, ' ', true, json::error_handler_t::replace), Not(HasSubstr("u001b")));
  }
}

}  // namespace
}  // namespace strawberry::bridge
