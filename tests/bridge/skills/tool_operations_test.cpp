// Skills as tools: pages, names, and calls by name.
#include <gmock/gmock.h>

#include <set>

#include "bridge/skills/tool_operations.h"
#include "bridge/skills/tool_view.h"
#include "tests/support/fake_clock.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class ToolOperationsTest : public testing::Test {
 protected:
  void add(const std::string& id, const std::vector<SkillRow>& skills, const std::string& user = "alice") {
    DeviceRow row;
    row.device_id = id;
    row.user_id = user;
    row.name = row.normalized_name = id;
    row.skills_heartbeat_at_ms = to_unix_ms(clock_.wall_now());
    devices_.put(row);
    devices_.set_online(id, true);
    registry_.put(id, user, skills);
  }
  static SkillRow skill(const std::string& class_name, const std::string& signature, bool confirm = false) {
    return {class_name, signature.substr(0, signature.find('(')), signature, "Does it.\nAt once.", false, confirm};
  }
  static Request request(const json& body, const std::string& sender = "alice") {
    Request made;
    made.sender = {PrincipalType::user, sender, sender};
    made.acting_user = "alice";
    made.body = body;
    return made;
  }
  json tools(const json& body) const {
    const auto answer = list_tools(registry_, request(body));
    return answer ? *answer : json{{"error", to_string(answer.error().code)}};
  }
  std::vector<std::string> names(const json& answer) const {
    std::vector<std::string> all;
    for (const auto& tool : answer.at("tools")) all.push_back(tool.at("name").get<std::string>());
    return all;
  }
  Reply<PlannedToolCall> call(const std::string& tool, const json& arguments = json::object(), bool allowed = false) {
    return plan_tool_call(registry_, request({{"tool", tool}, {"arguments", arguments}, {"allowed", allowed}}));
  }
  std::string code(const std::string& tool, const json& arguments = json::object()) {
    const auto planned = call(tool, arguments);
    return planned ? "ok" : std::string(to_string(planned.error().code));
  }

  test::FakeClock clock_;
  DeviceRegistry devices_;
  SkillRegistry registry_{clock_, devices_, {1800s}};
};

TEST_F(ToolOperationsTest, EachSkillIsAToolInTheSameOrderEachTime) {
  add("speaker", {skill("Music", "stop()"), skill("Music", "play(name: str)"), skill("Alarm", "set(at: str)")});
  add("tablet", {skill("Music", "stop()")});
  add("foreign", {skill("Secret", "open()")}, "bob");
  const json answer = tools(json::object());
  EXPECT_THAT(names(answer), ElementsAre("Alarm-set", "Music-play", "Music-stop"));
  EXPECT_EQ(answer.at("total"), 3);
  EXPECT_FALSE(answer.contains("next_cursor"));
  const json& stop = answer.at("tools")[2];
  EXPECT_EQ(stop.at("device_parameter"), "device");
  EXPECT_EQ(stop.at("parameters").at("properties").at("device").at("enum"), json({"speaker", "tablet"}));
  EXPECT_EQ(stop.at("device_count"), 2);
  EXPECT_THAT(stop.at("description").get<std::string>(), HasSubstr("Runs on: speaker, tablet"));
  const json& play = answer.at("tools")[1];
  EXPECT_FALSE(play.contains("device_parameter"));
  EXPECT_EQ(play.at("parameters").at("required"), json({"name"}));
}

TEST_F(ToolOperationsTest, PagesFollowEachOther) {
  std::vector<SkillRow> rows;
  for (int i = 0; i < 25; ++i) rows.push_back(skill("S" + std::to_string(100 + i), "f()"));
  add("a", rows);
  std::vector<std::string> all;
  json body{{"limit", 10}};
  int pages = 0;
  while (true) {
    const json page = tools(body);
    ++pages;
    for (const auto& name : names(page)) all.push_back(name);
    EXPECT_EQ(page.at("total"), 25);
    if (!page.contains("next_cursor")) break;
    body["cursor"] = page.at("next_cursor");
  }
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(all, names(tools(json::object())));
  EXPECT_EQ(tools({{"cursor", "nonsense!"}}).at("error"), "bad_request");
  EXPECT_EQ(tools({{"cursor", "AAAA"}}).at("error"), "bad_request");
}

