/// The parts of the gateway without a network.
#include <gmock/gmock.h>

#include "common/text/base64url.h"
#include "gateway/http/errors.h"
#include "gateway/http/origin.h"
#include "gateway/http/request_body.h"
#include "gateway/http/router.h"
#include "gateway/hub/asking.h"
#include "gateway/hub/links.h"
#include "gateway/hub/token_claims.h"
#include "gateway/openai/chunks.h"
#include "gateway/spoke_api/chat.h"
#include "gateway/spoke_api/shapes.h"
#include "tests/support/fake_clock.h"

namespace strawberry::gateway {
namespace {

using nlohmann::json;
using testing::ElementsAre;

std::string path_of(const std::string& target) {
  Request request;
  return read_target(target, request) ? request.path : "(refused)";
}

TEST(ATarget, IsDecodedOnce) {
  EXPECT_EQ(path_of("/a%20b/%C3%BC"), "/a b/ü");
  EXPECT_EQ(path_of("/a%252e"), "/a%2e");
  EXPECT_EQ(path_of("/a+b"), "/a+b");
}

TEST(ATarget, IsRefusedWithTricks) {
  for (const char* target : {"", "*", "a", "http://x/", "/..", "/a/../b", "/a/%2e%2e/b", "/.", "/a%2f..%2fb", "/%",
                             "/%4", "/%zz", "/%00", "/a%0ab", "/%ff", "/a#b"}) {
    EXPECT_EQ(path_of(target), "(refused)") << target;
  }
}

TEST(ATarget, HasItsQueryInOrder) {
  Request request;
  ASSERT_TRUE(read_target("/x?a=1&b=2%263&a=4&c&=d&&e=f+g", request));
  EXPECT_EQ(request.parameter("a"), "1");
  EXPECT_EQ(request.parameter("b"), "2&3");
  EXPECT_EQ(request.parameter("c"), "");
  EXPECT_EQ(request.parameter("e"), "f g");
  EXPECT_FALSE(request.parameter("d"));
  EXPECT_FALSE(read_target("/x?a=%00", request));
}

Router routes() {
  Router router;
  for (const auto& [method, pattern] :
       {std::pair("GET", "/things"), std::pair("POST", "/things"), std::pair("GET", "/things/me"),
        std::pair("GET", "/things/{id}"), std::pair("DELETE", "/things/{id}"),
        std::pair("GET", "/things/{id}/parts/{part}")}) {
    router.add({method, pattern, ErrorShape::spoke, nullptr});
  }
  return router;
}

std::string found(const std::string& method, const std::string& path) {
  const Router router = routes();
  Request request;
  request.method = method;
  request.path = path;
  const auto route = router.find(request);
  if (route.route == nullptr) {
    std::string allowed;
    for (const auto& one : route.allowed) allowed += one + " ";
    return allowed;
  }
  std::string places;
  for (const auto& [name, value] : request.places) places += " " + name + "=" + value;
  return route.route->pattern + places;
}

TEST(ARouter, FindsTheFirstRouteThatFits) {
  EXPECT_EQ(found("GET", "/things"), "/things");
  EXPECT_EQ(found("HEAD", "/things"), "/things");
  EXPECT_EQ(found("GET", "/things/me"), "/things/me");
  EXPECT_EQ(found("GET", "/things/7"), "/things/{id} id=7");
  EXPECT_EQ(found("GET", "/things/7/parts/a b"), "/things/{id}/parts/{part} id=7 part=a b");
  EXPECT_EQ(found("GET", "/things/{id}"), "/things/{id} id={id}") << "as the document writes it";
}

TEST(ARouter, SaysWhichMethodsAPathHas) {
  EXPECT_EQ(found("PUT", "/things"), "GET POST ");
  EXPECT_EQ(found("get", "/things"), "GET POST ");
  EXPECT_EQ(found("GET", "/things/"), "");
  EXPECT_EQ(found("GET", "/things/7/parts/"), "");
  EXPECT_EQ(found("GET", "/nothing"), "");
  EXPECT_EQ(found("DELETE", "/things/me"), "GET ");
  EXPECT_EQ(found("GET", "/things/7/parts/a/b"), "");
}

TEST(AnOrigin, MustBeTheGatewaysOwnOrAllowed) {
  Origins origins;
  origins.hosts = {"hub.local"};
  origins.origins = {"https://dashboard.example"};
  const auto may = [&](const std::string& host, const std::string& origin) {
    Request request;
    if (!host.empty()) request.headers.emplace_back("host", host);
    if (!origin.empty()) request.headers.emplace_back("origin", origin);
    return may_ask(request, origins);
  };
  EXPECT_TRUE(may("127.0.0.1:8080", ""));
  EXPECT_TRUE(may("[::1]:8080", ""));
  EXPECT_TRUE(may("LocalHost:8080", ""));
  EXPECT_TRUE(may("hub.local", ""));
  EXPECT_TRUE(may("", ""));
  EXPECT_FALSE(may("evil.example:8080", ""));
  EXPECT_FALSE(may("127.0.0.1.evil.example", ""));
  EXPECT_FALSE(may(std::string("127.0.0.1\0.evil.example", 23), ""));
  EXPECT_FALSE(may("localhost.evil.example", ""));
  EXPECT_FALSE(may("[::1].evil.example", ""));
  EXPECT_FALSE(may("[::1", ""));
  EXPECT_FALSE(may("localhost:80@evil.example", ""));
  EXPECT_TRUE(may("localhost:8080", "http://localhost:8080"));
  EXPECT_TRUE(may("localhost:8080", "https://dashboard.example"));
  EXPECT_FALSE(may("localhost:8080", "https://evil.example"));
  EXPECT_FALSE(may("localhost:8080", "null"));
  EXPECT_FALSE(may("localhost:8080", "http://localhost:9090"));
  Request two_origins;
  two_origins.headers = {{"host", "localhost"}, {"origin", "http://localhost"}, {"origin", "https://evil.example"}};
  EXPECT_FALSE(may_ask(two_origins, origins));
}

TEST(AnOrigin, ThatIsConfiguredMayReadAnswersAndNoOther) {
  Origins origins;
  origins.origins = {"https://dashboard.example"};
  const auto asked = [](const std::string& origin, const std::string& wanted_headers = "authorization") {
    Request request;
    request.method = "OPTIONS";
    request.headers = {{"host", "localhost:8080"},
                       {"origin", origin},
                       {"access-control-request-method", "POST"},
                       {"access-control-request-headers", wanted_headers}};
    return request;
  };
  const std::vector<std::string> methods{"GET", "POST"};
  const auto permitted = preflight_answer(asked("https://dashboard.example"), methods, origins);
  ASSERT_TRUE(permitted);
  EXPECT_EQ(permitted->status, 204u);
  EXPECT_THAT(permitted->headers, ElementsAre(std::pair("Access-Control-Allow-Methods", "GET, POST"),
                                              std::pair("Access-Control-Allow-Headers", "authorization"),
                                              std::pair("Access-Control-Max-Age", "600")));
  EXPECT_FALSE(preflight_answer(asked("https://evil.example"), methods, origins));
  EXPECT_FALSE(preflight_answer(asked("http://localhost:8080"), methods, origins)) << "its own pages need not ask";
  EXPECT_FALSE(preflight_answer(asked("https://dashboard.example"), {}, origins)) << "there is no such path";

  EXPECT_THAT(
      cors_fields(asked("https://dashboard.example"), origins),
      ElementsAre(std::pair("Vary", "Origin"), std::pair("Access-Control-Allow-Origin", "https://dashboard.example"),
                  std::pair("Access-Control-Expose-Headers", "Retry-After, WWW-Authenticate")));
  EXPECT_THAT(cors_fields(asked("https://evil.example"), origins), ElementsAre(std::pair("Vary", "Origin")));
  EXPECT_THAT(cors_fields(asked("https://dashboard.example"), Origins()), ElementsAre());
}

TEST(AProxy, IsBelievedWhomItSpeaksForOnlyIfItIsKnown) {
  const std::vector<Network> proxies{*parse_network("10.0.0.0/8"), *parse_network("192.0.2.1"),
                                     *parse_network("fd00::/8")};
  const auto client = [&](const std::string& peer, std::vector<std::string> forwarded) {
    Fields headers{{"host", "localhost"}};
    for (std::string& value : forwarded) headers.emplace_back("x-forwarded-for", std::move(value));
    return client_address(peer, headers, proxies);
  };
  EXPECT_EQ(client("203.0.113.9", {"198.51.100.7"}), "203.0.113.9") << "not a proxy";
  EXPECT_EQ(client("10.1.2.3", {"198.51.100.7"}), "198.51.100.7");
  EXPECT_EQ(client("10.1.2.3", {"1.1.1.1, 198.51.100.7"}), "198.51.100.7") << "what came before is the client's word";
  EXPECT_EQ(client("10.1.2.3", {"198.51.100.7, 192.0.2.1"}), "198.51.100.7") << "two proxies";
  EXPECT_EQ(client("10.1.2.3", {"198.51.100.7", "192.0.2.1"}), "198.51.100.7") << "in two headers";
  EXPECT_EQ(client("10.1.2.3", {"10.9.9.9"}), "10.9.9.9") << "all of them are proxies";
  EXPECT_EQ(client("10.1.2.3", {"198.51.100.7:4711"}), "198.51.100.7");
  EXPECT_EQ(client("fd00::1", {"[2001:db8::1]:4711"}), "2001:db8::1");
  EXPECT_EQ(client("::ffff:10.1.2.3", {"::ffff:198.51.100.7"}), "198.51.100.7");
  for (const char* rubbish : {"", ",", "unknown", "198.51.100.7 junk", "[", "999.1.1.1", "a,,b"})
    EXPECT_EQ(client("10.1.2.3", {rubbish}), "10.1.2.3") << rubbish;
  EXPECT_EQ(client("10.1.2.3", {}), "10.1.2.3");
}

TEST(AProxy, IsAnAddressOrANetwork) {
  for (const char* good : {"127.0.0.1", "::1", "10.0.0.0/8", "fd00::/8", "0.0.0.0/0", "192.0.2.128/25"})
    EXPECT_TRUE(parse_network(good)) << good;
  for (const char* bad : {"", "proxy", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8x", "::1/129", "/8"})
    EXPECT_FALSE(parse_network(bad)) << bad;
  const std::vector<Network> half{*parse_network("192.0.2.128/25")};
  EXPECT_EQ(client_address("192.0.2.200", {{"x-forwarded-for", "1.1.1.1"}}, half), "1.1.1.1");
  EXPECT_EQ(client_address("192.0.2.100", {{"x-forwarded-for", "1.1.1.1"}}, half), "192.0.2.100");
}

TEST(AStatus, IsNeverOneThatClientsRepeatOnceSomethingMayHaveRun) {
  for (const char* code : {"busy", "rate_limited", "quota_exceeded", "internal", "provider_error", "provider_timeout",
                           "shutting_down", "unavailable", "ambiguous", "timeout", "device_offline", "skill_error",
                           "already_done", "a code of next year"}) {
    const unsigned status = status_of(code, true);
    EXPECT_LT(status, 500u) << code;
    EXPECT_NE(status, 408u) << code;
    EXPECT_NE(status, 409u) << code;
    EXPECT_NE(status, 429u) << code;
  }
  EXPECT_EQ(status_of("provider_error", false), 502u);
  EXPECT_EQ(status_of("not_found", false), 404u);
  EXPECT_EQ(status_of("ambiguous", false), 409u);
}

TEST(AnError, HasTheShapeThatItsReadersKnow) {
  const Problem problem(429, "rate_limited", "too fast", {{"retry_after_ms", 1'500}});
  EXPECT_EQ(body_of(problem, ErrorShape::spoke), (json{{"detail", "too fast"}}));
  EXPECT_EQ(body_of(problem, ErrorShape::hub).at("error").at("code"), "rate_limited");
  const json openai = body_of(problem, ErrorShape::openai).at("error");
  EXPECT_EQ(openai.at("type"), "rate_limit_error");
  EXPECT_TRUE(openai.at("param").is_null());
  EXPECT_THAT(response_of(problem, ErrorShape::hub).headers, ElementsAre(std::pair("Retry-After", "2")));
  const Problem full(429, "quota_exceeded", "as many devices as allowed", {{"limit", "devices_per_user_max"}});
  EXPECT_TRUE(response_of(full, ErrorShape::hub).headers.empty()) << "waiting does not help";
  const Problem bad(400, "bad_request", "no", {{"path", "/messages/0/role"}});
  EXPECT_EQ(body_of(bad, ErrorShape::openai).at("error").at("param"), "messages");
}

TEST(TokenClaims, AreReadFromWhatLooksLikeAToken) {
  const auto token = [](const json& claims) { return "e30." + base64url_encode(claims.dump()) + ".c2ln"; };
  const auto alice = read_token_claims(token({{"sub", "alice"}, {"type", "user"}, {"user_id", "alice"}, {"exp", 2e9}}));
  ASSERT_TRUE(alice);
  EXPECT_EQ(alice->principal, (Principal{PrincipalType::user, "alice", "alice"}));
  EXPECT_EQ(read_token_claims(token({{"sub", "lamp"}, {"exp", 2e9}}))->principal.type, PrincipalType::device);
  for (const std::string& bad :
       {std::string(), std::string("a.b"), std::string("a.b.c"), std::string("..."), std::string(5'000, 'x'),
        token({{"sub", "al ice"}, {"exp", 2e9}}), token({{"sub", "alice"}}), token({{"sub", "alice"}, {"exp", "soon"}}),
        token({{"sub", 7}, {"exp", 2e9}}), token({{"sub", "a"}, {"type", "king"}, {"exp", 2e9}}), token(json::array()),
        token({{"sub", "a"}, {"exp", -1}}), token({{"sub", "a"}, {"exp", 1e300}})}) {
    EXPECT_FALSE(read_token_claims(bad)) << bad;
  }
}

class RefusedTokens : public testing::Test {
 protected:
  static Links::Options options() {
    Links::Options options;
    options.failures_burst = 3;
    options.addresses_max = 4;
    return options;
  }
  void refuse(const std::string& address, int times = 1) {
    for (int i = 0; i < times; ++i) links_.refused("bad", address);
  }
  /// Whether the broker may be asked about a further token.
  bool may_ask(const std::string& address) {
    const json claims{{"sub", "alice"}, {"type", "user"}, {"user_id", "alice"}, {"exp", 2e9}};
    return links_.admit("e30." + base64url_encode(claims.dump()) + ".c2ln", address).has_value();
  }

  asio::io_context loop_;
  test::FakeClock clock_;
  Links links_{loop_, clock_, options()};
};

TEST_F(RefusedTokens, AreCountedByTheNetworkOfAnAddressOfIpv6) {
  for (const char* address : {"2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3"}) refuse(address);
  EXPECT_FALSE(may_ask("2001:db8::4")) << "whoever has one address there has all of them";
  EXPECT_TRUE(may_ask("2001:db8:0:1::1"));
  refuse("::ffff:192.0.2.1", 3);
  EXPECT_FALSE(may_ask("192.0.2.1"));
  EXPECT_TRUE(may_ask("192.0.2.2"));
  refuse("no address", 3);
  EXPECT_FALSE(may_ask("no address"));
  EXPECT_TRUE(may_ask("neither"));
}

TEST_F(RefusedTokens, AreForgivenInTime) {
  refuse("192.0.2.1", 10);
  EXPECT_FALSE(may_ask("192.0.2.1"));
  clock_.advance(std::chrono::seconds(1));
  EXPECT_TRUE(may_ask("192.0.2.1"));
  refuse("192.0.2.1");
  EXPECT_FALSE(may_ask("192.0.2.1"));
}

TEST_F(RefusedTokens, AreCountedAlsoWhenManyAddressesAre) {
  for (int i = 1; i <= 4; ++i) refuse("192.0.2." + std::to_string(i), 3);
  refuse("192.0.2.1");
  refuse("198.51.100.1", 3);
  EXPECT_FALSE(may_ask("198.51.100.1"));
  EXPECT_TRUE(may_ask("192.0.2.2")) << "forgotten: its last was the oldest";
  EXPECT_FALSE(may_ask("192.0.2.1"));
}

json delta(const std::string& words) {
  return {{"id", "hubs-own"},
          {"model", "stub-1"},
          {"choices", {{{"index", 0}, {"delta", {{"content", words}}}, {"finish_reason", nullptr}}}}};
}
json completed(const std::string& words) {
  return {{"id", "hubs-own"},
          {"model", "stub-1"},
          {"usage", {{"total_tokens", 3}}},
          {"choices",
           {{{"index", 0}, {"finish_reason", "stop"}, {"message", {{"role", "assistant"}, {"content", words}}}}}}};
}
std::vector<json> read(const std::string& events) {
  std::vector<json> all;
  for (std::size_t at = 0; at < events.size();) {
    const std::size_t end = events.find("\n\n", at);
    all.push_back(json::parse(events.substr(at + 6, end - at - 6)));
    at = end + 2;
  }
  return all;
}

TEST(AStreamOfChunks, HasOneIdAndEndsWithAReasonAndItsUsage) {
  Chunks chunks("chatcmpl-1", "asked-for", 7);
  const auto first = read(chunks.event("delta", delta("Hel")));
  EXPECT_EQ(first.at(0).at("id"), "chatcmpl-1");
  const auto end = read(chunks.end(completed("Hello"), true));
  ASSERT_EQ(end.size(), 2u);
  EXPECT_EQ(end[0].at("choices")[0].at("finish_reason"), "stop");
  EXPECT_TRUE(end[1].at("choices").empty());
  EXPECT_EQ(end[1].at("usage").at("total_tokens"), 3);
}

TEST(AStreamOfChunks, SaysTheWholeAnswerWhenNothingWasStreamed) {
  Chunks chunks("chatcmpl-1", "", 7);
  const auto end = read(chunks.end(completed("Hello"), false));
  ASSERT_EQ(end.size(), 2u);
  EXPECT_EQ(end[0].at("choices")[0].at("delta").at("content"), "Hello");
}

TEST(AStreamOfChunks, HasTheSessionInItsLastChunk) {
  json finish = delta("");
  finish["choices"][0]["finish_reason"] = "stop";
  json in_session = completed("Hello");
  in_session["session_id"] = "s-1";
  for (const bool with_usage : {false, true}) {
    Chunks chunks("chatcmpl-1", "", 7);
    EXPECT_FALSE(read(chunks.event("delta", delta("Hello"))).at(0).contains("session_id"));
    EXPECT_EQ(chunks.event("delta", finish), "");
    const auto end = read(chunks.end(in_session, with_usage));
    ASSERT_EQ(end.size(), with_usage ? 2u : 1u);
    EXPECT_EQ(end.front().at("choices")[0].at("finish_reason"), "stop");
    EXPECT_EQ(end.back().at("session_id"), "s-1");
  }
  Chunks chunks("chatcmpl-1", "", 7);
  json no_session = completed("Hello");
  no_session["session_id"] = nullptr;
  for (const json& chunk : read(chunks.end(no_session, true))) EXPECT_FALSE(chunk.contains("session_id"));
}

TEST(AStreamOfChunks, GoesOnAfterAStepThatFinished) {
  Chunks chunks("chatcmpl-1", "", 7);
  json finish = delta("");
  finish["choices"][0]["finish_reason"] = "tool_calls";
  EXPECT_EQ(chunks.event("delta", finish), "");
  const auto next = read(chunks.event("delta", delta("Hel")));
  ASSERT_EQ(next.size(), 2u);
  EXPECT_EQ(next[0].at("choices")[0].at("finish_reason"), "tool_calls");
  EXPECT_EQ(next[1].at("choices")[0].at("delta").at("content"), "Hel");
}

TEST(AStreamOfChunks, ShowsToolsAsChunksWithoutWords) {
  Chunks chunks("chatcmpl-1", "m", 7);
  const auto shown = read(chunks.event("tool_call", {{"id", "c1"}, {"skill_path", "A.b"}}));
  EXPECT_TRUE(shown.at(0).at("choices")[0].at("delta").empty());
  EXPECT_EQ(shown.at(0).at("strawberry").at("event"), "tool_call");
  EXPECT_EQ(chunks.event("something new", json::object()), "");
}

TEST(ANumberOfTheQuery, IsTakenOrRefused) {
  Request request;
  ASSERT_TRUE(read_target("/x?limit=5&days=-2&offset=5x&huge=99999999999999999999&empty=", request));
  json body;
  EXPECT_FALSE(add_number(request, "limit", body));
  EXPECT_FALSE(add_number(request, "days", body));
  EXPECT_FALSE(add_number(request, "none", body));
  EXPECT_EQ(body, (json{{"limit", 5}, {"days", -2}}));
  for (const char* name : {"offset", "huge", "empty"}) {
    const auto wrong = add_number(request, name, body);
    ASSERT_TRUE(wrong) << name;
    EXPECT_EQ(wrong->message, std::string(name) + " is not a whole number");
  }
}

TEST(ASpokesChat, IsKnownByItsMembers) {
  EXPECT_TRUE(spoke_api::is_spoke_chat({{"enable_tools", true}}));
  EXPECT_TRUE(spoke_api::is_spoke_chat({{"tool_mode", "python_exec"}}));
  EXPECT_FALSE(spoke_api::is_spoke_chat({{"messages", json::array()}, {"stream", true}}));
  const json with = spoke_api::hub_request({{"enable_tools", true}, {"tool_mode", "python_exec"}, {"model", nullptr}});
  EXPECT_EQ(with.at("tool_mode"), "native");
  EXPECT_FALSE(with.contains("enable_tools"));
  EXPECT_FALSE(with.contains("model"));
  EXPECT_EQ(spoke_api::hub_request({{"enable_tools", false}}).at("tool_mode"), "none");
}

TEST(SuccessorsOfSessions, AreFollowedForTheirUserOnly) {
  spoke_api::Successors successors;
  successors.note("alice", "s1", "s2");
  successors.note("alice", "s2", "s3");
  successors.note("alice", "s3", "s3");
  EXPECT_EQ(successors.of("alice", "s1"), "s3");
  EXPECT_EQ(successors.of("bob", "s1"), "s1");
  for (std::size_t i = 0; i < spoke_api::Successors::sessions_max; ++i) {
    successors.note("alice", "x" + std::to_string(i), "y");
  }
  EXPECT_EQ(successors.of("alice", "s1"), "s1");
}

TEST(ASuccessorOfASession, ThatGoesInCirclesEnds) {
  spoke_api::Successors successors;
  successors.note("alice", "a", "b");
  successors.note("alice", "b", "a");
  EXPECT_FALSE(successors.of("alice", "a").empty());
}

TEST(ADeviceThatIsAskedFor, IsAnotherOneOnlyWhenTheHubSaysSo) {
  EXPECT_TRUE(spoke_api::is_another_device(Problem(404, "not_found", "no such device")));
  EXPECT_FALSE(spoke_api::is_another_device(Problem(503, "unavailable", "the hub is not running")));
  EXPECT_FALSE(spoke_api::is_another_device(Problem(429, "busy", "too much")));
}

TEST(AllMessages, AreGotInSmallerPagesWhenTheyAreLarge) {
  spoke_api::AllMessages all;
  EXPECT_EQ(all.next_page("s").at("limit"), spoke_api::AllMessages::page_max);
  while (all.is_page_too_large(Problem(413, "too_large", ""))) {
  }
  EXPECT_EQ(all.next_page("s").at("limit"), 1);
  all.add({{"messages", {{{"message_id", "m2"}}}}});
  EXPECT_FALSE(all.is_whole());
  EXPECT_EQ(all.next_page("s").at("before"), "m2");
  all.add({{"messages", {{{"message_id", "m1"}}}}});
  all.add({{"messages", json::array()}});
  EXPECT_TRUE(all.is_whole());
  EXPECT_EQ(all.listed().at("messages").at(0).at("message_id"), "m1");
}

TEST(ACallThatMayHaveRun, IsNoErrorStatusForASpoke) {
  EXPECT_EQ(spoke_api::not_executed(Problem(424, "skill_error", "it broke")).status, 200u);
  EXPECT_EQ(spoke_api::not_executed(Problem(503, "unavailable", "away")).status, 200u);
  EXPECT_EQ(spoke_api::not_executed(Problem(404, "not_found", "no such device")).status, 404u);
}

TEST(WhatOnlyReads, CanBeAskedAgain) {
  EXPECT_TRUE(only_reads(Service::skills, "search"));
  EXPECT_FALSE(only_reads(Service::skills, "call"));
  EXPECT_FALSE(only_reads(Service::sessions, "append"));
  EXPECT_FALSE(only_reads(Service::chat, "complete"));
  EXPECT_FALSE(only_reads(Service::devices, ""));
}

}  // namespace
}  // namespace strawberry::gateway
