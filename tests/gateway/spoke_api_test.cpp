/// A Spoke of the Python hub, with its client's requests, before the web door of a whole hub; and the other WebSockets.
#include <gmock/gmock.h>

#include <thread>

#include "tests/gateway/web_door.h"
#include "tests/gateway/ws_client.h"
#include "tests/support/wire_client.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class SpokeApi : public testing::Test {
 protected:
  struct Answer {
    int status = 0;
    json body;
    std::string text;
  };
  Answer ask(const std::string& method, const std::string& path, const json& body = nullptr, std::string device = {},
             std::string version = "v1") {
    httplib::Request request;
    request.method = method;
    request.path = path;
    request.headers = {{"X-Protocol-Version", version}};
    if (!device.empty()) request.headers.emplace("X-Device-Id", device);
    if (!body.is_null()) {
      request.body = body.dump();
      request.headers.emplace("Content-Type", "application/json");
    }
    const auto result = door_.client(token_).send(request);
    if (!result) throw std::runtime_error("no answer to " + path);
    Answer answer;
    answer.status = result->status;
    answer.text = result->body;
    answer.body = json::parse(result->body, nullptr, false);
    return answer;
  }
  std::string register_device(const std::string& name) {
    const auto answer = ask("POST", "/api/devices/register", {{"device_name", name}});
    EXPECT_EQ(answer.status, 200) << answer.text;
    return answer.body.at("device_id").get<std::string>();
  }
  std::unique_ptr<WsClient> socket_of(const std::string& device) {
    return std::make_unique<WsClient>(door_.port(), "/ws/device?token=" + token_ + "&device_id=" + device);
  }
  static json skills() {
    return {{"skills",
             {{{"class_name", "LampSkill"},
               {"function_name", "turn_on"},
               {"signature", "turn_on(level: int = 100) -> str"},
               {"docstring", nullptr},
               {"device_agnostic", false}}}}};
  }
  static std::vector<json> events(const std::string& body) {
    std::vector<json> all;
    for (std::size_t at = 0; at < body.size();) {
      const std::size_t end = body.find("\n\n", at);
      if (body.compare(at, 6, "data: ") == 0) all.push_back(json::parse(body.substr(at + 6, end - at - 6)));
      at = end + 2;
    }
    return all;
  }

  StubLlm model_;
  HubProcess hub_{hub_with(model_)};
  GatewayProcess door_{hub_};
  std::string token_ = hub_.files().user_token("alice");
};

TEST_F(SpokeApi, ConnectsAsTheClientDoes) {
  EXPECT_EQ(ask("GET", "/health").status, 200);
  const auto me = ask("GET", "/auth/me");
  EXPECT_EQ(me.body.at("user_id"), "alice");
  const std::string id = register_device("Kitchen PC");
  EXPECT_EQ(ask("GET", "/auth/me", nullptr, id).body.at("name"), "Kitchen PC");
  const auto registered = ask("POST", "/skills/register", skills(), id);
  EXPECT_EQ(registered.body, (json{{"message", "Registered 1 skills"}, {"device_id", id}})) << registered.text;
  EXPECT_EQ(ask("POST", "/skills/heartbeat", nullptr, id).body.at("message"), "Heartbeat updated for 1 skills");
  auto socket = socket_of(id);
  ASSERT_EQ(socket->status(), 101);
  socket->send(R"({"type":"ping"})");
  EXPECT_EQ(socket->read(), R"({"type":"pong"})");
  const auto found = ask("GET", "/api/device-discovery").body.at("devices");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].at("is_active"), true);
  const auto again = ask("POST", "/api/devices/register", {{"device_name", "Kitchen PC"}, {"device_id", id}});
  EXPECT_EQ(again.body.at("device_id"), id);
  EXPECT_EQ(again.body.at("display_name"), "Kitchen PC");
}

