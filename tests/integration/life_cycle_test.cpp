/// Starts, stops, crashes and restarts of the bridge and the broker, and their data on disk.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>

#include "tests/support/hub_process.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

std::string state_in(const std::optional<TestMessage>& message) {
  return message ? json::parse(message->payload).at("state").get<std::string>() : "nothing";
}

TEST(LifeCycle, HubStateIsRetainedAndSaysWhenTheBridgeIsGone) {
  HubProcess hub;
  auto admin = hub.admin();
  ASSERT_LT(admin->mqtt().subscribe("hub/+"), 0x80);
  EXPECT_EQ(state_in(admin->mqtt().wait_for("hub/state")), "online");
  const auto info = admin->mqtt().wait_for("hub/info");
  ASSERT_TRUE(info);
  EXPECT_EQ(json::parse(info->payload).at("contract_version"), 1);
  EXPECT_TRUE(json::parse(info->payload).at("services").at("skills").is_array());
  const auto health = admin->mqtt().wait_for("hub/health");
  ASSERT_TRUE(health);
  const auto status = json::parse(health->payload);
  EXPECT_GT(status.at("rss_bytes"), 0);
  for (const auto* queue : {"store", "requests_waiting", "outbox", "outbox_bytes", "reply_cache_bytes"}) {
    EXPECT_LE(status.at("queues").at(queue), status.at("queue_limits").at(queue)) << queue;
  }

  hub.kill_bridge();
  EXPECT_EQ(state_in(admin->mqtt().wait_for("hub/state")), "offline") << "killed: its will";
  hub.start_bridge();
  EXPECT_EQ(state_in(admin->mqtt().wait_for("hub/state")), "online");
  EXPECT_EQ(hub.stop_bridge(), 0);
  EXPECT_EQ(state_in(admin->mqtt().wait_for("hub/state")), "offline") << "stopped: its own word";
}

TEST(LifeCycle, WhatWasAnsweredSurvivesAKilledBridge) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  auto tablet = hub.device("Tablet");
  speaker->offer("C", {"f(a: int)"});
  const auto session = tablet->result_of("sessions", {{"op", "create"}, {"title", "T"}}).at("session_id");
  hub.kill_bridge();
  hub.start_bridge();
  EXPECT_EQ(tablet->result_of("skills", {{"op", "list"}}).at("total"), 1);
  EXPECT_EQ(tablet->result_of("sessions", {{"op", "get"}, {"session_id", session}}).at("title"), "T");
  const auto entry = tablet->result_of("devices", {{"op", "get"}, {"device_id", "speaker"}});
  EXPECT_EQ(entry.at("online"), true) << "presence is known before the first answer";
  EXPECT_EQ(entry.at("skill_count"), 1);
}

TEST(LifeCycle, LastSeenIsWhenADeviceLeftThoughTheBridgeWasAway) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  auto tablet = hub.device("Tablet");
  const auto last_seen = [&](const std::string& id) {
    const auto entry = tablet->result_of("devices", {{"op", "get"}, {"device_id", id}});
    return parse_rfc3339(entry.at("last_seen").get<std::string>()).value_or(WallTime{});
  };
  const WallTime came = last_seen("speaker");
  ASSERT_LT(tablet->mqtt().subscribe("devices/speaker/status"), 0x80);
  ASSERT_EQ(state_in(tablet->mqtt().wait_for("devices/speaker/status")), "online");
  hub.kill_bridge();
  const WallTime before = SystemClock().wall_now();
  speaker.reset();
  ASSERT_EQ(state_in(tablet->mqtt().wait_for("devices/speaker/status")), "offline");
  const WallTime after = SystemClock().wall_now();
  hub.start_bridge();
  EXPECT_GE(last_seen("speaker"), before) << "it was seen at " << format_rfc3339(came) << " when it came";
  EXPECT_LE(last_seen("speaker"), after);
  EXPECT_LE(last_seen("tablet"), before) << "it has stayed";
}

TEST(LifeCycle, RequestsSentWhileTheBridgeIsAwayAreAnsweredWhenItIsBack) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  auto tablet = hub.device("Tablet");
  speaker->offer("C", {"f()"});
  hub.kill_bridge();
  const auto id = tablet->send("skills", {{"op", "call"}, {"skill_path", "C.f"}});
  hub.start_bridge();
  const auto call = speaker->next_call();
  ASSERT_TRUE(call);
  speaker->answer(*call, 5);
  EXPECT_EQ(tablet->response("skills", id).at("result"), 5);
}

TEST(LifeCycle, TheBridgeComesBackByItselfAfterTheBroker) {
  HubProcess hub;
  const auto before = hub.bridge().output().size();
  hub.broker().kill();
  EXPECT_TRUE(hub.bridge().wait_for_output("no broker", 5s, before));
  const auto lost = hub.bridge().output().size();
  hub.broker().start();
  hub.wait_until_serving(lost);
  auto tablet = hub.device("Tablet");
  EXPECT_EQ(tablet->result_of("skills", {{"op", "list"}}).at("total"), 0);
}

