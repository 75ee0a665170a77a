// Presence in a real Mosquitto, case by case (docs/contract.md, section 8): however a device connects, disconnects,
// becomes silent or lies, its retained status is correct within five seconds. No bridge is involved.
#include <algorithm>
#include <csignal>

#include "tests/broker-plugin/plugin_fixture.h"
#include "tests/support/wire_client.h"

namespace strawberry::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* status_topic_of_speaker = "devices/speaker/status";
constexpr const char* offline_by_will = R"({"state":"offline","by":"will"})";
constexpr const char* online_by_will = R"({"state":"online","by":"will"})";
/// Mosquitto looks for silent clients every five seconds.
constexpr std::chrono::milliseconds until_silence_is_noticed = 12s;

class PresenceCases : public PluginInBroker {
 protected:
  PresenceCases() { start_broker(); }

  void start_watching() {
    watcher_ = device("tablet", "alice");
    ASSERT_EQ(watcher_->subscribe(status_topic_of_speaker), 1);
  }

  MqttTestClient::Options speaker(const std::string& client_id, const char* will = nullptr) const {
    auto speaker_options = options(client_id, hub_.device_token("speaker", "alice"));
    if (will == nullptr) return speaker_options;
    speaker_options.will.emplace();
    speaker_options.will->topic = status_topic_of_speaker;
    speaker_options.will->payload = will;
    speaker_options.will->retained = true;
    return speaker_options;
  }

  /// A bare socket, which is only read and written by the test. It stays open.
  std::unique_ptr<WireClient> silent_client(const std::string& client_id, const std::string& token,
                                            const char* will) const {
    wire::Connect connect;
    connect.version = GetParam();
    connect.client_id = client_id;
    connect.user_name = "";
    connect.password = token;
    connect.keepalive_s = 1;
    if (will != nullptr) connect.will = wire::Will{status_topic_of_speaker, will, true};
    auto client = std::make_unique<WireClient>(broker_->port(), connect);
    EXPECT_EQ(client->connect(), 0);
    return client;
  }
  std::unique_ptr<WireClient> silent_speaker(const std::string& client_id) const {
    return silent_client(client_id, hub_.device_token("speaker", "alice"), offline_by_will);
  }

  /// Reads the watcher's messages in order, up to the first that `wanted` accepts.
  template <class Wanted>
  bool watched(Wanted wanted, std::chrono::milliseconds timeout = 5s) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    while (true) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      const auto message = watcher_->wait_for([](const TestMessage&) { return true; }, std::max(left, 0ms));
      if (!message) return false;
      if (message->topic == status_topic_of_speaker && wanted(message->payload)) return true;
    }
  }
  bool watched_payload(const std::string& payload, std::chrono::milliseconds timeout = 5s) {
    return watched([&](const std::string& seen) { return seen == payload; }, timeout);
  }
  /// A status by the plugin: only its own have a reason.
  bool watched_truth(const std::string& state, const std::string& reason, std::chrono::milliseconds timeout = 5s) {
    return watched(
        [&](const std::string& seen) {
          const auto status = nlohmann::json::parse(seen, nullptr, false);
          return status.is_object() && status.value("state", "") == state && status.value("reason", "") == reason;
        },
        timeout);
  }

  /// The status for a new subscriber: `online connected`, for instance.
  std::string retained(const std::string& device_id = "speaker") const {
    const auto boss = admin();
    const std::string topic = "devices/" + device_id + "/status";
    EXPECT_EQ(boss->subscribe(topic), 1);
    const auto status = boss->wait_for(topic, 1s);
    if (!status) return "none";
    const auto json = nlohmann::json::parse(status->payload, nullptr, false);
    if (!json.is_object()) return status->payload;
    return json.value("state", "") + " " + json.value("reason", "");
  }
  bool broker_said(const std::string& text) const { return broker_->process().wait_for_output(text, 5s); }

  std::unique_ptr<MqttTestClient> watcher_;
};

// --- disconnecting ---

