/// The parts of OAuth at the web door without a network.
#include <gmock/gmock.h>

#include "common/text/base64url.h"
#include "gateway/http/errors.h"
#include "gateway/http/proxies.h"
#include "gateway/oauth/client_documents.h"
#include "gateway/oauth/clients.h"
#include "gateway/oauth/expiring.h"
#include "gateway/oauth/metadata.h"
#include "gateway/oauth/pages.h"
#include "gateway/oauth/parameters.h"
#include "gateway/oauth/redirects.h"
#include "gateway/oauth/scope.h"
#include "tests/support/fake_clock.h"
#include "tests/support/run_task.h"

namespace strawberry::gateway::oauth {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

TEST(ARedirect, LeadsToHttpsToThisMachineOrToAProgram) {
  for (const char* good : {"https://my.home-assistant.io/redirect/oauth", "https://h:8443/cb?x=1",
                           "http://127.0.0.1:3000/cb", "http://[::1]/cb", "http://localhost:1/", "com.example.app:/cb",
                           "cursor://anysphere/cb", "https://[fd00::1]/x"}) {
    EXPECT_TRUE(is_redirect_uri(good)) << good;
  }
}

TEST(ARedirect, LeadsNowhereElse) {
  for (const std::string bad : {"",
                                "x",
                                "https://",
                                "http://hub.local/cb",
                                "http://127.0.0.1.evil.org/",
                                "http://192.168.1.5/cb",
                                "https://user@host/cb",
                                "https://host/cb#part",
                                "javascript:alert(1)",
                                "javascript://host/%0aalert(1)",
                                "data:text/html,x",
                                "file:///etc/passwd",
                                "vbscript:x",
                                "app:cb",
                                "https://host/a b",
                                "https://host/\"><script>",
                                "https://ho;st/",
                                "https://host:99999999/",
                                "https://host:/",
                                "HTTPS://host/",
                                "//host/cb",
                                "/cb",
                                "https://h\xC3\xB6st/",
                                "ws://h/",
                                "https://host/\r\nX: y",
                                "https:host/cb",
                                "blob:https://host/x",
                                "intent://x",
                                "https://a\\b/"}) {
    EXPECT_FALSE(is_redirect_uri(bad)) << bad;
  }
  EXPECT_FALSE(is_redirect_uri("https://host/" + std::string(redirect_uri_bytes_max, 'a')));
}

TEST(ARedirect, IsTheRegisteredOneByteForByteButForAPortOfThisMachine) {
  EXPECT_TRUE(is_same_redirect("https://a.org/cb", "https://a.org/cb"));
  for (const char* other : {"https://a.org/cb/", "https://a.org/cb?x", "https://A.org/cb", "https://a.org:443/cb",
                            "https://a.org.evil/cb", "http://a.org/cb", ""}) {
    EXPECT_FALSE(is_same_redirect("https://a.org/cb", other)) << other;
  }
  EXPECT_TRUE(is_same_redirect("http://127.0.0.1:1/cb", "http://127.0.0.1:65000/cb"));
  EXPECT_TRUE(is_same_redirect("http://127.0.0.1/cb", "http://127.0.0.1:3000/cb"));
  for (const char* other : {"http://127.0.0.1:1/other", "http://localhost:1/cb", "http://127.0.0.1:1@evil.org/cb",
                            "https://127.0.0.1:1/cb", "http://127.0.0.1:1/cb?x"}) {
    EXPECT_FALSE(is_same_redirect("http://127.0.0.1:1/cb", other)) << other;
  }
  EXPECT_FALSE(is_same_redirect("https://127.0.0.1:1/cb", "https://127.0.0.1:2/cb"));
}

TEST(ARedirect, TakesEncodedParametersBesideItsOwn) {
  EXPECT_EQ(with_parameter("https://a/cb", "code", "x"), "https://a/cb?code=x");
  EXPECT_EQ(with_parameter("https://a/cb?y=1", "state", "a&b=c\r\n\xC3\xBC"),
            "https://a/cb?y=1&state=a%26b%3Dc%0D%0A%C3%BC");
}

Result<Client, RegistrationError> registered(json metadata) {
  if (!metadata.contains("redirect_uris")) metadata["redirect_uris"] = {"https://my.home-assistant.io/redirect/oauth"};
  return register_client(metadata);
}

TEST(AClient, IsWhatItsIdSays) {
  const auto client = registered({{"client_name", "Home Assistant"}});
  ASSERT_TRUE(client);
  const auto again = client_of(client->id);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->name, "Home Assistant");
  EXPECT_EQ(again->redirects, client->redirects);
  EXPECT_TRUE(again->has_redirect("https://my.home-assistant.io/redirect/oauth"));
  EXPECT_FALSE(again->has_redirect("https://evil.org/"));
  EXPECT_EQ(registration_of(*client).at("token_endpoint_auth_method"), "none");
  EXPECT_NE(client_mark(client->id), client_mark(registered({{"client_name", "Other"}})->id));
  EXPECT_EQ(client_mark(client->id).size(), 16U);
}

