/// The log of a whole hub: every line of a request's life can be found by its correlation id (docs/operations.md).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include "tests/support/hub_process.h"
#include "tests/support/stub_llm/stub_llm.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr const char* secret_key = "sk-do-not-show-0123456789";

std::string config_with(const std::string& level, const std::string& format, const std::string& more = "") {
  return "[log]\nlevel = \"" + level + "\"\nformat = \"" + format + "\"\n" + more;
}

/// All lines; each must be a JSON object with its three members.
std::vector<json> lines_of(const std::string& output) {
  std::vector<json> lines;
  std::istringstream stream(output);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(json::parse(line, nullptr, false));
    const bool is_line = lines.back().is_object() && lines.back().value("ts", "").size() == 24 &&
                         lines.back().contains("level") && lines.back().contains("message");
    EXPECT_TRUE(is_line) << line;
  }
  return lines;
}

std::vector<std::string> messages_of(const std::vector<json>& lines, const std::string& correlation_id) {
  std::vector<std::string> messages;
  for (const auto& line : lines)
    if (line.value("correlation_id", "") == correlation_id) messages.push_back(line.at("message").get<std::string>());
  return messages;
}

class HubLog : public testing::Test {
 protected:
  void start(const std::string& config, std::map<std::string, std::string> environment = {}) {
    HubProcess::Options options;
    options.config = config;
    options.environment = std::move(environment);
    hub_ = std::make_unique<HubProcess>(options);
  }
  void write_config(const std::string& config) const {
    std::ofstream(hub_->files().directory().file("bridge.toml")) << config;
  }
  bool says_after_hangup(const std::string& text) const {
    const auto before = hub_->bridge().output().size();
    hub_->bridge().signal(SIGHUP);
    return hub_->bridge().wait_for_output(text, 5s, before);
  }

  StubLlm model_;
  std::unique_ptr<HubProcess> hub_;
};

TEST_F(HubLog, FollowsAChatAndACallFromTheirBeginningToTheirEnd) {
  start(config_with("debug", "json",
                    "[llm]\n[[llm.provider]]\nname = \"stub\"\nbase_url = \"" + model_.base_url() +
                        "\"\nmodel = \"stub-1\"\nretries_max = 0\napi_key_env = \"STUB_KEY\"\n"),
        {{"STUB_KEY", secret_key}});
  auto speaker = hub_->device("Speaker");
  auto tablet = hub_->device("Tablet");
  speaker->offer("MusicSkill", {"play_song(name: str) -> str"});

  // Calls the skill, and fails when it gets the result.
  model_.otherwise([](const StubRequest& asked) {
    if (asked.body.at("messages").back().at("role") == "tool") return StubAnswer::http(500, secret_key, "text/plain");
    return stub_calling("play_song", {{"name", "Yesterday"}})(asked);
  });
  tablet->send("chat", {{"correlation_id", "chat-1"}, {"messages", {{{"role", "user"}, {"content", "music"}}}}});
  const auto tool_call = speaker->next_call();
  ASSERT_TRUE(tool_call);
  speaker->answer(*tool_call, "playing");
  ASSERT_EQ(tablet->response("chat", "chat-1").at("error").at("code"), "provider_error");

  tablet->send("skills", {{"correlation_id", "call-1"}, {"skill_path", "MusicSkill.play_song"}, {"args", {"x"}}});
  const auto call = speaker->next_call();
  ASSERT_TRUE(call);
  speaker->answer_raw(
      json{{"correlation_id", call->at("correlation_id")}, {"success", false}, {"error", "no disc"}}.dump());
  ASSERT_EQ(tablet->response("skills", "call-1").at("error").at("code"), "skill_error");
  speaker->answer(*call, "again");
  EXPECT_EQ(speaker->code_of("devices", {{"op", "me"}}), "ok") << "what was sent before has been seen";
  EXPECT_EQ(hub_->stop_bridge(), 0);

  const auto output = hub_->bridge().output();
  EXPECT_EQ(output.find(secret_key), std::string::npos);
  EXPECT_EQ(output.find("eyJ"), std::string::npos) << "a token";
  const auto lines = lines_of(output);
  const auto chat = messages_of(lines, "chat-1");
  const auto hub_call_id = tool_call->at("correlation_id").get<std::string>();
  EXPECT_EQ(chat.at(0), "chat complete from tablet begins");
  EXPECT_EQ(chat.at(1), "asks a model, 1 tools offered");
  EXPECT_THAT(chat.at(2), StartsWith("stub answered with 1 tool calls in "));
  EXPECT_EQ(chat.at(3), "runs 1 skill calls");
  EXPECT_EQ(chat.at(4), "call " + hub_call_id + ": MusicSkill.play_song on speaker for tablet");
  EXPECT_EQ(chat.at(5), "call " + hub_call_id + ": answered");
  EXPECT_THAT(chat, Contains(StartsWith("stub failed (status, HTTP 500)")));
  EXPECT_THAT(chat.back(), StartsWith("chat complete from device/alice/tablet: provider_error, "));

  const auto routed = messages_of(lines, "call-1");
  ASSERT_EQ(routed.size(), 4U) << json(routed);
  EXPECT_EQ(routed[0], "skills call from tablet begins");
  EXPECT_THAT(routed[2], StartsWith("call " + call->at("correlation_id").get<std::string>() + ": skill_error"));
  EXPECT_THAT(routed[3], StartsWith("skills call from device/alice/tablet: skill_error, no disc in "));
  EXPECT_THAT(messages_of(lines, call->at("correlation_id").get<std::string>()),
              Contains(HasSubstr("nobody waits for it")));

  for (const auto& line : lines) {
    if (line.value("correlation_id", "") != "call-1") continue;
    EXPECT_EQ(line.value("sender", ""), "tablet") << line;
  }
  EXPECT_EQ(lines.back().at("message"), "stopped");
}

