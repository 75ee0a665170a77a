#include "bridge/pipeline/request_pipeline.h"
#include "bridge/pipeline/request_events.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "bridge/mqtt_door/mqtt_door.h"
#include "common/contract/schemas/request_schemas.h"
#include "common/identity/stamp.h"
#include "common/runtime/asio.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

/// Answers as selected by the request's correlation_id.
class ScriptedHandler final : public RequestHandler {
 public:
  explicit ScriptedHandler(asio::io_context& loop) : loop_(loop) {}
  static const OperationTable& operations() {
    using enum PrincipalType;
    static constexpr WhoMay everybody{device, user, admin};
    static constexpr Operation rows[] = {
        {"heartbeat", {device}, ActsFor::own_user, handled_by<&ScriptedHandler::handle>},
        {"list", everybody, ActsFor::user_or_all, handled_by<&ScriptedHandler::handle>},
        {"search", everybody, ActsFor::user, handled_by<&ScriptedHandler::handle>, Scope::chat, CountsAs::chat},
    };
    static constexpr OperationTable table{Service::skills, rows,
                                          [](PrincipalType) -> std::string_view { return "not for you"; }};
    return table;
  }
  const OperationTable& table() const override { return operations(); }
  std::chrono::milliseconds default_timeout() const override { return 50ms; }
  Task<Reply<json>> handle(Request request) {
    ++handled;
    last = request.sender;
    acting_user = request.acting_user;
    if (request.correlation_id == "throws") throw std::runtime_error("secret detail");
    if (request.correlation_id == "busy") co_return error(ErrorCode::busy, "later");
    if (request.correlation_id == "large") co_return json(std::string(5'000, 'x'));
    if (request.correlation_id == "events") {
      request.emit("one", 1);
      request.emit("two", 2);
    }
    if (request.correlation_id == "hangs") {
      asio::steady_timer timer(loop_, 400ms);
      co_await timer.async_wait(asio::use_awaitable);
      request.emit("late", nullptr);
    }
    co_return json("done");
  }

  int handled = 0;
  Principal last;
  std::string acting_user;

 private:
  asio::io_context& loop_;
};

/// Records what was taken (`+alice`) and returned (`-alice`).
class FakeQuota final : public UserQuota {
 public:
  std::optional<Error> take(const std::string& user_id) override {
    log += "+" + user_id + " ";
    return refusal;
  }
  void give_back(const std::string& user_id) override { log += "-" + user_id + " "; }

  std::optional<Error> refusal;
  std::string log;
};

class RequestPipelineTest : public testing::Test {
 protected:
  RequestPipelineTest() { use(options()); }
  void use(const RequestPipeline::Options& chosen) {
    const auto publish = [this](const MqttMessage& sent) {
      if (outbox_is_full_) return false;
      sent_.push_back(json::parse(sent.payload));
      return true;
    };
    pipeline_ = std::make_unique<RequestPipeline>(loop_, clock_, schemas_, events_, chosen);
    pipeline_->add(handler_);
    door_.emplace(clock_, *pipeline_, publish);
  }

  static RequestPipeline::Options options() {
    RequestPipeline::Options options;
    options.reply_bytes_max = 4'096;
    options.requests_in_flight_max = 2;
    options.grace = 20ms;
    return options;
  }
  static MqttMessage message(const std::string& correlation_id, const std::string& principal = "device/alice/d") {
    MqttMessage message;
    message.topic = "skills/d/request";
    message.payload = json{{"op", "list"}, {"correlation_id", correlation_id}}.dump();
    if (!principal.empty()) message.user_properties = {{principal_property, principal}};
    return message;
  }
  static MqttMessage from(const std::string& device, const std::string& user, const std::string& correlation_id) {
    auto request = message(correlation_id, "device/" + user + "/" + device);
    request.topic = "skills/" + device + "/request";
    return request;
  }
  /// With a long timeout, so that a busy machine does not make the pipeline answer first.
  static MqttMessage patient(MqttMessage message) {
    auto body = json::parse(message.payload);
    body["timeout_ms"] = 10'000;
    message.payload = body.dump();
    return message;
  }
  void receive(MqttMessage message) {
    const auto topic = parse_service_topic(message.topic);
    ASSERT_TRUE(topic);
    door_->receive(*topic, std::move(message));
  }
  std::vector<json> run() {
    loop_.restart();
    loop_.run();
    return std::exchange(sent_, {});
  }
  /// The answers that need no waiting for deadlines.
  std::vector<json> answered_at_once() {
    loop_.restart();
    loop_.poll();
    return std::exchange(sent_, {});
  }
  static std::string code(const json& reply) { return reply.at("error").at("code").get<std::string>(); }

  asio::io_context loop_;
  SystemClock clock_;
  Events events_{clock_};
  RequestSchemas schemas_ = RequestSchemas::load();
  std::vector<json> sent_;
  bool outbox_is_full_ = false;
  std::unique_ptr<RequestPipeline> pipeline_;
  std::optional<MqttDoor> door_;
  ScriptedHandler handler_{loop_};
};

TEST_F(RequestPipelineTest, BelievesOnlyTheStampedPrincipal) {
  receive(message("a", "admin//d"));
  EXPECT_EQ(run().size(), 1U);
  EXPECT_EQ(handler_.last.type, PrincipalType::admin);
  for (const auto* principal : {"", "device/alice/other", "device/alice", "nonsense"}) receive(message("b", principal));
  EXPECT_TRUE(run().empty());
  EXPECT_EQ(handler_.handled, 1);
  EXPECT_EQ(door_->counters().ignored, 4U);
}

TEST_F(RequestPipelineTest, TellsWhoCountsOfEveryAnswerAndItsCode) {
  std::vector<std::pair<std::string, std::optional<ErrorCode>>> seen;
  const auto subscription = events_.listen<RequestAnswered>("test", [&](const RequestAnswered& request) {
    EXPECT_EQ(request.service, Service::skills);
    EXPECT_GE(request.took.count(), 0);
    seen.emplace_back(request.op, request.error);
  });
  receive(message("a"));
  receive(message("a"));  // a repetition: answered once
  run();
  receive(message("busy"));
  receive(message("large"));
  run();
  auto unreadable = message("b");
  unreadable.payload = "{";
  receive(unreadable);
  run();
  std::sort(seen.begin(), seen.end());
  const decltype(seen) expected = {
      {"", ErrorCode::bad_request}, {"list", std::nullopt}, {"list", ErrorCode::too_large}, {"list", ErrorCode::busy}};
  EXPECT_EQ(seen, expected);
}

TEST_F(RequestPipelineTest, AnswersInPlaceOfAServiceThatOverrunsAndOnlyOnce) {
  receive(message("hangs"));
  const auto sent = run();
  ASSERT_EQ(sent.size(), 1U) << "neither its late event nor its late answer leaves";
  EXPECT_EQ(code(sent[0]), "timeout");
  EXPECT_EQ(pipeline_->counters().in_flight, 0U);
}

TEST_F(RequestPipelineTest, AServiceThatThrowsIsInternalWithoutDetails) {
  receive(message("throws"));
  const auto sent = run();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(code(sent[0]), "internal");
  EXPECT_EQ(sent[0].dump().find("secret"), std::string::npos);
}

TEST_F(RequestPipelineTest, BeyondItsBoundItIsBusyAtOnceAndNothingRuns) {
  receive(message("hangs"));
  receive(message("x"));
  receive(message("y"));
  const auto sent = run();
  ASSERT_EQ(sent.size(), 3U);
  EXPECT_EQ(sent[0].at("correlation_id"), "y") << "before the others are done";
  EXPECT_EQ(code(sent[0]), "busy");
  EXPECT_EQ(handler_.handled, 2);
  EXPECT_EQ(pipeline_->counters().busy, 1U);
  EXPECT_EQ(pipeline_->counters().in_flight, 0U);
}

TEST_F(RequestPipelineTest, WhatWaitsIsBoundedForEachSenderAndTheRestIsBusyAtOnce) {
  auto few = options();
  few.requests_waiting_per_sender_max = 2;
  few.requests_in_flight_max = 10;
  use(few);
  for (const auto* id : {"a", "b", "c"}) receive(message(id));
  ASSERT_EQ(sent_.size(), 1U) << "before the loop ran at all";
  EXPECT_EQ(code(sent_[0]), "busy");
  EXPECT_EQ(sent_[0].at("correlation_id"), "c");
  receive(from("other", "alice", "d"));
  EXPECT_EQ(pipeline_->unanswered(), 3U);
  EXPECT_EQ(run().size(), 4U);
  EXPECT_EQ(handler_.handled, 3);
}

TEST_F(RequestPipelineTest, WhoSendsOnGetsOnlySoManyAnswersOfBusy) {
  auto few = options();
  few.requests_waiting_per_sender_max = 1;
  few.busy_answers_per_second_max = 1;
  use(few);
  pipeline_->hold();
  for (int i = 0; i < 101; ++i) receive(message("flood" + std::to_string(i)));
  const auto answered = sent_.size();
  EXPECT_GE(answered, 4U) << "four seconds' worth at once";
  EXPECT_LT(answered, 50U);
  EXPECT_EQ(pipeline_->counters().busy, 100U);
  EXPECT_EQ(pipeline_->counters().silent, 100U - answered);
  receive(from("other", "alice", "a"));
  receive(from("other", "alice", "b"));
  EXPECT_EQ(code(sent_.back()), "busy") << "another sender has answers of its own";
  EXPECT_EQ(sent_.back().at("correlation_id"), "b");
}

TEST_F(RequestPipelineTest, BeginsNothingWhileItIsHeldAndAllOfItAfterwards) {
  auto few = options();
  few.requests_in_flight_max = 10;
  few.requests_waiting_per_sender_max = 3;
  use(few);
  pipeline_->hold();
  for (const auto* id : {"a", "b", "c", "too many"}) receive(message(id));
  EXPECT_EQ(code(run().at(0)), "busy");
  EXPECT_EQ(handler_.handled, 0);
  pipeline_->release();
  EXPECT_EQ(run().size(), 3U);
  EXPECT_EQ(handler_.handled, 3);
}

TEST_F(RequestPipelineTest, OneSendersPileDelaysNobodyElse) {
  auto many = options();
  many.requests_in_flight_max = 100;
  use(many);
  for (int i = 0; i < 20; ++i) receive(from("noisy", "alice", "flood" + std::to_string(i)));
  receive(from("quiet", "alice", "same user"));
  receive(from("lamp", "bob", "another user"));
  const auto sent = run();
  ASSERT_EQ(sent.size(), 22U);
  EXPECT_EQ(sent[1].at("correlation_id"), "another user");
  EXPECT_EQ(sent[2].at("correlation_id"), "same user");
}

TEST_F(RequestPipelineTest, NobodyMayHaveMoreInFlightThanTheirPart) {
  auto limited = options();
  limited.requests_in_flight_max = 10;
  limited.requests_in_flight_per_sender_max = 1;
  limited.requests_in_flight_per_user_max = 2;
  use(limited);
  const auto begun_or_busy = [this](const std::string& device, const std::string& user, const std::string& id) {
    receive(from(device, user, id));
    loop_.restart();
    loop_.poll();
    return sent_.empty() ? "begun" : code(std::exchange(sent_, {}).at(0));
  };
  EXPECT_EQ(begun_or_busy("one", "alice", "hangs"), "begun");
  EXPECT_EQ(begun_or_busy("one", "alice", "again"), "busy");
  EXPECT_EQ(begun_or_busy("two", "alice", "hangs"), "begun");
  EXPECT_EQ(begun_or_busy("three", "alice", "third"), "busy");
  EXPECT_EQ(begun_or_busy("lamp", "bob", "hangs"), "begun");
  EXPECT_EQ(run().size(), 3U);
  receive(from("three", "alice", "third"));
  EXPECT_TRUE(run().at(0).at("success"));
}

TEST_F(RequestPipelineTest, ADeadlineCountsFromWhenTheBrokerTookTheRequestIn) {
  const auto stamped = [this](const std::string& id, std::chrono::milliseconds ago) {
    auto request = message(id);
    request.payload = json{{"op", "list"}, {"correlation_id", id}, {"timeout_ms", 1'000}}.dump();
    request.user_properties.front().second += " " + std::to_string(to_unix_ms(clock_.wall_now() - ago));
    return request;
  };
  receive(stamped("late", 1'100ms));
  receive(stamped("in time", 500ms));
  receive(stamped("from the future", -1h));
  const auto sent = run();
  ASSERT_EQ(sent.size(), 3U);
  EXPECT_EQ(code(sent[0]), "timeout");
  EXPECT_EQ(handler_.handled, 2);
  EXPECT_EQ(pipeline_->counters().overdue, 1U);
  // It did not run, so it may be repeated.
  receive(message("late"));
  EXPECT_TRUE(run().at(0).at("success"));
}

TEST_F(RequestPipelineTest, AStampThatMakesNoSenseIsNone) {
  for (const auto* value : {"", " ", " soon", " 12x", " 12 13", " 99999999999999999999"}) {
    auto request = message("");
    request.user_properties.front().second += value;
    EXPECT_FALSE(stamped_time(request)) << value;
    EXPECT_TRUE(stamped_principal(request)) << value;
  }
}

TEST_F(RequestPipelineTest, WhatIsStillOpenAtTheEndIsAnsweredOnce) {
  auto many = options();
  many.requests_in_flight_max = 10;
  use(many);
  receive(message("hangs"));
  loop_.poll();
  receive(message("waits"));
  pipeline_->end_all({ErrorCode::timeout, "the hub stopped", {}});
  const auto sent = run();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].at("correlation_id"), "hangs");
  EXPECT_EQ(code(sent[0]), "timeout");
  EXPECT_EQ(pipeline_->unanswered(), 0U);
}

TEST_F(RequestPipelineTest, WhatWasTurnedAwayMayBeTriedAgainWhatRanMayNot) {
  receive(message("busy"));
  run();
  receive(message("busy"));
  run();
  EXPECT_EQ(handler_.handled, 2);
  receive(message("a"));
  run();
  receive(message("a"));
  const auto again = run();
  EXPECT_EQ(handler_.handled, 3);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].at("result"), "done");
}

TEST_F(RequestPipelineTest, WhoseAnswersCannotLeaveIsBusyAndNobodyElse) {
  std::string backed_up = "d";
  pipeline_->busy_when([&](const std::string& id) { return id == backed_up; });
  receive(patient(message("a")));
  receive(patient(from("other", "alice", "b")));
  const auto sent = run();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(code(sent[0]), "busy");
  EXPECT_EQ(sent[0].at("error").at("details").at("retry_after_ms"), 1000);
  EXPECT_EQ(sent[1].at("result"), "done");
  EXPECT_EQ(handler_.handled, 1);
  EXPECT_EQ(pipeline_->counters().busy, 1U);
  backed_up.clear();
  receive(patient(message("a")));
  const auto again = run();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].at("result"), "done") << "nothing ran before";
}

