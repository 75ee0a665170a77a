/// One chat at each kind of route of a whole hub that streams chats: the common behaviour, and each format. Also the
/// hub's retained topics over HTTP.
#include <gmock/gmock.h>

#include <thread>

#include "tests/gateway/web_door.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

enum class Door { openai, spoke, hub };

std::vector<json> events_of(const std::string& body) {
  std::vector<json> all;
  for (std::size_t at = body.find("data: {"); at != std::string::npos; at = body.find("data: {", at + 1)) {
    const std::size_t end = body.find("\n\n", at);
    all.push_back(json::parse(body.substr(at + 6, end == std::string::npos ? end : end - at - 6), nullptr, false));
  }
  return all;
}

class EveryDoor : public testing::TestWithParam<Door> {
 protected:
  static bool is(Door door) { return GetParam() == door; }
  static std::string path(bool stream) {
    if (is(Door::openai)) return "/v1/chat/completions";
    if (is(Door::spoke)) return "/inference";
    return stream ? "/api/v1/chat/complete?stream" : "/api/v1/chat/complete";
  }
  static json chat(bool stream, const json& more = json::object()) {
    json body{{"messages", {{{"role", "user"}, {"content", "tell me"}}}}};
    if (!is(Door::hub)) body["stream"] = stream;
    if (is(Door::spoke)) body["enable_tools"] = true;
    body.update(more);
    return body;
  }
  httplib::Response post(const std::string& to, const json& body) {
    return answered(door_.client(token_).Post(to, body.dump(), "application/json"));
  }
  httplib::Response ask(bool stream, const json& more = json::object()) {
    return post(path(stream), chat(stream, more));
  }
  /// Begins a stream and reads it up to `until`.
  std::string begin(RawHttp& client, const std::string& until) {
    const std::string body = chat(true).dump();
    client.send("POST " + path(true) + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer " +
                token_ + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    std::string got;
    const auto give_up = std::chrono::steady_clock::now() + 10s;
    while (got.find(until) == std::string::npos && std::chrono::steady_clock::now() < give_up) got += client.read(10ms);
    return got;
  }
  /// A front door whose skill asks first.
  std::unique_ptr<Spoke> lock() {
    auto lock = hub_.device("Front Door");
    lock->offer("DoorSkill", {"unlock() -> str"});
    lock->result_of("skills", {{"op", "register"},
                               {"skills",
                                {{{"class_name", "DoorSkill"},
                                  {"function_name", "unlock"},
                                  {"signature", "unlock() -> str"},
                                  {"confirm", true}}}}});
    model_.otherwise(stub_calling("unlock", json::object()));
    return lock;
  }

  StubLlm model_;
  HubProcess hub_{hub_with(model_)};
  GatewayProcess door_{hub_};
  std::string token_ = hub_.files().user_token("alice");
};

/// The session at the end of a stream.
json session_of(Door door, const std::vector<json>& events) {
  if (door == Door::hub) return events.back().at("result").at("session_id");
  if (door == Door::openai) return events.back().value("session_id", json());
  EXPECT_EQ(events.back().at("type"), "done");
  const json& message = events[events.size() - 2];
  EXPECT_EQ(message.at("type"), "assistant_message");
  return message.value("session_id", json());
}

TEST_P(EveryDoor, TellsTheSessionThatAStreamUsed) {
  const auto streamed = events_of(ask(true, {{"session_id", "new"}}).body);
  ASSERT_GE(streamed.size(), 2u);
  const json session = session_of(GetParam(), streamed);
  ASSERT_TRUE(session.is_string()) << streamed.back();
  const auto whole = ask(false, {{"session_id", session}});
  EXPECT_EQ(json::parse(whole.body).at("session_id"), session);
  const auto without = events_of(ask(true).body);
  EXPECT_TRUE(session_of(GetParam(), without).is_null());
}

TEST_P(EveryDoor, SaysThatAStreamBroke) {
  model_.otherwise([](const StubRequest&) { return StubAnswer::tokens(1'000, 20); });
  RawHttp client(door_.port());
  std::string all = begin(client, "data: {");
  ASSERT_THAT(all, HasSubstr("200 OK"));
  hub_.kill_bridge();
  all += client.read(5s);
  EXPECT_TRUE(client.is_closed());
  const auto events = events_of(all);
  ASSERT_FALSE(events.empty());
  if (is(Door::spoke)) {
    ASSERT_GE(events.size(), 2u);
    EXPECT_EQ(events.back().at("type"), "done");
    EXPECT_EQ(events[events.size() - 2], (json{{"type", "error"}, {"error", "the connection to the hub was lost"}}));
  } else {
    EXPECT_EQ(events.back().at("error").at("code"), "unavailable");
  }
  EXPECT_THAT(all, Not(HasSubstr("[DONE]")));
}

TEST_P(EveryDoor, GivesAStatusToWhatFailsBeforeTheFirstEvent) {
  const auto answer = ask(true, {{"session_id", "nobodys"}});
  EXPECT_EQ(answer.status, 404) << answer.body;
  EXPECT_TRUE(json::parse(answer.body).contains(is(Door::spoke) ? "detail" : "error"));
  EXPECT_EQ(ask(false, {{"session_id", "nobodys"}}).status, 404);
}

TEST_P(EveryDoor, RefusesWhatAsksFirstWhereNobodyCanBeAsked) {
  const auto street = lock();
  for (const bool stream : {false, true}) {
    if (stream && is(Door::hub)) continue;
    const auto answer = ask(stream);
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_THAT(model_.requests().back().body.dump(), HasSubstr("forbidden"));
  }
  EXPECT_FALSE(street->next_call(0ms));
}

TEST_P(EveryDoor, CancelsTheStreamOfAClientThatLeaves) {
  model_.otherwise([](const StubRequest&) { return StubAnswer::tokens(1'000, 20); });
  {
    RawHttp client(door_.port());
    ASSERT_THAT(begin(client, "data: {"), HasSubstr("data: {"));
  }
  for (int i = 0; i < 500 && model_.clients_gone() == 0; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(model_.clients_gone(), 1u);
}

std::string name_of(const testing::TestParamInfo<Door>& door) {
  if (door.param == Door::openai) return "OpenAi";
  return door.param == Door::spoke ? "SpokeApi" : "Hub";
}
INSTANTIATE_TEST_SUITE_P(OfTheGateway, EveryDoor, testing::Values(Door::openai, Door::spoke, Door::hub), name_of);

class TheHubsOwnDoor : public EveryDoor {};

TEST_P(TheHubsOwnDoor, AsksItsClientWhatASkillAsksFirst) {
  const auto street = lock();
  RawHttp client(door_.port());
  std::string all = begin(client, "\"confirm\"");
  const json question = events_of(all).back();
  ASSERT_EQ(question.at("event"), "confirm") << all;
  const auto said = post("/api/v1/chat/confirm", {{"confirm", question.at("data").at("id")}, {"allow", true}});
  EXPECT_EQ(said.status, 200) << said.body;
  const auto call = street->next_call();
  ASSERT_TRUE(call);
  street->answer(*call, "it is open");
  all += client.read(5s);
  EXPECT_THAT(events_of(all).back().at("result").dump(), HasSubstr("it is open"));
}

INSTANTIATE_TEST_SUITE_P(OfTheGateway, TheHubsOwnDoor, testing::Values(Door::hub));

class TheHubsTopics : public testing::Test {
 protected:
  httplib::Response get(const std::string& path) { return get(path, token_); }
  httplib::Response get(const std::string& path, const std::string& token) {
    const auto result = door_.client(token).Get(path);
    if (!result) throw std::runtime_error("no answer: " + httplib::to_string(result.error()));
    return *result;
  }
  /// How many MQTT connections the broker has accepted.
  std::size_t connections() {
    const std::string log = hub_.broker().log();
    std::size_t count = 0;
    for (std::size_t at = log.find("New client connected"); at != std::string::npos;
         at = log.find("New client connected", at + 1)) {
      ++count;
    }
    return count;
  }

  HubProcess hub_;
  GatewayProcess door_{hub_};
  std::string token_ = hub_.files().user_token("alice");
};

TEST_F(TheHubsTopics, AreReadOverTheTokensOwnConnection) {
  ASSERT_EQ(get("/api/v1/devices").status, 200);
  const std::size_t before = connections();
  ASSERT_GT(before, 0u);
  for (int i = 0; i < 3; ++i) {
    for (const char* path : {"/v1/models", "/v1/models/rules", "/api/v1/system/health", "/api/v1/system/info"}) {
      const auto answer = get(path);
      EXPECT_EQ(answer.status, 200) << path << answer.body;
    }
  }
  EXPECT_EQ(get("/api/v1/devices").status, 200);
  EXPECT_EQ(connections(), before);
}

TEST_F(TheHubsTopics, TellReportersOfEventsWhatTheyKnow) {
  const json info = json::parse(get("/api/v1/hub/info").body);
  EXPECT_EQ(info.at("version"), json::parse(get("/api/v1/system/info").body).at("version"));
  EXPECT_EQ(info.at("name"), "Strawberry Hub");
  EXPECT_GE(info.at("uptime_seconds").get<std::int64_t>(), 0);
  EXPECT_EQ(json::parse(get("/api/v1/hub/heartbeat").body).at("ok"), true);
}

TEST_F(TheHubsTopics, AreUnavailableWhenTheHubIsGone) {
  ASSERT_EQ(get("/api/v1/hub/heartbeat").status, 200);
  hub_.stop_bridge();
  for (const char* path : {"/api/v1/hub/heartbeat", "/api/v1/hub/info", "/api/v1/system/health", "/v1/models"}) {
    int status = 200;
    for (int i = 0; i < 200 && status == 200; ++i) status = get(path).status;
    EXPECT_EQ(status, 503) << path;
  }
}

TEST_F(TheHubsTopics, AreAsTheHubSaidLast) {
  ASSERT_EQ(get("/api/v1/system/info").status, 200);
  MqttTestClient::Options options;
  options.port = hub_.port();
  options.client_id = "another-bridge";
  options.user_name = "bridge";
  options.password = hub_.files().bridge_token();
  MqttTestClient bridge(options);
  ASSERT_EQ(bridge.connect(), 0);
  TestMessage message;
  message.topic = "hub/info";
  message.payload = R"({"said":"later"})";
  message.retained = true;
  ASSERT_LT(bridge.publish(message), 0x80);
  std::string said;
  for (int i = 0; i < 200 && said != message.payload; ++i) said = get("/api/v1/system/info").body;
  EXPECT_EQ(said, message.payload);
}

TEST_F(TheHubsTopics, AreKnownAgainAfterTheBrokerWasAway) {
  ASSERT_EQ(get("/api/v1/system/health").status, 200);
  hub_.broker().kill();
  hub_.broker().start();
  hub_.wait_until_serving();
  int status = 0;
  for (int i = 0; i < 50 && status != 200; ++i) {
    status = get("/api/v1/system/health").status;
    EXPECT_TRUE(status == 200 || status == 503) << status;
    if (status != 200) std::this_thread::sleep_for(100ms);
  }
  EXPECT_EQ(status, 200);
}

TEST_F(TheHubsTopics, AreNotForATokenThatEnrolls) {
  const auto enroll = hub_.files().token({PrincipalType::enroll, "enroll-1", "alice"}, 1h);
  for (const char* path : {"/v1/models", "/api/v1/system/health"}) {
    const auto answer = get(path, enroll);
    EXPECT_EQ(answer.status, 403) << path << answer.body;
  }
  EXPECT_THAT(json::parse(get("/v1/models", enroll).body).at("error").at("type"), "permission_error");
}

}  // namespace
}  // namespace strawberry::test
