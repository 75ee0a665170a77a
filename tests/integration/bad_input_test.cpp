/// Invalid requests of buggy or malicious clients: each gets the contract's error, and affects no other client.
#include <gtest/gtest.h>

#include "tests/support/hub_process.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

struct BadPayload {
  const char* name;
  std::string payload;
  std::string code;
};

const std::vector<BadPayload>& bad_payloads() {
  static const std::vector<BadPayload> all = {
      {"NotJson", "this is not JSON", "bad_request"},
      {"Null", "null", "bad_request"},
      {"AnArray", "[1,2,3]", "bad_request"},
      {"Empty", "", "bad_request"},
      {"Large", R"({"op":"list","pad":")" + std::string(300 * 1024, 'x') + "\"}", "too_large"},
      {"Deep", std::string(100'000, '['), "bad_request"},
      {"InvalidUtf8", "{\"op\":\"search\",\"query\":\"\xff\xfe\xfd\"}", "bad_request"},
      {"WrongType", R"({"op":"search","query":7})", "bad_request"},
      {"UnknownOp", R"({"op":"explode"})", "unknown_op"},
      {"OpWithControlCharacters", "{\"op\":\"a\\u0000b\\u001b[31m\"}", "unknown_op"},
      {"Version", R"({"op":"list","v":2})", "unsupported_version"},
      {"NoSkills", R"({"op":"register"})", "bad_request"},
      {"SkillsOfTheWrongType", R"({"op":"register","skills":{"a":1}})", "bad_request"},
  };
  return all;
}

TEST(BadInput, EachPayloadGetsItsErrorAndALogLineAndTheHubGoesOn) {
  HubProcess::Options options;
  options.config = "[limits]\nlog_lines_per_second_max = 0\n";
  HubProcess hub(options);
  auto clumsy = hub.device("Clumsy");
  auto other = hub.device("Other");
  for (const auto& bad : bad_payloads()) {
    for (const auto* service : {"skills", "chat", "sessions", "devices"}) {
      const auto before = hub.bridge().output().size();
      clumsy->mqtt().publish(std::string(service) + "/clumsy/request", bad.payload);
      const auto reply = clumsy->mqtt().wait_for(std::string(service) + "/clumsy/response");
      ASSERT_TRUE(reply) << bad.name << " to " << service;
      const auto envelope = json::parse(reply->payload);
      EXPECT_EQ(envelope.at("v"), 1);
      EXPECT_EQ(envelope.at("success"), false) << bad.name;
      EXPECT_TRUE(envelope.at("result").is_null());
      const auto code = envelope.at("error").at("code").get<std::string>();
      // For an operation that the service does not have, no more precise error is required.
      EXPECT_TRUE(code == bad.code || code == "unknown_op" || code == "bad_request")
          << bad.name << " to " << service << ": " << reply->payload;
      if (std::string(service) == "skills") {
        EXPECT_EQ(code, bad.code) << bad.name << ": " << reply->payload;
      }
      EXPECT_LT(reply->payload.size(), 2'000U) << "an error does not repeat the request";
      EXPECT_TRUE(hub.bridge().wait_for_output("device/alice/clumsy", 2s, before)) << bad.name;
    }
  }
  EXPECT_EQ(other->result_of("skills", {{"op", "list"}}).at("total"), 0);
  EXPECT_TRUE(hub.bridge().is_running());
}

/// A member of any type must not cause a failure, whether the operation knows it or not.
TEST(BadInput, AnyMemberOfAnyTypeInAnyOperationGetsAnAnswer) {
  HubProcess hub;
  auto clumsy = hub.device("Clumsy");
  const std::vector<std::pair<std::string, std::vector<std::string>>> operations = {
      {"skills", {"register", "heartbeat", "list", "search", "describe", "call"}},
      {"chat", {"complete", "cancel", "confirm", "usage"}},
      {"sessions", {"create", "list", "get", "messages", "append", "update", "delete", "sync"}},
      {"devices", {"me", "list", "get", "register", "update", "revoke", "delete", "refresh_token"}}};
  const json odd = {nullptr, 5, -0.5, true, json::array({1}), json{{"a", 1}}, ""};
  for (const auto& [service, ops] : operations) {
    for (const auto& op : ops) {
      for (const auto& value : odd) {
        for (const auto* name : {"device_id", "user_id", "session_id", "name", "title", "target", "args", "model",
                                 "stream", "messages", "caller_device_id", "limit", "metadata", "pad"}) {
          ASSERT_NO_THROW(clumsy->ask(service, {{"op", op}, {name, value}})) << service << " " << op << " " << name;
        }
      }
    }
  }
}

TEST(BadInput, APointerNamesTheOffendingPlace) {
  HubProcess hub;
  auto clumsy = hub.device("Clumsy");
  const auto path_of = [&](const std::string& service, const json& request) {
    return clumsy->ask(service, request).at("error").at("details").at("path").get<std::string>();
  };
  EXPECT_EQ(path_of("skills", {{"op", "register"}, {"skills", {{{"class_name", "C"}, {"function_name", "f"}}}}}),
            "/skills/0/signature");
  EXPECT_EQ(path_of("skills", {{"op", "search"}, {"query", 7}}), "/query");
  EXPECT_EQ(path_of("skills", {{"op", "search"}, {"query", "x"}, {"device_limit", 0}}), "/device_limit");
  EXPECT_EQ(path_of("skills", {{"op", "call"}, {"skill_path", "C.f"}, {"args", "no list"}}), "/args");
  EXPECT_EQ(path_of("devices", {{"op", "register"}}), "/name");
}

TEST(BadInput, AFloodOfRubbishFromOneDoesNotStarveAnother) {
  HubProcess hub;
  auto clumsy = hub.device("Clumsy");
  auto other = hub.device("Other");
  for (int i = 0; i < 500; ++i)
    clumsy->mqtt().publish({"skills/clumsy/request", std::string(50'000, '['), 0, false, {}, {}, {}, {}, {}});
  EXPECT_EQ(other->result_of("skills", {{"op", "list"}}).at("total"), 0);
}

TEST(BadInput, WhatComesWithoutAnOperationIsIgnoredWhereNobodyAsked) {
  HubProcess hub;
  auto clumsy = hub.device("Clumsy");
  // Not a request: there must be no answer, and no failure.
  clumsy->mqtt().publish("devices/clumsy/status", "{\"state\":");
  clumsy->mqtt().publish("devices/clumsy/status", std::string(50'000, '['));
  clumsy->mqtt().publish("skills/clumsy/result", "null");
  EXPECT_EQ(clumsy->result_of("devices", {{"op", "me"}}).at("device_id"), "clumsy");
}

}  // namespace
}  // namespace strawberry::test
