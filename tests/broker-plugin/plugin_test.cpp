// The plugin in a real Mosquitto: logins, permissions, and the properties on which the bridge relies.
#include <gmock/gmock.h>

#include <algorithm>

#include "common/identity/token_stamp.h"
#include "tests/broker-plugin/plugin_fixture.h"

namespace strawberry::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr const char* property = "strawberry-principal";

std::vector<std::string> values_of(const TestMessage& message, const std::string& name) {
  std::vector<std::string> values;
  for (const auto& [key, value] : message.user_properties) {
    if (key == name) values.push_back(value);
  }
  return values;
}

/// The principals of the stamps, without the time.
std::vector<std::string> senders_of(const TestMessage& message) {
  auto stamps = values_of(message, property);
  for (auto& stamp : stamps) stamp.resize(std::min(stamp.size(), stamp.find(' ')));
  return stamps;
}

class Plugin : public PluginInBroker {
 protected:
  Plugin() { start_broker(); }
};

TEST_P(Plugin, LetsInWhoeverHasAGoodToken) {
  device("speaker", "alice");
  user("alice");
  admin();
  bridge();
  connected(options("any-free-client_id", hub_.user_token("alice")));
  auto with_name = options("tablet", hub_.device_token("tablet", "alice"));
  with_name.user_name = "tablet";
  connected(with_name);
}

TEST_P(Plugin, RefusesWhoeverHasNot) {
  const auto refused = [this](MqttTestClient::Options attempt) {
    return MqttTestClient(std::move(attempt)).connect() == refused_code();
  };
  EXPECT_TRUE(refused(options("speaker", "")));
  EXPECT_TRUE(refused(options("speaker", "rubbish")));
  EXPECT_TRUE(refused(options("speaker", hub_.device_token("speaker", "bob"))));
  EXPECT_TRUE(refused(options("unknown", hub_.device_token("unknown", "alice"))));
  auto other_name = options("speaker", hub_.device_token("speaker", "alice"));
  other_name.user_name = "tablet";
  EXPECT_TRUE(refused(other_name));
  hub_.set_active("speaker", false);
  EXPECT_TRUE(refused(options("speaker", hub_.device_token("speaker", "alice"))));
  EXPECT_TRUE(broker_->process().wait_for_output("reason=device_inactive", 5s));
}

TEST_P(Plugin, LetsInADeviceRegisteredThisInstant) {
  hub_.add_device("new-one", "alice", "New");
  device("new-one", "alice");
}

TEST_P(Plugin, RefusesClientIdsOfOthersAndStrangeOnes) {
  const auto connack = [this](const std::string& client_id, const std::string& token) {
    return MqttTestClient(options(client_id, token)).connect();
  };
  EXPECT_EQ(connack("speaker", hub_.user_token("mallory")), refused_code());
  EXPECT_EQ(connack("alice", hub_.user_token("mallory")), refused_code());
  EXPECT_EQ(connack("a/b", hub_.user_token("mallory")), refused_code());
  EXPECT_EQ(connack("caf\xc3\xa9", hub_.user_token("mallory")), refused_code());
  EXPECT_EQ(connack(std::string(65, 'x'), hub_.user_token("mallory")), refused_code());
  const auto held = connected(options("dashboard", hub_.user_token("alice")));
  EXPECT_EQ(connack("dashboard", hub_.user_token("mallory")), refused_code());
  EXPECT_TRUE(held->is_connected());
}

TEST_P(Plugin, KeepsAStoredSessionForWhoLeftIt) {
  auto durable = options("dashboard", hub_.user_token("alice"));
  durable.clean = false;
  durable.session_expiry_s = 600;
  connected(durable)->disconnect();
  EXPECT_EQ(MqttTestClient(options("dashboard", hub_.user_token("mallory"))).connect(), refused_code());
  EXPECT_TRUE(connected(durable)->session_present());
}

