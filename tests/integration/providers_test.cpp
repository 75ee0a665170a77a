/// The language model that answers a chat, in a whole hub: retries, fallback, circuits, names, and automatic discovery.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/hub_process.h"
#include "tests/support/stub_llm/stub_llm.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

json user_says(const std::string& text, const std::string& model = "") {
  json request = {{"messages", {{{"role", "user"}, {"content", text}}}}};
  if (!model.empty()) request["model"] = model;
  return request;
}

std::string provider(const std::string& name, const StubLlm& model, const std::string& more = "") {
  return "[[llm.provider]]\nname = \"" + name + "\"\nbase_url = \"" + model.base_url() + "\"\nmodel = \"" + name +
         "-default\"\n" + more;
}

HubProcess::Options with(const std::string& config) {
  HubProcess::Options options;
  options.config = config;
  return options;
}

std::vector<std::string> attempts(const json& reply) {
  std::vector<std::string> all;
  for (const auto& attempt : reply.at("error").at("details").at("attempts"))
    all.push_back(attempt.at("provider").get<std::string>() + " " + std::to_string(attempt.value("status", 0)));
  return all;
}

TEST(Providers, OneThatIsBackAtTheSecondTryAnswers) {
  StubLlm model;
  model.push(StubAnswer::http(503, "{}"));
  model.push(StubAnswer::words("here again"));
  HubProcess hub(with(provider("stub", model)));
  auto tablet = hub.device("Tablet");
  EXPECT_EQ(tablet->result_of("chat", user_says("hello")).at("provider"), "stub");
  EXPECT_EQ(model.requests().size(), 2U);
}

TEST(Providers, WhenAllFailTheReplyNamesEachAttempt) {
  StubLlm first;
  StubLlm second;
  first.push(StubAnswer::http(500, "{}"));
  first.push(StubAnswer::http(429, "{}"));
  second.push(StubAnswer::http(401, "{}"));
  HubProcess hub(with(provider("first", first, "retries_max = 1\n") + provider("second", second)));
  auto tablet = hub.device("Tablet");
  const auto reply = tablet->ask("chat", user_says("why is the sky blue?"));
  EXPECT_EQ(reply.at("error").at("code"), "provider_error");
  EXPECT_THAT(attempts(reply), testing::ElementsAre("first 500", "first 429", "second 401", "rules 0"));
}

TEST(Providers, ProviderModelAndAliasAreChosenByName) {
  StubLlm first;
  StubLlm second;
  HubProcess hub(
      with(provider("first", first) + provider("second", second) + "[llm.aliases]\nfast = \"second/meta/llama-8b\"\n"));
  auto tablet = hub.device("Tablet");
  for (const auto* model : {"", "second", "second/x", "fast", "gpt-9"}) tablet->ask("chat", user_says("hello", model));
  const auto model_of = [](const StubLlm& asked, std::size_t at) { return asked.requests().at(at).body.at("model"); };
  EXPECT_EQ(model_of(first, 0), "first-default");
  EXPECT_EQ(model_of(second, 0), "second-default");
  EXPECT_EQ(model_of(second, 1), "x");
  EXPECT_EQ(model_of(second, 2), "meta/llama-8b");
  EXPECT_EQ(model_of(first, 1), "gpt-9");
}

TEST(Providers, EachKindIsAskedInItsOwnDialect) {
  struct Kind {
    const char* name;
    const char* path;
    const char* answer;
  };
  const Kind kinds[] = {
      {"anthropic", "/v1/messages",
       R"({"type":"message","role":"assistant","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn"})"},
      {"gemini", "/v1beta/models/gemini-default:generateContent",
       R"({"candidates":[{"content":{"role":"model","parts":[{"text":"hi"}]},"finishReason":"STOP"}]})"},
      {"ollama", "/api/chat", R"({"message":{"role":"assistant","content":"hi"},"done":true,"done_reason":"stop"})"}};
  StubLlm model;
  const auto root = "\nbase_url = \"http://127.0.0.1:" + std::to_string(model.port()) + "\"\n";
  std::string config;
  for (const auto& kind : kinds)
    config += "[[llm.provider]]\nname = \"" + std::string(kind.name) + "\"\nkind = \"" + kind.name + "\"" + root +
              "model = \"" + kind.name + "-default\"\n";
  HubProcess hub(with(config));
  auto tablet = hub.device("Tablet");
  for (const auto& kind : kinds) {
    model.push(StubAnswer::http(200, kind.answer));
    EXPECT_EQ(tablet->result_of("chat", user_says("hello", kind.name)).at("provider"), kind.name);
    EXPECT_EQ(model.requests().back().path, kind.path);
  }
}

