#include "cli/tail/watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/tail/line_format.h"
#include "common/text/ids.h"
#include "tests/support/fake_clock.h"

namespace strawberry::cli {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

class Tail : public testing::Test {
 protected:
  void make(Watch::Options options) {
    watch_ = std::make_unique<Watch>(clock_, std::move(options), [](const std::string& id) {
      return id == "tablet" ? std::string("Kitchen Tablet") : std::string();
    });
  }
  static MqttMessage message(const std::string& topic, const json& payload, const std::string& sender = "") {
    MqttMessage message;
    message.topic = topic;
    message.payload = payload.is_string() ? payload.get<std::string>() : payload.dump();
    if (!sender.empty()) message.user_properties = {{principal_property, sender}};
    return message;
  }
  static MqttMessage call_request(const std::string& correlation_id) {
    return message("skills/tablet/request",
                   {{"op", "call"},
                    {"correlation_id", correlation_id},
                    {"skill_path", "Music.play"},
                    {"target", "speaker"},
                    {"args", {"Yesterday"}},
                    {"kwargs", {{"volume", 20}}}},
                   "device/alice/tablet");
  }
  static MqttMessage call_of(const std::string& call_id) {
    return message("skills/speaker/call",
                   {{"correlation_id", call_id}, {"skill_path", "Music.play"}, {"args", json::array()}});
  }
  static MqttMessage answer(const std::string& topic, const std::string& correlation_id, const json& result = "done") {
    return message(topic,
                   {{"correlation_id", correlation_id}, {"success", true}, {"result", result}, {"error", nullptr}});
  }
  static MqttMessage delta(const std::string& text) {
    return message(
        "chat/tablet/response",
        {{"correlation_id", "c"}, {"event", "delta"}, {"data", {{"choices", {{{"delta", {{"content", text}}}}}}}}});
  }
  static std::string hub_id(const std::string& service, const std::string& what) {
    return id_from("device/alice/tablet\n" + service + "\n" + what);
  }
  std::vector<std::string> see(const MqttMessage& message, LineStyle style = {}) {
    std::vector<std::string> lines;
    for (const Sight& sight : watch_->see(message)) lines.push_back(show_sight(sight, style));
    return lines;
  }
  /// Without the time, which does not change here.
  std::string line_of(const MqttMessage& message, LineStyle style = {}) {
    const auto lines = see(message, style);
    return lines.size() == 1 ? lines[0].substr(lines[0].find(' ') + 1) : std::to_string(lines.size()) + " lines";
  }