TEST_P(Plugin, NamesTheSenderToTheBridgeAndToNobodyElseFalsely) {
  const auto hub_bridge = bridge();
  ASSERT_EQ(hub_bridge->subscribe("+/+/request"), 1);
  ASSERT_EQ(hub_bridge->subscribe("skills/+/result"), 1);
  const auto speaker = device("speaker", "alice");
  const auto alice = user("alice");

  TestMessage request;
  request.topic = "chat/speaker/request";
  request.payload = R"({"messages":[]})";
  request.response_topic = "chat/speaker/response/7";
  request.correlation_data = std::string("\0\x01\xff", 3);
  request.content_type = "application/json";
  request.expiry_s = 30;
  request.user_properties = {{"mine", "1"}, {property, "admin//admin"}, {"mine", "2"}, {property, "bridge//bridge"}};
  request.user_properties.emplace_back(token_property, "1/1/Zm9yZ2Vk/Zm9yZ2Vk");
  ASSERT_EQ(speaker->publish(request), 0);
  const auto received = hub_bridge->wait_for("chat/speaker/request");
  ASSERT_TRUE(received);
  EXPECT_EQ(senders_of(*received), std::vector<std::string>{"device/alice/speaker"});
  EXPECT_TRUE(values_of(*received, token_property).empty()) << "only the devices service is told";
  EXPECT_EQ(received->payload, request.payload);
  if (GetParam() == 5) {
    EXPECT_EQ(values_of(*received, "mine"), (std::vector<std::string>{"1", "2"}));
    EXPECT_EQ(received->response_topic, request.response_topic);
    EXPECT_EQ(received->correlation_data, request.correlation_data);
    EXPECT_EQ(received->content_type, request.content_type);
    EXPECT_EQ(received->expiry_s, 30u);
  }

  ASSERT_EQ(speaker->publish("skills/speaker/result", "{}"), 0);
  const auto result = hub_bridge->wait_for("skills/speaker/result");
  ASSERT_TRUE(result);
  EXPECT_EQ(senders_of(*result), std::vector<std::string>{"device/alice/speaker"});

  for (const int qos : {0, 1, 2}) {
    TestMessage from_user;
    from_user.topic = "devices/alice/request";
    from_user.user_properties = {{token_property, "1/1/Zm9yZ2Vk/Zm9yZ2Vk"}, {token_property, ""}};
    from_user.qos = qos;
    ASSERT_EQ(alice->publish(from_user), 0);
    const auto got = hub_bridge->wait_for("devices/alice/request");
    ASSERT_TRUE(got) << "QoS " << qos;
    EXPECT_EQ(senders_of(*got), std::vector<std::string>{"user/alice/alice"}) << "QoS " << qos;
    const auto tokens = values_of(*got, token_property);
    ASSERT_EQ(tokens.size(), 1U) << "QoS " << qos;
    EXPECT_TRUE(decode_token_stamp(tokens[0])) << tokens[0];
  }
}

TEST_P(Plugin, LetsNobodyUseOthersTopics) {
  const auto hub_bridge = bridge();
  ASSERT_EQ(hub_bridge->subscribe("+/+/request"), 1);
  const auto speaker = device("speaker", "alice");
  EXPECT_EQ(speaker->publish("skills/tablet/request", "{}"), denied_publication());
  EXPECT_EQ(speaker->publish("skills/tablet/call", "{}"), denied_publication());
  EXPECT_EQ(speaker->publish("hub/state", "{}"), denied_publication());
  EXPECT_EQ(speaker->publish("skills/speaker/request", "last"), 0);
  const auto first = hub_bridge->wait_for([](const TestMessage&) { return true; });
  ASSERT_TRUE(first);
  EXPECT_EQ(first->payload, "last");

  for (const char* filter :
       {"#", "+/+/response", "skills/+/response", "skills/tablet/response", "skills/lamp/call", "devices/#",
        "hub/audit", "$SYS/#", "$CONTROL/#", "devices/lamp/status", "$share/g/devices/+/status", "homeassistant/#"}) {
    EXPECT_EQ(speaker->subscribe(filter), denied_subscription()) << filter;
  }
  for (const char* filter : {"skills/speaker/response", "skills/speaker/response/#", "skills/speaker/call",
                             "chat/speaker/response/7", "devices/+/status", "devices/tablet/status", "hub/+"}) {
    EXPECT_EQ(speaker->subscribe(filter), 1) << filter;
  }
  EXPECT_TRUE(
      broker_->process().wait_for_output("refused subscribe reason=not_yours client_id=\"speaker\" "
                                         "principal=device/alice/speaker topic=\"skills/lamp/call\"",
                                         5s));
}

