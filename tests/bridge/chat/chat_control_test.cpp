/// What a client does with a chat besides asking: watching, stopping, answering questions, counting.
#include <gmock/gmock.h>

#include "tests/bridge/chat/chat_fixture.h"

namespace strawberry::bridge {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using test::device;
using test::skill;
using testing::ElementsAre;
using testing::HasSubstr;

/// Says its pieces, then waits for a test to let it finish.
class SlowModel final : public Provider {
 public:
  const std::string& name() const override { return name_; }
  Task<Result<ModelReply, ProviderError>> complete(ModelRequest request) override {
    struct Running {
      explicit Running(int& given) : count(given) { ++count; }
      ~Running() { --count; }
      int& count;
    } const counted(running);
    was_streamed = request.on_text != nullptr;
    if (request.on_text) {
      request.on_text("Once ");
      request.on_text("upon");
    }
    go = std::make_shared<OneShot<bool>>(co_await asio::this_coro::executor);
    const auto waiting = go;
    co_await waiting->wait();
    ModelReply reply;
    reply.content = "Once upon a time";
    reply.finish_reason = "stop";
    reply.model = "slow-1";
    reply.provider = name_;
    co_return reply;
  }

  std::shared_ptr<OneShot<bool>> go;
  int running = 0;
  bool was_streamed = false;

