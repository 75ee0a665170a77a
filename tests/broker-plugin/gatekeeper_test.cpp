// The whole plugin: client ids, presence, revocation, wills and logs.
#include "common/contract/correlation_id.h"
#include "common/identity/token_stamp.h"
#include "tests/broker-plugin/gate.h"

namespace strawberry::plugin {
namespace {

using namespace std::chrono_literals;
using namespace test;

// --- logins ---

TEST_F(Gate, KnowsDevicesByTheDirectoryAlone) {
  EXPECT_TRUE(connect(1, speaker, "speaker"));
  EXPECT_FALSE(connect(2, {PrincipalType::device, "stranger", "alice"}, "stranger"));
  EXPECT_FALSE(connect(3, {PrincipalType::device, "lamp", "alice"}, "lamp"));
  EXPECT_THAT(broker_.lines.at(0), HasSubstr("refused connect reason=unknown_device client_id=\"stranger\""));
  EXPECT_THAT(broker_.lines.at(1), HasSubstr("reason=not_the_owner"));
}

TEST_F(Gate, LooksAtTheDirectoryAgainForEveryGoodToken) {
  directory_.add("new", "alice");
  EXPECT_TRUE(connect(1, {PrincipalType::device, "new", "alice"}, "new"));
  directory_.change("new").is_active = false;
  EXPECT_FALSE(connect(2, {PrincipalType::device, "new", "alice"}, "new"));
}

TEST_F(Gate, DoesNotTouchTheDatabaseForABadToken) {
  const int before = directory_.refreshes;
  EXPECT_FALSE(enters(login(1, "speaker", "rubbish")));
  EXPECT_EQ(directory_.refreshes, before);
}

TEST_F(Gate, GoesOnWithTheLastGoodViewWhenTheDatabaseCannotBeRead) {
  directory_.failure = "database hub.db cannot be read";
  EXPECT_TRUE(connect(1, speaker, "speaker"));
  seconds_pass(3);
  EXPECT_EQ(broker_.kicked.size(), 0u);
  EXPECT_EQ(std::count_if(broker_.lines.begin(), broker_.lines.end(),
                          [](const std::string& line) { return line.find("hub.db") != std::string::npos; }),
            1);
  directory_.failure = "";
  seconds_pass(1);
  EXPECT_THAT(broker_.lines.back(), HasSubstr("can be read again"));
}

TEST_F(Gate, LetsNobodyBeADeviceByTokenOfAnotherType) {
  EXPECT_FALSE(connect(1, {PrincipalType::user, "speaker", "speaker"}, "free"));
  EXPECT_FALSE(connect(2, {PrincipalType::admin, "speaker", ""}, "free"));
  EXPECT_FALSE(connect(3, {PrincipalType::enroll, "speaker", "alice"}, "free"));
}

TEST_F(Gate, TakesAOneTimeTokenUntilItIsSpent) {
  const Principal once{PrincipalType::enroll, "once", "alice"};
  EXPECT_TRUE(connect(1, once, "once"));
  directory_.spend("once");
  EXPECT_FALSE(connect(2, once, "once"));
}

TEST_F(Gate, GuardsClientIds) {
  EXPECT_TRUE(connect(1, mallory, "mallory"));
  EXPECT_FALSE(connect(2, mallory, "speaker"));
  EXPECT_FALSE(connect(2, mallory, "alice"));  // has devices, though not connected
  for (const char* reserved : {"strawberry-bridge", "admin", "hub"}) EXPECT_FALSE(connect(2, mallory, reserved));
  EXPECT_TRUE(connect(2, bridge, "bridge"));
  EXPECT_FALSE(connect(3, mallory, "bridge"));
  EXPECT_TRUE(connect(3, alice, "shared-name"));
  EXPECT_FALSE(connect(4, mallory, "shared-name"));
  EXPECT_TRUE(connect(4, alice, "shared-name"));
  for (const std::string& bad : {std::string(), std::string("a/b"), std::string("#"), std::string(65, 'a')}) {
    EXPECT_FALSE(connect(5, mallory, bad)) << bad;
  }
}

TEST_F(Gate, GuardsTheClientIdOfAUserWithoutDevicesWhoIsAway) {
  const Principal carol{PrincipalType::user, "carol", "carol"};
  directory_.taken.insert("carol");
  ASSERT_FALSE(connect(1, mallory, "carol"));
  EXPECT_THAT(broker_.lines.back(), HasSubstr("reason=client_id_is_a_principal"));
  EXPECT_TRUE(connect(1, mallory, "carol-tablet"));
  const int lookups = directory_.taken_lookups;
  EXPECT_TRUE(connect(2, carol, "carol"));
  EXPECT_EQ(directory_.taken_lookups, lookups) << "most clients have their principal's id: those cost nothing";
}

TEST_F(Gate, KeepsTheClientIdOfAStoredSession) {
  EXPECT_TRUE(connect(1, alice, "dashboard", 1h, /*session_may_stay=*/true));
  end(1);
  EXPECT_FALSE(connect(2, mallory, "dashboard"));
  EXPECT_TRUE(connect(2, alice, "dashboard", 1h, /*session_may_stay=*/false));
  end(2);
  EXPECT_TRUE(connect(3, mallory, "dashboard"));
}

TEST_F(Gate, GivesAUsersStoredSessionToNoDeviceOfThatId) {
  EXPECT_TRUE(connect(1, mallory, "mallory", 1h, /*session_may_stay=*/true));
  end(1);
  directory_.add("mallory", "alice");  // registered under the id of a user who has no devices
  EXPECT_FALSE(connect(2, {PrincipalType::device, "mallory", "alice"}, "mallory"));
}

TEST_F(Gate, LearnsOfSessionsFromBeforeTheStartByWhatIsDeliveredToThem) {
  auto delivery = topic(9, alice, Access::read, "hub/state");
  delivery.client_id = "dashboard";
  EXPECT_TRUE(gate_->allows(delivery));
  EXPECT_FALSE(connect(1, mallory, "dashboard"));
  EXPECT_TRUE(connect(1, alice, "dashboard"));
}

TEST_F(Gate, KeepsOnlySoManyConnectionsAndClientIds) {
  make({.connections = {.connections_max = 2, .stored_max = 2}, .presence = {}, .logins = {}});
  EXPECT_TRUE(connect(1, alice, "a", 1h, true));
  EXPECT_TRUE(connect(2, alice, "b", 1h, true));
  EXPECT_FALSE(connect(3, alice, "c"));
  EXPECT_THAT(broker_.lines.back(), HasSubstr("too_many_connections"));
  end(1);
  end(2);
  EXPECT_TRUE(connect(3, alice, "c", 1h, true));
  end(3);  // the longest unused, `a`, is forgotten
  EXPECT_TRUE(connect(4, mallory, "a"));
  EXPECT_FALSE(connect(5, mallory, "b"));
  EXPECT_FALSE(connect(5, mallory, "c"));
}

TEST_F(Gate, IsNotConfusedByAHandleUsedAgain) {
  EXPECT_TRUE(connect(1, speaker, "speaker"));
  EXPECT_TRUE(connect(1, tablet, "tablet"));
  EXPECT_EQ(broker_.state_of("speaker"), "offline");
  EXPECT_EQ(broker_.state_of("tablet"), "online");
  end(1);
  end(1);
  end(77);
  EXPECT_EQ(broker_.state_of("tablet"), "offline");
}

// --- presence ---

TEST_F(Gate, TellsWhenADeviceComesAndGoes) {
  EXPECT_TRUE(connect(1, speaker, "speaker"));
  auto status = broker_.status_of("speaker");
  EXPECT_EQ(status.dump(), R"({"device_id":"speaker","name":"Name of speaker","reason":"connected",)"
                           R"("since":"2026-01-01T00:00:00.000Z","state":"online","v":1})");
  clock_.advance(5s);
  end(1);
  status = broker_.status_of("speaker");
  EXPECT_EQ(status.at("state"), "offline");
  EXPECT_EQ(status.at("reason"), "disconnected");
  EXPECT_EQ(status.at("since"), "2026-01-01T00:00:05.000Z");
}

TEST_F(Gate, AQuietConnectionIsNoSignOfTheDevice) {
  EXPECT_TRUE(connect(1, speaker, "quiet-1"));
  EXPECT_FALSE(broker_.retained.contains("devices/speaker/status"));
  EXPECT_TRUE(connect(2, speaker, "speaker"));
  EXPECT_EQ(broker_.status_of("speaker").at("state"), "online");
  end(2);
  EXPECT_EQ(broker_.status_of("speaker").at("state"), "offline");
  EXPECT_TRUE(connect(3, speaker, "speaker"));
  end(1);
  EXPECT_EQ(broker_.status_of("speaker").at("state"), "online");
}

TEST_F(Gate, SaysThatAConnectionWasLostWhereItCanKnow) {
  EXPECT_TRUE(connect(1, speaker, "speaker"));
  gate_->disconnected(handle(1), Gatekeeper::Ending::lost);
  EXPECT_EQ(broker_.status_of("speaker").at("reason"), "connection_lost");
  // Otherwise by the will, which comes after the end, or much later.
  EXPECT_TRUE(connect(2, tablet, "tablet"));
  end(2);
  EXPECT_EQ(broker_.status_of("tablet").at("reason"), "disconnected");
  const auto since = broker_.status_of("tablet").at("since").get<std::string>();
  clock_.advance(5s);
  EXPECT_FALSE(gate_->allows(topic(2, tablet, Access::write, "hub/state")));
  EXPECT_EQ(broker_.status_of("tablet").at("reason"), "disconnected");
  EXPECT_TRUE(gate_->allows(topic(2, tablet, Access::write, "devices/tablet/status", "offline")));
  EXPECT_EQ(broker_.status_of("tablet").at("reason"), "connection_lost");
  EXPECT_EQ(broker_.status_of("tablet").at("since"), since);
  // An expired one keeps its reason.
  EXPECT_TRUE(connect(3, lamp, "lamp", 5s));
  seconds_pass(5);
  EXPECT_TRUE(gate_->allows(topic(3, lamp, Access::write, "devices/lamp/status", "offline")));
  EXPECT_EQ(broker_.status_of("lamp").at("reason"), "token_expired");
}

TEST_F(Gate, SaysThatADeviceWasTakenOverByItself) {
  EXPECT_TRUE(connect(1, speaker, "speaker"));
  clock_.advance(5s);
  EXPECT_TRUE(connect(2, speaker, "speaker"));
  gate_->disconnected(handle(1), Gatekeeper::Ending::taken_over);
  EXPECT_EQ(broker_.status_of("speaker").at("state"), "online");
  EXPECT_EQ(broker_.status_of("speaker").at("reason"), "taken_over");
  EXPECT_EQ(broker_.status_of("speaker").at("since"), "2026-01-01T00:00:00.000Z");
  // Mosquitto 2.0 does not report it, but has accepted a new connection with that client id.
  EXPECT_TRUE(connect(3, tablet, "tablet"));
  EXPECT_TRUE(connect(4, tablet, "tablet"));
  end(3);
  EXPECT_EQ(broker_.status_of("tablet").at("reason"), "taken_over");
  end(4);
  EXPECT_EQ(broker_.status_of("tablet").at("reason"), "disconnected");
}

TEST_F(Gate, SaysNothingOfUsers) {
  EXPECT_TRUE(connect(1, alice, "alice"));
  end(1);
  EXPECT_TRUE(broker_.published.empty());
}

TEST_F(Gate, KeepsADeviceOnlineUntilItsLastConnectionIsGone) {
  EXPECT_TRUE(connect(1, speaker, "speaker"));
  EXPECT_TRUE(connect(2, speaker, "speaker-2"));
  end(1);
  EXPECT_EQ(broker_.published.size(), 1u);
  end(2);
  EXPECT_EQ(broker_.state_of("speaker"), "offline");
}

TEST_F(Gate, SaysOnlineAgainAfterATakeover) {
  EXPECT_TRUE(connect(1, speaker, "speaker"));
  clock_.advance(5s);
  EXPECT_TRUE(connect(2, speaker, "speaker"));
  // The broker publishes the old connection's will, then reports its end.
  EXPECT_TRUE(gate_->allows(topic(1, speaker, Access::write, "devices/speaker/status", "offline")));
  broker_.retained["devices/speaker/status"] = R"({"state":"offline"})";
  end(1);
  EXPECT_EQ(broker_.state_of("speaker"), "online");
  EXPECT_EQ(broker_.status_of("speaker").at("since"), "2026-01-01T00:00:00.000Z");
  end(2);
  EXPECT_EQ(broker_.state_of("speaker"), "offline");
}

TEST_F(Gate, GivesTheClientIdBackWhenATakeoverFails) {
  EXPECT_TRUE(connect(1, speaker, "speaker"));
  EXPECT_TRUE(connect(2, speaker, "speaker"));
  end(2);
  EXPECT_TRUE(publishes(1, speaker, "skills/speaker/request"));
  clock_.advance(2h);
  gate_->tick();
  EXPECT_EQ(broker_.kicked.size(), 1u);
}

TEST_F(Gate, PutsRightWhatADeviceSaysWrongly) {
  EXPECT_TRUE(connect(1, speaker, "speaker"));
  for (const char* claim : {"offline", R"({"state":"offline"})", "", "rubbish", "null", R"({"state":7})"}) {
    EXPECT_TRUE(publishes(1, speaker, "devices/speaker/status", claim));
    broker_.retained["devices/speaker/status"] = R"({"state":"wrong"})";
    seconds_pass(1);
    EXPECT_EQ(broker_.state_of("speaker"), "online") << claim;
  }
  const std::size_t before = broker_.published.size();
  for (const char* claim : {"online", R"({"state":"online","battery":7})"}) {
    EXPECT_TRUE(publishes(1, speaker, "devices/speaker/status", claim));
    seconds_pass(1);
  }
  EXPECT_EQ(broker_.published.size(), before);
}

TEST_F(Gate, PutsRightAWillThatComesLate) {
  EXPECT_TRUE(connect(1, speaker, "random-1"));
  EXPECT_TRUE(connect(2, speaker, "random-2"));
  end(1);
  EXPECT_TRUE(gate_->allows(topic(1, speaker, Access::write, "devices/speaker/status", "offline")));
  broker_.retained["devices/speaker/status"] = R"({"state":"offline"})";
  seconds_pass(1);
  EXPECT_EQ(broker_.state_of("speaker"), "online");
  end(2);
  EXPECT_TRUE(gate_->allows(topic(2, speaker, Access::write, "devices/speaker/status", "online")));
  broker_.retained["devices/speaker/status"] = R"({"state":"online"})";
  seconds_pass(1);
  EXPECT_EQ(broker_.state_of("speaker"), "offline");
}

TEST_F(Gate, DeclaresThoseGoneWhoDoNotComeBackAfterAStart) {
  EXPECT_TRUE(connect(1, speaker, "speaker"));
  EXPECT_TRUE(connect(2, lamp, "lamp"));
  end(2);
  seconds_pass(1);
  EXPECT_EQ(broker_.state_of("tablet"), "");
  seconds_pass(3);
  EXPECT_EQ(broker_.state_of("speaker"), "online");
  EXPECT_EQ(broker_.state_of("tablet"), "offline");
  EXPECT_EQ(broker_.status_of("tablet").at("reason"), "broker_restart");
  EXPECT_EQ(broker_.status_of("lamp").at("reason"), "disconnected");
  const std::size_t before = broker_.published.size();
  seconds_pass(10);
  EXPECT_EQ(broker_.published.size(), before);
}

TEST_F(Gate, ForgetsADeviceThatIsDeletedWhileItIsAway) {
  EXPECT_TRUE(connect(1, speaker, "speaker"));
  end(1);
  directory_.remove("speaker");
  seconds_pass(20);
  // What is known of the old device would be said of a new one with its id.
  directory_.add("speaker", "alice");
  EXPECT_TRUE(connect(2, speaker, "quiet-speaker"));
  EXPECT_TRUE(publishes(2, speaker, "devices/speaker/status", "online"));
  seconds_pass(1);
  EXPECT_EQ(broker_.status_of("speaker").at("state"), "offline");
  EXPECT_EQ(broker_.status_of("speaker").at("since"), format_rfc3339(clock_.wall_now()));
}

// --- ends of connections ---

TEST_F(Gate, EndsAConnectionAtTheExpiryOfItsToken) {
  EXPECT_TRUE(connect(1, speaker, "speaker", 10s));
  seconds_pass(9);
  EXPECT_TRUE(broker_.kicked.empty());
  seconds_pass(1);
  ASSERT_EQ(broker_.kicked.size(), 1u);
  EXPECT_EQ(broker_.kicked[0], (std::pair<std::string, bool>("speaker", true)));
  EXPECT_EQ(broker_.status_of("speaker").at("reason"), "token_expired");
  EXPECT_THAT(broker_.lines.back(), HasSubstr("ends connection reason=token_expired client_id=\"speaker\""));
}

TEST_F(Gate, DoesNotLetEndedConnectionsFloodTheLog) {
  constexpr int beyond = 5;
  for (int i = 0; i < LimitedLog::lines_per_second_max + beyond; ++i)
    ASSERT_TRUE(connect(i + 1, alice, "alice-" + std::to_string(i), 10s));
  seconds_pass(10);
  EXPECT_EQ(broker_.kicked.size(), static_cast<std::size_t>(LimitedLog::lines_per_second_max + beyond));
  ASSERT_EQ(broker_.lines.size(), static_cast<std::size_t>(LimitedLog::lines_per_second_max) + 1);
  EXPECT_THAT(broker_.lines.back(), HasSubstr("5 more connections ended, not logged one by one"));
  seconds_pass(2);
  EXPECT_EQ(broker_.lines.size(), static_cast<std::size_t>(LimitedLog::lines_per_second_max) + 1) << "said once";
}

TEST_F(Gate, EndsConnectionsOfDevicesRevokedDeactivatedOrGivenAway) {
  const auto revoke = [this](const std::function<void(DeviceRecord&)>& change) {
    EXPECT_TRUE(connect(1, speaker, "speaker"));
    EXPECT_TRUE(connect(2, tablet, "tablet"));
    const DeviceRecord before = *directory_.find("speaker");
    change(directory_.change("speaker"));
    seconds_pass(2);
    EXPECT_EQ(broker_.kicked, (std::vector<std::pair<std::string, bool>>{{"speaker", false}}));
    EXPECT_EQ(broker_.status_of("speaker").at("reason"), "revoked");
    EXPECT_EQ(broker_.state_of("tablet"), "online");
    broker_.kicked.clear();
    directory_.change("speaker") = before;
  };
  revoke([](DeviceRecord& device) { device.is_active = false; });
  revoke([this](DeviceRecord& device) { device.tokens_valid_from = clock_.wall_now() + 1ms; });
  revoke([](DeviceRecord& device) { device.user_id = "bob"; });
}

TEST_F(Gate, TakesTheStatusOfADeletedDeviceAwayAndStillDeliversThat) {
  EXPECT_TRUE(connect(1, speaker, "speaker"));
  EXPECT_TRUE(connect(2, tablet, "tablet"));
  directory_.remove("speaker");
  seconds_pass(1);
  EXPECT_EQ(broker_.kicked.size(), 1u);
  EXPECT_EQ(broker_.retained.at("devices/speaker/status"), "");
  EXPECT_TRUE(gate_->allows(topic(2, tablet, Access::read, "devices/speaker/status")));
  EXPECT_FALSE(gate_->allows(topic(3, lamp, Access::read, "devices/speaker/status")));
  seconds_pass(1);
  EXPECT_FALSE(gate_->allows(topic(2, tablet, Access::read, "devices/speaker/status")));
}

TEST_F(Gate, EndsNoConnectionTwiceAndNoNewerOne) {
  broker_.on_kick = nullptr;  // a WebSocket's end is reported later
  EXPECT_TRUE(connect(1, speaker, "speaker", 10s));
  seconds_pass(12);
  EXPECT_EQ(broker_.kicked.size(), 1u);
  EXPECT_TRUE(connect(2, speaker, "speaker", 1h));
  seconds_pass(3);
  EXPECT_EQ(broker_.kicked.size(), 1u);
}

TEST_F(Gate, WorksOnceASecondHoweverOftenItIsCalled) {
  gate_->tick();
  const int before = directory_.refreshes;
  for (int i = 0; i < 100; ++i) {
    clock_.advance(9ms);
    gate_->tick();
  }
  EXPECT_EQ(directory_.refreshes, before);
}

// --- topics ---

TEST_F(Gate, NamesTheSenderOfRequestsOnly) {
  EXPECT_TRUE(connect(1, speaker, "speaker"));
  EXPECT_EQ(sender_of(topic(1, speaker, Access::write, "chat/speaker/request")), stamp_of("device/alice/speaker"));
  EXPECT_EQ(sender_of(topic(1, speaker, Access::write, "devices/speaker/status")), "");
  Gatekeeper::TopicEvent nobody = topic(1, speaker, Access::write, "chat/speaker/request");
  nobody.user_name = "speaker";
  EXPECT_EQ(sender_of(nobody), std::nullopt);
  EXPECT_FALSE(gate_->allows(nobody));
}

TEST_F(Gate, SaysByWhichTokenAUserChats) {
  EXPECT_TRUE(enters(login(1, "alice-phone", token({PrincipalType::user, "alice", "alice"}))));
  EXPECT_TRUE(decode_token_stamp(
      gate_->token_of(topic(1, {PrincipalType::user, "alice", "alice"}, Access::write, "chat/alice/request"))));
}

TEST_F(Gate, SaysByWhichTokenARequestToTheDevicesServiceWasMade) {
  const std::string password = refreshed(speaker, "second", "first");
  EXPECT_TRUE(enters(login(1, "speaker", password)));
  const auto stamp = gate_->token_of(topic(1, speaker, Access::write, "devices/speaker/request"));
  const auto token = decode_token_stamp(stamp);
  ASSERT_TRUE(token) << stamp;
  EXPECT_EQ(token->jti, "second");
  EXPECT_EQ(token->root_jti, "first");
  EXPECT_EQ(token->issued_at, clock_.wall_now());
  EXPECT_EQ(token->root_issued_at, clock_.wall_now() - 1h);
  for (const char* other : {"skills/speaker/request", "chat/speaker/request", "devices/speaker/status"}) {
    EXPECT_EQ(gate_->token_of(topic(1, speaker, Access::write, other)), "") << other;
  }
  EXPECT_EQ(gate_->token_of(topic(7, speaker, Access::write, "devices/speaker/request")), "") << "nobody's";
}

TEST_F(Gate, TakesWhatAClientPublishesAfterItsEndForAWill) {
  EXPECT_TRUE(connect(1, speaker, "speaker"));
  EXPECT_TRUE(gate_->allows(topic(1, speaker, Access::write, "skills/speaker/request")));
  end(1);
  EXPECT_FALSE(gate_->allows(topic(1, speaker, Access::write, "skills/speaker/request")));
  EXPECT_TRUE(gate_->allows(topic(1, speaker, Access::write, "devices/speaker/status")));
  EXPECT_TRUE(connect(1, speaker, "speaker"));
  EXPECT_TRUE(connect(2, speaker, "speaker"));
  EXPECT_FALSE(gate_->allows(topic(1, speaker, Access::write, "skills/speaker/request")));
  EXPECT_TRUE(gate_->allows(topic(2, speaker, Access::write, "skills/speaker/request")));
}

TEST_F(Gate, DeliversNoRequestWhoseSenderWasNotAskedFor) {
  // The order when the broker stops: the will of a connected client is checked first, then delivered at once.
  EXPECT_TRUE(connect(1, speaker, "speaker"));
  EXPECT_TRUE(gate_->allows(topic(1, speaker, Access::write, "skills/speaker/request")));
  EXPECT_FALSE(gate_->allows(topic(2, bridge, Access::read, "skills/speaker/request")));
  EXPECT_TRUE(gate_->allows(topic(2, bridge, Access::read, "devices/speaker/status")));
  EXPECT_TRUE(publishes(1, speaker, "skills/speaker/request"));
  EXPECT_TRUE(gate_->allows(topic(2, bridge, Access::read, "skills/speaker/request")));
}

TEST_F(Gate, DeliversAQos2RequestThatWasSentAgain) {
  EXPECT_TRUE(connect(1, speaker, "speaker"));
  EXPECT_TRUE(publishes(1, speaker, "skills/speaker/request"));
  EXPECT_TRUE(gate_->allows(topic(1, speaker, Access::write, "skills/speaker/request")));  // the broker already has it
  gate_->tick();
  EXPECT_TRUE(gate_->allows(topic(2, bridge, Access::read, "skills/speaker/request")));
}

TEST_F(Gate, NamesTheUserWhoseHomeAssistantIsThereAndKeepsItsWillFromTheBridge) {
  const std::string status = "homeassistant/status";
  ASSERT_TRUE(connect(1, alice, "home"));
  ASSERT_TRUE(connect(2, bridge, "bridge"));
  ASSERT_TRUE(connect(3, admin, "tail"));
  EXPECT_TRUE(gate_->allows(topic(1, alice, Access::write, status, "online")));
  EXPECT_EQ(sender_of(topic(1, alice, Access::write, status, "online")), stamp_of("user/alice/alice"));
  EXPECT_TRUE(gate_->allows(topic(2, bridge, Access::read, status)));

  end(1);
  EXPECT_TRUE(gate_->allows(topic(1, alice, Access::write, status, "offline"))) << "a will";
  EXPECT_FALSE(gate_->allows(topic(2, bridge, Access::read, status))) << "nobody has signed it";
  EXPECT_TRUE(gate_->allows(topic(3, admin, Access::read, status)));
  EXPECT_TRUE(gate_->allows(topic(2, bridge, Access::read, "skills/speaker/request"))) << "others are delivered";

  ASSERT_TRUE(connect(4, mallory, "home"));
  ASSERT_TRUE(publishes(4, mallory, status, "online"));
  EXPECT_TRUE(gate_->allows(topic(2, bridge, Access::read, status)));
}

TEST_F(Gate, DeliversTheLastWordAboutADeletedDeviceToWhoHadIt) {
  const std::string config = "homeassistant/device/speaker/config";
  ASSERT_TRUE(connect(1, alice, "home"));
  ASSERT_TRUE(connect(2, mallory, "other"));
  directory_.remove("speaker");
  directory_.former_owners["speaker"] = "alice";
  seconds_pass(60);
  EXPECT_TRUE(gate_->allows(topic(1, alice, Access::read, config)));
  EXPECT_FALSE(gate_->allows(topic(2, mallory, Access::read, config)));
  directory_.add("speaker", "mallory");
  seconds_pass(1);
  EXPECT_FALSE(gate_->allows(topic(1, alice, Access::read, config)));
}

TEST_F(Gate, LogsRefusalsOfWritingAndSubscribingButNotOfDelivery) {
  EXPECT_TRUE(connect(1, speaker, "speaker"));
  EXPECT_FALSE(gate_->allows(topic(1, speaker, Access::read, "hub/audit")));
  EXPECT_TRUE(broker_.lines.empty());
  EXPECT_FALSE(gate_->allows(topic(1, speaker, Access::write, "hub/state")));
  EXPECT_EQ(
      broker_.lines.at(0),
      "refused publish reason=not_listed client_id=\"client\" principal=device/alice/speaker topic=\"hub/state\"");
  ASSERT_EQ(broker_.audited.size(), 1u);
  EXPECT_EQ(broker_.audited[0].at("actor"), "speaker");
  EXPECT_EQ(broker_.audited[0].at("subject"), "hub/state");
}

// --- the log ---

TEST_F(Gate, CallsARefusedPublicationByItsCorrelationId) {
  EXPECT_TRUE(connect(1, speaker, "speaker"));
  const auto refused_with = [&](const std::string& payload) {
    auto event = topic(1, speaker, Access::write, "skills/lamp/request");
    event.payload = payload;
    EXPECT_FALSE(gate_->allows(event));
    const auto line = broker_.lines.back();
    const auto at = line.find(" correlation_id=");
    return at == std::string::npos ? std::string() : line.substr(at + 1);
  };
  EXPECT_EQ(refused_with(R"({"op":"list","correlation_id":"c-1"})"), "correlation_id=\"c-1\"");
  EXPECT_EQ(refused_with(R"({"correlation_id":"a\nb\u0022 principal=admin//x"})"),
            R"(correlation_id="a\x0ab\x22 principal=admin//x")");
  EXPECT_EQ(refused_with("no JSON"), "");
  EXPECT_EQ(refused_with(R"({"correlation_id":17})"), "");
  EXPECT_EQ(refused_with(R"({"correlation_id":")" + std::string(129, 'x') + "\"}"), "");
  EXPECT_EQ(refused_with(std::string(100'000, '[')), "");
  // Only this much is searched: later text is ignored.
  const std::string filler(looked_at_for_log_bytes_max, ' ');
  EXPECT_EQ(refused_with("{" + filler + R"("correlation_id":"c-2"})"), "");
  EXPECT_EQ(refused_with(R"({"correlation_id":"c-3","body":")" + filler + "\"}"), "correlation_id=\"c-3\"");
}

TEST_F(Gate, CallsADroppedPublicationByItsCorrelationData) {
  EXPECT_TRUE(connect(1, speaker, "speaker"));
  auto event = topic(1, speaker, Access::write, "skills/speaker/request");
  event.correlation_data = std::string_view("bin\0ary", 7);
  gate_->dropped(event, "unknown_sender");
  EXPECT_EQ(broker_.lines.back(),
            "refused publish reason=unknown_sender client_id=\"client\" topic=\"skills/speaker/request\" "
            "correlation_id=\"bin\\x00ary\"");
}

TEST_F(Gate, NeverLogsATokenOrAnUnprovenName) {
  const std::string password = token(speaker);
  const std::string forged = password.substr(0, password.size() - 4) + "AAAA";
  const std::string bad_id = "bad\nid\x1b[31m\"";
  Login attempt = login(1, bad_id, forged);
  attempt.attempt.user_name = "looks-like-somebody";
  EXPECT_FALSE(enters(attempt));
  ASSERT_EQ(broker_.lines.size(), 1u);
  EXPECT_EQ(broker_.lines[0].find(password.substr(0, 20)), std::string::npos);
  EXPECT_EQ(broker_.lines[0].find("looks-like-somebody"), std::string::npos);
  EXPECT_THAT(broker_.lines[0], HasSubstr(R"(client_id="bad\x0aid\x1b[31m\x22")"));
  ASSERT_EQ(broker_.audited.size(), 1u);
  const auto& audited = broker_.audited[0];
  EXPECT_EQ(audited.at("action"), "broker.connect");
  EXPECT_EQ(audited.at("actor"), "");
  EXPECT_EQ(audited.at("reason"), "token_bad_signature");
  EXPECT_EQ(audited.at("address"), "127.0.0.1");
  EXPECT_FALSE(audited.contains("client_id"));
  EXPECT_EQ(audited.dump().find("eyJ"), std::string::npos);
  EXPECT_EQ(audited.dump().find("looks-like-somebody"), std::string::npos);
}

TEST_F(Gate, DoesNotLetRefusalsFloodTheLog) {
  make({.connections = {}, .presence = {}, .logins = {.limiter = {.failures_at_once_max = 0}}});
  const std::string long_id(65'535, '\x01');
  const Login attempt = login(1, long_id, "rubbish");
  for (int i = 0; i < 1'000; ++i) EXPECT_FALSE(enters(attempt));
  EXPECT_EQ(broker_.lines.size(), static_cast<std::size_t>(RefusalLog::lines_per_second_max));
  EXPECT_LT(broker_.lines[0].size(), 512u);
  EXPECT_EQ(broker_.audited.size(), static_cast<std::size_t>(RefusalLog::lines_per_second_max));
  seconds_pass(1);
  EXPECT_THAT(broker_.lines.back(), HasSubstr("980 more refusals"));
  EXPECT_EQ(broker_.audited.back().at("left_out"), 980);
  EXPECT_FALSE(enters(attempt));
  EXPECT_THAT(broker_.lines.back(), HasSubstr("refused connect"));
}

}  // namespace
}  // namespace strawberry::plugin