  test::FakeClock clock_;
  std::unique_ptr<Watch> watch_;
  Tail() { make({}); }
};

TEST_F(Tail, ShowsACallFromTheRequestToTheResponseWithTimes) {
  EXPECT_EQ(see(call_request("c"))[0],
            R"(00:00:00.000 → Kitchen Tablet      skills.call      speaker.Music.play("Yesterday", volume=20))");
  clock_.advance(200us);
  EXPECT_EQ(line_of(call_of("h")), "← speaker             call             Music.play()");
  clock_.advance(500us);
  EXPECT_EQ(line_of(answer("skills/speaker/result", "h")), "→ speaker             result           ok 0.5 ms done");
  clock_.advance(300us);
  EXPECT_EQ(line_of(answer("skills/tablet/response/ctl-1", "c")),
            "← Kitchen Tablet      skills.call      ok 1.0 ms done");
}

TEST_F(Tail, ShowsIdsWhenAsked) {
  LineStyle style;
  style.ids = true;
  EXPECT_EQ(line_of(call_request("c\x1b"), style),
            "→ Kitchen Tablet      tablet                               skills.call      #c\\x1b "
            "speaker.Music.play(\"Yesterday\", volume=20)");
}

TEST_F(Tail, ShowsTheErrorsCodeAndMessage) {
  see(call_request("c"));
  clock_.advance(1234ms);
  const json error = {{"code", "device_offline"}, {"message", "Speaker is not connected"}};
  EXPECT_EQ(line_of(message("skills/tablet/response",
                            {{"correlation_id", "c"}, {"success", false}, {"result", nullptr}, {"error", error}})),
            "← Kitchen Tablet      skills.call      device_offline 1234 ms Speaker is not connected");
}

TEST_F(Tail, PairsByCorrelationDataWhereThereIsNoId) {
  auto request = message("devices/tablet/request", {{"op", "me"}}, "device/alice/tablet");
  request.correlation_data = std::string("\x00\xff", 2);
  see(request);
  clock_.advance(2ms);
  auto response = message("devices/tablet/response", {{"correlation_id", nullptr}, {"success", true}, {"result", {}}});
  response.correlation_data = request.correlation_data;
  EXPECT_THAT(line_of(response), testing::HasSubstr("devices.me       ok 2.0 ms"));
  EXPECT_THAT(line_of(response), testing::Not(testing::HasSubstr(" ms"))) << "its request is taken";
}

TEST_F(Tail, DoesNotPairAcrossDevicesOrServices) {
  see(call_request("c"));
  EXPECT_THAT(line_of(answer("skills/other/response", "c")), testing::Not(testing::HasSubstr(" ms")));
  EXPECT_THAT(line_of(answer("devices/tablet/response", "c")), testing::Not(testing::HasSubstr(" ms")));
  EXPECT_THAT(line_of(answer("skills/tablet/response", "c")), testing::HasSubstr(" ms"));
}

TEST_F(Tail, LearnsNamesFromStatusesButBelievesTheDirectory) {
  const auto status = [](const std::string& id, const std::string& name) {
    return message("devices/" + id + "/status", {{"state", "online"}, {"name", name}, {"reason", "connected"}});
  };
  EXPECT_EQ(line_of(status("lamp", "Garden Lamp")), "· Garden Lamp         status           online connected");
  EXPECT_THAT(line_of(call_of("x")), testing::StartsWith("← speaker "));
  see(status("speaker", "Loud\x1b[2J"));
  EXPECT_THAT(line_of(call_of("x")), testing::StartsWith("← Loud\\x1b[2J "));
  see(status("tablet", "Not Me"));
  EXPECT_THAT(line_of(call_request("y")), testing::StartsWith("→ Kitchen Tablet "));
}

TEST_F(Tail, ForgetsTheOldestRequestWhenTooManyAreOpen) {
  for (std::size_t i = 0; i <= Watch::requests_open_max; ++i) see(call_request(std::to_string(i)));
  EXPECT_THAT(line_of(answer("skills/tablet/response", "0")), testing::Not(testing::HasSubstr(" ms")));
  EXPECT_THAT(line_of(answer("skills/tablet/response", "1")), testing::HasSubstr(" ms"));
}

TEST_F(Tail, GathersTheTextOfAStreamIntoOneLine) {
  make({.gather_text = true});
  EXPECT_TRUE(see(delta("Once upon")).empty());
  clock_.advance(50ms);
  EXPECT_TRUE(see(delta(" a\ntime")).empty());
  const auto lines = see(answer("chat/tablet/response", "c"));
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0], "00:00:00.050 ← Kitchen Tablet      chat.delta       ×2 50.0 ms Once upon a\\ntime");
  EXPECT_TRUE(watch_->end().empty());
  see(delta("left"));
  EXPECT_EQ(watch_->end().size(), 1u);
}

TEST_F(Tail, GathersNoMoreStreamsThanItMay) {
  make({.gather_text = true});
  std::size_t lines = 0;
  for (std::size_t i = 0; i <= Watch::streams_open_max; ++i) {
    auto piece = delta("x");
    piece.payload = json{{"correlation_id", std::to_string(i)}, {"event", "delta"}, {"data", {}}}.dump();
    lines += see(piece).size();
  }
  EXPECT_EQ(lines, 1u) << "the oldest, shown early";
}

