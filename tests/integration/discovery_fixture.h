/// A hub, a broker that is not the hub's, a client that announces devices there with Home Assistant's MQTT discovery,
/// and `strawberryctl spoke --discovery` between the two.
///
/// Lifetime: one of each for each test. The devices become Alice's.   Errors: ADD_FAILURE with the process's output, or
/// throws.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/hub_process.h"
#include "tests/support/temp_dir.h"

namespace strawberry::test {

using nlohmann::json;

class DiscoveryFixture : public testing::Test {
 protected:
  static constexpr std::chrono::seconds patience{20};

  explicit DiscoveryFixture(HubProcess::Options hub = {}, BrokerProcess::Options broker = {})
      : hub_(std::move(hub)), there_(std::move(broker)), alice_(hub_.user("alice")) {}

  HubProcess& hub() { return hub_; }
  BrokerProcess& there() { return there_; }
  Spoke& alice() { return *alice_; }
  ChildProcess& process() { return *process_; }
  std::string file(const std::string& name) const { return directory_.file(name); }
  std::string state_dir() const { return file("tokens"); }
  std::string url() const { return "mqtt://127.0.0.1:" + std::to_string(there_.port()); }

  // --- the client at the other broker ---

  MqttTestClient& somebody() {
    if (!somebody_) somebody_ = connected_there("somebody");
    return *somebody_;
  }
  std::unique_ptr<MqttTestClient> connected_there(const std::string& id) const {
    MqttTestClient::Options options;
    options.port = there_.port();
    options.client_id = id;
    auto client = std::make_unique<MqttTestClient>(options);
    if (client->connect() != 0) throw std::runtime_error(id + " may not connect to the other broker");
    return client;
  }
  void meet_somebody_again() { somebody_.reset(); }
  void publish_there(const std::string& topic, const std::string& payload, bool is_retained = true) {
    TestMessage message;
    message.topic = topic;
    message.payload = payload;
    message.retained = is_retained;
    ASSERT_EQ(somebody().publish(message), 0);
  }
  static std::string config_topic(const std::string& id) { return "homeassistant/light/" + id + "/config"; }
  /// A light as zigbee2mqtt announces it.
  static json light(const std::string& id, const std::string& name) {
    return {{"schema", "json"},
            {"brightness", true},
            {"brightness_scale", 254},
            {"command_topic", id + "/set"},
            {"state_topic", id},
            {"unique_id", id + "_light"},
            {"device", {{"identifiers", {id}}, {"name", name}}}};
  }
  static json with_availability(json config, const std::string& topic) {
    config["availability_topic"] = topic;
    return config;
  }
  void announce(const std::string& id, const json& config) { publish_there(config_topic(id), config.dump()); }
  void announce_light(const std::string& id, const std::string& name) { announce(id, light(id, name)); }
  /// The next message that the light gets.
  json command_of(const std::string& id) {
    const auto message = somebody().wait_for(id + "/set", patience);
    if (!message) {
      ADD_FAILURE() << "no message on " << id << "/set; it said:\n" << process_->output();
      return json();
    }
    return json::parse(message->payload);
  }
  void listen(const std::string& filter) { ASSERT_LT(somebody().subscribe(filter), 0x80); }

  // --- the process ---

  std::vector<std::string> with_keys() const {
    return {"--user", "alice",     "--data-dir", hub_.files().directory().path(),
            "--host", "127.0.0.1", "--port",     std::to_string(hub_.port())};
  }
  void run(std::vector<std::string> more = {}, std::optional<std::string> broker = {},
           std::optional<std::vector<std::string>> identity = {}) {
    ChildProcess::Options options;
    options.argv = {STRAWBERRYCTL_PATH, "spoke", "--discovery", broker.value_or(url()), "--state-dir", state_dir()};
    const auto who = identity.value_or(with_keys());
    options.argv.insert(options.argv.end(), who.begin(), who.end());
    options.argv.insert(options.argv.end(), more.begin(), more.end());
    options.environment = {{"STRAWBERRY_TOKEN_FILE", ""}};
    process_ = std::make_unique<ChildProcess>(std::move(options));
    seen_ = 0;
  }
  /// Waits for this output, after the output of the previous wait.
  void wait_for(const std::string& text) {
    if (!process_->wait_for_output(text, patience, seen_))
      ADD_FAILURE() << "no '" << text << "' in:\n" << process_->output();
    seen_ = process_->output().find(text, seen_) + text.size();
  }
  std::size_t count(const std::string& text) const {
    const std::string output = process_->output();
    std::size_t found = 0;
    for (std::size_t at = output.find(text); at != std::string::npos; at = output.find(text, at + 1)) ++found;
    return found;
  }

  // --- the hub ---

  /// Alice's device of this name; null when there is none.
  json device(const std::string& name) {
    const json listed = alice_->result_of("devices", {{"op", "list"}});
    for (const json& one : listed.at("devices"))
      if (one.at("name") == name) return one;
    return nullptr;
  }
  template <class Condition>
  static bool until(Condition condition, std::chrono::milliseconds timeout = patience) {
    const auto give_up = std::chrono::steady_clock::now() + timeout;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > give_up) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
  }
  bool comes_online(const std::string& name, std::size_t skills_min = 1) {
    return until([&] {
      const json found = device(name);
      return found.is_object() && found.at("online") == true && found.at("skill_count") >= skills_min;
    });
  }
  bool goes_offline(const std::string& name) {
    return until([&] {
      const json found = device(name);
      return found.is_object() && found.at("online") == false;
    });
  }
  /// The whole reply.
  json call(const std::string& target, const std::string& path, const json& kwargs = json::object()) {
    return alice_->ask(
        "skills",
        {{"op", "call"}, {"target", target}, {"skill_path", path}, {"kwargs", kwargs}, {"timeout_ms", 10'000}},
        std::chrono::seconds(15));
  }
  json says(const std::string& text) {
    return alice_->ask("chat", {{"messages", {{{"role", "user"}, {"content", text}}}}}, std::chrono::seconds(15));
  }
  /// New connections, after the hub's broker was restarted.
  void meet_alice_again() { alice_ = hub_.user("alice"); }

 private:
  TempDir directory_;
  HubProcess hub_;
  BrokerProcess there_;
  std::unique_ptr<Spoke> alice_;
  std::unique_ptr<MqttTestClient> somebody_;
  std::unique_ptr<ChildProcess> process_;
  std::size_t seen_ = 0;
};

}  // namespace strawberry::test
