/// scripts/run through its life: started, stopped, killed, restarted, and its errors.
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <memory>
#include <thread>

#include "common/runtime/asio.h"
#include "tests/cli/hub_run.h"
#include "tests/support/broker_process.h"
#include "tests/support/free_port.h"
#include "tests/support/mqtt_test_client.h"
#include "tests/support/no_language_model.h"

namespace strawberry::cli {
namespace {

using test::content_of;
using test::count_lines;
using test::Finished;
using test::HubRun;

constexpr std::chrono::seconds patience{15};

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
bool is_running(int pid) { return pid > 0 && ::kill(pid, 0) == 0; }

bool ends(int pid) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (is_running(pid)) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

class RunScript : public ::testing::Test {
 protected:
  std::filesystem::path data_dir() const { return directory_.path() / "var with space"; }
  Finished ctl(std::vector<std::string> words) const {
    words.insert(words.begin(), {"--data-dir", data_dir().string()});
    return test::control(std::move(words));
  }
  /// True when the demo's speaker plays, perhaps through a broker and a bridge that have just restarted.
  bool speaker_plays() const {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    do {
      const Finished played =
          ctl({"call", "living_room_speaker.MusicControlSkill.play_song", "Help", "--user", "demo", "--timeout", "2s"});
      if (played.code == 0) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    } while (std::chrono::steady_clock::now() < deadline);
    return false;
  }
  test::TempDir directory_;
};

TEST_F(RunScript, StopsEverythingCleanlyWhenAsked) {
  HubRun hub(data_dir(), test::free_port());
  const std::vector<int> processes{hub.pid("broker"), hub.pid("bridge"), hub.pid("demo")};
  for (const int pid : processes) EXPECT_TRUE(is_running(pid));
  EXPECT_EQ(hub.stop(), 0) << hub.output();
  EXPECT_TRUE(contains(hub.output(), "Stopped.")) << hub.output();
  for (const int pid : processes) EXPECT_FALSE(is_running(pid));
  EXPECT_FALSE(std::filesystem::exists(data_dir() / "endpoint"));
  EXPECT_TRUE(contains(content_of(data_dir() / "log" / "bridge.log"), "stopped"));
  EXPECT_TRUE(std::filesystem::exists(data_dir() / "mosquitto.db")) << "the broker did not save what it keeps";
}

TEST_F(RunScript, ShowsARefusalInTheBrokersLogAtOnce) {
  HubRun hub(data_dir(), test::free_port(), {"--no-demo"});
  test::MqttTestClient::Options stranger;
  stranger.port = hub.port();
  stranger.client_id = "stranger";
  stranger.password = "no token";
  EXPECT_NE(test::MqttTestClient(stranger).connect(), 0);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  const auto is_there = [this] {
    return contains(content_of(data_dir() / "log" / "broker.log"), "refused connect reason=token_malformed");
  };
  while (!is_there() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(is_there()) << content_of(data_dir() / "log" / "broker.log");
}

TEST_F(RunScript, SecondStartIsQuickAndKnowsItsDevices) {
  const int port = test::free_port();
  { EXPECT_EQ(HubRun(data_dir(), port).stop(), 0); }
  HubRun again(data_dir(), port);
  EXPECT_FALSE(contains(again.output(), "Created")) << again.output();
  const std::string shown = again.output();
  const std::size_t after = shown.find(" after ");
  ASSERT_NE(after, std::string::npos) << shown;
  EXPECT_LT(std::stoi(shown.substr(after + 7)), 10'000) << shown;
  EXPECT_TRUE(contains(shown, "♪ Never Gonna Give You Up")) << shown;
  EXPECT_FALSE(contains(ctl({"device", "list"}).output, "Speaker 2")) << "registered twice";
  const std::string tokens = ctl({"token", "list"}).output;
  const std::size_t of_a_start = tokens.find("scripts/run");
  ASSERT_NE(of_a_start, std::string::npos) << tokens;
  EXPECT_EQ(tokens.find("scripts/run", of_a_start + 1), std::string::npos) << "only that of this start\n" << tokens;
}

TEST_F(RunScript, StartsTheBridgeAgainWhenItDies) {
  HubRun hub(data_dir(), test::free_port());
  const int killed = hub.pid("bridge");
  ::kill(killed, SIGKILL);
  ASSERT_TRUE(hub.script().wait_for_output("The bridge has died (by signal KILL)", patience)) << hub.output();
  EXPECT_TRUE(speaker_plays()) << hub.output();
  EXPECT_NE(hub.pid("bridge"), killed);
  EXPECT_EQ(hub.stop(), 0);
}

TEST_F(RunScript, StartsTheBrokerAgainWhenItDies) {
  HubRun hub(data_dir(), test::free_port());
  ::kill(hub.pid("broker"), SIGKILL);
  ASSERT_TRUE(hub.script().wait_for_output("The broker has died (by signal KILL)", patience)) << hub.output();
  EXPECT_TRUE(speaker_plays()) << hub.output();
  EXPECT_EQ(hub.stop(), 0);
}

TEST_F(RunScript, GivesUpOnAProcessThatKeepsDying) {
  HubRun hub(data_dir(), test::free_port(), {"--no-demo"});
  const int broker = hub.pid("broker");
  // From here on the bridge refuses to start.
  std::ofstream(data_dir() / "bridge.toml", std::ios::trunc) << "[broker]\nport = \"rubbish\"\n";
  ::kill(hub.pid("bridge"), SIGKILL);
  EXPECT_EQ(hub.script().wait_for_exit(std::chrono::seconds(40)), 1) << hub.output();
  EXPECT_TRUE(contains(hub.output(), "giving up")) << hub.output();
  EXPECT_FALSE(is_running(broker));
}

TEST_F(RunScript, ComesBackAfterBeingKilled) {
  const int port = test::free_port();
  std::vector<int> processes;
  {
    HubRun hub(data_dir(), port);
    processes = {hub.pid("broker"), hub.pid("bridge"), hub.pid("demo")};
    ::kill(hub.script().pid(), SIGKILL);
    HubRun again(data_dir(), port);
    EXPECT_EQ(again.port(), port) << "the old broker still held the port";
    EXPECT_TRUE(speaker_plays());
    EXPECT_EQ(again.stop(), 0);
  }
  for (const int pid : processes) EXPECT_TRUE(ends(pid));
}

TEST_F(RunScript, TakesTheNextFreePortAndSaysSo) {
  const test::BrokerProcess other(test::BrokerProcess::Options{});
  HubRun hub(data_dir(), other.port(), {"--no-demo"});
  EXPECT_GT(hub.port(), other.port());
  EXPECT_TRUE(
      contains(hub.output(), "Port " + std::to_string(other.port()) + " is taken; using " + std::to_string(hub.port())))
      << hub.output();
  EXPECT_EQ(ctl({"ready", "--timeout", "5s"}).code, 0);
  EXPECT_EQ(hub.stop(), 0);
}

TEST_F(RunScript, ReadyWaitsForAFirstStart) {
  std::filesystem::create_directory(data_dir());
  std::filesystem::permissions(data_dir(), std::filesystem::perms(0700));
  // A second name for the file shows whether it is written to or replaced.
  const auto second_name = directory_.path() / "half";
  std::ofstream(data_dir() / "endpoint") << "127.0.";
  std::filesystem::create_hard_link(data_dir() / "endpoint", second_name);
  test::ChildProcess::Options options;
  options.argv = {STRAWBERRYCTL_PATH, "--data-dir", data_dir().string(), "ready", "--timeout", "60s"};
  test::ChildProcess ready(std::move(options));
  EXPECT_EQ(ready.wait_for_exit(std::chrono::milliseconds(300)), std::nullopt) << ready.output();
  HubRun hub(data_dir(), test::free_port(), {"--no-demo"});
  EXPECT_EQ(ready.wait_for_exit(patience), 0) << ready.output();
  EXPECT_EQ(content_of(second_name), "127.0.") << "it could be seen half written";
  EXPECT_EQ(hub.stop(), 0);
}

TEST_F(RunScript, TwoHubsRunSideBySide) {
  const int port = test::free_port();
  HubRun first(data_dir(), port, {"--no-demo"});
  HubRun second(directory_.path() / "other", port, {"--no-demo"});
  EXPECT_NE(first.port(), second.port());
  EXPECT_EQ(ctl({"ready", "--timeout", "5s"}).code, 0);
  EXPECT_EQ(second.stop(), 0);
  EXPECT_EQ(ctl({"ready", "--timeout", "5s"}).code, 0);
  EXPECT_EQ(first.stop(), 0);
}

/// Another program takes the port after the broker was started, and before the broker opens it.
TEST_F(RunScript, APortThatAnotherTookInTheSameMomentIsNotItsOwn) {
  const int port = test::free_port();
  const auto programs = directory_.path() / "bin";
  std::filesystem::create_directory(programs);
  const std::string started = directory_.file("started");
  const std::string go_on = directory_.file("go-on");
  std::ofstream(programs / "mosquitto")
      << "#!/bin/sh\n: >'" << started << "'\nwhile [ ! -e '" << go_on
      << "' ]; do sleep 0.01; done\nPATH=${PATH#*:}:/usr/sbin\nexec mosquitto \"$@\"\n";
  std::filesystem::permissions(programs / "mosquitto", std::filesystem::perms(0755));
  test::ChildProcess::Options options;
  options.argv = {STRAWBERRY_SOURCE_DIR "/scripts/run",
                  "--data-dir",
                  data_dir().string(),
                  "--port",
                  std::to_string(port),
                  "--build-dir",
                  STRAWBERRY_BUILD_DIR,
                  "--no-demo"};
  options.environment = test::no_language_model();
  options.environment["PATH"] = programs.string() + ":" + std::getenv("PATH");
  test::ChildProcess hub(std::move(options));
  const auto appears = [](const std::filesystem::path& file, std::chrono::milliseconds within) {
    const auto deadline = std::chrono::steady_clock::now() + within;
    while (!std::filesystem::exists(file)) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  };
  ASSERT_TRUE(appears(started, patience)) << hub.output();
  asio::io_context loop;
  const asio::ip::tcp::acceptor other(loop, {asio::ip::make_address("127.0.0.1"), static_cast<std::uint16_t>(port)});
  EXPECT_FALSE(appears(data_dir() / "endpoint", std::chrono::milliseconds(500))) << "the port of another";
  std::ofstream{go_on};
  ASSERT_TRUE(hub.wait_for_output("Ctrl-C stops everything.", HubRun::startup_timeout)) << hub.output();
  EXPECT_TRUE(contains(hub.output(), "Port " + std::to_string(port) + " is taken; using ")) << hub.output();
  EXPECT_EQ(ctl({"ready", "--timeout", "5s"}).code, 0);
}

/// Both logs, while both are being written.
TEST_F(RunScript, RotatesTheLogsWhileTheHubRuns) {
  ASSERT_EQ(ctl({"init"}).code, 0);
  std::ofstream(data_dir() / "bridge.toml") << "[log]\nlevel = \"debug\"\n[limits]\nlog_lines_per_second_max = 0\n";
  constexpr std::uintmax_t bytes_max = 300;  // the broker logs one refusal a second for each address, after many
  HubRun hub(data_dir(), test::free_port(),
             {"--no-demo", "--log-bytes-max", std::to_string(bytes_max), "--log-files-max", "3"});
  const std::filesystem::path log = data_dir() / "log";
  const int bridge = hub.pid("bridge");
  const int broker = hub.pid("broker");
  test::MqttTestClient::Options stranger;
  stranger.port = hub.port();
  stranger.client_id = "stranger";
  stranger.password = "no token";
  const auto deadline = std::chrono::steady_clock::now() + 2 * patience;
  const auto is_rotated = [&](const char* name) {
    return std::filesystem::exists(log / (name + std::string(".log.1"))) &&
           std::filesystem::exists(log / (name + std::string(".log.2")));
  };
  while (!(is_rotated("bridge") && is_rotated("broker")) && std::chrono::steady_clock::now() < deadline) {
    EXPECT_NE(test::MqttTestClient(stranger).connect(), 0);
    EXPECT_EQ(ctl({"ready", "--timeout", "5s"}).code, 0);
  }
  EXPECT_TRUE(is_rotated("bridge"));
  EXPECT_TRUE(is_rotated("broker"));
  for (const char* name : {"bridge", "broker"}) {
    const std::string older = content_of(log / (name + std::string(".log.1")));
    EXPECT_GT(older.size(), bytes_max);
    EXPECT_EQ(older.find('\0'), std::string::npos) << "written past the end of an emptied file";
    EXPECT_FALSE(std::filesystem::exists(log / (name + std::string(".log.3"))));
    EXPECT_EQ(test::mode_of(log / (name + std::string(".log.1"))), 0600U);
  }
  EXPECT_EQ(hub.pid("bridge"), bridge);
  EXPECT_EQ(hub.pid("broker"), broker);
  EXPECT_EQ(hub.stop(), 0);
  const std::string last = content_of(log / "bridge.log");
  EXPECT_TRUE(contains(last, "stopped")) << "the bridge no longer writes to its log:\n" << last;
  EXPECT_EQ(last.find('\0'), std::string::npos);
}

TEST_F(RunScript, RotatesAtItsStartWhatAnEarlierRunLeft) {
  const test::BrokerProcess other(test::BrokerProcess::Options{});
  ASSERT_EQ(ctl({"init"}).code, 0);
  const std::filesystem::path log = data_dir() / "log";
  std::filesystem::create_directory(log);
  for (const char* name : {"broker.log", "bridge.log"}) std::ofstream(log / name) << std::string(3'000, 'x') << "\n";
  HubRun hub(data_dir(), other.port(), {"--no-demo", "--log-bytes-max", "2000", "--log-files-max", "1"});
  for (const char* name : {"broker.log", "bridge.log"}) {
    EXPECT_FALSE(contains(content_of(log / name), "xxx")) << name;
    EXPECT_FALSE(std::filesystem::exists(log / (name + std::string(".1")))) << "one file was asked for";
  }
  EXPECT_EQ(hub.stop(), 0);
}

TEST_F(RunScript, RefusesUnreadableKeys) {
  ASSERT_EQ(ctl({"init"}).code, 0);
  std::ofstream(data_dir() / "keys.json", std::ios::trunc) << "rubbish";
  const Finished refused = HubRun::refused(data_dir(), test::free_port());
  EXPECT_EQ(refused.code, 1);
  EXPECT_EQ(count_lines(refused.output), 1u) << refused.output;
  EXPECT_TRUE(contains(refused.output, "keys.json")) << refused.output;
  EXPECT_EQ(content_of(data_dir() / "keys.json"), "rubbish");
}

TEST_F(RunScript, RefusesACorruptDatabase) {
  ASSERT_EQ(ctl({"init"}).code, 0);
  const std::string rubbish(8192, 'x');
  std::ofstream(data_dir() / "hub.db", std::ios::trunc) << rubbish;
  const Finished refused = HubRun::refused(data_dir(), test::free_port());
  EXPECT_EQ(refused.code, 1);
  EXPECT_EQ(count_lines(refused.output), 1u) << refused.output;
  EXPECT_TRUE(contains(refused.output, "hub.db")) << refused.output;
  EXPECT_EQ(content_of(data_dir() / "hub.db"), rubbish);
}

TEST_F(RunScript, SaysWhatIsWrongWithTheConfiguration) {
  ASSERT_EQ(ctl({"init"}).code, 0);
  std::ofstream(data_dir() / "bridge.toml") << "[limits]\nwishes_max = 3\n";
  const Finished refused = HubRun::refused(data_dir(), test::free_port());
  EXPECT_EQ(refused.code, 1);
  EXPECT_TRUE(contains(refused.output, "bridge.toml:2")) << refused.output;
  EXPECT_TRUE(contains(refused.output, "wishes_max")) << refused.output;
}

TEST_F(RunScript, ShowsNoLinesOfAnEarlierRunAsTheReasonForAFailure) {
  { EXPECT_EQ(HubRun(data_dir(), test::free_port(), {"--no-demo"}).stop(), 0); }
  std::ofstream(data_dir() / "log" / "bridge.log", std::ios::app) << "a line of yesterday\n";
  std::ofstream(data_dir() / "bridge.toml", std::ios::trunc) << "[broker]\nport = \"rubbish\"\n";
  const Finished failed = HubRun::refused(data_dir(), test::free_port(), {"--no-demo"});
  EXPECT_EQ(failed.code, 1);
  EXPECT_TRUE(contains(failed.output, "port")) << failed.output;
  EXPECT_FALSE(contains(failed.output, "yesterday")) << failed.output;
}

TEST_F(RunScript, RefusesADirectoryThatOthersMayEnter) {
  std::filesystem::create_directory(data_dir());
  std::ofstream(data_dir() / "thesis.txt") << "…";
  std::filesystem::permissions(data_dir(), std::filesystem::perms(0755));
  const Finished refused = HubRun::refused(data_dir(), test::free_port());
  EXPECT_EQ(refused.code, 1);
  EXPECT_TRUE(contains(refused.output, "chmod 700")) << refused.output;
}

// --- the broker's Unix socket ---

TEST_F(RunScript, ItsProgramsComeToTheBrokerByASocketOfTheirOwn) {
  const std::string socket = (data_dir() / "broker.sock").string();
  HubRun hub(data_dir(), test::free_port(), {"--no-demo"});
  EXPECT_TRUE(contains(content_of(data_dir() / "log" / "bridge.log"), "serving at " + socket))
      << content_of(data_dir() / "log" / "bridge.log");
  EXPECT_TRUE(contains(content_of(data_dir() / "endpoint"), "\nsocket " + socket + "\n"));
  EXPECT_EQ(test::mode_of(socket) & 07U, 0U) << "others may connect";
  const Finished seen = ctl({"doctor"});
  EXPECT_TRUE(contains(seen.output, "ok      Unix socket: " + socket)) << seen.output;
  EXPECT_EQ(hub.stop(), 0);
  EXPECT_FALSE(std::filesystem::exists(socket));
}

TEST_F(RunScript, ABridgeThatWantsNoSocketUsesThePort) {
  ASSERT_EQ(ctl({"init"}).code, 0);
  std::ofstream(data_dir() / "bridge.toml") << "[broker]\nsocket = \"\"\n";
  HubRun hub(data_dir(), test::free_port(), {"--no-demo"});
  EXPECT_TRUE(contains(content_of(data_dir() / "log" / "bridge.log"), "serving at 127.0.0.1:"));
  EXPECT_EQ(hub.stop(), 0);
}

TEST_F(RunScript, AKilledHubsSocketIsNoObstacle) {
  const int port = test::free_port();
  {
    HubRun hub(data_dir(), port, {"--no-demo"});
    ::kill(hub.pid("broker"), SIGKILL);
    ::kill(hub.script().pid(), SIGKILL);
  }
  EXPECT_TRUE(std::filesystem::exists(data_dir() / "broker.sock"));
  HubRun again(data_dir(), port, {"--no-demo"});
  EXPECT_TRUE(contains(content_of(data_dir() / "endpoint"), "broker.sock"));
  EXPECT_EQ(ctl({"ready", "--timeout", "5s"}).code, 0);
  EXPECT_EQ(again.stop(), 0);
}

TEST_F(RunScript, APathTooLongForASocketCostsOneLineAndTheSocket) {
  const std::filesystem::path deep = directory_.path() / std::string(100, 'x');
  HubRun hub(deep, test::free_port(), {"--no-demo"});
  EXPECT_TRUE(contains(hub.output(), "No Unix socket, the path has more than 107 bytes: ")) << hub.output();
  EXPECT_TRUE(contains(content_of(deep / "endpoint"), "\nsocket off\n"));
  EXPECT_TRUE(contains(content_of(deep / "log" / "bridge.log"), "serving at 127.0.0.1:"));
  EXPECT_EQ(test::control({"--data-dir", deep.string(), "ready", "--timeout", "5s"}).code, 0);
  EXPECT_EQ(hub.stop(), 0);
}

TEST_F(RunScript, LeavesAFileAloneThatIsNoSocket) {
  ASSERT_EQ(ctl({"init"}).code, 0);
  std::ofstream(data_dir() / "broker.sock") << "thesis";
  const Finished refused = HubRun::refused(data_dir(), test::free_port());
  EXPECT_EQ(refused.code, 1);
  EXPECT_EQ(count_lines(refused.output), 1U) << refused.output;
  EXPECT_TRUE(contains(refused.output, "there is a file where the broker's Unix socket belongs")) << refused.output;
  EXPECT_EQ(content_of(data_dir() / "broker.sock"), "thesis");
}

TEST_F(RunScript, LeavesTheSocketOfAnotherBrokerAlone) {
  ASSERT_EQ(ctl({"init"}).code, 0);
  test::BrokerProcess::Options options;
  options.socket_path = directory_.file("broker.sock");
  const test::BrokerProcess other(options);
  const Finished refused = HubRun::refused(directory_.path(), test::free_port());
  EXPECT_EQ(refused.code, 1);
  EXPECT_TRUE(contains(refused.output, "another broker listens there")) << refused.output;
  test::MqttTestClient::Options still;
  still.socket_path = options.socket_path;
  still.client_id = "still";
  EXPECT_EQ(test::MqttTestClient(still).connect(), 0);
}

TEST_F(RunScript, WrongUsageExitsWithTwo) {
  for (const auto& options : std::vector<std::vector<std::string>>{{"--dance"},
                                                                   {"--port", "0"},
                                                                   {"--port", "65536"},
                                                                   {"--data-dir"},
                                                                   {"--log-bytes-max", "0"},
                                                                   {"--log-files-max", "101"},
                                                                   {"--log-files-max", "x"}}) {
    EXPECT_EQ(HubRun::refused(data_dir(), test::free_port(), options).code, 2) << options.front();
  }
  EXPECT_FALSE(std::filesystem::exists(data_dir()));
}

}  // namespace
}  // namespace strawberry::cli
