/// What the plugin asks of the broker it is loaded into. Implemented by plugin.cpp on Mosquitto's API, by a fake in
/// tests.
#pragma once

#include <string>
#include <string_view>

namespace strawberry {

enum class LogLevel { notice, warning, error };

class Broker {
 public:
  virtual ~Broker() = default;
  /// At QoS 1; an empty payload removes what is retained.
  virtual void publish_retained(const std::string& topic, const std::string& payload) = 0;
  /// At QoS 1, to whoever is subscribed now.
  virtual void publish(const std::string& topic, const std::string& payload) = 0;
  /// Ends the open connection with this client id; its end is reported before this returns, or soon after.
  virtual void kick(const std::string& client_id, bool with_will) = 0;
  /// The user name of whoever has a session under this client id, connected or not. Empty when nobody has, or when this
  /// broker cannot say: Mosquitto can since 2.1.
  virtual std::string session_user_name(const std::string& client_id) = 0;
  /// Has the broker reload its configuration soon, upon which it asks about every connection and session it has.
  virtual void request_reload() = 0;
  virtual void log(LogLevel level, const std::string& line) = 0;
};

}  // namespace strawberry
