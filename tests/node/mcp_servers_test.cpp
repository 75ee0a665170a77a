/// MCP servers from npm, unmodified, as devices of a real hub, used by a chat.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/cli/hub_run.h"
#include "tests/support/free_port.h"
#include "tests/support/hub_process.h"
#include "tests/support/stub_llm/stub_llm.h"
#include "tests/support/temp_dir.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr auto startup_timeout = 80s;  // Node.js on a busy machine
constexpr auto answer_timeout = 30s;

std::string server_path(const std::string& name) {
  return std::string(STRAWBERRY_NODE_MODULES) + "/@modelcontextprotocol/" + name + "/dist/index.js";
}

HubProcess::Options asking(const StubLlm& model) {
  HubProcess::Options options;
  options.config =
      "[llm]\n[[llm.provider]]\nname = \"stub\"\nbase_url = \"" + model.base_url() + "\"\nmodel = \"stub-1\"\n";
  return options;
}

class McpServers : public testing::Test {
 protected:
  /// Runs `strawberryctl spoke` as Alice's device of this name; `words` select the server.
  std::unique_ptr<ChildProcess> spoke(const std::string& name, std::vector<std::string> words) {
    ChildProcess::Options options;
    options.argv = {STRAWBERRYCTL_PATH,
                    "--data-dir",
                    hub_.files().directory().path().string(),
                    "--host",
                    "127.0.0.1",
                    "--port",
                    std::to_string(hub_.port()),
                    "spoke",
                    "--device",
                    name,
                    "--user",
                    "alice"};
    options.argv.insert(options.argv.end(), words.begin(), words.end());
    auto process = std::make_unique<ChildProcess>(std::move(options));
    EXPECT_TRUE(process->wait_for_output("offers ", startup_timeout)) << process->output() << hub_.bridge().output();
    return process;
  }
  json describe(const std::string& path) { return alice_->result_of("skills", {{"op", "describe"}, {"path", path}}); }
  json call(const std::string& path, const json& kwargs) {
    const json reply =
        alice_->ask("skills", {{"op", "call"}, {"skill_path", path}, {"kwargs", kwargs}}, answer_timeout);
    return reply.at("success").get<bool>() ? reply.at("result") : reply.at("error");
  }
  /// The model's final answer.
  std::string chat(const std::string& words) { return words_of(alice_->ask("chat", said(words), answer_timeout)); }
  /// The same for a chat in which Alice is asked first, and gives this answer.
  std::string chat_with_consent(const std::string& words, bool is_allowed) {
    const std::string id = alice_->send("chat", said(words));
    json asked;
    const auto question = alice_->mqtt().wait_for(
        [&](const TestMessage& message) {
          const json event = json::parse(message.payload, nullptr, false);
          if (!event.is_object() || event.value("event", "") != "confirm" || event.at("correlation_id") != id)
            return false;
          asked = event.at("data");
          return true;
        },
        answer_timeout);
    if (!question) return "nobody was asked";
    alice_->result_of("chat", {{"op", "confirm"}, {"confirm", asked.at("id")}, {"allow", is_allowed}});
    return words_of(alice_->response("chat", id, answer_timeout));
  }
  static json said(const std::string& words) { return {{"messages", {{{"role", "user"}, {"content", words}}}}}; }
  static std::string words_of(const json& reply) {
    if (!reply.at("success").get<bool>()) return reply.dump();
    return reply.at("result").at("choices").at(0).at("message").at("content").get<std::string>();
  }

  StubLlm model_;
  HubProcess hub_{asking(model_)};
  std::unique_ptr<Spoke> alice_ = hub_.user("alice");
};

