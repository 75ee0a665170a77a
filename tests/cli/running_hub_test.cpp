/// strawberryctl against a running hub: everything that scripts/run starts, with the demo's speaker and tablet.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "common/identity/token.h"
#include "tests/cli/hub_run.h"
#include "tests/support/free_port.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;
using test::ChildProcess;
using test::count_lines;
using test::Finished;
using test::HubRun;
using testing::Test;

constexpr std::chrono::seconds patience{10};
constexpr const char* speaker = "living_room_speaker.MusicControlSkill.";

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// One hub for all of these tests; each restores it, or adds only what no other test checks.
class RunningHub : public Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = std::make_unique<test::TempDir>();
    hub_ = std::make_unique<HubRun>(data_dir(), test::free_port());
  }
  static void TearDownTestSuite() {
    hub_.reset();
    directory_.reset();
  }
  static std::filesystem::path data_dir() { return directory_->path() / "var"; }

  static Finished ctl(std::vector<std::string> words, std::string input = {}) {
    words.insert(words.begin(), {"--data-dir", data_dir().string()});
    return test::control(std::move(words), std::move(input));
  }
  static json ctl_json(std::vector<std::string> words) {
    words.insert(words.begin(), "--json");
    const Finished done = ctl(std::move(words));
    EXPECT_EQ(done.code, 0) << done.output;
    return json::parse(done.output, nullptr, false);
  }
  static std::unique_ptr<ChildProcess> start_tail(std::vector<std::string> words) {
    ChildProcess::Options options;
    options.argv = {STRAWBERRYCTL_PATH, "--data-dir", data_dir().string(), "tail"};
    options.argv.insert(options.argv.end(), words.begin(), words.end());
    return std::make_unique<ChildProcess>(std::move(options));
  }

  static std::unique_ptr<test::TempDir> directory_;
  static std::unique_ptr<HubRun> hub_;
};
std::unique_ptr<test::TempDir> RunningHub::directory_;
std::unique_ptr<HubRun> RunningHub::hub_;

TEST_F(RunningHub, ShowsTheJobBeingDone) {
  const std::string shown = hub_->output();
  EXPECT_TRUE(contains(shown, "Living Room Speaker  → connects, offers MusicControlSkill")) << shown;
  EXPECT_TRUE(contains(shown, "Kitchen Tablet       ← living_room_speaker has play_song(")) << shown;
  EXPECT_TRUE(contains(shown, "♪ Take On Me  (volume 30)")) << shown;
  EXPECT_TRUE(contains(shown, "♪ Never Gonna Give You Up  (volume 50)")) << shown;
  EXPECT_TRUE(contains(shown, "hub (rules)")) << shown;
  EXPECT_FALSE(contains(shown, "\x1b")) << "colours in a pipe";
}

TEST_F(RunningHub, KeepsItsDataToItsOwner) {
  EXPECT_EQ(test::mode_of(data_dir()), 0700u);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(data_dir())) {
    // The broker also gives its socket to the group; the directory keeps all others out.
    const unsigned others = entry.is_socket() ? 0007u : 0077u;
    EXPECT_EQ(test::mode_of(entry.path()) & others, 0u) << entry.path();
  }
}

TEST_F(RunningHub, ShowsNoTokenInLogsOutputOrArguments) {
  ASSERT_EQ(ctl({"device", "list"}).code, 0);
  EXPECT_FALSE(contains(hub_->output(), "eyJ"));
  for (const auto& entry : std::filesystem::directory_iterator(data_dir() / "log")) {
    EXPECT_FALSE(contains(test::content_of(entry.path()), "eyJ")) << entry.path();
  }
  for (const char* name : {"broker", "bridge", "demo"}) {
    const std::string process = "/proc/" + std::to_string(hub_->pid(name));
    EXPECT_FALSE(contains(test::content_of(process + "/cmdline"), "eyJ")) << name;
    EXPECT_FALSE(contains(test::content_of(process + "/environ"), "eyJ")) << name;
  }
}

