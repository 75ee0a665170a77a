#include "bridge/chat/chat_service.h"
#include "common/runtime/asio.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/bridge/chat/chat_fixture.h"

namespace strawberry::bridge {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using test::device;
using test::skill;
using testing::ElementsAre;
using testing::HasSubstr;

class ChatServiceTest : public test::ChatFixture {};

TEST_F(ChatServiceTest, AnswersWithAChatCompletion) {
  model->script.push_back(model->words("hello"));
  const auto reply = say({{"temperature", 0.3}});
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->at("object"), "chat.completion");
  EXPECT_THAT(reply->at("id").get<std::string>(), testing::StartsWith("chatcmpl-"));
  EXPECT_EQ(reply->at("created"), 1'767'225'600);
  EXPECT_EQ(reply->at("model"), "openai-model");
  EXPECT_EQ(reply->at("provider"), "openai");
  EXPECT_EQ(reply->at("choices").at(0),
            json::parse(R"({"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"})"));
  EXPECT_EQ(reply->at("usage"), json::parse(R"({"prompt_tokens":10,"completion_tokens":5,"total_tokens":15})"));
  EXPECT_TRUE(reply->at("session_id").is_null());
  EXPECT_EQ(model->requests.at(0).options, json({{"temperature", 0.3}}));
  EXPECT_TRUE(events.empty());
}

TEST_F(ChatServiceTest, RunsTheModelsCallOnTheDevice) {
  model->script.push_back(calls({{"c1", "MusicControlSkill-play_song", R"({"song":"Yesterday"})"}}));
  model->script.push_back(model->words("playing"));
  EXPECT_EQ(content_of(say(json::object())), "playing");
  ASSERT_EQ(tools.calls.size(), 1u);
  const auto& call = tools.calls[0];
  EXPECT_EQ(call.caller.id, "tablet");
  EXPECT_EQ(call.skill_path, "MusicControlSkill.play_song");
  EXPECT_EQ(call.target, "lrs");
  EXPECT_EQ(call.kwargs, json({{"song", "Yesterday"}}));
  EXPECT_EQ(call.log_id, "c-1");
  EXPECT_EQ(call.deadline, clock.steady_now() + 30s);
  EXPECT_EQ(model->requests.at(1).messages.back().at("content"), R"({"result":true})");
}

TEST_F(ChatServiceTest, FailuresAreToldToTheModelAndTheChatGoesOn) {
  const std::pair<ErrorCode, const char*> cases[] = {{ErrorCode::device_offline, "device_offline"},
                                                     {ErrorCode::timeout, "timeout"},
                                                     {ErrorCode::skill_error, "skill_error"},
                                                     {ErrorCode::ambiguous, "ambiguous"},
                                                     {ErrorCode::busy, "busy"},
                                                     {ErrorCode::internal, "internal"}};
  for (const auto& [code, word] : cases) {
    tools.answer = [code = code](const SkillCall&) { return Reply<json>(error(code, "it failed")); };
    model->script = {calls({{"c1", "MusicControlSkill-play_song", R"({"song":"x"})"}}), model->words("sorry")};
    EXPECT_EQ(content_of(say(json::object())), "sorry");
    EXPECT_THAT(model->requests.back().messages.back().at("content").get<std::string>(), HasSubstr(word));
  }
  EXPECT_EQ(tools.calls.size(), std::size(cases)) << "a failed call is not made again";
}

TEST_F(ChatServiceTest, CallsOnDifferentDevicesRunAtOnceAndOnOneInOrder) {
  model->script = {calls({{"a", "LightSkill-turn_on", R"({"device":"device_k1"})"},
                          {"b", "LightSkill-turn_on", R"({"device":"device_k2"})"},
                          {"c", "LightSkill-turn_on", R"({"device":"device_k1"})"}}),
                   model->words("on")};
  EXPECT_EQ(content_of(say(json::object())), "on");
  EXPECT_EQ(tools.most_at_once, 2);
  ASSERT_EQ(tools.calls.size(), 3u);
  EXPECT_EQ(tools.calls[2].target, "k1");
  EXPECT_THAT(tools.log, testing::IsSupersetOf({"start 2", "end 0"}));
  const auto at = [this](const std::string& what) { return std::find(tools.log.begin(), tools.log.end(), what); };
  EXPECT_LT(at("end 0"), at("start 2"));
}

TEST_F(ChatServiceTest, CallsWhoseDeviceTheHubChoosesRunInOrder) {
  tools.skills["alice"].at(1).skill.device_agnostic = true;
  model->script = {calls({{"a", "LightSkill-turn_on", "{}"}, {"b", "MusicControlSkill-play_song", R"({"song":"x"})"}}),
                   model->words("on")};
  (void)say(json::object());
  EXPECT_EQ(tools.calls.at(0).target, "");
  EXPECT_EQ(tools.most_at_once, 1);
}

TEST_F(ChatServiceTest, AnEndlessLoopEnds) {
  model->script = {calls({{"c", "MusicControlSkill-play_song", R"({"song":"x"})"}})};
  model->repeat_last = true;
  const auto reply = say(json::object());
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::provider_error);
  EXPECT_EQ(model->requests.size(), 8u);
  EXPECT_EQ(model->requests.back().options.at("tool_choice"), "none");
  EXPECT_EQ(model->requests.back().tools.size(), 2u);
  EXPECT_FALSE(model->requests.at(0).is_last_try);
  EXPECT_TRUE(model->requests.at(1).is_last_try);
  EXPECT_EQ(tools.calls.size(), 7u);
}

