/// The web door before a whole hub, and requests that attack its memory, other clients, or the readers of its answers.
/// Checks the promises of docs/http.md.
#include <gmock/gmock.h>

#include <fstream>
#include <thread>

#include "tests/gateway/web_door.h"
#include "tests/gateway/ws_client.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class BadInput : public WebDoorTest {
 protected:
  using WebDoorTest::WebDoorTest;
  std::string answer_to(const std::string& request) {
    RawHttp client(door_.port());
    client.send(request);
    return client.read();
  }
  std::string authorization() const { return "Authorization: Bearer " + token_ + "\r\n"; }
  /// Resident, in KiB.
  long memory() {
    std::ifstream status("/proc/" + std::to_string(door_.process().pid()) + "/status");
    for (std::string word; status >> word;) {
      if (word == "VmRSS:") break;
    }
    long kib = 0;
    status >> kib;
    return kib;
  }
  WsClient::Options bearer() const {
    WsClient::Options options;
    options.bearer = token_;
    return options;
  }
};

const std::string chunked = "HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n";

TEST_F(BadInput, IsNotHeldWholeWhenTheParserNeedsItWhole) {
  const long before = memory();
  for (const std::string& begin : {std::string("1;"), std::string("0\r\nX: ")}) {
    RawHttp client(door_.port());
    client.send("POST /health " + chunked + "\r\n" + begin);
    for (int i = 0; i < 512; ++i) {
      if (!client.send(std::string(64 * 1024, 'x'))) break;
    }
    // Beast of Boost 1.92 has limits of its own, which end it first.
    EXPECT_THAT(client.read(2s),
                AnyOf(StartsWith("HTTP/1.1 413"), StartsWith("HTTP/1.1 400"), StartsWith("HTTP/1.1 431")))
        << begin;
    EXPECT_LT(memory() - before, 8 * 1024) << begin;
  }
}

