/// One MQTT connection to the hub as a principal, for a command or a scripted device: sends requests, receives replies.
///
/// Uses docs/contract.md only. Replies arrive on a response topic of this connection's own
/// (`<service>/{id}/response/<client id>`), so that a real device with the same id never receives them.
/// Threading: loop only, handlers too.   Lifetime: close() before destruction.   Errors: CliError; a hub's error reply
/// is ExitCode::refused, an unreachable broker or a missing reply ExitCode::unreachable.
/// Bounds: every wait ends at its timeout.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/identity.h"
#include "cli/outcome.h"
#include "common/contract/topics.h"
#include "common/runtime/asio.h"
#include "common/runtime/mqtt.h"
#include "common/runtime/one_shot.h"
#include "common/runtime/task.h"

namespace strawberry {
class MosquittoClient;
}

namespace strawberry::cli {

/// Why there is no connection.
enum class LossCause {
  unreachable,  // no broker, or the network failed
  refused,      // the broker does not accept the token
  taken_over,   // another connection used the same client id
  ended,        // the broker ended it for another reason
};

class HubConnection {
 public:
  struct Options {
    Endpoint endpoint;
    Who who;
    /// Called at every connect.
    std::function<std::string()> token;
    std::chrono::milliseconds connect_timeout{10'000};
    /// Reconnects automatically after a loss. If false, a loss ends every request.
    bool reconnect = false;
    /// If true, open() fails at the first failed attempt; only a connection that once existed is restored.
    bool first_must_succeed = false;
    /// The longest pause between two attempts to connect.
    std::chrono::milliseconds reconnect_max{5'000};
    /// Uses the principal's own id as client id, as the device itself does, and not a random one.
    bool own_client_id = false;
    /// Services to which requests will be sent.
    std::vector<Service> services;
    /// Additional subscriptions; their messages go to on_message.
    std::vector<std::string> filters;
    std::function<void(const MqttMessage&)> on_message;
    std::function<void()> on_ready;
    std::function<void(const std::string& reason)> on_lost;
  };

  /// An event of a streaming chat: `delta`, `tool_call`, `tool_result`, `confirm`.
  using OnEvent = std::function<void(const std::string& event, const nlohmann::json& data)>;

  HubConnection(asio::io_context& loop, Options options);
  ~HubConnection();
  HubConnection(const HubConnection&) = delete;
  HubConnection& operator=(const HubConnection&) = delete;

  /// Connects and subscribes; returns why that failed.
  Task<Outcome<void>> open();
  /// Makes an open() that is under way end soon, with an error.
  void stop_opening();
  /// Returns the reply's `result`; an error tells whether the request was sent. Sets `timeout_ms` from `timeout`, and
  /// makes a correlation_id, unless `body` has one.
  Task<Outcome<nlohmann::json>> request(Service service, nlohmann::json body, std::chrono::milliseconds timeout,
                                        OnEvent on_event);
  bool publish(const std::string& topic, const nlohmann::json& payload);
  bool publish_text(const std::string& topic, std::string payload);
  Task<void> close();
  /// While there is no connection: when the next attempt is made, from now, whatever was planned.
  void connect_after(std::chrono::milliseconds pause);
  /// Of the last loss; valid in on_lost.
  LossCause loss_cause() const;
  /// Returns the current or last address, or the last that was tried: `host:port`, or the path of a Unix socket.
  std::string where() const;

 private:
  struct Waiting {
    std::shared_ptr<OneShot<Outcome<nlohmann::json>>> done;
    OnEvent on_event;
  };

  void receive(const MqttMessage& message);
  void answer(const nlohmann::json& reply);
  void fail_all(const CliError& error);
  std::string own_response_topic(Service service) const;

  asio::io_context& loop_;
  Options options_;
  std::string client_id_;
  std::shared_ptr<OneShot<bool>> state_heard_;  // set once hub/state came
  std::unique_ptr<MosquittoClient> client_;
  std::shared_ptr<OneShot<Outcome<void>>> opened_;
  std::map<std::string, Waiting> waiting_;  // by correlation id
  std::string hub_state_;                   // from the retained hub/state, empty when there is none
};

/// Runs `task` to its end on `loop`.
Outcome<void> run(asio::io_context& loop, Task<Outcome<void>> task);

}  // namespace strawberry::cli
