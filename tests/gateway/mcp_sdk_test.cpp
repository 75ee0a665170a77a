/// The official MCP clients from npm, unmodified, before a whole hub: of the newest revision, of those with
/// `initialize`, and over standard input and output.
#include <gmock/gmock.h>

#include <atomic>
#include <map>
#include <sstream>
#include <thread>

#include "tests/gateway/gateway_process.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using testing::HasSubstr;

class TheOfficialMcpClient : public testing::Test {
 protected:
  TheOfficialMcpClient() {
    lamp_->offer("LampSkill", {"turn_on(level: int = 100) -> str"});
    front_door_->mqtt().subscribe("skills/" + front_door_->id() + "/call");
    front_door_->result_of("skills", {{"op", "register"},
                                      {"skills",
                                       {{{"class_name", "DoorSkill"},
                                         {"function_name", "open"},
                                         {"signature", "open(seconds: int)"},
                                         {"confirm", true}}}}});
    for (Spoke* device : {lamp_.get(), front_door_.get()}) {
      answering_.emplace_back([this, device] {
        while (!stop_) {
          const auto call = device->next_call(50ms);
          if (!call) continue;
          ++calls_[device == lamp_.get() ? 0 : 1];
          device->answer(*call, {{"done", call->at("kwargs")}});
        }
      });
    }
  }
  ~TheOfficialMcpClient() override {
    stop_ = true;
    for (auto& thread : answering_) thread.join();
  }

  static ChildProcess::Options node(const std::string& script, std::vector<std::string> arguments) {
    ChildProcess::Options options;
    options.argv = {STRAWBERRY_NODE, STRAWBERRY_SOURCE_DIR "/tests/node/" + script};
    options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
    return options;
  }
  static std::map<std::string, json> said_by(ChildProcess& client) {
    std::map<std::string, json> said;
    std::istringstream lines(client.output());
    for (std::string line; std::getline(lines, line);) {
      const json one = json::parse(line, nullptr, false);
      if (one.is_object()) said[one.at("what").get<std::string>()] = one;
    }
    return said;
  }
  /// The requests of both old clients.
  void expect_legacy(ChildProcess& client) {
    ASSERT_EQ(client.wait_for_exit(30s), 0) << client.output();
    auto said = said_by(client);
    EXPECT_EQ(said["connected"].at("server"), "strawberry-hub");
    EXPECT_EQ(said["list"].at("tools"), json({"DoorSkill-open", "LampSkill-turn_on"}));
    EXPECT_EQ(said["call"].at("structured"), json({{"done", {{"level", 40}}}}));
    EXPECT_EQ(said["confirm"].at("is_error"), true);
    EXPECT_THAT(said["confirm"].at("text").get<std::string>(), HasSubstr("did not run"));
    EXPECT_EQ(said["unknown"].at("code"), -32602);
    EXPECT_EQ(calls_[0], 1);
    EXPECT_EQ(calls_[1], 0);
  }

  HubProcess hub_;
  GatewayProcess door_{hub_};
  std::unique_ptr<Spoke> lamp_ = hub_.device("Lamp");
  std::unique_ptr<Spoke> front_door_ = hub_.device("Front Door");
  std::atomic<bool> stop_ = false;
  std::array<std::atomic<int>, 2> calls_{};
  std::vector<std::thread> answering_;
};

TEST_F(TheOfficialMcpClient, OfTheNewestRevisionIsAtHomeHere) {
  ChildProcess client(node("mcp_modern_client.mjs", {door_.url() + "/mcp", hub_.files().user_token("alice")}));
  ASSERT_TRUE(client.wait_for_output("\"listening\"", 30s)) << client.output();
  const auto late = hub_.device("Late");
  late->offer("LateSkill", {"hello() -> str"});
  ASSERT_EQ(client.wait_for_exit(30s), 0) << client.output();
  auto said = said_by(client);
  EXPECT_EQ(said["connected"].at("version"), "2026-07-28");
  EXPECT_EQ(said["list"].at("tools"), json({{{"name", "DoorSkill-open"}, {"destructive", true}},
                                            {{"name", "LampSkill-turn_on"}, {"destructive", false}}}));
  EXPECT_EQ(said["call"].at("structured"), json({{"done", {{"level", 40}}}}));
  EXPECT_EQ(said["wrong"].at("is_error"), true);
  EXPECT_THAT(said["wrong"].at("text").get<std::string>(), HasSubstr("bad_request"));
  EXPECT_THAT(said["confirm"].at("asked").get<std::string>(), HasSubstr("Allow DoorSkill.open on front_door"));
  EXPECT_THAT(said["confirm"].at("text").get<std::string>(), HasSubstr("\"seconds\":5"));
  EXPECT_EQ(said["declined"].at("is_error"), true);
  EXPECT_EQ(said["mute"].at("code"), -32021);
  EXPECT_EQ(said["listening"].at("honored"), json({{"toolsListChanged", true}}));
  EXPECT_EQ(said["relisted"].at("tools"), json({"DoorSkill-open", "LampSkill-turn_on", "LateSkill-hello"}));
  EXPECT_EQ(calls_[0], 1);
  EXPECT_EQ(calls_[1], 1) << "asked twice, allowed once";
}

TEST_F(TheOfficialMcpClient, WithInitializeIsAtHomeHere) {
  ChildProcess client(node("mcp_legacy_client.mjs", {door_.url() + "/mcp", hub_.files().user_token("alice")}));
  expect_legacy(client);
}

TEST_F(TheOfficialMcpClient, StartsTheServerItself) {
  ChildProcess client(node("mcp_legacy_client.mjs",
                           {"stdio", STRAWBERRYCTL_PATH, "--data-dir", hub_.files().directory().path().string(),
                            "--host", "127.0.0.1", "--port", std::to_string(hub_.port()), "mcp", "--user", "alice"}));
  expect_legacy(client);
}

}  // namespace
}  // namespace strawberry::test