TEST_F(McpServers, FilesAreReadByAChatAndWrittenOnlyWithConsent) {
  TempDir files;
  std::ofstream(files.file("note.txt")) << "buy strawberries";
  const auto device = spoke("Files", {"--mcp", "--", STRAWBERRY_NODE, server_path("server-filesystem"), files.path()});

  const json edit = describe("SecureFilesystemServer.edit_file");
  EXPECT_EQ(edit.at("confirm"), true);
  EXPECT_EQ(edit.at("signature"), "edit_file(path: str, edits: list[dict], dryRun: bool = False)");
  EXPECT_EQ(edit.at("parameters").at("properties").at("edits").at("items").at("required"),
            json::array({"oldText", "newText"}));
  EXPECT_EQ(describe("SecureFilesystemServer.read_text_file").at("confirm"), false);

  model_.push(StubAnswer::tool_calls({{"SecureFilesystemServer-read_text_file", {{"path", files.file("note.txt")}}}}));
  model_.push(StubAnswer::words("You wanted to buy strawberries."));
  EXPECT_EQ(chat("what was I to buy?"), "You wanted to buy strawberries.");
  EXPECT_THAT(model_.requests().back().raw_body, HasSubstr("buy strawberries"));

  const json write{{"path", files.file("note.txt")}, {"content", "buy apples"}};
  for (const bool is_allowed : {false, true}) {
    model_.push(StubAnswer::tool_calls({{"SecureFilesystemServer-write_file", write}}));
    model_.push(StubAnswer::words("Very well."));
    EXPECT_EQ(chat_with_consent("make it apples", is_allowed), "Very well.");
    EXPECT_EQ(content_of(files.file("note.txt")), is_allowed ? "buy apples" : "buy strawberries");
  }

  // A person's own call runs; arguments that do not fit the schema never reach the server.
  const json wrong =
      call("SecureFilesystemServer.edit_file", {{"path", files.file("note.txt")}, {"edits", {{{"oldText", "buy"}}}}});
  EXPECT_EQ(wrong.at("details").at("path"), "/kwargs/edits/0/newText") << wrong;
  call("SecureFilesystemServer.edit_file",
       {{"path", files.file("note.txt")}, {"edits", {{{"oldText", "buy"}, {"newText", "eat"}}}}});
  EXPECT_EQ(content_of(files.file("note.txt")), "eat apples");
  EXPECT_THAT(call("SecureFilesystemServer.read_text_file", {{"path", "/etc/passwd"}}).dump(),
              HasSubstr("outside allowed directories"));
}

TEST_F(McpServers, EverythingIsUsedByAChat) {
  const auto device = spoke("Everything", {"--mcp", "--", STRAWBERRY_NODE, server_path("server-everything")});
  model_.push(StubAnswer::tool_calls(
      {{"Everything-get_sum", {{"a", 19}, {"b", 23.5}}}, {"Everything-get_tiny_image", json::object()}}));
  model_.push(StubAnswer::words("It is 42.5, and there is a picture."));
  EXPECT_EQ(chat("how much is 19 and 23.5?"), "It is 42.5, and there is a picture.");
  const std::string told = model_.requests().back().raw_body;
  EXPECT_THAT(told, HasSubstr("42.5"));
  EXPECT_THAT(told, HasSubstr("[image image/png, "));
  const json weather = call("Everything.get_structured_content", {{"location", "Chicago"}});
  EXPECT_TRUE(weather.contains("temperature")) << weather;
  EXPECT_EQ(call("Everything.get_structured_content", {{"location", "Nowhere"}}).at("code"), "bad_request");
  EXPECT_EQ(call("Everything.get_resource_links", {{"count", 11}}).at("details").at("path"), "/kwargs/count");
}

TEST_F(McpServers, EverythingIsReachedOverHttp) {
  const int port = free_port();
  ChildProcess::Options options;
  options.argv = {STRAWBERRY_NODE, server_path("server-everything"), "streamableHttp"};
  options.environment = {{"PORT", std::to_string(port)}};
  ChildProcess server(std::move(options));
  ASSERT_TRUE(server.wait_for_output("listening on port", startup_timeout)) << server.output();
  const auto device = spoke("Everything", {"--mcp-url", "http://127.0.0.1:" + std::to_string(port) + "/mcp"});
  EXPECT_THAT(call("Everything.echo", {{"message", "over HTTP"}}).dump(), HasSubstr("over HTTP"));
  server.terminate();
  EXPECT_THAT(call("Everything.echo", {{"message", "gone"}}).at("message").get<std::string>(),
              HasSubstr("http://127.0.0.1:" + std::to_string(port)));
}

}  // namespace
}  // namespace strawberry::test
