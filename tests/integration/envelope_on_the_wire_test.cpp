/// MQTT 5 properties, duplicates and retained requests (docs/contract.md, section 3).
#include <gtest/gtest.h>

#include "tests/support/hub_process.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

TestMessage request(const std::string& id, const json& body) {
  TestMessage message;
  message.topic = "skills/" + id + "/request";
  message.payload = body.dump();
  return message;
}

TEST(Wire, CorrelationDataComesBackByteForByte) {
  HubProcess hub;
  auto tablet = hub.device("Tablet");
  auto message = request("tablet", {{"op", "list"}});
  message.correlation_data = std::string("\x00\xff\x01 bytes", 9);
  tablet->mqtt().publish(message);
  const auto reply = tablet->mqtt().wait_for("skills/tablet/response");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->correlation_data, message.correlation_data);
  EXPECT_TRUE(json::parse(reply->payload).at("correlation_id").is_null());
}

TEST(Wire, AResponseTopicBelowOnesOwnIsHonoured) {
  HubProcess hub;
  auto tablet = hub.device("Tablet");
  auto message = request("tablet", {{"op", "list"}, {"correlation_id", "c1"}});
  message.response_topic = "skills/tablet/response/window/7";
  tablet->mqtt().publish(message);
  const auto reply = tablet->mqtt().wait_for("skills/tablet/response/window/7");
  ASSERT_TRUE(reply);
  EXPECT_EQ(json::parse(reply->payload).at("correlation_id"), "c1");
}

TEST(Wire, AnyOtherResponseTopicIsRefusedOnTheDefaultOne) {
  HubProcess hub;
  auto tablet = hub.device("Tablet");
  auto other = hub.device("Other");
  // More levels than the hub accepts. (Newer brokers end the connection at more than 200.)
  std::string deep = "skills/tablet/response";
  for (int i = 0; i < 40; ++i) deep += "/a";
  for (const auto& bad : {deep, std::string("skills/tablet/response/\xc3\xa4")}) {
    auto message = request("tablet", {{"op", "list"}});
    message.response_topic = bad;
    tablet->mqtt().publish(message);
    const auto reply = tablet->mqtt().wait_for("skills/tablet/response");
    ASSERT_TRUE(reply);
    EXPECT_EQ(json::parse(reply->payload).at("error").value("code", "none"), "bad_response_topic") << bad;
  }
  for (const auto* bad : {"skills/other/response", "chat/tablet/response", "skills/tablet/responses",
                          "skills/tablet/response//x", "devices/other/status", "hub/state", "$SYS/x"}) {
    auto message = request("tablet", {{"op", "list"}, {"correlation_id", bad}});
    message.response_topic = bad;
    tablet->mqtt().publish(message);
    const auto reply = tablet->mqtt().wait_for("skills/tablet/response");
    ASSERT_TRUE(reply) << bad;
    EXPECT_EQ(json::parse(reply->payload).at("error").at("code"), "bad_response_topic") << bad;
    EXPECT_EQ(json::parse(reply->payload).at("correlation_id"), bad);
  }
  EXPECT_TRUE(other->mqtt().take_all().empty());
}

TEST(Wire, ARequestSeenAgainIsAnsweredAgainButNotExecutedAgain) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  auto tablet = hub.device("Tablet");
  speaker->offer("C", {"f()"});
  const json body = {{"op", "call"}, {"skill_path", "C.f"}, {"correlation_id", "pressed-twice"}};
  tablet->send("skills", body);
  const auto call = speaker->next_call();
  ASSERT_TRUE(call);
  tablet->send("skills", body);  // while it runs
  EXPECT_FALSE(speaker->next_call(300ms));
  speaker->answer(*call, 1);
  EXPECT_EQ(tablet->response("skills", "pressed-twice").at("result"), 1);
  EXPECT_THROW(tablet->response("skills", "pressed-twice", 300ms), std::runtime_error) << "one reply, not two";

  tablet->send("skills", body);  // afterwards
  EXPECT_EQ(tablet->response("skills", "pressed-twice").at("result"), 1);
  EXPECT_FALSE(speaker->next_call(300ms));
}

