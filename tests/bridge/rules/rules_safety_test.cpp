#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bridge/llm/rules_provider.h"
#include "bridge/rules/manner.h"
#include "tests/bridge/rules/household.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;
using rules::Manner;
using test::device;
using test::make_tool;
using testing::HasSubstr;

struct HowSaid {
  const char* sentence;
  Manner manner;
};

class MannerOf : public testing::TestWithParam<HowSaid> {};

TEST_P(MannerOf, Sentence) {
  const auto sentence = rules::read_sentence(GetParam().sentence);
  EXPECT_EQ(rules::how_said(sentence, 0, sentence.words.size()).manner, GetParam().manner) << GetParam().sentence;
}

INSTANTIATE_TEST_SUITE_P(
    Table, MannerOf,
    testing::Values(
        HowSaid{"turn on the lamp", Manner::command}, HowSaid{"could you turn on the lamp?", Manner::command},
        HowSaid{"would you mind turning the lamp on?", Manner::command},
        HowSaid{"turn on the lamp please?", Manner::command},
        HowSaid{"I would like you to turn on the lamp", Manner::command},
        HowSaid{"I want the lamp on", Manner::command}, HowSaid{"lights off", Manner::command},
        HowSaid{"in the kitchen, turn on the light", Manner::command}, HowSaid{"play What Is Love", Manner::command},
        HowSaid{"Speaker, could you pause?", Manner::command}, HowSaid{"the light's colour to red", Manner::command},
        HowSaid{"is the lamp on", Manner::question}, HowSaid{"please, is the lamp on", Manner::question},
        HowSaid{"turn on the lamp?", Manner::question}, HowSaid{"would you like the lamp on?", Manner::question},
        HowSaid{"can I turn on the lamp", Manner::question}, HowSaid{"do you turn on the lamp", Manner::question},
        HowSaid{"any lights on", Manner::question}, HowSaid{"the lamp is on", Manner::statement},
        HowSaid{"the lamp's on", Manner::statement}, HowSaid{"there is a lamp on", Manner::statement},
        HowSaid{"I turn on the lamp", Manner::statement}, HowSaid{"I think the lamp turns on", Manner::statement},
        HowSaid{"you turned on the lamp", Manner::statement},
        HowSaid{"my brother said unlock the door", Manner::statement},
        HowSaid{"don't turn on the lamp", Manner::statement}, HowSaid{"do not turn on the lamp", Manner::statement},
        HowSaid{"", Manner::statement}));

ModelReply say(const std::string& sentence, std::vector<Tool> tools) {
  ModelRequest request;
  request.messages = json::array({{{"role", "user"}, {"content", sentence}}});
  request.tools = std::move(tools);
  return RulesProvider().answer(request);
}

std::string calls_of(const ModelReply& reply) {
  std::string text;
  for (const auto& call : reply.tool_calls)
    text += (text.empty() ? "" : " + ") + call.name.substr(call.name.find('-') + 1) + " " + call.arguments;
  return text.empty() ? "-" : text;
}

/// One lamp, so that nothing has to be asked about which; its docstrings hold the words that statements use.
std::vector<Tool> one_lamp() {
  const auto lamp = device("l", "Kitchen Lamp", "kitchen_lamp");
  return {make_tool("LightSkill", "turn_on()", "Turn the light on when it is turned off.", {lamp}),
          make_tool("LightSkill", "turn_off()", "Turn the lights off if they are on.", {lamp}),
          make_tool("LightSkill", "set_brightness(level: int)", "The brightness, from 5 to 80.", {lamp}),
          make_tool("LightSkill", "is_on() -> bool", "Whether the light is on.", {lamp}),
          make_tool("OvenSkill", "set_temperature(degrees: int)", "The oven's temperature.", {lamp}),
          make_tool("PlantSkill", "water() -> str", "Waters the plants.", {lamp}),
          make_tool("DoorSkill", "lock()", "Lock the door, or open it.", {device("d", "Door", "door")})};
}

class NotActedOn : public testing::TestWithParam<const char*> {};

TEST_P(NotActedOn, NothingIsCalledThatChangesSomething) {
  for (const auto& call : say(GetParam(), one_lamp()).tool_calls) EXPECT_EQ(call.name, "LightSkill-is_on");
  EXPECT_EQ(calls_of(say(GetParam(), test::household())), "-");
}