TEST(Providers, AreReachedThroughTheirOwnProxyElseThroughThatOfTheEnvironment) {
  // Each is a proxy for any host: it gets the whole URL, and answers itself.
  StubLlm own;
  StubLlm general;
  const auto proxy = [](const StubLlm& stub) { return "http://me:hunter2@127.0.0.1:" + std::to_string(stub.port()); };
  const std::string away = "base_url = \"http://model.test/v1\"\nmodel = \"m\"\nretries_max = 0\n";
  auto options = with("[[llm.provider]]\nname = \"first\"\n" + away + "proxy = \"" + proxy(own) + "\"\n" +
                      "[[llm.provider]]\nname = \"second\"\n" + away);
  options.environment = {{"http_proxy", proxy(general)}};
  HubProcess hub(options);
  auto tablet = hub.device("Tablet");
  for (const char* name : {"first", "second"})
    EXPECT_EQ(tablet->result_of("chat", user_says("hello", name)).at("provider"), name);
  EXPECT_EQ(own.requests().size(), 1U);
  EXPECT_EQ(general.requests().size(), 1U);
  own.push(StubAnswer::http(407, ""));
  general.push(StubAnswer::http(407, ""));
  EXPECT_THAT(attempts(tablet->ask("chat", user_says("why is the sky blue?"))),
              testing::ElementsAre("first 407", "second 407", "rules 0"));
  EXPECT_THAT(hub.bridge().output(), testing::Not(testing::HasSubstr("hunter2")));
}

TEST(Providers, OneThatKeepsFailingIsNotAskedAndTheHubsHealthShowsIt) {
  StubLlm model;
  model.otherwise([](const StubRequest&) { return StubAnswer::http(500, "{}"); });
  HubProcess hub(with(provider("stub", model, "retries_max = 0\n")));
  auto tablet = hub.device("Tablet");
  tablet->mqtt().subscribe("hub/health");
  for (int i = 0; i < 5; ++i) tablet->ask("chat", user_says("why is the sky blue?"));
  const auto reply = tablet->ask("chat", user_says("why is the sky blue?"));
  EXPECT_EQ(reply.at("error").at("details").at("attempts").at(0).at("reason"), "circuit_open");
  EXPECT_EQ(model.requests().size(), 5U);

  json stub = json::object();
  for (int reports = 0; reports < 3 && stub.value("state", "") != "open"; ++reports) {
    const auto health = tablet->mqtt().wait_for("hub/health", 12s);
    ASSERT_TRUE(health);
    stub = json::parse(health->payload).at("providers").at(0);
  }
  EXPECT_EQ(stub.at("name"), "stub");
  EXPECT_EQ(stub.at("state"), "open");
  EXPECT_EQ(stub.at("requests"), 5);
  EXPECT_EQ(stub.at("failures"), 5);
  EXPECT_GT(stub.at("retry_in_ms"), 10'000);
}

TEST(Providers, AHundredChatsAtOnceAllReachTheirModel) {
  StubLlm::Options many;
  many.threads = 128;
  StubLlm model(many);
  model.otherwise([](const StubRequest& request) {
    auto answer = stub_echo(request);
    answer.delay = 500ms;
    return answer;
  });
  HubProcess hub(with("[limits]\nchats_per_principal_max = 100\n" + provider("stub", model)));
  auto tablet = hub.device("Tablet");
  std::vector<std::string> asked;
  for (int i = 0; i < 100; ++i) asked.push_back(tablet->send("chat", user_says("hello")));
  for (const auto& id : asked) {
    const auto reply = tablet->response("chat", id, 20s);
    ASSERT_EQ(reply.at("success"), true) << reply;
    EXPECT_EQ(reply.at("result").at("provider"), "stub");
  }
  EXPECT_EQ(model.requests().size(), 100U);
}

TEST(Providers, ALocalServerIsFoundByItselfAndOnlyWhenNothingIsConfigured) {
  StubLlm llama;
  const auto serve = [](const StubRequest& request) {
    if (request.path == "/health") return StubAnswer::http(200, R"({"status":"ok"})");
    if (request.path == "/v1/models")
      return StubAnswer::http(200, R"({"object":"list","data":[{"id":"gemma","owned_by":"llamacpp"}]})");
    return stub_echo(request);
  };
  llama.otherwise(serve);
  const std::string ports =
      "[llm]\nollama_port = " + std::to_string(refused_port()) + "\nllama_cpp_port = " + std::to_string(llama.port());
  HubProcess::Options options;
  options.config = ports + "\n";
  options.environment["STRAWBERRY_FIND_LOCAL"] = "true";
  {
    HubProcess hub(options);
    ASSERT_TRUE(hub.bridge().wait_for_output("found llama.cpp at", 5s)) << hub.bridge().output();
    auto tablet = hub.device("Tablet");
    const auto result = tablet->result_of("chat", user_says("hello"));
    EXPECT_EQ(result.at("provider"), "llama_cpp");
    EXPECT_EQ(llama.requests().back().body.at("model"), "gemma");
  }
  StubLlm configured;
  const auto asked = llama.requests().size();
  options.config += provider("stub", configured);
  HubProcess hub(options);
  EXPECT_EQ(hub.device("Tablet")->result_of("chat", user_says("hello")).at("provider"), "stub");
  EXPECT_EQ(llama.requests().size(), asked);
}

}  // namespace
}  // namespace strawberry::test
