/// One token's MQTT connection to the hub: many concurrent requests, each with its events and its one reply.
///
/// Threading: loop only.   Lifetime: shared; close() ends it, and so does the broker. A request's callbacks are not
/// called after it was answered or given up.
/// Errors: see Opened and Call::on_lost.   Bounds: calls_max at once.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/contract/topics.h"
#include "common/runtime/asio.h"
#include "common/runtime/mqtt/mosquitto_client.h"
#include "common/runtime/signal.h"
#include "gateway/hub/skill_changes.h"
#include "gateway/hub/token_claims.h"

namespace strawberry::gateway {

/// The broker's address.
struct BrokerAddress {
  std::string host = "127.0.0.1";
  std::uint16_t port = 1883;
  BrokerSocket socket = {};
  std::optional<MosquittoClient::Tls> tls = std::nullopt;
};

class HubLink : public std::enable_shared_from_this<HubLink> {
 public:
  static constexpr std::size_t calls_max = 1'000;

  enum class State { opening, ready, refused, unreachable };

  struct Options {
    BrokerAddress broker;
    std::string token;
    Principal principal;
    Scopes scopes = Scopes::all();  // the token's
    std::string client_id;
    /// Additional subscriptions, and the callback for their messages.
    std::vector<std::string> filters;
    std::function<void(MqttMessage)> on_message;
    /// Called once, when a connection that was ready has ended.
    std::function<void()> on_ended;
  };

  /// Callbacks for one request's answers.
  struct Call {
    std::function<void(nlohmann::json event)> on_event;  // may be empty
    std::function<void(nlohmann::json reply)> on_reply;
    std::function<void()> on_lost;  // the connection or the hub ended, and no answer will come

   private:
    friend class HubLink;
    std::string key;           // of the request: the service and the correlation id
    std::size_t contents = 0;  // a hash of the request
  };

  /// Callbacks for changes of the user's skills.
  struct Watch {
    std::function<void()> on_change;
    std::function<void()> on_lost;  // the connection ended
  };

  HubLink(asio::io_context& loop, Options options);
  ~HubLink();
  HubLink(const HubLink&) = delete;
  HubLink& operator=(const HubLink&) = delete;

  /// Connects; call once.
  void start();
  /// Waits until connecting succeeded or failed, or until `deadline`.
  Task<State> opened(SteadyTime deadline);
  State state() const { return state_; }
  /// Returns why connecting failed, for people.
  const std::string& reason() const { return reason_; }
  bool is_hub_offline() const { return hub_offline_; }

  /// Sends; `body` has a correlation_id. Returns false when calls_max are under way, or the connection is gone.
  bool call(Service service, const nlohmann::json& body, std::shared_ptr<Call> call);
  /// Sends a request to the chat service and ignores the answer.
  void tell(nlohmann::json body);
  /// Drops the request: its callbacks are not called any more.
  void forget(const std::shared_ptr<Call>& call);
  /// Keeps the connection open without a request, until forget(); on_lost is called at its end. False if it has ended.
  bool hold(std::shared_ptr<Call> call);
  /// Returns the hub's retained message on a topic (`hub/health`, `hub/info`); subscribes at the first call, so that
  /// later ones return at once. Nullopt when it does not arrive by `deadline`, or this principal may not read it.
  Task<std::optional<std::string>> retained(std::string topic, SteadyTime deadline);
  /// Reports changes until unwatch(), and keeps the connection open. A change is a device that connects, disconnects or
  /// registers other skills, and the hub's return. Returns false when the connection is gone, or may not read those
  /// topics.
  bool watch(std::shared_ptr<Watch> watch);
  void unwatch(const std::shared_ptr<Watch>& watch);
  std::size_t watches() const { return watches_.size(); }
  /// Waits until the first watch() receives every change, or until `deadline`.
  Task<void> watching(SteadyTime deadline);
  bool publish(MqttMessage message) { return client_.publish(std::move(message)); }
  void close();

  const Principal& principal() const { return options_.principal; }
  const Scopes& scopes() const { return options_.scopes; }
  bool is_idle() const { return calls_.empty() && held_.empty() && watches_.empty(); }
  std::size_t calls() const { return calls_.size(); }

 private:
  struct Retained {
    std::string payload;
    std::vector<std::shared_ptr<Signal>> waiting;
    void tell() {
      for (const auto& one : waiting) one->set();
    }
  };

  void subscribed();
  void ready();
  void receive(MqttMessage message);
  void answer(const std::string& key, nlohmann::json message);
  void lose_calls();
  void tell_watches();
  void ended(const std::string& reason);
  static Task<void> stop(std::shared_ptr<HubLink> self);

  asio::io_context& loop_;
  Options options_;
  MosquittoClient client_;
  asio::steady_timer state_timer_;
  State state_ = State::opening;
  std::string reason_;
  bool hub_offline_ = false;
  std::vector<std::shared_ptr<Signal>> waiting_;                               // in opened() or watching()
  std::unordered_map<std::string, std::vector<std::shared_ptr<Call>>> calls_;  // by Call::key
  std::vector<std::shared_ptr<Call>> held_;                                    // by hold()
  std::unordered_map<std::string, Retained> retained_;                         // by topic
  std::vector<std::shared_ptr<Watch>> watches_;
  std::unique_ptr<SkillChanges> changes_;  // from the first watch on
  bool sees_changes_ = false;
};

}  // namespace strawberry::gateway
