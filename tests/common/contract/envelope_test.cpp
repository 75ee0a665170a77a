#include "common/contract/envelope.h"

#include <gtest/gtest.h>

namespace strawberry {
namespace {

using nlohmann::json;
constexpr std::size_t bytes_max = 256 * 1024;

auto read(const std::string& payload, Service service = Service::skills) {
  return read_envelope(service, payload, bytes_max);
}

TEST(Envelope, ReadsARequest) {
  const auto envelope = read(R"({"op":"list","correlation_id":"c1","v":1,"timeout_ms":500,"more":[1]})");
  ASSERT_TRUE(envelope);
  EXPECT_EQ(envelope->op, "list");
  EXPECT_EQ(envelope->correlation_id, "c1");
  EXPECT_EQ(envelope->timeout, std::chrono::milliseconds(500));
  EXPECT_EQ(envelope->body.at("more"), json::parse("[1]"));
}

TEST(Envelope, FillsInTheOperationThatNeedsNoName) {
  EXPECT_EQ(read(R"({"skill_path":"C.f"})")->op, "call");
  EXPECT_EQ(read(R"({"messages":[]})", Service::chat)->op, "complete");
  EXPECT_EQ(read(R"({"input":{}})", Service::chat)->op, "inference");
  EXPECT_EQ(read(R"({"input":{},"messages":[]})", Service::chat)->op, "complete");
  EXPECT_EQ(read(R"({"op":"complete","input":{}})", Service::chat)->op, "complete");
  EXPECT_EQ(read("{}").error().error.details.at("path"), "/op");
  EXPECT_EQ(read(R"({"skill_path":"C.f"})", Service::devices).error().error.details.at("path"), "/op");
}

struct BadCase {
  std::string payload;
  ErrorCode code;
  std::string path;  // of details, "-" when there is none
};
class BadEnvelope : public testing::TestWithParam<BadCase> {};
TEST_P(BadEnvelope, IsRejectedWithItsOwnError) {
  const auto envelope = read(GetParam().payload);
  ASSERT_FALSE(envelope);
  EXPECT_EQ(envelope.error().error.code, GetParam().code);
  EXPECT_EQ(envelope.error().error.details.value("path", "-"), GetParam().path);
}
INSTANTIATE_TEST_SUITE_P(
    Envelope, BadEnvelope,
    testing::Values(
        BadCase{"", ErrorCode::bad_request, ""}, BadCase{"not json", ErrorCode::bad_request, ""},
        BadCase{"null", ErrorCode::bad_request, ""}, BadCase{"[]", ErrorCode::bad_request, ""},
        BadCase{"\"op\"", ErrorCode::bad_request, ""}, BadCase{"{\"op\":\"list\"", ErrorCode::bad_request, ""},
        BadCase{"{\"op\":\"\xff\xfe\"}", ErrorCode::bad_request, ""},
        BadCase{"{\"op\":\"a\"} trailing", ErrorCode::bad_request, ""},
        BadCase{std::string("{\"op\":\"a\"}\0 hidden", 18), ErrorCode::bad_request, ""},
        BadCase{std::string(100'000, '['), ErrorCode::bad_request, ""},
        BadCase{"{\"op\":\"list\",\"a\":" + std::string(64, '[') + std::string(64, ']') + "}", ErrorCode::bad_request,
                ""},
        BadCase{"{\"op\":\"list\",\"a\":\"" + std::string(300 * 1024, 'x') + "\"}", ErrorCode::too_large, "-"},
        BadCase{R"({"op":7})", ErrorCode::bad_request, "/op"}, BadCase{R"({"op":null})", ErrorCode::bad_request, "/op"},
        BadCase{R"({"op":"list","v":2})", ErrorCode::unsupported_version, "-"},
        BadCase{R"({"op":"list","v":1.5})", ErrorCode::unsupported_version, "-"},
        BadCase{R"({"op":"list","v":"1"})", ErrorCode::bad_request, "/v"},
        BadCase{R"({"op":"list","timeout_ms":0})", ErrorCode::bad_request, "/timeout_ms"},
        BadCase{R"({"op":"list","timeout_ms":120001})", ErrorCode::bad_request, "/timeout_ms"},
        BadCase{R"({"op":"list","timeout_ms":-1})", ErrorCode::bad_request, "/timeout_ms"},
        BadCase{R"({"op":"list","timeout_ms":1e99})", ErrorCode::bad_request, "/timeout_ms"},
        BadCase{R"({"op":"list","timeout_ms":"5"})", ErrorCode::bad_request, "/timeout_ms"},
        BadCase{R"({"op":"list","correlation_id":5})", ErrorCode::bad_request, "/correlation_id"},
        BadCase{"{\"op\":\"list\",\"correlation_id\":\"" + std::string(129, 'c') + "\"}", ErrorCode::bad_request,
                "/correlation_id"}));

TEST(Envelope, SixtyFourLevelsAreStillRead) {
  EXPECT_TRUE(read("{\"op\":\"list\",\"a\":" + std::string(63, '[') + std::string(63, ']') + "}"));
  EXPECT_TRUE(read("{\"op\":\"list\",\"a\":\"" + std::string(1000, '[') + "\"}")) << "brackets in text are no levels";
}

TEST(Envelope, ALimitIsWhatIsStillAccepted) {
  const std::string start = R"({"op":"list","a":")";
  const std::string end = "\"}";
  const auto of_size = [&](std::size_t bytes) {
    return start + std::string(bytes - start.size() - end.size(), 'x') + end;
  };
  EXPECT_TRUE(read(of_size(bytes_max)));
  EXPECT_FALSE(read(of_size(bytes_max + 1)));
  EXPECT_TRUE(read("{\"op\":\"list\",\"correlation_id\":\"" + std::string(128, 'c') + "\"}"));
}

TEST(Envelope, WhatCannotBeReadIsStillAnsweredByName) {
  EXPECT_EQ(read(R"({"correlation_id":"c7","op":)").error().correlation_id, "c7");
  EXPECT_EQ(read("{\"correlation_id\":\"c8\",\"a\":\"" + std::string(300 * 1024, 'x') + "\"}").error().correlation_id,
            "c8");
  EXPECT_EQ(read("{\"correlation_id\":\"c9\",\"a\":" + std::string(100'000, '[')).error().correlation_id, "c9");
  EXPECT_EQ(read(R"({"a":{"correlation_id":"inner"},)").error().correlation_id, std::nullopt);
  EXPECT_EQ(read("{\"correlation_id\":\"" + std::string(129, 'c') + "\",").error().correlation_id, std::nullopt);
}

TEST(Envelope, ARepliesFieldsAreAlwaysThere) {
  EXPECT_EQ(json::parse(write_reply("c1", json{{"a", 1}})),
            json::parse(R"({"v":1,"correlation_id":"c1","success":true,"result":{"a":1},"error":null})"));
  EXPECT_EQ(json::parse(write_reply(std::nullopt, error(ErrorCode::busy, "later", {{"retry_after_ms", 5}}))),
            json::parse(R"({"v":1,"correlation_id":null,"success":false,"result":null,
                            "error":{"code":"busy","message":"later","retryable":true,"details":{"retry_after_ms":5}}})"));
  EXPECT_FALSE(json::parse(write_reply("c", error(ErrorCode::forbidden, "no"))).at("error").contains("details"));
}

TEST(Envelope, AReplyLeavesEvenWithTextThatIsNotUtf8) {
  EXPECT_TRUE(json::accept(write_reply("c1", json{{"a", "\xff"}})));
}

TEST(Envelope, AnEventIsNumberedAndHasNoSuccess) {
  EXPECT_EQ(json::parse(write_event("c1", 3, "delta", {{"x", 1}})),
            json::parse(R"({"v":1,"correlation_id":"c1","seq":3,"event":"delta","data":{"x":1}})"));
}

TEST(ErrorCodes, HaveDistinctNames) {
  std::set<std::string_view> names;
  for (const auto code : error_codes_all) names.insert(to_string(code));
  EXPECT_EQ(names.size(), error_codes_all.size());
}

}  // namespace
}  // namespace strawberry
