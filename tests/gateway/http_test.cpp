/// The web door before a whole hub: OpenAI's API and REST, and malicious clients.
#include <gmock/gmock.h>

#include <fstream>
#include <thread>

#include "tests/gateway/web_door.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class WebDoor : public WebDoorTest {
 protected:
  using WebDoorTest::WebDoorTest;
  /// A token with a wrong signature: another one for each number.
  std::string forged(int number) const {
    std::string made = token();
    const auto letter = [](int of) { return static_cast<char>('a' + of); };
    made[made.size() - 3] = letter(number % 20);
    made[made.size() - 2] = letter(number / 20);
    return made;
  }
  static json chat(const std::string& words, bool stream = false) {
    return {{"messages", {{{"role", "user"}, {"content", words}}}}, {"stream", stream}};
  }
  static std::vector<std::string> events(const std::string& body) {
    std::vector<std::string> all;
    for (std::size_t at = 0; at < body.size();) {
      const std::size_t end = body.find("\n\n", at);
      const std::string event = body.substr(at, end - at);
      if (event.rfind("data: ", 0) == 0) all.push_back(event.substr(6));
      at = end == std::string::npos ? body.size() : end + 2;
    }
    return all;
  }
  /// A device with one skill; the test answers its next call.
  std::unique_ptr<Spoke> lamp() {
    auto lamp = hub_.device("Lamp");
    lamp->offer("LampSkill", {"turn_on(level: int = 100) -> str"});
    return lamp;
  }
};

TEST_F(WebDoor, AnswersAChatAsOpenAiDoes) {
  const auto answer = post("/v1/chat/completions", chat("hello"));
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json body = json::parse(answer.body);
  EXPECT_EQ(body.at("object"), "chat.completion");
  EXPECT_EQ(body.at("choices")[0].at("message").at("role"), "assistant");
  EXPECT_THAT(body.at("choices")[0].at("message").at("content").get<std::string>(), HasSubstr("hello"));
}

TEST_F(WebDoor, StreamsAChatAsOpenAiDoes) {
  json request = chat("one two three", true);
  request["stream_options"] = {{"include_usage", true}};
  const auto answer = post("/v1/chat/completions", request);
  EXPECT_EQ(answer.get_header_value("Content-Type"), "text/event-stream; charset=utf-8");
  const auto all = events(answer.body);
  ASSERT_GE(all.size(), 3u);
  EXPECT_EQ(all.back(), "[DONE]");
  const json usage = json::parse(all[all.size() - 2]);
  EXPECT_TRUE(usage.at("choices").empty());
  EXPECT_TRUE(usage.at("usage").is_object());
  std::string words;
  std::set<std::string> ids;
  for (std::size_t i = 0; i + 2 < all.size(); ++i) {
    const json chunk = json::parse(all[i]);
    ids.insert(chunk.at("id").get<std::string>());
    words += chunk.at("choices")[0].at("delta").value("content", "");
  }
  EXPECT_THAT(words, HasSubstr("one two three"));
  EXPECT_EQ(ids.size(), 1u);
}

TEST_F(WebDoor, AsksForAStreamOnlyWhenItsClientDoes) {
  EXPECT_EQ(post("/v1/chat/completions", chat("hi")).status, 200);
  EXPECT_EQ(post("/api/v1/chat/complete", chat("hi")).status, 200);
  for (const StubRequest& asked : model_.requests()) EXPECT_NE(asked.body.value("stream", json()), true);
  EXPECT_EQ(post("/v1/chat/completions", chat("hi", true)).status, 200);
  EXPECT_EQ(model_.requests().back().body.value("stream", json()), true);
}

TEST_F(WebDoor, RunsSkillsBehindTheScenes) {
  model_.otherwise(stub_calling("turn_on", {{"level", 5}}));
  auto device = lamp();
  std::thread answers([&] {
    if (const auto call = device->next_call()) device->answer(*call, "it is on");
  });
  const auto answer = post("/v1/chat/completions", chat("light please"));
  answers.join();
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(model_.requests().back().body.dump(), HasSubstr("it is on"));
}