TEST_F(SpokeApi, CallsGoFromSpokeToSpoke) {
  const std::string lamp = register_device("Lamp");
  const std::string tablet = register_device("Tablet");
  ask("POST", "/skills/register", skills(), lamp);
  auto socket = socket_of(lamp);
  ASSERT_EQ(socket->status(), 101);
  std::thread spoke([&] {
    for (int i = 0; i < 2; ++i) {
      const auto asked = socket->read();
      if (!asked) return;
      const json request = json::parse(*asked);
      EXPECT_EQ(request.at("type"), "skill_request");
      EXPECT_EQ(request.at("skill_name"), "LampSkill");
      EXPECT_EQ(request.at("method_name"), "turn_on");
      EXPECT_EQ(request.at("kwargs"), (json{{"level", 5}}));
      json response{{"type", "skill_response"}, {"request_id", request.at("request_id")}, {"success", i == 0}};
      if (i == 0) response["result"] = "it is on";
      if (i == 1) response["error"] = "no bulb";
      socket->send(response.dump());
    }
  });
  const json call{{"device_name", "lamp"},
                  {"skill_name", "LampSkill"},
                  {"method_name", "turn_on"},
                  {"args", json::array()},
                  {"kwargs", {{"level", 5}}}};
  const auto worked = ask("POST", "/skills/execute", call, tablet);
  EXPECT_EQ(worked.body, (json{{"success", true}, {"result", "it is on"}})) << worked.text;
  const auto failed = ask("POST", "/skills/execute", call, tablet);
  EXPECT_EQ(failed.status, 200);
  EXPECT_EQ(failed.body.at("success"), false);
  EXPECT_THAT(failed.body.at("error").get<std::string>(), HasSubstr("no bulb"));
  spoke.join();
  socket->close();
  json nobody = call;
  nobody["device_name"] = "cellar";
  EXPECT_EQ(ask("POST", "/skills/execute", nobody, tablet).status, 404);
  for (int i = 0; i < 50; ++i) {
    const auto gone = ask("POST", "/skills/execute", call, tablet);
    EXPECT_LT(gone.status, 500) << gone.text;
    if (gone.text.find("offline") != std::string::npos || gone.text.find("connected") != std::string::npos) break;
    std::this_thread::sleep_for(50ms);
  }
}

TEST_F(SpokeApi, ChatsStreamedAndWhole) {
  const std::string id = register_device("Tablet");
  json chat{{"messages", {{{"role", "user"}, {"content", "say this"}}}},
            {"temperature", 0.7},
            {"enable_tools", false},
            {"stream", true},
            {"tool_mode", "native"}};
  const auto streamed = events(ask("POST", "/api/v1/chat/completions", chat, id).text);
  ASSERT_GE(streamed.size(), 3u);
  EXPECT_EQ(streamed.front().at("type"), "content_delta");
  EXPECT_EQ(streamed[streamed.size() - 2].at("type"), "assistant_message");
  EXPECT_THAT(streamed[streamed.size() - 2].at("content").get<std::string>(), HasSubstr("say this"));
  EXPECT_EQ(streamed.back().at("type"), "done");
  chat["stream"] = false;
  chat["tool_mode"] = "python_exec";
  const auto whole = ask("POST", "/api/inference", chat, id);
  EXPECT_EQ(whole.status, 200);
  EXPECT_THAT(whole.body.at("choices")[0].at("message").at("content").get<std::string>(), HasSubstr("say this"));
  EXPECT_TRUE(whole.body.at("choices")[0].at("message").contains("tool_calls"));
}

TEST_F(SpokeApi, HasThePathsOfTheFirstPlanAndOfTheClient) {
  const std::string id = register_device("Tablet");
  const json chat{{"messages", {{{"role", "user"}, {"content", "say this"}}}}};
  for (const char* path : {"/inference", "/api/inference"}) {
    const auto whole = ask("POST", path, chat, id);
    EXPECT_EQ(whole.status, 200) << path << whole.text;
    EXPECT_TRUE(whole.body.at("choices")[0].at("message").contains("tool_calls")) << path;
    json streamed = chat;
    streamed["stream"] = true;
    EXPECT_EQ(events(ask("POST", path, streamed, id).text).back().at("type"), "done") << path;
  }
  const auto session = ask("POST", "/sessions", json::object(), id).body.at("id").get<std::string>();
  for (const auto& [method, path] :
       {std::pair("GET", "/health"), std::pair("GET", "/api/health"), std::pair("GET", "/auth/me"),
        std::pair("GET", "/skills"), std::pair("GET", "/skills?include_expired=false"),
        std::pair("GET", "/skills/search?query=x&device_limit=10"), std::pair("POST", "/skills/heartbeat"),
        std::pair("GET", "/devices"), std::pair("GET", "/api/devices"), std::pair("GET", "/api/device-discovery"),
        std::pair("GET", "/api/device-discovery/me"), std::pair("GET", "/sessions?limit=50&days=30&offset=0"),
        std::pair("GET", "/api/sessions?limit=50&days=30"), std::pair("POST", "/auth/refresh")}) {
    EXPECT_EQ(ask(method, path, nullptr, id).status, 200) << method << " " << path;
  }
  for (const std::string& prefix : {std::string(), std::string("/api")}) {
    EXPECT_EQ(ask("GET", prefix + "/devices/" + id).body.at("name"), "Tablet");
    EXPECT_EQ(ask("GET", prefix + "/sessions/" + session).body.at("id"), session);
    const auto at = prefix + "/sessions/" + session + "/messages";
    EXPECT_EQ(ask("POST", at, {{"role", "user"}, {"content", "hi"}}).status, 200);
    EXPECT_EQ(ask("GET", at).body.at("session_id"), session);
    EXPECT_EQ(ask("PATCH", prefix + "/sessions/" + session, {{"title", "Plans"}}).body.at("title"), "Plans");
  }
  EXPECT_EQ(ask("DELETE", "/sessions/" + session).status, 200);
  const auto registered = ask("POST", "/auth/register", {{"name", "Lamp"}, {"user_id", "alice"}});
  EXPECT_TRUE(registered.body.at("access_token").is_string()) << registered.text;
  EXPECT_EQ(ask("POST", "/api/devices/token", {{"name", "Radio"}}).status, 200);
  const auto odd = ask("GET", "/sessions?limit=many");
  EXPECT_EQ(odd.status, 400);
  EXPECT_EQ(odd.body.at("detail"), "limit is not a whole number");
}