TEST_F(ToolOperationsTest, APageIsNotLargerThanAnAnswerMayBe) {
  std::vector<SkillRow> rows;
  for (int i = 0; i < 400; ++i) {
    rows.push_back(skill("S" + std::to_string(1000 + i), "f(a: Literal['" + std::string(1900, 'a') + "'])"));
  }
  add("a", rows);
  const json first = tools(json::object());
  EXPECT_LT(first.at("tools").size(), 400u);
  EXPECT_LE(first.dump().size(), tools_page_bytes_max + 10'000);
  std::size_t seen = first.at("tools").size();
  for (json page = first; page.contains("next_cursor");) {
    page = tools({{"cursor", page.at("next_cursor")}});
    seen += page.at("tools").size();
  }
  EXPECT_EQ(seen, 400u);
}

TEST_F(ToolOperationsTest, OneOfSeveralSignaturesHasThePlainName) {
  add("old", {skill("Music", "play(name: str)")});
  add("new", {skill("Music", "play(name: str, volume: int = 5)")});
  const auto both = names(tools(json::object()));
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(std::set<std::string>(both.begin(), both.end()).size(), 2u);
  EXPECT_THAT(both, testing::Contains("Music-play"));
  // Also where a page ends between the two.
  const json first = tools({{"limit", 1}});
  const json second = tools({{"limit", 1}, {"cursor", first.at("next_cursor")}});
  EXPECT_EQ(names(first)[0], both[0]);
  EXPECT_EQ(names(second)[0], both[1]);
  std::set<std::string> targets;
  for (const auto& name : both) targets.insert(call(name, {{"name", "x"}})->call.target);
  EXPECT_EQ(targets, (std::set<std::string>{"new", "old"}));
}

TEST_F(ToolOperationsTest, EveryNameThatIsListedIsFound) {
  add("a", {skill("Gerät", "wähle_größe(größe: int)"), skill(std::string(70, 'x'), "go()"), skill("Plain", "go()")});
  for (const auto& tool : tools(json::object()).at("tools")) {
    const auto name = tool.at("name").get<std::string>();
    EXPECT_LE(name.size(), 64u);
    EXPECT_EQ(names(tools({{"tool", name}})), std::vector<std::string>{name});
    json arguments = json::object();
    for (const auto& [property, schema] : tool.at("parameters").at("properties").items()) arguments[property] = 3;
    const auto planned = call(name, arguments);
    ASSERT_TRUE(planned) << planned.error().message;
    EXPECT_EQ(planned->call.skill_path, tool.at("path").get<std::string>());
    EXPECT_EQ(planned->call.acting_user, "alice");
    if (!arguments.empty()) {
      EXPECT_EQ(planned->call.kwargs, json({{"größe", 3}}));
    }
  }
  EXPECT_EQ(code("No-such"), "not_found");
  EXPECT_EQ(code("Plain-go-12345678"), "not_found");
  EXPECT_EQ(code(""), "not_found");
  EXPECT_EQ(code("Secret-open"), "not_found");
}

TEST_F(ToolOperationsTest, WordsFindWhatFits) {
  add("a", {skill("Music", "play(name: str)"), skill("Music", "stop()"), skill("Alarm", "set(at: str)")});
  const json found = tools({{"query", "music play"}});
  EXPECT_EQ(names(found)[0], "Music-play");
  EXPECT_EQ(found.at("has_more"), false);
  EXPECT_EQ(names(tools({{"query", "music"}, {"limit", 1}})).size(), 1u);
  EXPECT_EQ(tools({{"query", "music"}, {"limit", 1}}).at("has_more"), true);
}

TEST_F(ToolOperationsTest, WhatAsksFirstIsNotCalledUntilItIsAllowed) {
  add("door", {skill("Door", "open(seconds: int)", /*confirm=*/true)});
  EXPECT_EQ(tools(json::object()).at("tools")[0].at("confirm"), true);
  const auto asked = call("Door-open", {{"seconds", 5}});
  EXPECT_EQ(asked->question, (json{{"skill_path", "Door.open"}, {"device", "door"}, {"arguments", {{"seconds", 5}}}}));
  const auto allowed = call("Door-open", {{"seconds", 5}}, true);
  EXPECT_TRUE(allowed->question.is_null());
  EXPECT_EQ(allowed->call.kwargs, json({{"seconds", 5}}));
  EXPECT_EQ(code("Door-open", {{"seconds", "long"}}), "bad_request") << "wrong arguments are not asked about";
}

TEST_F(ToolOperationsTest, TheDeviceIsAnArgument) {
  add("speaker", {skill("Music", "stop()")});
  add("tablet", {skill("Music", "stop()")});
  EXPECT_EQ(call("Music-stop", {{"device", "tablet"}})->call.target, "tablet");
  EXPECT_EQ(code("Music-stop", {{"device", "lamp"}}), "not_found");
  EXPECT_EQ(code("Music-stop", {{"device", 7}}), "bad_request");
  EXPECT_EQ(call("Music-stop")->call.target, "") << "the hub chooses, or says that it cannot";
}

TEST_F(ToolOperationsTest, TooManyToListAreSearched) {
  for (int device = 0; device < 11; ++device) {
    std::vector<SkillRow> rows;
    for (int i = 0; i < 500; ++i) rows.push_back(skill("D" + std::to_string(device), "f" + std::to_string(i) + "()"));
    add("d" + std::to_string(device), rows);
  }
  EXPECT_EQ(tools(json::object()).at("error"), "too_large");
  EXPECT_EQ(names(tools({{"tool", "D3-f7"}})), std::vector<std::string>{"D3-f7"});
  EXPECT_FALSE(tools({{"query", "f7"}}).at("tools").empty());
}

TEST_F(ToolOperationsTest, WhatIsNotHeardOfIsNoTool) {
  add("a", {skill("Music", "stop()")});
  clock_.advance(1801s);
  EXPECT_TRUE(tools(json::object()).at("tools").empty());
  EXPECT_EQ(code("Music-stop"), "not_found");
}

}  // namespace
}  // namespace strawberry::bridge