TEST_F(Tail, InAPipeEachPieceIsALine) { EXPECT_EQ(see(delta("Once")).size(), 1u); }

TEST_F(Tail, IsNeverWiderThanTheTerminal) {
  auto request = call_request("c");
  request.payload = json{{"op", "search"}, {"query", std::string(500, 'x') + "\u00e4"}}.dump();
  for (const std::size_t columns : {60u, 80u, 200u}) {
    const auto line = see(request, {columns, false})[0];
    const auto shown = std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; });
    EXPECT_EQ(static_cast<std::size_t>(shown), columns) << line;
  }
}

TEST_F(Tail, ColoursOnlyWhenAskedTo) {
  EXPECT_EQ(see(call_request("c"), {100, false})[0].find('\x1b'), std::string::npos);
  EXPECT_NE(see(call_request("c"), {100, true})[0].find('\x1b'), std::string::npos);
}

TEST_F(Tail, DisarmsAndHidesWhateverComes) {
  const auto wild = message("devices/x/status", "\x1b[2J\xe2\x80\xae\n");
  EXPECT_THAT(line_of(wild), testing::HasSubstr("\\x1b[2J\\u202e\\n"));
  for (const auto* topic : {"skills/tablet/request", "skills/tablet/response", "skills/x/call", "skills/x/result",
                            "hub/audit", "hub/x\x1b", "chat/tablet/response", "a"}) {
    for (const json& payload : {json("\x1b[31m"), json("[1]"), json(R"({"op":"\u001b","error":"\u001b","event":"\u001b",
                                "result":{"access_token":"eyJx"},"action":"\u001b","success":7,"data":{"access_token":"eyJx"}})")}) {
      const std::string line = line_of(message(topic, payload));
      EXPECT_EQ(line.find('\x1b'), std::string::npos) << line;
      EXPECT_EQ(line.find("eyJ"), std::string::npos) << line;
      for (const Sight& sight : watch_->see(message(topic, payload)))
        EXPECT_EQ(sight_as_json(sight).find('\x1b'), std::string::npos);
    }
  }
}

TEST_F(Tail, ShowsAnAuditLine) {
  EXPECT_EQ(line_of(message("hub/audit", {{"actor", "tablet"},
                                          {"action", "broker.publish"},
                                          {"subject", "hub/state"},
                                          {"outcome", "forbidden"},
                                          {"reason", "not_listed"}})),
            "· Kitchen Tablet      audit            forbidden broker.publish hub/state reason=not_listed");
}

TEST_F(Tail, ShowsWhatIsAnnouncedToHomeAssistantWithoutAllOfIt) {
  EXPECT_EQ(line_of(message("homeassistant/device/tablet/config", {{"dev", 1}})),
            "· Kitchen Tablet      announced        to Home Assistant");
  EXPECT_EQ(line_of(message("homeassistant/device/tablet/state", {{"skills", 1}})),
            "· Kitchen Tablet      announced        {\"skills\":1}");
  MqttMessage cleared;
  cleared.topic = "homeassistant/device/tablet/config";
  EXPECT_EQ(line_of(cleared), "· Kitchen Tablet      announced        no more");
}

TEST_F(Tail, JsonHasTheMessageAndWhatIsUnderstoodOfIt) {
  see(call_request("c"));
  clock_.advance(3ms);
  const auto sights = watch_->see(answer("skills/tablet/response", "c"));
  const json line = json::parse(sight_as_json(sights.at(0)));
  EXPECT_EQ(line.at("topic"), "skills/tablet/response");
  EXPECT_EQ(line.at("direction"), "from_hub");
  EXPECT_EQ(line.at("name"), "Kitchen Tablet");
  EXPECT_EQ(line.at("op"), "skills.call");
  EXPECT_EQ(line.at("outcome"), "ok");
  EXPECT_EQ(line.at("ms"), 3.0);
  EXPECT_EQ(line.at("correlation_id"), "c");
  EXPECT_EQ(line.at("payload").at("result"), "done");
}

