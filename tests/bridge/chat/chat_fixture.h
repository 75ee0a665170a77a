/// A whole chat service with scripted models, fake devices, and a ledger that a test may close.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bridge/chat/chat_service.h"
#include "bridge/llm/rules_provider.h"
#include "bridge/usage/usage_service.h"
#include "tests/bridge/chat/chat_fakes.h"
#include "tests/bridge/llm/provider_fakes.h"
#include "tests/support/ask_service.h"
#include "tests/support/run_task.h"

namespace strawberry::test {

class FakeUsage final : public UsageLedger, public UserQuota {
 public:
  std::optional<Error> take(const std::string& user_id) override {
    admitted.push_back(user_id);
    return refusal;
  }
  void give_back(const std::string&) override { admitted.pop_back(); }
  void record(const Principal& sender, const ModelReply& reply) override { recorded.emplace_back(sender.id, reply); }
  Task<Reply<nlohmann::json>> report(std::string user_id, int days) override {
    co_return nlohmann::json{{"user", user_id}, {"days", days}};
  }

  std::optional<Error> refusal;
  std::vector<std::string> admitted;  // users
  std::vector<std::pair<std::string, ModelReply>> recorded;
};

class ChatFixture : public testing::Test {
 protected:
  using json = nlohmann::json;

  void SetUp() override {
    auto scripted = std::make_unique<ScriptedProvider>("openai");
    model = scripted.get();
    std::vector<std::unique_ptr<Provider>> list;
    list.push_back(std::move(scripted));
    list.push_back(std::make_unique<RulesProvider>());
    providers = std::make_unique<ProviderChain>(clock, hub_events, std::move(list), ProviderChain::Options{});
    start({});
    tools.skills["alice"] = {skill("MusicControlSkill", "play_song(song: str)", {device("lrs")}),
                             skill("LightSkill", "turn_on()", {device("k1"), device("k2")})};
  }

  void start(ChatService::Options options) {
    const auto waiting = [this] { return AnswerStream::Backlog{messages_waiting, 0}; };
    chat = std::make_unique<ChatService>(clock, ChatService::Neighbours{*providers, tools, store, usage, waiting},
                                         options);
  }

  Request request(json body) {
    Request made;
    made.sender = {PrincipalType::device, "tablet", "alice"};
    made.service = Service::chat;
    made.op = "complete";
    if (!body.contains("messages")) body["messages"] = json::array({{{"role", "user"}, {"content", "go"}}});
    made.body = std::move(body);
    made.correlation_id = "c-1";
    made.log_id = "c-1";
    made.deadline = clock.steady_now() + std::chrono::seconds(60);
    made.emit = [this](const std::string& event, json data) { events.emplace_back(event, std::move(data)); };
    return made;
  }
  Task<Reply<json>> ask(Request made) {
    RequestHandler& service = made.op == "usage" ? static_cast<RequestHandler&>(usage_service) : *chat;
    return ask_service(service, std::move(made), &usage);
  }
  Reply<json> handle(Request made) { return run_task(loop, ask(std::move(made))); }
  Reply<json> say(json body) { return handle(request(std::move(body))); }

  static std::string content_of(const Reply<json>& reply) {
    return reply ? reply->at("choices").at(0).at("message").at("content").get<std::string>()
                 : "ERROR " + reply.error().message;
  }
  /// Runs in the background until stopped or answered; `replies` gets the answer.
  void begin(Request made) {
    asio::co_spawn(loop, ask(std::move(made)),
                   [this](const std::exception_ptr&, Reply<json> reply) { replies.push_back(std::move(reply)); });
    poll();
  }
  void poll() {
    loop.restart();
    loop.poll();
  }
  /// A request of the same principal for another operation than chatting.
  Request operation(const std::string& op, json body) {
    Request made = request(json::object());
    made.op = op;
    made.body = std::move(body);
    made.correlation_id = "op-1";
    return made;
  }
  ModelReply calls(std::vector<ToolCall> list) const { return model->calls(std::move(list)); }

  asio::io_context loop;
  FakeClock clock;
  Events hub_events{clock};
  FakeTools tools;
  FakeSessions store;
  FakeUsage usage;
  UsageService usage_service{usage, std::chrono::seconds(60)};
  std::size_t messages_waiting = 0;  // outgoing
  ScriptedProvider* model = nullptr;
  std::unique_ptr<ProviderChain> providers;
  std::unique_ptr<ChatService> chat;
  std::vector<std::pair<std::string, json>> events;
  std::vector<Reply<json>> replies;
};

}  // namespace strawberry::test
