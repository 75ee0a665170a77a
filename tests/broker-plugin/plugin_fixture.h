/// A broker with the plugin, two users' devices and their tokens. Used by the tests of the plugin in a real broker.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "tests/support/broker_process.h"
#include "tests/support/mqtt_test_client.h"
#include "tests/support/test_hub.h"

namespace strawberry::test {

/// alice has a speaker and a tablet, bob a lamp. The parameter is the MQTT version: 4 (which is 3.1.1) or 5.
class PluginInBroker : public ::testing::TestWithParam<int> {
 protected:
  PluginInBroker() {
    hub_.add_device("speaker", "alice", "Living Room Speaker");
    hub_.add_device("tablet", "alice", "Kitchen Tablet");
    hub_.add_device("lamp", "bob", "Lamp");
  }

  BrokerProcess::Options broker_options() const {
    BrokerProcess::Options options;
    options.keys_path = hub_.keys_path();
    options.database_path = hub_.database_path();
    options.persistence = true;
    return options;
  }
  void start_broker() { broker_ = std::make_unique<BrokerProcess>(broker_options()); }

  MqttTestClient::Options options(const std::string& client_id, const std::string& token) const {
    MqttTestClient::Options options;
    options.port = broker_->port();
    options.version = GetParam();
    options.client_id = client_id;
    options.password = token;
    return options;
  }

  std::unique_ptr<MqttTestClient> connected(MqttTestClient::Options options) const {
    const std::string client_id = options.client_id;
    auto client = std::make_unique<MqttTestClient>(std::move(options));
    EXPECT_EQ(client->connect(), 0) << client_id << "\n" << broker_->log();
    return client;
  }
  std::unique_ptr<MqttTestClient> device(const std::string& id, const std::string& user) const {
    return connected(options(id, hub_.device_token(id, user)));
  }
  std::unique_ptr<MqttTestClient> user(const std::string& id) const {
    return connected(options(id, hub_.user_token(id)));
  }
  std::unique_ptr<MqttTestClient> admin() const { return connected(options("admin", hub_.admin_token())); }
  /// Always MQTT 5, like the real bridge.
  std::unique_ptr<MqttTestClient> bridge() const {
    auto bridge_options = options("bridge", hub_.bridge_token());
    bridge_options.version = 5;
    bridge_options.clean = false;
    bridge_options.session_expiry_s = 3600;
    return connected(bridge_options);
  }

  /// CONNACK's code for "not authorised", or for a client id that is not.
  int refused_code() const { return GetParam() == 5 ? 0x87 : 5; }
  /// The code for a denied SUBSCRIBE.
  int denied_subscription() const { return GetParam() == 5 ? 0x87 : 0x80; }
  /// The code for a denied PUBLISH: MQTT 3.1.1 has none.
  int denied_publication() const { return GetParam() == 5 ? 0x87 : 0; }

  /// Mosquitto 2.1 reports to a plugin how a connection ended.
  bool broker_says_how_connections_end() const { return broker_->version() >= 2'001'000; }
  /// The reason in the status of a device whose connection was lost, before its will arrives or without one.
  std::string reason_when_lost() const {
    return broker_says_how_connections_end() ? "connection_lost" : "disconnected";
  }

  /// Waits for the next status of a device with `state`.
  static std::optional<nlohmann::json> wait_for_state(MqttTestClient& client, const std::string& device_id,
                                                      const std::string& state) {
    std::optional<nlohmann::json> found;
    client.wait_for([&](const TestMessage& message) {
      if (message.topic != "devices/" + device_id + "/status") return false;
      auto status = nlohmann::json::parse(message.payload, nullptr, false);
      if (!status.is_object() || status.value("state", "") != state) return false;
      found = std::move(status);
      return true;
    });
    return found;
  }

  TestHub hub_;
  std::unique_ptr<BrokerProcess> broker_;
};

}  // namespace strawberry::test
