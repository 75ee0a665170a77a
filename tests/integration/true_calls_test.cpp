/// Guarantees for Spokes: one answer to each request, in time, and nothing run twice or too late, despite redeliveries,
/// crashes and floods.
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "tests/support/hub_process.h"
#include "tests/support/wire_client.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

json call(const std::string& path, int timeout_ms) {
  return {{"op", "call"}, {"skill_path", path}, {"args", json::array()}, {"timeout_ms", timeout_ms}};
}

/// A device with a session that the broker keeps, on a bare socket: it does not answer or acknowledge automatically.
wire::Connect durable(const HubProcess& hub, const std::string& id) {
  wire::Connect connect;
  connect.client_id = id;
  connect.user_name = "";
  connect.password = hub.files().device_token(id, "alice");
  connect.clean = false;
  connect.session_expiry_s = 600;
  return connect;
}

TEST(TrueCalls, NoCallIsDeliveredAfterItsDeadlineNotEvenToADeviceThatComesBack) {
  HubProcess hub;
  auto tablet = hub.device("Tablet");
  hub.device("Speaker")->offer("C", {"f()"});
  for (const int timeout_ms : {300, 1'500, 2'900}) {
    {
      WireClient hangs(hub.port(), durable(hub, "speaker"));
      ASSERT_EQ(hangs.connect(), 0);
      hangs.subscribe("skills/speaker/call");
      ASSERT_TRUE(hangs.sync());
      tablet->send("skills", call("speaker.C.f", timeout_ms));
      std::this_thread::sleep_for(std::chrono::milliseconds(timeout_ms / 10));  // on the wire, and never acknowledged
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(timeout_ms));
    WireClient back(hub.port(), durable(hub, "speaker"));
    ASSERT_EQ(back.connect(), 0);
    EXPECT_TRUE(back.session_present());
    ASSERT_TRUE(back.sync());
    EXPECT_TRUE(back.take().empty()) << "a call of " << timeout_ms << " ms came after its deadline";
  }
}

/// A call in flight when the broker died is not sent again after its deadline.
TEST(TrueCalls, NoCallComesLateBecauseTheBrokerWasAway) {
  HubProcess::Options options;
  options.broker_persistence = true;
  HubProcess hub(options);
  auto tablet = hub.device("Tablet");
  hub.device("Speaker")->offer("C", {"f()"});
  const auto listen = [&] {
    auto speaker = std::make_unique<WireClient>(hub.port(), durable(hub, "speaker"));
    EXPECT_EQ(speaker->connect(), 0);
    speaker->subscribe("skills/speaker/call");
    EXPECT_TRUE(speaker->sync());
    return speaker;
  };
  auto speaker = listen();
  hub.broker().process().signal(SIGUSR1);  // it saves, so that the bridge's session still exists after the restart
  std::this_thread::sleep_for(300ms);
  hub.bridge().signal(SIGSTOP);
  tablet->send("skills", call("speaker.C.f", 2'500));
  std::this_thread::sleep_for(200ms);  // the request waits in the bridge's socket
  hub.broker().process().signal(SIGSTOP);
  hub.bridge().signal(SIGCONT);
  std::this_thread::sleep_for(300ms);  // the bridge sends the call, which is not acknowledged
  hub.broker().kill();
  std::this_thread::sleep_for(2'500ms);
  hub.broker().start();
  speaker = listen();
  std::this_thread::sleep_for(2s);  // the bridge is back within a second
  ASSERT_TRUE(speaker->sync());
  EXPECT_TRUE(speaker->take().empty()) << "a call came after its deadline";
}

TEST(TrueCalls, ARequestMadeAgainAfterACrashMakesTheSameCall) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  auto tablet = hub.device("Tablet");
  speaker->offer("C", {"f()"});
  auto request = call("speaker.C.f", 20'000);
  request["correlation_id"] = "pressed twice";
  tablet->send("skills", request);
  const auto first = speaker->next_call();
  ASSERT_TRUE(first);
  hub.kill_bridge();
  hub.start_bridge();
  tablet->send("skills", request);
  const auto second = speaker->next_call();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->at("correlation_id"), first->at("correlation_id"));
  speaker->answer(*second, "once");
  EXPECT_EQ(tablet->response("skills", "pressed twice").at("result"), "once");

  // Another principal's request with the same id is another call.
  auto other = hub.device("Other");
  other->send("skills", request);
  const auto third = speaker->next_call();
  ASSERT_TRUE(third);
  EXPECT_NE(third->at("correlation_id"), first->at("correlation_id"));
}

TEST(TrueCalls, ARequestThatWaitedTooLongForTheBridgeRunsNothing) {
  HubProcess hub;
  auto speaker = hub.device("Speaker");
  auto tablet = hub.device("Tablet");
  speaker->offer("C", {"f()"});
  hub.kill_bridge();
  const auto late = tablet->send("skills", call("speaker.C.f", 400));
  const auto in_time = tablet->send("skills", call("speaker.C.f", 30'000));
  std::this_thread::sleep_for(500ms);
  hub.start_bridge();
  const auto made = speaker->next_call();
  ASSERT_TRUE(made);
  EXPECT_LT(made->at("timeout_ms"), 29'600) << "what it waited is gone";
  speaker->answer(*made, "done");
  EXPECT_EQ(tablet->response("skills", in_time).at("result"), "done");
  EXPECT_EQ(tablet->response("skills", late).at("error").at("code"), "timeout");
  tablet->result_of("skills", {{"op", "list"}});
  EXPECT_FALSE(speaker->next_call(0ms)) << "the late one ran";
}

TEST(TrueCalls, AFloodIsAnsweredOneByOneAndDelaysNobodyElse) {
  HubProcess::Options options;
  options.rate_limits = false;  // otherwise the plugin would accept only 4 000 of them at once
  HubProcess hub(options);
  auto noisy = hub.device("Noisy");
  auto quiet = hub.device("Quiet", "bob");
  const int flood = 5'000;
  WireClient hose(hub.port(), [&] {
    wire::Connect connect;
    connect.client_id = "hose";
    connect.user_name = "";
    connect.password = hub.files().device_token("noisy", "alice");
    return connect;
  }());
  ASSERT_EQ(hose.connect(), 0);
  ASSERT_TRUE(hose.sync());
  for (int i = 0; i < flood; ++i) {
    const json request{{"op", "list"}, {"correlation_id", "flood " + std::to_string(i)}};
    hose.publish("skills/noisy/request", request.dump());
  }
  hose.flush();
  EXPECT_EQ(quiet->code_of("skills", {{"op", "list"}}), "ok");

  std::set<std::string> answered;
  std::map<std::string, int> codes;
  while (static_cast<int>(answered.size()) < flood) {
    const auto reply = noisy->mqtt().wait_for("skills/noisy/response", 10s);
    ASSERT_TRUE(reply) << answered.size() << " of " << flood;
    const json body = json::parse(reply->payload);
    EXPECT_TRUE(answered.insert(body.at("correlation_id").get<std::string>()).second) << "answered twice";
    ++codes[body.at("success").get<bool>() ? "ok" : body.at("error").at("code").get<std::string>()];
  }
  EXPECT_GT(codes["ok"], 0);
  codes.erase("ok");
  codes.erase("busy");
  EXPECT_TRUE(codes.empty()) << json(codes).dump();
}

}  // namespace
}  // namespace strawberry::test