TEST_F(SpokeApi, ShowsToolsOfAChat) {
  const std::string lamp = register_device("Lamp");
  ask("POST", "/skills/register", skills(), lamp);
  auto socket = socket_of(lamp);
  model_.otherwise(stub_calling("turn_on", {{"level", 9}}));
  std::thread spoke([&] {
    const auto asked = socket->read();
    if (!asked) return;
    const json id = json::parse(*asked).at("request_id");
    socket->send(json{{"type", "skill_response"}, {"request_id", id}, {"success", true}, {"result", "lit"}}.dump());
  });
  const json chat{{"messages", {{{"role", "user"}, {"content", "light"}}}}, {"enable_tools", true}, {"stream", true}};
  std::vector<std::string> types;
  for (const json& event : events(ask("POST", "/api/v1/chat/completions", chat).text)) {
    const auto type = event.at("type").get<std::string>();
    if (type != "content_delta") types.push_back(type);
    if (type == "tool_call_started") {
      EXPECT_EQ(event.at("tool_name"), "LampSkill__turn_on");
    }
    if (type == "tool_call_result") {
      EXPECT_EQ(event.at("result"), "lit");
    }
  }
  spoke.join();
  EXPECT_THAT(types, ElementsAre("tool_call_started", "tool_call_result", "assistant_message", "done"));
}

TEST_F(SpokeApi, KeepsSessions) {
  const std::string id = register_device("Tablet");
  const auto made = ask("POST", "/api/sessions", json::object(), id);
  ASSERT_EQ(made.status, 200) << made.text;
  const auto session = made.body.at("id").get<std::string>();
  EXPECT_TRUE(made.body.at("is_active").get<bool>());
  const auto added = ask("POST", "/api/sessions/" + session + "/messages", {{"role", "user"}, {"content", "hi"}}, id);
  EXPECT_EQ(added.body.at("content"), "hi") << added.text;
  EXPECT_EQ(ask("GET", "/sessions/" + session + "/messages", nullptr, id).body.at("messages").size(), 1u);
  EXPECT_EQ(ask("PATCH", "/api/sessions/" + session, {{"title", "Plans"}}, id).body.at("title"), "Plans");
  EXPECT_EQ(ask("GET", "/api/sessions?limit=50&days=30", nullptr, id).body.at("total"), 1);
  EXPECT_EQ(ask("DELETE", "/api/sessions/" + session, nullptr, id).body, (json{{"status", "deleted"}}));
  const auto gone = ask("GET", "/api/sessions/" + session, nullptr, id);
  EXPECT_EQ(gone.status, 404);
  EXPECT_TRUE(gone.body.contains("detail"));
}