TEST_P(Plugin, ShowsAuditToAdminsOnly) {
  const auto hub_bridge = bridge();
  const auto speaker = device("speaker", "alice");
  const auto boss = admin();
  ASSERT_EQ(speaker->subscribe("hub/+"), 1);
  ASSERT_EQ(boss->subscribe("#"), 1);
  ASSERT_EQ(hub_bridge->publish("hub/audit", "secret"), 0);
  ASSERT_EQ(hub_bridge->publish("hub/health", "for all"), 0);
  EXPECT_TRUE(boss->wait_for("hub/audit"));
  EXPECT_TRUE(speaker->wait_for("hub/health"));
  EXPECT_TRUE(speaker->take_all().empty());
}

TEST_P(Plugin, DropsARequestThatComesAsAWill) {
  const auto hub_bridge = bridge();
  ASSERT_EQ(hub_bridge->subscribe("+/+/request"), 1);
  ASSERT_EQ(hub_bridge->subscribe("devices/+/status"), 1);
  auto with_will = options("speaker", hub_.device_token("speaker", "alice"));
  with_will.will.emplace();
  with_will.will->topic = "devices/speaker/request";
  with_will.will->payload = "forged";
  with_will.will->user_properties = {{property, "admin//admin"}};
  const auto speaker = connected(with_will);
  speaker->drop();
  ASSERT_TRUE(wait_for_state(*hub_bridge, "speaker", "offline"));

  // A takeover publishes the old connection's will while the new one is being accepted.
  const auto again = connected(with_will);
  const auto taker = connected(with_will);
  ASSERT_TRUE(again->wait_for_end());
  ASSERT_EQ(taker->publish("skills/speaker/request", "honest"), 0);
  ASSERT_TRUE(hub_bridge->wait_for("skills/speaker/request"));
  for (const TestMessage& message : hub_bridge->take_all()) EXPECT_NE(message.payload, "forged");
}

TEST_P(Plugin, DropsARequestThatComesAsAWillWhenTheBrokerStops) {
  auto hub_bridge = bridge();
  ASSERT_EQ(hub_bridge->subscribe("+/+/request"), 1);
  auto with_will = options("speaker", hub_.device_token("speaker", "alice"));
  with_will.will.emplace();
  with_will.will->topic = "devices/speaker/request";
  with_will.will->payload = "forged";
  with_will.will->user_properties = {{property, "admin//admin"}};
  const auto speaker = connected(with_will);
  ASSERT_EQ(speaker->publish("skills/speaker/request", "before"), 0);
  ASSERT_TRUE(hub_bridge->wait_for("skills/speaker/request"));
  hub_bridge->drop();
  hub_bridge.reset();
  broker_->stop();
  broker_->start();

  hub_bridge = bridge();
  const auto tablet = device("tablet", "alice");
  ASSERT_EQ(tablet->publish("skills/tablet/request", "after"), 0);
  ASSERT_TRUE(hub_bridge->wait_for("skills/tablet/request"));
  for (const TestMessage& message : hub_bridge->take_all()) EXPECT_NE(message.payload, "forged");
}

TEST_P(Plugin, EndsConnectionsOfARevokedDevice) {
  const auto tablet = device("tablet", "alice");
  ASSERT_EQ(tablet->subscribe("devices/+/status"), 1);
  const auto speaker = device("speaker", "alice");
  ASSERT_TRUE(wait_for_state(*tablet, "speaker", "online"));
  hub_.revoke_tokens("speaker", SystemClock().wall_now() + 2s);
  EXPECT_TRUE(speaker->wait_for_end(2s));
  const auto status = wait_for_state(*tablet, "speaker", "offline");
  ASSERT_TRUE(status);
  EXPECT_EQ(status->at("reason"), "revoked");
  EXPECT_EQ(MqttTestClient(options("speaker", hub_.device_token("speaker", "alice"))).connect(), refused_code());
  EXPECT_TRUE(tablet->is_connected());
}

