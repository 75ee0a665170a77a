/// MCP at the web door of a whole hub: both eras, calls on a device, questions, changes, and malicious clients.
#include <gmock/gmock.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "tests/gateway/gateway_process.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr const char* version = "2026-07-28";

/// A request whose answer is read as it arrives.
class Stream {
 public:
  Stream(int port, const std::string& token, const std::string& body, const httplib::Headers& headers) : raw_(port) {
    std::string head = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    if (!token.empty()) head += "Authorization: Bearer " + token + "\r\n";
    for (const auto& [name, value] : headers) head += name + ": " + value + "\r\n";
    raw_.send(head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  bool hears(const std::string& wanted, std::chrono::milliseconds timeout = 5s) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    while (std::chrono::steady_clock::now() < deadline) {
      heard_ += raw_.read(100ms);
      if (const auto at = heard_.find(wanted); at != std::string::npos) {
        heard_.erase(0, at + wanted.size());
        return true;
      }
      if (raw_.is_closed()) return false;
    }
    return false;
  }
  RawHttp& raw() { return raw_; }

 private:
  RawHttp raw_;
  std::string heard_;
};

class McpDoor : public testing::Test {
 protected:
  struct Answer {
    int status = 0;
    json body;
    httplib::Headers headers;
    const json& result() const { return body.at("result"); }
    int code() const { return body.at("error").at("code").get<int>(); }
    std::string text() const { return result().at("content")[0].at("text").get<std::string>(); }
    bool is_error() const { return result().at("isError").get<bool>(); }
  };

  std::string token(const std::string& user = "alice") const { return hub_.files().user_token(user); }
  Answer post(const std::string& body, const httplib::Headers& headers, const std::string& token,
              const std::string& path = "/mcp") const {
    auto client = door_.client(token);
    const auto result = client.Post(path, headers, body, "application/json");
    if (!result) throw std::runtime_error("no answer: " + httplib::to_string(result.error()));
    return {result->status, json::parse(result->body, nullptr, false), result->headers};
  }
  static json request(const std::string& method, const json& params, int id = 1) {
    json said{{"jsonrpc", "2.0"}, {"id", id}, {"method", method}};
    if (!params.is_null()) said["params"] = params;
    return said;
  }
  static httplib::Headers accepting() { return {{"Accept", "application/json, text/event-stream"}}; }
  Answer legacy(const std::string& method, const json& params = nullptr) const {
    auto headers = accepting();
    headers.emplace("MCP-Protocol-Version", "2025-06-18");
    return post(request(method, params).dump(), headers, token());
  }
  static json with_meta(json params, const json& capabilities) {
    params["_meta"]["io.modelcontextprotocol/protocolVersion"] = version;
    params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = capabilities;
    params["_meta"]["io.modelcontextprotocol/clientInfo"] = {{"name", "test"}, {"version", "1"}};
    return params;
  }
  static httplib::Headers modern_headers(const std::string& method, const std::string& name = {}) {
    auto headers = accepting();
    headers.emplace("MCP-Protocol-Version", version);
    headers.emplace("Mcp-Method", method);
    if (!name.empty()) headers.emplace("Mcp-Name", name);
    return headers;
  }
  static inline const json can_ask = {{"elicitation", {{"form", json::object()}}}};
  Answer modern(const std::string& method, const json& params = json::object(), const json& capabilities = can_ask,
                const std::string& user = "alice", const std::string& path = "/mcp") const {
    return post(request(method, with_meta(params, capabilities)).dump(),
                modern_headers(method, params.value("name", "")), token(user), path);
  }
  Answer call(const std::string& name, const json& arguments = json::object()) const {
    return modern("tools/call", {{"name", name}, {"arguments", arguments}});
  }
  /// Answers the next calls of a device from a thread of its own, with their arguments.
  class Answering {
   public:
    Answering(Spoke& device, json result)
        : thread_([this, &device, result] {
            while (!stop_) {
              if (const auto call = device.next_call(50ms)) {
                ++calls_;
                device.answer(*call, result);
              }
            }
          }) {}
    ~Answering() {
      stop_ = true;
      thread_.join();
    }
    int calls() const { return calls_; }