TEST_F(SpokeApi, RefusesForeignDevicesAndUnknownVersions) {
  const std::string lamp = register_device("Lamp");
  token_ = hub_.files().user_token("bob");
  const auto foreign = ask("GET", "/skills", nullptr, lamp);
  EXPECT_EQ(foreign.status, 401) << foreign.text;
  EXPECT_EQ(foreign.body.at("detail"), "Device '" + lamp + "' not found");
  EXPECT_EQ(socket_of(lamp)->status(), 403);
  const auto stolen = ask("POST", "/api/devices/register", {{"device_name", "Lamp"}, {"device_id", lamp}});
  EXPECT_EQ(stolen.status, 200);
  EXPECT_NE(stolen.body.at("device_id"), lamp);
  const auto old = ask("GET", "/skills", nullptr, "", "v9");
  EXPECT_EQ(old.status, 400);
  EXPECT_EQ(old.text, "Unsupported protocol version: v9. Supported: v1");
  EXPECT_EQ(ask("POST", "/api/devices/register", {{"device_name", "Lamp"}}, "", "v9").status, 400);
}

TEST_F(SpokeApi, ASecondSocketOfADeviceEndsTheFirst) {
  const std::string lamp = register_device("Lamp");
  ask("POST", "/skills/register", skills(), lamp);
  auto first = socket_of(lamp);
  auto second = socket_of(lamp);
  ASSERT_EQ(second->status(), 101);
  EXPECT_FALSE(first->read());
  EXPECT_NE(first->close_code(), 0);
  second->send(R"({"type":"ping"})");
  EXPECT_TRUE(second->read());
  EXPECT_EQ(ask("GET", "/skills").body.at("total"), 1);
}

