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
#include "common/identity/device_directory.h"
#include "common/identity/key_file.h"
#include "common/text/clock.h"

namespace strawberry::plugin {

class Gatekeeper : private DeviceOwners {
 public:
  /// Of a device's status: retained, so the broker keeps it as long as the device exists, and every client of the user
  /// gets it.
  static constexpr std::size_t status_bytes_max = 16 * 1024;
  /// Of the properties of one message: names and values, and 64 for each.
  static constexpr std::size_t properties_bytes_max = 8 * 1024;

  struct Options {
    Connections::Options connections;
    Presence::Options presence;
    Logins::Options logins;
    RateLimits::Options rates = {};
    Subscriptions::Options subscriptions = {};
    Unread::Options unread = {};
  };

  enum class Ending {
    unknown,  // Mosquitto 2.0 never says
    said_goodbye,
    lost,        // without a goodbye
    taken_over,  // by a new connection with its client id
  };

  struct TopicEvent {
    Connection::Handle handle = nullptr;
    std::string_view client_id;
    std::string_view user_name;  // as login() made it
    Access access = Access::read;
    std::string_view topic;
    std::string_view payload;
    bool retain = false;
    int qos = 0;                             // of a publication and of a subscription
    std::size_t properties_bytes = 0;        // MQTT 5; only told to takes_properties()
    std::string_view correlation_data = {};  // MQTT 5; only told to dropped()
  };

  /// `directory` must be open, and outlive this.
  Gatekeeper(Broker& broker, KeyFile keys, DeviceDirectory& directory, const Clock& clock, Options options);

  LoginAnswer login(const Login& login);
  /// A new token for an open connection.
  LoginAnswer renew(const Login& login);
  /// True for a client that is in: what it authenticates with is a renewal.
  bool is_open(Connection::Handle handle) const { return connections_.find(handle) != nullptr; }
  /// `ending`: what the broker says of it.
  void disconnected(Connection::Handle handle, Ending ending = Ending::unknown);
  /// A client that goes on publishing what is refused, or beyond its rate, is ended in the next round of the broker.
  bool allows(const TopicEvent& event);

  void unsubscribed(std::string_view client_id, std::string_view filter) { subscriptions_.remove(client_id, filter); }

  /// A message that allows() has let in: false when it must be dropped after all, for what it carries beside its
  /// payload. Ask before write_sender().
  bool takes_properties(const TopicEvent& event);

  /// A message that allows() has let in. False when it must be dropped after all; else `sender` is what to stamp on it,
  /// empty when this topic carries none. The caller's, so that its memory serves the next message.
  bool write_sender(const TopicEvent& event, std::string& sender);

  /// For a message that has a sender: the token by which it was made, to stamp on it. Empty when this topic carries
  /// none: only the services `devices` and `users` make tokens from others.
  std::string token_of(const TopicEvent& event);
  /// For a message that has a sender: what its token may do, to stamp on a request. Empty when it has full rights.
  std::string rights_of(const TopicEvent& event);

  /// A message that allows() had let in is not delivered.
  void dropped(const TopicEvent& event, std::string_view reason);

  /// A message on control_topic: the bridge names devices that have changed. They are looked up at once and the message
  /// is acknowledged; connections that lost their rights end in the next round of the broker. Returns false when it is
  /// not the bridge's or is not such a message.
  bool control(const TopicEvent& event);

  /// The broker reads its configuration again, and then asks about every connection once more.
  void reload();
  /// Call in every round of the broker, or at least once a second; most of it works once a second.
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
  void end_flooding();
  void end_unread();
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
  LimitedLog endings_;
  BrokerReport report_;
  Logins logins_;
  struct DepartedOwner {
    std::string user_id;
    SteadyTime forgotten_at;
  };
  /// Of deleted devices, for as long as the last message about them is on its way.
  std::unordered_map<std::string, DepartedOwner> departed_owners_;
  /// A request was let in and the broker has not asked for its sender yet, as it does before delivering it.
  bool awaits_sender_ = false;
  /// The will that is on its way carries no sender either.
  bool is_sending_will_ = false;
  /// Devices that changed and whose connections have not been looked through since.
  std::unordered_set<std::string> changed_;
  /// Whose connections go on publishing beyond their rate.
  std::unordered_set<Connection::Handle> flooding_;
  /// The client that came back to its session just now: the broker shows what it holds for it, before anything else.
  Connection::Handle coming_back_ = nullptr;
  /// Of the message that the broker delivers now.
  std::size_t properties_bytes_ = 0;
  TopicReader topics_;
  bool rights_changed_ = true;  // directory or keys, since connections were last looked through
  SteadyTime next_tick_{};
  SteadyTime next_report_{};
  std::optional<SteadyTime> directory_read_at_;
  std::string last_directory_failure_;
};

}  // namespace strawberry::plugin