TEST_P(PresenceCases, IsOfflineAfterACleanDisconnectWhateverTheWillWouldHaveSaid) {
  start_watching();
  const auto one = connected(speaker("speaker", online_by_will));
  ASSERT_TRUE(watched_truth("online", "connected"));
  one->disconnect();
  EXPECT_TRUE(watched_truth("offline", "disconnected"));
  EXPECT_EQ(retained(), "offline disconnected");
}

TEST_P(PresenceCases, IsOfflineAfterAClientWasKilledAlsoWhenItsWillSaysOtherwise) {
  start_watching();
  for (const char* will : {offline_by_will, online_by_will}) {
    const auto one = connected(speaker("speaker", will));
    ASSERT_TRUE(watched_truth("online", "connected"));
    one->drop();
    ASSERT_TRUE(watched_payload(will));
    EXPECT_TRUE(watched_truth("offline", "connection_lost"));
    EXPECT_EQ(retained(), "offline connection_lost");
  }
}

TEST_P(PresenceCases, IsOfflineWhenTheCableFallsSilent) {
  start_watching();
  const auto with_will = silent_client("speaker", hub_.device_token("speaker", "alice"), offline_by_will);
  const auto without_will = silent_client("lamp", hub_.device_token("lamp", "bob"), nullptr);
  ASSERT_TRUE(watched_truth("online", "connected"));
  ASSERT_EQ(retained("lamp"), "online connected");
  const auto boss = admin();
  ASSERT_EQ(boss->subscribe("devices/lamp/status"), 1);
  EXPECT_TRUE(watched_truth("offline", "connection_lost", until_silence_is_noticed));
  EXPECT_TRUE(wait_for_state(*boss, "lamp", "offline"));
  EXPECT_EQ(retained(), "offline connection_lost");
  EXPECT_EQ(retained("lamp"), "offline " + reason_when_lost());
}

TEST_P(PresenceCases, IsOnlineWhenTheDeviceCameBackBeforeItsSilentConnectionWasNoticed) {
  start_watching();
  const auto silent = silent_speaker("speaker-1");
  ASSERT_TRUE(watched_truth("online", "connected"));
  const auto back = connected(speaker("speaker-2", offline_by_will));
  ASSERT_TRUE(watched_payload(offline_by_will, until_silence_is_noticed));
  EXPECT_TRUE(watched_truth("online", "connected"));
  EXPECT_EQ(retained(), "online connected");
}

TEST_P(PresenceCases, IsOnlineWhenTheDeviceTakesItsSilentConnectionOver) {
  start_watching();
  const auto silent = silent_speaker("speaker");
  ASSERT_TRUE(watched_truth("online", "connected"));
  const auto back = connected(speaker("speaker", offline_by_will));
  EXPECT_TRUE(silent->wait_for_end());
  EXPECT_EQ(retained(), "online taken_over");
}

// --- takeover ---

TEST_P(PresenceCases, IsOnlineAfterATakeoverOfAnySession) {
  start_watching();
  for (const bool clean : {true, false}) {
    for (const bool clean_again : {true, false}) {
      for (const std::uint32_t expiry_s : {0U, 600U}) {
        for (const char* will : {static_cast<const char*>(nullptr), offline_by_will}) {
          const std::string text = "clean " + std::to_string(clean) + std::to_string(clean_again) + " expiry " +
                                   std::to_string(expiry_s) + (will == nullptr ? "" : " will");
          auto first_options = speaker("speaker", will);
          first_options.clean = clean;
          first_options.session_expiry_s = expiry_s;
          auto second_options = first_options;
          second_options.clean = clean_again;
          const auto first = connected(first_options);
          ASSERT_TRUE(watched_truth("online", "connected")) << text;
          const auto second = connected(second_options);
          ASSERT_TRUE(first->wait_for_end()) << text;
          // The broker has published the old will, if any, before it accepted the new connection.
          EXPECT_EQ(retained(), "online taken_over") << text;
          second->drop();
          ASSERT_TRUE(watched([](const std::string& seen) {
            return seen.find("\"offline\"") != std::string::npos && seen.find("\"reason\"") != std::string::npos;
          })) << text;
        }
      }
    }
  }
}