TEST_F(ChatServiceTest, ToolModeNoneAddsNothing) {
  model->script.push_back(model->words("hi"));
  (void)say({{"tool_mode", "none"}});
  EXPECT_TRUE(model->requests.at(0).tools.empty());
  EXPECT_EQ(model->requests.at(0).messages.size(), 1u);
}

TEST_F(ChatServiceTest, OnlyTheUsersOwnSkillsAreOffered) {
  tools.skills["bob"] = {skill("DoorSkill", "unlock()", {device("door")})};
  model->script = {calls({{"c", "DoorSkill-unlock", "{}"}}), model->words("no")};
  (void)say(json::object());
  EXPECT_EQ(model->requests.at(0).tools.size(), 2u);
  EXPECT_TRUE(tools.calls.empty());
}

TEST_F(ChatServiceTest, AClientsCallIsReturnedToIt) {
  model->script = {calls({{"c1", "clock", R"({"zone":"utc"})"}})};
  const auto reply = say({{"tools", json::parse(R"([{"type":"function","function":{"name":"clock"}}])")}});
  ASSERT_TRUE(reply);
  const auto& choice = reply->at("choices").at(0);
  EXPECT_EQ(choice.at("finish_reason"), "tool_calls");
  EXPECT_EQ(choice.at("message").at("content"), nullptr);
  EXPECT_EQ(
      choice.at("message").at("tool_calls"),
      json::parse(R"([{"id":"c1","type":"function","function":{"name":"clock","arguments":"{\"zone\":\"utc\"}"}}])"));
  EXPECT_TRUE(tools.calls.empty());
}

TEST_F(ChatServiceTest, AToolThatTheClientInsistsOnIsInsistedOnOnce) {
  model->script = {calls({{"c", "MusicControlSkill-play_song", R"({"song":"x"})"}}), model->words("done")};
  (void)say({{"tool_choice", "required"}});
  EXPECT_EQ(model->requests.at(0).options.at("tool_choice"), "required");
  EXPECT_FALSE(model->requests.at(1).options.contains("tool_choice"));
}

