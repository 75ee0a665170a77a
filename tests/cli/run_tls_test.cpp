/// scripts/run --tls: which clients are accepted, over TLS and WebSocket, and what stays after a restart.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <thread>

#include "tests/cli/hub_run.h"
#include "tests/cli/wss_client.h"
#include "tests/support/broker_process.h"
#include "tests/support/free_port.h"
#include "tests/support/mqtt_test_client.h"
#include "tests/support/tls_connection.h"
#include "tests/support/wire_client.h"

namespace strawberry::test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class RunTls : public testing::Test {
 protected:
  static constexpr std::chrono::seconds patience{15};

  std::filesystem::path data_dir() const { return directory_.path() / "var with space"; }
  std::string ca() const { return data_dir() / "tls" / "ca.crt"; }
  HubRun run(std::vector<std::string> options = {}) const {
    options.insert(options.begin(), {"--tls", "--wss-port", std::to_string(wss_port_)});
    return HubRun(data_dir(), port_, std::move(options));
  }
  Finished ctl(std::vector<std::string> words) const {
    words.insert(words.begin(), {"--data-dir", data_dir().string()});
    return control(std::move(words));
  }
  static Finished mosquitto(const std::string& program, const std::string& options, std::vector<std::string> words) {
    ChildProcess::Options child;
    child.argv = {"/usr/bin/" + program, "-W", "10"};
    if (program == "mosquitto_pub") child.argv.resize(1);
    child.argv.insert(child.argv.end(), words.begin(), words.end());
    child.environment = {{"XDG_CONFIG_HOME", options}};
    ChildProcess process(std::move(child));
    const auto code = process.wait_for_exit(patience);
    return {code.value_or(-1), process.output()};
  }
  /// Waits until the device list has that line.
  bool lists(const std::string& line) const {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (ctl({"device", "list"}).output.find(line) == std::string::npos) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return true;
  }

  TempDir directory_;
  int port_ = free_port();
  int wss_port_ = free_port();
};

TEST_F(RunTls, EverythingSpeaksTlsByItself) {
  HubRun hub = run();
  EXPECT_EQ(trimmed(content_of(data_dir() / "endpoint")),
            "127.0.0.1 " + std::to_string(hub.port()) + " tls\nsocket " + (data_dir() / "broker.sock").string());
  EXPECT_THAT(hub.output(), HasSubstr("with TLS"));
  EXPECT_THAT(hub.output(), HasSubstr("♪ Never Gonna Give You Up")) << "the demo";
  EXPECT_EQ(ctl({"ready", "--timeout", "5s"}).code, 0);
  EXPECT_EQ(ctl({"ready", "--timeout", "5s", "--tls"}).code, 0) << "over TLS, with the hub's own CA";
  EXPECT_THAT(ctl({"chat", "play Help in the living room", "--user", "demo"}).output, HasSubstr("Playing Help"));
  EXPECT_TRUE(lists("Living Room Speaker  demo  online"));
  EXPECT_EQ(mode_of(data_dir() / "tls" / "ca.key"), 0600U);

  MqttTestClient::Options plain;
  plain.port = hub.port();
  plain.client_id = "plain";
  EXPECT_NE(MqttTestClient(plain).connect(), 0) << "without TLS";
  // The hub's own lookups and files caused no error.
  EXPECT_THAT(content_of(data_dir() / "log" / "bridge.log"), Not(HasSubstr("no broker")));
  EXPECT_EQ(hub.stop(), 0) << hub.output();
}

TEST_F(RunTls, TheWebDoorSpeaksTlsToo) {
  HubRun hub = run({"--no-demo", "--http-port", std::to_string(free_port())});
  const std::string url = trimmed(content_of(data_dir() / "http-endpoint"));
  ASSERT_THAT(url, ContainsRegex("^https://127.0.0.1:[0-9]+$"));
  EXPECT_THAT(hub.output(), HasSubstr(url));
  TlsConnection client(std::stoi(url.substr(url.rfind(':') + 1)), ca());
  client.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.read_to("\r\n"), "HTTP/1.1 200 OK\r\n");
  EXPECT_THAT(ctl({"doctor"}).output, ContainsRegex("ok +web door: " + url));
  EXPECT_EQ(hub.stop(), 0);
}

TEST_F(RunTls, MosquittosOwnClientsJustWork) {
  const HubRun hub = run({"--no-demo"});
  const std::string admin = directory_.file("admin");
  ASSERT_EQ(ctl({"token", "issue", "--admin", "--mosquitto", admin}).code, 0);
  const Finished state = mosquitto("mosquitto_sub", admin, {"-C", "1", "-t", "hub/state"});
  EXPECT_EQ(state.code, 0) << state.output;
  EXPECT_THAT(state.output, HasSubstr("online"));
  const std::string lamp = directory_.file("lamp");
  const Finished added = ctl({"device", "add", "Lamp", "--user", "demo", "--mosquitto", lamp, "--json"});
  ASSERT_EQ(added.code, 0) << added.output;
  EXPECT_EQ(mosquitto("mosquitto_sub", lamp, {"-C", "1", "-t", "hub/state"}).code, 0);
}

