/// The demo's speaker in a whole hub: a call that is delivered twice is played once.
#include <gtest/gtest.h>

#include "tests/support/hub_process.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

ChildProcess::Options speaker_of(const HubProcess& hub) {
  ChildProcess::Options options;
  options.argv = {STRAWBERRY_DEMO_PATH,
                  "speaker",
                  "--data-dir",
                  hub.files().directory().path(),
                  "--host",
                  "127.0.0.1",
                  "--port",
                  std::to_string(hub.port())};
  return options;
}

TEST(DemoSpeaker, EndsWhenASecondOneTakesItsPlace) {
  HubProcess hub;
  ChildProcess first(speaker_of(hub));
  ASSERT_TRUE(first.wait_for_output("offers MusicControlSkill", 10s)) << first.output();
  ChildProcess second(speaker_of(hub));
  ASSERT_TRUE(second.wait_for_output("offers MusicControlSkill", 10s)) << second.output();
  EXPECT_EQ(first.wait_for_exit(20s), 1) << first.output();
  EXPECT_NE(first.output().find("it runs twice"), std::string::npos) << first.output();
  EXPECT_TRUE(second.is_running());
}

TEST(DemoSpeaker, PlaysACallOnceThoughItIsMadeAgainAfterACrashOfTheBridge) {
  HubProcess hub;
  ChildProcess speaker(speaker_of(hub));
  ASSERT_TRUE(speaker.wait_for_output("offers MusicControlSkill", 10s)) << speaker.output();
  auto person = hub.user("demo");
  const auto play = [&](const std::string& song, const std::string& correlation_id) {
    return person->ask("skills", {{"op", "call"},
                                  {"skill_path", "living_room_speaker.MusicControlSkill.play_song"},
                                  {"args", {song}},
                                  {"correlation_id", correlation_id}});
  };
  const auto first = play("Take On Me", "pressed twice");
  EXPECT_EQ(first.value("result", json()), "Playing Take On Me") << first.dump();

  hub.kill_bridge();  // and with it its memory of answered requests
  hub.start_bridge();
  EXPECT_EQ(play("Take On Me", "pressed twice"), first);
  EXPECT_EQ(play("Help", "another").value("result", json()), "Playing Help");

  ASSERT_TRUE(speaker.wait_for_output("Help", 5s));
  const auto heard = speaker.output();
  EXPECT_EQ(heard.find("Take On Me"), heard.rfind("Take On Me")) << heard;
}

}  // namespace
}  // namespace strawberry::test