TEST(LifeCycle, ABridgeWithoutABrokerKeepsTrying) {
  HubProcess::Options options;
  options.start_bridge = false;
  options.config = "[broker]\nreconnect_max_ms = 300\n";
  HubProcess hub(options);
  hub.broker().stop();
  hub.launch_bridge();
  EXPECT_TRUE(hub.bridge().wait_for_output("no broker", 5s));
  hub.broker().start();
  hub.wait_until_serving();
}

TEST(LifeCycle, StoppingAnswersWhatIsOpen) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  auto tablet = hub.device("Tablet");
  speaker->offer("C", {"f()"});
  const auto id = tablet->send("skills", {{"op", "call"}, {"skill_path", "C.f"}, {"timeout_ms", 60'000}});
  ASSERT_TRUE(speaker->next_call());
  hub.bridge().signal(SIGTERM);
  EXPECT_EQ(tablet->response("skills", id).at("error").at("code"), "timeout") << "it may have run";
  EXPECT_EQ(hub.bridge().wait_for_exit(5s), 0);
}

TEST(LifeCycle, TheBridgesConnectionHasTcpNoDelay) {
  HubProcess hub({.config = {}, .environment = {}, .broker_socket = false});
  // Reads the running process's socket: the effective option counts, not the requested one.
  const auto pid = hub.bridge().pid();
  const int process = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  ASSERT_GE(process, 0);
  std::set<in_port_t> found;  // our ends: a connection may have several descriptors
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd")) {
    const int number = std::stoi(entry.path().filename());
    const int socket = static_cast<int>(syscall(SYS_pidfd_getfd, process, number, 0));
    if (socket < 0) continue;
    sockaddr_in peer{};
    socklen_t length = sizeof peer;
    if (getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &length) == 0 && ntohs(peer.sin_port) == hub.port()) {
      int on = 0;
      socklen_t size = sizeof on;
      EXPECT_EQ(getsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, &size), 0);
      EXPECT_NE(on, 0);
      sockaddr_in own{};
      length = sizeof own;
      EXPECT_EQ(getsockname(socket, reinterpret_cast<sockaddr*>(&own), &length), 0);
      found.insert(own.sin_port);
    }
    ::close(socket);
  }
  ::close(process);
  EXPECT_EQ(found.size(), 1U);
}

/// A bridge that is expected not to start.
class Refusal : public testing::Test {
 protected:
  Refusal()
      : hub_([] {
          HubProcess::Options options;
          options.start_bridge = false;
          return options;
        }()) {}

  /// Returns its only error line. Fails when it starts, or exits with 0.
  std::string refused() {
    hub_.launch_bridge();
    const auto code = hub_.bridge().wait_for_exit(5s);
    EXPECT_TRUE(code && *code != 0) << "it started";
    const auto output = hub_.bridge().output();
    EXPECT_EQ(std::count(output.begin(), output.end(), '\n'), 1) << output;
    return output;
  }
  std::string database() { return hub_.files().database_path(); }
  static std::string content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  HubProcess hub_;
};

TEST_F(Refusal, OfAKeyFileThatOthersCanRead) {
  ::chmod(hub_.files().keys_path().c_str(), 0644);
  EXPECT_NE(refused().find(hub_.files().keys_path()), std::string::npos);
}

TEST_F(Refusal, OfAMissingKeyFile) {
  std::filesystem::remove(hub_.files().keys_path());
  EXPECT_NE(refused().find(hub_.files().keys_path()), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(hub_.files().keys_path()));
}

TEST_F(Refusal, OfACorruptDatabaseWhichIsLeftAlone) {
  for (const auto* suffix : {"-wal", "-shm", ""}) std::filesystem::remove(database() + suffix);
  const std::string garbage = "this is no database, but somebody's only copy of something" + std::string(5'000, '?');
  std::ofstream(database(), std::ios::binary) << garbage;
  EXPECT_NE(refused().find(database()), std::string::npos);
  EXPECT_EQ(content(database()), garbage);
}

TEST_F(Refusal, OfANewerDatabaseWhichIsLeftAlone) {
  hub_.files().database().exec("PRAGMA user_version = 999");
  const auto line = refused();
  EXPECT_NE(line.find("999"), std::string::npos) << line;
  EXPECT_EQ(hub_.files().database().execAndGet("PRAGMA user_version").getInt(), 999);
}

TEST_F(Refusal, OfAnotherProgramsDatabase) {
  hub_.files().database().exec("PRAGMA application_id = 7");
  EXPECT_NE(refused().find("another program"), std::string::npos);
}

TEST_F(Refusal, OfASecondBridgeOnOneDirectory) {
  HubProcess running;
  ChildProcess::Options second;
  second.argv = {STRAWBERRY_BRIDGE_PATH};
  second.environment = {{"STRAWBERRY_DATA_DIR", running.files().directory().path()},
                        {"STRAWBERRY_BROKER_PORT", std::to_string(running.port())}};
  ChildProcess bridge(second);
  const auto code = bridge.wait_for_exit(5s);
  ASSERT_TRUE(code);
  EXPECT_NE(*code, 0);
  EXPECT_NE(bridge.output().find("another bridge"), std::string::npos);
}

}  // namespace
}  // namespace strawberry::test
