/// An MQTT 5 client for the load generator: libmosquitto without threads, driven by poll(), TCP_NODELAY on, so that the
/// hub is measured and not the generator.
///
/// Threading: one thread.   Errors: throws std::runtime_error, which ends the benchmark.
/// Bounds: in_flight_max messages unacknowledged in each direction.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct mosquitto;

namespace strawberry::bench {

class PollClient {
 public:
  static constexpr int in_flight_max = 1000;

  struct Options {
    int port = 0;
    std::string client_id;
    std::string password;  // empty: none
  };
  using OnMessage = std::function<void(std::string_view topic, std::string_view payload)>;

  /// Connects and subscribes to `filters` at QoS 1 before it returns.
  PollClient(const Options& options, const std::vector<std::string>& filters);
  ~PollClient();
  PollClient(const PollClient&) = delete;
  PollClient& operator=(const PollClient&) = delete;

  void on_message(OnMessage handler) { handler_ = std::move(handler); }
  /// QoS 1; on the wire when it returns, unless the socket is full.
  void publish(const std::string& topic, std::string_view payload);

  /// Waits at most `timeout` for any of `clients` to have something to read, and handles it.
  static void poll(const std::vector<PollClient*>& clients, std::chrono::milliseconds timeout);

 private:
  struct Callbacks;
  friend struct Callbacks;
  void read();
  void wait_until(const bool& condition, const char* what);

  mosquitto* client_ = nullptr;
  bool connected_ = false;
  std::string refusal_;
  bool subscribed_ = false;
  OnMessage handler_;
  std::vector<std::pair<std::string, std::string>> inbox_;  // of one read(): handled outside libmosquitto's callback
};

}  // namespace strawberry::bench
