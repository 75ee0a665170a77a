#include "common/contract/schemas/request_schemas.h"

#include <gtest/gtest.h>

#include <random>

namespace strawberry {
namespace {

using nlohmann::json;

class RequestSchemasTest : public ::testing::Test {
 protected:
  /// The pointer in the error; `ok` when there is none.
  std::string path_of(Service service, const std::string& op, const json& body) {
    const auto error = schemas_.check(service, op, body);
    return error ? error->details.at("path").get<std::string>() : "ok";
  }
  std::string message_of(Service service, const std::string& op, const json& body) {
    const auto error = schemas_.check(service, op, body);
    return error ? error->message : "ok";
  }
  RequestSchemas schemas_ = RequestSchemas::load();
};

json skills_request(std::size_t count) {
  json request = {{"op", "register"}, {"skills", json::array()}};
  for (std::size_t i = 0; i < count; ++i) {
    request["skills"].push_back(
        {{"class_name", "A"}, {"function_name", "f" + std::to_string(i)}, {"signature", "f()"}});
  }
  return request;
}

TEST_F(RequestSchemasTest, KnowsTheOperationsThatWork) {
  EXPECT_EQ(schemas_.ops(Service::skills), (std::vector<std::string>{"call", "call_tool", "describe", "heartbeat",
                                                                     "list", "register", "search", "tools"}));
  EXPECT_EQ(schemas_.ops(Service::devices),
            (std::vector<std::string>{"allow_program", "delete", "end_program", "get", "list", "me", "refresh_token",
                                      "register", "renew_program", "revoke", "sign_in", "update"}));
  EXPECT_EQ(schemas_.ops(Service::chat),
            (std::vector<std::string>{"cancel", "complete", "confirm", "inference", "usage"}));
  EXPECT_EQ(schemas_.ops(Service::sessions),
            (std::vector<std::string>{"append", "create", "delete", "get", "list", "messages", "sync", "update"}));
}

TEST_F(RequestSchemasTest, OperationOfAnotherServiceIsUnknown) {
  EXPECT_TRUE(schemas_.knows(Service::skills, "register"));
  EXPECT_FALSE(schemas_.knows(Service::chat, "register"));
  EXPECT_EQ(schemas_.check(Service::chat, "register", json::object())->code, ErrorCode::unknown_op);
}

TEST_F(RequestSchemasTest, StrangeOperationNamesAreUnknown) {
  for (const char* op : {"", "/", "../devices/me", "register.result", "call.message", "REGISTER", "register "}) {
    EXPECT_FALSE(schemas_.knows(Service::skills, op)) << op;
  }
  EXPECT_FALSE(schemas_.knows(Service::skills, std::string(100'000, 'x')));
  EXPECT_FALSE(schemas_.knows(Service::skills, std::string_view("call\0", 5)));
}

TEST_F(RequestSchemasTest, MembersNobodyKnowsAreRefusedWithTheOneThatIsMeant) {
  const auto check = [&](Service service, const char* op, const char* body, const std::string& path,
                         const std::string& meant) {
    json request = json::parse(body);
    request["op"] = op;
    const auto error = schemas_.check(service, op, request);
    ASSERT_TRUE(error) << body;
    EXPECT_EQ(error->code, ErrorCode::bad_request) << body;
    EXPECT_EQ(error->details.value("path", "-"), path) << body;
    EXPECT_EQ(error->details.value("meant", ""), meant) << body;
    EXPECT_NE(error->message.find(meant), std::string::npos) << error->message;
  };
  check(Service::sessions, "get", R"({"session":"s"})", "/session", "session_id");
  check(Service::sessions, "get", R"({"id":"s"})", "/id", "session_id");
  check(Service::sessions, "get", R"({"session_id":"s","sessionId":"s"})", "/sessionId", "");
  check(Service::sessions, "create", R"({"titel":"s"})", "/titel", "title");
  check(Service::skills, "call", R"({"skill_path":"C.f","arguments":[1]})", "/arguments", "args");
  check(Service::skills, "call", R"({"skill_path":"C.f","arguments":{"a":1}})", "/arguments", "kwargs");
  check(Service::skills, "call", R"({"skillPath":"C.f"})", "/skillPath", "skill_path");
  check(Service::skills, "call", R"({"skill_path":"C.f","timeout":5})", "/timeout", "timeout_ms");
  check(Service::skills, "call", R"({"skill_path":"C.f","correlationId":"1"})", "/correlationId", "correlation_id");
  check(Service::devices, "get", R"({"device":"d"})", "/device", "device_id");
  check(Service::devices, "me", R"({"from_the_future":[1,2]})", "/from_the_future", "");
  check(Service::chat, "cancel", R"({"cancel":"1","user_id":"u"})", "/user_id", "");
  check(Service::skills, "register",
        R"-({"skills":[{"class_name":"C","function_name":"f","signature":"f()","doc_string":"x"}]})-",
        "/skills/0/doc_string", "docstring");
  check(Service::sessions, "sync",
        R"({"sessions":[{"id":"s","created_at":"2026-01-01T00:00:00Z","messages":[{"id":"m","role":"user",
            "content":"x","created_at":"2026-01-01T00:00:00Z","name":"n"}]}]})",
        "/sessions/0/messages/0/name", "");
}

