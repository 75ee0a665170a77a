/// The plugin without Mosquitto: takes what the broker reports, answers with a decision, and keeps presence true.
/// plugin.cpp translates; everything that decides is reached from here.
///
/// Threading: one thread, the broker's.   Life: as long as the plugin is loaded.
/// Errors: none thrown on purpose; plugin.cpp takes any exception for a no.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "broker-plugin/authenticator.h"
#include "broker-plugin/broker.h"
#include "broker-plugin/connections.h"
#include "broker-plugin/presence.h"
#include "broker-plugin/refusal_log.h"
#include "broker-plugin/topic_policy.h"
#include "common/clock.h"
#include "common/device_directory.h"
#include "common/keys.h"

namespace strawberry {

class Gatekeeper : private DeviceOwners {
 public:
  struct Options {
    Connections::Options connections;
    Presence::Options presence;
  };

  struct ConnectEvent {
    Connection::Handle handle = nullptr;
    ConnectAttempt attempt;
    std::string_view address;
    bool session_may_stay = false;
    bool has_subscriptions = false;  // already: so this is a session the broker has
  };

  struct TopicEvent {
    Connection::Handle handle = nullptr;
    std::string_view client_id;
    std::string_view user_name;  // as connect() made it
    Access access = Access::read;
    std::string_view topic;
    std::string_view payload;
    bool retain = false;
  };

  Gatekeeper(Broker& broker, KeySet keys, DeviceDirectory& directory, const Clock& clock, Options options);

  /// The user name to give the connection, which is its principal; nothing when it is refused.
  std::optional<std::string> connect(const ConnectEvent& event);
  void disconnected(Connection::Handle handle);
  bool allows(const TopicEvent& event);

  /// A message that allows() has let in. Nothing when it must be dropped after all; else the sender to stamp on it,
  /// empty when this topic carries none.
  std::optional<std::string> sender_of(const TopicEvent& event);

  /// Call often; works once a second.
  void tick();

 private:
  std::optional<std::string> confirm(const ConnectEvent& event, const Principal& principal);
  void refuse(const ConnectEvent& event, const Refusal& refusal);
  std::string_view owner_of(std::string_view device_id) const override;
  Verdict check(const TopicEvent& event, const Principal& principal, Access access);
  void refresh_directory();
  void end_what_may_not_go_on();
  std::string_view why_end(const Connection& connection) const;
  void end(Connection& connection, std::string_view reason);

  Broker& broker_;
  const KeySet keys_;
  DeviceDirectory& directory_;
  const Clock& clock_;
  Connections connections_;
  Authenticator authenticator_;
  Presence presence_;
  RefusalLog refusals_;
  /// Owners of deleted devices, for as long as the last message about them is on its way.
  std::unordered_map<std::string, std::string> departed_owners_;
  /// A request was let in and the broker has not asked for its sender yet, as it does before delivering it.
  bool awaits_sender_ = false;
  SteadyTime next_tick_{};
  std::string last_directory_failure_;
};

}  // namespace strawberry
