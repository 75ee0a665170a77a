/// What the plugin asks of the broker it is loaded into. Implemented by plugin.cpp on Mosquitto's API, by a fake in
/// tests.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace strawberry::plugin {

enum class LogLevel { notice, warning, error };

/// A client that the broker has a session of, connected or not.
struct BrokerSession {
  std::string client_id;
  std::string user_name;  // as the plugin made it, or empty
};

class Broker {
 public:
  virtual ~Broker() = default;
  /// At QoS 1; an empty payload removes what is retained.
  virtual void publish_retained(const std::string& topic, const std::string& payload) = 0;
  /// At QoS 1, to whoever is subscribed now.
  virtual void publish(const std::string& topic, const std::string& payload) = 0;
  /// Ends the open connection with this client id; its end is reported before this returns, or soon after.
  virtual void kick(const std::string& client_id, bool with_will) = 0;
  /// True when the broker can show its sessions: Mosquitto can since 2.1.
  virtual bool shows_sessions() const = 0;
  /// All of them. Empty when the broker cannot show them.
  virtual std::vector<BrokerSession> sessions() = 0;
  /// The session under this client id. Nothing when there is no such session, or the broker cannot show it.
  virtual std::optional<BrokerSession> session(const std::string& client_id) = 0;
  /// Has the broker reload its configuration soon, upon which it asks about every connection and session it has.
  virtual void request_reload() = 0;
  /// Bytes that the broker's process has allocated. Nothing when it cannot be known.
  virtual std::optional<std::size_t> memory_in_use() = 0;
  virtual void log(LogLevel level, const std::string& line) = 0;
};

}  // namespace strawberry::plugin