// --- the life of one request ---

TEST_F(Tail, FollowsACallThroughTheHubsOwnId) {
  make({.follow_correlation = "c"});
  const std::string ours = hub_id("skills", "id c");
  EXPECT_EQ(see(call_request("other")).size(), 0u);
  EXPECT_EQ(see(call_request("c")).size(), 1u);
  EXPECT_EQ(see(call_of(hub_id("skills", "id other"))).size(), 0u);
  EXPECT_EQ(see(call_of(ours)).size(), 1u);
  EXPECT_EQ(see(answer("skills/speaker/result", "something")).size(), 0u);
  EXPECT_EQ(see(answer("skills/speaker/result", ours)).size(), 1u);
  EXPECT_EQ(see(answer("skills/tablet/response", "other")).size(), 0u);
  EXPECT_EQ(see(answer("skills/tablet/response", "c")).size(), 1u);
  EXPECT_EQ(see(message("devices/tablet/status", "online")).size(), 0u);
}

TEST_F(Tail, FollowsByCorrelationDataAndByTheHubsOwnId) {
  make({.follow_correlation = "data-1"});
  auto request = message("skills/tablet/request", {{"skill_path", "Music.play"}}, "device/alice/tablet");
  request.correlation_data = "data-1";
  EXPECT_EQ(see(request).size(), 1u);
  EXPECT_EQ(see(call_of(hub_id("skills", "data data-1"))).size(), 1u);
  make({.follow_correlation = hub_id("skills", "id c")});
  EXPECT_EQ(see(call_request("c")).size(), 1u);
  EXPECT_EQ(see(call_of(hub_id("skills", "id c"))).size(), 1u);
  EXPECT_EQ(see(answer("skills/tablet/response", "c")).size(), 1u);
}

TEST_F(Tail, FollowsAChatItsCallsItsQuestionsAndItsEnd) {
  make({.follow_correlation = "c"});
  const auto chat = [](const json& body) { return message("chat/tablet/request", body, "device/alice/tablet"); };
  EXPECT_EQ(see(chat({{"op", "complete"}, {"correlation_id", "c"}, {"messages", {{{"content", "hi"}}}}})).size(), 1u);
  auto call = call_of("by-the-model");
  EXPECT_EQ(see(call).size(), 0u);
  call.user_properties = {{request_id_property, hub_id("chat", "id c")}};
  EXPECT_EQ(see(call).size(), 1u);
  EXPECT_EQ(see(answer("skills/speaker/result", "by-the-model")).size(), 1u);
  EXPECT_EQ(
      see(message("chat/tablet/response", {{"correlation_id", "c"}, {"event", "confirm"}, {"data", {{"id", "q"}}}}))
          .size(),
      1u);
  EXPECT_EQ(see(chat({{"op", "confirm"}, {"confirm", "other"}, {"correlation_id", "d"}})).size(), 0u);
  EXPECT_EQ(see(chat({{"op", "confirm"}, {"confirm", "q"}, {"correlation_id", "e"}})).size(), 1u);
  EXPECT_EQ(see(answer("chat/tablet/response", "e")).size(), 1u);
  EXPECT_EQ(see(chat({{"op", "cancel"}, {"cancel", "c"}, {"correlation_id", "f"}})).size(), 1u);
  EXPECT_EQ(see(answer("chat/tablet/response", "c")).size(), 1u);
}

TEST_F(Tail, FollowsNobodyElsesCallWithTheSameName) {
  make({.follow_correlation = "c"});
  auto forged = call_request("c");
  forged.user_properties.clear();
  EXPECT_EQ(see(forged).size(), 1u) << "it says so itself";
  EXPECT_EQ(see(call_of(hub_id("skills", "id c"))).size(), 0u) << "but the hub never took it";
}

}  // namespace
}  // namespace strawberry::cli