TEST_F(RunningHub, ListsTheDevices) {
  const json listed = ctl_json({"device", "list", "--user", "demo"});
  std::map<std::string, bool> online;
  for (const json& entry : listed.at("devices")) {
    online[entry.at("name").get<std::string>()] = entry.at("online").get<bool>();
  }
  EXPECT_EQ(online, (std::map<std::string, bool>{{"Kitchen Tablet", false}, {"Living Room Speaker", true}}));
  const Finished table = ctl({"device", "list"});
  EXPECT_TRUE(contains(table.output, "DEVICE ID")) << table.output;
  EXPECT_TRUE(contains(table.output, "Living Room Speaker  demo  online")) << table.output;
}

TEST_F(RunningHub, AddsADeviceWithATokenThatWorks) {
  const json added = ctl_json({"device", "add", "Hallway Lamp", "--user", "bob"});
  const std::string id = added.at("device_id").get<std::string>();
  const auto keys = KeySet::load(data_dir() / "keys.json");
  const auto claims = verify_token(*keys, added.at("access_token").get<std::string>(), SystemClock().wall_now());
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->principal, (Principal{PrincipalType::device, id, "bob"}));

  EXPECT_EQ(ctl({"token", "issue", "--device", id}).code, 0);
  EXPECT_EQ(ctl({"skills", "--as-device", id}).code, 0);
  const Finished revoked = ctl({"device", "revoke", "hallway_lamp", "--user", "bob"});
  EXPECT_EQ(revoked.code, 0) << revoked.output;
  EXPECT_EQ(ctl({"token", "issue", "--device", id}).code, 2);
  const json restored = ctl_json({"device", "restore", id});
  EXPECT_EQ(restored.at("device_id"), id);
  EXPECT_EQ(ctl({"skills", "--as-device", id}).code, 0) << "it is back";
  const Finished renamed = ctl({"device", "rename", id, "Stairs Lamp"});
  EXPECT_EQ(renamed.output, "renamed Hallway Lamp (" + id + ") to Stairs Lamp\n");
  EXPECT_EQ(ctl({"device", "delete", id}).code, 2) << "nobody said --yes";
  EXPECT_EQ(ctl({"device", "delete", id, "--yes"}).code, 0);
  EXPECT_EQ(ctl({"device", "delete", id, "--yes"}).code, 2);
  EXPECT_EQ(ctl_json({"device", "list", "--user", "bob"}).at("total"), 0);
}