TEST_P(PresenceCases, IsOnlineAfterTakeoversOneUponTheOther) {
  start_watching();
  std::vector<std::unique_ptr<MqttTestClient>> all;
  for (int i = 0; i < 10; ++i) all.push_back(connected(speaker("speaker", offline_by_will)));
  for (std::size_t i = 0; i + 1 < all.size(); ++i) EXPECT_TRUE(all[i]->wait_for_end());
  EXPECT_EQ(retained(), "online taken_over");
  all.back()->drop();
  EXPECT_TRUE(watched_truth("offline", "connection_lost"));
  EXPECT_EQ(retained(), "offline connection_lost");
}

// --- late wills, which only MQTT 5 has ---

class LateWills : public PresenceCases {
 protected:
  std::unique_ptr<MqttTestClient> with_late_will(const std::string& client_id, const char* will, std::uint32_t delay_s,
                                                 bool clean = true) const {
    auto late = speaker(client_id, will);
    late.will_delay_s = delay_s;
    late.session_expiry_s = 600;
    late.clean = clean;
    return connected(late);
  }
};

TEST_P(LateWills, DoNotTurnOffADeviceThatIsBackUnderAnotherClientId) {
  start_watching();
  with_late_will("speaker-1", offline_by_will, 1)->drop();
  ASSERT_TRUE(watched_truth("offline", reason_when_lost()));
  const auto back = connected(speaker("speaker-2"));
  ASSERT_TRUE(watched_payload(offline_by_will));
  EXPECT_TRUE(watched_truth("online", "connected"));
  EXPECT_EQ(retained(), "online connected");
}

TEST_P(LateWills, DoNotTurnOnADeviceThatIsGone) {
  start_watching();
  with_late_will("speaker", online_by_will, 1)->drop();
  ASSERT_TRUE(watched_payload(online_by_will));
  EXPECT_TRUE(watched([](const std::string& seen) { return seen.find("\"offline\"") != std::string::npos; }));
  EXPECT_TRUE(retained().starts_with("offline")) << retained();
}

TEST_P(LateWills, DoNotTurnOffADeviceThatResumesItsSessionOrBeginsANewOne) {
  start_watching();
  for (const bool clean : {true, false}) {
    with_late_will("speaker", offline_by_will, 1, false)->drop();
    const auto back = with_late_will("speaker", offline_by_will, 1, clean);
    // If that will is still to come, it comes before this one.
    auto marker = options("lamp", hub_.device_token("lamp", "bob"));
    marker.will.emplace();
    marker.will->topic = "devices/lamp/status";
    marker.will->payload = "late";
    marker.will_delay_s = 2;
    marker.session_expiry_s = 600;
    const auto boss = admin();
    ASSERT_EQ(boss->subscribe("devices/lamp/status"), 1);
    connected(marker)->drop();
    ASSERT_TRUE(boss->wait_for([](const TestMessage& message) { return message.payload == "late"; }));
    ASSERT_TRUE(wait_for_state(*boss, "lamp", "offline"));  // corrected: so is any wrong status of the speaker
    EXPECT_EQ(retained(), "online connected") << "clean " << clean;
    back->disconnect();
  }
}

// --- lies and nonsense ---

