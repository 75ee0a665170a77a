/// MQTT on a bare socket: sends packets that no client library sends, many at once, and records the answer to each.
///
/// The broker handles what one connection sends in order, and answers in order. So once sync() has returned, all
/// earlier packets have been handled, and all messages for this client have been received: their absence can be checked
/// without waiting.
/// Threading: one thread, no others inside.   Lifetime: closes the socket, without DISCONNECT, when destroyed.
/// Errors: results; a broker that is silent within Options::timeout counts as one that closed.
/// Bounds: packets of at most packet_bytes_max.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace strawberry::test {

/// Packets as bytes, which a test may change.
namespace wire {

/// A UTF-8 string or binary data as MQTT writes it: two bytes of length, then the bytes. At most 65 535.
std::string with_length(std::string_view text);
/// `first` is type and flags.
std::string packet(unsigned char first, std::string_view body);

struct Will {
  std::string topic;
  std::string payload;
  bool retain = false;
  std::uint32_t delay_s = 0;  // MQTT 5
};

struct Connect {
  int version = 5;  // or 4, which is MQTT 3.1.1
  std::string client_id;
  std::optional<std::string> user_name = std::nullopt;
  std::optional<std::string> password = std::nullopt;
  bool clean = true;  // clean session or clean start
  std::optional<std::uint32_t> session_expiry_s = std::nullopt;
  std::uint16_t keepalive_s = 0;  // 0: none
  std::optional<Will> will = std::nullopt;
  std::string properties = {};  // MQTT 5, as bytes; added to those above

  std::string bytes() const;
};

/// At QoS 1.
std::string publish(int version, std::uint16_t packet_id, std::string_view topic, std::string_view payload,
                    bool retain);
/// At QoS 0, so that nothing has to be acknowledged.
std::string subscribe(int version, std::uint16_t packet_id, std::string_view filter);
std::string unsubscribe(int version, std::uint16_t packet_id, std::string_view filter);

}  // namespace wire

class WireClient {
 public:
  static constexpr int closed = -1;
  static constexpr std::size_t packet_bytes_max = 2 * 1024 * 1024;

  struct Message {
    std::string topic;
    std::string payload;
    bool retained = false;
    std::size_t pings_before = 0;  // ping()s answered before it came
  };

  WireClient(int port, wire::Connect connect, std::chrono::milliseconds timeout = std::chrono::seconds(10));
  ~WireClient();
  WireClient(const WireClient&) = delete;
  WireClient& operator=(const WireClient&) = delete;

  /// Returns the reason in the CONNACK; `closed` when there was none.
  int connect();
  bool session_present() const { return session_present_; }
  /// Opens the socket and sends nothing; the caller sends its own bytes.
  bool open();
  /// Like connect(), but sends `bytes`.
  int connect_with(std::string_view bytes);

  // These only queue packets; sync() sends them. They return the packet id.
  std::uint16_t publish(std::string_view topic, std::string_view payload, bool retain = false);
  std::uint16_t subscribe(std::string_view filter);
  std::uint16_t unsubscribe(std::string_view filter);
  void send(std::string_view bytes) { outgoing_ += bytes; }
  /// A mark: messages before its answer belong to packets that were sent before it. Returns the number of earlier ones.
  std::size_t ping();

  /// Sends all queued packets and waits until they are handled. Returns false when the broker closed the connection.
  bool sync();
  /// Sends all queued packets without waiting.
  void flush();
  /// Returns the code in the PUBACK or SUBACK; nullopt if none. MQTT 5's "no matching subscribers" counts as 0.
  std::optional<int> answer_to(std::uint16_t packet_id) const;
  /// Takes everything received since the last call.
  std::vector<Message> take();
  /// Packets of other types (DISCONNECT, AUTH) in the order received: the first byte, and the rest without length.
  const std::vector<std::pair<unsigned char, std::string>>& others() const { return others_; }
  /// Sends all queued packets and reads until the broker has closed the connection; false when it did not.
  bool wait_for_end();
  /// Reads until a message has arrived that `wanted` accepts; all are kept for take().
  template <class Wanted>
  bool wait_for(Wanted wanted) {
    const auto deadline = std::chrono::steady_clock::now() + timeout_;
    for (std::size_t seen = 0;;) {
      for (; seen < messages_.size(); ++seen) {
        if (wanted(messages_[seen])) return true;
      }
      if (!exchange(deadline)) return false;
    }
  }
  bool is_open() const { return fd_ >= 0; }
  /// Without DISCONNECT.
  void close();

 private:
  using Deadline = std::chrono::steady_clock::time_point;
  /// Sends and receives what is possible, waiting if necessary; false at the deadline or the end.
  bool exchange(Deadline deadline);
  bool receive();
  void take_packets();
  void take_packet(unsigned char first, std::string_view body);
  void take_message(unsigned char first, std::string_view body);
  std::uint16_t next_packet_id();

  int port_;
  wire::Connect connect_;
  std::chrono::milliseconds timeout_;
  int fd_ = -1;
  std::string outgoing_;
  std::string incoming_;
  std::optional<int> connack_;
  bool session_present_ = false;
  std::size_t pings_sent_ = 0;
  std::size_t pings_answered_ = 0;
  std::uint16_t last_packet_id_ = 0;
  std::map<std::uint16_t, int> answers_;
  std::vector<Message> messages_;
  std::vector<std::pair<unsigned char, std::string>> others_;
};

}  // namespace strawberry::test
