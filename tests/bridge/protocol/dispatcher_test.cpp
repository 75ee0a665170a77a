#include "bridge/protocol/dispatcher.h"

#include <gtest/gtest.h>

#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <stdexcept>

#include "bridge/protocol/schemas/request_schemas.h"

namespace strawberry {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

/// Answers as the request's correlation_id says.
class ScriptedHandler final : public RequestHandler {
 public:
  explicit ScriptedHandler(asio::io_context& loop) : loop_(loop) {}
  Service service() const override { return Service::skills; }
  std::chrono::milliseconds default_timeout(const std::string&) const override { return 50ms; }
  Task<Reply<json>> handle(Request request) override {
    ++handled;
    last = request.sender;
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

 private:
  asio::io_context& loop_;
};

class DispatcherTest : public testing::Test {
 protected:
  DispatcherTest() { dispatcher_.add(handler_); }

  static Dispatcher::Options options() {
    Dispatcher::Options options;
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
  void receive(const MqttMessage& message) { dispatcher_.receive(*parse_service_topic(message.topic), message); }
  std::vector<json> run() {
    loop_.restart();
    loop_.run();
    return std::exchange(sent_, {});
  }
  static std::string code(const json& reply) { return reply.at("error").at("code").get<std::string>(); }

  asio::io_context loop_;
  SystemClock clock_;
  RequestSchemas schemas_ = RequestSchemas::load();
  std::vector<json> sent_;
  Dispatcher dispatcher_{loop_, clock_, schemas_,
                         [this](MqttMessage message) {
                           sent_.push_back(json::parse(message.payload));
                           return true;
                         },
                         options()};
  ScriptedHandler handler_{loop_};
};

TEST_F(DispatcherTest, BelievesOnlyTheStampedPrincipal) {
  receive(message("a", "admin//d"));
  EXPECT_EQ(run().size(), 1U);
  EXPECT_EQ(handler_.last.type, PrincipalType::admin);
  for (const auto* principal : {"", "device/alice/other", "device/alice", "nonsense"}) receive(message("b", principal));
  EXPECT_TRUE(run().empty());
  EXPECT_EQ(handler_.handled, 1);
  EXPECT_EQ(dispatcher_.counters().ignored, 4U);
}

TEST_F(DispatcherTest, AnswersInPlaceOfAServiceThatOverrunsAndOnlyOnce) {
  receive(message("hangs"));
  const auto sent = run();
  ASSERT_EQ(sent.size(), 1U) << "neither its late event nor its late answer leaves";
  EXPECT_EQ(code(sent[0]), "timeout");
  EXPECT_EQ(dispatcher_.counters().in_flight, 0U);
}

TEST_F(DispatcherTest, AServiceThatThrowsIsInternalWithoutDetails) {
  receive(message("throws"));
  const auto sent = run();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(code(sent[0]), "internal");
  EXPECT_EQ(sent[0].dump().find("secret"), std::string::npos);
}

TEST_F(DispatcherTest, BeyondItsBoundItIsBusyAtOnceAndNothingRuns) {
  receive(message("hangs"));
  receive(message("x"));
  receive(message("y"));
  EXPECT_EQ(sent_.size(), 1U) << "before the loop ran at all";
  EXPECT_EQ(code(sent_[0]), "busy");
  run();
  EXPECT_EQ(handler_.handled, 2);
}

TEST_F(DispatcherTest, WhatWasTurnedAwayMayBeTriedAgainWhatRanMayNot) {
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

TEST_F(DispatcherTest, OnlyAnAdminActsForAnotherUser) {
  for (const auto* principal : {"device/alice/d", "admin//d"}) {
    auto request = message(principal, principal);
    request.payload = json{{"op", "list"}, {"user_id", "bob"}}.dump();
    receive(request);
    const auto sent = run();
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].at("success"), principal == std::string("admin//d")) << principal;
  }
}

TEST_F(DispatcherTest, WhoIsNotAdmittedGetsNothingDone) {
  dispatcher_.admit_with([](const Principal&) { return std::optional<Error>({ErrorCode::forbidden, "no", {}}); });
  receive(message("a"));
  EXPECT_EQ(code(run().at(0)), "forbidden");
  EXPECT_EQ(handler_.handled, 0);
}

TEST_F(DispatcherTest, EchoedCorrelationDataCountsForTheSizeOfAnAnswer) {
  auto request = message("a");
  request.correlation_data = std::string(4'090, 'c');
  receive(request);
  EXPECT_EQ(code(run().at(0)), "too_large");
}

TEST_F(DispatcherTest, AnAnswerThatIsTooLargeSaysSo) {
  receive(message("large"));
  EXPECT_EQ(code(run().at(0)), "too_large");
}

TEST_F(DispatcherTest, EventsAreNumberedAndComeBeforeTheAnswer) {
  receive(message("events"));
  const auto sent = run();
  ASSERT_EQ(sent.size(), 3U);
  EXPECT_EQ(sent[0].at("seq"), 0);
  EXPECT_EQ(sent[1].at("seq"), 1);
  EXPECT_EQ(sent[1].at("event"), "two");
  EXPECT_EQ(sent[2].at("result"), "done");
}

TEST_F(DispatcherTest, WhenStoppingNewRequestsAreRefused) {
  dispatcher_.refuse_new();
  receive(message("a"));
  EXPECT_EQ(code(run().at(0)), "shutting_down");
}

TEST_F(DispatcherTest, AnOperationNobodyHasIsUnknown) {
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
}  // namespace strawberry
