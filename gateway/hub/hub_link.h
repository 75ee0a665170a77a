/// One token's MQTT connection to the hub: many requests at once, each with its events and its one reply.
///
/// Threading: loop only.   Lifetime: shared; close() ends it, and so does the broker. Callbacks are not called after
/// their request was answered or given up.
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

/// Where the broker is.
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
    Scopes scopes = Scopes::all();  // of the token
    std::string client_id;
    /// More to subscribe to, and who hears of it.
    std::vector<std::string> filters;
    std::function<void(MqttMessage)> on_message;
    /// Called once, when it is over after having been ready.
    std::function<void()> on_ended;
  };

  /// One request's answers.
  struct Call {
    std::function<void(nlohmann::json event)> on_event;  // may be empty
    std::function<void(nlohmann::json reply)> on_reply;
    std::function<void()> on_lost;  // the connection or the hub ended, and no answer will come

   private:
    friend class HubLink;
    std::string key;           // of the request: the service and the correlation id
    std::size_t contents = 0;  // a hash of what was asked
  };

  /// Somebody who wants to know when the user's skills are others.
  struct Watch {
    std::function<void()> on_change;
    std::function<void()> on_lost;  // the connection ended
  };

  HubLink(asio::io_context& loop, Options options);
  ~HubLink();
  HubLink(const HubLink&) = delete;
  HubLink& operator=(const HubLink&) = delete;

  /// Connects, once.
  void start();
  /// Until it is known how connecting went, or until `deadline`.
  Task<State> opened(SteadyTime deadline);
  State state() const { return state_; }
  /// Why not, for people.
  const std::string& reason() const { return reason_; }
  bool is_hub_offline() const { return hub_offline_; }

  /// Sends; `body` has a correlation_id. False when too much is under way, or the connection is gone.
  bool call(Service service, const nlohmann::json& body, std::shared_ptr<Call> call);
  /// Tells the chat service something; the answer is not wanted.
  void tell(nlohmann::json body);
  /// Nothing of that request is wanted any more.
  void forget(const std::shared_ptr<Call>& call);
  /// Keeps the connection open without a request, until forget(); on_lost says when it ended. False when it has.
  bool hold(std::shared_ptr<Call> call);
  /// What the hub keeps on a topic of its own (`hub/health`, `hub/info`): subscribed to when it is first asked for, so
  /// that later it is known at once. Nothing when it does not arrive by `deadline`, or this principal may not read it.
  Task<std::optional<std::string>> retained(std::string topic, SteadyTime deadline);
  /// From now on, until unwatch(); the connection stays open as long. A change is a device that comes, goes or
  /// registers other skills, and the hub's return. False when the connection is gone, or may not read that.
  bool watch(std::shared_ptr<Watch> watch);
  void unwatch(const std::shared_ptr<Watch>& watch);
  std::size_t watches() const { return watches_.size(); }
  /// Until the first watch() sees every change; or until `deadline`.
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
  std::vector<std::shared_ptr<Signal>> waiting_;                               // for opened(), or watching()
  std::unordered_map<std::string, std::vector<std::shared_ptr<Call>>> calls_;  // by Call::key
  std::vector<std::shared_ptr<Call>> held_;                                    // by hold()
  std::unordered_map<std::string, Retained> retained_;                         // by topic
  std::vector<std::shared_ptr<Watch>> watches_;
  std::unique_ptr<SkillChanges> changes_;  // from the first watch on
  bool sees_changes_ = false;
};

}  // namespace strawberry::gateway