   private:
    std::atomic<bool> stop_ = false;
    std::atomic<int> calls_ = 0;
    std::thread thread_;
  };
  /// Waits until the connection that asks for this is the only one.
  bool nobody_waits() const {
    for (int i = 0; i < 100; ++i) {
      const auto metrics = door_.client("").Get("/metrics");
      if (metrics && metrics->body.find("strawberry_gateway_connections 1\n") != std::string::npos) return true;
      std::this_thread::sleep_for(50ms);
    }
    return false;
  }
  std::unique_ptr<Spoke> lamp() {
    auto lamp = hub_.device("Lamp");
    lamp->offer("LampSkill", {"turn_on(level: int = 100) -> str"});
    return lamp;
  }
  /// A door whose skill asks first.
  std::unique_ptr<Spoke> front_door() {
    auto door = hub_.device("Front Door");
    door->offer("DoorSkill", {"open(seconds: int)"});
    door->result_of("skills", {{"op", "register"},
                               {"skills",
                                {{{"class_name", "DoorSkill"},
                                  {"function_name", "open"},
                                  {"signature", "open(seconds: int)"},
                                  {"confirm", true}}}}});
    return door;
  }
  static std::vector<std::string> names(const Answer& list) {
    std::vector<std::string> all;
    for (const auto& tool : list.result().at("tools")) all.push_back(tool.at("name").get<std::string>());
    return all;
  }
  using Names = std::vector<std::string>;

  HubProcess hub_;
  GatewayProcess door_{hub_};
};

TEST_F(McpDoor, ServesTheClientsThatBeginWithInitialize) {
  const auto lamp = this->lamp();
  const Answer hello = legacy("initialize", {{"protocolVersion", "2025-06-18"},
                                             {"capabilities", json::object()},
                                             {"clientInfo", {{"name", "t"}, {"version", "1"}}}});
  EXPECT_EQ(hello.status, 200);
  EXPECT_EQ(hello.result().at("protocolVersion"), "2025-06-18");
  EXPECT_EQ(hello.result().at("serverInfo").at("name"), "strawberry-hub");
  EXPECT_TRUE(hello.result().at("capabilities").contains("tools"));
  EXPECT_FALSE(hello.headers.contains("Mcp-Session-Id"));
  const json initialized{{"jsonrpc", "2.0"}, {"method", "notifications/initialized"}};
  EXPECT_EQ(post(initialized.dump(), accepting(), token()).status, 202);
  EXPECT_EQ(legacy("ping").result(), json::object());
  const Answer list = legacy("tools/list");
  EXPECT_EQ(names(list), Names{"LampSkill-turn_on"});
  EXPECT_FALSE(list.result().contains("resultType"));
  EXPECT_EQ(list.result().at("tools")[0].at("annotations").at("destructiveHint"), false);
  const Answering answering(*lamp, "it is light");
  const Answer done = legacy("tools/call", {{"name", "LampSkill-turn_on"}, {"arguments", {{"level", 40}}}});
  EXPECT_EQ(done.text(), "it is light");
  EXPECT_FALSE(done.is_error());
  EXPECT_EQ(legacy("no/such").code(), -32601);
  EXPECT_EQ(legacy("no/such").status, 200);
}

TEST_F(McpDoor, ServesModernClients) {
  const auto lamp = this->lamp();
  const Answer about = modern("server/discover");
  EXPECT_EQ(about.status, 200);
  EXPECT_EQ(about.result().at("resultType"), "complete");
  EXPECT_EQ(about.result().at("supportedVersions")[0], version);
  EXPECT_EQ(about.result().at("capabilities").at("tools").at("listChanged"), true);
  EXPECT_EQ(about.result().at("_meta").at("io.modelcontextprotocol/serverInfo").at("name"), "strawberry-hub");
  const Answer list = modern("tools/list");
  EXPECT_EQ(names(list), Names{"LampSkill-turn_on"});
  EXPECT_EQ(list.result().at("cacheScope"), "private");
  EXPECT_EQ(list.body, modern("tools/list").body) << "the same each time";
  const Answering answering(*lamp, {{"level", 40}});
  const Answer done = call("LampSkill-turn_on", {{"level", 40}});
  EXPECT_EQ(done.result().at("structuredContent"), json({{"level", 40}}));
  EXPECT_EQ(done.result().at("resultType"), "complete");
  EXPECT_EQ(modern("ping").status, 404);
  EXPECT_EQ(modern("ping").code(), -32601);
  EXPECT_EQ(modern("initialize").status, 404);
}

TEST_F(McpDoor, ClientsThatCountFromOneNeverGetEachOthersAnswers) {
  const auto lamp = this->lamp();
  const Answering answering(*lamp, "done");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(call("LampSkill-turn_on", {{"level", 1}}).text(), "done");
  EXPECT_EQ(answering.calls(), 3) << "the same request three times is three calls";
  auto headers = modern_headers("tools/call", "LampSkill-turn_on");
  headers.emplace("Idempotency-Key", "k-1");
  const json body = request("tools/call", with_meta({{"name", "LampSkill-turn_on"}}, can_ask));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(post(body.dump(), headers, token()).text(), "done");
  EXPECT_EQ(answering.calls(), 4) << "one that says that it is the same is one";
}

TEST_F(McpDoor, TellsTheModelWhatWentWrong) {
  auto lamp = this->lamp();
  EXPECT_EQ(call("No-such").code(), -32602);
  EXPECT_EQ(call("No-such").status, 200);
  const Answer bad = call("LampSkill-turn_on", {{"level", "bright"}});
  EXPECT_TRUE(bad.is_error());
  EXPECT_THAT(bad.text(),
              testing::AllOf(HasSubstr("bad_request: "), HasSubstr("path /level"), HasSubstr("It did not run.")));
  EXPECT_THAT(call("LampSkill-turn_on", {{"volume", 3}}).text(), HasSubstr("/volume"));
  std::thread failing([&] {
    const auto made = lamp->next_call();
    ASSERT_TRUE(made);
    lamp->answer_raw(
        json({{"correlation_id", made->at("correlation_id")}, {"success", false}, {"error", "burnt out"}}).dump());
  });
  EXPECT_THAT(call("LampSkill-turn_on").text(),
              testing::AllOf(HasSubstr("skill_error: burnt out"), HasSubstr("It ran, and failed.")));
  failing.join();
  std::thread leaving([&] {
    ASSERT_TRUE(lamp->next_call());
    lamp.reset();
  });
  EXPECT_THAT(call("LampSkill-turn_on").text(),
              testing::AllOf(HasSubstr("device_offline: "), HasSubstr("Whether it ran is unknown")));
  leaving.join();
  EXPECT_THAT(call("LampSkill-turn_on").text(),
              testing::AllOf(HasSubstr("device_offline: "), HasSubstr("It did not run.")));
}

TEST_F(McpDoor, WhoIsNobodyIsToldToBringAToken) {
  const auto knock = [&](const std::string& token) {
    return post(request("initialize", json::object()).dump(), accepting(), token);
  };
  for (const std::string& bad : {std::string(), std::string("nothing"), token() + "x"}) {
    const Answer refused = knock(bad);
    EXPECT_EQ(refused.status, 401) << bad;
    EXPECT_THAT(refused.headers.find("WWW-Authenticate")->second, testing::StartsWith("Bearer"));
  }
  auto client = door_.client(token());
  for (const char* method : {"GET", "DELETE", "PUT"}) {
    httplib::Request asked;
    asked.method = method;
    asked.path = "/mcp";
    const auto refused = client.send(asked);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 405) << method;
    EXPECT_EQ(refused->get_header_value("Allow"), "POST");
  }
  auto headers = modern_headers("tools/list");
  headers.emplace("Origin", "https://evil.example");
  EXPECT_EQ(post(request("tools/list", with_meta(json::object(), can_ask)).dump(), headers, token()).status, 403);
  auto rebound = modern_headers("tools/list");
  rebound.emplace("Host", "evil.example");
  EXPECT_EQ(post(request("tools/list", with_meta(json::object(), can_ask)).dump(), rebound, token()).status, 403);
}

