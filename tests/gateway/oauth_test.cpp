/// OAuth 2.1 at the web door before a whole hub: the steps of Home Assistant's MCP integration, and requests that must
/// fail.
#include <gmock/gmock.h>

#include <fstream>
#include <set>

#include "common/runtime/asio.h"
#include "gateway/hub/token_claims.h"
#include "gateway/oauth/redirects.h"
#include "tests/cli/hub_run.h"
#include "tests/gateway/gateway_process.h"

namespace strawberry::test {
namespace {

using gateway::oauth::with_parameter;
using nlohmann::json;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr const char* home_assistant = "https://my.home-assistant.io/redirect/oauth";
constexpr const char* password = "strawberry fields";
constexpr const char* tool_call =
    R"({"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"nothing_of_the_kind","arguments":{}}})";
const std::string verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const std::string challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

const std::string every_scope = "skills:read skills:call chat sessions devices:read mcp";

using Parameters = std::map<std::string, std::string>;

std::string query_of(const Parameters& parameters) {
  std::string query = "/oauth/authorize";
  for (const auto& [name, value] : parameters) query = with_parameter(std::move(query), name, value);
  return query;
}

/// The value of a form's hidden field.
std::string hidden(const std::string& page, const std::string& name) {
  const std::string before = "name=\"" + name + "\" value=\"";
  const std::size_t begin = page.find(before);
  if (begin == std::string::npos) return {};
  std::string value = page.substr(begin + before.size(), page.find('"', begin + before.size()) - begin - before.size());
  for (std::size_t at = 0; (at = value.find("&amp;", at)) != std::string::npos; ++at) value.erase(at + 1, 4);
  return value;
}

/// A parameter of a redirect; empty when it has none.
std::string parameter_of(const std::string& location, const std::string& name) {
  const std::size_t begin = location.find_first_of("?&");
  const std::size_t found = begin == std::string::npos ? begin : location.find(name + "=", begin);
  if (found == std::string::npos) return {};
  const std::string value = location.substr(found + name.size() + 1);
  std::string decoded;
  for (std::size_t i = 0; i < value.size() && value[i] != '&'; ++i) {
    if (value[i] != '%') {
      decoded += value[i];
      continue;
    }
    decoded += static_cast<char>(std::stoi(value.substr(i + 1, 2), nullptr, 16));
    i += 2;
  }
  return decoded;
}

/// The members of a JSON answer that are text.
Parameters texts_in(const httplib::Response& answer) {
  const json body = json::parse(answer.body);
  Parameters texts;
  for (const auto& [name, value] : body.items()) {
    if (value.is_string()) texts[name] = value.get<std::string>();
  }
  return texts;
}

class OAuth : public testing::Test {
 protected:
  explicit OAuth(const std::string& config = {}) : door_(hub_, config) {
    client_id_ = registered({{"client_name", "Home Assistant"}, {"redirect_uris", {home_assistant}}});
  }