TEST_F(RequestPipelineTest, AnAnswerThatCouldNotLeaveIsGivenWhenAskedAgain) {
  outbox_is_full_ = true;
  receive(patient(message("a")));
  EXPECT_TRUE(run().empty());
  outbox_is_full_ = false;
  pipeline_->busy_when([](const std::string&) { return true; });
  receive(patient(message("a")));
  const auto again = run();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].at("result"), "done") << "what ran is not busy";
  EXPECT_EQ(handler_.handled, 1);
}

TEST_F(RequestPipelineTest, AnIdThatWasUsedForSomethingElseIsRefusedAndNothingRuns) {
  const auto ask = [&](const std::string& payload, std::optional<std::string> data = {}) {
    auto request = message("");
    request.payload = payload;
    request.correlation_data = std::move(data);
    receive(request);
    return run();
  };
  const auto is_reused = [&](const std::vector<json>& sent, const std::string& path) {
    return sent.size() == 1 && code(sent[0]) == "bad_request" && sent[0]["error"]["details"]["reason"] == "id_reused" &&
           sent[0]["error"]["details"]["path"] == path;
  };
  EXPECT_EQ(ask(R"({"op":"search","query":"a","correlation_id":"1"})").at(0).at("result"), "done");
  EXPECT_TRUE(is_reused(ask(R"({"op":"search","query":"b","correlation_id":"1"})"), "/correlation_id"));
  EXPECT_TRUE(is_reused(ask(R"({"op":"list","correlation_id":"1"})"), "/correlation_id"));
  EXPECT_EQ(handler_.handled, 1);
  EXPECT_EQ(
      ask(R"( {"timeout_ms":9000, "correlation_id":"1", "v":1, "query":"\u0061","op":"search"} )").at(0).at("result"),
      "done")
      << "the same, written in another way";
  EXPECT_EQ(handler_.handled, 1);
  EXPECT_EQ(ask(R"({"op":"list"})", "data").at(0).at("result"), "done");
  EXPECT_TRUE(is_reused(ask(R"({"op":"search","query":"b"})", "data"), ""));
  EXPECT_EQ(handler_.handled, 2);
}