 private:
  const std::string name_ = "slow";
};

class ChatControlTest : public test::ChatFixture {
 protected:
  SlowModel& use_slow_model() {
    auto made = std::make_unique<SlowModel>();
    SlowModel& slow = *made;
    std::vector<std::unique_ptr<Provider>> list;
    list.push_back(std::move(made));
    providers = std::make_unique<ProviderChain>(clock, hub_events, std::move(list), ProviderChain::Options{});
    start({});
    return slow;
  }
  /// `[event]`, the words of a delta, or `<why it ended>`.
  std::vector<std::string> told() const {
    std::vector<std::string> all;
    for (const auto& [event, data] : events) {
      const json::json_pointer words("/choices/0/delta/content"), end("/choices/0/finish_reason");
      if (event != "delta") {
        all.push_back("[" + event + "]");
      } else if (data.contains(words)) {
        all.push_back(data.at(words).get<std::string>());
      } else {
        all.push_back("<" + data.at(end).get<std::string>() + ">");
      }
    }
    return all;
  }
  std::string code_of(const Reply<json>& reply) { return reply ? "ok" : std::string(to_string(reply.error().code)); }
};

TEST_F(ChatControlTest, PiecesLeaveWhileTheModelStillSpeaks) {
  auto& slow = use_slow_model();
  begin(request({{"stream", true}}));
  EXPECT_THAT(told(), ElementsAre("Once ", "upon"));
  EXPECT_TRUE(replies.empty());
  slow.go->set(true);
  poll();
  EXPECT_THAT(told(), ElementsAre("Once ", "upon", " a time", "<stop>"));
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(content_of(replies[0]), "Once upon a time");
  EXPECT_EQ(replies[0]->at("id"), events[0].second.at("id")) << "pieces and whole are one completion";
}

TEST_F(ChatControlTest, WhoDoesNotStreamIsToldNothingOnTheWay) {
  auto& slow = use_slow_model();
  begin(request(json::object()));
  EXPECT_FALSE(slow.was_streamed);
  slow.go->set(true);
  poll();
  EXPECT_TRUE(events.empty());
  EXPECT_EQ(content_of(replies.at(0)), "Once upon a time");
}

TEST_F(ChatControlTest, UnderPressureTheTextLeavesInOnePieceAtTheEnd) {
  messages_waiting = 4'001;
  auto& slow = use_slow_model();
  begin(request({{"stream", true}}));
  EXPECT_TRUE(events.empty());
  slow.go->set(true);
  poll();
  EXPECT_THAT(told(), ElementsAre("Once upon a time", "<stop>"));
}

TEST_F(ChatControlTest, WhatIsSaidBeforeACallIsStreamedBeforeIt) {
  auto first = calls({{"a", "MusicControlSkill-play_song", R"({"song":"x"})"}});
  first.content = "One moment. ";
  model->script = {first, model->words("Playing.")};
  const auto reply = say({{"stream", true}});
  EXPECT_THAT(told(), ElementsAre("One moment. ", "[tool_call]", "[tool_result]", "Playing.", "<stop>"));
  EXPECT_EQ(content_of(reply), "Playing.");
}

TEST_F(ChatControlTest, CancelEndsTheChatAndTheModelsRequest) {
  auto& slow = use_slow_model();
  begin(request(json::object()));
  EXPECT_EQ(slow.running, 1);
  const auto cancelled = handle(operation("cancel", {{"cancel", "c-1"}}));
  ASSERT_TRUE(cancelled);
  EXPECT_EQ(*cancelled, json({{"cancelled", true}}));
  poll();
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(code_of(replies[0]), "cancelled");
  EXPECT_EQ(slow.running, 0);
  EXPECT_EQ(chat->in_flight(), 0U);
  EXPECT_EQ(code_of(handle(operation("cancel", {{"cancel", "c-1"}}))), "not_found");
}

TEST_F(ChatControlTest, CancelAbandonsSkillCalls) {
  tools.hang_on = "lrs";
  model->script = {calls({{"a", "MusicControlSkill-play_song", R"({"song":"x"})"}})};
  begin(request(json::object()));
  EXPECT_EQ(tools.calls.size(), 1U);
  EXPECT_TRUE(handle(operation("cancel", {{"cancel", "c-1"}})));
  poll();
  EXPECT_EQ(code_of(replies.at(0)), "cancelled");
  EXPECT_EQ(model->requests.size(), 1U) << "the model is not asked what to say to that";
  EXPECT_EQ(chat->in_flight(), 0U);
}

TEST_F(ChatControlTest, OnlyItsSenderCancelsAChat) {
  auto& slow = use_slow_model();
  begin(request(json::object()));
  auto other = operation("cancel", {{"cancel", "c-1"}});
  other.sender.id = "phone";
  EXPECT_EQ(code_of(handle(std::move(other))), "not_found");
  EXPECT_EQ(code_of(handle(operation("cancel", {{"cancel", "c-2"}}))), "not_found");
  slow.go->set(true);
  poll();
  EXPECT_EQ(content_of(replies.at(0)), "Once upon a time");
}

TEST_F(ChatControlTest, ACancelledChatLeavesItsSessionAsItWas) {
  use_slow_model();
  begin(request({{"session_id", "new"}}));
  EXPECT_TRUE(handle(operation("cancel", {{"cancel", "c-1"}})));
  poll();
  EXPECT_TRUE(store.sessions.empty());
}

TEST_F(ChatControlTest, AChatThatIsBeingStoredIsNotCancelledAnyMore) {
  std::vector<Reply<json>> cancels;
  store.on_append = [&] {
    asio::co_spawn(loop, ask(operation("cancel", {{"cancel", "c-1"}})),
                   [&](const std::exception_ptr&, Reply<json> reply) { cancels.push_back(std::move(reply)); });
  };
  model->script = {model->words("hello")};
  begin(request({{"session_id", "new"}}));
  ASSERT_EQ(cancels.size(), 1U);
  EXPECT_EQ(code_of(cancels[0]), "not_found");
  EXPECT_EQ(content_of(replies.at(0)), "hello");
}

TEST_F(ChatControlTest, ADeviceThatLeavesStopsItsChats) {
  auto& slow = use_slow_model();
  begin(request(json::object()));
  chat->sender_left("phone");
  poll();
  EXPECT_TRUE(replies.empty());
  chat->sender_left("tablet");
  poll();
  EXPECT_EQ(code_of(replies.at(0)), "cancelled");
  EXPECT_EQ(slow.running, 0);
}

/// A door that asks first, and a model that wants it open.
class ChatConfirmTest : public ChatControlTest {
 protected:
  void SetUp() override {
    ChatControlTest::SetUp();
    auto door = skill("DoorSkill", "unlock(code: int)", {device("door")});
    door.skill.confirm = true;
    tools.skills["alice"] = {door};
    model->script = {calls({{"a", "DoorSkill-unlock", R"({"code":7})"}}), model->words("Well.")};
  }
  /// What the model was told the call came to.
  std::string told_model() const { return model->requests.at(1).messages.back().at("content").get<std::string>(); }
  Reply<json> say_so(const json& id, bool allow, const std::string& sender = "tablet") {
    auto made = operation("confirm", {{"confirm", id}, {"allow", allow}});
    made.sender.id = sender;
    return handle(std::move(made));
  }
};

TEST_F(ChatConfirmTest, TheSenderIsAskedAndItsYesRunsTheSkill) {
  begin(request(json::object()));
  ASSERT_EQ(events.size(), 1U) << "also without stream";
  EXPECT_EQ(events[0].first, "confirm");
  const auto id = events[0].second.at("id");
  EXPECT_EQ(events[0].second, json({{"id", id},
                                    {"device", "device_door"},
                                    {"skill_path", "DoorSkill.unlock"},
                                    {"arguments", {{"code", 7}}},
                                    {"expires_in_ms", 30'000}}));
  EXPECT_TRUE(tools.calls.empty());
  EXPECT_EQ(say_so(id, true), json({{"confirmed", true}}));
  poll();
  ASSERT_EQ(tools.calls.size(), 1U);
  EXPECT_EQ(content_of(replies.at(0)), "Well.");
  EXPECT_EQ(code_of(say_so(id, true)), "not_found") << "a question is answered once";
}

TEST_F(ChatConfirmTest, NoIsNo) {
  begin(request(json::object()));
  EXPECT_EQ(say_so(events.at(0).second.at("id"), false), json({{"confirmed", false}}));
  poll();
  EXPECT_TRUE(tools.calls.empty());
  EXPECT_THAT(told_model(), HasSubstr("forbidden"));
  EXPECT_EQ(content_of(replies.at(0)), "Well.");
}

TEST_F(ChatConfirmTest, SilenceIsNo) {
  ChatService::Options options;
  options.confirm_timeout = 1ms;
  start(options);
  EXPECT_EQ(content_of(say(json::object())), "Well.");
  EXPECT_EQ(events.at(0).second.at("expires_in_ms"), 1);
  EXPECT_TRUE(tools.calls.empty());
  EXPECT_THAT(told_model(), HasSubstr("forbidden"));
  EXPECT_EQ(code_of(say_so(events[0].second.at("id"), true)), "not_found");
}

TEST_F(ChatConfirmTest, AQuestionLeavesTheModelTimeToSpeak) {
  auto hurried = request(json::object());
  hurried.deadline = clock.steady_now() + 10ms;
  EXPECT_EQ(content_of(handle(std::move(hurried))), "Well.");
  EXPECT_EQ(events.at(0).second.at("expires_in_ms"), 8);
  EXPECT_TRUE(tools.calls.empty());
}

TEST_F(ChatConfirmTest, NobodyElseAnswers) {
  begin(request(json::object()));
  EXPECT_EQ(code_of(say_so(events.at(0).second.at("id"), true, "phone")), "not_found");
  EXPECT_EQ(code_of(say_so("guessed", true)), "not_found");
  EXPECT_TRUE(tools.calls.empty());
  (void)handle(operation("cancel", {{"cancel", "c-1"}}));
  poll();
}

TEST_F(ChatConfirmTest, WithTheChatItsQuestionIsOver) {
  begin(request(json::object()));
  (void)handle(operation("cancel", {{"cancel", "c-1"}}));
  poll();
  EXPECT_EQ(code_of(say_so(events.at(0).second.at("id"), true)), "not_found");
  EXPECT_TRUE(tools.calls.empty());
}

TEST_F(ChatConfirmTest, WhenTooManyQuestionsAreOpenItIsNoAtOnce) {
  ChatService::Options options;
  options.confirmations.questions_max = 1;
  start(options);
  begin(request(json::object()));
  model->script = {calls({{"a", "DoorSkill-unlock", R"({"code":7})"}}), model->words("Not now.")};
  model->requests.clear();
  EXPECT_EQ(content_of(say(json::object())), "Not now.");
  EXPECT_EQ(events.size(), 1U);
  EXPECT_THAT(told_model(), HasSubstr("forbidden"));
  (void)handle(operation("cancel", {{"cancel", "c-1"}}));
  poll();
}

TEST_F(ChatConfirmTest, TheQuestionComesAfterTheWordsBeforeIt) {
  auto first = calls({{"a", "DoorSkill-unlock", R"({"code":7})"}});
  first.content = "Shall I? ";
  model->script = {first, model->words("Done.")};
  begin(request({{"stream", true}}));
  EXPECT_THAT(told(), ElementsAre("Shall I? ", "[confirm]"));
  (void)say_so(events.at(1).second.at("id"), true);
  poll();
  EXPECT_THAT(told(), ElementsAre("Shall I? ", "[confirm]", "[tool_call]", "[tool_result]", "Done.", "<stop>"));
}

TEST_F(ChatControlTest, WhoMayHaveNoMoreIsTurnedAwayBeforeAnythingHappens) {
  usage.refusal = Error{ErrorCode::quota_exceeded, "no tokens left", {{"retry_after_ms", 5}}};
  const auto reply = say(json::object());
  EXPECT_EQ(code_of(reply), "quota_exceeded");
  EXPECT_EQ(reply.error().details.at("retry_after_ms"), 5);
  EXPECT_TRUE(model->requests.empty());
  EXPECT_EQ(chat->in_flight(), 0U);
}

TEST_F(ChatControlTest, ARequestThatIsWrongIsNotCounted) {
  (void)say({{"messages", "wrong"}});
  EXPECT_TRUE(usage.admitted.empty());
}

TEST_F(ChatControlTest, EachAnswerOfAModelIsCounted) {
  model->script = {calls({{"a", "MusicControlSkill-play_song", R"({"song":"x"})"}}), model->words("done")};
  (void)say(json::object());
  EXPECT_EQ(usage.admitted.size(), 1U);
  ASSERT_EQ(usage.recorded.size(), 2U);
  EXPECT_EQ(usage.recorded[1].first, "tablet");
  EXPECT_EQ(usage.recorded[1].second.usage.prompt_tokens, 10);
}

TEST_F(ChatControlTest, WhatWasSaidBeforeACancelIsCountedByEstimate) {
  use_slow_model();
  begin(request({{"stream", true}}));
  EXPECT_TRUE(usage.recorded.empty());
  EXPECT_TRUE(handle(operation("cancel", {{"cancel", "c-1"}})));
  poll();
  ASSERT_EQ(usage.recorded.size(), 1U);
  const auto& [device_id, counted] = usage.recorded[0];
  EXPECT_EQ(device_id, "tablet");
  EXPECT_EQ(counted.provider, "unfinished");
  EXPECT_TRUE(counted.usage.estimated);
  EXPECT_EQ(counted.usage.completion_tokens, 3) << "'Once upon' has nine bytes";
  EXPECT_GT(counted.usage.prompt_tokens, 0);
}

TEST_F(ChatControlTest, WhatWasSaidBeforeAModelFailedIsCountedByEstimate) {
  model->on_request = [](const ModelRequest& asked) { asked.on_text("Once upon a"); };
  ProviderError broken{"openai", "bad_reply", 0, "it broke off"};
  broken.shown = true;
  model->script = {tl::unexpected<ProviderError>(broken)};
  EXPECT_FALSE(say({{"stream", true}}));
  poll();
  ASSERT_EQ(usage.recorded.size(), 1U) << "once, although the chat then ends";
  EXPECT_TRUE(usage.recorded[0].second.usage.estimated);
  EXPECT_EQ(usage.recorded[0].second.usage.completion_tokens, 3);
}

TEST_F(ChatControlTest, WhatIsCountedAlreadyIsNotEstimatedToo) {
  auto first = calls({{"a", "MusicControlSkill-play_song", R"({"song":"x"})"}});
  first.content = "One moment. ";
  model->script = {first};
  model->on_request = [](const ModelRequest& asked) { asked.on_text("One moment. "); };
  tools.hang_on = "lrs";
  begin(request({{"stream", true}}));
  EXPECT_TRUE(handle(operation("cancel", {{"cancel", "c-1"}})));
  poll();
  ASSERT_EQ(usage.recorded.size(), 1U);
  EXPECT_EQ(usage.recorded[0].second.usage.prompt_tokens, 10) << "as the provider said";
}

TEST_F(ChatControlTest, TheProviderOfAnEarlierStepIsWhoWasStoppedInALaterOne) {
  auto first = calls({{"a", "MusicControlSkill-play_song", R"({"song":"x"})"}});
  ProviderError broken{"openai", "bad_reply", 0, "it broke off"};
  broken.shown = true;
  model->script = {first, tl::unexpected<ProviderError>(broken)};
  model->on_request = [](const ModelRequest& asked) { asked.on_text("Once"); };
  EXPECT_FALSE(say({{"stream", true}}));
  ASSERT_EQ(usage.recorded.size(), 2U);
  EXPECT_EQ(usage.recorded[1].second.provider, "openai");
  EXPECT_EQ(usage.recorded[1].second.model, "openai-model");
  EXPECT_EQ(usage.recorded[1].second.usage.completion_tokens, 1) << "of this step only";
}

TEST_F(ChatControlTest, ACancelBeforeAnythingWasSaidCountsNothing) {
  use_slow_model();
  begin(request(json::object()));
  EXPECT_TRUE(handle(operation("cancel", {{"cancel", "c-1"}})));
  poll();
  EXPECT_TRUE(usage.recorded.empty());
}

TEST_F(ChatControlTest, AnEstimateIsMarked) {
  auto guessed = calls({{"a", "MusicControlSkill-play_song", R"({"song":"x"})"}});
  guessed.usage.estimated = true;
  model->script = {guessed, model->words("done")};
  EXPECT_EQ(say(json::object())->at("usage").at("estimated"), true);
}

TEST_F(ChatControlTest, UsageIsTheUsersAndAnAdminNamesOne) {
  EXPECT_EQ(handle(operation("usage", json::object())), json({{"user", "alice"}, {"days", 30}}));
  EXPECT_EQ(handle(operation("usage", {{"days", 7}})), json({{"user", "alice"}, {"days", 7}}));
  auto admin = operation("usage", {{"user_id", "bob"}});
  admin.sender = {PrincipalType::admin, "admin", ""};
  EXPECT_EQ(handle(std::move(admin)), json({{"user", "bob"}, {"days", 30}}));
  EXPECT_EQ(code_of(handle(operation("usage", {{"user_id", "bob"}}))), "forbidden");
  auto enroll = operation("usage", json::object());
  enroll.sender = {PrincipalType::enroll, "e", "alice"};
  EXPECT_EQ(code_of(handle(std::move(enroll))), "forbidden");
}

TEST_F(ChatControlTest, PythonWritesTheSkillsIntoThePromptAndReturnsTheCode) {
  const std::string code = "```python\nMusicControlSkill.play_song(song=\"x\")\n```";
  model->script = {model->words(code)};
  const auto reply =
      say({{"tool_mode", "python"},
           {"messages", json::parse(R"([{"role":"system","content":"Be kind."},{"role":"user","content":"go"}])")}});
  EXPECT_EQ(content_of(reply), code);
  const auto& asked = model->requests.at(0);
  EXPECT_TRUE(asked.tools.empty());
  ASSERT_EQ(asked.messages.size(), 3U);
  EXPECT_EQ(asked.messages[0].at("role"), "system");
  EXPECT_THAT(asked.messages[0].at("content").get<std::string>(), HasSubstr("def play_song(song: str):"));
  EXPECT_EQ(asked.messages[1].at("content"), "Be kind.");
  EXPECT_TRUE(tools.calls.empty());
}

TEST_F(ChatControlTest, PythonComesBeforeASessionsHistory) {
  const auto id = say({{"session_id", "new"}})->at("session_id");
  (void)say({{"session_id", id}, {"tool_mode", "python"}});
  const auto& messages = model->requests.at(1).messages;
  ASSERT_EQ(messages.size(), 4U);
  EXPECT_EQ(messages[0].at("role"), "system");
  EXPECT_EQ(store.messages.at(id.get<std::string>()).size(), 4U) << "and is not stored";
}

TEST_F(ChatControlTest, ATensorZeroStyleRequestIsAnsweredInThatShape) {
  model->script = {model->words("noon")};
  const auto reply =
      handle(operation("inference", json::parse(R"({"input":{"messages":[{"role":"user","content":"What time is it?"}]},
      "model_name":"openai::gpt-4o-mini","episode_id":"e-1","stream":true})")));
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->at("episode_id"), "e-1");
  EXPECT_EQ(reply->at("content"), json::parse(R"([{"type":"text","text":"noon"}])"));
  EXPECT_EQ(reply->at("usage"), json::parse(R"({"input_tokens":10,"output_tokens":5})"));
  EXPECT_EQ(reply->at("variant_name"), "openai::openai-model");
  EXPECT_EQ(model->requests.at(0).model, "gpt-4o-mini");
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].second.at("content"), json::parse(R"([{"type":"text","id":"0","text":"noon"}])"));
  EXPECT_EQ(events[1].second.at("finish_reason"), "stop");
  EXPECT_EQ(events[1].second.at("inference_id"), reply->at("inference_id"));
}

TEST_F(ChatControlTest, AResultWithoutItsCallIsRefusedWhereATensorZeroStyleRequestHasIt) {
  const auto reply = handle(operation("inference", json::parse(R"({"input":{"system":"s","messages":[
      {"role":"user","content":[{"type":"tool_result","id":"1","name":"clock","result":"noon"}]}]}})")));
  EXPECT_EQ(code_of(reply), "bad_request");
  EXPECT_EQ(reply.error().details.at("path"), "/input/messages");
}

TEST_F(ChatControlTest, AWrongTensorZeroStyleRequestIsRefused) {
  EXPECT_EQ(code_of(handle(operation("inference", {{"input", 5}}))), "bad_request");
}

}  // namespace
}  // namespace strawberry::bridge
