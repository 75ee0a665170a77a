#include "sdk/cpp/src/skill_table.h"

#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>

namespace strawberry::sdk {
namespace {

using nlohmann::json;
using Numbers = std::vector<int>;

template <class Function>
Skill made(const std::string& signature, Function function, SkillOptions options = {}) {
  return make_skill(signature, "", "SpokeSkill", skill_function::adapt(function), options);
}

template <class Function>
std::string refusal(const std::string& signature, Function function) {
  try {
    made(signature, function);
    return "none";
  } catch (const std::invalid_argument& error) {
    const std::string what = error.what();
    const std::string before = "no skill: " + signature + " (";
    EXPECT_TRUE(what.starts_with(before)) << what;
    return what.substr(before.size(), what.size() - before.size() - 1);
  }
}

/// The result of a call, or its error.
json called(const Skill& skill, const json& args, const json& kwargs = json::object()) {
  auto bound = bind_arguments(skill, args, kwargs);
  if (!bound) return bound.error().message;
  return skill.function.run(CallContext(), *bound);
}

TEST(SkillTable, AClassStandsInFrontOrIsTheSpokes) {
  EXPECT_EQ(made("a()", [] {}).path(), "SpokeSkill.a");
  const Skill skill = made("MusicSkill.play(name: str, volume: int = 50) -> str",
                           [](const std::string& name, int) { return name; }, {.confirm = true});
  EXPECT_EQ(skill.path(), "MusicSkill.play");
  EXPECT_EQ(skill.registration, json::parse(R"({"class_name":"MusicSkill","function_name":"play","confirm":true,
    "signature":"play(name: str, volume: int = 50) -> str","docstring":""})"));
}

TEST(SkillTable, WhatIsNoSignatureIsRefused) {
  EXPECT_EQ(refusal("a", [] {}), "expected '(' at byte 1");
  EXPECT_EQ(refusal("Two Words.a()", [] {}), "no class name: Two Words");
  EXPECT_NE(refusal("a(b, b)", [](int, int) {}), "none");
  EXPECT_NE(refusal("a(b=1, c)", [](int, int) {}), "none");
}

TEST(SkillTable, TheNumberOfParametersIsCompared) {
  EXPECT_EQ(refusal("a(b: int)", [] {}), "it has 1 parameters, and the function takes 0");
  EXPECT_EQ(refusal("a()", [](int) {}), "it has 0 parameters, and the function takes 1");
  EXPECT_EQ(refusal("a(b: int)", [](const CallContext&, int) {}), "none");
}

TEST(SkillTable, ATypeMustTakeWhatTheSignatureLetsThrough) {
  EXPECT_EQ(refusal("a(b: str)", [](int) {}), "the signature's b may be a str, and the function's may not");
  EXPECT_EQ(refusal("a(b: float)", [](int) {}), "the signature's b may be a float, and the function's may not");
  EXPECT_EQ(refusal("a(b: int)", [](double) {}), "none");
  EXPECT_EQ(refusal("a(b: int | None)", [](int) {}), "the signature's b may be None, and the function's may not");
  EXPECT_EQ(refusal("a(b: int | None = None)", [](std::optional<int>) {}), "none");
  EXPECT_EQ(refusal("a(b: list[str])", [](const std::vector<std::string>&) {}), "none");
  EXPECT_EQ(refusal("a(b: dict)", [](const std::map<std::string, json>&) {}), "none");
  EXPECT_EQ(refusal("a(b: Literal['on', 'off'])", [](const std::string&) {}), "none");
  EXPECT_EQ(refusal("a(b: Literal['on', 1])", [](const std::string&) {}), "the function's b does not take 1");
  EXPECT_EQ(refusal("a(b)", [](const json&) {}), "none");
  EXPECT_EQ(refusal("a(b)", [](int) {}), "none") << "without an annotation the function decides";
  EXPECT_EQ(refusal("a(b: int = 300)", [](std::int8_t) {}), "the function's b does not take its default 300");
  EXPECT_EQ(refusal("a(b: int = f())", [](int) {}),
            "the default of b is no literal: write a number, a text, True, False or None");
}

TEST(SkillTable, ArgumentsAreBoundAsPythonDoesIt) {
  const Skill skill = made("a(b: int, c: str = 'x', *, d: bool = False) -> str",
                           [](int b, const std::string& c, bool d) { return std::to_string(b) + c + (d ? "!" : ""); });
  EXPECT_EQ(called(skill, {1}), "1x");
  EXPECT_EQ(called(skill, {1, "y"}), "1y");
  EXPECT_EQ(called(skill, json::array(), {{"b", 2}, {"d", true}}), "2x!");
  EXPECT_EQ(called(skill, {5.0}), "5x") << "a whole number, whichever way it is written";
  EXPECT_EQ(called(skill, json::array()), "the argument b is missing");
  EXPECT_EQ(called(skill, {1}, {{"b", 2}}), "the argument b is given twice");
  EXPECT_EQ(called(skill, {1, "y", true}), "there are 3 arguments without a name, and SpokeSkill.a takes 2");
  EXPECT_EQ(called(skill, {1}, {{"e", 2}}), "SpokeSkill.a has no parameter to be given by name: e");
  EXPECT_EQ(called(skill, {"y"}), "the argument at /b must be a whole number and is text");
  EXPECT_EQ(called(skill, 5), "args must be an array");
  EXPECT_EQ(called(skill, nullptr, 5), "kwargs must be an object");
}

TEST(SkillTable, StarsGatherTheRest) {
  const Skill skill = made("a(b: int, *rest: int, **named) -> list",
                           [](int b, const Numbers& rest, const std::map<std::string, json>& named) {
                             return json{b, rest, named};
                           });
  EXPECT_EQ(called(skill, {1}), json::parse("[1,[],{}]"));
  EXPECT_EQ(called(skill, {1, 2, 3}, {{"x", 4}}), json::parse(R"([1,[2,3],{"x":4}])"));
}

TEST(SkillTable, ANumberThatItsTypeCannotHoldIsAnError) {
  const Skill small = made("a(b: int)", [](std::uint8_t b) { return b; });
  EXPECT_EQ(called(small, {255}), 255);
  EXPECT_THROW(called(small, {256}), std::invalid_argument);
  EXPECT_THROW(called(small, {-1}), std::invalid_argument);
  const Skill large = made("a(b: int)", [](std::int64_t b) { return b; });
  EXPECT_EQ(called(large, {std::numeric_limits<std::int64_t>::min()}), std::numeric_limits<std::int64_t>::min());
  EXPECT_THROW(called(large, {std::numeric_limits<std::uint64_t>::max()}), std::invalid_argument);
}

TEST(SkillTable, ResultsAreJson) {
  EXPECT_EQ(called(made("a()", [] {}), json::array()), nullptr);
  EXPECT_EQ(called(made("a()", [] { return std::optional<int>(); }), json::array()), nullptr);
  EXPECT_EQ(called(made("a()", [] { return std::optional<int>(3); }), json::array()), 3);
  EXPECT_EQ(called(made("a()", [] { return Numbers{1, 2}; }), json::array()), json({1, 2}));
}

TEST(SkillTable, ADeviceHasSoManySkillsAndNoMore) {
  SkillTable table;
  for (std::size_t i = 0; i < skills_max; ++i) table.add(made("a" + std::to_string(i) + "()", [] {}));
  EXPECT_NO_THROW(table.add(made("a0()", [] {}))) << "the latest of a path stands";
  EXPECT_THROW(table.add(made("one_more()", [] {})), std::invalid_argument);
  EXPECT_EQ(table.registration().size(), skills_max);
}

}  // namespace
}  // namespace strawberry::sdk
