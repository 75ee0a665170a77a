#include "bridge/chat/tool_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <set>

#include "bridge/chat/planned_call.h"
#include "tests/bridge/chat/chat_fakes.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;
using test::device;
using test::skill;
using testing::HasSubstr;
using testing::Not;

ToolCatalog catalog(std::vector<OfferedSkill> skills, const std::string& sender = "me", std::vector<Tool> client = {},
                    ToolCatalog::Options options = {}) {
  static std::deque<test::FakeTools> sources;  // they outlive the catalogs
  const auto& source = sources.emplace_back(test::household_of("alice", std::move(skills)));
  return {&source, {PrincipalType::device, sender, "alice"}, std::move(client), "", options};
}

Tool client_tool(const std::string& name) { return {name, "mine", {{"type", "object"}}, std::nullopt, ""}; }

TEST(ToolName, IsClassAndFunctionWhenThatFits) {
  EXPECT_EQ(tool_name("MusicControlSkill", "play_song", "", false), "MusicControlSkill-play_song");
}

TEST(ToolName, IsAlwaysWhatModelsAccept) {
  for (const std::string& name : {std::string(200, 'x'), std::string("Tür"), std::string("a b"), std::string("x.y"),
                                  std::string("1st"), std::string("-x"), std::string()}) {
    const auto made = tool_name(name, "f", name, false);
    EXPECT_LE(made.size(), 64u);
    EXPECT_EQ(made.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"),
              std::string::npos)
        << made;
    EXPECT_NE(std::string("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_").find(made.front()),
              std::string::npos)
        << made;
  }
  const auto with_accents = tool_name("Büro", "größe", "Büro.größe", false);
  EXPECT_TRUE(with_accents.starts_with("Buro-gro_e-")) << with_accents;
  EXPECT_EQ(with_accents, tool_name("Büro", "größe", "Büro.größe", false));
  EXPECT_NE(with_accents, tool_name("Buro", "grose", "Buro.grose", false));
  EXPECT_NE(tool_name(std::string(200, 'x'), "f", "one", false), tool_name(std::string(200, 'x'), "f", "two", false));
}

TEST(ToolCatalogTest, EveryToolMapsBackToItsOwnSkill) {
  const std::string long_class(70, 'L');
  const auto made = catalog({skill("A", "f(x: int)", {device("1")}), skill("A", "f(x: str)", {device("2")}),
                             skill(long_class, "f()", {device("1")}), skill(long_class + "2", "f()", {device("1")})});
  ASSERT_EQ(made.tools().size(), 4u);
  std::set<std::string> names;
  for (const auto& tool : made.tools()) {
    names.insert(tool.name);
    const auto* entry = made.find_skill(tool.name);
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(made.tools()[entry->tool].name, tool.name);
  }
  EXPECT_EQ(names.size(), 4u);
}

TEST(ToolCatalogTest, TheClientsToolWinsAClash) {
  const auto made = catalog({skill("A", "f()", {device("1")})}, "me", {client_tool("A-f")});
  ASSERT_EQ(made.tools().size(), 1u);
  EXPECT_TRUE(made.is_client_tool("A-f"));
  EXPECT_EQ(made.find_skill("A-f"), nullptr);
}

TEST(ToolCatalogTest, SkillsThatWantConfirmationAreOfferedAndSaySo) {
  auto dangerous = skill("DoorSkill", "unlock()", {device("1")});
  dangerous.skill.confirm = true;
  const auto made = catalog({dangerous, skill("DoorSkill", "look()", {device("1")})});
  ASSERT_EQ(made.tools().size(), 2u);
  EXPECT_THAT(made.tools()[0].description, HasSubstr("The user is asked before it runs."));
  EXPECT_TRUE(plan_call(made, {"c", "DoorSkill-unlock", "{}"})->needs_confirm);
  EXPECT_FALSE(plan_call(made, {"c", "DoorSkill-look", "{}"})->needs_confirm);
}