TEST_P(Plugin, EndsConnectionsOfADeletedDeviceAndTakesItsStatusAway) {
  const auto tablet = device("tablet", "alice");
  const auto speaker = device("speaker", "alice");
  ASSERT_EQ(tablet->subscribe("devices/+/status"), 1);
  ASSERT_TRUE(wait_for_state(*tablet, "speaker", "online"));
  hub_.delete_device("speaker");
  EXPECT_TRUE(speaker->wait_for_end(2s));
  const auto last = tablet->wait_for("devices/speaker/status");
  ASSERT_TRUE(last);
  EXPECT_EQ(last->payload, "");
  const auto boss = admin();
  ASSERT_EQ(boss->subscribe("devices/speaker/status"), 1);
  ASSERT_EQ(boss->subscribe("devices/tablet/status"), 1);
  EXPECT_TRUE(wait_for_state(*boss, "tablet", "online"));
  EXPECT_TRUE(boss->take_all().empty());
}

TEST_P(Plugin, EndsAConnectionWhenItsTokenExpiresAndSendsItsWill) {
  const auto tablet = device("tablet", "alice");
  ASSERT_EQ(tablet->subscribe("devices/+/status"), 1);
  auto brief = options("speaker", hub_.token({PrincipalType::device, "speaker", "alice"}, 2s));
  brief.will.emplace();
  brief.will->topic = "devices/speaker/status";
  brief.will->payload = R"({"state":"offline","by":"will"})";
  brief.will->retained = true;
  const auto speaker = connected(brief);
  EXPECT_TRUE(speaker->wait_for_end(5s));
  const auto will = wait_for_state(*tablet, "speaker", "offline");
  ASSERT_TRUE(will);
  EXPECT_EQ(will->value("by", ""), "will");
  const auto status = wait_for_state(*tablet, "speaker", "offline");
  ASSERT_TRUE(status);
  EXPECT_EQ(status->value("reason", ""), "token_expired");
}

TEST_P(Plugin, KeepsConnectionsAndSessionsWhenTheBrokerReloadsItsConfiguration) {
  auto durable = options("dashboard", hub_.user_token("alice"));
  durable.clean = false;
  durable.session_expiry_s = 600;
  const auto stored = connected(durable);
  ASSERT_EQ(stored->subscribe("hub/+"), 1);
  stored->disconnect();
  const auto speaker = device("speaker", "alice");

  const std::size_t before = broker_->log().size();
  broker_->process().signal(SIGHUP);
  ASSERT_TRUE(broker_->process().wait_for_output("Reloading config", 5s, before));
  ASSERT_EQ(speaker->subscribe("devices/+/status"), 1) << broker_->log();
  ASSERT_TRUE(wait_for_state(*speaker, "speaker", "online"));
  EXPECT_TRUE(connected(durable)->session_present());
  EXPECT_EQ(MqttTestClient(options("tablet", "rubbish")).connect(), refused_code());
  EXPECT_EQ(broker_->log().find("refused connect reason=user_name"), std::string::npos) << broker_->log();

  // The same request from a client: it has no stored session.
  auto pretender = options("pretender", hub_.user_token("alice"));
  pretender.user_name = "user/alice/alice";
  EXPECT_EQ(MqttTestClient(pretender).connect(), refused_code());
  pretender.password = "";
  EXPECT_EQ(MqttTestClient(pretender).connect(), refused_code());
}

TEST_P(Plugin, HasNothingToSayOfTheVersionOfThisSystemsBroker) {
  EXPECT_EQ(broker_->log().find("tested versions"), std::string::npos) << broker_->log();
  EXPECT_EQ(broker_->log().find("was built for"), std::string::npos) << broker_->log();
}

TEST_P(Plugin, EndsARevokedConnectionAtAReloadToo) {
  const auto speaker = device("speaker", "alice");
  hub_.set_active("speaker", false);
  broker_->process().signal(SIGHUP);
  EXPECT_TRUE(speaker->wait_for_end(2s));
}