TEST_F(McpDoor, OneUserSeesNothingOfAnother) {
  const auto lamp = this->lamp();
  const auto secret = hub_.device("Safe", "bob");
  secret->offer("SafeSkill", {"open()"});
  EXPECT_EQ(names(modern("tools/list")), Names{"LampSkill-turn_on"});
  EXPECT_EQ(names(modern("tools/list", json::object(), can_ask, "bob")), Names{"SafeSkill-open"});
  EXPECT_EQ(call("SafeSkill-open").code(), -32602);
  EXPECT_FALSE(secret->next_call(200ms));
}

TEST_F(McpDoor, BatchesAreOfTheFirstRevision) {
  const auto lamp = this->lamp();
  const Answering answering(*lamp, "done");
  const json batch = json::array({request("ping", nullptr, 1),
                                  {{"jsonrpc", "2.0"}, {"method", "notifications/initialized"}},
                                  request("tools/call", {{"name", "LampSkill-turn_on"}}, 2),
                                  request("nonsense", nullptr, 3)});
  const Answer answers = post(batch.dump(), accepting(), token());
  ASSERT_EQ(answers.body.size(), 3u);
  EXPECT_EQ(answers.body[1].at("id"), 2);
  EXPECT_EQ(answers.body[1].at("result").at("content")[0].at("text"), "done");
  EXPECT_EQ(answers.body[2].at("error").at("code"), -32601);
  auto headers = accepting();
  headers.emplace("MCP-Protocol-Version", "2025-06-18");
  EXPECT_EQ(post(batch.dump(), headers, token()).status, 400);
  EXPECT_EQ(post(batch.dump(), modern_headers("tools/call", "LampSkill-turn_on"), token()).status, 400);
  EXPECT_EQ(answering.calls(), 1);
}