TEST_F(BadInput, InTrailersIsNoHeader) {
  const std::string list = "POST /api/v1/sessions/list ";
  EXPECT_THAT(answer_to(list + chunked + authorization() + "\r\n0\r\n\r\n"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(answer_to(list + chunked + "\r\n0\r\n" + authorization() + "\r\n"), StartsWith("HTTP/1.1 401"));
  EXPECT_THAT(answer_to(list + chunked + authorization() + "\r\n0\r\nOrigin: https://evil.example\r\n\r\n"),
              StartsWith("HTTP/1.1 200"));
}

TEST_F(BadInput, OfAnUnclearLengthOrHostIsRefused) {
  for (const std::string& request : {
           std::string(
               "POST /health HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
           std::string("GET /health HTTP/1.1\r\n\r\n"),
           std::string("GET /health HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n"),
       }) {
    RawHttp client(door_.port());
    client.send(request + "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const std::string answer = client.read();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400")) << request;
    EXPECT_THAT(answer, Not(HasSubstr("404"))) << request;
    EXPECT_TRUE(client.is_closed()) << request;
  }
  EXPECT_THAT(answer_to("GET /health HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 200"));
}

TEST_F(BadInput, IsRefusedInTheWordsOfItsRoute) {
  for (const char* target : {"/sessions/%0b", "/sessions?limit=%", "/sessions/%2e%2e%zz"}) {
    const std::string answer = answer_to("GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400")) << target;
    EXPECT_THAT(answer, HasSubstr(R"({"detail":)")) << target;
  }
  EXPECT_THAT(answer_to("GET /v1/models/%00 HTTP/1.1\r\nHost: localhost\r\n\r\n"), HasSubstr(R"("type":)"));
  EXPECT_THAT(
      answer_to("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
      HasSubstr(R"("type":)"));
}

TEST_F(BadInput, IsNoJson) {
  auto client = door_.client(token_);
  for (const std::string& body :
       {std::string("{}\0{}", 5), std::string("{}\0", 3), std::string(R"({"days":1e999})"),
        std::string(R"({"metadata":{"a":"\ud800"}})"), std::string("{\"metadata\":\"\xff\"}")}) {
    EXPECT_EQ(answered(client.Post("/api/v1/sessions/list", body, "application/json")).status, 400) << body;
  }
}

TEST_F(BadInput, ThatIsKnownBeforeAStreamBeginsHasAStatus) {
  const auto answer = post("/api/v1/chat/complete?stream", {{"messages", "hello"}});
  EXPECT_EQ(answer.status, 400) << answer.body;
  EXPECT_EQ(json::parse(answer.body).at("error").at("code"), "bad_request");
}

TEST_F(BadInput, IsNotPassedOverForWhatStandsElsewhere) {
  const httplib::Headers key{{"Idempotency-Key", "press-1"}};
  const std::string with_bad_id = json{{"correlation_id", std::string(129, 'k')}}.dump();
  EXPECT_EQ(answered(door_.client(token_).Post("/api/v1/sessions/list", key, with_bad_id, "application/json")).status,
            400);
  EXPECT_EQ(get("/sessions?limit=many").status, 400);
  EXPECT_EQ(get("/skills/search?query=a&device_limit=1.5").status, 400);
  EXPECT_EQ(post("/api/devices/register", {{"device_name", "Lamp"}, {"name", 7}}).status, 400);
  auto lamp = hub_.device("Lamp");
  lamp->offer("LampSkill", {"turn_on() -> str"});
  const auto elsewhere =
      post("/skills/execute", {{"skill_name", "LampSkill"}, {"method_name", "turn_on"}, {"device_name", 7}});
  EXPECT_EQ(elsewhere.status, 400) << elsewhere.body;
  EXPECT_FALSE(lamp->next_call(100ms));
}

TEST_F(BadInput, APathHasTheMethodsOfTheDocumentAndNoOther) {
  const auto methods = [&](const std::string& path) {
    const auto answer = answered(door_.client(token_).Options(path));
    EXPECT_EQ(answer.status, 405) << path;
    return answer.get_header_value("Allow");
  };
  EXPECT_EQ(methods("/api/v1/devices/lamp"), "GET, PATCH, DELETE");
  EXPECT_EQ(methods("/api/v1/devices/list"), "POST");
  EXPECT_EQ(methods("/api/v1/devices/me"), "GET, POST");
  EXPECT_EQ(post("/api/v1/system/health", json::object()).status, 405);
}

TEST_F(BadInput, HalfARequestOnManyConnectionsKeepsNobodyOut) {
  std::vector<std::unique_ptr<RawHttp>> clients;
  for (int i = 0; i < 300; ++i) {
    clients.push_back(std::make_unique<RawHttp>(door_.port()));
    clients.back()->send(i % 2 == 0 ? "GET /health HTTP/1.1\r\nHost: loc"
                                    : "POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\nhalf");
  }
  EXPECT_EQ(get("/api/v1/devices").status, 200);
}

class HurriedBadInput : public BadInput {
 protected:
  HurriedBadInput() : BadInput("[http]\nheader_timeout_ms = 300\nbody_timeout_ms = 300\n") {}
};

TEST_F(HurriedBadInput, HalfARequestIsGivenUpAlsoWhenItsBytesTrickle) {
  std::vector<std::unique_ptr<RawHttp>> clients;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(std::make_unique<RawHttp>(door_.port()));
    clients.back()->send(i % 2 == 0 ? "GET /health HTTP/1.1\r\n"
                                    : "POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n");
  }
  std::string ended;
  for (int i = 0; i < 100 && ended.empty(); ++i) {
    clients.front()->send("X");
    ended = clients.front()->read(50ms);
  }
  EXPECT_THAT(ended, StartsWith("HTTP/1.1 408"));
  clients.erase(clients.begin());
  for (const auto& client : clients) EXPECT_THAT(client->read(3s), StartsWith("HTTP/1.1 408"));
}

TEST_F(BadInput, InAHandshakeIsRefusedAsHttp) {
  const auto handshake = [&](const std::string& key, const std::string& version) {
    return answer_to("GET /api/v1/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
                     authorization() + "Sec-WebSocket-Key: " + key + "\r\nSec-WebSocket-Version: " + version +
                     "\r\n\r\n");
  };
  const std::string key = "MDEyMzQ1Njc4OWFiY2RlZg==";
  EXPECT_THAT(handshake(key, "13"), StartsWith("HTTP/1.1 101"));
  for (const std::string& answer : {handshake(key, "12"), handshake("c2hvcnQ=", "13")}) {
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 426"));
    EXPECT_THAT(answer, HasSubstr("Sec-WebSocket-Version: 13"));
    EXPECT_THAT(answer, HasSubstr(R"({"error":{"code":"bad_request")"));
  }
}

TEST_F(BadInput, TextIsNoMqtt) {
  WsClient::Options mqtt;
  mqtt.subprotocol = "mqtt";
  WsClient client(door_.port(), "/mqtt", mqtt);
  ASSERT_EQ(client.status(), 101);
  client.send("hello");
  EXPECT_FALSE(client.read());
  EXPECT_EQ(client.close_code(), 1003);
}

TEST_F(BadInput, ADevicesStatusThatIsNoTextIsToldAllTheSame) {
  WsClient events(door_.port(), "/api/v1/ws", bearer());
  ASSERT_EQ(events.status(), 101);
  EXPECT_EQ(json::parse(*events.read()).at("type"), "connection");
  events.send(R"({"type":"subscribe","topics":["presence"]})");
  EXPECT_EQ(json::parse(*events.read()).at("type"), "subscribed");
  auto lamp = hub_.device("Lamp");
  for (const std::string& status : {std::string("\xff\xfe"), std::string(8'000, '['), std::string("asleep")}) {
    lamp->mqtt().publish("devices/lamp/status", status);
  }
  std::string state;
  while (state != "asleep") {
    const auto event = events.read();
    ASSERT_TRUE(event) << door_.log();
    const json data = json::parse(*event).at("data");
    EXPECT_EQ(data.at("device_id"), "lamp");
    if (data.at("state").is_string()) state = data.at("state").get<std::string>();
  }
  EXPECT_TRUE(door_.process().is_running());
}

TEST_F(BadInput, AStreamAndASocketEndWithTheirToken) {
  model_.otherwise([](const StubRequest&) { return StubAnswer::tokens(1'000, 20); });
  token_ = hub_.files().token({PrincipalType::user, "alice", "alice"}, 3s);
  WsClient events(door_.port(), "/api/v1/ws", bearer());
  ASSERT_EQ(events.status(), 101);
  const auto answer =
      post("/v1/chat/completions", {{"stream", true}, {"messages", {{{"role", "user"}, {"content", "x"}}}}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr(R"("delta":)"));
  EXPECT_THAT(answer.body, Not(HasSubstr("[DONE]")));
  EXPECT_THAT(answer.body, HasSubstr(R"("error":)"));
  while (events.read(8s)) {
  }
  EXPECT_EQ(events.close_code(), 1008);
}

}  // namespace
}  // namespace strawberry::test
