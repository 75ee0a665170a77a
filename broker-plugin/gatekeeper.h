/// The plugin without Mosquitto: receives the broker's events, returns decisions, and keeps the devices' presence
/// correct. plugin.cpp translates the calls; all decisions are made behind this class.
///
/// Threading: one thread, the broker's.   Lifetime: as long as the plugin is loaded.
/// Errors: throws nothing on purpose; plugin.cpp treats any exception as a refusal.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "broker-plugin/authenticator.h"
#include "broker-plugin/broker.h"
#include "broker-plugin/broker_report.h"
#include "broker-plugin/connections.h"
#include "broker-plugin/limited_log.h"
#include "broker-plugin/logins.h"
#include "broker-plugin/presence.h"
#include "broker-plugin/rate_limits.h"
#include "broker-plugin/refusal_log.h"
#include "broker-plugin/subscriptions.h"
#include "broker-plugin/topic.h"
#include "broker-plugin/topic_policy.h"
#include "broker-plugin/unread.h"
#include "broker-plugin/used_tokens.h"
#include "common/identity/device_directory.h"
#include "common/identity/key_file.h"
#include "common/text/clock.h"

namespace strawberry::plugin {

class Gatekeeper : private DeviceOwners {
 public:
  /// Limit of a device's status: it is retained, so the broker keeps it as long as the device exists, and delivers it
  /// to every client of the user.
  static constexpr std::size_t status_bytes_max = 16 * 1024;
  /// Limit of the properties of one message: names and values, and 64 bytes for each.
  static constexpr std::size_t properties_bytes_max = 8 * 1024;

  /// How often the tokens of open connections count as used.
  static constexpr std::chrono::minutes open_is_use_interval{10};

  struct Options {
    Connections::Options connections;
    Presence::Options presence;
    Logins::Options logins;
    RateLimits::Options rates = {};
    Subscriptions::Options subscriptions = {};
    Unread::Options unread = {};
    UsedTokens::Options used = {};
  };

  enum class Ending {
    unknown,  // always with Mosquitto 2.0
    said_goodbye,
    lost,        // without DISCONNECT
    taken_over,  // by a new connection with its client id
  };

  struct TopicEvent {
    Connection::Handle handle = nullptr;
    std::string_view client_id;
    std::string_view user_name;  // as login() set it
    Access access = Access::read;
    std::string_view topic;
    std::string_view payload;
    bool retain = false;
    int qos = 0;                             // for publications and subscriptions
    std::size_t properties_bytes = 0;        // MQTT 5; only set for takes_properties()
    std::string_view correlation_data = {};  // MQTT 5; only set for dropped()
  };

  /// `directory` must be open, and outlive this object.
  Gatekeeper(Broker& broker, KeyFile keys, DeviceDirectory& directory, const Clock& clock, Options options);

  LoginAnswer login(const Login& login);
  /// Checks a new token for an open connection.
  LoginAnswer renew(const Login& login);
  /// True for a connected client: authenticating again is a renewal.
  bool is_open(Connection::Handle handle) const { return connections_.find(handle) != nullptr; }
  /// `ending`: the broker's reason.
  void disconnected(Connection::Handle handle, Ending ending = Ending::unknown);
  /// Decides about a publication, will, subscription or delivery. A client that keeps publishing what is refused, or
  /// beyond its rate, is disconnected in the next round of the broker.
  bool allows(const TopicEvent& event);

  void unsubscribed(std::string_view client_id, std::string_view filter) { subscriptions_.remove(client_id, filter); }

  /// A message that allows() has let in: false when it must be dropped after all, for what it carries beside its
  /// payload. Ask before write_sender().
  bool takes_properties(const TopicEvent& event);

  /// False for a call that no session of its device is known to hear: it must be dropped, so that the bridge learns of
  /// it by the acknowledgement. The device may be on its way back, or about to subscribe.
  bool is_heard(const TopicEvent& event);

