/// MqttClient on libmosquitto, MQTT 5 over a Unix socket, TCP with TCP_NODELAY or TLS, driven by the event loop: what
/// arrives is handled where it was read, what is published is written at once, and no other thread has a part in it.
/// (Decision 7 says why.) For a broker that is not the hub's it may fall back to MQTT 3.1.1 (Options::Protocol), do
/// without a filter that the broker refuses, and publish once and no more (publish_once).
///
/// A connection is a handle of its own, thrown away when it is lost: what was not acknowledged then is sent again by
/// this class, so that nothing leaves after its MqttMessage::not_after, whenever the broker comes back.
///
/// Threading: construct, call and destroy on the loop (asserted). Lifetime: must not outlive the io_context; a handler
/// may destroy the client. Order: as published, for each receiver; receivers take turns, so that a thousand messages
/// for one do not delay the next one's. Bounds: Options::outbox_messages_max and outbox_bytes_max (not yet sent, or not
/// acknowledged; beyond them, or a receiver's part of them, publish() says false, and a line of the log a second says
/// so); what arrives is bounded by the socket: packets_at_once_max are read before something else gets its turn.
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/contract/broker_socket.h"
#include "common/runtime/asio.h"
#include "common/runtime/fair_queue.h"
#include "common/runtime/loop_affinity.h"
#include "common/runtime/mqtt.h"
#include "common/runtime/mqtt/tls_trouble.h"

