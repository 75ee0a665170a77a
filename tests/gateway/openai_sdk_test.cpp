/// The official OpenAI client from npm, unmodified, before the web door of a whole hub.
#include <gmock/gmock.h>

#include <sstream>
#include <thread>

#include "tests/gateway/gateway_process.h"
#include "tests/support/stub_llm/stub_llm.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

TEST(TheOfficialOpenAiClient, IsAtHomeHere) {
  StubLlm model;
  model.otherwise([](const StubRequest& request) {
    const std::string asked = request.body.at("messages").back().value("content", "");
    if (asked == "forever") return StubAnswer::tokens(5'000, 50);
    if (asked == "use the tool") return stub_calling("get_weather", json::object())(request);
    return stub_echo(request);
  });
  HubProcess::Options options;
  options.config =
      "[llm]\n[[llm.provider]]\nname = \"stub\"\nbase_url = \"" + model.base_url() + "\"\nmodel = \"stub-1\"\n";
  HubProcess hub(options);
  GatewayProcess door(hub);
  ChildProcess::Options node;
  node.argv = {STRAWBERRY_NODE, STRAWBERRY_SOURCE_DIR "/tests/node/openai_client.mjs", door.url() + "/v1",
               hub.files().user_token("alice")};
  ChildProcess client(node);
  ASSERT_EQ(client.wait_for_exit(30s), 0) << client.output();
  std::map<std::string, json> said;
  std::istringstream lines(client.output());
  for (std::string line; std::getline(lines, line);) {
    const json one = json::parse(line, nullptr, false);
    if (one.is_object()) said[one.at("what").get<std::string>()] = one;
  }
  EXPECT_EQ(said.at("models").at("ids")[0], "stub");
  EXPECT_EQ(said.at("plain").at("content"), "echo: tell me something");
  EXPECT_EQ(said.at("streamed").at("content"), "echo: tell me something");
  EXPECT_EQ(said.at("streamed").at("has_usage"), true);
  EXPECT_EQ(said.at("helper").at("content"), "echo: tell me something");
  EXPECT_EQ(said.at("tools").at("reason"), "tool_calls");
  EXPECT_EQ(said.at("tools").at("name"), "get_weather");
  EXPECT_EQ(said.at("response_format").at("content"), "echo: tell me something");
  EXPECT_EQ(said.at("error").at("is_bad_request"), true);
  EXPECT_EQ(said.at("token").at("is_authentication"), true);
  for (int i = 0; i < 300 && model.clients_gone() == 0; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(model.clients_gone(), 1u);
}

}  // namespace
}  // namespace strawberry::test
