#include "bridge/rules/wording.h"

#include <gtest/gtest.h>

namespace strawberry::bridge::rules {
namespace {

using nlohmann::json;

Made made(const std::string& function, json arguments = json::object(), bool only_tells = false) {
  return {"Skill", function, "Kitchen Light", std::move(arguments), only_tells};
}

std::string told(const Made& made, json result, Language language = Language::english) {
  return tell(made, {{"result", std::move(result)}}, language);
}

TEST(Wording, TextIsTheSkillsOwn) {
  EXPECT_EQ(told(made("play_song", {{"name", "Hey Jude"}}), "Playing Hey Jude"), "Playing Hey Jude on Kitchen Light");
  EXPECT_EQ(told(made("play_song"), "Playing on Kitchen Light"), "Playing on Kitchen Light") << "it says where";
  EXPECT_EQ(told(made("turn_on"), "The lamp is on"), "Kitchen Light: The lamp is on");
  EXPECT_EQ(told(made("turn_on"), "Lampe wurde angeschaltet", Language::german),
            "Kitchen Light: Lampe wurde angeschaltet");
  EXPECT_EQ(told(made("play_song"), "Playing This Hasn't Ended"), "Playing This Hasn't Ended on Kitchen Light");
  EXPECT_EQ(told(made("play_song"), "It plays."), "It plays.") << "a whole sentence stays as it is";
  EXPECT_EQ(told(made("get_weather", {}, true), "Sunny"), "Sunny") << "what only tells did nothing there";
}

TEST(Wording, WhatWasDoneIsSaidInShort) {
  EXPECT_EQ(told(made("turn_on"), nullptr), "Done: turn on Kitchen Light.");
  EXPECT_EQ(told(made("set_brightness", {{"level", 40}}), true), "Done: set brightness 40 on Kitchen Light.");
  EXPECT_EQ(told(made("turn_on"), false), "Turn on Kitchen Light: it answered no.");
  EXPECT_EQ(told(made("turn_on"), nullptr, Language::german), "Erledigt: turn on Kitchen Light.");
}

TEST(Wording, NumbersListsAndObjectsAreWords) {
  EXPECT_EQ(told(made("get_temperature", {}, true), 21.5), "Temperature on Kitchen Light: 21.5");
  EXPECT_EQ(told(made("get_temperature", {}, true), 21.0), "Temperature on Kitchen Light: 21");
  EXPECT_EQ(told(made("get_temperature", {}, true), 21.5, Language::german), "Temperature auf Kitchen Light: 21,5");
  EXPECT_EQ(told(made("is_on", {}, true), true), "Kitchen Light is on: yes");
  EXPECT_EQ(told(made("list_songs", {}, true), {"a", "b"}), "Songs on Kitchen Light: a, b");
  EXPECT_EQ(told(made("read_climate", {}, true), {{"air_humidity", 40}, {"is_open", false}}),
            "Climate on Kitchen Light: air humidity: 40, is open: no");
  EXPECT_EQ(told(made("list_songs", {}, true), json::array()), "Songs on Kitchen Light: nothing");
}

TEST(Wording, FailureIsRecognised) {
  for (const auto language : {Language::english, Language::german}) {
    for (const char* code : {"device_offline", "timeout", "skill_error", "busy", "ambiguous", ""})
      EXPECT_TRUE(tells_failure(tell(made("turn_on"), {{"error", {{"code", code}, {"message", "x"}}}}, language)))
          << code;
    EXPECT_TRUE(tells_failure(tell(made("turn_on"), json("rubbish"), language)));
    EXPECT_FALSE(tells_failure(tell(made("turn_on"), {{"result", nullptr}}, language)));
  }
}

TEST(Wording, ResultsAreDataAndBounded) {
  EXPECT_EQ(told(made("say"), "a\x1b[31m"), "a\\x1b[31m on Kitchen Light");
  EXPECT_LT(told(made("say"), std::string(100'000, 'x')).size(), 2100U);
  EXPECT_LT(told(made("say"), json(std::vector<int>(10'000, 1))).size(), 300U);
  EXPECT_EQ(tell(made("turn_on"), {{"result", nullptr}, {"truncated", 7}}, Language::english),
            "Done: turn on Kitchen Light.");
}

}  // namespace
}  // namespace strawberry::bridge::rules