TEST_F(RunTls, ABrowserComesInOverWebSocketAndIsSeenOnline) {
  const HubRun hub = run({"--no-demo"});
  const std::string file = directory_.file("token");
  ASSERT_EQ(ctl({"device", "add", "Web Tablet", "--user", "demo", "--output", file}).code, 0);
  const std::string token = trimmed(content_of(file));
  {
    WssClient browser(wss_port_, ca());
    wire::Connect connect;
    connect.client_id = "browser";
    connect.password = token;
    browser.send(connect.bytes());
    const std::string connack = browser.receive();
    ASSERT_GE(connack.size(), 4U);
    EXPECT_EQ(connack[0], '\x20');
    EXPECT_EQ(connack[3], '\0') << "not let in";
    EXPECT_TRUE(lists("Web Tablet  demo  online"));
    browser.send(wire::subscribe(5, 1, "hub/+"));
    std::string seen;
    while (seen.find("hub/state") == std::string::npos) {
      const std::string packet = browser.receive();
      ASSERT_FALSE(packet.empty()) << seen;
      seen += packet;
    }
  }
  EXPECT_TRUE(lists("Web Tablet  demo  offline"));
  WssClient stranger(wss_port_, ca());
  wire::Connect connect;
  connect.client_id = "stranger";
  connect.password = "no token";
  stranger.send(connect.bytes());
  const std::string refused = stranger.receive();
  EXPECT_TRUE(refused.size() < 4 || refused[3] != '\0') << "let in without a token";
}

TEST_F(RunTls, ASecondStartKeepsTheCaAndANewAddressMakesANewCertificate) {
  { EXPECT_EQ(run({"--no-demo"}).stop(), 0); }
  const auto file = [this](const char* name) { return content_of(data_dir() / "tls" / name); };
  const std::string ca_before = file("ca.crt");
  const std::string server_before = file("server.crt");
  {
    HubRun again = run({"--no-demo"});
    EXPECT_THAT(again.output(), Not(HasSubstr("Made")));
    EXPECT_EQ(again.stop(), 0);
  }
  EXPECT_EQ(file("server.crt"), server_before);
  HubRun moved = run({"--no-demo", "--listen", "127.0.0.2"});
  EXPECT_THAT(moved.output(), HasSubstr("other names"));
  EXPECT_EQ(file("ca.crt"), ca_before);
  EXPECT_NE(file("server.crt"), server_before);
  EXPECT_THAT(content_of(data_dir() / "endpoint"), HasSubstr("127.0.0.2 "));
  EXPECT_EQ(ctl({"ready", "--timeout", "5s", "--tls"}).code, 0);
  EXPECT_THROW(WssClient(wss_port_, ca()), std::runtime_error) << "127.0.0.1 is open, too";
  EXPECT_EQ(moved.stop(), 0);
}

TEST_F(RunTls, AnotherCaIsNotTrusted) {
  const HubRun hub = run({"--no-demo"});
  const std::string other = directory_.file("other");
  ChildProcess::Options make;
  make.argv = {STRAWBERRY_SOURCE_DIR "/scripts/certificates", other};
  ASSERT_EQ(ChildProcess(make).wait_for_exit(patience), 0);
  const Finished refused = ctl({"device", "list", "--ca-file", other + "/ca.crt"});
  EXPECT_EQ(refused.code, 3) << refused.output;
  EXPECT_THAT(refused.output, HasSubstr("certificate is not accepted for 127.0.0.1"));
  const std::vector<std::string> elsewhere{"device",    "list",   "--host",
                                           "127.0.0.1", "--port", std::to_string(hub.port())};
  auto with_ca = elsewhere;
  with_ca.insert(with_ca.end(), {"--ca-file", ca()});
  EXPECT_EQ(ctl(with_ca).code, 0) << "as one does from another machine";
}

TEST_F(RunTls, ABrokerThatDiesComesBackWithItsBridge) {
  HubRun hub = run();
  ::kill(hub.pid("broker"), SIGKILL);
  ASSERT_TRUE(hub.script().wait_for_output("The broker has died (by signal KILL)", patience)) << hub.output();
  const auto deadline = std::chrono::steady_clock::now() + patience;
  const auto plays = [this] {
    return ctl({"call", "living_room_speaker.MusicControlSkill.play_song", "Help", "--user", "demo", "--timeout", "2s"})
               .code == 0;
  };
  while (!plays() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_TRUE(plays()) << hub.output();
  EXPECT_EQ(hub.stop(), 0);
}

TEST_F(RunTls, TakesTheNextFreePortForWebSocketToo) {
  const BrokerProcess other(BrokerProcess::Options{});
  wss_port_ = other.port();
  HubRun hub = run({"--no-demo"});
  EXPECT_THAT(hub.output(), HasSubstr("Port " + std::to_string(other.port()) + " is taken; using "));
  EXPECT_EQ(hub.stop(), 0);
}

TEST_F(RunTls, SaysWhatKeepsItFromMakingCertificates) {
  ASSERT_EQ(ctl({"init"}).code, 0);
  std::ofstream(data_dir() / "tls") << "in the way";
  const Finished refused = HubRun::refused(data_dir(), port_, {"--tls"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_EQ(count_lines(refused.output), 1U) << refused.output;
  EXPECT_THAT(refused.output, HasSubstr("cannot use the directory"));
}

TEST_F(RunTls, WrongUsageExitsWithTwo) {
  for (const auto& options : std::vector<std::vector<std::string>>{{"--listen", "0.0.0.0"},
                                                                   {"--wss-port", "9001"},
                                                                   {"--tls", "--wss-port", "0"},
                                                                   {"--tls", "--listen", "my lan"}}) {
    EXPECT_EQ(HubRun::refused(data_dir(), port_, options).code, 2) << options.back();
  }
  EXPECT_FALSE(std::filesystem::exists(data_dir()));
}

}  // namespace
}  // namespace strawberry::test