/// Calls C.f of `device` under this correlation id and answers with that many bytes.
void call_and_answer(Spoke& caller, Spoke& device, const std::string& correlation_id, std::size_t bytes) {
  caller.send("skills", {{"op", "call"}, {"skill_path", "C.f"}, {"correlation_id", correlation_id}});
  const auto call = device.next_call();
  ASSERT_TRUE(call);
  device.answer(*call, std::string(bytes, 'x'));
  ASSERT_EQ(caller.response("skills", correlation_id).at("result").get<std::string>().size(), bytes);
}

TEST(Wire, LargeAnswersToOneUserMakeNobodyElsesRequestRunTwice) {
  HubProcess::Options options;
  options.config = "[limits]\ndedup_bytes_max = 1048576\n";
  HubProcess hub(options);
  auto speaker = hub.device("Speaker");
  auto tablet = hub.device("Tablet");
  auto other_speaker = hub.device("Loud", "mallory");
  auto other_tablet = hub.device("Slate", "mallory");
  speaker->offer("C", {"f()"});
  other_speaker->offer("C", {"f()"});
  call_and_answer(*tablet, *speaker, "once", 100'000);
  for (int i = 0; i < 20; ++i) call_and_answer(*other_tablet, *other_speaker, "m" + std::to_string(i), 200'000);

  json body = {{"op", "call"}, {"skill_path", "C.f"}, {"correlation_id", "once"}};
  tablet->send("skills", body);
  EXPECT_EQ(tablet->response("skills", "once").at("result"), std::string(100'000, 'x'));
  EXPECT_FALSE(speaker->next_call(300ms));

  body["correlation_id"] = "m0";
  other_tablet->send("skills", body);
  const auto refused = other_tablet->response("skills", "m0");
  EXPECT_EQ(refused.at("error").at("code"), "already_done");
  EXPECT_EQ(refused.at("error").at("retryable"), false);
  EXPECT_FALSE(other_speaker->next_call(300ms));
}

TEST(Wire, TheSameCorrelationIdOfAnotherSenderIsAnotherRequest) {
  HubProcess hub;
  auto one = hub.device("One");
  auto two = hub.device("Two");
  const json body = {{"op", "me"}, {"correlation_id", "same"}};
  EXPECT_EQ(one->result_of("devices", body).at("device_id"), "one");
  EXPECT_EQ(two->result_of("devices", body).at("device_id"), "two");
}

TEST(Wire, RetainedRequestsAreIgnored) {
  HubProcess hub;
  auto tablet = hub.device("Tablet");
  auto message = request("tablet", {{"op", "list"}, {"correlation_id", "stays"}});
  message.retained = true;
  tablet->mqtt().publish(message);
  tablet->mqtt().take_all();
  hub.stop_bridge();
  hub.start_bridge();
  tablet->result_of("skills", {{"op", "list"}});
  EXPECT_THROW(tablet->response("skills", "stays", 300ms), std::runtime_error);
}

TEST(Wire, TheMessageExpiryBoundsTheDeadline) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  auto tablet = hub.device("Tablet");
  speaker->offer("C", {"f()"});
  auto message =
      request("tablet", {{"op", "call"}, {"skill_path", "C.f"}, {"correlation_id", "c1"}, {"timeout_ms", 60'000}});
  message.expiry_s = 1;
  tablet->mqtt().publish(message);
  ASSERT_TRUE(speaker->next_call());
  EXPECT_EQ(tablet->response("skills", "c1", 3s).at("error").at("code"), "timeout");
}

TEST(Wire, ASenderCannotClaimToBeAnother) {
  HubProcess hub;
  auto tablet = hub.device("Tablet");
  auto message = request("tablet", {{"op", "list"}, {"correlation_id", "c1"}});
  message.user_properties = {{"strawberry-principal", "admin//tablet"}, {"strawberry-principal", "device/bob/tablet"}};
  message.topic = "devices/tablet/request";
  message.payload = json{{"op", "list"}, {"correlation_id", "c1"}, {"user_id", "bob"}}.dump();
  tablet->mqtt().publish(message);
  EXPECT_EQ(tablet->response("devices", "c1").at("error").at("code"), "forbidden");
}

}  // namespace
}  // namespace strawberry::test