TEST(ToolCatalogTest, OneDeviceNeedsNoChoice) {
  const auto made = catalog({skill("A", "f(x: int)", {device("1")})});
  EXPECT_EQ(made.tools()[0].device_parameter, "");
  EXPECT_FALSE(made.tools()[0].parameters.at("properties").contains("device"));
}

TEST(ToolCatalogTest, SeveralDevicesAreAChoiceByName) {
  const auto made = catalog({skill("A", "f(x: int)", {device("1"), device("2")})});
  const auto& parameters = made.tools()[0].parameters;
  EXPECT_EQ(parameters.at("properties").at("device").at("enum"), json({"device_1", "device_2"}));
  EXPECT_EQ(parameters.at("required"), json({"x", "device"}));
}

TEST(ToolCatalogTest, TheChoiceHasADefaultWhenTheSenderOffersItOrAnyDeviceWillDo) {
  auto anywhere = skill("A", "f()", {device("1"), device("2")});
  EXPECT_EQ(catalog({anywhere}, "2").tools()[0].parameters.at("required"), json::array());
  anywhere.skill.device_agnostic = true;
  EXPECT_EQ(catalog({anywhere}).tools()[0].parameters.at("required"), json::array());
}

TEST(ToolCatalogTest, AParameterCalledDeviceKeepsItsName) {
  const auto made = catalog({skill("A", "f(device: str)", {device("1"), device("2")})});
  EXPECT_EQ(made.tools()[0].device_parameter, "target_device");
  EXPECT_FALSE(made.tools()[0].parameters.at("properties").at("device").contains("enum"));
  const auto both = catalog({skill("A", "f(device: str, target_device: str)", {device("1"), device("2")})});
  EXPECT_EQ(both.tools()[0].device_parameter, "hub_target_device");
}

TEST(ToolCatalogTest, OfMoreDevicesThanAreKnownAnyMayBeNamed) {
  std::vector<OfferingDevice> many;
  for (int i = 0; i < 70; ++i) many.push_back(device(std::to_string(i)));
  const auto made = catalog({skill("A", "f()", many)});
  const auto& choice = made.tools()[0].parameters.at("properties").at("device");
  EXPECT_FALSE(choice.contains("enum")) << "it would forbid the others";
  EXPECT_EQ(made.tools()[0].parameters.at("required"), json({"device"}));
  EXPECT_EQ(plan_call(made, {"c", "A-f", R"({"device":"device_7"})"})->target, "7");
  EXPECT_EQ(plan_call(made, {"c", "A-f", R"({"device":"Device 69"})"})->target, "device_69");
  EXPECT_EQ(plan_call(made, {"c", "A-f", R"({"device":"!!"})"}).error().code, ErrorCode::not_found);
}