TEST_F(ChatServiceTest, StreamTellsOfCallsAndGivesTheAnswerBeforeTheReply) {
  tools.answer = [](const SkillCall& call) {
    return call.target == "k2" ? Reply<json>(error(ErrorCode::device_offline, "gone")) : Reply<json>(json(7));
  };
  model->script = {calls({{"a", "LightSkill-turn_on", R"({"device":"device_k1"})"}}),
                   calls({{"b", "LightSkill-turn_on", R"({"device":"device_k2"})"}}), model->words("done")};
  ASSERT_TRUE(say({{"stream", true}}));
  ASSERT_EQ(events.size(), 6u);
  EXPECT_EQ(events[0].first, "tool_call");
  EXPECT_EQ(events[0].second,
            json::parse(R"({"id":"a","device":"device_k1","skill_path":"LightSkill.turn_on","arguments":{}})"));
  EXPECT_EQ(events[1].second, json::parse(R"({"id":"a","success":true,"result":7})"));
  EXPECT_EQ(events[3].second.at("success"), false);
  EXPECT_EQ(events[3].second.at("error").at("code"), "device_offline");
  EXPECT_EQ(events[4].first, "delta");
  EXPECT_EQ(events[4].second.at("object"), "chat.completion.chunk");
  EXPECT_EQ(events[4].second.at("choices").at(0).at("delta").at("content"), "done");
  EXPECT_EQ(events[5].second.at("choices").at(0).at("finish_reason"), "stop");
}

TEST_F(ChatServiceTest, ToolEventsTellOfCallsAlsoWithoutStreaming) {
  tools.answer = [](const SkillCall&) { return Reply<json>(json(7)); };
  model->script = {calls({{"a", "LightSkill-turn_on", R"({"device":"device_k1"})"}}), model->words("done")};
  ASSERT_TRUE(say({{"tool_events", true}}));
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].first, "tool_call");
  EXPECT_EQ(events[1].first, "tool_result");
  EXPECT_EQ(model->requests.at(0).on_text, nullptr);
  EXPECT_FALSE(model->requests.at(0).options.contains("tool_events"));
}

TEST_F(ChatServiceTest, ModelsThatFailAreNamedInTheError) {
  model->script.push_back(model->fails("connect"));
  const auto reply = say(json::object());
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::provider_error);
  EXPECT_EQ(reply.error().details.at("attempts").size(), 2u);
}

TEST_F(ChatServiceTest, TheRulesDoTheJobWhenTheModelCannot) {
  model->script = {model->fails("connect")};
  model->repeat_last = true;
  const auto reply = say({{"messages", json::parse(R"([{"role":"user","content":"play Never Gonna Give You Up"}])")}});
  EXPECT_EQ(content_of(reply), "Done: play song Never Gonna Give You Up on Device lrs.");
  EXPECT_EQ(reply->at("provider"), "rules");
  EXPECT_EQ(reply->at("usage").at("total_tokens"), 0);
  EXPECT_EQ(model->requests.size(), 1u) << "it is not asked again in the second step";
  EXPECT_EQ(tools.calls.size(), 1u);
}

TEST_F(ChatServiceTest, WhatTheRulesAskIsAnsweredInTheNextTurnOfTheSession) {
  const auto turn = [this](const std::string& said, const std::string& session) {
    return say({{"model", "rules"}, {"session_id", session}, {"messages", {{{"role", "user"}, {"content", said}}}}});
  };
  const auto asked = turn("turn on the light", "new");
  EXPECT_EQ(content_of(asked), "Which one: Device k1 or Device k2?");
  EXPECT_TRUE(tools.calls.empty());
  const auto session = asked->at("session_id").get<std::string>();
  EXPECT_EQ(content_of(turn("k2", session)), "Done: turn on Device k2.");
  EXPECT_EQ(tools.calls.size(), 1u);
  EXPECT_EQ(content_of(turn("and k1 too", session)), "Done: turn on Device k1.");
  EXPECT_EQ(tools.calls.size(), 2u);
  EXPECT_EQ(turn("k2", "new")->at("choices").at(0).at("message").at("content").get<std::string>().find("Done"),
            std::string::npos)
      << "another session knows nothing of it";
}