TEST_F(WebDoor, PassesTheClientsOwnToolsThrough) {
  json request = chat("weather?");
  request["tools"] = {
      {{"type", "function"}, {"function", {{"name", "get_weather"}, {"parameters", {{"type", "object"}}}}}}};
  model_.otherwise(stub_calling("get_weather", json::object()));
  const auto answer = post("/v1/chat/completions", request);
  const json choice = json::parse(answer.body).at("choices")[0];
  EXPECT_EQ(choice.at("finish_reason"), "tool_calls");
  EXPECT_EQ(choice.at("message").at("tool_calls")[0].at("function").at("name"), "get_weather");
}

TEST_F(WebDoor, CancelsTheChatOfAClientThatLeaves) {
  model_.otherwise([](const StubRequest&) { return StubAnswer::tokens(1'000, 20); });
  {
    RawHttp client(door_.port());
    const std::string body = chat("a long story").dump();
    client.send("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + token() +
                "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    for (int i = 0; i < 200 && model_.requests().empty(); ++i) std::this_thread::sleep_for(10ms);
    ASSERT_EQ(model_.requests().size(), 1u);
  }
  for (int i = 0; i < 300 && model_.clients_gone() == 0; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(model_.clients_gone(), 1u);
}

TEST_F(WebDoor, SaysOpenAisErrors) {
  const auto none = answered(door_.client("").Post("/v1/chat/completions", "{}", "application/json"));
  EXPECT_EQ(none.status, 401);
  EXPECT_EQ(none.get_header_value("WWW-Authenticate"), "Bearer");
  EXPECT_EQ(json::parse(none.body).at("error").at("type"), "authentication_error");
  const auto no_json = answered(door_.client(token()).Post("/v1/chat/completions", "{", "application/json"));
  EXPECT_EQ(no_json.status, 400);
  const auto wrong = post("/v1/chat/completions", {{"messages", "hello"}});
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(json::parse(wrong.body).at("error").at("param"), "messages");
  EXPECT_EQ(json::parse(post("/v1/chat/completions", json::object()).body).at("error").at("param"), "messages");
  model_.otherwise([](const StubRequest&) { return StubAnswer::http(401, "{}"); });
  const auto down = post("/v1/chat/completions", chat("hello"));
  EXPECT_TRUE(down.status == 502 || down.status == 200) << down.body;  // the built-in rules may answer
}

TEST_F(WebDoor, ListsModels) {
  const auto list = answered(door_.client(token()).Get("/v1/models"));
  ASSERT_EQ(list.status, 200) << list.body;
  const json body = json::parse(list.body);
  EXPECT_EQ(body.at("object"), "list");
  EXPECT_EQ(body.at("data")[0].at("id"), "stub");
  EXPECT_EQ(answered(door_.client(token()).Get("/v1/models/stub")).status, 200);
  EXPECT_EQ(answered(door_.client(token()).Get("/v1/models/none")).status, 404);
}

TEST_F(WebDoor, HasEveryOperationAsRest) {
  auto device = lamp();
  auto client = door_.client(token());
  EXPECT_EQ(json::parse(answered(client.Get("/api/v1/devices")).body).at("total"), 1);
  EXPECT_EQ(json::parse(answered(client.Get("/api/v1/devices/lamp")).body).at("name"), "Lamp");
  EXPECT_EQ(answered(client.Get("/api/v1/devices/nobody")).status, 404);
  EXPECT_EQ(json::parse(answered(client.Get("/api/v1/skills/search?query=turn")).body).at("total"), 1);
  std::thread answers([&] {
    if (const auto call = device->next_call()) device->answer(*call, "on");
  });
  const auto called = post("/api/v1/skills/call", {{"skill_path", "LampSkill.turn_on"}, {"kwargs", {{"level", 7}}}});
  answers.join();
  EXPECT_EQ(called.status, 200);
  EXPECT_EQ(called.body, "\"on\"");
  const auto session = post("/api/v1/sessions", {{"title", "Plans"}});
  ASSERT_EQ(session.status, 201) << session.body;
  const auto id = json::parse(session.body).at("session_id").get<std::string>();
  EXPECT_EQ(post("/api/v1/sessions/" + id + "/messages", {{"role", "user"}, {"content", "x"}}).status, 201);
  EXPECT_EQ(
      json::parse(answered(client.Get("/api/v1/sessions/" + id + "/messages?limit=5")).body).at("messages").size(), 1u);
  EXPECT_EQ(answered(client.Get("/api/v1/sessions/" + id + "/messages?limit=many")).status, 400);
  EXPECT_EQ(answered(client.Delete("/api/v1/sessions/" + id)).status, 200);
  EXPECT_EQ(answered(client.Get("/api/v1/sessions/" + id)).status, 404);
  EXPECT_EQ(post("/api/v1/skills/nothing", json::object()).status, 405);  // GET describes the skill of that name
  EXPECT_EQ(post("/api/v1/chat/nothing", json::object()).status, 404);
  EXPECT_EQ(post("/api/v1/nothing/list", json::object()).status, 404);
}

TEST_F(WebDoor, GivesAnIdempotencyKeyToTheHub) {
  auto device = lamp();
  int calls = 0;
  std::thread answers([&] {
    while (const auto call = device->next_call(1s)) {
      ++calls;
      device->answer(*call, "on");
    }
  });
  auto client = door_.client(token());
  const httplib::Headers key{{"Idempotency-Key", "press-1"}};
  for (int i = 0; i < 2; ++i) {
    const auto answer =
        answered(client.Post("/api/v1/skills/call", key, R"({"skill_path":"LampSkill.turn_on"})", "application/json"));
    EXPECT_EQ(answer.status, 200) << answer.body;
  }
  answers.join();
  EXPECT_EQ(calls, 1);
}

TEST_F(WebDoor, KeepsUsersApart) {
  auto device = lamp();
  auto bob = door_.client(token("bob"));
  EXPECT_EQ(json::parse(answered(bob.Get("/api/v1/devices")).body).at("total"), 0);
  EXPECT_EQ(answered(bob.Get("/api/v1/devices/lamp")).status, 404);
  const auto foreign = answered(bob.Get("/api/v1/devices?user_id=alice"));
  EXPECT_EQ(foreign.status, 403) << foreign.body;
}

TEST_F(WebDoor, ACallThatFailsIsNeverAStatusThatClientsRepeat) {
  auto device = lamp();
  std::thread answers([&] {
    const auto call = device->next_call();
    if (call)
      device->answer_raw(
          json{{"correlation_id", call->at("correlation_id")}, {"success", false}, {"error", "broken"}}.dump());
  });
  const auto failed = post("/api/v1/skills/call", {{"skill_path", "LampSkill.turn_on"}});
  answers.join();
  EXPECT_EQ(failed.status, 424);
  const auto late = post("/api/v1/skills/call", {{"skill_path", "LampSkill.turn_on"}, {"timeout_ms", 200}});
  EXPECT_EQ(late.status, 424) << late.body;
  EXPECT_EQ(json::parse(late.body).at("error").at("code"), "timeout");
}

TEST_F(WebDoor, RefusesBadTokensAndLimitsThemByAddress) {
  const auto wrong = forged(80);
  EXPECT_EQ(answered(door_.client(wrong).Get("/api/v1/devices")).status, 401);
  EXPECT_EQ(answered(door_.client("x").Get("/api/v1/devices")).status, 401);
  const auto short_lived = hub_.files().token({PrincipalType::user, "alice", "alice"}, 1s);
  std::this_thread::sleep_for(1'100ms);
  EXPECT_EQ(answered(door_.client(short_lived).Get("/api/v1/devices")).status, 401);
  int limited = 0;
  for (int i = 0; i < 80; ++i) {
    if (answered(door_.client(forged(i)).Get("/api/v1/devices")).status == 429) ++limited;
  }
  EXPECT_GT(limited, 0);
  EXPECT_THAT(door_.log(), Not(HasSubstr(wrong)));
}

class WebDoorBehindAProxy : public WebDoor {
 protected:
  WebDoorBehindAProxy() : WebDoor("[http]\nproxies = [\"127.0.0.0/8\"]\norigins = [\"https://dashboard.example\"]\n") {}
  httplib::Response get_for(const std::string& client, const std::string& bearer, const std::string& path) {
    return answered(door_.client(bearer).Get(path, {{"X-Forwarded-For", client}}));
  }
};

TEST_F(WebDoorBehindAProxy, LimitsRefusedTokensByTheClientsOwnAddress) {
  const auto tries = [&](const std::string& address) {
    int limited = 0;
    for (int i = 0; i < 80; ++i) {
      if (get_for(address, forged(i), "/api/v1/devices").status == 429) ++limited;
    }
    return limited;
  };
  EXPECT_GT(tries("198.51.100.7"), 0);
  EXPECT_EQ(get_for("198.51.100.8", forged(80), "/api/v1/devices").status, 401) << "another client of the same proxy";
}

TEST_F(WebDoorBehindAProxy, ShowsMetricsToThisMachineOnly) {
  EXPECT_EQ(get_for("127.0.0.1", "", "/metrics").status, 200);
  EXPECT_EQ(get_for("198.51.100.7", "", "/metrics").status, 403);
}

TEST_F(WebDoorBehindAProxy, LetsAConfiguredPageAskAndRead) {
  const httplib::Headers page{{"Origin", "https://dashboard.example"}};
  auto preflight = page;
  preflight.emplace("Access-Control-Request-Method", "POST");
  preflight.emplace("Access-Control-Request-Headers", "authorization, content-type, x-stainless-lang");
  const auto permitted = answered(door_.client("").Options("/v1/chat/completions", preflight));
  EXPECT_EQ(permitted.status, 204);
  EXPECT_EQ(permitted.get_header_value("Access-Control-Allow-Origin"), "https://dashboard.example");
  EXPECT_EQ(permitted.get_header_value("Access-Control-Allow-Methods"), "POST");
  EXPECT_EQ(permitted.get_header_value("Access-Control-Allow-Headers"),
            "authorization, content-type, x-stainless-lang");
  EXPECT_FALSE(permitted.has_header("Access-Control-Allow-Credentials"));

  const auto whole =
      answered(door_.client(token()).Post("/v1/chat/completions", page, chat("hello").dump(), "application/json"));
  EXPECT_EQ(whole.status, 200);
  EXPECT_EQ(whole.get_header_value("Access-Control-Allow-Origin"), "https://dashboard.example");
  const auto streamed = answered(
      door_.client(token()).Post("/v1/chat/completions", page, chat("hello", true).dump(), "application/json"));
  EXPECT_EQ(streamed.get_header_value("Access-Control-Allow-Origin"), "https://dashboard.example");
  EXPECT_EQ(answered(door_.client("").Get("/api/v1/devices", page)).get_header_value("Access-Control-Allow-Origin"),
            "https://dashboard.example")
      << "the page's script reads why it was refused";

  const httplib::Headers stranger{{"Origin", "https://evil.example"}, {"Access-Control-Request-Method", "POST"}};
  const auto refused = answered(door_.client("").Options("/v1/chat/completions", stranger));
  EXPECT_EQ(refused.status, 403);
  EXPECT_FALSE(refused.has_header("Access-Control-Allow-Origin"));
}

TEST_F(WebDoor, ARevokedTokenEndsAtOnce) {
  auto lamp = hub_.device("Lamp");
  const auto device = hub_.files().device_token("lamp", "alice");
  EXPECT_EQ(answered(door_.client(device).Get("/api/v1/devices/me")).status, 200);
  auto admin = hub_.admin();
  admin->result_of("devices", {{"op", "revoke"}, {"device_id", "lamp"}});
  int status = 0;
  for (int i = 0; i < 40 && status != 401; ++i) {
    std::this_thread::sleep_for(100ms);
    status = answered(door_.client(device).Get("/api/v1/devices/me")).status;
  }
  EXPECT_EQ(status, 401);
}

TEST_F(WebDoor, ComesBackAfterTheBroker) {
  EXPECT_EQ(answered(door_.client(token()).Get("/api/v1/devices")).status, 200);
  hub_.broker().kill();
  hub_.broker().start();
  hub_.wait_until_serving();
  int status = 0;
  for (int i = 0; i < 50 && status != 200; ++i) {
    const auto answer = answered(door_.client(token()).Get("/api/v1/devices"));
    status = answer.status;
    EXPECT_TRUE(status == 200 || status == 503) << answer.body;
    if (status != 200) std::this_thread::sleep_for(100ms);
  }
  EXPECT_EQ(status, 200);
}

TEST_F(WebDoor, OfAHubThatIsDownIsUnavailable) {
  EXPECT_EQ(answered(door_.client(token()).Get("/api/v1/devices")).status, 200);
  hub_.stop_bridge();
  const auto answer = answered(door_.client(token()).Get("/api/v1/devices"));
  EXPECT_EQ(answer.status, 503) << answer.body;
  EXPECT_FALSE(answer.get_header_value("Retry-After").empty());
  EXPECT_EQ(answered(door_.client("").Get("/health")).status, 200);
}

TEST_F(WebDoor, CancelsTheHubsOwnStreamsAndChatsToo) {
  model_.otherwise([](const StubRequest&) { return StubAnswer::tokens(1'000, 20); });
  std::size_t left = 0;
  for (const std::string& path : {std::string("/api/v1/chat/complete?stream"), std::string("/api/v1/chat/complete")}) {
    {
      RawHttp client(door_.port());
      const std::string body = json{{"messages", {{{"role", "user"}, {"content", "a long story"}}}}}.dump();
      client.send("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + token() +
                  "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
      for (int i = 0; i < 200 && model_.requests().size() <= left; ++i) std::this_thread::sleep_for(10ms);
      ASSERT_GT(model_.requests().size(), left);
    }
    ++left;
    for (int i = 0; i < 300 && model_.clients_gone() < left; ++i) std::this_thread::sleep_for(10ms);
    EXPECT_EQ(model_.clients_gone(), left) << path;
  }
}

TEST_F(WebDoor, AChatThatFailsAfterASkillRanIsNotRepeated) {
  auto device = lamp();
  int asked = 0;
  model_.otherwise([&](const StubRequest& request) {
    return ++asked == 1 ? stub_calling("turn_on", {{"level", 5}})(request) : StubAnswer::http(500, "{}");
  });
  for (const std::string& path : {std::string("/api/v1/chat/complete"), std::string("/v1/chat/completions"),
                                  std::string("/api/v1/chat/completions")}) {
    asked = 0;
    std::thread answers([&] {
      if (const auto call = device->next_call()) device->answer(*call, "it is on");
    });
    const auto answer = post(path, {{"messages", {{{"role", "user"}, {"content", "light"}}}}});
    answers.join();
    EXPECT_EQ(answer.status, 424) << path << answer.body;
  }
}

TEST_F(WebDoor, ABridgeThatDiesLeavesNobodyWaiting) {
  model_.otherwise([](const StubRequest&) { return StubAnswer::hang(); });
  std::thread kills([&] {
    for (int i = 0; i < 300 && model_.requests().empty(); ++i) std::this_thread::sleep_for(10ms);
    hub_.kill_bridge();
  });
  const auto begun = std::chrono::steady_clock::now();
  const auto answer = post("/v1/chat/completions", chat("hello"));
  kills.join();
  EXPECT_EQ(answer.status, 503) << answer.body;
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 8s);
}

TEST_F(WebDoor, OneKeyForTwoRequestsAtOnceMixesNothingUp) {
  auto device = lamp();
  const httplib::Headers key{{"Idempotency-Key", "press-1"}};
  httplib::Response slow;
  std::thread first([&] {
    slow = answered(door_.client(token()).Post("/api/v1/skills/call", key, R"({"skill_path":"LampSkill.turn_on"})",
                                               "application/json"));
  });
  const auto call = device->next_call();
  ASSERT_TRUE(call);
  auto client = door_.client(token());
  const auto other_service = answered(client.Post("/api/v1/sessions/list", key, "{}", "application/json"));
  EXPECT_EQ(other_service.status, 200) << other_service.body;
  const auto other_body = answered(
      client.Post("/api/v1/skills/call", key, R"({"skill_path":"LampSkill.turn_on","args":[7]})", "application/json"));
  EXPECT_EQ(other_body.status, 400) << other_body.body;
  device->answer(*call, "on");
  first.join();
  EXPECT_EQ(slow.status, 200) << slow.body;
}

TEST_F(WebDoor, RefusesAKeyThatIsNone) {
  for (const std::string& bad : {std::string(129, 'k'), std::string("k\xff")}) {
    const httplib::Headers key{{"Idempotency-Key", bad}};
    auto client = door_.client(token());
    EXPECT_EQ(answered(client.Post("/api/v1/sessions/list", key, "{}", "application/json")).status, 400);
    EXPECT_EQ(answered(client.Post("/v1/chat/completions", key, chat("x").dump(), "application/json")).status, 400);
  }
  EXPECT_EQ(post("/api/v1/sessions/list", {{"correlation_id", std::string(129, 'k')}}).status, 400);
  EXPECT_EQ(post("/api/v1/sessions/list", {{"correlation_id", 7}}).status, 400);
}

TEST_F(WebDoor, StreamsToOldClientsUntilItCloses) {
  RawHttp client(door_.port());
  const std::string body = chat("one two", true).dump();
  client.send("POST /v1/chat/completions HTTP/1.0\r\nConnection: keep-alive\r\nAuthorization: Bearer " + token() +
              "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  const std::string answer = client.read(2s);
  EXPECT_THAT(answer, Not(HasSubstr("chunked")));
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
  EXPECT_THAT(answer, HasSubstr("\r\n\r\ndata: {"));
  EXPECT_THAT(answer, testing::EndsWith("data: [DONE]\n\n"));
  EXPECT_TRUE(client.is_closed());
}

TEST_F(WebDoor, LetsRequestsEndBeforeItStops) {
  model_.otherwise([](const StubRequest& request) {
    StubAnswer answer = stub_echo(request);
    answer.delay = 1s;
    return answer;
  });
  std::thread stops([&] {
    for (int i = 0; i < 300 && model_.requests().empty(); ++i) std::this_thread::sleep_for(10ms);
    EXPECT_EQ(door_.stop(), 0);
  });
  const auto answer = post("/v1/chat/completions", chat("hello"));
  stops.join();
  EXPECT_EQ(answer.status, 200) << answer.body;
}

TEST_F(WebDoor, AnswersWhatStopsItsWaiting) {
  model_.otherwise([](const StubRequest&) { return StubAnswer::hang(); });
  std::thread stops([&] {
    for (int i = 0; i < 300 && model_.requests().empty(); ++i) std::this_thread::sleep_for(10ms);
    EXPECT_EQ(door_.stop(), 0);
  });
  const auto answer = post("/v1/chat/completions", chat("hello"));
  stops.join();
  EXPECT_EQ(answer.status, 503) << answer.body;
}

TEST_F(WebDoor, SaysWhatAPathTakes) {
  const auto wrong = answered(door_.client(token()).Delete("/v1/models"));
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.get_header_value("Allow"), "GET");
  EXPECT_EQ(answered(door_.client(token()).Get("/nothing")).status, 404);
  EXPECT_EQ(answered(door_.client("").Head("/health")).status, 200);
}

TEST_F(WebDoor, StopsInOrder) {
  EXPECT_EQ(answered(door_.client(token()).Get("/api/v1/devices")).status, 200);
  const auto file = (hub_.files().directory().path() / "http-endpoint").string();
  EXPECT_TRUE(std::filesystem::exists(file));
  EXPECT_EQ(door_.stop(), 0) << door_.log();
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST(AGatewayThatIsAsked, SaysWhatIsWrongWithItsConfiguration) {
  const TempDir directory;
  const std::string path = directory.file("gateway.toml");
  const auto checked = [&](const std::string& text) -> std::pair<int, std::string> {
    std::ofstream(path, std::ios::trunc) << text;
    ChildProcess::Options options;
    options.argv = {STRAWBERRY_GATEWAY_PATH, "--check", "--config", path};
    ChildProcess gateway(std::move(options));
    const int code = gateway.wait_for_exit(10s).value_or(-1);
    return {code, gateway.output()};
  };
  EXPECT_EQ(checked("[http]\nport = 8081\n"), std::pair(0, path + " is good\n"));
  EXPECT_EQ(
      checked("[http]\nport = true\nprot = 1\n"),
      std::pair(1, path + ": http.port must be an integer from 0 to 65535\n" + path + ": unknown key: http.prot\n"));
}

std::string raw_get(const std::string& path, const std::string& more = {}) {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n";
}

TEST_F(WebDoor, TakesOneRequestAfterTheOther) {
  RawHttp client(door_.port());
  client.send(raw_get("/health") + raw_get("/nothing") + raw_get("/health"));
  const std::string answers = client.read();
  EXPECT_EQ(answers.find("HTTP/1.1 200"), 0u);
  EXPECT_NE(answers.find("HTTP/1.1 404"), std::string::npos);
  EXPECT_NE(answers.rfind("HTTP/1.1 200"), 0u);
  EXPECT_FALSE(client.is_closed());
}

TEST_F(WebDoor, RefusesWhatIsSmuggled) {
  const std::string smuggled = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
  for (const std::string& request : {
           std::string("POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: "
                       "chunked\r\n\r\n0\r\n\r\n"),
           std::string(
               "POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
           std::string("POST /health HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
           std::string("POST /health HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\nContent-Length: "
                       "3\r\n\r\nabc"),
           std::string("GET /health HTTP/1.1\nHost: localhost\n\n"),
           std::string("GET /health HTTP/1.1\r\nHost : localhost\r\n\r\n"),
           std::string("GET /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n"),
           std::string("GET  /health HTTP/1.1\r\nHost: localhost\r\n\r\n"),
           std::string("GET /health HTTP/9.9\r\nHost: localhost\r\n\r\n"),
           std::string("\x16\x03\x01 this is TLS\r\n\r\n"),
       }) {
    RawHttp client(door_.port());
    client.send(request + smuggled);
    const std::string answer = client.read(2s);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400")) << request << "\n" << answer;
    EXPECT_TRUE(client.is_closed()) << request;
    EXPECT_THAT(answer, Not(HasSubstr("404"))) << request;
  }
  EXPECT_EQ(answered(door_.client("").Get("/health")).status, 200);
}

TEST_F(WebDoor, RefusesTricksWithPathsHostsAndOrigins) {
  for (const std::string& target : {std::string("/../etc/passwd"), std::string("/%2e%2e/x"), std::string("/a%00b"),
                                    std::string("http://evil.example/"), std::string("*")}) {
    RawHttp client(door_.port());
    client.send(raw_get(target));
    EXPECT_THAT(client.read(), StartsWith("HTTP/1.1 400")) << target;
  }
  RawHttp rebound(door_.port());
  rebound.send("GET /health HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  EXPECT_THAT(rebound.read(), StartsWith("HTTP/1.1 403"));
  RawHttp page(door_.port());
  page.send(raw_get("/health", "Origin: https://evil.example\r\n"));
  EXPECT_THAT(page.read(), StartsWith("HTTP/1.1 403"));
  RawHttp two(door_.port());
  two.send(raw_get("/health", "Host: 127.0.0.1\r\n"));
  EXPECT_THAT(two.read(), StartsWith("HTTP/1.1 400"));
}

TEST_F(WebDoor, RefusesWhatIsTooLarge) {
  RawHttp headers(door_.port());
  headers.send("GET /health HTTP/1.1\r\nHost: localhost\r\nX-Long: " + std::string(64 * 1024, 'x') + "\r\n\r\n");
  EXPECT_THAT(headers.read(2s), StartsWith("HTTP/1.1 431"));
  const auto body =
      answered(door_.client(token()).Post("/api/v1/skills/search", std::string(300 * 1024, 'x'), "application/json"));
  EXPECT_EQ(body.status, 413);
  const auto openai =
      answered(door_.client(token()).Post("/v1/chat/completions", std::string(300 * 1024, 'x'), "application/json"));
  EXPECT_EQ(openai.status, 413);
  EXPECT_EQ(json::parse(openai.body).at("error").at("type"), "invalid_request_error");
  RawHttp chunked(door_.port());
  chunked.send("POST /api/v1/skills/search HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 40; ++i) {
    if (!chunked.send("2000\r\n" + std::string(0x2000, 'x') + "\r\n")) break;
  }
  EXPECT_THAT(chunked.read(2s), StartsWith("HTTP/1.1 413"));
  const std::string deep(1'000, '[');
  EXPECT_EQ(answered(door_.client(token()).Post("/api/v1/skills/search", deep, "application/json")).status, 400);
}

class HurriedWebDoor : public WebDoor {
 protected:
  HurriedWebDoor()
      : WebDoor(
            "[http]\nheader_timeout_ms = 300\nbody_timeout_ms = 300\nidle_timeout_ms = 4000\nconnections_max = 20\n") {}
};

TEST_F(HurriedWebDoor, GivesUpSlowClients) {
  RawHttp headers(door_.port());
  headers.send("GET /health HT");
  EXPECT_THAT(headers.read(3s), StartsWith("HTTP/1.1 408"));
  EXPECT_TRUE(headers.is_closed());
  RawHttp body(door_.port());
  body.send("POST /api/v1/skills/search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf");
  EXPECT_THAT(body.read(3s), StartsWith("HTTP/1.1 408"));
  RawHttp idle(door_.port());
  EXPECT_EQ(idle.read(6s), "");
  EXPECT_TRUE(idle.is_closed());
}

TEST_F(HurriedWebDoor, AnswersMoreConnectionsThanItTakes) {
  std::vector<std::unique_ptr<RawHttp>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<RawHttp>(door_.port()));
    clients.back()->send(raw_get("/health"));
    EXPECT_THAT(clients.back()->read(100ms), StartsWith("HTTP/1.1 200"));
  }
  RawHttp one_more(door_.port());
  EXPECT_THAT(one_more.read(), StartsWith("HTTP/1.1 503"));
  clients.clear();
  std::this_thread::sleep_for(300ms);
  EXPECT_EQ(answered(door_.client("").Get("/health")).status, 200);
}

}  // namespace
}  // namespace strawberry::test