TEST_F(RequestPipelineTest, WhatRunsUnderAnIdIsStillAnsweredWhenTheIdIsUsedForSomethingElse) {
  receive(message("hangs"));
  auto other = message("hangs");
  other.payload = R"({"op":"heartbeat","correlation_id":"hangs"})";
  receive(other);
  const auto sent = run();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0]["error"]["details"]["reason"], "id_reused");
  EXPECT_EQ(code(sent[1]), "timeout");
  receive(message("hangs"));
  EXPECT_EQ(code(run().at(0)), "timeout") << "the first one's answer is remembered, not the second one's";
}

TEST_F(RequestPipelineTest, AnEmptyIdIsNone) {
  for (const auto* payload :
       {R"({"op":"list","correlation_id":""})", R"({"op":"list","correlation_id":null})", R"({"op":"list"})"}) {
    for (int time = 0; time < 2; ++time) {
      auto request = message("");
      request.payload = payload;
      request.correlation_data = "";
      receive(request);
      const auto sent = run();
      ASSERT_EQ(sent.size(), 1U);
      EXPECT_EQ(sent[0].at("result"), "done");
      EXPECT_EQ(sent[0].at("correlation_id"), nullptr);
    }
  }
  EXPECT_EQ(handler_.handled, 6) << "each of them ran";
  for (int time = 0; time < 2; ++time) {
    auto request = message("");
    request.correlation_data = "data";
    receive(request);
    run();
  }
  EXPECT_EQ(handler_.handled, 7) << "Correlation Data stands in for an empty id";
}