TEST_F(ChatServiceTest, TheDeadlineEndsTheTurn) {
  model->on_request = [this](const ModelRequest&) { clock.advance(61s); };
  model->script = {calls({{"c", "MusicControlSkill-play_song", R"({"song":"x"})"}})};
  const auto reply = say(json::object());
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::timeout);
  EXPECT_TRUE(tools.calls.empty());
}

TEST_F(ChatServiceTest, AShortDeadlineLeavesTheModelTimeToSpeakAfterACall) {
  model->script = {calls({{"c", "MusicControlSkill-play_song", R"({"song":"x"})"}}), model->words("done")};
  auto quick = request(json::object());
  quick.deadline = clock.steady_now() + 5s;
  (void)handle(std::move(quick));
  EXPECT_EQ(tools.calls.at(0).deadline, clock.steady_now() + 4s);
}

TEST_F(ChatServiceTest, WhoHasNoUserMayNotChat) {
  for (const Principal& sender :
       {Principal{PrincipalType::admin, "root", ""}, Principal{PrincipalType::bridge, "b", ""},
        Principal{PrincipalType::enroll, "e", "alice"}}) {
    auto made = request(json::object());
    made.sender = sender;
    const auto reply = handle(std::move(made));
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, ErrorCode::forbidden);
  }
  EXPECT_TRUE(model->requests.empty());
}

TEST_F(ChatServiceTest, OtherOpsAreUnknown) {
  auto made = request(json::object());
  made.op = "dance";
  EXPECT_EQ(handle(std::move(made)).error().code, ErrorCode::unknown_op);
}

TEST_F(ChatServiceTest, TheFifthChatOfOnePrincipalIsTurnedAwayAndNobodyElses) {
  tools.hang_on = "lrs";
  for (int i = 0; i < 4; ++i) {
    model->script.push_back(calls({{"c", "MusicControlSkill-play_song", R"({"song":"x"})"}}));
    asio::co_spawn(loop, ask(request(json::object())), asio::detached);
  }
  loop.poll();
  EXPECT_EQ(chat->in_flight(), 4u);
  const auto reply = say(json::object());
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::busy);
  EXPECT_EQ(reply.error().details.at("retry_after_ms"), 1000);
  auto other = request(json::object());
  other.sender.id = "phone";
  EXPECT_TRUE(handle(std::move(other)));
  EXPECT_EQ(chat->in_flight(), 4u) << "places are given back";
}

TEST_F(ChatServiceTest, ANewSessionKeepsBothSides) {
  model->script = {model->words("hello alice"), model->words("again")};
  const auto first =
      say({{"session_id", "new"},
           {"messages", json::parse(R"([{"role":"system","content":"s"},{"role":"user","content":"hello"}])")}});
  ASSERT_TRUE(first) << first.error().message;
  const auto id = first->at("session_id").get<std::string>();
  const auto& row = store.sessions.at(id);
  EXPECT_EQ(row.user_id, "alice");
  EXPECT_EQ(row.device_id, "tablet");
  EXPECT_EQ(row.title, "hello");
  ASSERT_EQ(store.messages.at(id).size(), 2u);

  (void)say({{"session_id", id},
             {"messages", json::parse(R"([{"role":"system","content":"s2"},{"role":"user","content":"me again"}])")}});
  EXPECT_EQ(model->requests.at(1).messages,
            json::parse(R"([{"role":"system","content":"s2"},{"role":"user","content":"hello"},
      {"role":"assistant","content":"hello alice"},{"role":"user","content":"me again"}])"));
  EXPECT_EQ(store.messages.at(id).size(), 4u);
}

TEST_F(ChatServiceTest, TitlesAreCutBetweenCharacters) {
  std::string strawberries;
  for (int i = 0; i < 100; ++i) strawberries += "\xF0\x9F\x8D\x93";
  const auto reply =
      say({{"session_id", "new"}, {"messages", json::array({{{"role", "user"}, {"content", strawberries}}})}});
  EXPECT_EQ(store.sessions.at(reply->at("session_id").get<std::string>()).title, strawberries.substr(0, 80 * 4));
}