TEST_F(HubLog, AStoreThatFailsIsLoggedUnderTheRequestAndNotToldToTheClient) {
  start(config_with("info", "json"));
  auto speaker = hub_->device("Speaker");
  hub_->files().database().exec("DROP TABLE skills");
  speaker->send("skills", {{"op", "register"},
                           {"correlation_id", "reg-1"},
                           {"skills", {{{"class_name", "C"}, {"function_name", "f"}, {"signature", "f()"}}}}});
  const auto reply = speaker->response("skills", "reg-1");
  EXPECT_EQ(reply.at("error").at("code"), "internal");
  EXPECT_EQ(reply.dump().find("no such table"), std::string::npos) << reply;
  EXPECT_EQ(hub_->stop_bridge(), 0);
  const auto messages = messages_of(lines_of(hub_->bridge().output()), "reg-1");
  EXPECT_THAT(messages, Contains(HasSubstr("no such table: ")));
}

TEST_F(HubLog, HostileIdsStayWithinTheirLines) {
  start(config_with("debug", "json"));
  auto tablet = hub_->device("Tablet");
  for (const std::string& id : {std::string("a\nb\"}{\x1b[31m"), std::string("\"},{\"level\":\"error"),
                                std::string(128, '\x01'), std::string("Grüße")})
    EXPECT_EQ(tablet->ask("devices", {{"op", "me"}, {"correlation_id", id}}).at("success"), true);
  EXPECT_EQ(hub_->stop_bridge(), 0);
  const auto lines = lines_of(hub_->bridge().output());
  EXPECT_THAT(messages_of(lines, R"(a\x0ab"}{\x1b[31m)"), Not(IsEmpty()));
  EXPECT_THAT(messages_of(lines, "Grüße"), Not(IsEmpty()));
}

TEST_F(HubLog, PeopleFindTheIdInFrontOfTheMessage) {
  start(config_with("debug", "human"));
  auto tablet = hub_->device("Tablet");
  tablet->ask("devices", {{"op", "me"}, {"correlation_id", "me-1"}});
  EXPECT_TRUE(hub_->bridge().wait_for_output("[me-1] devices me from device/alice/tablet: ok in ", 5s));
}

TEST_F(HubLog, ThePluginCallsARefusedRequestByItsId) {
  start("");
  auto tablet = hub_->device("Tablet");
  tablet->mqtt().publish("skills/somebody/request", R"({"op":"list","correlation_id":"not-mine-1"})");
  EXPECT_TRUE(
      hub_->broker().process().wait_for_output("topic=\"skills/somebody/request\" correlation_id=\"not-mine-1\"", 5s))
      << hub_->broker().log();
}

TEST_F(HubLog, CountsWhatAClientHasRefusedTooOften) {
  start(config_with("info", "json"));
  auto tablet = hub_->device("Tablet");
  constexpr int requests = 300;
  for (int i = 0; i < requests; ++i)
    tablet->send("skills", {{"op", "call"}, {"correlation_id", "bad-" + std::to_string(i)}, {"skill_path", "No.such"}});
  EXPECT_EQ(tablet->code_of("devices", {{"op", "me"}}), "ok") << "what was sent before has been seen";
  // Without a further line: the bridge's own timer reports it after a second.
  EXPECT_TRUE(hub_->bridge().wait_for_output("more lines like this, not written: {} {} from {}: ", 5s));
  EXPECT_EQ(hub_->stop_bridge(), 0);
  int written = 0;
  int left_out = 0;
  for (const auto& line : lines_of(hub_->bridge().output())) {
    const auto message = line.at("message").get<std::string>();
    if (message.starts_with("skills call from device/alice/tablet: ")) ++written;
    if (message.find(" more lines like this, not written: {} {} from {}: ") == std::string::npos) continue;
    left_out += std::stoi(message);
    EXPECT_FALSE(line.contains("correlation_id")) << line;
  }
  EXPECT_GE(written, 20);
  EXPECT_LT(written, requests);
  EXPECT_EQ(written + left_out, requests);
}

TEST_F(HubLog, TakesOverLevelAndFormatAtSighup) {
  start(config_with("info", "human"));
  auto tablet = hub_->device("Tablet");
  write_config(config_with("debug", "json"));
  ASSERT_TRUE(says_after_hangup(R"("message":"logs from debug on, json lines")"));
  tablet->ask("devices", {{"op", "me"}, {"correlation_id", "me-2"}});
  EXPECT_TRUE(hub_->bridge().wait_for_output(R"("correlation_id":"me-2")", 5s));

  write_config("[log]\nlevel = \"loud\"\n");
  ASSERT_TRUE(says_after_hangup("the log goes on as it is: "));
  tablet->ask("devices", {{"op", "me"}, {"correlation_id", "me-3"}});
  EXPECT_TRUE(hub_->bridge().wait_for_output(R"("correlation_id":"me-3")", 5s));

  write_config(config_with("warn", "human", "[skills]\nexpiry_s = 60\n"));
  ASSERT_TRUE(says_after_hangup("what else has changed in the configuration holds from the next start"));
  const auto quiet_from = hub_->bridge().output().size();
  tablet->ask("devices", {{"op", "me"}, {"correlation_id", "me-4"}});
  EXPECT_EQ(hub_->bridge().output().find("me-4", quiet_from), std::string::npos);
  EXPECT_EQ(hub_->stop_bridge(), 0);
}

TEST_F(HubLog, TheEnvironmentsLevelWinsAtSighupToo) {
  start(config_with("error", "human"), {{"STRAWBERRY_LOG_LEVEL", "info"}});
  write_config(config_with("debug", "json"));
  EXPECT_TRUE(says_after_hangup("logs from info on, json lines"));
}

TEST_F(HubLog, SurvivesManyHangups) {
  start(config_with("info", "json"));
  auto tablet = hub_->device("Tablet");
  for (int i = 0; i < 50; ++i) hub_->bridge().signal(SIGHUP);
  EXPECT_EQ(tablet->code_of("devices", {{"op", "me"}}), "ok");
  EXPECT_EQ(hub_->stop_bridge(), 0);
  lines_of(hub_->bridge().output());
}

}  // namespace
}  // namespace strawberry::test
