/// MqttClient on Eclipse Paho C++, MQTT 5 over TCP with TCP_NODELAY (tcp_nodelay.h says why that matters).
///
/// Threading: construct, call and destroy on the loop. Paho's own threads only copy a message into the inbox and wake
/// the loop. Lifetime: must not outlive the io_context. Bounds: Options::inbox_messages_max and inbox_bytes_max
/// (arriving; beyond them messages are dropped and counted), outbox_messages_max (leaving: not acknowledged or not yet
/// sent; beyond it publish() says false).
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bridge/core/loop_affinity.h"
#include "bridge/ports/mqtt.h"

namespace strawberry {

class PahoClient final : public MqttClient {
 public:
  struct Options {
    std::string host = "127.0.0.1";
    std::uint16_t port = 1883;
    std::string client_id;
    std::string user_name;
    std::function<std::string()> password;  // asked before every attempt, so that a token can be fresh
    bool clean_start = true;
    std::uint32_t session_expiry_s = 0;
    std::optional<MqttMessage> will;
    std::chrono::seconds keepalive{30};
    std::chrono::milliseconds connect_timeout{5'000};
    std::chrono::milliseconds reconnect_min{200};
    std::chrono::milliseconds reconnect_max{5'000};
    bool connect_once = false;  // after the first on_lost, stay away
    std::size_t inbox_messages_max = 20'000;
    std::size_t inbox_bytes_max = 64 * 1024 * 1024;
    std::size_t outbox_messages_max = 100'000;
    std::size_t outbox_bytes_max = 128 * 1024 * 1024;
    /// Unacknowledged at one time; less when the broker's Receive Maximum says so. What is more waits in the outbox:
    /// Paho itself, asked to queue beyond that limit, sends only a few dozen messages a second.
    std::size_t in_flight_max = 1'000;
  };

  struct Counters {
    std::uint64_t received = 0;
    std::uint64_t dropped_inbox_full = 0;
    std::uint64_t dropped_outbox_full = 0;
    std::size_t outbox_messages = 0;
    std::size_t outbox_bytes = 0;
  };

  PahoClient(asio::io_context& loop, Options options);
  ~PahoClient() override;

  void start(std::vector<std::string> filters, Handlers handlers) override;
  bool publish(MqttMessage message) override;
  bool is_ready() const override { return ready_; }
  Task<void> stop() override;

  Counters counters() const;

 private:
  struct Wire;  // what Paho's threads share with the loop

  void connect();
  void connected(std::size_t receive_maximum);
  void subscribed();
  void lost(const std::string& reason);
  void drain_inbox();
  void flush_outbox();
  bool send(const MqttMessage& message);
  void try_again_soon();

  LoopAffinity loop_;
  asio::io_context& context_;
  Options options_;
  std::vector<std::string> filters_;
  Handlers handlers_;
  std::shared_ptr<Wire> wire_;
  asio::steady_timer retry_;
  asio::steady_timer again_;
  std::chrono::milliseconds backoff_;
  std::deque<MqttMessage> outbox_;  // waiting for a connection, or for acknowledgements
  std::size_t window_ = 0;          // how many may be unacknowledged
  std::size_t outbox_bytes_ = 0;
  std::uint64_t dropped_outbox_full_ = 0;
  bool ready_ = false;
  bool stopping_ = false;
};

}  // namespace strawberry