TEST_F(ChatServiceTest, UnknownAndOtherPeoplesSessionsAreNotFound) {
  store.sessions["s1"] = {"s1", "bob", "d", "t", 0, true, 0, to_unix_ms(clock.wall_now())};
  for (const char* id : {"s1", "s2"}) {
    const auto reply = say({{"session_id", id}});
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, ErrorCode::not_found);
  }
  EXPECT_TRUE(model->requests.empty());
}

TEST_F(ChatServiceTest, AnIdleSessionIsClosedAndTheTurnGoesIntoANewOne) {
  const auto id = say({{"session_id", "new"}})->at("session_id").get<std::string>();
  clock.advance(15min);
  EXPECT_EQ(say({{"session_id", id}})->at("session_id"), id) << "exactly 15 minutes is not too long";
  clock.advance(15min + 10ms);
  const auto next = say({{"session_id", id}})->at("session_id").get<std::string>();
  EXPECT_NE(next, id);
  EXPECT_FALSE(store.sessions.at(id).is_active);
  EXPECT_EQ(model->requests.back().messages.size(), 1u) << "the new one starts empty";
  EXPECT_NE(say({{"session_id", id}})->at("session_id"), id) << "closed stays closed";
}

TEST_F(ChatServiceTest, OnlyTheNewestFiftyMessagesGoBefore) {
  const auto now = to_unix_ms(clock.wall_now());
  store.sessions["s1"] = {"s1", "alice", "d", "t", 0, true, 0, now};
  for (int i = 0; i < 80; ++i)
    store.messages["s1"].push_back(
        {"m" + std::to_string(i), i % 2 ? "assistant" : "user", std::to_string(i), now - 100 + i});
  (void)say({{"session_id", "s1"}});
  ASSERT_EQ(model->requests.at(0).messages.size(), 51u);
  EXPECT_EQ(model->requests.at(0).messages.at(0).at("content"), "30");
}

TEST_F(ChatServiceTest, AFailedTurnLeavesNothingBehind) {
  model->script.push_back(model->fails("connect"));
  EXPECT_FALSE(say({{"session_id", "new"}}));
  EXPECT_TRUE(store.sessions.empty());
}

TEST_F(ChatServiceTest, AnAnswerSurvivesAStoreThatFails) {
  model->script = {model->words("hi")};
  store.failing = true;
  const auto reply = say({{"session_id", "new"}});
  EXPECT_EQ(content_of(reply), "hi");
  EXPECT_TRUE(reply->at("session_id").is_null());
}

TEST_F(ChatServiceTest, ASessionWithoutATitleGetsOneUnlessItWasGivenOneMeanwhile) {
  const auto now = to_unix_ms(clock.wall_now());
  for (const char* id : {"s1", "s2"}) store.sessions[id] = {id, "alice", "d", "", 0, true, now, now};
  (void)say({{"session_id", "s1"}});
  EXPECT_EQ(store.sessions.at("s1").title, "go");
  model->on_request = [&](const ModelRequest&) { store.sessions.at("s2").title = "Mine"; };
  (void)say({{"session_id", "s2"}});
  EXPECT_EQ(store.sessions.at("s2").title, "Mine");
  EXPECT_EQ(store.messages.at("s2").size(), 2u);
}

TEST_F(ChatServiceTest, ASessionDeletedMeanwhileIsNotNamed) {
  const auto id = say({{"session_id", "new"}})->at("session_id").get<std::string>();
  model->on_request = [&](const ModelRequest&) { store.sessions.erase(id); };
  model->script = {model->words("hi")};
  const auto reply = say({{"session_id", id}});
  EXPECT_EQ(content_of(reply), "hi");
  EXPECT_TRUE(reply->at("session_id").is_null());
}

