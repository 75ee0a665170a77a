// Rooms that devices are in, as the rules see them: their names say nothing of where they are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bridge/llm/rules_provider.h"
#include "common/contract/device_name.h"
#include "tests/bridge/rules/household.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;
using test::make_tool;
using testing::HasSubstr;

OfferingDevice placed(const std::string& id, const std::string& name, const std::string& room,
                      std::vector<std::string> aliases = {}) {
  return {id, name, normalize_device_name(name), true, room, normalize_device_name(room), std::move(aliases)};
}

/// `with_lamp`: one more, in no room, that is called as all are.
std::vector<Tool> rooms(bool with_lamp) {
  std::vector<OfferingDevice> lights = {
      placed("1", "Ceiling Light", "Kitchen"), placed("2", "Ceiling Light 2", "Bedroom"),
      placed("3", "Globe", "Living Room", {"moon_lamp"}), placed("4", "Kitchen Radio Light", "Hall")};
  if (with_lamp) lights.push_back(placed("7", "Lamp", ""));
  const std::vector<OfferingDevice> speakers = {placed("5", "Box", "Kitchen"), placed("6", "Tower", "Büro")};
  return {make_tool("LightSkill", "turn_on()", "Turn the light on.", lights, true),
          make_tool("LightSkill", "turn_off()", "Turn the light off.", lights, true),
          make_tool("MusicSkill", "play_song(song: str)", "Play a song.", speakers, true)};
}

ModelReply say(const std::vector<std::string>& sentences, const std::string& answered = {}, bool with_lamp = false) {
  ModelRequest request;
  request.messages = json::array();
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    if (i > 0) request.messages.push_back({{"role", "assistant"}, {"content", answered}});
    request.messages.push_back({{"role", "user"}, {"content", sentences[i]}});
  }
  request.tools = rooms(with_lamp);
  return RulesProvider().answer(request);
}

std::string called(const ModelReply& reply) {
  std::string text;
  for (const auto& call : reply.tool_calls) {
    const auto arguments = json::parse(call.arguments);
    text += (text.empty() ? "" : " + ") + call.name.substr(call.name.find('-') + 1) + "@" +
            arguments.value("device", std::string("-"));
  }
  return text.empty() ? "-" : text;
}

struct Case {
  const char* sentence;
  const char* calls;
};

class Rooms : public testing::TestWithParam<Case> {};

TEST_P(Rooms, ChooseTheDevice) {
  for (const bool with_lamp : {false, true}) {
    const auto reply = say({GetParam().sentence}, {}, with_lamp);
    EXPECT_EQ(called(reply), GetParam().calls) << reply.content << (with_lamp ? " (with a lamp)" : "");
  }
}

INSTANTIATE_TEST_SUITE_P(OfTheHousehold, Rooms,
                         testing::Values(Case{"turn on the light in the kitchen", "turn_on@ceiling_light"},
                                         Case{"turn off the kitchen light", "turn_off@ceiling_light"},
                                         Case{"kitchen lights off", "turn_off@ceiling_light"},
                                         Case{"in the bedroom, turn on the light", "turn_on@ceiling_light_2"},
                                         Case{"turn on the ceiling light in the bedroom", "turn_on@ceiling_light_2"},
                                         Case{"turn on the bedroom ceiling light", "turn_on@ceiling_light_2"},
                                         Case{"turn on the ceiling light in the living room", "-"},
                                         Case{"turn on the light in the living room", "turn_on@globe"},
                                         Case{"turn on the globe in the living room", "turn_on@globe"},
                                         Case{"turn on the moon lamp", "turn_on@globe"},
                                         Case{"turn on the lights in the kitchen and the bedroom",
                                              "turn_on@ceiling_light + turn_on@ceiling_light_2"},
                                         Case{"turn on the light in the cellar", "-"},
                                         Case{"play Yesterday in the kitchen", "play_song@box"},
                                         Case{"mach das Licht in der Küche an", "turn_on@ceiling_light"},
                                         Case{"schalte das Licht im Schlafzimmer aus", "turn_off@ceiling_light_2"},
                                         Case{"spiele Yesterday im Büro", "play_song@tower"}));

TEST(RoomsAsked, AQuestionNamesTheChoicesWithTheirRooms) {
  const auto reply = say({"turn on the light"});
  EXPECT_EQ(called(reply), "-");
  EXPECT_THAT(reply.content, HasSubstr("Ceiling Light (Kitchen)"));
  EXPECT_THAT(reply.content, HasSubstr("Globe (Living Room)"));
  EXPECT_EQ(called(say({"turn on the light", "the one in the kitchen"}, reply.content)), "turn_on@ceiling_light");
}

}  // namespace
}  // namespace strawberry::bridge