TEST_F(RequestSchemasTest, ALongNameIsNotRepeated) {
  const auto error = schemas_.check(Service::skills, "list", {{"op", "list"}, {std::string(100'000, 'x'), 1}});
  ASSERT_TRUE(error);
  EXPECT_EQ(error->details.at("path"), "");
  EXPECT_LT(error->message.size(), 200U);
}

TEST_F(RequestSchemasTest, WhatIsTheSendersOwnOrTheProvidersIsLetThrough) {
  for (const auto* op : {"list", "heartbeat"})
    EXPECT_EQ(path_of(Service::skills, op, {{"op", op}, {"metadata", {{"trace", {1, 2}}}}}), "ok") << op;
  EXPECT_EQ(path_of(Service::skills, "list", {{"op", "list"}, {"metadata", "text"}}), "/metadata");
  EXPECT_EQ(path_of(Service::skills, "call", {{"skill_path", "C.f"}, {"kwargs", {{"session", 1}}}}), "ok");
  const json messages = {{{"role", "user"}, {"content", "x"}, {"annotations", json::array()}}};
  EXPECT_EQ(path_of(Service::chat, "complete", {{"messages", messages}, {"reasoning_effort", "low"}}), "ok");
}

TEST_F(RequestSchemasTest, BodyThatIsNoObjectIsRefusedAsAWhole) {
  for (const json& body : {json(nullptr), json::array(), json(1), json("x"), json(true)}) {
    EXPECT_EQ(path_of(Service::skills, "call", body), "");
    EXPECT_EQ(message_of(Service::skills, "call", body).rfind("The request must be an object", 0), 0U);
  }
}

TEST_F(RequestSchemasTest, DeepestPlaceIsNamed) {
  json request = skills_request(3);
  request["timeout_ms"] = "soon";
  request["skills"][2]["signature"] = 7;
  EXPECT_EQ(path_of(Service::skills, "register", request), "/skills/2/signature");
  EXPECT_EQ(message_of(Service::skills, "register", request),
            "/skills/2/signature must be a string of 1 to 2048 characters, not 7.");
}

TEST_F(RequestSchemasTest, MessagesTellPeopleWhatWasExpected) {
  EXPECT_EQ(message_of(Service::skills, "call", {{"skill_path", "A.b"}, {"timeout_ms", 0}}),
            "/timeout_ms must be an integer from 1 to 120000, not 0.");
  EXPECT_EQ(message_of(Service::devices, "revoke", {{"op", "revoke"}, {"device_id", "+"}}),
            "/device_id must be an id: 1 to 64 of A-Z, a-z, 0-9, _ and -, not \"+\".");
  EXPECT_EQ(message_of(Service::skills, "call", json::object()),
            "/skill_path is missing: it must be a string of 1 to 512 characters.");
}

TEST_F(RequestSchemasTest, FiveHundredSkillsAreTakenAndNoMore) {
  EXPECT_EQ(path_of(Service::skills, "register", skills_request(500)), "ok");
  EXPECT_EQ(path_of(Service::skills, "register", skills_request(501)), "/skills");
}

TEST_F(RequestSchemasTest, LengthsCountCharactersAndEndWhereTheyShould) {
  const auto named = [](const std::string& name) { return json{{"op", "register"}, {"name", name}}; };
  EXPECT_EQ(path_of(Service::devices, "register", named(std::string(128, 'x'))), "ok");
  EXPECT_EQ(path_of(Service::devices, "register", named(std::string(129, 'x'))), "/name");
}

TEST_F(RequestSchemasTest, ArrayTooLongIsToldBeforeItsItemsAreLookedAt) {
  EXPECT_EQ(path_of(Service::skills, "register", {{"op", "register"}, {"skills", std::vector<int>(501, 7)}}),
            "/skills");
  EXPECT_EQ(message_of(Service::skills, "register", {{"op", "register"}, {"skills", std::vector<int>(100'000, 7)}}),
            "/skills must be an array of at most 500 items, not an array of 100000.");
}

TEST_F(RequestSchemasTest, NulDoesNotHideWhatFollowsIt) {
  const std::string name = std::string("a\0", 2) + std::string(200, 'x');
  EXPECT_EQ(path_of(Service::devices, "register", {{"op", "register"}, {"name", name}}), "/name");
  json chat = {{"messages", {{{"role", "user"}, {"content", "x"}, {"name", name}}}}};
  EXPECT_EQ(path_of(Service::chat, "complete", chat), "/messages/0/name");
}

TEST_F(RequestSchemasTest, NulInAnArgumentIsTheSkillsOwnBusiness) {
  EXPECT_EQ(path_of(Service::skills, "call", {{"skill_path", "A.b"}, {"args", {std::string("a\0b", 3)}}}), "ok");
}

TEST_F(RequestSchemasTest, BooleansAreStrict) {
  for (const json& value : {json(0), json(1), json("true"), json(nullptr), json::array()}) {
    json request = skills_request(1);
    request["skills"][0]["device_agnostic"] = value;
    EXPECT_EQ(path_of(Service::skills, "register", request), "/skills/0/device_agnostic") << value.dump();
  }
}

TEST_F(RequestSchemasTest, IdsEndWhereTheyEnd) {
  for (const char* id : {"a\n", "\na", "a b", "a/b", "#", "ä", ""}) {
    EXPECT_EQ(path_of(Service::devices, "get", {{"op", "get"}, {"device_id", id}}), "/device_id") << id;
  }
}

TEST_F(RequestSchemasTest, NumbersAtTheEdgeOfTheirTypesAreRefused) {
  for (const char* text : {"0", "-1", "101", "1.5", "1e400", "18446744073709551615", "-9223372036854775808", "1e3"}) {
    const json value = json::parse(text, nullptr, false);
    if (value.is_discarded()) continue;
    EXPECT_EQ(path_of(Service::skills, "search", {{"op", "search"}, {"query", ""}, {"device_limit", value}}),
              "/device_limit")
        << text;
  }
}

TEST_F(RequestSchemasTest, LongStringsDoNotOverflowThePatternMatcher) {
  const std::string name(250'000, 'x');
  EXPECT_EQ(path_of(Service::devices, "get", {{"op", "get"}, {"device_id", name}}), "/device_id");
  json request = skills_request(1);
  request["skills"][0]["class_name"] = name;
  EXPECT_EQ(path_of(Service::skills, "register", request), "/skills/0/class_name");
}

TEST_F(RequestSchemasTest, MessageRepeatsLittleOfTheRequest) {
  json request = skills_request(1);
  request["skills"][0]["class_name"] = std::string(200, '!');
  EXPECT_EQ(message_of(Service::skills, "register", request).find("!!"), std::string::npos);
}

TEST_F(RequestSchemasTest, AMovedOneStillWorks) {
  RequestSchemas moved = std::move(schemas_);
  EXPECT_TRUE(moved.knows(Service::skills, "call"));
  EXPECT_FALSE(moved.check(Service::skills, "call", {{"skill_path", "A.b"}}));
}

/// A value of any kind, at most `depth` levels deep.
json random_value(std::mt19937& random, int depth) {
  static const std::vector<json> leaves = {nullptr,
                                           true,
                                           0,
                                           -1,
                                           1.5,
                                           1e308,
                                           18446744073709551615ULL,
                                           "",
                                           "x",
                                           std::string(3000, 'y'),
                                           std::string("\0z", 2),
                                           "\xF0\x9F\x98\x80",
                                           "op"};
  static const std::vector<std::string> names = {"op",    "skills",   "class_name", "signature",  "args",  "kwargs",
                                                 "v",     "~/",       "",           "messages",   "role",  "content",
                                                 "tools", "function", "name",       "skill_path", "query", "[0]"};
  const auto kind = random() % 8;
  if (depth == 0 || kind < 3) return leaves[random() % leaves.size()];
  json value = kind < 6 ? json::object() : json::array();
  for (auto members = random() % 6; members > 0; --members) {
    if (value.is_object()) {
      value[names[random() % names.size()]] = random_value(random, depth - 1);
    } else {
      value.push_back(random_value(random, depth - 1));
    }
  }
  return value;
}

TEST_F(RequestSchemasTest, RandomDocumentsGetAnAnswerThatPointsIntoThem) {
  std::mt19937 random(20240131);
  for (int round = 0; round < 5000; ++round) {
    const json body = random_value(random, 6);
    for (const Service service : {Service::skills, Service::chat, Service::sessions, Service::devices}) {
      for (const std::string& op : schemas_.ops(service)) {
        const auto error = schemas_.check(service, op, body);
        if (!error) continue;
        ASSERT_EQ(error->code, ErrorCode::bad_request);
        ASSERT_LE(error->message.size(), 300U) << error->message;
        const json::json_pointer place(error->details.at("path").get<std::string>());
        ASSERT_TRUE(place.empty() || body.contains(place) || body.contains(place.parent_pointer())) << error->message;
      }
    }
  }
}

TEST_F(RequestSchemasTest, DeepDocumentsAreNoTrouble) {
  json args = json::array();
  for (int level = 0; level < 60; ++level) args = json::array({std::move(args)});
  EXPECT_EQ(path_of(Service::skills, "call", {{"skill_path", "A.b"}, {"args", args}}), "ok");
  EXPECT_EQ(path_of(Service::skills, "register", {{"op", "register"}, {"skills", args}}), "/skills/0");
}

}  // namespace
}  // namespace strawberry