TEST_F(ChatServiceTest, AClosedSessionIsNotNamedWhenTheNewOneCannotBeStored) {
  const auto id = say({{"session_id", "new"}})->at("session_id").get<std::string>();
  clock.advance(16min);
  store.takes_sessions = false;
  const auto reply = say({{"session_id", id}});
  EXPECT_TRUE(reply->at("session_id").is_null());
  EXPECT_FALSE(store.sessions.at(id).is_active);
}

TEST_F(ChatServiceTest, AStoreThatFailsLeavesASessionItsName) {
  const auto id = say({{"session_id", "new"}})->at("session_id").get<std::string>();
  model->on_request = [&](const ModelRequest&) { store.failing = true; };
  const auto reply = say({{"session_id", id}});
  EXPECT_EQ(reply->at("session_id"), id);
  EXPECT_EQ(reply->at("stored"), false);
  EXPECT_EQ(reply->at("stored_error").at("code"), "internal");
}

TEST_F(ChatServiceTest, NothingIsSaidOfStoringWhenItWasStoredOrNotAskedFor) {
  for (const auto& reply : {say({{"session_id", "new"}}), say({})}) {
    EXPECT_FALSE(reply->contains("stored"));
    EXPECT_FALSE(reply->contains("stored_error"));
  }
}

TEST_F(ChatServiceTest, ATurnThereIsNoRoomForIsAnsweredAndItsSessionNotNamed) {
  const auto id = say({{"session_id", "new"}})->at("session_id").get<std::string>();
  store.is_full = true;
  model->script = {model->words("hi"), model->words("hello")};
  const auto old = say({{"session_id", id}});
  EXPECT_EQ(content_of(old), "hi");
  EXPECT_TRUE(old->at("session_id").is_null());
  EXPECT_EQ(old->at("stored"), false);
  EXPECT_EQ(old->at("stored_error"),
            json({{"code", "quota_exceeded"}, {"message", "there is no room"}, {"retryable", true}}));
  const auto fresh = say({{"session_id", "new"}});
  EXPECT_EQ(content_of(fresh), "hello");
  EXPECT_EQ(fresh->at("stored"), false);
  EXPECT_TRUE(fresh->at("session_id").is_null());
  EXPECT_EQ(store.sessions.size(), 1u) << "no empty one is left";
}

TEST_F(ChatServiceTest, BothSidesOfATurnKeepTheirOrderInTime) {
  const auto id =
      say({{"session_id", "new"},
           {"messages",
            json::parse(
                R"([{"role":"user","content":"1"},{"role":"assistant","content":"2"},{"role":"user","content":"3"}])")}})
          ->at("session_id")
          .get<std::string>();
  std::vector<std::int64_t> times;
  for (const auto& row : store.messages.at(id)) times.push_back(row.created_at_ms);
  ASSERT_EQ(times.size(), 4u);
  EXPECT_TRUE(std::adjacent_find(times.begin(), times.end(), std::greater_equal<>()) == times.end());
}

TEST_F(ChatServiceTest, CancellingTheChatCancelsCallsThatRunSideBySide) {
  tools.hang_on = "k1";
  model->script = {calls({{"a", "LightSkill-turn_on", R"({"device":"device_k1"})"},
                          {"b", "LightSkill-turn_on", R"({"device":"device_k2"})"}})};
  asio::cancellation_signal stop;
  bool ended = false;
  asio::co_spawn(
      loop, ask(request(json::object())),
      asio::bind_cancellation_slot(stop.slot(), [&ended](std::exception_ptr, const Reply<json>&) { ended = true; }));
  loop.poll();
  EXPECT_FALSE(ended);
  EXPECT_EQ(tools.running, 1);
  stop.emit(asio::cancellation_type::all);
  loop.poll();
  EXPECT_TRUE(ended);
  EXPECT_EQ(tools.running, 0) << "the call that hung was cancelled";
  EXPECT_EQ(chat->in_flight(), 0u);
}

}  // namespace
}  // namespace strawberry::bridge
