/// The functions of the broker that the plugin uses. Implemented by plugin.cpp on Mosquitto's API, by a fake in tests.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace strawberry::plugin {

enum class LogLevel { notice, warning, error };

/// A client with a session in the broker, connected or not.
struct BrokerSession {
  std::string client_id;
  std::string user_name;  // as the plugin set it, or empty
};

class Broker {
 public:
  virtual ~Broker() = default;
  /// Publishes at QoS 1; an empty payload removes the retained message.
  virtual void publish_retained(const std::string& topic, const std::string& payload) = 0;
  /// Publishes at QoS 1, to the present subscribers only.
  virtual void publish(const std::string& topic, const std::string& payload) = 0;
  /// Ends the open connection with this client id; the broker reports its end before this returns, or soon after.
  virtual void kick(const std::string& client_id, bool with_will) = 0;
  /// True when the broker can list its sessions: Mosquitto can since 2.1.
  virtual bool shows_sessions() const = 0;
  /// Returns every session. Empty when the broker cannot list them.
  virtual std::vector<BrokerSession> sessions() = 0;
  /// Returns the session under this client id. Nothing when there is none, or the broker cannot list sessions.
  virtual std::optional<BrokerSession> session(const std::string& client_id) = 0;
  /// Makes the broker reload its configuration soon; it then checks every connection and session again.
  virtual void request_reload() = 0;
  /// Returns the number of bytes that the broker's process has allocated. Nothing when it is unknown.
  virtual std::optional<std::size_t> memory_in_use() = 0;
  virtual void log(LogLevel level, const std::string& line) = 0;
};

}  // namespace strawberry::plugin