/// The hub knows its devices: a command only needs a key to act as its admin.
TEST_F(RunningHub, DeviceCommandsNeedNoDatabase) {
  const std::filesystem::path keys_alone = directory_->path() / "keys-alone";
  std::filesystem::create_directory(keys_alone);
  for (const char* name : {"keys.json", "endpoint"}) std::filesystem::copy_file(data_dir() / name, keys_alone / name);
  const auto from_there = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"--data-dir", keys_alone.string()});
    return test::control(std::move(words));
  };
  const Finished added = from_there({"device", "add", "Attic Lamp", "--user", "dora"});
  ASSERT_EQ(added.code, 0) << added.output;
  const Finished renamed = from_there({"device", "rename", "attic_lamp", "Roof Lamp", "--user", "dora"});
  EXPECT_EQ(renamed.code, 0) << renamed.output;
  EXPECT_TRUE(contains(from_there({"device", "list", "--user", "dora"}).output, "Roof Lamp"));
  EXPECT_EQ(from_there({"device", "revoke", "Roof Lamp"}).code, 0);
  EXPECT_EQ(from_there({"device", "restore", "Roof Lamp"}).code, 0);
  EXPECT_EQ(from_there({"device", "delete", "Roof Lamp", "--yes"}).code, 0);
  const Finished unknown = from_there({"device", "delete", "Roof Lamp", "--yes"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_TRUE(contains(unknown.output, "there is no device 'Roof Lamp'")) << unknown.output;
}

TEST_F(RunningHub, AddWritesTheTokenToAFileOnRequest) {
  const std::string file = directory_->file("lamp.token");
  const Finished added = ctl({"device", "add", "Desk Lamp", "--user", "carol", "--output", file});
  EXPECT_EQ(added.code, 0) << added.output;
  EXPECT_FALSE(contains(added.output, "eyJ"));
  EXPECT_EQ(test::mode_of(file), 0600u);
  EXPECT_TRUE(contains(added.output, "user       carol, who is new")) << added.output;
  EXPECT_TRUE(contains(added.output, "valid      until ")) << added.output;
  EXPECT_EQ(ctl({"device", "delete", "desk_lamp", "--user", "carol", "--yes"}).code, 0);
}

TEST_F(RunningHub, RegistersNoDeviceWhoseTokenHasNowhereToGo) {
  const std::string file = directory_->file("taken.token");
  std::ofstream(file) << "precious";
  const std::string no_directory = file + "/below";
  for (const std::vector<std::string>& where : std::vector<std::vector<std::string>>{
           {"--output", file}, {"--output", directory_->file("no/such.token")}, {"--mosquitto", no_directory}}) {
    std::vector<std::string> words{"device", "add", "Lost Lamp", "--user", "erin"};
    words.insert(words.end(), where.begin(), where.end());
    const Finished refused = ctl(words);
    EXPECT_EQ(refused.code, 4) << refused.output;
    EXPECT_EQ(count_lines(refused.output), 1u) << refused.output;
  }
  EXPECT_EQ(test::content_of(file), "precious");
  EXPECT_FALSE(contains(ctl({"device", "list"}).output, "Lost Lamp"));

  EXPECT_EQ(ctl({"device", "add", "Lost Lamp", "--user", "erin"}).code, 0);
  EXPECT_EQ(ctl({"device", "revoke", "Lost Lamp", "--user", "erin"}).code, 0);
  EXPECT_EQ(ctl({"device", "restore", "Lost Lamp", "--user", "erin", "--output", file}).code, 4);
  const json listed = ctl_json({"device", "list", "--user", "erin"});
  EXPECT_EQ(listed.at("devices").at(0).at("is_active"), false) << listed;
  EXPECT_EQ(ctl({"device", "delete", "Lost Lamp", "--user", "erin", "--yes"}).code, 0);
}

TEST_F(RunningHub, ADeviceWhoseTokenCouldNotBeWrittenIsNamedWithTheWayToAToken) {
  const std::filesystem::path directory = directory_->path() / "half";
  std::filesystem::create_directories(directory / "mosquitto_rr" / "in the way");
  std::filesystem::permissions(directory, std::filesystem::perms(0700));
  const Finished added = ctl({"device", "add", "Half Lamp", "--user", "erin", "--mosquitto", directory.string()});
  EXPECT_EQ(added.code, 4) << added.output;
  const json listed = ctl_json({"device", "list", "--user", "erin"});
  ASSERT_EQ(listed.at("total"), 1) << listed;
  const auto id = listed.at("devices").at(0).at("device_id").get<std::string>();
  EXPECT_TRUE(contains(added.output, "the device " + id +
                                         " is registered: get it a token with 'strawberryctl token "
                                         "issue --device " +
                                         id + "'"))
      << added.output;
  EXPECT_EQ(ctl({"device", "revoke", id}).code, 0);
  const Finished restored = ctl({"device", "restore", id, "--mosquitto", directory.string()});
  EXPECT_EQ(restored.code, 4) << restored.output;
  EXPECT_TRUE(contains(restored.output, "the device " + id + " is active again: ")) << restored.output;
  EXPECT_EQ(ctl({"device", "delete", id, "--yes"}).code, 0);
}

/// The hub issues it later, when nobody waits any more.
TEST_F(RunningHub, ATokenIsNotMadeTwiceWhenTheAnswerIsLate) {
  const auto tokens = [] { return ctl_json({"token", "list", "--user", "demo", "--all"}).at("total").get<int>(); };
  const int before = tokens();
  const int bridge = hub_->pid("bridge");
  ASSERT_EQ(::kill(bridge, SIGSTOP), 0);
  const Finished late = ctl({"token", "issue", "--user", "demo", "--timeout", "500ms"});
  ASSERT_EQ(::kill(bridge, SIGCONT), 0);
  EXPECT_EQ(late.code, 3) << late.output;
  EXPECT_TRUE(contains(late.output, "the hub may have issued the token: see 'strawberryctl token list'"))
      << late.output;
  EXPECT_FALSE(contains(late.output, "eyJ"));
  EXPECT_LE(tokens(), before + 1);
}

TEST_F(RunningHub, CallPrintsWhatTheSkillReturns) {
  const Finished played = ctl({"call", std::string(speaker) + "play_song", "Yesterday", "volume=20", "--user", "demo"});
  EXPECT_EQ(played.code, 0);
  EXPECT_EQ(played.output, "Playing Yesterday\n");
  EXPECT_TRUE(hub_->script().wait_for_output("♪ Yesterday  (volume 20)", patience));
  EXPECT_EQ(ctl_json({"call", "MusicControlSkill.stop", "--user", "demo"}), "Stopped");
}

TEST_F(RunningHub, CallSpeaksAsADevice) {
  EXPECT_EQ(ctl({"call", std::string(speaker) + "set_volume", "30", "--as-device", "kitchen_tablet"}).output,
            "Volume 30\n");
}

TEST_F(RunningHub, CallPassesJsonAsItIsUnlessTheSkillWantsText) {
  EXPECT_EQ(ctl({"call", std::string(speaker) + "play_song", "1999", "--user", "demo"}).output, "Playing 1999\n");
  const Finished refused = ctl({"call", std::string(speaker) + "set_volume", "loud", "--user", "demo"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_TRUE(contains(refused.output, "bad_request: the argument at /args/0 must be")) << refused.output;
  EXPECT_EQ(ctl({"call", std::string(speaker) + "set_volume", "-5", "--user", "demo"}).code, 1);
  EXPECT_EQ(ctl({"call", std::string(speaker) + "play_song", "--user", "demo", "--", "--stop"}).output,
            "Playing --stop\n");
}

TEST_F(RunningHub, CallSaysWhatTheHubRefused) {
  const Finished unknown = ctl({"call", "cellar.MusicControlSkill.stop", "--user", "demo"});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_EQ(count_lines(unknown.output), 1u) << unknown.output;
  EXPECT_TRUE(contains(unknown.output, "not_found: ")) << unknown.output;
  const Finished foreign = ctl({"call", std::string(speaker) + "stop", "--user", "mallory"});
  EXPECT_EQ(foreign.code, 2) << foreign.output;
  EXPECT_TRUE(contains(foreign.output, "there is no user 'mallory'")) << foreign.output;
}

TEST_F(RunningHub, SkillsShowsWhatFits) {
  const Finished found = ctl({"skills", "play", "song", "--user", "demo"});
  EXPECT_EQ(found.code, 0);
  EXPECT_TRUE(
      contains(found.output, "MusicControlSkill.play_song(name: str, volume: int = 50) -> str  living_room_speaker"))
      << found.output;
  EXPECT_TRUE(contains(ctl({"skills", "dishwasher", "--user", "demo"}).output, "no skill fits"));
  EXPECT_EQ(ctl_json({"skills", "--user", "demo"}).at("total"), 3);
}

TEST_F(RunningHub, ChatMakesTheSpeakerPlay) {
  const std::size_t before = hub_->output().size();
  const Finished answered = ctl({"chat", "--user", "demo", "play", "Hey Jude", "in", "the", "living", "room"});
  EXPECT_EQ(answered.code, 0) << answered.output;
  EXPECT_TRUE(contains(answered.output, "Hey Jude")) << answered.output;
  EXPECT_TRUE(hub_->script().wait_for_output("♪ Hey Jude", patience, before));
}

TEST_F(RunningHub, ChatPromptGoesThroughItsInputAndKeepsOneSession) {
  const Finished answered =
      ctl({"--json", "chat", "--device", "kitchen_tablet"}, "play Help in the living room\n\n  \nset volume 40\n");
  EXPECT_EQ(answered.code, 0) << answered.output;
  std::vector<std::string> sessions;
  std::istringstream lines(answered.output);
  for (std::string line; std::getline(lines, line);) {
    const json parsed = json::parse(line, nullptr, false);
    ASSERT_FALSE(parsed.is_discarded()) << line;
    if (parsed.contains("session_id")) sessions.push_back(parsed.at("session_id").get<std::string>());
  }
  ASSERT_EQ(sessions.size(), 2u) << answered.output;
  EXPECT_EQ(sessions[0], sessions[1]);
  EXPECT_NE(sessions[0], "new");
}

TEST_F(RunningHub, TailShowsWhatPassesWithoutTokens) {
  auto tail = start_tail({"devices/#"});
  ASSERT_TRUE(tail->wait_for_output("(retained)", patience)) << tail->output();
  const json added = ctl_json({"device", "add", "Attic Fan", "--user", "dora"});
  ASSERT_TRUE(tail->wait_for_output("access_token", patience)) << tail->output();
  EXPECT_TRUE(contains(tail->output(), "→ admin               devices.register")) << tail->output();
  EXPECT_TRUE(contains(tail->output(), "<hidden>")) << tail->output();
  EXPECT_FALSE(contains(tail->output(), "eyJ")) << tail->output();
  tail->signal(SIGINT);
  EXPECT_EQ(tail->wait_for_exit(patience), 0);
  EXPECT_EQ(ctl({"device", "delete", added.at("device_id").get<std::string>(), "--yes"}).code, 0);
}

TEST_F(RunningHub, TailPrintsJsonForPrograms) {
  auto tail = start_tail({"--json", "--count", "1", "hub/state"});
  EXPECT_EQ(tail->wait_for_exit(patience), 0);
  const json line = json::parse(tail->output());
  EXPECT_EQ(line.at("topic"), "hub/state");
  EXPECT_EQ(line.at("payload").at("state"), "online");
  EXPECT_EQ(line.at("retained"), true);
}

TEST_F(RunningHub, TailDisarmsWhatADeviceSends) {
  auto tail = start_tail({"#"});
  ASSERT_TRUE(tail->wait_for_output("(retained)", patience)) << tail->output();
  const Finished played = ctl({"call", std::string(speaker) + "play_song", "\x1b[2J\xe2\x80\xae", "--user", "demo"});
  EXPECT_EQ(played.code, 0) << played.output;
  EXPECT_FALSE(contains(played.output, "\x1b"));
  ASSERT_TRUE(tail->wait_for_output("skills.call      ok", patience)) << tail->output();
  EXPECT_FALSE(contains(tail->output(), "\x1b")) << tail->output();
  EXPECT_FALSE(contains(hub_->output(), "\x1b"));
}

TEST_F(RunningHub, MosquittoSubComesInWithTheLineItPrinted) {
  const std::string shown = hub_->output();
  const std::size_t start = shown.find("XDG_CONFIG_HOME=");
  ASSERT_NE(start, std::string::npos);
  const std::string line = shown.substr(start, shown.find('\n', start) - start);
  ChildProcess::Options options;
  options.argv = {"/bin/sh", "-c", line + " -C 1 -W 10"};
  ChildProcess subscriber(std::move(options));
  EXPECT_EQ(subscriber.wait_for_exit(patience * 2), 0) << line << "\n" << subscriber.output();
  EXPECT_FALSE(contains(line, "eyJ"));
}

TEST_F(RunningHub, RefusesASecondRunOnItsData) {
  const Finished second = HubRun::refused(data_dir(), test::free_port());
  EXPECT_EQ(second.code, 1);
  EXPECT_EQ(count_lines(second.output), 1u) << second.output;
  EXPECT_TRUE(contains(second.output, std::to_string(hub_->script().pid()))) << second.output;
  EXPECT_EQ(ctl({"ready", "--timeout", "5s"}).code, 0) << "the first one suffered";
}

}  // namespace
}  // namespace strawberry::cli
