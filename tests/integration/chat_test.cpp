/// Chats through a whole hub: with the embedded rules, and with a model behind real HTTP (docs/contract.md, section 5).
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include "tests/support/hub_process.h"
#include "tests/support/stub_llm/stub_llm.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

json user_says(const std::string& text) { return {{"messages", {{{"role", "user"}, {"content", text}}}}}; }

std::string content_of(const json& reply) {
  if (!reply.at("success").get<bool>()) return reply.dump();
  return reply.at("result").at("choices").at(0).at("message").at("content").get<std::string>();
}

HubProcess::Options asking(const StubLlm& model, const std::string& more = "") {
  HubProcess::Options options;
  options.config =
      "[llm]\n[[llm.provider]]\nname = \"stub\"\nbase_url = \"" + model.base_url() + "\"\nmodel = \"stub-1\"\n" + more;
  return options;
}

TEST(ChatWithRules, PlaysInTheLivingRoomWithoutKeyOrNetwork) {
  HubProcess hub;
  auto speaker = hub.device("Living Room Speaker");
  auto tablet = hub.device("Kitchen Tablet");
  speaker->offer("MusicControlSkill", {"play_song(name: str) -> bool"});
  const auto id = tablet->send("chat", user_says("play Never Gonna Give You Up in the living room"));
  const auto call = speaker->next_call();
  ASSERT_TRUE(call);
  EXPECT_EQ(call->at("caller_device_id"), "kitchen_tablet");
  EXPECT_EQ(call->at("skill_path"), "MusicControlSkill.play_song");
  const auto arguments = call->at("args").dump() + call->at("kwargs").dump();
  EXPECT_NE(arguments.find("\"Never Gonna Give You Up\""), std::string::npos) << arguments;
  speaker->answer(*call, true);
  const auto reply = tablet->response("chat", id);
  EXPECT_EQ(reply.at("result").at("provider"), "rules");
  EXPECT_EQ(reply.at("result").at("usage").at("total_tokens"), 0);
  EXPECT_EQ(reply.at("result").at("object"), "chat.completion");
  EXPECT_NE(content_of(reply), "");
}

TEST(ChatWithRules, SaysWhatItCanDoWhenNothingFits) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  speaker->offer("MusicControlSkill", {"play_song(name: str)"});
  const auto answer = content_of(speaker->ask("chat", user_says("what is the meaning of life?")));
  EXPECT_NE(answer.find("play"), std::string::npos) << answer;
  EXPECT_FALSE(speaker->next_call(200ms));
}

TEST(ChatWithRules, TellsTheTruthAboutADeviceThatIsGone) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  auto tablet = hub.device("Tablet");
  speaker->offer("MusicControlSkill", {"play_song(name: str)"});
  const auto id = tablet->send("chat", user_says("play Yesterday on the speaker"));
  ASSERT_TRUE(speaker->next_call());
  speaker->mqtt().drop();
  const auto reply = tablet->response("chat", id);
  ASSERT_EQ(reply.at("success"), true) << reply;
  EXPECT_EQ(content_of(reply).find("Playing"), std::string::npos) << content_of(reply);
}

TEST(ChatWithAModel, TheModelsToolCallRunsOnTheDeviceAndItsResultGoesBack) {
  StubLlm model;
  model.otherwise(stub_calling("play_song", {{"name", "Yesterday"}}));
  HubProcess hub(asking(model));
  auto speaker = hub.device("Speaker");
  auto tablet = hub.device("Tablet");
  speaker->offer("MusicControlSkill", {"play_song(name: str) -> str"});
  auto request = user_says("some music please");
  request["stream"] = true;
  request["temperature"] = 0.25;
  request["model"] = "stub/other-model";
  const auto id = tablet->send("chat", request);
  const auto call = speaker->next_call();
  ASSERT_TRUE(call);
  speaker->answer(*call, "now playing: Yesterday");
  const auto reply = tablet->response("chat", id);
  EXPECT_EQ(reply.at("result").at("provider"), "stub");
  EXPECT_NE(content_of(reply).find("now playing: Yesterday"), std::string::npos) << content_of(reply);

  std::vector<std::string> events;
  for (const auto& message : tablet->mqtt().take_all()) {
    const auto event = json::parse(message.payload);
    if (!event.contains("event")) continue;
    EXPECT_EQ(event.at("seq"), events.size());
    EXPECT_EQ(event.at("correlation_id"), id);
    EXPECT_FALSE(event.contains("success"));
    events.push_back(event.at("event").get<std::string>());
  }
  EXPECT_GT(events.size(), 3U) << "words, and the end";
  events.erase(std::unique(events.begin(), events.end()), events.end());
  EXPECT_EQ(events, (std::vector<std::string>{"tool_call", "tool_result", "delta"}));

  const auto asked = model.requests();
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_EQ(asked[0].body.at("temperature"), 0.25);
  EXPECT_EQ(asked[0].body.at("model"), "other-model");
  EXPECT_EQ(asked[0].body.at("tools").at(0).at("function").at("parameters").at("required"), json::parse(R"(["name"])"));
  EXPECT_EQ(asked[1].body.at("messages").back().at("role"), "tool");
}

TEST(ChatWithAModel, NoneOffersNoSkills) {
  StubLlm model;
  HubProcess hub(asking(model));
  auto speaker = hub.device("Speaker");
  speaker->offer("C", {"f()"});
  auto request = user_says("hello there");
  request["tool_mode"] = "none";
  EXPECT_NE(content_of(speaker->ask("chat", request)).find("hello there"), std::string::npos);
  EXPECT_FALSE(model.requests().at(0).body.contains("tools"));
}

struct BadModel {
  const char* name;
  StubAnswer answer;
  const char* code;
};
void PrintTo(const BadModel& model, std::ostream* out) { *out << model.name; }