TEST(ToolCatalogTest, DocstringsAreDataAndBounded) {
  auto talkative = skill("A", "f()", {device("1")});
  talkative.skill.docstring = "\x1b[31mred\x07" + std::string(100'000, 'x');
  const auto made = catalog({talkative});
  EXPECT_LT(made.tools()[0].description.size(), 2200u);
  EXPECT_THAT(made.tools()[0].description, Not(HasSubstr("\x1b")));
}

class PlanCall : public testing::Test {
 protected:
  Reply<PlannedCall> plan(const std::string& name, const std::string& arguments) const {
    return plan_call(tools, {"c1", name, arguments});
  }
  const ToolCatalog tools =
      catalog({skill("A", "f(x: int, y: str = 'a')", {device("1"), device("2")}), skill("B", "g()", {device("3")}),
               skill("C", "h(a, /, b, *rest, c=1)", {device("3")}), skill("D", "i(**more)", {device("3")}),
               skill("E", "j(a=1, b=2, /)", {device("3")})},
              "2");
};

TEST_F(PlanCall, ArgumentsGoByName) {
  const auto planned = plan("A-f", R"({"x":1,"device":"device_1"})");
  ASSERT_TRUE(planned);
  EXPECT_EQ(planned->skill_path, "A.f");
  EXPECT_EQ(planned->target, "1");
  EXPECT_EQ(planned->device, "device_1");
  EXPECT_EQ(planned->kwargs, json({{"x", 1}}));
  EXPECT_EQ(planned->args, json::array());
  EXPECT_EQ(planned->arguments, json({{"x", 1}}));
}

TEST_F(PlanCall, AParameterThatIsNotAsciiHasAnotherNameForTheModel) {
  const auto made = catalog({skill("A", "f(größe: int, b: str = 'x')", {device("1")})});
  const auto& parameters = made.tools().at(0).parameters;
  ASSERT_EQ(parameters.at("properties").size(), 2u);
  const auto offered = parameters.at("required").at(0).get<std::string>();
  EXPECT_TRUE(offered.starts_with("gro_e_")) << offered;
  EXPECT_EQ(parameters.at("properties").at(offered), json({{"type", "integer"}}));
  const auto tool = made.tools()[0].name;
  EXPECT_EQ(plan_call(made, {"c1", tool, json{{offered, 5}}.dump()})->kwargs, json({{"größe", 5}}));
  EXPECT_EQ(plan_call(made, {"c1", tool, json{{"größe", 5}}.dump()})->kwargs, json({{"größe", 5}}));
  EXPECT_FALSE(plan_call(made, {"c1", tool, json{{offered, "5"}}.dump()}));
}

TEST_F(PlanCall, WithoutADeviceItIsTheSendersOwnOrTheOnlyOne) {
  EXPECT_EQ(plan("A-f", R"({"x":1})")->target, "2");
  EXPECT_EQ(plan("B-g", "{}")->target, "3");
}

TEST_F(PlanCall, ADevicesNameMayBeWrittenAsPeopleDo) {
  EXPECT_EQ(plan("A-f", R"({"x":1,"device":"Device 1"})")->target, "1");
}

TEST_F(PlanCall, WrongCallsAreRefusedWithAReason) {
  const std::tuple<const char*, const char*, ErrorCode> cases[] = {
      {"A-nope", "{}", ErrorCode::not_found},
      {"", "{}", ErrorCode::not_found},
      {"A-f", "", ErrorCode::bad_request},
      {"A-f", "null", ErrorCode::bad_request},
      {"A-f", "[1]", ErrorCode::bad_request},
      {"A-f", "{\"x\":1", ErrorCode::bad_request},
      {"A-f", R"({"x":1,"x":2})", ErrorCode::bad_request},
      {"A-f", "{}", ErrorCode::bad_request},
      {"A-f", R"({"y":"b"})", ErrorCode::bad_request},
      {"A-f", R"({"x":1,"z":2})", ErrorCode::bad_request},
      {"A-f", R"({"x":"1"})", ErrorCode::bad_request},
      {"A-f", R"({"x":1.5})", ErrorCode::bad_request},
      {"A-f", R"({"x":1,"y":null})", ErrorCode::bad_request},
      {"C-h", R"({"a":1,"b":2,"rest":3})", ErrorCode::bad_request},
      {"A-f", R"({"x":1,"device":7})", ErrorCode::bad_request},
      {"A-f", R"({"x":1,"device":"device_3"})", ErrorCode::not_found},
      {"A-f", R"({"x":1,"device":""})", ErrorCode::not_found},
      {"B-g", R"({"device":"device_3"})", ErrorCode::bad_request},
  };
  for (const auto& [name, arguments, code] : cases) {
    const auto planned = plan(name, arguments);
    ASSERT_FALSE(planned) << name << " " << arguments;
    EXPECT_EQ(planned.error().code, code) << name << " " << arguments;
  }
}

TEST_F(PlanCall, WrongArgumentsAreNamed) {
  EXPECT_EQ(plan("A-f", R"({"x":"1"})").error().details.at("path"), "/x");
  EXPECT_EQ(plan("A-f", "{}").error().details.at("path"), "/x");
  EXPECT_EQ(plan("A-f", R"({"x":1,"device":"device_3"})").error().details.at("path"), "/device");
}

TEST_F(PlanCall, HugeOrDeepArgumentsAreRefused) {
  EXPECT_FALSE(plan("D-i", "{\"x\":\"" + std::string(arguments_bytes_max, 'x') + "\"}"));
  EXPECT_FALSE(plan("D-i", "{\"x\":" + std::string(1000, '[') + std::string(1000, ']') + "}"));
}

TEST_F(PlanCall, WhatPythonTakesOnlyByPositionGoesByPosition) {
  const auto planned = plan("C-h", R"({"a":1,"b":2,"rest":[3,4],"c":5})");
  ASSERT_TRUE(planned) << planned.error().message;
  EXPECT_EQ(planned->args, json({1, 2, 3, 4}));
  EXPECT_EQ(planned->kwargs, json({{"c", 5}}));
  EXPECT_EQ(plan("C-h", R"({"a":1,"b":2})")->args, json({1}));
  EXPECT_EQ(plan("C-h", R"({"a":1,"b":2})")->kwargs, json({{"b", 2}}));
  EXPECT_FALSE(plan("E-j", R"({"b":2})")) << "b cannot be given without a";
}

TEST_F(PlanCall, AnyNameIsTakenWhereTheFunctionTakesAny) {
  EXPECT_EQ(plan("D-i", R"({"anything":1})")->kwargs, json({{"anything", 1}}));
}

OfferedSkill with_schema(OfferedSkill made, const json& schema) {
  made.skill.input_schema = schema.dump();
  return made;
}

TEST(ToolCatalogTest, TellsAndChecksTheSchemaBesideTheSignature) {
  const json schema{{"type", "object"},
                    {"properties", {{"from-place", {{"type", "string"}}}, {"stops", {{"maximum", 3}}}}},
                    {"required", {"from-place"}},
                    {"anyOf", {json::object()}}};
  const auto made = catalog({with_schema(skill("Maps", "route(**arguments)", {device("1")}), schema)});
  ASSERT_EQ(made.tools().size(), 1u);
  json told = schema;
  told.erase("anyOf");
  EXPECT_EQ(made.tools()[0].parameters, told) << "providers refuse a choice at the root";

  const auto good = plan_call(made, {"c", "Maps-route", R"({"from-place":"here","stops":2})"});
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_EQ(good->kwargs, (json{{"from-place", "here"}, {"stops", 2}}));
  const auto bad = plan_call(made, {"c", "Maps-route", R"({"from-place":"here","stops":4})"});
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().details.at("path"), "/stops");
  EXPECT_FALSE(plan_call(made, {"c", "Maps-route", "{}"}));
}