constexpr const char* not_commands[] = {
    "is the lamp on?",
    "are the lights off?",
    "the kitchen lights are on",
    "is there a lamp on",
    "temperature 20?",
    "the kitchen lamp turned on",
    "the kitchen lamp turns on",
    "the kitchen lamp's on",
    "the light turned off by itself",
    "kitchen light turned on",
    "lights on?",
    "any lights on",
    "which lights are on",
    "no lights on",
    "the light is not on",
    "I turn on the kitchen light",
    "we turned off the lights",
    "can the kitchen light be off",
    "will the kitchen light turn off",
    "did you turn on the kitchen light",
    "have you turned off the light",
    "should the kitchen light be on?",
    "turn on the kitchen light?",
    "turn on the kitchen light if I am home",
    "turn on the kitchen light when it is turned off",
    "turn the kitchen light on or off",
    "the brightness is 40",
    "is the brightness 40",
    "brightness 40?",
    "the temperature is 20",
    "how do you water the plants",
    "what is the water",
    "the door lock is open",
    "door lock is open",
    "the speaker plays Yesterday",
    "the living room speaker plays Yesterday",
    "tell me whether the light is on or off",
};
INSTANTIATE_TEST_SUITE_P(Table, NotActedOn, testing::ValuesIn(not_commands));

TEST(RulesSafety, AQuestionIsAnsweredByASkillThatOnlyTells) {
  EXPECT_EQ(calls_of(say("is the light on?", one_lamp())), "is_on {}");
}

TEST(RulesSafety, PoliteRequestsAct) {
  for (const char* sentence :
       {"could you turn on the lamp?", "can you turn the light on", "would you mind turning on the lamp?",
        "I would like you to turn on the light", "I want the lamp on", "turn on the lamp, please?",
        "would you be so kind as to turn on the light?", "please switch the light on"})
    EXPECT_EQ(calls_of(say(sentence, {one_lamp().at(0)})), "turn_on {}") << sentence;
}

TEST(RulesSafety, ANumberInAnotherUnitIsAskedAbout) {
  for (const char* sentence :
       {"set temperature to 70 fahrenheit", "set the temperature to 70F", "set the temperature to 70 degrees F",
        "set the temperature to 70°F", "set temperature to 21 kelvin", "set the temperature to 50%",
        "set the temperature to 50 euros", "set the temperature to 20 minutes", "set the temperature to 20 bananas"}) {
    const auto reply = say(sentence, test::household());
    EXPECT_EQ(calls_of(reply), "-") << sentence;
    EXPECT_TRUE(reply.understood) << sentence << ": " << reply.content;
  }
  EXPECT_THAT(say("set temperature to 70 fahrenheit", test::household()).content, HasSubstr("°C"));
  EXPECT_THAT(say("set the volume to 30 bananas", test::household()).content, HasSubstr("\"bananas\""));
  for (const char* sentence :
       {"set temperature to 21 degrees", "set the temperature to 21°C", "set the temperature to 21C",
        "set temperature to 21 degrees celsius", "set temperature to 21 centigrade"})
    EXPECT_EQ(calls_of(say(sentence, test::household())), R"(set_temperature {"degrees":21.0})") << sentence;
  const auto oven = device("o", "Oven", "oven");
  EXPECT_EQ(calls_of(say("set temperature to 350 fahrenheit",
                         {make_tool("OvenSkill", "set_temperature(degrees: int)", "In Fahrenheit.", {oven})})),
            R"(set_temperature {"degrees":350})");
}

TEST(RulesSafety, ARangeInTheDocstringIsKept) {
  EXPECT_EQ(calls_of(say("set the brightness to 80", one_lamp())), R"(set_brightness {"level":80})");
  EXPECT_EQ(calls_of(say("set the brightness to 5", one_lamp())), R"(set_brightness {"level":5})");
  for (const char* sentence : {"set the brightness to 81", "set the brightness to 4", "brightness -1"})
    EXPECT_EQ(calls_of(say(sentence, one_lamp())), "-") << sentence;
  EXPECT_THAT(say("set the brightness to 81", one_lamp()).content, HasSubstr("level goes from 5 to 80, not 81"));
}

TEST(RulesSafety, RangesAreReadAsTheyAreWritten) {
  const auto fan = device("f", "Fan", "fan");
  for (const char* docstring :
       {"The speed, 1-3.", "Speed (1–3)", "Speed from 1 to 3.", "Between 1 and 3", "speed 1..3",
        "The speed.\n\nspeed: 1 to 3", "Speed, minimum 1, maximum 3", "at least 1 and at most 3"}) {
    const std::vector<Tool> tools = {make_tool("FanSkill", "set_speed(speed: int)", docstring, {fan})};
    EXPECT_EQ(calls_of(say("set the fan speed to 3", tools)), R"(set_speed {"speed":3})") << docstring;
    EXPECT_EQ(calls_of(say("set the fan speed to 4", tools)), "-") << docstring;
    EXPECT_EQ(calls_of(say("set the fan speed to 0", tools)), "-") << docstring;
  }
}

TEST(RulesSafety, DecimalCommasAreRead) {
  EXPECT_EQ(calls_of(say("set the temperature to 21,5", test::household())), R"(set_temperature {"degrees":21.5})");
  EXPECT_EQ(calls_of(say("set the temperature to 21,5 degrees", test::household())),
            R"(set_temperature {"degrees":21.5})");
}

}  // namespace
}  // namespace strawberry::bridge
