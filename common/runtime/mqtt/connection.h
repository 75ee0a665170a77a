/// One connection of libmosquitto: a handle, what it is told, and what it reported since somebody last looked.
///
/// The library calls back only from within read(), write(), keep_alive() and publish(); the callbacks note, and the
/// owner acts on what was noted when the call is over. Threading: loop only.   Lifetime: one connection, from open()
/// on.
///
/// Over the broker's Unix socket there is neither TLS nor TCP_NODELAY.
/// TLS: the library connects, shakes hands, reads and writes through OpenSSL, which may hold what the socket no longer
/// shows (has_buffered()), and during the handshake waits for something else than the library says.
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
    std::optional<std::size_t> accepted;  // CONNACK: how many unacknowledged messages the broker takes
    std::optional<bool> subscribed;       // SUBACK: everything was granted
    std::vector<std::string> filters_refused;
    std::optional<std::string> ended;  // why, for people
    int ended_code = 0;                // the broker's reason code, 0x80 or more; 0: it gave none
    std::vector<MqttMessage> messages;
    struct Acknowledged {
      int mid = 0;     // packet identifier
      int reason = 0;  // the broker's: 0x80 or more when it will not take the message
    };
    std::vector<Acknowledged> acknowledged;
  };

  Connection(const Options& options, bool speaks_v311);

  /// Begins to connect; CONNECT leaves when the socket is writable. Does not block.
  Result<void> open(const Route& route);
  /// open() failed because the broker's Unix socket has no room for one more at this moment.
  bool was_queue_full() const { return queue_full_; }
  int socket() const { return mosquitto_socket(handle_.get()); }
  bool wants_to_write() const;
  /// There is something to read that the socket does not show.
  bool has_buffered() const;
  void subscribe(const std::vector<std::string>& filters);
  void unsubscribe(const std::vector<std::string>& filters);
  /// Reads what is there, about `packets_max` packets: the library takes a few more when it waits for acknowledgements.
  void read(std::size_t packets_max);
  void write();
  /// Something was gathered that flush() writes: packets leave together, at the end of a round of the loop. With TLS
  /// each leaves at once.
  bool has_gathered() const { return buffer_.has_output() && !buffer_.is_blocked(); }
  void flush();
  /// Called once a second or so: pings the broker, notices that it does not answer.
  void keep_alive();
  void disconnect();

  /// A libmosquitto error; `mid` is set for QoS 1.
  int publish(const MqttMessage& message, int& mid);
  /// With this QoS; `mid` is set for each.
  int publish(const MqttMessage& message, int qos, int& mid);

  Reports take_reports();
  /// Why there is no TLS; none when there is, or when none is wanted.
  TlsTrouble tls_trouble() const { return tls_trouble_; }
  bool is_shaking_hands() const { return shaking_hands_; }
  /// What came is not MQTT.
  bool is_not_mqtt() const { return not_mqtt_; }

 private:
  struct Callbacks;
  Result<void> use_tls();
  /// The handle, for one call that reads or writes.
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
  std::unique_ptr<TlsContext> tls_;                    // none: plain TCP
  bool shaking_hands_ = false;
  bool queue_full_ = false;
  std::string tls_error_;  // OpenSSL's last word
  TlsTrouble tls_trouble_ = TlsTrouble::none;
  bool not_mqtt_ = false;
  std::unique_ptr<struct mosquitto, Destroy> handle_;
  SocketBuffer buffer_;
  Reports reports_;
};

}  // namespace strawberry