TEST_P(PresenceCases, IsPutRightWhateverADevicePublishesAsItsStatus) {
  start_watching();
  const auto one = connected(speaker("speaker"));
  ASSERT_TRUE(watched_truth("online", "connected"));
  int count = 0;
  for (const std::string& nonsense :
       {std::string(), std::string("offline"), std::string("\xff\x00\x01", 3), std::string(R"({"state":1})"),
        std::string(R"({"state":"online","state":"offline"})"), std::string(2'000, '['), std::string(16 * 1024, 'x')}) {
    TestMessage claim;
    claim.topic = status_topic_of_speaker;
    claim.payload = nonsense;
    claim.retained = count++ % 2 == 0 || nonsense.empty();
    ASSERT_EQ(one->publish(claim), 0);
    ASSERT_TRUE(watched_payload(nonsense)) << nonsense.substr(0, 40);
    EXPECT_TRUE(watched_truth("online", "connected")) << nonsense.substr(0, 40);
  }
  EXPECT_EQ(retained(), "online connected");
  one->disconnect();
  EXPECT_TRUE(watched_truth("offline", "disconnected"));
}

TEST_P(PresenceCases, LetsADeviceSayMoreThanThePluginDoesAsLongAsItIsTrue) {
  start_watching();
  const auto one = connected(speaker("speaker"));
  ASSERT_TRUE(watched_truth("online", "connected"));
  TestMessage claim;
  claim.topic = status_topic_of_speaker;
  claim.payload = R"({"state":"online","reason":"mine","battery":80})";
  claim.retained = true;
  ASSERT_EQ(one->publish(claim), 0);
  // A lie of another device is corrected in the same round as this one would have been.
  const auto lamp = device("lamp", "bob");
  const auto boss = admin();
  ASSERT_EQ(boss->subscribe("devices/lamp/status"), 1);
  ASSERT_EQ(lamp->publish("devices/lamp/status", "offline"), 0);
  ASSERT_TRUE(boss->wait_for([](const TestMessage& message) { return message.payload == "offline"; }));
  ASSERT_TRUE(wait_for_state(*boss, "lamp", "online"));
  EXPECT_EQ(retained(), "online mine");
  one->drop();
  EXPECT_TRUE(watched_truth("offline", reason_when_lost()));
}

// --- several connections ---

TEST_P(PresenceCases, IsOnlineUntilTheLastOfSeveralConnectionsIsGone) {
  start_watching();
  auto expiring = speaker("speaker-c");
  expiring.password = hub_.token({PrincipalType::device, "speaker", "alice"}, 3s);
  const auto a = connected(speaker("speaker-a", offline_by_will));
  const auto b = connected(speaker("speaker-b", offline_by_will));
  const auto c = connected(expiring);
  const auto d = connected(speaker("speaker", offline_by_will));
  ASSERT_TRUE(watched_truth("online", "connected"));

  a->disconnect();
  // Mosquitto 2.1 names the address in between.
  const bool names_address = broker_->version() >= 2'001'000;
  ASSERT_TRUE(broker_said(names_address ? "Client speaker-a [" : "Client speaker-a disconnected"));
  EXPECT_EQ(retained(), "online connected");
  b->drop();
  ASSERT_TRUE(watched_payload(offline_by_will));
  EXPECT_TRUE(watched_truth("online", "connected"));
  ASSERT_TRUE(c->wait_for_end(6s));
  ASSERT_TRUE(broker_said("reason=token_expired client_id=\"speaker-c\""));
  EXPECT_EQ(retained(), "online connected");
  d->drop();
  EXPECT_TRUE(watched_truth("offline", "connection_lost"));
  EXPECT_EQ(retained(), "offline connection_lost");
}

// --- the hub's own actions ---

TEST_P(PresenceCases, SaysThatATokenExpiredAlsoWhenTheWillSaysOtherwise) {
  start_watching();
  auto brief = speaker("speaker", online_by_will);
  brief.password = hub_.token({PrincipalType::device, "speaker", "alice"}, 2s);
  const auto one = connected(brief);
  ASSERT_TRUE(one->wait_for_end(5s));
  ASSERT_TRUE(watched_payload(online_by_will));
  EXPECT_TRUE(watched_truth("offline", "token_expired"));
  EXPECT_EQ(retained(), "offline token_expired");
}

TEST_P(PresenceCases, SaysThatADeviceWasRevokedAndLetsItNotHaveTheLastWord) {
  start_watching();
  const auto one = connected(speaker("speaker", online_by_will));
  ASSERT_TRUE(watched_truth("online", "connected"));
  hub_.set_active("speaker", false);
  ASSERT_TRUE(one->wait_for_end(2s));
  bool will_was_sent = false;
  EXPECT_TRUE(watched([&](const std::string& seen) {
    will_was_sent = will_was_sent || seen == online_by_will;
    return seen.find("\"revoked\"") != std::string::npos;
  }));
  EXPECT_FALSE(will_was_sent);
  EXPECT_EQ(retained(), "offline revoked");
  EXPECT_TRUE(watcher_->take_all().empty());
}

// --- the broker and the bridge ---

TEST_P(PresenceCases, IsPutRightAfterABrokerDiedForThoseWhoComeBackAndThoseWhoDoNot) {
  const auto one = connected(speaker("speaker", offline_by_will));
  const auto tablet = device("tablet", "alice");
  const auto lamp = device("lamp", "bob");
  EXPECT_EQ(retained(), "online connected");
  broker_->process().signal(SIGUSR1);
  ASSERT_TRUE(broker_said("Saving in-memory database"));
  EXPECT_EQ(retained(), "online connected");
  broker_->kill();
  broker_->start();

  const auto lamp_again = device("lamp", "bob");
  start_watching();                                         // the tablet and the lamp reconnect
  ASSERT_TRUE(watched_truth("offline", "broker_restart"));  // the speaker does not, for now
  EXPECT_EQ(retained("lamp"), "online connected");
  EXPECT_EQ(retained("tablet"), "online connected");
  const auto late = connected(speaker("speaker", offline_by_will));
  EXPECT_TRUE(watched_truth("online", "connected"));
  EXPECT_EQ(retained(), "online connected");
}

TEST_P(PresenceCases, IsPutRightAfterABrokerDiedThatHadSavedNothing) {
  const auto lamp = device("lamp", "bob");
  const auto one = connected(speaker("speaker"));
  EXPECT_EQ(retained(), "online connected");
  broker_->kill();
  broker_->start();
  const auto back = connected(speaker("speaker"));
  start_watching();
  ASSERT_TRUE(watched_truth("online", "connected"));
  const auto boss = admin();
  ASSERT_EQ(boss->subscribe("devices/lamp/status"), 1);
  EXPECT_TRUE(wait_for_state(*boss, "lamp", "offline"));
  EXPECT_EQ(retained("lamp"), "offline broker_restart");
  EXPECT_EQ(retained(), "online connected");
}

TEST_P(PresenceCases, IsPutRightAfterABrokerThatWasStoppedPublishedEverybodysWill) {
  const auto one = connected(speaker("speaker", offline_by_will));
  EXPECT_EQ(retained(), "online connected");
  broker_->stop();
  broker_->start();
  const auto back = connected(speaker("speaker", offline_by_will));
  EXPECT_EQ(retained(), "online connected");
  start_watching();
  back->drop();
  EXPECT_TRUE(watched_truth("offline", "connection_lost"));
}

TEST_P(PresenceCases, IsRightWhileTheBridgeIsDown) {
  auto hub_bridge = bridge();
  hub_bridge->drop();
  hub_bridge.reset();
  start_watching();
  const auto one = connected(speaker("speaker", offline_by_will));
  ASSERT_TRUE(watched_truth("online", "connected"));
  one->drop();
  EXPECT_TRUE(watched_truth("offline", "connection_lost"));
  const auto again = connected(speaker("speaker"));
  EXPECT_TRUE(watched_truth("online", "connected"));
  again->disconnect();
  EXPECT_TRUE(watched_truth("offline", "disconnected"));
  EXPECT_EQ(retained(), "offline disconnected");
}

INSTANTIATE_TEST_SUITE_P(Mqtt, PresenceCases, ::testing::Values(4, 5));
INSTANTIATE_TEST_SUITE_P(Mqtt5, LateWills, ::testing::Values(5));

}  // namespace
}  // namespace strawberry::test