  static httplib::Response answered(const httplib::Result& result) {
    if (!result) throw std::runtime_error("no answer: " + httplib::to_string(result.error()));
    return *result;
  }
  httplib::Response get(const std::string& path, const std::string& cookie = {}) {
    return answered(
        door_.client("").Get(path, cookie.empty() ? httplib::Headers() : httplib::Headers{{"Cookie", cookie}}));
  }
  httplib::Response post(const std::string& path, const Parameters& form, const std::string& cookie = {},
                         const httplib::Headers& more = {}) {
    httplib::Params params(form.begin(), form.end());
    httplib::Headers headers = more;
    if (!cookie.empty()) headers.emplace("Cookie", cookie);
    return answered(door_.client("").Post(path, headers, params));
  }
  std::string registered(const json& metadata) {
    const auto answer = answered(door_.client("").Post("/oauth/register", metadata.dump(), "application/json"));
    EXPECT_EQ(answer.status, 201) << answer.body;
    return texts_in(answer).at("client_id");
  }
  /// The link in strawberryctl's output.
  std::string login_link(const std::string& ttl = "10m", const std::string& user = "alice") {
    const Finished made = control({"--json", "--data-dir", hub_.files().directory().path().string(), "login-link",
                                   "--user", user, "--ttl", ttl, "--url", door_.url()});
    if (made.code != 0) throw std::runtime_error(made.output);
    return json::parse(made.output).at("url").get<std::string>();
  }
  static std::string token_of(const std::string& link) { return link.substr(link.find("token=") + 6); }
  /// Follows a login link like a browser; returns the cookie.
  std::string signed_in() {
    const std::string link = login_link();
    const auto page = get(link.substr(door_.url().size()));
    EXPECT_EQ(page.status, 200) << page.body;
    return cookie_in(post("/oauth/login", {{"token", hidden(page.body, "token")}}));
  }
  static std::string cookie_in(const httplib::Response& answer) {
    const std::string header = answer.get_header_value("Set-Cookie");
    return header.substr(0, header.find(';'));
  }
  Parameters wish(const Parameters& changed = {}) const {
    Parameters all{{"response_type", "code"}, {"client_id", client_id_},     {"redirect_uri", home_assistant},
                   {"state", "s=t\"<x>"},     {"code_challenge", challenge}, {"code_challenge_method", "S256"}};
    for (const auto& [name, value] : changed) {
      all.erase(name);
      if (!value.empty()) all[name] = value;
    }
    return all;
  }
  /// The redirect after the user allows or denies it.
  std::string decided(const std::string& cookie, const std::string& decision, const Parameters& changed = {}) {
    const auto page = get(query_of(wish(changed)), cookie);
    EXPECT_EQ(page.status, 200) << page.body;
    const auto answer =
        post("/oauth/authorize", {{"ticket", hidden(page.body, "ticket")}, {"decision", decision}}, cookie);
    EXPECT_EQ(answer.status, 303) << answer.body;
    return answer.get_header_value("Location");
  }
  /// Adds users with accounts, and the door's own token for checking passwords.
  void add_accounts() {
    std::ofstream(hub_.files().directory().file("gateway.token"))
        << hub_.files().token({PrincipalType::gateway, std::string(gateway_principal_id), ""});
    const auto admin = hub_.admin();
    for (const auto& [user, role] : Parameters{{"alice", "member"}, {"gerda", "guest"}, {"dan", "member"}}) {
      json account{{"op", "create"}, {"user_id", user}, {"role", role}, {"password", password}};
      if (role == "guest") account["guest_of"] = "alice";
      admin->result_of("users", std::move(account));
    }
    admin->result_of("users", {{"op", "update"}, {"user_id", "dan"}, {"disabled", true}});
  }
  httplib::Response by_password(const std::string& user, const std::string& with, const httplib::Headers& more = {}) {
    return post("/oauth/login", {{"user", user}, {"password", with}, {"next", query_of(wish())}}, "", more);
  }
  /// The tokens of a program that made this request, allowed by the cookie's user.
  Parameters tokens_of(const std::string& cookie, const Parameters& changed = {}) {
    const auto answer = exchange(parameter_of(decided(cookie, "allow", changed), "code"));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return texts_in(answer);
  }
  std::string code(const Parameters& changed = {}) {
    return parameter_of(decided(signed_in(), "allow", changed), "code");
  }
  httplib::Response exchange(const std::string& code, const Parameters& changed = {}) {
    Parameters all{{"grant_type", "authorization_code"},
                   {"code", code},
                   {"redirect_uri", home_assistant},
                   {"client_id", client_id_},
                   {"code_verifier", verifier}};
    for (const auto& [name, value] : changed) {
      all.erase(name);
      if (!value.empty()) all[name] = value;
    }
    return post("/oauth/token", all);
  }
  Parameters tokens() {
    const auto answer = exchange(code());
    EXPECT_EQ(answer.status, 200) << answer.body;
    return texts_in(answer);
  }
  httplib::Response refreshed(const std::string& refresh_token, const Parameters& changed = {}) {
    Parameters all{{"grant_type", "refresh_token"}, {"refresh_token", refresh_token}, {"client_id", client_id_}};
    for (const auto& [name, value] : changed) all[name] = value;
    return post("/oauth/token", all);
  }
  static std::string error_in(const httplib::Response& answer) { return json::parse(answer.body).value("error", ""); }
  int status_with(const std::string& token, const std::string& path = "/api/v1/devices") {
    return answered(door_.client(token).Get(path)).status;
  }
  httplib::Response at_mcp(const std::string& token,
                           const std::string& message = R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})") {
    return answered(door_.client(token).Post("/mcp", message, "application/json"));
  }
  /// Waits until the broker has loaded a revocation.
  bool is_refused_soon(const std::string& token) {
    for (int i = 0; i < 60; ++i) {
      if (status_with(token) == 401) return true;
      std::this_thread::sleep_for(100ms);
    }
    return false;
  }

  HubProcess hub_;
  std::unique_ptr<Spoke> lamp_ = hub_.device("Lamp");
  GatewayProcess door_;
  std::string client_id_;
};