  /// A message that allows() has let in. False when it must be dropped after all; else `sender` is what to stamp on it,
  /// empty when this topic carries none. The caller's, so that its memory serves the next message.
  bool write_sender(const TopicEvent& event, std::string& sender);

  /// For a message with a principal: returns the token stamp. Empty when this topic carries none: only the services
  /// `devices` and `users` make tokens from others, and a user's chats end with the token.
  std::string token_of(const TopicEvent& event);
  /// For a message with a principal: returns the rights of its token, to stamp on a request. Empty for full rights.
  std::string rights_of(const TopicEvent& event);

  /// Called when a message that allows() had allowed is not delivered.
  void dropped(const TopicEvent& event, std::string_view reason);

  /// Handles a message on control_topic: the bridge names devices that have changed. They are looked up at once and the
  /// message is acknowledged; connections that lost their rights end in the next round of the broker. Returns false
  /// when the message is not the bridge's or is not valid.
  bool control(const TopicEvent& event);

  /// Called when the broker reloads its configuration, and then checks every connection again.
  void reload();
  /// Call in every round of the broker, or at least once a second; most of its work is done once a second.
  void tick();

 private:
  const Principal* who(const TopicEvent& event, const Connection* connection, std::optional<SessionName>& stored) const;
  Scopes scopes_of(const Connection* connection, const std::optional<SessionName>& stored) const;
  bool may_receive_while_away(const TopicEvent& event, const SessionName& session);
  std::string_view owner_of(std::string_view device_id) const override;
  const UserStanding& standing_of(std::string_view user_id) const override { return directory_.standing_of(user_id); }
  Verdict check_limits(const TopicEvent& event, const Topic& topic, const Principal& principal, Access access);
  Verdict check(const TopicEvent& event, const Topic& topic, const Client& client, Access access);
  void refresh_keys(bool even_if_unchanged);
  void refresh_directory();
  void end_what_may_not_go_on();
  void end_changed();
  bool made_its_id(const Connection& connection) const;
  void end_flooding();
  void end_unread();
  void tell_used_tokens();
  bool may_be_held(const TopicEvent& event, const Principal& principal, Access access);
  void refused(const TopicEvent& event, const Principal& principal, Access access, std::string_view reason);
  bool is_within_rate(const TopicEvent& event, const Principal& principal);
  void end(Connection& connection, std::string_view reason);
  void report();

  Broker& broker_;
  KeyFile keys_;
  DeviceDirectory& directory_;
  const Clock& clock_;
  Connections connections_;
  Authenticator authenticator_;
  Presence presence_;
  RefusalLog refusals_;
  RateLimits rates_;
  Subscriptions subscriptions_;
  Unread unread_;
  UsedTokens used_tokens_;
  LimitedLog endings_;
  BrokerReport report_;
  Logins logins_;
  struct DepartedOwner {
    std::string user_id;
    SteadyTime forgotten_at;
  };
  /// Owners of deleted devices, until the last message about the device is delivered.
  std::unordered_map<std::string, DepartedOwner> departed_owners_;
  /// A request was allowed and the broker has not called sender_of() for it yet, as it does before delivery.
  bool awaits_sender_ = false;
  /// The will being delivered has no principal stamp either.
  bool is_sending_will_ = false;
  /// Changed devices whose connections have not been checked yet.
  std::unordered_set<std::string> changed_;
  /// Connections that keep publishing beyond their rate.
  std::unordered_set<Connection::Handle> flooding_;
  /// The client that has just resumed its session: the broker first reports the messages it holds for it.
  Connection::Handle coming_back_ = nullptr;
  /// Properties of the message that the broker delivers now.
  std::size_t properties_bytes_ = 0;
  TopicReader topics_;
  bool rights_changed_ = true;  // directory or keys, since connections were last checked
  SteadyTime next_tick_{};
  SteadyTime next_report_{};
  SteadyTime next_note_of_open_;
  std::optional<SteadyTime> directory_read_at_;
  std::string last_directory_failure_;
};

}  // namespace strawberry::plugin