TEST_F(RequestPipelineTest, OnlyAnAdminActsForAnotherUser) {
  for (const auto* principal : {"device/alice/d", "admin//d"}) {
    auto request = message(principal, principal);
    request.payload = json{{"op", "list"}, {"user_id", "bob"}}.dump();
    receive(request);
    const auto sent = run();
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].at("success"), principal == std::string("admin//d")) << principal;
  }
}

TEST_F(RequestPipelineTest, WhoMayNotAskGetsNothingDoneAndMayUseTheIdAgain) {
  auto request = message("a", "user/d/d");
  request.payload = json{{"op", "heartbeat"}, {"correlation_id", "a"}}.dump();
  receive(request);
  const auto refused = run();
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(code(refused[0]), "forbidden");
  EXPECT_EQ(refused[0].at("error").at("message"), "not for you");
  EXPECT_EQ(handler_.handled, 0);
  receive(message("a", "user/d/d"));
  EXPECT_EQ(run().at(0).at("result"), "done");
}

TEST_F(RequestPipelineTest, AHandlerGetsTheActingUserAndTheSenderAsItIs) {
  const auto asked = [this](const std::string& principal, const json& body) {
    auto request = message("", principal);
    request.payload = body.dump();
    receive(request);
    const auto sent = run();
    return sent.at(0).at("success").get<bool>() ? handler_.acting_user + " by " + encode_principal(handler_.last)
                                                : code(sent[0]);
  };
  EXPECT_EQ(asked("device/alice/d", {{"op", "search"}, {"query", "x"}}), "alice by device/alice/d");
  EXPECT_EQ(asked("admin//d", {{"op", "search"}, {"query", "x"}, {"user_id", "bob"}}), "bob by admin//d");
  EXPECT_EQ(asked("admin//d", {{"op", "search"}}), "bad_request");
  EXPECT_EQ(asked("admin//d", {{"op", "list"}}), " by admin//d") << "of all users";
}

