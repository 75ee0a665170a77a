/// A whole hub for one test: a real Mosquitto with our plugin, the real bridge, a data directory of their own; and
/// Spokes that use it only by MQTT.
///
/// Lifetime: running and ready when constructed, ended with the object.   Errors: throws with the process's output.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/broker_process.h"
#include "tests/support/child_process.h"
#include "tests/support/mqtt_test_client.h"
#include "tests/support/test_hub.h"

namespace strawberry::test {

class HubProcess;

/// One principal with one connection, which sends requests and answers calls according to the contract.
class Spoke {
 public:
  /// `token`: one that the hub issued; empty: a new one.
  Spoke(const HubProcess& hub, Principal principal, int version = 5, std::string client_id = {},
        std::string token = {});

  const std::string& id() const { return principal_.id; }
  MqttTestClient& mqtt() { return *client_; }
  /// Publishes without waiting; adds a correlation_id when there is none. Returns it.
  std::string send(const std::string& service, nlohmann::json request);
  /// Returns the response to that correlation id.
  nlohmann::json response(const std::string& service, const std::string& correlation_id,
                          std::chrono::milliseconds timeout = std::chrono::seconds(5));
  /// Sends and waits. Returns the whole envelope.
  nlohmann::json ask(const std::string& service, nlohmann::json request,
                     std::chrono::milliseconds timeout = std::chrono::seconds(5));
  /// Returns the `result`; throws if there is an error.
  nlohmann::json result_of(const std::string& service, nlohmann::json request);
  /// Returns the error's code, or "ok".
  std::string code_of(const std::string& service, nlohmann::json request);

  /// As a device: subscribes to its calls and registers these signatures under `class_name`.
  void offer(const std::string& class_name, const std::vector<std::string>& signatures, bool device_agnostic = false);
  /// The next call that arrives, as JSON.
  std::optional<nlohmann::json> next_call(std::chrono::milliseconds timeout = std::chrono::seconds(5));
  void answer(const nlohmann::json& call, const nlohmann::json& result);
  void answer_raw(const std::string& payload);

 private:
  Principal principal_;
  std::unique_ptr<MqttTestClient> client_;
};

class HubProcess {
 public:
  struct Options {
    std::string config;                              // bridge.toml; broker and data are set through the environment
    std::map<std::string, std::string> environment;  // additions for the bridge
    bool start_bridge = true;
    bool broker_persistence = false;
    bool rate_limits = true;
    std::vector<std::string> broker_config = {};  // additional lines of mosquitto.conf, another listener for example
    bool broker_socket = true;                    // the broker also listens on a Unix socket, which the bridge uses
  };

  HubProcess() : HubProcess(Options{}) {}
  explicit HubProcess(Options options);

  int port() const { return broker_.port(); }
  TestHub& files() { return files_; }
  const TestHub& files() const { return files_; }
  BrokerProcess& broker() { return broker_; }
  ChildProcess& bridge() { return *bridge_; }

  /// Applies to the next start of the bridge.
  void configure(std::string config) { options_.config = std::move(config); }
  void start_bridge();
  /// Does not wait until it is ready.
  void launch_bridge();
  int stop_bridge() { return bridge_->terminate(); }
  void kill_bridge();
  /// Waits until it serves; throws with its log when it does not.
  void wait_until_serving(std::size_t from = 0);

  /// Returns a device that is registered and connected. Its id is its name, normalised.
  std::unique_ptr<Spoke> device(const std::string& name, const std::string& user = "alice", int version = 5);
  std::unique_ptr<Spoke> user(const std::string& user_id);
  std::unique_ptr<Spoke> admin();

 private:
  Options options_;
  TestHub files_;
  BrokerProcess broker_;
  std::unique_ptr<ChildProcess> bridge_;
};

}  // namespace strawberry::test