TEST(ToolCatalogTest, TakesOneSkillWithTwoSchemasForTwo) {
  const auto of = [](const char* name) { return json{{"properties", {{name, json::object()}}}}; };
  const auto made = catalog({with_schema(skill("A", "f(**more)", {device("1")}), of("x")),
                             with_schema(skill("A", "f(**more)", {device("2")}), of("y"))});
  ASSERT_EQ(made.tools().size(), 2u);
  EXPECT_NE(made.tools()[0].name, made.tools()[1].name);
}

TEST(ToolCatalogTest, ShowsSchemasUpToABound) {
  const json long_schema{{"properties", {{"x", {{"description", std::string(600, 'x')}}}}}};
  ToolCatalog::Options options;
  options.schema_bytes_max = 1'000;
  const auto made = catalog({with_schema(skill("A", "f(x)", {device("1")}), long_schema),
                             with_schema(skill("A", "g(x)", {device("1")}), long_schema)},
                            "me", {}, options);
  ASSERT_EQ(made.tools().size(), 2u);
  EXPECT_TRUE(made.tools()[0].parameters["properties"]["x"].contains("description"));
  EXPECT_FALSE(made.tools()[1].parameters["properties"]["x"].contains("description"));
}

}  // namespace
}  // namespace strawberry::bridge