TEST(AClient, WithoutANameIsCalledByItsHost) {
  for (const json& name : {json(), json(""), json("  ")})
    EXPECT_EQ(registered({{"client_name", name}})->name, "my.home-assistant.io");
}

TEST(AClient, IsNotRegisteredWithTricks) {
  for (const std::string& name : {std::string(1024 * 1024, 'a'), std::string("a\nb"), std::string("a\0b", 3),
                                  std::string("\xE2\x80\xAE"
                                              "evil"),
                                  std::string("zero\xE2\x80\x8Bwidth"), std::string("\xFF")}) {
    const auto refused = registered({{"client_name", name}});
    ASSERT_FALSE(refused) << name.substr(0, 20);
    EXPECT_EQ(refused.error().code, "invalid_client_metadata");
    EXPECT_LT(refused.error().message.size(), 200U);
  }
  EXPECT_EQ(registered({{"client_name", 7}}).error().code, "invalid_client_metadata");
  EXPECT_EQ(registered({{"response_types", {"token"}}}).error().code, "invalid_client_metadata");
  EXPECT_EQ(registered({{"grant_types", {"implicit"}}}).error().code, "invalid_client_metadata");
  for (const json& redirects :
       {json(), json("https://a/"), json::array(), json::array({7}), json::array({"http://a.org/"}),
        json::array({"https://a/", "javascript:x"}), json(std::vector<std::string>(6, "https://a/"))}) {
    EXPECT_EQ(registered({{"redirect_uris", redirects}}).error().code, "invalid_redirect_uri") << redirects;
  }
  std::vector<std::string> long_ones;
  for (int i = 0; i < 5; ++i) long_ones.push_back("https://a/" + std::to_string(i) + std::string(500, 'a'));
  EXPECT_TRUE(registered({{"redirect_uris", long_ones}})) << "as long as may be";
}