TEST_F(OAuth, GivesHomeAssistantItsTokens) {
  // The steps of its config flow (homeassistant/components/mcp): metadata of resource and server, registration.
  const auto asked_for_token = at_mcp("");
  EXPECT_EQ(asked_for_token.status, 401);
  EXPECT_EQ(asked_for_token.get_header_value_count("WWW-Authenticate"), 1U);
  EXPECT_EQ(asked_for_token.get_header_value("WWW-Authenticate"),
            "Bearer resource_metadata=\"" + door_.url() +
                "/.well-known/oauth-protected-resource/mcp\", scope=\"skills:read skills:call mcp\"");
  const json resource = json::parse(get("/.well-known/oauth-protected-resource/mcp").body);
  EXPECT_EQ(resource.at("resource"), door_.url() + "/mcp");
  const auto issuer = resource.at("authorization_servers")[0].get<std::string>();
  EXPECT_EQ(issuer, door_.url());
  const json server = json::parse(get("/.well-known/oauth-authorization-server").body);
  EXPECT_EQ(server.at("issuer"), issuer);
  EXPECT_EQ(server.at("scopes_supported"),
            json({"skills:read", "skills:call", "chat", "sessions", "devices:read", "mcp"}));
  EXPECT_EQ(resource.at("scopes_supported"), server.at("scopes_supported"));
  EXPECT_EQ(json::parse(get("/.well-known/oauth-authorization-server/mcp").body), server);
  EXPECT_EQ(json::parse(get("/.well-known/oauth-protected-resource").body).at("resource"), door_.url());
  ASSERT_EQ(server.at("registration_endpoint"), door_.url() + "/oauth/register");
  const auto answer = answered(door_.client("").Post("/oauth/register",
                                                     json{{"redirect_uris", {home_assistant}},
                                                          {"token_endpoint_auth_method", "none"},
                                                          {"client_name", "Home Assistant"},
                                                          {"grant_types", {"authorization_code", "refresh_token"}},
                                                          {"response_types", {"code"}},
                                                          {"scope", "mcp"},
                                                          {"application_type", "web"}}
                                                         .dump(),
                                                     "application/json"));
  ASSERT_EQ(answer.status, 201) << answer.body;
  const json registration = json::parse(answer.body);
  EXPECT_EQ(registration.at("redirect_uris"), json::array({home_assistant}));
  EXPECT_EQ(registration.at("token_endpoint_auth_method"), "none");
  client_id_ = registration.at("client_id").get<std::string>();

  // The browser: signs in, returns to the question, allows it.
  const Parameters asked = wish({{"access_type", "offline"}, {"prompt", "consent"}, {"scope", every_scope}});
  const auto sign_in = get(query_of(asked));
  ASSERT_EQ(sign_in.status, 200);
  const std::string next = hidden(sign_in.body, "next");
  const auto back = post("/oauth/login", {{"token", login_link()}, {"next", next}}, "", {{"Origin", door_.url()}});
  ASSERT_EQ(back.status, 303) << back.body;
  const std::string cookie = cookie_in(back);
  EXPECT_THAT(back.get_header_value("Set-Cookie"),
              testing::AllOf(HasSubstr("HttpOnly"), HasSubstr("SameSite=Lax"), HasSubstr("Max-Age=600")));
  const auto question = get(back.get_header_value("Location"), cookie);
  ASSERT_EQ(question.status, 200) << question.body;
  for (const char* said : {"Home Assistant", "my.home-assistant.io", "alice", "call their skills"})
    EXPECT_THAT(question.body, HasSubstr(said));
  const auto allowed =
      post("/oauth/authorize", {{"ticket", hidden(question.body, "ticket")}, {"decision", "allow"}}, cookie);
  ASSERT_EQ(allowed.status, 303) << allowed.body;
  const std::string location = allowed.get_header_value("Location");
  EXPECT_THAT(location, testing::StartsWith(home_assistant));
  EXPECT_EQ(parameter_of(location, "state"), "s=t\"<x>");
  EXPECT_EQ(parameter_of(location, "iss"), issuer);

  const auto given = exchange(parameter_of(location, "code"));
  ASSERT_EQ(given.status, 200) << given.body;
  EXPECT_EQ(given.get_header_value("Cache-Control"), "no-store");
  const json tokens = json::parse(given.body);
  EXPECT_EQ(tokens.at("token_type"), "Bearer");
  EXPECT_EQ(tokens.at("scope"), every_scope);
  EXPECT_THAT(tokens.at("expires_in").get<int>(), testing::AllOf(testing::Gt(3'500), testing::Le(3'600)));

  const auto access = tokens.at("access_token").get<std::string>();
  const auto devices = answered(door_.client(access).Get("/api/v1/devices"));
  ASSERT_EQ(devices.status, 200) << devices.body;
  EXPECT_EQ(json::parse(devices.body).at("devices")[0].at("device_id"), "lamp");
  const auto tools = at_mcp(access);
  EXPECT_EQ(tools.status, 200) << tools.body;
  EXPECT_TRUE(json::parse(tools.body).at("result").at("tools").is_array()) << tools.body;
  EXPECT_EQ(
      answered(door_.client(access).Post("/api/v1/devices/register", R"({"name":"Mine"})", "application/json")).status,
      403);
  EXPECT_EQ(answered(door_.client(access).Post("/api/v1/devices/refresh_token", "{}", "application/json")).status, 403);
}

