/// One connection of libmosquitto: a handle, the calls to it, and the events it has reported since the owner last took
/// them.
///
/// The library calls back only from within read(), write(), keep_alive() and publish(). The callbacks only note events;
/// the owner handles them when the call has returned. Threading: loop only.   Lifetime: one connection, from open() on.
///
/// Over the broker's Unix socket there is neither TLS nor TCP_NODELAY.
/// TLS: the library connects, shakes hands, reads and writes through OpenSSL. OpenSSL may hold data that the socket no
/// longer shows (has_buffered()), and during the handshake waits for other events than the library reports.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/runtime/libmosquitto.h"
#include "common/runtime/mqtt/mosquitto_client.h"
#include "common/runtime/mqtt/socket_buffer.h"
#include "common/runtime/mqtt/tls.h"
#include "common/text/result.h"

namespace strawberry {

class MosquittoClient::Connection {
 public:
  struct Reports {
    std::optional<std::size_t> accepted;  // CONNACK: the broker's limit of unacknowledged messages
    std::optional<bool> subscribed;       // SUBACK: true when every filter was granted
    std::vector<std::string> filters_refused;
    std::optional<std::string> ended;  // the reason, for people
    int ended_code = 0;                // the broker's reason code, 0x80 or more; 0: none given
    std::vector<MqttMessage> messages;
    struct Acknowledged {
      int mid = 0;     // packet identifier
      int reason = 0;  // the broker's reason code: 0x80 or more when it refuses the message
    };
    std::vector<Acknowledged> acknowledged;
  };

  Connection(const Options& options, bool speaks_v311);

  /// Starts connecting; sends CONNECT when the socket is writable. Does not block.
  Result<void> open(const Route& route);
  /// True when open() failed because the queue of the broker's Unix socket is full at the moment.
  bool was_queue_full() const { return queue_full_; }
  int socket() const { return mosquitto_socket(handle_.get()); }
  bool wants_to_write() const;
  /// True when there is data to read that the socket does not show.
  bool has_buffered() const;
  void subscribe(const std::vector<std::string>& filters);
  void unsubscribe(const std::vector<std::string>& filters);
  /// Reads what has arrived, about `packets_max` packets: the library takes a few more while it waits for
  /// acknowledgements.
  void read(std::size_t packets_max);
  void write();
  /// True when packets were gathered for flush(), which writes them together at the end of a round of the loop. With
  /// TLS each packet is written at once.
  bool has_gathered() const { return buffer_.has_output() && !buffer_.is_blocked(); }
  void flush();
  /// Called about once a second: pings the broker, and ends the connection when the broker does not answer.
  void keep_alive();
  void disconnect();

  /// Returns a libmosquitto error code; sets `mid` for QoS 1.
  int publish(const MqttMessage& message, int& mid);
  /// The same with the given QoS; always sets `mid`.
  int publish(const MqttMessage& message, int qos, int& mid);

  Reports take_reports();
  /// Why TLS failed; none when it works, or when TLS is not used.
  TlsTrouble tls_trouble() const { return tls_trouble_; }
  bool is_shaking_hands() const { return shaking_hands_; }
  /// True when data arrived that is not MQTT.
  bool is_not_mqtt() const { return not_mqtt_; }
  /// True when the other side ended it: TCP was established, even if that was over before anybody could look.
  bool was_broken_off() const { return was_broken_off_; }

 private:
  struct Callbacks;
  Result<void> use_tls();
  /// Gives access to the handle for one call that reads or writes.
  class HandleForIo {
   public:
    explicit HandleForIo(Connection& connection);
    operator struct mosquitto *() const { return handle_; }

   private:
    struct mosquitto* handle_;
    SocketBuffer::Use use_;
  };
  HandleForIo handle_for_io() { return HandleForIo(*this); }
  bool has_more_to_read() const;
  SSL* ssl() const { return tls_ ? static_cast<SSL*>(mosquitto_ssl_get(handle_.get())) : nullptr; }
  void go_on_shaking_hands();
  void look_at_handshake(int socket_error);
  void end(const std::string& why, int code = 0);
  void end_for(int library_error);
  void end_of_tls(int socket_error);

  struct Destroy {
    void operator()(struct mosquitto* handle) const { mosquitto_destroy(handle); }
  };
  const Options& options_;
  const bool speaks_v311_;
  std::map<int, std::vector<std::string>> asked_for_;  // filters, by packet identifier of their SUBSCRIBE
  std::unique_ptr<TlsContext> tls_;                    // null: plain TCP
  bool shaking_hands_ = false;
  bool queue_full_ = false;
  std::string tls_error_;  // the last error text of OpenSSL
  TlsTrouble tls_trouble_ = TlsTrouble::none;
  bool not_mqtt_ = false;
  bool was_broken_off_ = false;
  std::unique_ptr<struct mosquitto, Destroy> handle_;
  SocketBuffer buffer_;
  Reports reports_;
};

}  // namespace strawberry
