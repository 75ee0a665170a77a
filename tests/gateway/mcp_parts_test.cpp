/// The parts of the MCP endpoint without a network: messages, eras, headers, tools, questions.
#include <gmock/gmock.h>

#include "gateway/hub/skill_changes.h"
#include "gateway/mcp/answers.h"
#include "gateway/mcp/confirmation.h"
#include "gateway/mcp/era.h"
#include "gateway/mcp/tools.h"
#include "tests/support/fake_clock.h"

namespace strawberry::gateway::mcp {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using testing::HasSubstr;

json modern_meta(const json& capabilities = json::object()) {
  return {{meta_version, modern_version}, {meta_capabilities, capabilities}, {meta_client, {{"name", "t"}}}};
}

json modern(const std::string& method, json params = json::object()) {
  if (!params.contains("_meta")) params["_meta"] = modern_meta();
  return {{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", params}};
}

Request with(const json& body, Fields headers) {
  Request request;
  request.body = body.dump();
  request.headers = std::move(headers);
  return request;
}

Fields headers_of(const std::string& method, const std::string& name = {}) {
  Fields fields{{"mcp-protocol-version", std::string(modern_version)}, {"mcp-method", method}};
  if (!name.empty()) fields.emplace_back("mcp-name", name);
  return fields;
}

/// The code and the status of the refusal; "legacy" or "modern" when there is none.
std::string era(const json& body, const Fields& headers) {
  const Request request = with(body, headers);
  const auto post = read_post(request.body);
  if (!post) return std::to_string(post.error().code) + " " + std::to_string(post.error().status);
  const auto spoken = check_era(request, *post);
  if (!spoken) return std::to_string(spoken.error().code) + " " + std::to_string(spoken.error().status);
  return spoken->is_modern() ? "modern" : "legacy";
}

json legacy(const std::string& method) { return {{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}}; }

TEST(AnMcpMessage, IsAnObjectOfJsonRpc) {
  const auto code = [](const std::string& body) {
    const auto post = read_post(body);
    return post ? 0 : post.error().code;
  };
  EXPECT_EQ(code(R"({"jsonrpc":"2.0","id":1,"method":"ping"})"), 0);
  EXPECT_EQ(code(R"({"jsonrpc":"2.0","id":"a","method":"ping","params":{}})"), 0);
  EXPECT_EQ(code(R"({"jsonrpc":"2.0","method":"notifications/initialized"})"), 0);
  EXPECT_EQ(code(""), rpc_code::parse_error);
  EXPECT_EQ(code("{"), rpc_code::parse_error);
  EXPECT_EQ(code(std::string("{}\0", 3)), rpc_code::parse_error);
  for (const char* body :
       {"1", "\"x\"", "{}", "[]", "[1]", R"({"id":1,"method":"ping"})", R"({"jsonrpc":"1.0","id":1,"method":"ping"})",
        R"({"jsonrpc":"2.0","id":null,"method":"p"})", R"({"jsonrpc":"2.0","id":1.5,"method":"p"})",
        R"({"jsonrpc":"2.0","id":{},"method":"p"})", R"({"jsonrpc":"2.0","id":1,"method":7})",
        R"({"jsonrpc":"2.0","id":1})", R"({"jsonrpc":"2.0","id":1,"method":"p","params":[1]})"}) {
    EXPECT_EQ(code(body), rpc_code::invalid_request) << body;
  }
  EXPECT_EQ(code(std::string(100'000, '[')), rpc_code::invalid_request);
  json batch = json::array();
  for (std::size_t i = 0; i <= batch_messages_max; ++i) batch.push_back(legacy("ping"));
  EXPECT_EQ(code(batch.dump()), rpc_code::invalid_request);
}

TEST(AnEra, IsWhatTheMetadataSays) {
  EXPECT_EQ(era(modern("tools/list"), headers_of("tools/list")), "modern");
  EXPECT_EQ(era(legacy("initialize"), {}), "legacy");
  for (const auto version : legacy_versions) {
    EXPECT_EQ(era(legacy("tools/list"), {{"mcp-protocol-version", std::string(version)}}), "legacy");
  }
  EXPECT_EQ(era(legacy("tools/list"), {{"mcp-protocol-version", "2024-11-05"}}), "-32022 400");
  EXPECT_EQ(era(legacy("tools/list"), {{"mcp-protocol-version", "nonsense"}}), "-32022 400");
}

TEST(AModernRequest, RepeatsItselfInItsHeaders) {
  const json list = modern("tools/list");
  EXPECT_EQ(era(list, {}), "-32020 400");
  EXPECT_EQ(era(list, {{"mcp-protocol-version", std::string(modern_version)}}), "-32020 400");
  EXPECT_EQ(era(list, headers_of("tools/call")), "-32020 400");
  EXPECT_EQ(era(list, {{"mcp-protocol-version", "2025-11-25"}, {"mcp-method", "tools/list"}}), "-32020 400");
  const json call = modern("tools/call", {{"name", "A-b"}});
  EXPECT_EQ(era(call, headers_of("tools/call", "A-b")), "modern");
  EXPECT_EQ(era(call, headers_of("tools/call", "=?base64?QS1i?=")), "modern");
  EXPECT_EQ(era(call, headers_of("tools/call")), "-32020 400");
  EXPECT_EQ(era(call, headers_of("tools/call", "A-c")), "-32020 400");
  EXPECT_EQ(era(call, headers_of("tools/call", "=?base64?QS1j?=")), "-32020 400");
  EXPECT_EQ(era(call, headers_of("tools/call", "=?base64?!!!!?=")), "-32020 400");
  EXPECT_EQ(era(modern("tools/call"), headers_of("tools/call", "A-b")), "-32602 400");
}

TEST(AModernRequest, HasItsMetadata) {
  const auto with_meta = [](const json& meta) {
    json body = legacy("tools/list");
    if (!meta.is_null()) body["params"]["_meta"] = meta;
    return era(body, headers_of("tools/list"));
  };
  EXPECT_EQ(with_meta(nullptr), "-32602 400");
  EXPECT_EQ(with_meta("text"), "-32602 400");
  EXPECT_EQ(with_meta(json::object()), "-32602 400");
  EXPECT_EQ(with_meta({{meta_version, 7}}), "-32602 400");
  EXPECT_EQ(with_meta({{meta_version, modern_version}}), "-32602 400");
  EXPECT_EQ(with_meta({{meta_version, modern_version}, {meta_capabilities, json::array()}}), "-32602 400");
  EXPECT_EQ(with_meta({{meta_version, modern_version}, {meta_capabilities, json::object()}, {meta_client, "x"}}),
            "-32602 400");
  EXPECT_EQ(with_meta(modern_meta()), "modern");
}

TEST(AVersion, ThatIsNotSupportedIsAnsweredWithThoseThatAre) {
  json body = modern("tools/list");
  body["params"]["_meta"][meta_version] = "1900-01-01";
  const Request request = with(body, {{"mcp-protocol-version", "1900-01-01"}, {"mcp-method", "tools/list"}});
  const auto spoken = check_era(request, *read_post(request.body));
  ASSERT_FALSE(spoken);
  EXPECT_EQ(spoken.error().code, rpc_code::unsupported_version);
  EXPECT_EQ(spoken.error().status, 400u);
  EXPECT_EQ(spoken.error().data.at("requested"), "1900-01-01");
  EXPECT_EQ(spoken.error().data.at("supported")[0], modern_version);
}

TEST(ABatch, IsOfTheFirstRevisionAlone) {
  const json batch = json::array({legacy("ping")});
  EXPECT_EQ(era(batch, {}), "legacy");
  EXPECT_EQ(era(batch, {{"mcp-protocol-version", "2025-03-26"}}), "legacy");
  EXPECT_EQ(era(batch, {{"mcp-protocol-version", "2025-06-18"}}), "-32600 400");
  EXPECT_EQ(era(json::array({modern("tools/list")}), headers_of("tools/list")), "-32600 400");
}

TEST(ANotification, IsTakenInEitherEra) {
  const json said{{"jsonrpc", "2.0"}, {"method", "notifications/cancelled"}};
  EXPECT_EQ(era(said, {}), "legacy");
  EXPECT_EQ(era(said, {{"mcp-protocol-version", std::string(modern_version)}}), "legacy");
  EXPECT_EQ(era(said, {{"mcp-protocol-version", "nonsense"}}), "-32022 400");
  EXPECT_EQ(era({{"jsonrpc", "2.0"}, {"id", 1}, {"result", json::object()}},
                {{"mcp-protocol-version", std::string(modern_version)}}),
            "-32600 400");
}

TEST(AClient, CanAskWhenItHasForms) {
  const auto can = [](const json& capabilities) {
    json body = modern("tools/list");
    body["params"]["_meta"] = modern_meta(capabilities);
    const Request request = with(body, headers_of("tools/list"));
    return check_era(request, *read_post(request.body))->can_elicit;
  };
  EXPECT_TRUE(can({{"elicitation", json::object()}}));
  EXPECT_TRUE(can({{"elicitation", {{"form", json::object()}}}}));
  EXPECT_FALSE(can({{"elicitation", {{"url", json::object()}}}}));
  EXPECT_FALSE(can({{"elicitation", true}}));
  EXPECT_FALSE(can(json::object()));
}

TEST(AnInitialize, IsAnsweredWithItsVersionOrTheNewest) {
  EXPECT_EQ(negotiated_version("2025-06-18"), "2025-06-18");
  EXPECT_EQ(negotiated_version("2025-03-26"), "2025-03-26");
  EXPECT_EQ(negotiated_version("2024-11-05"), "2025-11-25");
  EXPECT_EQ(negotiated_version(modern_version), "2025-11-25");
  EXPECT_EQ(negotiated_version(""), "2025-11-25");
}

TEST(AMethod, IsOfItsEra) {
  Spoken old;
  Spoken now;
  now.era = Spoken::Era::modern;
  EXPECT_EQ(method_of("ping", old), Method::ping);
  EXPECT_EQ(method_of("ping", now), Method::unknown);
  EXPECT_EQ(method_of("initialize", now), Method::unknown);
  EXPECT_EQ(method_of("subscriptions/listen", old), Method::unknown);
  EXPECT_EQ(method_of("server/discover", now), Method::discover);
  EXPECT_EQ(unknown_method("x", now).status, 404u);
  EXPECT_EQ(unknown_method("x", old).status, 200u);
  EXPECT_EQ(unknown_method("x", old).code, rpc_code::method_not_found);
}

TEST(AFailedCall, SaysWhetherItMayHaveRun) {
  const auto said = [](const std::string& code, const json& details = nullptr) {
    const json answer = call_failure(Problem(424, code, "why", details));
    EXPECT_EQ(answer.at("isError"), true);
    return answer.at("content")[0].at("text").get<std::string>();
  };
  EXPECT_EQ(said("timeout"), "timeout: why. Whether it ran is unknown: find out before you try again.");
  EXPECT_EQ(said("device_offline"), "device_offline: why. It did not run.");
  EXPECT_THAT(said("device_offline", {{"may_have_run", true}}), HasSubstr("Whether it ran is unknown"));
  EXPECT_EQ(said("skill_error"), "skill_error: why. It ran, and failed.");
  EXPECT_EQ(said("bad_request", {{"path", "/volume"}}), "bad_request: why (path /volume). It did not run.");
  EXPECT_THAT(said("not_found", {{"candidates", {"a", "b"}}}), HasSubstr(R"((candidates ["a","b"]))"));
  for (const char* code : {"internal", "already_done", "too_large", "a code yet to come"}) {
    EXPECT_THAT(said(code), HasSubstr("Whether it ran is unknown")) << code;
  }
}

TEST(ACallResult, IsStructuredWhereItIsAnObject) {
  const json object = call_result({{"on", true}});
  EXPECT_EQ(object.at("structuredContent"), json({{"on", true}}));
  EXPECT_EQ(object.at("content")[0].at("text"), R"({"on":true})");
  EXPECT_EQ(call_result("done").at("content")[0].at("text"), "done");
  EXPECT_FALSE(call_result("done").contains("structuredContent"));
  EXPECT_EQ(call_result(nullptr).at("content")[0].at("text"), "null");
}

TEST(ATool, IsMarkedAsWhatItIs) {
  const json tool = tool_of({{"name", "Door-open"},
                             {"path", "Door.open"},
                             {"description", "Opens."},
                             {"parameters", {{"type", "object"}}},
                             {"confirm", true}});
  EXPECT_EQ(tool.at("name"), "Door-open");
  EXPECT_EQ(tool.at("title"), "Door.open");
  EXPECT_EQ(tool.at("inputSchema"), json({{"type", "object"}}));
  EXPECT_EQ(tool.at("annotations").at("destructiveHint"), true);
}

TEST(AListMode, IsInTheAddressOrAHeader) {
  const auto mode = [](Fields query, Fields headers) {
    Request request;
    request.query = std::move(query);
    request.headers = std::move(headers);
    return list_mode_of(request);
  };
  EXPECT_EQ(*mode({}, {}), ListMode::automatic);
  EXPECT_EQ(*mode({{"tools", "all"}}, {}), ListMode::all);
  EXPECT_EQ(*mode({}, {{"strawberry-tools", "search"}}), ListMode::search);
  EXPECT_EQ(*mode({{"tools", "auto"}}, {{"strawberry-tools", "search"}}), ListMode::automatic);
  EXPECT_FALSE(mode({{"tools", "none"}}, {}));
}

TEST(ACall, MayBeOfOneOfTheThreeTools) {
  const auto search = read_tool_call({{"name", "search_skills"}, {"arguments", {{"query", "lamp"}}}});
  EXPECT_EQ(search->kind, ToolCall::Kind::search);
  EXPECT_EQ(search->query, "lamp");
  const auto nested =
      read_tool_call({{"name", "call_skill"}, {"arguments", {{"name", "A-b"}, {"arguments", {{"x", 1}}}}}});
  EXPECT_EQ(nested->tool, "A-b");
  EXPECT_EQ(nested->arguments, json({{"x", 1}}));
  EXPECT_TRUE(nested->is_nested);
  EXPECT_EQ(read_tool_call({{"name", "describe_skill"}, {"arguments", {{"name", "A-b"}}}})->kind,
            ToolCall::Kind::describe);
  // The model's errors are reported to the model.
  EXPECT_EQ(read_tool_call({{"name", "search_skills"}}).error().status, 200u);
  EXPECT_EQ(read_tool_call({{"name", "call_skill"}, {"arguments", {{"name", "A-b"}, {"arguments", 7}}}}).error().status,
            200u);
  EXPECT_EQ(read_tool_call({{"name", "A-b"}, {"arguments", 7}}).error().status, 400u);
  EXPECT_EQ(read_tool_call({{"name", ""}}).error().status, 400u);
}

class AQuestion : public testing::Test {
 protected:
  AQuestion() {
    asked_.principal = {PrincipalType::user, "alice", "alice"};
    asked_.tool = "Door-open";
    asked_.arguments = {{"seconds", 5}};
    state_ = confirmations_.state_of(asked_, now_);
  }
  std::string refusal(const Confirmations& by, const std::string& state, const Asked& asked, WallTime at) {
    const auto number = by.check(state, asked, at);
    return number ? "" : number.error().message;
  }

  Confirmations confirmations_;
  Asked asked_;
  WallTime now_ = from_unix_ms(1'700'000'000'000);
  std::string state_;
};

TEST_F(AQuestion, IsGoodForItsCallAndALittleWhile) {
  const auto number = confirmations_.check(state_, asked_, now_ + confirm_timeout - 1s);
  ASSERT_TRUE(number);
  EXPECT_EQ(*number, *confirmations_.check(state_, asked_, now_)) << "the same answer names the same call";
  EXPECT_NE(*number, *confirmations_.check(confirmations_.state_of(asked_, now_), asked_, now_));
  EXPECT_THAT(refusal(confirmations_, state_, asked_, now_ + confirm_timeout), HasSubstr("expired"));
  EXPECT_THAT(refusal(confirmations_, state_, asked_, now_ + 24h), HasSubstr("expired"));
}

TEST_F(AQuestion, IsOfNobodyElseAndNothingElse) {
  Asked other = asked_;
  other.principal.id = "bob";
  other.principal.user_id = "bob";
  EXPECT_THAT(refusal(confirmations_, state_, other, now_), HasSubstr("somebody else"));
  other = asked_;
  other.tool = "Door-lock";
  EXPECT_THAT(refusal(confirmations_, state_, other, now_), HasSubstr("another tool"));
  other = asked_;
  other.arguments["seconds"] = 500;
  EXPECT_THAT(refusal(confirmations_, state_, other, now_), HasSubstr("other arguments"));
  EXPECT_THAT(refusal(Confirmations(), state_, asked_, now_), HasSubstr("since it started"));
}

TEST_F(AQuestion, IsNotForged) {
  for (std::size_t i = 0; i < state_.size(); i += 7) {
    std::string bent = state_;
    bent[i] = bent[i] == 'A' ? 'B' : 'A';
    EXPECT_NE(refusal(confirmations_, bent, asked_, now_), "") << i;
  }
  for (const std::string& state : {std::string(), std::string("."), std::string("a.b"), std::string(5'000, 'a'),
                                   state_.substr(0, state_.size() - 1), state_ + "A"}) {
    EXPECT_NE(refusal(confirmations_, state, asked_, now_), "") << state;
  }
}

TEST_F(AQuestion, IsAFormThatSaysWhatWillRun) {
  const json result =
      input_required({{"skill_path", "Door.open"}, {"device", "front_door"}, {"arguments", {{"seconds", 5}}}}, "state");
  EXPECT_EQ(result.at("resultType"), "input_required");
  const json& request = result.at("inputRequests").at("confirm");
  EXPECT_EQ(request.at("method"), "elicitation/create");
  EXPECT_EQ(request.at("params").at("message"), R"(Allow Door.open on front_door with {"seconds":5}?)");
  EXPECT_EQ(answer_of_person({{"confirm", {{"action", "accept"}}}}), PersonsAnswer::allowed);
  EXPECT_EQ(answer_of_person({{"confirm", {{"action", "decline"}}}}), PersonsAnswer::refused);
  EXPECT_EQ(answer_of_person({{"confirm", {{"action", "cancel"}}}}), PersonsAnswer::refused);
  EXPECT_EQ(answer_of_person({{"other", {{"action", "accept"}}}}), PersonsAnswer::none);
  EXPECT_EQ(answer_of_person(nullptr), PersonsAnswer::none);
}

TEST(AChangeOfSkills, IsADeviceThatComesOrGoesOrRegisters) {
  SkillChanges changes;
  const auto note = [&](const char* topic, const char* payload, bool retained = false) {
    MqttMessage message;
    message.topic = topic;
    message.payload = payload;
    message.retained = retained;
    return changes.note(message);
  };
  EXPECT_FALSE(note("devices/a/status", R"({"state":"online"})", true)) << "that is how it is";
  EXPECT_FALSE(note("devices/a/status", R"({"state":"online"})")) << "as before";
  EXPECT_TRUE(note("devices/a/status", R"({"state":"offline"})"));
  EXPECT_TRUE(note("devices/a/status", "online"));
  EXPECT_TRUE(note("devices/b/status", R"({"state":"online"})")) << "a new one";
  EXPECT_TRUE(note("devices/b/status", "")) << "deleted";
  EXPECT_TRUE(note("devices/a/skills", R"({"skills":3})"));
  EXPECT_TRUE(SkillChanges::is_about("devices/a/skills"));
  EXPECT_TRUE(SkillChanges::is_about("devices/a/status"));
  EXPECT_FALSE(SkillChanges::is_about("devices/a/response"));
  EXPECT_FALSE(SkillChanges::is_about("skills/a/status"));
}

}  // namespace
}  // namespace strawberry::gateway::mcp