TEST_F(McpDoor, AsksBeforeWhatAsksFirst) {
  const auto door = front_door();
  const Answering answering(*door, "open");
  EXPECT_EQ(modern("tools/list").result().at("tools")[0].at("annotations").at("destructiveHint"), true);
  const json params{{"name", "DoorSkill-open"}, {"arguments", {{"seconds", 5}}}};
  const Answer asks = modern("tools/call", params);
  EXPECT_EQ(asks.status, 200);
  EXPECT_EQ(asks.result().at("resultType"), "input_required");
  EXPECT_THAT(asks.result().at("inputRequests").at("confirm").at("params").at("message").get<std::string>(),
              HasSubstr("Allow DoorSkill.open on front_door"));
  EXPECT_EQ(answering.calls(), 0);
  const auto answered = [&](const std::string& action, json with, const std::string& user = "alice") {
    with["requestState"] = asks.result().at("requestState");
    if (!action.empty()) with["inputResponses"]["confirm"]["action"] = action;
    return modern("tools/call", with, can_ask, user);
  };
  EXPECT_EQ(answered("", params).result().at("resultType"), "input_required") << "asked again";
  EXPECT_THAT(answered("decline", params).text(), HasSubstr("did not allow"));
  EXPECT_TRUE(answered("cancel", params).is_error());
  json other = params;
  other["arguments"]["seconds"] = 500;
  EXPECT_EQ(answered("accept", other).code(), -32602) << "of other arguments";
  EXPECT_EQ(answered("accept", params, "bob").code(), -32602) << "of somebody else";
  EXPECT_EQ(answering.calls(), 0);
  EXPECT_EQ(answered("accept", params).text(), "open");
  EXPECT_EQ(answered("accept", params).text(), "open") << "the same answer twice";
  EXPECT_EQ(answering.calls(), 1) << "runs once";
  // Also through the three tools.
  json nested{{"name", "call_skill"}, {"arguments", {{"name", "DoorSkill-open"}, {"arguments", {{"seconds", 5}}}}}};
  const Answer nested_asks = modern("tools/call", nested);
  nested["requestState"] = nested_asks.result().at("requestState");
  nested["inputResponses"]["confirm"]["action"] = "accept";
  EXPECT_EQ(modern("tools/call", nested).text(), "open");
}

TEST_F(McpDoor, WhoCannotAskIsToldSo) {
  const auto door = front_door();
  const json params{{"name", "DoorSkill-open"}, {"arguments", {{"seconds", 5}}}};
  const Answer refused = modern("tools/call", params, json::object());
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.code(), -32021);
  EXPECT_TRUE(refused.body.at("error").at("data").at("requiredCapabilities").contains("elicitation"));
  EXPECT_EQ(modern("tools/call", params, {{"elicitation", {{"url", json::object()}}}}).code(), -32021);
  const Answer old = legacy("tools/call", params);
  EXPECT_TRUE(old.is_error());
  EXPECT_THAT(old.text(), testing::AllOf(HasSubstr("forbidden: "), HasSubstr("did not run"), HasSubstr("in a chat")));
  EXPECT_FALSE(door->next_call(200ms));
}