TEST_P(Plugin, RefusesWhatIsPublishedTooFastAndEndsWhoGoesOn) {
  auto limited = broker_options();
  limited.config = {"plugin_opt_messages_per_second 1", "plugin_opt_messages_at_once 20"};
  broker_ = std::make_unique<BrokerProcess>(limited);
  const auto watcher = admin();
  watcher->subscribe("hub/audit");
  const auto lamp = device("lamp", "bob");
  const auto speaker = device("speaker", "alice");
  for (int i = 0; i < 20; ++i) ASSERT_EQ(lamp->publish("skills/lamp/request", "{}"), 0) << i;
  EXPECT_EQ(lamp->publish("skills/lamp/request", "{}"), denied_publication());
  EXPECT_EQ(lamp->publish("skills/lamp/result", "{}"), denied_publication());
  EXPECT_EQ(speaker->publish("skills/speaker/request", "{}"), 0);
  const auto audit = watcher->wait_for(
      [](const TestMessage& message) { return message.payload.find("rate_limited") != std::string::npos; });
  ASSERT_TRUE(audit);
  EXPECT_EQ(nlohmann::json::parse(audit->payload).at("actor"), "lamp");

  TestMessage flood;
  flood.topic = "skills/lamp/request";
  flood.payload = "{}";
  flood.qos = 0;
  for (int i = 0; i < 5'000; ++i) lamp->publish(flood);
  EXPECT_TRUE(lamp->wait_for_end());
  EXPECT_EQ(speaker->publish("skills/speaker/request", "{}"), 0);
  const auto status = speaker->wait_for("devices/lamp/status", 100ms);
  EXPECT_FALSE(status) << "bob's lamp is no business of alice's";
  MqttTestClient again(options("lamp", hub_.device_token("lamp", "bob")));
  EXPECT_EQ(again.connect(), refused_code()) << "a new connection is no pardon";
}

TEST_P(Plugin, KeepsSoManyFiltersOfAClientAndCountsWhatIsUnsubscribed) {
  start_broker();
  const auto lamp = device("lamp", "bob");
  const auto filter = [](int number) { return "skills/lamp/response/" + std::to_string(number); };
  for (int i = 0; i < 100; ++i) ASSERT_LE(lamp->subscribe(filter(i)), 2) << i;
  EXPECT_EQ(lamp->subscribe(filter(100)), denied_subscription());
  lamp->unsubscribe(filter(0));
  EXPECT_LE(lamp->subscribe(filter(100)), 2);
  EXPECT_EQ(lamp->subscribe(filter(0)), denied_subscription());
}

TEST_P(Plugin, LetsAPrincipalLeaveSoManySessionsAlsoAcrossARestart) {
  constexpr int most = 20;
  const auto durable = [&](const std::string& client_id, const std::string& user) {
    auto stored = options(client_id, hub_.user_token(user));
    stored.clean = false;
    stored.session_expiry_s = 600;
    return stored;
  };
  for (int i = 0; i < most; ++i) {
    const auto phone = connected(durable("phone-" + std::to_string(i), "alice"));
    ASSERT_EQ(phone->subscribe("hub/state"), 1);
    phone->disconnect();
  }
  broker_->stop();
  broker_->start();
  EXPECT_EQ(MqttTestClient(durable("one-more", "alice")).connect(), refused_code()) << broker_->log();
  EXPECT_THAT(broker_->log(), HasSubstr("reason=too_many_sessions"));
  EXPECT_TRUE(connected(durable("phone-3", "alice"))->session_present());
  EXPECT_EQ(MqttTestClient(durable("alice", "alice")).connect(), 0) << "her own client id";
  EXPECT_EQ(MqttTestClient(durable("phone", "bob")).connect(), 0);
}

TEST_P(Plugin, RefusesAMessageWithLargeProperties) {
  if (GetParam() != 5) GTEST_SKIP() << "MQTT 3.1.1 has none";
  const auto hub_bridge = bridge();
  ASSERT_EQ(hub_bridge->subscribe("+/+/request"), 1);
  const auto lamp = device("lamp", "bob");
  TestMessage request;
  request.topic = "skills/lamp/request";
  request.payload = "{}";
  request.user_properties = {{"trace", std::string(8'000, 'x')}};
  EXPECT_EQ(lamp->publish(request), 0);
  EXPECT_TRUE(hub_bridge->wait_for(request.topic));
  request.correlation_data = std::string(200, 'c');
  EXPECT_EQ(lamp->publish(request), denied_publication());
  request.correlation_data.reset();
  request.user_properties.assign(130, {"n", "v"});  // each uses some of the broker's memory
  EXPECT_EQ(lamp->publish(request), denied_publication());
  EXPECT_THAT(broker_->log(), HasSubstr("reason=properties_too_large"));
  EXPECT_TRUE(hub_bridge->take_all().empty());
}

INSTANTIATE_TEST_SUITE_P(Mqtt, Plugin, ::testing::Values(4, 5));

}  // namespace
}  // namespace strawberry::test