TEST_F(RequestPipelineTest, WhatCountsRunsWithinTheActingUsersQuotaOnce) {
  FakeQuota quota;
  pipeline_->limit_with(CountsAs::chat, quota);
  const auto search = [this](const std::string& id, const std::string& principal, json body = json::object()) {
    body.update({{"op", "search"}, {"query", "x"}, {"correlation_id", id}});
    auto request = message(id, principal);
    request.payload = body.dump();
    receive(patient(request));
    const auto sent = answered_at_once();
    return sent.at(0).at("success").get<bool>() ? "ok" : code(sent[0]);
  };
  EXPECT_EQ(search("a", "device/alice/d"), "ok");
  EXPECT_EQ(search("a", "device/alice/d"), "ok") << "the same again takes nothing";
  EXPECT_EQ(search("b", "admin//d"), "bad_request") << "who may not ask takes nothing";
  EXPECT_EQ(search("c", "admin//d", {{"user_id", "bob"}}), "ok");
  EXPECT_EQ(search("busy", "device/alice/d"), "busy") << "gives back what it took";
  receive(patient(message("what does not count")));
  answered_at_once();
  EXPECT_EQ(quota.log, "+alice +bob +alice -alice ");
  const int handled = handler_.handled;
  quota.refusal = Error{ErrorCode::quota_exceeded, "no more today", {}};
  EXPECT_EQ(search("d", "device/alice/d"), "quota_exceeded");
  EXPECT_EQ(handler_.handled, handled);
  quota.refusal.reset();
  EXPECT_EQ(search("d", "device/alice/d"), "ok") << "the refusal is not remembered";
}