TEST(AClient, IsNotKnownByAMadeUpId) {
  const auto made_up = [](const std::string& text) { return "c1-" + base64url_encode(text); };
  for (const std::string& id :
       {std::string(), std::string("c1-"), std::string("x"), made_up("{}"), made_up("[]"),
        made_up("{\"n\":\"x\",\"r\":[]}"), made_up("{\"n\":\"x\",\"r\":[\"javascript:alert(1)\"]}"),
        made_up("{\"n\":\"a\\nb\",\"r\":[\"https://a/\"]}"), made_up(std::string(100'000, '[')),
        "c1-" + std::string(5'000, 'a')}) {
    EXPECT_FALSE(client_of(id)) << id.substr(0, 60);
  }
}

class FakeWeb final : public bridge::HttpClient {
 public:
  Task<Result<bridge::HttpResponse, bridge::HttpError>> fetch(bridge::HttpRequest request) override {
    requests.push_back(std::move(request));
    co_return answer;
  }
  std::vector<bridge::HttpRequest> requests;
  Result<bridge::HttpResponse, bridge::HttpError> answer;
};

class Documents : public testing::Test {
 protected:
  std::string found(const std::string& url = "https://client.example/oauth.json") {
    const auto client = test::run_task(loop_, documents_.find(url));
    return client ? client->name : "no: " + client.error().message;
  }
  void say(const json& document, int status = 200) {
    bridge::HttpResponse response;
    response.status = status;
    response.body = document.dump();
    web_.answer = response;
  }
  static json document() {
    return {{"client_id", "https://client.example/oauth.json"},
            {"client_name", "Client"},
            {"redirect_uris", {"https://client.example/cb"}}};
  }

  asio::io_context loop_;
  test::FakeClock clock_;
  FakeWeb web_;
  ClientDocuments documents_{clock_, web_};
};

TEST_F(Documents, AreFetchedOnceInAWhileAndWithinLimits) {
  say(document());
  EXPECT_EQ(found(), "Client");
  EXPECT_EQ(found(), "Client");
  ASSERT_EQ(web_.requests.size(), 1U);
  EXPECT_EQ(web_.requests[0].method, "GET");
  EXPECT_EQ(web_.requests[0].response_bytes_max, ClientDocuments::document_bytes_max);
  EXPECT_LE(web_.requests[0].total_timeout, 5s);
  clock_.advance(ClientDocuments::document_lifetime);
  EXPECT_EQ(found(), "Client");
  EXPECT_EQ(web_.requests.size(), 2U);
}

TEST_F(Documents, AreRefusedWhenTheyAreNoneOrOfAnotherClient) {
  json other = document();
  other["client_id"] = "https://other.example/oauth.json";
  json secret = document();
  secret["token_endpoint_auth_method"] = "client_secret_basic";
  json nowhere = document();
  nowhere["redirect_uris"] = {"javascript:alert(1)"};
  for (const json& wrong : {other, secret, nowhere, json::array(), json("x"), json::object()}) {
    say(wrong);
    EXPECT_THAT(found(), testing::StartsWith("no: ")) << wrong;
  }
  say(document(), 302);
  EXPECT_EQ(found(), "no: its document cannot be fetched");
  web_.answer = tl::unexpected(bridge::HttpError{bridge::HttpError::Kind::connect, "10.0.0.1 refused"});
  EXPECT_EQ(found(), "no: its document cannot be fetched") << "and not why";
}

TEST_F(Documents, AreAskedForAtPlainHttpsAddressesAlone) {
  for (const char* url :
       {"http://client.example/x", "https://client.example", "https://client.example/", "https://u@client.example/x",
        "https://client.example/x#y", "https://client.example/x?y", "https://client.example/../x",
        "https://client.example/./x", "ftp://client.example/x", "https:///x", ""}) {
    EXPECT_THAT(found(url), testing::StartsWith("no: ")) << url;
  }
  EXPECT_TRUE(web_.requests.empty());
}

TEST(AnAddress, IsPublicOrOfANetworkOfOnesOwn) {
  for (const char* address : {"1.1.1.1", "93.184.216.34", "172.32.0.1", "2606:4700::1111"})
    EXPECT_TRUE(is_public(address)) << address;
  for (const char* address : {"127.0.0.1",
                              "10.1.2.3",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.168.1.1",
                              "169.254.169.254",
                              "100.64.0.1",
                              "0.0.0.0",
                              "224.0.0.1",
                              "255.255.255.255",
                              "::1",
                              "::",
                              "fd00::1",
                              "fe80::1",
                              "ff02::1",
                              "::ffff:127.0.0.1",
                              "::ffff:10.0.0.1",
                              "64:ff9b::7f00:1",
                              "2002:7f00:1::",
                              "2001:db8::1",
                              "x",
                              ""}) {
    EXPECT_FALSE(is_public(address)) << address;
  }
}

TEST(APage, ShowsMarkupAsText) {
  Question question;
  question.ticket = "\"><script>";
  question.user_id = "alice";
  question.client.name = "<script>alert(1)</script>\"'&";
  question.redirect_uri = "https://my.home-assistant.io/redirect/oauth";
  const Response page = consent_page(question);
  EXPECT_THAT(page.body, Not(HasSubstr("<script")));
  EXPECT_THAT(page.body, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;"));
  EXPECT_THAT(page.body, HasSubstr("my.home-assistant.io"));
  EXPECT_THAT(page.body, HasSubstr("alice"));
  EXPECT_THAT(sign_in_page({"/oauth/authorize?x=\"><b>", "<i>", "\"><u>"}).body,
              Not(testing::AnyOf(HasSubstr("<b>"), HasSubstr("<i>"), HasSubstr("<u>"))));
}

std::string header_of(const Response& response, const std::string& name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

TEST(APage, RunsNothingLoadsNothingAndIsFramedByNobody) {
  Question question;
  question.redirect_uri = "https://my.home-assistant.io:8443/redirect/oauth";
  const std::string policy = header_of(consent_page(question), "Content-Security-Policy");
  EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
  EXPECT_THAT(policy, HasSubstr("frame-ancestors 'none'"));
  EXPECT_THAT(policy, HasSubstr("form-action 'self' https://my.home-assistant.io:8443;"));
  EXPECT_THAT(policy, Not(testing::AnyOf(HasSubstr("unsafe"), HasSubstr("script-src"))));
  EXPECT_EQ(header_of(error_page("x"), "X-Frame-Options"), "DENY");
  EXPECT_THAT(header_of(error_page("x"), "Content-Security-Policy"), HasSubstr("form-action 'self'; frame"));
  question.redirect_uri = "cursor://anysphere/cb";
  EXPECT_THAT(header_of(consent_page(question), "Content-Security-Policy"), HasSubstr("form-action 'self' cursor:;"));
}

/// A browser holds each redirect after a form against the policy of the form's page.
TEST(APage, ThatAsksToSignInLetsTheProgramHaveItsError) {
  const auto policy_of = [](const std::string& redirect) {
    std::string next = with_parameter("/oauth/authorize", "client_id", "x");
    return header_of(sign_in_page({with_parameter(std::move(next), "redirect_uri", redirect), "", ""}),
                     "Content-Security-Policy");
  };
  EXPECT_THAT(policy_of("https://my.home-assistant.io/redirect?a=b"),
              HasSubstr("form-action 'self' https://my.home-assistant.io;"));
  EXPECT_THAT(policy_of("http://127.0.0.1:4000/back"), HasSubstr("form-action 'self' http://127.0.0.1:4000;"));
  for (const char* not_allowed : {"javascript:alert(1)", "http://evil.example/", "https://a.example; script-src *", ""})
    EXPECT_THAT(policy_of(not_allowed), HasSubstr("form-action 'self'; frame")) << not_allowed;
  EXPECT_THAT(header_of(sign_in_page({}), "Content-Security-Policy"), HasSubstr("form-action 'self'; frame"));
}

TEST(APage, SaysInWordsWhatAProgramCouldDoAndNothingElse) {
  Question question;
  question.scopes = wanted_scopes("skills:read mcp").value();
  const Response page = consent_page(question);
  EXPECT_THAT(page.body, testing::AllOf(HasSubstr("see what your devices can do"), HasSubstr("over MCP")));
  EXPECT_THAT(page.body, Not(testing::AnyOf(HasSubstr("call their skills"), HasSubstr("chat as you"))));
}

TEST(APage, AsksForAPasswordOrALinkAndNeverShowsAPassword) {
  const Response page = sign_in_page({"", "wrong", "alice"}, 403);
  EXPECT_EQ(page.status, 403U);
  EXPECT_THAT(page.body, testing::AllOf(HasSubstr("autocomplete=\"current-password\""), HasSubstr("value=\"alice\""),
                                        HasSubstr("name=\"token\"")));
  EXPECT_THAT(page.body, Not(testing::AnyOf(HasSubstr("<script"), HasSubstr("style=\""), HasSubstr("onclick"))));
}

TEST(AWantedScope, IsOfThoseThatAProgramMayHave) {
  const auto wanted = [](const std::string& scope) {
    const auto scopes = wanted_scopes(scope);
    return scopes ? write_scope(*scopes) : "none";
  };
  const std::string all = "skills:read skills:call chat sessions devices:read mcp";
  EXPECT_EQ(wanted(""), all);
  EXPECT_EQ(wanted("  "), all);
  EXPECT_EQ(wanted("chat skills:read"), "skills:read chat");
  EXPECT_EQ(wanted("mcp"), "skills:read skills:call mcp") << "the only one that there was";
  EXPECT_EQ(wanted("mcp skills:read"), "skills:read mcp");
  EXPECT_EQ(wanted("chat users devices:write"), "chat") << "what it may not have is left out";
  EXPECT_EQ(wanted("users"), "none");
  EXPECT_EQ(wanted("chat everything"), "none");
  EXPECT_EQ(wanted("CHAT"), "none");
  std::string longest = "chat";
  longest.resize(scope_bytes_max, ' ');
  EXPECT_EQ(wanted(longest), "chat");
  EXPECT_EQ(wanted(longest + " "), "none");
  EXPECT_TRUE(wanted_scopes("chat")->has(Scope::any_skill));
}

TEST(AMissingScope, IsNamedWhereOneWouldHelp) {
  Problem refused(403, "forbidden", "limited", {{"reason", "scope"}, {"scope", "skills:call"}});
  EXPECT_EQ(header_of(response_of(refused, ErrorShape::hub), "WWW-Authenticate"),
            "Bearer error=\"insufficient_scope\", scope=\"skills:call\"");
  for (const char* other : {"all", "\r\nX: y", ""}) {
    refused.details["scope"] = other;
    EXPECT_EQ(header_of(response_of(refused, ErrorShape::hub), "WWW-Authenticate"), "") << other;
  }
  refused.details = {{"reason", "guest"}};
  EXPECT_EQ(header_of(response_of(refused, ErrorShape::hub), "WWW-Authenticate"), "");
}

TEST(ACodeVerifier, AnswersItsChallengeAlone) {
  // RFC 7636, appendix B.
  const std::string verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  const std::string challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
  EXPECT_TRUE(is_s256_challenge(challenge));
  EXPECT_TRUE(is_answer(verifier, challenge));
  EXPECT_FALSE(is_answer(challenge, challenge)) << "plain";
  EXPECT_FALSE(is_answer("", challenge));
  EXPECT_FALSE(is_answer(verifier + "x", challenge));
  for (const std::string& bad : {std::string(42, 'a'), std::string(129, 'a'), std::string(50, ' '), std::string("")})
    EXPECT_FALSE(is_code_verifier(bad));
  for (const std::string& bad :
       {std::string(), std::string("short"), challenge + "=", challenge + "A", std::string(43, '+')})
    EXPECT_FALSE(is_s256_challenge(bad)) << bad;
}

TEST(AForm, IsReadByItsTypeAndEachNameOnce) {
  Request request;
  request.headers = {{"content-type", "Application/X-WWW-form-urlencoded ; charset=utf-8"}};
  request.body = "a=1+2&b=%26";
  const auto form = form_of(request);
  ASSERT_TRUE(form);
  EXPECT_EQ(value_of(*form, "a"), "1 2");
  EXPECT_EQ(value_of(*form, "b"), "&");
  EXPECT_EQ(repeated(*form), "");
  EXPECT_EQ(repeated({{"code", "1"}, {"code", "2"}}), "code");
  request.body = "a=%00";
  EXPECT_FALSE(form_of(request));
  request.body = "a=1";
  request.headers = {{"content-type", "application/json"}};
  EXPECT_FALSE(form_of(request));
}

TEST(Metadata, NamesTheDoorByTheAddressItWasAskedAt) {
  Request request;
  request.headers = {{"host", "hub.local:8080"}};
  EXPECT_EQ(PublicUrl("", false).of(request), "http://hub.local:8080");
  EXPECT_EQ(PublicUrl("", true).of(request), "https://hub.local:8080");
  EXPECT_EQ(PublicUrl("https://hub.example", false).of(request), "https://hub.example");
  const json server = server_metadata("https://hub.example", true);
  EXPECT_EQ(server.at("issuer"), "https://hub.example");
  EXPECT_EQ(server.at("code_challenge_methods_supported"), json::array({"S256"}));
  EXPECT_EQ(server.at("grant_types_supported"), json({"authorization_code", "refresh_token"}));
  const json resource = resource_metadata("https://hub.example", "/mcp");
  EXPECT_EQ(resource.at("resource"), "https://hub.example/mcp");
  EXPECT_EQ(resource.at("authorization_servers"), json::array({"https://hub.example"}));
}

TEST(Metadata, IsFoundByTheChallenge) {
  Request request;
  request.headers = {{"host", "127.0.0.1:8080"}};
  Response response;
  response.status = 401;
  response.headers.emplace_back("WWW-Authenticate", "Bearer");
  add_challenge(response, request, PublicUrl("", false), false);
  ASSERT_EQ(response.headers.size(), 1U);
  EXPECT_EQ(header_of(response, "WWW-Authenticate"),
            "Bearer resource_metadata=\"http://127.0.0.1:8080/.well-known/oauth-protected-resource/mcp\", "
            "scope=\"skills:read skills:call mcp\"");
  add_challenge(response, request, PublicUrl("", false), true);
  EXPECT_THAT(header_of(response, "WWW-Authenticate"), testing::StartsWith("Bearer error=\"invalid_token\", resource"));
  response.status = 403;
  add_challenge(response, request, PublicUrl("", false), true);
  EXPECT_THAT(header_of(response, "WWW-Authenticate"),
              testing::StartsWith("Bearer error=\"insufficient_scope\", resource"));
}

TEST(AResource, IsTheDoorOrItsMcpEndpoint) {
  for (const char* own : {"https://hub", "https://hub/", "https://hub/mcp"})
    EXPECT_TRUE(is_own_resource(own, "https://hub"));
  for (const char* foreign :
       {"", "https://hub/mcp/", "https://hub/other", "http://hub/mcp", "https://hub.evil/mcp", "https://other"})
    EXPECT_FALSE(is_own_resource(foreign, "https://hub")) << foreign;
}

TEST(WhatIsRemembered, IsGoneInTimeOrWhenTaken) {
  test::FakeClock clock;
  Expiring<int> values(clock, 60s, 100);
  const std::string secret = values.put(7);
  EXPECT_EQ(secret.size(), 43U);
  ASSERT_NE(values.find(secret), nullptr);
  EXPECT_EQ(values.take(secret), 7);
  EXPECT_EQ(values.take(secret), std::nullopt);
  const std::string other = values.put(8);
  clock.advance(59s);
  EXPECT_NE(values.find(other), nullptr);
  values.put(other, 9);
  clock.advance(2s);
  ASSERT_NE(values.find(other), nullptr) << "put again, it lasts anew";
  clock.advance(58s);
  EXPECT_EQ(values.find(other), nullptr);
  EXPECT_EQ(values.size(), 0U);
}

TEST(WhatIsRemembered, IsBoundedAndTheOldestGoes) {
  test::FakeClock clock;
  Expiring<int> values(clock, 60s, 3);
  const std::string first = values.put(1);
  const std::string second = values.put(2);
  for (int i = 0; i < 1'000; ++i) EXPECT_TRUE(values.take(values.put(i)));
  EXPECT_NE(values.find(first), nullptr);
  values.put(3);
  values.put(4);
  EXPECT_EQ(values.find(first), nullptr);
  EXPECT_NE(values.find(second), nullptr);
  EXPECT_EQ(values.size(), 3U);
}

TEST(WhatIsRemembered, OfOneUserPushesOutNothingOfAnothers) {
  test::FakeClock clock;
  Expiring<int> values(clock, 60s, 12);
  const std::string of_bob = values.put(1, "bob");
  std::vector<std::string> of_alice;
  for (int i = 0; i < 100; ++i) of_alice.push_back(values.put(i, "alice"));
  EXPECT_NE(values.find(of_bob), nullptr);
  EXPECT_EQ(values.size(), 4U);
  EXPECT_EQ(values.find(of_alice[96]), nullptr) << "beyond its share a user loses its own oldest";
  for (int i = 97; i < 100; ++i) EXPECT_NE(values.find(of_alice[static_cast<std::size_t>(i)]), nullptr) << i;
  // What was taken, put again or has expired takes no place of the share.
  EXPECT_EQ(values.take(of_alice[97]), 97);
  values.put(of_alice[98], 7, "alice");
  const std::string further = values.put(8, "alice");
  EXPECT_NE(values.find(of_alice[98]), nullptr);
  EXPECT_NE(values.find(of_alice[99]), nullptr);
  EXPECT_NE(values.find(further), nullptr);
  clock.advance(61s);
  EXPECT_EQ(values.find(further), nullptr);
  std::vector<std::string> later;
  for (int i = 0; i < 3; ++i) later.push_back(values.put(i, "alice"));
  for (const std::string& secret : later) EXPECT_NE(values.find(secret), nullptr);
}

}  // namespace
}  // namespace strawberry::gateway::oauth