TEST_F(SpokeApi, ASocketThatSaysRubbishHurtsNobody) {
  const std::string lamp = register_device("Lamp");
  auto socket = socket_of(lamp);
  for (const std::string& rubbish :
       {std::string("{"), std::string("[]"), std::string("7"), std::string(1'000, '['), std::string("{\"type\":7}"),
        std::string(R"({"type":"skill_response","request_id":"none","success":true})"), std::string("\xff\xfe")}) {
    try {
      socket->send(rubbish);
    } catch (const std::exception&) {
      socket = socket_of(lamp);  // text that is no UTF-8 ends a WebSocket (RFC 6455, 8.1)
    }
  }
  socket = socket_of(lamp);
  socket->send(R"({"type":"ping"})");
  EXPECT_EQ(socket->read(), R"({"type":"pong"})");
  EXPECT_THAT(door_.log(), Not(HasSubstr(token_)));
}

TEST_F(SpokeApi, ARevokedDevicesSocketEnds) {
  const std::string lamp = register_device("Lamp");
  auto socket = socket_of(lamp);
  ASSERT_EQ(socket->status(), 101);
  hub_.admin()->result_of("devices", {{"op", "revoke"}, {"device_id", lamp}});
  EXPECT_FALSE(socket->read());
  EXPECT_EQ(socket->close_code(), 1008);
}

TEST_F(SpokeApi, ATokenThatHasExpiredSpeaksForNoDevice) {
  token_ = hub_.files().token({PrincipalType::user, "alice", "alice"}, 2s);
  const std::string lamp = register_device("Lamp");
  EXPECT_EQ(ask("GET", "/skills", nullptr, lamp).status, 200);
  std::this_thread::sleep_for(2'100ms);
  EXPECT_EQ(ask("GET", "/skills", nullptr, lamp).status, 401);
  EXPECT_EQ(socket_of(lamp)->status(), 403);
}

TEST_F(SpokeApi, ADeviceThatIsRevokedIsSaidToBe) {
  const std::string lamp = register_device("Lamp");
  EXPECT_EQ(ask("GET", "/auth/me", nullptr, lamp).status, 200);
  hub_.admin()->result_of("devices", {{"op", "revoke"}, {"device_id", lamp}});
  std::this_thread::sleep_for(2'200ms);  // until its connection has ended
  const auto revoked = ask("GET", "/auth/me", nullptr, lamp);
  EXPECT_EQ(revoked.status, 403) << revoked.text;
  EXPECT_EQ(revoked.body.at("detail"), "Device is deactivated");
}

TEST_F(SpokeApi, ADeviceThatWasRegisteredAgainElsewhereIsServedAtOnce) {
  const std::string lamp = register_device("Lamp");
  EXPECT_EQ(ask("GET", "/auth/me", nullptr, lamp).status, 200);
  for (const bool by_socket : {false, true}) {
    hub_.admin()->result_of("devices", {{"op", "revoke"}, {"device_id", lamp}});
    hub_.user("alice")->result_of("devices", {{"op", "register"}, {"device_id", lamp}, {"name", "Lamp"}});
    std::this_thread::sleep_for(2'200ms);  // until the old token's connection has ended
    if (by_socket) {
      EXPECT_EQ(socket_of(lamp)->status(), 101);
    } else {
      EXPECT_EQ(ask("GET", "/auth/me", nullptr, lamp).status, 200);
    }
  }
}

TEST_F(SpokeApi, EachNewSessionIsAnother) {
  const json chat{{"messages", {{{"role", "user"}, {"content", "x"}}}}, {"enable_tools", false}, {"session_id", "new"}};
  const auto first = ask("POST", "/api/v1/chat/completions", chat);
  const auto second = ask("POST", "/api/v1/chat/completions", chat);
  ASSERT_TRUE(first.body.at("session_id").is_string()) << first.text;
  EXPECT_NE(first.body.at("session_id"), second.body.at("session_id"));
}

TEST_F(SpokeApi, ASocketEndsWithTheTokenThatOpenedIt) {
  token_ = hub_.files().token({PrincipalType::user, "alice", "alice"}, 3s);
  auto socket = socket_of(register_device("Lamp"));
  ASSERT_EQ(socket->status(), 101);
  EXPECT_FALSE(socket->read(8s));
  EXPECT_EQ(socket->close_code(), 1008);
}

TEST_F(SpokeApi, WithADevicesTokenASpokeIsThatDevice) {
  const std::string lamp = register_device("Lamp");
  token_ = hub_.files().device_token(lamp, "alice");
  const auto again = ask("POST", "/api/devices/register", {{"device_name", "Lamp"}, {"device_id", "of-another-hub"}});
  EXPECT_EQ(again.body.at("device_id"), lamp) << again.text;
}

TEST_F(SpokeApi, GivesAllMessagesOfASession) {
  const auto session = ask("POST", "/api/sessions", json::object()).body.at("id").get<std::string>();
  json messages = json::array();
  for (int i = 0; i < 700; ++i) {
    messages.push_back({{"id", "m" + std::to_string(i)},
                        {"role", i % 2 == 0 ? "user" : "assistant"},
                        {"content", std::to_string(i) + std::string(2'000, 'x')},
                        {"created_at", "2026-01-01T00:00:00.000Z"}});
  }
  const auto created = ask("GET", "/api/sessions/" + session).body.at("created_at");
  for (int part = 0; part < 14; ++part) {
    json some = json::array();
    for (int i = part * 50; i < part * 50 + 50; ++i) some.push_back(messages[static_cast<std::size_t>(i)]);
    hub_.user("alice")->result_of(
        "sessions",
        {{"op", "sync"}, {"sessions", {{{"id", session}, {"created_at", created}, {"messages", std::move(some)}}}}});
  }
  const auto all = ask("GET", "/api/sessions/" + session + "/messages");
  ASSERT_EQ(all.status, 200) << all.text;
  EXPECT_EQ(all.body.at("total"), 700);
  const json& given = all.body.at("messages");
  ASSERT_EQ(given.size(), 700u);
  for (std::size_t i = 0; i < given.size(); ++i) EXPECT_EQ(given[i].at("id"), "m" + std::to_string(i));
}

TEST_F(SpokeApi, SaysSomethingWhileAModelThinks) {
  model_.otherwise([](const StubRequest& request) {
    StubAnswer answer = stub_echo(request);
    answer.delay = 12s;
    return answer;
  });
  const std::string body =
      json{{"messages", {{{"role", "user"}, {"content", "x"}}}}, {"enable_tools", false}, {"stream", true}}.dump();
  RawHttp client(door_.port());
  client.send("POST /api/v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + token_ +
              "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  std::string early;
  const auto start = std::chrono::steady_clock::now();
  while (early.empty() && std::chrono::steady_clock::now() - start < 11s) early = client.read(200ms);
  EXPECT_THAT(early, HasSubstr(": keep-alive"));
  EXPECT_THAT(client.read(3s), HasSubstr("assistant_message"));
}

TEST_F(SpokeApi, ADeviceAnswersTheSameCallOnce) {
  const std::string lamp = register_device("Lamp");
  auto socket = socket_of(lamp);
  ASSERT_EQ(socket->status(), 101);
  // The bridge, which repeats a call after it was killed.
  MqttTestClient::Options options;
  options.port = hub_.port();
  options.client_id = "another-bridge";
  options.user_name = "bridge";
  options.password = hub_.files().bridge_token();
  MqttTestClient bridge(options);
  ASSERT_EQ(bridge.connect(), 0);
  const std::string result_topic = "skills/" + lamp + "/result";
  auto listener = hub_.admin();
  ASSERT_LT(listener->mqtt().subscribe(result_topic), 0x80);
  const json call{{"v", 1},
                  {"correlation_id", "call-1"},
                  {"caller_device_id", "alice"},
                  {"skill_path", "LampSkill.turn_on"},
                  {"args", json::array()},
                  {"kwargs", json::object()},
                  {"response_topic", result_topic}};
  bridge.publish("skills/" + lamp + "/call", call.dump());
  const auto asked = socket->read();
  ASSERT_TRUE(asked);
  socket->send(json{
      {"type", "skill_response"},
      {"request_id", json::parse(*asked).at("request_id")},
      {"success", true},
      {"result",
       "lit"}}.dump());
  const auto first = listener->mqtt().wait_for(result_topic, 5s);
  ASSERT_TRUE(first);
  bridge.publish("skills/" + lamp + "/call", call.dump());
  const auto second = listener->mqtt().wait_for(result_topic, 5s);
  ASSERT_TRUE(second);
  EXPECT_EQ(first->payload, second->payload);
  EXPECT_FALSE(socket->read(200ms));
}

TEST_F(SpokeApi, AStoppingDoorSaysGoodbye) {
  auto socket = socket_of(register_device("Lamp"));
  std::thread stops([&] { door_.stop(); });
  EXPECT_FALSE(socket->read());
  EXPECT_EQ(socket->close_code(), 1001);
  socket->close();
  stops.join();
}

TEST_F(SpokeApi, EventsTellOfPresence) {
  WsClient::Options bearer;
  bearer.bearer = token_;
  WsClient events(door_.port(), "/api/v1/ws", bearer);
  ASSERT_EQ(events.status(), 101);
  EXPECT_EQ(json::parse(*events.read()).at("type"), "connection");
  events.send(R"({"type":"subscribe","topics":["presence"]})");
  EXPECT_EQ(json::parse(*events.read()).at("type"), "subscribed");
  auto lamp = hub_.device("Lamp");
  const auto seen = events.read();
  ASSERT_TRUE(seen);
  EXPECT_EQ(json::parse(*seen).at("topic"), "presence");
  EXPECT_EQ(json::parse(*seen).at("data").at("device_id"), "lamp");
  events.send(R"({"type":"subscribe","topics":["secrets"]})");
  EXPECT_EQ(json::parse(*events.read()).at("type"), "error");
  EXPECT_EQ(WsClient(door_.port(), "/api/v1/ws").status(), 401);
  WsClient::Options foreign = bearer;
  foreign.origin = "https://evil.example";
  EXPECT_EQ(WsClient(door_.port(), "/api/v1/ws", foreign).status(), 403);
}

class MqttThroughTheDoor : public SpokeApi {
 protected:
  std::unique_ptr<WsClient> connected(int receive_buffer_bytes = 0) {
    WsClient::Options mqtt;
    mqtt.subprotocol = "mqtt";
    mqtt.binary = true;
    mqtt.receive_buffer_bytes = receive_buffer_bytes;
    auto client = std::make_unique<WsClient>(door_.port(), "/mqtt", mqtt);
    EXPECT_EQ(client->status(), 101);
    wire::Connect connect;
    connect.client_id = "tunnel-1";
    connect.password = token_;
    client->send(connect.bytes());
    const auto connack = client->read();
    EXPECT_TRUE(connack && connack->size() >= 4 && (*connack)[0] == '\x20' && (*connack)[3] == '\0');
    return client;
  }
};

TEST_F(MqttThroughTheDoor, TalksToTheBroker) { connected(); }

TEST_F(MqttThroughTheDoor, AClientThatReadsLateMissesNothing) {
  constexpr std::size_t messages = 7;
  constexpr std::size_t message_bytes = 1'000'000;
  auto client = connected(16 * 1024);
  client->send(wire::subscribe(5, 1, "skills/alice/response/+"));
  ASSERT_TRUE(client->read());
  MqttTestClient::Options options;
  options.port = hub_.port();
  options.client_id = "another-bridge";
  options.user_name = "bridge";
  options.password = hub_.files().bridge_token();
  MqttTestClient bridge(options);
  ASSERT_EQ(bridge.connect(), 0);
  for (std::size_t i = 0; i < messages; ++i)
    ASSERT_EQ(bridge.publish("skills/alice/response/1", std::string(message_bytes, 'x')), 0);
  std::size_t read = 0;
  while (read < messages * message_bytes) {
    const auto piece = client->read();
    ASSERT_TRUE(piece) << "after " << read << " bytes";
    read += piece->size();
  }
}

}  // namespace
}  // namespace strawberry::test