TEST_F(RequestPipelineTest, WhoIsNotAdmittedGetsNothingDone) {
  pipeline_->admit_with([](const Principal&) { return std::optional<Error>({ErrorCode::forbidden, "no", {}}); });
  receive(message("a"));
  EXPECT_EQ(code(run().at(0)), "forbidden");
  EXPECT_EQ(handler_.handled, 0);
}

TEST_F(RequestPipelineTest, EchoedCorrelationDataCountsForTheSizeOfAnAnswer) {
  auto request = message("a");
  request.correlation_data = std::string(4'090, 'c');
  receive(request);
  EXPECT_EQ(code(run().at(0)), "too_large");
}

TEST_F(RequestPipelineTest, AnAnswerThatIsTooLargeSaysSo) {
  receive(message("large"));
  EXPECT_EQ(code(run().at(0)), "too_large");
}

TEST_F(RequestPipelineTest, EventsAreNumberedAndComeBeforeTheAnswer) {
  receive(message("events"));
  const auto sent = run();
  ASSERT_EQ(sent.size(), 3U);
  EXPECT_EQ(sent[0].at("seq"), 0);
  EXPECT_EQ(sent[1].at("seq"), 1);
  EXPECT_EQ(sent[1].at("event"), "two");
  EXPECT_EQ(sent[2].at("result"), "done");
}

TEST_F(RequestPipelineTest, WhenStoppingNewRequestsAreRefused) {
  pipeline_->refuse_new();
  receive(message("a"));
  EXPECT_EQ(code(run().at(0)), "shutting_down");
}

TEST_F(RequestPipelineTest, AnOperationNobodyHasIsUnknown) {
  auto unknown = message("a");
  unknown.payload = R"({"op":"explode"})";
  receive(unknown);
  EXPECT_EQ(code(run().at(0)), "unknown_op");
  auto elsewhere = message("b");
  elsewhere.topic = "chat/d/request";
  receive(elsewhere);
  EXPECT_EQ(code(run().at(0)), "unknown_op") << "no handler";
}

}  // namespace
}  // namespace strawberry::bridge