TEST_F(McpDoor, ManySkillsAreSearched) {
  auto lamp = hub_.device("Lamp");
  std::vector<std::string> signatures;
  for (int i = 0; i < 41; ++i) signatures.push_back("scene_" + std::to_string(i) + "() -> str");
  lamp->offer("LampSkill", signatures);
  const Names three{"search_skills", "describe_skill", "call_skill"};
  EXPECT_EQ(names(modern("tools/list")), three);
  EXPECT_EQ(names(legacy("tools/list")), three);
  EXPECT_EQ(names(modern("tools/list", json::object(), can_ask, "alice", "/mcp?tools=all")).size(), 41u);
  const Answer found = call("search_skills", {{"query", "scene_40"}});
  EXPECT_EQ(found.result().at("structuredContent").at("skills")[0].at("name"), "LampSkill-scene_40");
  EXPECT_EQ(call("describe_skill", {{"name", "LampSkill-scene_40"}}).result().at("structuredContent").at("title"),
            "LampSkill.scene_40");
  EXPECT_TRUE(call("describe_skill", {{"name", "No-such"}}).is_error());
  EXPECT_TRUE(call("call_skill", {{"name", "No-such"}}).is_error());
  EXPECT_TRUE(call("search_skills").is_error());
  const Answering answering(*lamp, "set");
  EXPECT_EQ(call("call_skill", {{"name", "LampSkill-scene_40"}}).text(), "set");
  EXPECT_EQ(call("LampSkill-scene_40").text(), "set") << "also by its own name";
  lamp->offer("LampSkill", {"only_one() -> str"});
  EXPECT_EQ(names(modern("tools/list")), Names{"LampSkill-only_one"});
  EXPECT_EQ(names(modern("tools/list", json::object(), can_ask, "alice", "/mcp?tools=search")), three);
  EXPECT_EQ(modern("tools/list", json::object(), can_ask, "alice", "/mcp?tools=some").status, 400);
}

TEST_F(McpDoor, WrongHeadersRunNothing) {
  const auto lamp = this->lamp();
  const json body = request("tools/call", with_meta({{"name", "LampSkill-turn_on"}}, can_ask));
  const auto code = [&](const httplib::Headers& headers, const json& said) {
    const Answer answer = post(said.dump(), headers, token());
    EXPECT_EQ(answer.status, 400);
    return answer.code();
  };
  EXPECT_EQ(code(accepting(), body), -32020);
  EXPECT_EQ(code(modern_headers("tools/list", "LampSkill-turn_on"), body), -32020);
  EXPECT_EQ(code(modern_headers("tools/call"), body), -32020);
  EXPECT_EQ(code(modern_headers("tools/call", "Other-tool"), body), -32020);
  json without = body;
  without["params"].erase("_meta");
  EXPECT_EQ(code(modern_headers("tools/call", "LampSkill-turn_on"), without), -32602);
  EXPECT_EQ(code(accepting(), json::array()), -32600);
  EXPECT_EQ(code(accepting(), "text"), -32600);
  EXPECT_EQ(post("{", accepting(), token()).code(), -32700);
  EXPECT_EQ(post(std::string(300 * 1024, ' '), accepting(), token()).status, 413);
  EXPECT_FALSE(lamp->next_call(200ms));
}

TEST_F(McpDoor, ALongCallShowsProgressAndLeavingEndsTheWaiting) {
  const auto lamp = this->lamp();
  const json params{{"name", "LampSkill-turn_on"}, {"_meta", {{"progressToken", "p-1"}}}};
  const std::string body = request("tools/call", with_meta(params, can_ask)).dump();
  const auto headers = modern_headers("tools/call", "LampSkill-turn_on");
  Stream waiting(door_.port(), token(), body, headers);
  const auto made = lamp->next_call();
  ASSERT_TRUE(made);
  EXPECT_TRUE(waiting.hears("text/event-stream"));
  EXPECT_TRUE(waiting.hears("X-Accel-Buffering: no"));
  EXPECT_TRUE(waiting.hears("notifications/progress"));
  EXPECT_TRUE(waiting.hears("\"progressToken\":\"p-1\""));
  lamp->answer(*made, "late");
  EXPECT_TRUE(waiting.hears("\"text\":\"late\""));

  Stream leaving(door_.port(), token(), body, headers);
  ASSERT_TRUE(lamp->next_call());
  leaving.raw().shut();
  waiting.raw().shut();
  EXPECT_TRUE(nobody_waits()) << "while the device still has the call";
}

TEST_F(McpDoor, WhatIsLeftOfABatchIsNotBegunOnceItsClientIsGone) {
  const auto lamp = this->lamp();
  const json batch = json::array({request("tools/call", {{"name", "LampSkill-turn_on"}}, 1),
                                  request("tools/call", {{"name", "LampSkill-turn_on"}}, 2)});
  Stream leaving(door_.port(), token(), batch.dump(), accepting());
  const auto first = lamp->next_call();
  ASSERT_TRUE(first);
  leaving.raw().shut();
  EXPECT_TRUE(nobody_waits()) << "while the device still has the call";
  lamp->answer(*first, "late");
  EXPECT_EQ(call("LampSkill-turn_off").code(), -32602) << "the hub has had the answer";
  EXPECT_FALSE(lamp->next_call(300ms));
}