namespace strawberry {

class MosquittoClient final : public MqttClient {
 public:
  struct Tls {
    std::string ca_file;      // PEM; empty: the CAs this system trusts
    std::string server_name;  // in the broker's certificate; empty: the host
  };
  /// v5_or_v311: MQTT 5, and MQTT 3.1.1 with a broker that does not let MQTT 5 in; tried in turns until one of them
  /// was accepted, which then stays.
  enum class Protocol { v5, v5_or_v311 };
  struct Options {
    std::string host = "127.0.0.1";
    std::uint16_t port = 1883;
    Protocol protocol = Protocol::v5;
    /// Tried before host and port, or instead of them. Without TLS, whatever `tls` says: nothing leaves the machine.
    BrokerSocket socket = {};
    /// Then TLS and nothing else: a broker whose certificate does not fit is as good as away.
    std::optional<Tls> tls = std::nullopt;
    std::string client_id;
    std::string user_name;
    std::function<std::string()> password;  // asked before every attempt, so that a token can be fresh
    /// User name and password, in place of both; asked before every attempt.
    std::function<std::pair<std::string, std::string>()> login = nullptr;
    bool clean_start = true;
    std::uint32_t session_expiry_s = 0;
    std::optional<MqttMessage> will;
    std::chrono::seconds keepalive{30};
    std::chrono::milliseconds connect_timeout{5'000};  // for the socket, the look-up, each address of the host
    std::chrono::milliseconds reconnect_min{200};
    std::chrono::milliseconds reconnect_max{5'000};
    bool connect_once = false;  // after the first on_lost, stay away
    std::size_t outbox_messages_max = 100'000;
    std::size_t outbox_receiver_messages_max = 20'000;
    std::size_t outbox_bytes_max = 128 * 1024 * 1024;
    std::size_t outbox_receiver_bytes_max = 16 * 1024 * 1024;  // of payloads that wait
    /// Unacknowledged at one time; less when the broker's Receive Maximum says so. What is more waits in the outbox.
    /// What is in flight is behind all others that are: no more than keeps the broker busy.
    std::size_t in_flight_max = 200;
    /// Of payloads; the message with which it is reached still leaves. The library has a copy of each.
    std::size_t in_flight_bytes_max = 8 * 1024 * 1024;
    std::size_t packets_at_once_max = 64;
    /// Set: a filter that the broker refuses is passed to this, and the connection is used without it.
    std::function<void(const std::string& filter)> on_filter_refused = nullptr;
    /// Asked of the broker (MQTT 5), and what ends the connection when it comes all the same; 0: as the broker likes.
    std::uint32_t incoming_packet_bytes_max = 0;
  };

  /// How a message of publish_once() ended: nothing, or why it is not known to be with the broker.
  using OnPublished = std::function<void(std::optional<std::string> failure)>;

  struct Counters {
    std::uint64_t received = 0;
    std::uint64_t refused = 0;  // by the broker: it acknowledged them with an error
    std::uint64_t dropped_outbox_full = 0;
    std::uint64_t dropped_unsendable = 0;  // refused by the library: too large for the broker, a topic that is none
    std::size_t outbox_messages = 0;
    std::size_t outbox_bytes = 0;
  };

  MosquittoClient(asio::io_context& loop, Options options);
  ~MosquittoClient() override;

  void start(std::vector<std::string> filters, Handlers handlers) override;
  /// One filter more, from now on. Only while it is ready; a broker that refuses the filter ends the connection, unless
  /// Options::on_filter_refused is set.
  void subscribe(std::string filter);
  /// Replaces all filters from the next connect on, without a word to the broker.
  void set_filters(std::vector<std::string> filters) { filters_ = std::move(filters); }
  /// Each of these in packets of its own, which do not count as filters of the next connect. Only while it is ready.
  void subscribe_now(const std::vector<std::string>& filters);
  void unsubscribe_now(const std::vector<std::string>& filters);
  bool publish(MqttMessage message) override;
  /// Past the outbox, now or never, with this QoS (0, 1, 2). `on_published` is called once, later, not from within:
  /// when the broker has acknowledged the message (QoS 0: when it was written), refused it, or is lost. False, and
  /// never called: there is no connection, or too much is under way.
  bool publish_once(const MqttMessage& message, int qos, OnPublished on_published);
  bool is_ready() const override { return ready_; }
  /// So much waits for this receiver (the id in its topics) that it should be made no more: half of its part, or less
  /// when others have filled the outbox, so that the small message that tells it so still finds room.
  bool is_backed_up(const std::string& receiver) const;
  Task<void> stop() override;
  /// While it waits to connect again: after this pause from now, and not when it would have. Within on_lost or later.
  void connect_after(std::chrono::milliseconds pause);

  /// Why there is no connection, for programs.
  struct Loss {
    int code = 0;  // MQTT 5's reason code, 0x80 or more; 0 when the broker gave none, as when there is none
    bool is_host_unknown = false;
    bool was_reached = false;   // something listens there
    bool is_not_mqtt = false;   // and what it sent is no MQTT
    bool was_accepted = false;  // it was connected
    TlsTrouble tls = TlsTrouble::none;
  };
  /// Valid in on_lost and until the next loss.
  const Loss& loss() const { return loss_; }
  int loss_code() const { return loss_.code; }
  /// The protocol of the connection, or of the next attempt.
  bool speaks_v311() const { return speaks_v311_; }

  Counters counters() const {
    Counters all = counters_;
    all.outbox_messages = waiting() + unacked_.size();
    all.outbox_bytes = bytes_;
    return all;
  }
  /// How it is connected, was last, or was last tried: `host:port`, or the path of a socket.
  std::string where() const {
    return route_.is_socket ? route_.address : options_.host + ":" + std::to_string(options_.port);
  }

 private:
  class Connection;  // one libmosquitto handle and what it reported
  struct Route {
    std::string address;  // numeric, or the path of a Unix socket
    bool is_socket = false;
  };
  enum class Sent { yes, no_connection, never };

  void connect();
  void look_up();
  void limit_time();
  void open_next();
  void open();
  void open_again_soon();
  void note_whether_reached();
  void watch_socket();
  void watch_writable();
  void readable();
  void take_reports();
  void accepted();
  void lost(const std::string& reason, int code = 0);
  void note_loss(int code);
  void tick();
  void flush_outbox();
  void write_soon();
  bool take_next();
  std::size_t waiting() const { return returned_.size() + outbox_.size() + (next_ ? 1 : 0); }
  bool may_send() const;
  Sent send(MqttMessage& message);
  void say_dropped(const MqttMessage& message);
  void take_back_unacknowledged();
  bool is_acknowledged_once(int mid, int reason);
  void end_published_once(const std::string& why);
  void consider_other_protocol();
  Task<void> look_again_soon();

  LoopAffinity loop_;
  asio::io_context& context_;
  const Options options_;
  std::vector<std::string> filters_;
  std::shared_ptr<const Handlers> handlers_;
  std::unique_ptr<Connection> connection_;
  asio::posix::stream_descriptor socket_;  // a copy of the connection's own, which the library closes when it likes
  asio::ip::tcp::resolver resolver_;
  std::vector<Route> routes_;  // known and not tried yet in this attempt; the next one is the last
  bool host_is_left_ = false;  // in this attempt, the addresses of the host come after those
  Route route_;
  asio::steady_timer queue_timer_;  // until the broker's Unix socket may have room
  asio::steady_timer
      timer_;  // until the connection is there or given up; then for keep-alive; then for the next attempt
  std::chrono::milliseconds backoff_;
  std::uint64_t attempt_ = 0;                     // to connect; counts on when it is given up
  std::uint64_t opened_ = 0;                      // connections; counts on when one is begun or lost
  std::list<MqttMessage> returned_;               // sent over a connection that is lost, not acknowledged
  std::optional<MqttMessage> next_;               // its turn has come
  FairQueue<MqttMessage> outbox_;                 // waiting for a connection, or for acknowledgements
  std::map<std::uint64_t, MqttMessage> unacked_;  // by order of sending
  std::map<int, std::uint64_t> order_by_mid_;
  std::map<int, OnPublished> published_once_;  // by packet identifier
  std::uint64_t sent_ = 0;
  std::size_t window_ = 0;  // how many may be unacknowledged
  std::size_t bytes_ = 0;   // of all that waits and unacked_
  std::size_t unacked_bytes_ = 0;
  std::chrono::steady_clock::time_point silent_until_{};  // about what is dropped
  Counters counters_;
  bool watching_writable_ = false;
  bool writes_soon_ = false;
  bool reached_ = false;  // this connection's TCP was there, whatever has become of it
  bool ready_ = false;
  bool is_waiting_to_connect_ = false;
  bool accepted_ = false;     // this connection's CONNECT was
  bool speaks_v311_ = false;  // this connection, or the next one
  bool protocol_fits_ = false;
  bool silent_ = false;  // this connection's address was reached, and did not answer in time
  bool is_host_unknown_ = false;
  Loss loss_;
  bool stopping_ = false;
  /// What asynchronous operations and handlers look at before they touch this again.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace strawberry
