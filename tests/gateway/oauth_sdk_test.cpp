/// The OAuth of the official MCP clients from npm, unmodified, at the web door of a whole hub.
#include <gmock/gmock.h>

#include <sstream>

#include "tests/cli/hub_run.h"
#include "tests/gateway/gateway_process.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

TEST(TheOfficialMcpClients, GetTheirTokensHere) {
  HubProcess hub;
  hub.files().add_device("lamp", "alice", "Lamp");
  GatewayProcess door(hub);
  ChildProcess::Options node;
  node.argv = {STRAWBERRY_NODE, STRAWBERRY_SOURCE_DIR "/tests/node/oauth_client.mjs", door.url()};
  for (int i = 0; i < 2; ++i) {
    const Finished link = control({"--json", "--data-dir", hub.files().directory().path().string(), "login-link",
                                   "--user", "alice", "--url", door.url()});
    ASSERT_EQ(link.code, 0) << link.output;
    node.argv.push_back(json::parse(link.output).at("url").get<std::string>());
  }
  ChildProcess client(node);
  ASSERT_EQ(client.wait_for_exit(30s), 0) << client.output();
  std::istringstream lines(client.output());
  std::vector<std::string> clients;
  for (std::string line; std::getline(lines, line);) {
    const json said = json::parse(line, nullptr, false);
    if (!said.is_object()) continue;
    clients.push_back(said.at("what").get<std::string>());
    EXPECT_EQ(said.at("asked"), "REDIRECT") << said;
    EXPECT_EQ(said.at("given"), "AUTHORIZED") << said;
    EXPECT_EQ(said.at("renewed"), "AUTHORIZED") << said;
    EXPECT_EQ(said.at("state"), "a state");
    EXPECT_EQ(said.at("resource"), door.url() + "/mcp");
    EXPECT_EQ(said.at("scope"), "skills:read skills:call chat sessions devices:read mcp");
    EXPECT_EQ(said.at("status"), 200) << said;
    EXPECT_EQ(said.at("rotated"), true) << said;
  }
  EXPECT_EQ(clients, (std::vector<std::string>{"sdk", "client"})) << client.output();
}

}  // namespace
}  // namespace strawberry::test