TEST_F(McpDoor, SaysWhenTheListIsAnother) {
  const auto listen = [&](const json& notifications) {
    const json body = request("subscriptions/listen", with_meta({{"notifications", notifications}}, can_ask), 77);
    return std::make_unique<Stream>(door_.port(), token(), body.dump(), modern_headers("subscriptions/listen"));
  };
  constexpr const char* changed = "notifications/tools/list_changed";
  const auto lamp = this->lamp();
  auto listening = listen({{"toolsListChanged", true}});
  ASSERT_TRUE(listening->hears("notifications/subscriptions/acknowledged"));
  EXPECT_TRUE(listening->hears("\"toolsListChanged\":true"));
  EXPECT_FALSE(listening->hears(changed, 700ms)) << "nothing has changed";
  lamp->offer("LampSkill", {"turn_on(level: int = 100) -> str", "turn_off() -> str"});
  EXPECT_TRUE(listening->hears(changed)) << "others registered";
  EXPECT_TRUE(listening->hears("subscriptionId\":77"));
  lamp->offer("LampSkill", {"turn_on(level: int = 100) -> str", "turn_off() -> str"});
  EXPECT_FALSE(listening->hears(changed, 1s)) << "the same registered";
  auto second = hub_.device("Second");
  EXPECT_TRUE(listening->hears(changed)) << "came";
  second.reset();
  EXPECT_TRUE(listening->hears(changed)) << "went";
  const auto foreign = hub_.device("Foreign", "bob");
  foreign->offer("Safe", {"open()"});
  EXPECT_FALSE(listening->hears(changed, 1s)) << "somebody else's";
  auto deaf = listen({{"promptsListChanged", true}});
  ASSERT_TRUE(deaf->hears("\"notifications\":{}"));
  lamp->offer("LampSkill", {"turn_on(level: int = 100) -> str"});
  EXPECT_TRUE(listening->hears(changed));
  EXPECT_FALSE(deaf->hears(changed, 700ms));
  const json bad = request("subscriptions/listen", with_meta(json::object(), can_ask));
  EXPECT_EQ(post(bad.dump(), modern_headers("subscriptions/listen"), token()).code(), -32602);
  EXPECT_EQ(door_.stop(), 0);
  EXPECT_TRUE(listening->hears("\"result\":")) << "and says when it ends";
}

TEST_F(McpDoor, OneUsersStreamsLeaveRoomForOthers) {
  const GatewayProcess small(hub_, "[mcp]\nlisteners_max = 8\n");
  const json body = request("subscriptions/listen", with_meta({{"notifications", json::object()}}, can_ask), 77);
  const auto listen = [&](const std::string& user) {
    return std::make_unique<Stream>(small.port(), token(user), body.dump(), modern_headers("subscriptions/listen"));
  };
  const std::string begun = "notifications/subscriptions/acknowledged";
  auto first = listen("alice");
  auto second = listen("alice");
  EXPECT_TRUE(first->hears(begun));
  EXPECT_TRUE(second->hears(begun));
  EXPECT_TRUE(listen("alice")->hears("429 Too Many Requests")) << "a quarter of them is alice's";
  const auto other = listen("bob");
  EXPECT_TRUE(other->hears(begun));
  first->raw().shut();
  // Its place is free as soon as the door has noticed.
  bool is_in = false;
  for (int i = 0; i < 100 && !is_in; ++i) is_in = listen("alice")->hears(begun);
  EXPECT_TRUE(is_in);
}

TEST_F(McpDoor, AStreamEndsWithItsToken) {
  const auto token = hub_.files().token({PrincipalType::user, "alice", "alice"}, 3s);
  const json body =
      request("subscriptions/listen", with_meta({{"notifications", {{"toolsListChanged", true}}}}, can_ask));
  Stream listening(door_.port(), token, body.dump(), modern_headers("subscriptions/listen"));
  ASSERT_TRUE(listening.hears("acknowledged"));
  EXPECT_TRUE(listening.hears("\"result\":", 8s));
}

TEST_F(McpDoor, ATokenIsNowhereInTheLog) {
  const auto lamp = this->lamp();
  const std::string mine = token();
  post(request("tools/list", json::object()).dump(), accepting(), mine);
  EXPECT_THAT(door_.log(), Not(HasSubstr(mine)));
}

}  // namespace
}  // namespace strawberry::test
