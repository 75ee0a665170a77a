/// The connection to the broker whose devices become Spokes: any MQTT broker, 3.1.1 or 5.
///
/// Comes back by itself, after pauses that grow to reconnect_max; so it does when the broker refuses the login. A
/// trouble is said once, in one line, until there is a connection that lasts; after connections that do not last the
/// pauses grow, too. Threading: loop only.   Lifetime: stop()
/// before destruction.   Errors: lines to Options::say; publish() tells its caller.   Bounds: one line for each filter
/// that is refused, filters_said_max of them at each connect; MosquittoClient's; a
/// packet of more than packet_bytes_max ends the connection.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/spoke/discovery_run/broker_address.h"
#include "common/contract/mqtt_message.h"
#include "common/runtime/asio.h"
#include "common/runtime/task.h"
#include "common/text/said_once.h"

namespace strawberry {
class MosquittoClient;
}

namespace strawberry::cli::discovery {

class ForeignBroker {
 public:
  struct Options {
    BrokerAddress address;
    std::string ca_file;     // with TLS; empty: the CAs that this system trusts
    std::string login_file;  // read at each connect; empty: no login
    std::chrono::milliseconds reconnect_min{500};
    std::chrono::milliseconds reconnect_max{30'000};
    std::chrono::milliseconds quick_loss{10'000};  // a connection that lasted shorter did not last
    std::size_t filters_said_max = 5;
    std::function<void(const std::string& line)> say;
    /// Returns all filters to subscribe to: called at each connect.
    std::function<std::vector<std::string>()> filters;
    std::function<void()> on_connected;
    std::function<void()> on_lost;
    std::function<void(MqttMessage message)> on_message;
  };
  using OnPublished = std::function<void(std::optional<std::string> failure)>;

  ForeignBroker(asio::io_context& loop, Options options);
  ~ForeignBroker();

  /// Reads the login file once before connecting: a problem with it is an error then, and a printed line later.
  Outcome<void> start();
  bool is_connected() const { return connected_; }
  /// Returns why there is no connection, for the caller of a skill.
  std::string why_not() const;
  /// The changes of the result of Options::filters.
  void change_filters(const std::vector<std::string>& more, const std::vector<std::string>& fewer);
  /// Publishes once, now. `on_published` is called later, as by MosquittoClient::publish_once(); false: no connection.
  bool publish(const MqttMessage& message, int qos, OnPublished on_published);
  Task<void> stop();

 private:
  void connected();
  void lost(const std::string& reason);
  std::string trouble(const std::string& reason) const;
  void refused(const std::string& filter);

  asio::io_context& loop_;
  const Options options_;
  std::unique_ptr<MosquittoClient> client_;
  bool connected_ = false;
  std::string trouble_;        // of the last attempt, until there is a connection
  std::string login_trouble_;  // with its file, likewise
  SaidOnce troubles_;
  std::chrono::steady_clock::time_point connected_at_{};
  std::chrono::milliseconds quick_pause_{};  // after a connection that did not last; zero: the last one did
  std::size_t filters_refused_ = 0;
};

}  // namespace strawberry::cli::discovery