TEST_F(OAuth, TokensAreListedByNameRevokedLikeAllAndRenewed) {
  const Parameters first = tokens();
  const std::string directory = hub_.files().directory().path().string();
  const Finished list = control({"--data-dir", directory, "token", "list", "--user", "alice"});
  EXPECT_THAT(list.output,
              testing::AllOf(HasSubstr("Home Assistant"), HasSubstr("user alice"), HasSubstr("program of")));
  const auto answer = refreshed(first.at("refresh_token"), {{"resource", door_.url() + "/mcp"}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  const Parameters second = texts_in(answer);
  EXPECT_NE(second.at("refresh_token"), first.at("refresh_token"));
  EXPECT_EQ(status_with(second.at("access_token")), 200);
  EXPECT_EQ(status_with(first.at("access_token")), 200) << "until it expires";
  const Finished revoked =
      control({"--data-dir", directory, "token", "revoke", "--name", "Home Assistant", "--user", "alice"});
  ASSERT_EQ(revoked.code, 0) << revoked.output;
  EXPECT_TRUE(is_refused_soon(second.at("access_token")));
  EXPECT_TRUE(is_refused_soon(first.at("access_token")));
  EXPECT_EQ(error_in(refreshed(second.at("refresh_token"))), "invalid_grant");
}

TEST_F(OAuth, AStolenRefreshTokenEndsBoth) {
  const Parameters first = tokens();
  const Parameters owners = texts_in(refreshed(first.at("refresh_token")));
  const auto thief = refreshed(first.at("refresh_token"));
  EXPECT_EQ(thief.status, 400);
  EXPECT_EQ(error_in(thief), "invalid_grant");
  EXPECT_EQ(error_in(refreshed(owners.at("refresh_token"))), "invalid_grant");
  EXPECT_TRUE(is_refused_soon(owners.at("access_token")));
}

TEST_F(OAuth, ARefreshTokenIsItsClientsAlone) {
  const Parameters given = tokens();
  const std::string other = registered({{"client_name", "Other"}, {"redirect_uris", {"https://other.org/cb"}}});
  EXPECT_EQ(error_in(refreshed(given.at("refresh_token"), {{"client_id", other}})), "invalid_grant");
  EXPECT_EQ(error_in(refreshed(given.at("refresh_token"), {{"resource", "https://other.org"}})), "invalid_target");
  EXPECT_EQ(error_in(refreshed(given.at("access_token"))), "invalid_grant");
  EXPECT_EQ(error_in(refreshed("")), "invalid_grant");
  EXPECT_EQ(refreshed(given.at("refresh_token")).status, 200) << "and was not spent by these";
  EXPECT_EQ(status_with(given.at("refresh_token")), 403) << "nor is it good for anything else";
}

TEST_F(OAuth, ACodeIsGoodOnceAndItsReplayEndsWhatItGave) {
  const std::string once = code();
  const Parameters given = texts_in(exchange(once));
  EXPECT_EQ(status_with(given.at("access_token")), 200);
  EXPECT_EQ(error_in(exchange(once)), "invalid_grant");
  EXPECT_TRUE(is_refused_soon(given.at("access_token")));
  EXPECT_EQ(error_in(refreshed(given.at("refresh_token"))), "invalid_grant");
}

TEST_F(OAuth, ACodeIsBoundToItsClientRedirectVerifierAndResource) {
  const std::string other = registered({{"client_name", "Other"}, {"redirect_uris", {home_assistant}}});
  for (const Parameters& wrong :
       {Parameters{{"client_id", other}}, Parameters{{"redirect_uri", "https://evil.org/"}},
        Parameters{{"redirect_uri", ""}}, Parameters{{"code_verifier", ""}}, Parameters{{"code_verifier", challenge}},
        Parameters{{"code_verifier", std::string(43, 'a')}}}) {
    const std::string once = code();
    EXPECT_EQ(error_in(exchange(once, wrong)), "invalid_grant") << wrong.begin()->first;
    EXPECT_EQ(error_in(exchange(once)), "invalid_grant") << "and it is spent";
  }
  const std::string bound = code({{"resource", door_.url() + "/mcp"}});
  EXPECT_EQ(error_in(exchange(bound, {{"resource", door_.url()}})), "invalid_target");
  EXPECT_EQ(error_in(exchange("no-such-code")), "invalid_grant");
  EXPECT_EQ(error_in(exchange("x", {{"client_id", ""}})), "invalid_client");
  EXPECT_EQ(error_in(exchange("x", {{"grant_type", "password"}})), "unsupported_grant_type");
  EXPECT_EQ(error_in(exchange("x", {{"grant_type", ""}})), "invalid_request");
  EXPECT_EQ(error_in(answered(door_.client("").Post("/oauth/token", "{}", "application/json"))), "invalid_request");
  EXPECT_EQ(
      error_in(answered(door_.client("").Post("/oauth/token", "code=1&code=2", "application/x-www-form-urlencoded"))),
      "invalid_request");
}

TEST_F(OAuth, NobodyIsSentAnywhereByAWrongClientOrRedirect) {
  const std::string cookie = signed_in();
  for (const Parameters& wrong : {Parameters{{"client_id", "c1-x"}}, Parameters{{"client_id", ""}},
                                  Parameters{{"redirect_uri", ""}}, Parameters{{"redirect_uri", "https://evil.org/"}},
                                  Parameters{{"redirect_uri", std::string(home_assistant) + "/"}},
                                  Parameters{{"redirect_uri", "https://my.home-assistant.io.evil.org/redirect/oauth"}},
                                  Parameters{{"state", std::string(3'000, 's')}}}) {
    for (const std::string& who : {std::string(), cookie}) {
      const auto answer = get(query_of(wish(wrong)), who);
      EXPECT_EQ(answer.status, 400) << wrong.begin()->first;
      EXPECT_EQ(answer.get_header_value("Location"), "");
    }
  }
}

TEST_F(OAuth, AWrongWishIsSentBackOnceSomebodyHasSignedIn) {
  const std::string cookie = signed_in();
  const auto said = [&](const Parameters& wrong) {
    EXPECT_EQ(get(query_of(wish(wrong))).status, 200) << "signing in comes first";
    const auto answer = get(query_of(wish(wrong)), cookie);
    EXPECT_EQ(answer.status, 303) << answer.body;
    const std::string location = answer.get_header_value("Location");
    EXPECT_EQ(parameter_of(location, "state"), "s=t\"<x>");
    EXPECT_EQ(parameter_of(location, "iss"), door_.url());
    EXPECT_EQ(parameter_of(location, "code"), "");
    return parameter_of(location, "error");
  };
  EXPECT_EQ(said({{"code_challenge", ""}}), "invalid_request");
  EXPECT_EQ(said({{"code_challenge_method", ""}}), "invalid_request") << "which would mean plain";
  EXPECT_EQ(said({{"code_challenge_method", "plain"}}), "invalid_request");
  EXPECT_EQ(said({{"code_challenge", "short"}}), "invalid_request");
  EXPECT_EQ(said({{"response_type", "token"}}), "unsupported_response_type");
  EXPECT_EQ(said({{"resource", "https://other.org/mcp"}}), "invalid_target");
  const auto twice = get(query_of(wish()) + "&state=other", cookie);
  EXPECT_EQ(parameter_of(twice.get_header_value("Location"), "error"), "invalid_request");
}

TEST_F(OAuth, NobodysDocumentsAreFetchedFromTheHubsOwnNetwork) {
  asio::io_context loop;
  asio::ip::tcp::acceptor server(loop, {asio::ip::address_v4::loopback(), 0});
  server.non_blocking(true);
  const std::string client = "https://127.0.0.1:" + std::to_string(server.local_endpoint().port()) + "/client.json";
  EXPECT_EQ(get(query_of(wish({{"client_id", client}}))).status, 200) << "signing in comes first";
  const auto answer = get(query_of(wish({{"client_id", client}})), signed_in());
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, HasSubstr("cannot be fetched"));
  boost::system::error_code nobody_came;
  server.accept(nobody_came);
  EXPECT_EQ(nobody_came, asio::error::would_block);
}

TEST_F(OAuth, ADeniedWishGivesNoCode) {
  const std::string location = decided(signed_in(), "deny");
  EXPECT_EQ(parameter_of(location, "error"), "access_denied");
  EXPECT_EQ(parameter_of(location, "code"), "");
}

TEST_F(OAuth, AQuestionIsAnsweredOnceAndByWhomItWasAsked) {
  const std::string alice = signed_in();
  const std::string other = signed_in();
  const auto page = get(query_of(wish()), alice);
  const Parameters answer{{"ticket", hidden(page.body, "ticket")}, {"decision", "allow"}};
  EXPECT_EQ(post("/oauth/authorize", answer).status, 403);
  EXPECT_EQ(post("/oauth/authorize", answer, alice, {{"Origin", "https://evil.org"}}).status, 403)
      << "another site's page";
  EXPECT_EQ(post("/oauth/authorize", answer, alice).status, 303);
  EXPECT_EQ(post("/oauth/authorize", answer, alice).status, 403);
  const auto again = get(query_of(wish()), alice);
  EXPECT_EQ(post("/oauth/authorize", {{"ticket", hidden(again.body, "ticket")}, {"decision", "allow"}}, other).status,
            403);
  EXPECT_EQ(post("/oauth/authorize", {{"ticket", "x"}, {"decision", "allow"}}, alice).status, 403);
  EXPECT_EQ(post("/oauth/authorize", {{"ticket", "x"}}, alice).status, 400);
}

TEST_F(OAuth, ALoginLinkIsGoodOnceAndLookingAtItSpendsNothing) {
  const std::string link = login_link();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(get(link.substr(door_.url().size())).status, 200);
  EXPECT_EQ(post("/oauth/login", {{"token", token_of(link)}}).status, 200);
  const auto again = post("/oauth/login", {{"token", token_of(link)}});
  EXPECT_EQ(again.status, 403);
  EXPECT_EQ(again.get_header_value("Set-Cookie"), "");
  EXPECT_THAT(status_with(token_of(link)), testing::AnyOf(401, 403)) << "nor is it good for anything else";
}

TEST_F(OAuth, AnOldForgedOrOtherTokenSignsNobodyIn) {
  const std::string brief = token_of(login_link("1s"));
  std::string forged = token_of(login_link());
  forged[forged.size() - 3] = forged[forged.size() - 3] == 'a' ? 'b' : 'a';
  std::this_thread::sleep_for(1'100ms);
  const std::string enrolls = hub_.files().token({PrincipalType::enroll, "sign-in-1", "alice"});
  const std::string grants = hub_.files().token({PrincipalType::grant, "something", "alice"});
  for (const std::string& token :
       {brief, forged, enrolls, grants, hub_.files().user_token("alice"), std::string("x"), std::string()}) {
    const auto answer = post("/oauth/login", {{"token", token}});
    EXPECT_THAT(answer.status, testing::AnyOf(400, 403)) << answer.body;
    EXPECT_EQ(answer.get_header_value("Set-Cookie"), "");
  }
}

TEST_F(OAuth, SigningInLeadsNowhereElse) {
  for (const char* next :
       {"https://evil.org/", "//evil.org/", "/oauth/authorize@evil", "/api/v1/devices", "/oauth/authorize?x\r\nA: b"}) {
    const auto answer = post("/oauth/login", {{"token", login_link()}, {"next", next}});
    EXPECT_THAT(answer.status, testing::AnyOf(200, 400)) << next;
    EXPECT_EQ(answer.get_header_value("Location"), "");
  }
}

TEST_F(OAuth, AFloodOfRegistrationsFillsNothing) {
  auto client = door_.client("");
  client.set_tcp_nodelay(true);
  std::string last;
  for (int i = 0; i < 500; ++i) {
    const auto answer = answered(client.Post(
        "/oauth/register", json{{"client_name", "n" + std::to_string(i)}, {"redirect_uris", {home_assistant}}}.dump(),
        "application/json"));
    ASSERT_EQ(answer.status, 201);
    last = texts_in(answer).at("client_id");
  }
  EXPECT_EQ(get(query_of(wish({{"client_id", last}}))).status, 200);
  EXPECT_EQ(get(query_of(wish())).status, 200) << "the first is still good";
}

TEST_F(OAuth, RegistrationsThatMakeNoSenseAreRefused) {
  const auto refused = [&](const std::string& body) {
    const auto answer = answered(door_.client("").Post("/oauth/register", body, "application/json"));
    EXPECT_LT(answer.body.size(), 1'000U);
    return answer.status;
  };
  EXPECT_EQ(refused(json{{"client_name", std::string(1024 * 1024, 'x')}, {"redirect_uris", {home_assistant}}}.dump()),
            413);
  EXPECT_EQ(refused(json{{"client_name", std::string(100'000, 'x')}, {"redirect_uris", {home_assistant}}}.dump()), 400);
  EXPECT_EQ(refused(json{{"redirect_uris", {"javascript:alert(1)"}}}.dump()), 400);
  EXPECT_EQ(refused("[]"), 400);
  EXPECT_EQ(refused("{"), 400);
  EXPECT_EQ(refused(std::string(10'000, '[')), 400);
}

TEST_F(OAuth, MarkupInANameIsText) {
  const std::string evil =
      registered({{"client_name", "<img src=x onerror=alert(1)>"}, {"redirect_uris", {home_assistant}}});
  const auto page = get(query_of(wish({{"client_id", evil}, {"state", "\"><script>alert(1)</script>"}})), signed_in());
  ASSERT_EQ(page.status, 200);
  EXPECT_THAT(page.body, Not(testing::AnyOf(HasSubstr("<img"), HasSubstr("<script"))));
  EXPECT_THAT(page.get_header_value("Content-Security-Policy"), HasSubstr("frame-ancestors 'none'"));
  EXPECT_EQ(page.get_header_value("X-Frame-Options"), "DENY");
  const auto sign_in = get(query_of(wish({{"state", "\"><script>alert(1)</script>"}})));
  EXPECT_THAT(sign_in.body, Not(HasSubstr("<script")));
}

TEST_F(OAuth, AProgramEndsItsOwnTokens) {
  const Parameters given = tokens();
  EXPECT_EQ(post("/oauth/revoke", {{"token", given.at("refresh_token")}, {"client_id", client_id_}}).status, 200);
  EXPECT_TRUE(is_refused_soon(given.at("access_token")));
  EXPECT_EQ(error_in(refreshed(given.at("refresh_token"))), "invalid_grant");
  EXPECT_EQ(post("/oauth/revoke", {{"token", "unknown"}}).status, 200);
  EXPECT_EQ(post("/oauth/revoke", Parameters()).status, 400);
  EXPECT_EQ(error_in(post("/oauth/revoke", {{"token", hub_.files().user_token("alice")}})), "unsupported_token_type");
}

TEST_F(OAuth, ALoopbackProgramComesBackAtAnyPort) {
  client_id_ = registered({{"client_name", "Desktop"}, {"redirect_uris", {"http://127.0.0.1/cb"}}});
  const std::string redirect = "http://127.0.0.1:43210/cb";
  const std::string location = decided(signed_in(), "allow", {{"redirect_uri", redirect}});
  EXPECT_THAT(location, testing::StartsWith(redirect + "?code="));
  EXPECT_EQ(exchange(parameter_of(location, "code"), {{"redirect_uri", redirect}}).status, 200);
}

TEST_F(OAuth, SecretsAreNotLogged) {
  const Parameters given = tokens();
  refreshed(given.at("refresh_token"));
  for (const auto& log : {door_.log(), hub_.bridge().output()}) {
    for (const char* member : {"access_token", "refresh_token"}) EXPECT_THAT(log, Not(HasSubstr(given.at(member))));
  }
}

TEST_F(OAuth, APasswordSignsInForAProgramThatUsesMcp) {
  add_accounts();
  const auto page = get(query_of(wish()));
  EXPECT_THAT(page.body, testing::AllOf(HasSubstr("name=\"password\""), HasSubstr("name=\"token\"")));
  const auto back = by_password("alice", password, {{"Origin", door_.url()}});
  ASSERT_EQ(back.status, 303) << back.body;
  EXPECT_THAT(back.get_header_value("Location"), testing::StartsWith("/oauth/authorize?client_id=" + client_id_));
  EXPECT_THAT(back.get_header_value("Set-Cookie"), testing::AllOf(HasSubstr("HttpOnly"), HasSubstr("SameSite=Lax")));
  const Parameters given = tokens_of(cookie_in(back));
  EXPECT_EQ(given.at("scope"), every_scope);
  const auto tools = at_mcp(given.at("access_token"));
  EXPECT_EQ(tools.status, 200) << tools.body;
  for (const auto& log : {door_.log(), hub_.bridge().output()}) EXPECT_THAT(log, Not(HasSubstr(password)));
}

TEST_F(OAuth, SigningInToDecideLeavesNoTokenOfDaysBehind) {
  add_accounts();
  const auto longest = SystemClock().wall_now() + std::chrono::minutes(20);
  decided(cookie_in(by_password("alice", password)), "deny");
  tokens_of(cookie_in(by_password("alice", password)));
  const json tokens = hub_.admin()->result_of("users", {{"op", "tokens"}, {"user_id", "alice"}}).at("tokens");
  int logins = 0;
  for (const json& token : tokens) {
    if (token.at("name") != "signed in") continue;
    ++logins;
    EXPECT_LE(parse_rfc3339(token.at("expires_at").get<std::string>()), longest) << token;
  }
  EXPECT_EQ(logins, 2) << tokens;
}

TEST_F(OAuth, AWrongPasswordAnUnknownUserAndADisabledOneAreToldTheSame) {
  add_accounts();
  std::set<std::string> said;
  for (const auto& [user, with] : Parameters{{"alice", "not this"}, {"dan", password}, {"nobody", password}}) {
    const auto answer = by_password(user, with);
    EXPECT_EQ(answer.status, 403);
    EXPECT_EQ(answer.get_header_value("Set-Cookie"), "");
    EXPECT_THAT(answer.body, HasSubstr("The user or the password is wrong."));
    EXPECT_THAT(answer.body, Not(testing::AnyOf(HasSubstr(password), HasSubstr("not this"))));
    EXPECT_EQ(hidden(answer.body, "next"), query_of(wish())) << "and the page leads on as before";
    std::string rest = answer.body;
    rest.erase(rest.find("value=\"" + user), user.size() + 7);
    said.insert(rest);
  }
  EXPECT_EQ(said.size(), 1U);
  EXPECT_EQ(by_password("alice", std::string(1'025, 'x')).status, 400);
  EXPECT_EQ(by_password("../x", password).status, 403);
  EXPECT_EQ(by_password("alice", "").status, 403);
  EXPECT_EQ(by_password("alice", password, {{"Origin", "https://evil.org"}}).status, 403) << "another site's page";
  EXPECT_EQ(by_password("alice", password, {{"Origin", "null"}}).status, 403);
}

TEST_F(OAuth, WrongPasswordsAreLimited) {
  add_accounts();
  std::map<int, int> answers;
  for (int i = 0; i < 10; ++i) {
    const auto answer = by_password("alice", "wrong " + std::to_string(i));
    ++answers[answer.status];
    if (answer.status != 429) continue;
    EXPECT_THAT(answer.body, HasSubstr("Too many attempts"));
    EXPECT_GE(std::stoi(answer.get_header_value("Retry-After")), 1);
  }
  EXPECT_GE(answers[403], 5);
  EXPECT_GE(answers[429], 3);
  EXPECT_EQ(by_password("alice", password).status, 429) << "the right one has to wait as well";
}

TEST_F(OAuth, WithoutItsOwnTokenTheDoorSaysThatALinkIsNeeded) {
  const auto answer = by_password("alice", password);
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.body, HasSubstr("use a login link"));
}

TEST_F(OAuth, AGuestsProgramGetsWhatAGuestMay) {
  add_accounts();
  const std::string cookie = cookie_in(by_password("gerda", password));
  const Parameters given = tokens_of(cookie);
  EXPECT_EQ(given.at("scope"), every_scope);
  EXPECT_EQ(status_with(given.at("access_token")), 200);
  EXPECT_EQ(at_mcp(given.at("access_token")).status, 200);
  EXPECT_EQ(answered(door_.client(given.at("access_token"))
                         .Post("/api/v1/devices/register", R"({"name":"Mine"})", "application/json"))
                .status,
            403);
}

TEST_F(OAuth, AProgramGetsTheScopesThatItAskedForAndNoOthers) {
  const std::string cookie = signed_in();
  const auto page = get(query_of(wish({{"scope", "mcp skills:read users"}})), cookie);
  EXPECT_THAT(page.body, HasSubstr("see what your devices can do"));
  EXPECT_THAT(page.body, Not(HasSubstr("call their skills")));
  const Parameters given = tokens_of(cookie, {{"scope", "mcp skills:read users"}});
  EXPECT_EQ(given.at("scope"), "skills:read mcp");
  const std::string token = given.at("access_token");
  EXPECT_EQ(gateway::read_token_claims(token)->scopes, scopes_in("skills:read mcp")) << "the claim";
  EXPECT_EQ(at_mcp(token).status, 200);
  const auto call = at_mcp(token, tool_call);
  EXPECT_EQ(call.status, 403);
  EXPECT_EQ(call.get_header_value_count("WWW-Authenticate"), 1U);
  EXPECT_THAT(call.get_header_value("WWW-Authenticate"),
              testing::AllOf(HasSubstr("error=\"insufficient_scope\""), HasSubstr("skills:call"),
                             HasSubstr("resource_metadata=")));
  const auto devices = answered(door_.client(token).Get("/api/v1/devices"));
  EXPECT_EQ(devices.status, 403);
  EXPECT_EQ(devices.get_header_value("WWW-Authenticate"),
            "Bearer error=\"insufficient_scope\", scope=\"devices:read\"");
  // Chats, too, whatever shape their errors have.
  const std::string chat = R"({"messages":[{"role":"user","content":"hello"}]})";
  for (const char* route :
       {"/v1/chat/completions", "/api/v1/chat/complete", "/api/v1/chat/complete?stream", "/inference"}) {
    const auto refused = answered(door_.client(token).Post(route, chat, "application/json"));
    EXPECT_EQ(refused.status, 403) << route << refused.body;
    EXPECT_EQ(refused.get_header_value("WWW-Authenticate"), "Bearer error=\"insufficient_scope\", scope=\"chat\"")
        << route;
  }
  const Parameters without_mcp = tokens_of(cookie, {{"scope", "devices:read"}});
  EXPECT_EQ(status_with(without_mcp.at("access_token")), 200);
  EXPECT_THAT(at_mcp(without_mcp.at("access_token")).get_header_value("WWW-Authenticate"),
              HasSubstr("error=\"insufficient_scope\""));
}

TEST_F(OAuth, AScopeThatThereIsNotIsSentBackAsInvalid) {
  const std::string cookie = signed_in();
  for (const std::string& wrong : {std::string("mcp everything"), std::string("users"), std::string(600, 'x')}) {
    const auto answer = get(query_of(wish({{"scope", wrong}})), cookie);
    EXPECT_EQ(answer.status, 303) << answer.body;
    EXPECT_EQ(parameter_of(answer.get_header_value("Location"), "error"), "invalid_scope") << wrong;
  }
}

TEST_F(OAuth, ARefreshKeepsOrNarrowsAndNeverWidens) {
  const Parameters first = tokens_of(signed_in(), {{"scope", "skills:read skills:call mcp"}});
  const std::string refresh_token = first.at("refresh_token");
  for (const char* wider : {"skills:read chat", "everything", "users"}) {
    const auto answer = refreshed(refresh_token, {{"scope", wider}});
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(error_in(answer), "invalid_scope") << wider;
  }
  const Parameters narrow = texts_in(refreshed(refresh_token, {{"scope", "skills:read mcp"}}));
  EXPECT_EQ(narrow.at("scope"), "skills:read mcp");
  EXPECT_EQ(at_mcp(narrow.at("access_token"), tool_call).status, 403);
  const Parameters again = texts_in(refreshed(narrow.at("refresh_token")));
  EXPECT_EQ(again.at("scope"), "skills:read skills:call mcp") << "what was allowed, and no more";
  EXPECT_EQ(status_with(again.at("access_token")), 403);
}

TEST_F(OAuth, AProgramThatAsksForAccountsIsToldSoAtOnce) {
  const auto began = std::chrono::steady_clock::now();
  const std::string token = tokens().at("access_token");
  // A program that was allowed before scopes existed.
  Claims claims;
  claims.principal = {PrincipalType::user, "alice", "alice"};
  claims.jti = "program-old";
  claims.issued_at = std::chrono::floor<std::chrono::seconds>(SystemClock().wall_now());
  claims.expires_at = claims.issued_at + 1h;
  const std::string old = issue_token(hub_.files().keys(), claims).value();
  for (const std::string& one : {token, old}) {
    const auto answer = answered(door_.client(one).Post("/api/v1/users/quota", "{}", "application/json"));
    EXPECT_EQ(answer.status, 403) << answer.body;
    EXPECT_THAT(answer.get_header_value("WWW-Authenticate"), HasSubstr("scope=\"users\""));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
}

struct BehindAProxy : OAuth {
  BehindAProxy() : OAuth("[http]\npublic_url = \"https://hub.example\"\n[log]\nlevel = \"debug\"\n") {}
};

TEST_F(BehindAProxy, TheDoorIsKnownByItsPublicUrlAndTheCookieIsSecure) {
  EXPECT_EQ(json::parse(get("/.well-known/oauth-authorization-server").body).at("issuer"), "https://hub.example");
  const auto answer = post("/oauth/login", {{"token", login_link()}});
  EXPECT_THAT(answer.get_header_value("Set-Cookie"),
              testing::AllOf(testing::StartsWith("__Host-"), HasSubstr("; Secure"), HasSubstr("Path=/;")));
  const std::string location = decided(cookie_in(answer), "allow", {{"resource", "https://hub.example/mcp"}});
  EXPECT_EQ(parameter_of(location, "iss"), "https://hub.example");
  EXPECT_EQ(exchange(parameter_of(location, "code")).status, 200);
  EXPECT_THAT(at_mcp("not-a-token").get_header_value("WWW-Authenticate"),
              testing::AllOf(HasSubstr("error=\"invalid_token\""), HasSubstr("=\"https://hub.example/.well-known/")));
  EXPECT_THAT(door_.log(), Not(HasSubstr(parameter_of(location, "code"))));
}

struct WithoutOAuth : testing::Test {};

TEST_F(WithoutOAuth, NothingOfItIsThere) {
  HubProcess hub;
  GatewayProcess door(hub, "[oauth]\nenabled = false\n");
  for (const char* path : {"/.well-known/oauth-authorization-server", "/oauth/authorize", "/oauth/login"})
    EXPECT_EQ(door.client("").Get(path)->status, 404);
  const auto refused = door.client("").Post("/mcp", "{}", "application/json");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->get_header_value("WWW-Authenticate"), "Bearer");
}

}  // namespace
}  // namespace strawberry::test