class ChatWithABadModel : public testing::TestWithParam<BadModel> {};
TEST_P(ChatWithABadModel, IsToldSoAndSimpleWishesWorkAllTheSame) {
  StubLlm model;
  model.otherwise([answer = GetParam().answer](const StubRequest&) { return answer; });
  HubProcess hub(asking(model, "total_timeout_ms = 1000\n"));
  auto speaker = hub.device("Speaker");
  const auto reply = speaker->ask("chat", user_says("why is the sky blue?"), 10s);
  ASSERT_EQ(reply.at("success"), false) << reply;
  EXPECT_EQ(reply.at("error").at("code"), GetParam().code);
  const auto& attempt = reply.at("error").at("details").at("attempts").at(0);
  EXPECT_EQ(attempt.at("provider"), "stub");
  EXPECT_TRUE(attempt.at("reason").is_string());

  speaker->offer("MusicControlSkill", {"play_song(name: str)"});
  const auto id = speaker->send("chat", user_says("play Yesterday"));
  const auto call = speaker->next_call();
  ASSERT_TRUE(call);
  speaker->answer(*call, true);
  EXPECT_EQ(speaker->response("chat", id).at("result").at("provider"), "rules");
}
INSTANTIATE_TEST_SUITE_P(
    Chat, ChatWithABadModel,
    testing::Values(BadModel{"Html", StubAnswer::html(), "provider_error"},
                    BadModel{"Hangs", StubAnswer::hang(), "provider_timeout"},
                    BadModel{"Cut", StubAnswer::cut(), "provider_error"},
                    BadModel{"Refuses", StubAnswer::http(401, "{}"), "provider_error"},
                    BadModel{"Fails", StubAnswer::http(500, "oops", "text/plain"), "provider_error"},
                    BadModel{"Empty", StubAnswer::http(200, ""), "provider_error"},
                    BadModel{"Deep", StubAnswer::http(200, std::string(100'000, '[')), "provider_error"}),
    [](const auto& tested) { return tested.param.name; });

TEST(ChatWithAModel, AServerThatIsNotThereIsNamed) {
  HubProcess::Options options;
  options.environment["OPENAI_BASE_URL"] = "http://127.0.0.1:" + std::to_string(refused_port()) + "/v1";
  HubProcess hub(options);
  auto tablet = hub.device("Tablet");
  const auto reply = tablet->ask("chat", user_says("why is the sky blue?"));
  EXPECT_EQ(reply.at("error").at("code"), "provider_error");
  EXPECT_EQ(reply.at("error").at("details").at("attempts").at(0).at("provider"), "openai");
}

TEST(ChatWithAModel, TheKeyIsSentAndNeverShown) {
  StubLlm model;
  const std::string key = "sk-very-secret-0123456789";
  model.push(StubAnswer::http(401, json{{"error", {{"message", "bad key " + key}}}}.dump()));
  HubProcess::Options options;
  options.environment = {
      {"OPENAI_API_KEY", key}, {"OPENAI_BASE_URL", model.base_url()}, {"STRAWBERRY_LOG_LEVEL", "trace"}};
  HubProcess hub(options);
  auto tablet = hub.device("Tablet");
  const auto reply = tablet->ask("chat", user_says("hello"));
  EXPECT_EQ(model.requests().at(0).authorization, "Bearer " + key);
  EXPECT_EQ(reply.dump().find(key), std::string::npos);
  EXPECT_EQ(hub.bridge().output().find(key), std::string::npos);
}

TEST(ChatWithAModel, SessionsRememberTheConversation) {
  StubLlm model;
  model.push(StubAnswer::words("Hi, Ada."));
  HubProcess hub(asking(model));
  auto tablet = hub.device("Tablet");
  auto phone = hub.device("Phone");
  auto first = user_says("my name is Ada");
  first["session_id"] = "new";
  const auto session = tablet->result_of("chat", first).at("session_id");
  auto second = user_says("what is my name?");
  second["session_id"] = session;
  EXPECT_EQ(phone->result_of("chat", second).at("session_id"), session) << "any of the user's devices";
  const auto messages = model.requests().at(1).body.at("messages").dump();
  EXPECT_NE(messages.find("my name is Ada"), std::string::npos);
  EXPECT_NE(messages.find("Hi, Ada."), std::string::npos);
  EXPECT_EQ(tablet->result_of("sessions", {{"op", "get"}, {"session_id", session}}).at("message_count"), 4);
  EXPECT_EQ(tablet->result_of("sessions", {{"op", "get"}, {"session_id", session}}).at("title"), "my name is Ada");
  second["session_id"] = "no-such-session";
  EXPECT_EQ(tablet->code_of("chat", second), "not_found");
  second["session_id"] = session;
  EXPECT_EQ(hub.device("Stranger", "bob")->code_of("chat", second), "not_found");
}

TEST(ChatWithAModel, AHangingModelCostsNobodyElseAnything) {
  StubLlm model;
  model.otherwise([](const StubRequest&) { return StubAnswer::hang(); });
  HubProcess hub(asking(model));
  auto speaker = hub.device("Speaker");
  auto tablet = hub.device("Tablet");
  speaker->offer("C", {"f()"});
  for (int i = 0; i < 4; ++i) tablet->send("chat", user_says("hello"));
  EXPECT_EQ(tablet->code_of("chat", user_says("one more")), "busy") << "four chats a principal";
  const auto id = tablet->send("skills", {{"skill_path", "C.f"}});
  const auto call = speaker->next_call();
  ASSERT_TRUE(call);
  speaker->answer(*call, 1);
  EXPECT_EQ(tablet->response("skills", id).at("result"), 1);
}

}  // namespace
}  // namespace strawberry::test
