/// A scripted MQTT client, 3.1.1 or 5, on libmosquitto: each call does one thing and returns its result.
///
/// Threading: calls from one thread; a thread of its own reads the socket.   Lifetime: closes the socket without
/// DISCONNECT (so its will is published) when destroyed while connected.   It never reconnects automatically.
/// Errors: result codes as on the wire; no_answer when nothing arrived before the timeout.
/// Bounds: received messages are kept until taken, at most messages_max.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

struct mosquitto;

namespace strawberry::test {

struct TestMessage {
  std::string topic;
  std::string payload;
  int qos = 1;
  bool retained = false;
  // MQTT 5 only
  std::optional<std::string> response_topic;
  std::optional<std::string> correlation_data;
  std::optional<std::string> content_type;
  std::optional<std::uint32_t> expiry_s;
  std::vector<std::pair<std::string, std::string>> user_properties;
};

class MqttTestClient {
 public:
  static constexpr int no_answer = -1;
  static constexpr std::size_t messages_max = 100'000;
  static constexpr std::chrono::milliseconds timeout_default{5'000};

  struct Options {
    int port = 0;
    std::string socket_path = {};  // of a Unix socket, instead of the port
    int version = 5;               // or 4, which is MQTT 3.1.1
    std::string client_id;
    std::string user_name;
    std::string password;
    bool clean = true;  // clean session or clean start
    std::optional<std::uint32_t> session_expiry_s;
    int keepalive_s = 60;
    std::optional<TestMessage> will;
    std::uint32_t will_delay_s = 0;
    std::chrono::milliseconds timeout = timeout_default;
  };

  explicit MqttTestClient(Options options);
  ~MqttTestClient();
  MqttTestClient(const MqttTestClient&) = delete;
  MqttTestClient& operator=(const MqttTestClient&) = delete;

  /// CONNACK: 0 when accepted.
  int connect();
  bool session_present() const;
  bool is_connected() const;
  /// SUBACK: the granted QoS, or 0x80 and above.
  int subscribe(const std::string& filter, int qos = 1);
  /// Does not wait: the broker handles it before later packets.
  void unsubscribe(const std::string& filter);
  /// PUBACK: 0 when accepted, also without subscribers; else an MQTT 5 reason code. At QoS 0: 0 at once.
  int publish(const TestMessage& message);
  int publish(const std::string& topic, const std::string& payload);

  /// Takes the first message on `topic` that was received and not yet taken.
  std::optional<TestMessage> wait_for(const std::string& topic, std::optional<std::chrono::milliseconds> timeout = {});
  /// Takes the first that `wanted` accepts; others stay.
  std::optional<TestMessage> wait_for(const std::function<bool(const TestMessage&)>& wanted,
                                      std::optional<std::chrono::milliseconds> timeout = {});
  /// Takes everything received so far.
  std::vector<TestMessage> take_all();

  /// Sends DISCONNECT, then closes.
  void disconnect();
  /// Closes the socket without DISCONNECT.
  void drop();
  /// True when the broker has ended the connection, or drop() has.
  bool wait_for_end(std::optional<std::chrono::milliseconds> timeout = {});
  /// The reason in the broker's DISCONNECT (MQTT 5); 0 when there was none.
  int end_reason() const;

 private:
  struct Callbacks;
  friend struct Callbacks;
  void run();
  void acknowledge(int message_id, int code);
  int wait_for_acknowledgement(int message_id);

  Options options_;
  mosquitto* client_ = nullptr;
  std::thread reader_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_:
  std::optional<int> connack_;
  bool session_present_ = false;
  bool ended_ = false;
  int end_reason_ = 0;
  std::map<int, int> acknowledged_;  // message id → code, of PUBACK or SUBACK
  std::deque<TestMessage> messages_;
};

}  // namespace strawberry::test
