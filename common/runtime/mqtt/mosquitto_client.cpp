#include "common/runtime/mqtt/mosquitto_client.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "common/runtime/asio.h"
#include "common/runtime/mqtt/connection.h"
#include "common/runtime/request_log.h"

namespace strawberry {
namespace {

constexpr std::chrono::milliseconds keep_alive_interval{1'000};
constexpr std::chrono::milliseconds stop_patience{1'000};
constexpr std::chrono::milliseconds queue_pause{5};
constexpr std::size_t addresses_max = 16;  // of one host, per attempt to connect

}  // namespace

MosquittoClient::MosquittoClient(asio::io_context& loop, Options options)
    : context_(loop),
      options_(std::move(options)),
      socket_(loop),
      resolver_(loop),
      queue_timer_(loop),
      timer_(loop),
      backoff_(options_.reconnect_min),
      outbox_({.items_max = options_.outbox_messages_max,
               .items_per_sender_max = options_.outbox_receiver_messages_max,
               .bytes_max = options_.outbox_bytes_max,
               .bytes_per_user_max = options_.outbox_receiver_bytes_max}) {}

MosquittoClient::~MosquittoClient() { *alive_ = false; }

void MosquittoClient::start(std::vector<std::string> filters, Handlers handlers) {
  loop_.check();
  filters_ = std::move(filters);
  handlers_ = std::make_shared<const Handlers>(std::move(handlers));
  connect();
}

void MosquittoClient::subscribe(std::string filter) {
  loop_.check();
  if (!ready_) return;
  filters_.push_back(filter);
  connection_->subscribe({std::move(filter)});
  watch_writable();
}

void MosquittoClient::subscribe_now(const std::vector<std::string>& filters) {
  loop_.check();
  if (!ready_ || filters.empty()) return;
  connection_->subscribe(filters);
  watch_writable();
}

void MosquittoClient::unsubscribe_now(const std::vector<std::string>& filters) {
  loop_.check();
  if (!ready_ || filters.empty()) return;
  connection_->unsubscribe(filters);
  watch_writable();
}

void MosquittoClient::connect() {
  if (options_.socket.path.empty()) return look_up();
  routes_ = {{options_.socket.path, true}};
  host_is_left_ = !options_.socket.only;
  // Posted, because a missing socket is reported at once, and on_lost must not be called before start() returns.
  asio::post(context_, [this, alive = alive_, attempt = ++attempt_] {
    if (*alive && attempt == attempt_) open_next();
  });
}

/// A look-up cannot be cancelled; the result is ignored when its attempt was given up meanwhile.
void MosquittoClient::look_up() {
  host_is_left_ = false;
  route_ = {};
  const auto is_given_up = [this, alive = alive_, attempt = ++attempt_] { return !*alive || attempt != attempt_; };
  limit_time();
  resolver_.async_resolve(options_.host, std::to_string(options_.port),
                          [this, is_given_up](const boost::system::error_code& error, const auto& found) {
                            if (is_given_up()) return;
                            is_host_unknown_ = static_cast<bool>(error);
                            if (error) return lost(error.message());
                            for (const auto& entry : found) {
                              if (routes_.size() == addresses_max) break;
                              routes_.insert(routes_.begin(), Route{entry.endpoint().address().to_string()});
                            }
                            open_next();
                          });
}

/// Limits the look-up, then each address separately: an address that never answers must not hide those after it.
void MosquittoClient::limit_time() {
  timer_.expires_after(options_.connect_timeout);
  timer_.async_wait([this, alive = alive_, opened = opened_](const boost::system::error_code& cancelled) {
    if (cancelled || !*alive || opened != opened_ || ready_) return;
    silent_ = reached_;
    reached_ = false;  // a process may listen there, but none that answers
    lost("no answer within " + std::to_string(options_.connect_timeout.count()) + " ms");
  });
}

void MosquittoClient::open_next() {
  ++opened_;
  reached_ = silent_ = false;
  limit_time();
  route_ = std::move(routes_.back());
  routes_.pop_back();
  open();
}

void MosquittoClient::open() {
  accepted_ = false;
  connection_ = std::make_unique<Connection>(options_, speaks_v311_);
  if (auto opened = connection_->open(route_); !opened)
    return connection_->was_queue_full() ? open_again_soon() : lost(opened.error().message);
  const int copy = ::fcntl(connection_->socket(), F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return lost(std::strerror(errno));
  socket_.assign(copy);
  note_whether_reached();
  watch_socket();
}

/// A Unix socket with a full queue refuses at once, where TCP would wait, so this retries; limit_time() ends the
/// retries.
void MosquittoClient::open_again_soon() {
  connection_.reset();
  queue_timer_.expires_after(queue_pause);
  queue_timer_.async_wait([this, alive = alive_, opened = opened_](const boost::system::error_code& cancelled) {
    if (!cancelled && *alive && opened == opened_) open();
  });
}

/// Called from the start on each event of the socket, since a socket that was reset no longer shows that it was
/// connected.
void MosquittoClient::note_whether_reached() {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  reached_ = reached_ || ::getpeername(socket_.native_handle(), reinterpret_cast<sockaddr*>(&peer), &size) == 0;
}

void MosquittoClient::watch_socket() {
  const auto read = [this, alive = alive_, opened = opened_](const boost::system::error_code& cancelled) {
    if (!cancelled && *alive && opened == opened_) readable();
  };
  if (connection_->has_buffered()) {
    asio::post(context_, [read] { read({}); });
  } else {
    socket_.async_wait(asio::posix::descriptor_base::wait_read, read);
  }
  watch_writable();
}

/// Messages published and acknowledged in one round of the loop are written together.
void MosquittoClient::write_soon() {
  if (writes_soon_ || !connection_ || !connection_->has_gathered()) return;
  writes_soon_ = true;
  asio::post(context_, [this, alive = alive_, opened = opened_] {
    if (!*alive || opened != opened_) return;
    writes_soon_ = false;
    connection_->flush();
    take_reports();
  });
}

/// Waits for a writable socket only while something did not fit into it.
void MosquittoClient::watch_writable() {
  write_soon();
  if (watching_writable_ || !connection_ || !connection_->wants_to_write()) return;
  watching_writable_ = true;
  socket_.async_wait(asio::posix::descriptor_base::wait_write,
                     [this, alive = alive_, opened = opened_](const boost::system::error_code& cancelled) {
                       if (cancelled || !*alive || opened != opened_) return;
                       watching_writable_ = false;
                       note_whether_reached();
                       connection_->write();
                       take_reports();
                       if (*alive) watch_writable();
                     });
}

void MosquittoClient::readable() {
  note_whether_reached();
  connection_->read(options_.packets_at_once_max);
  const auto alive = alive_;
  const auto opened = opened_;
  take_reports();
  if (*alive && opened == opened_) watch_socket();
}

void MosquittoClient::take_reports() {
  if (!connection_) return;
  const auto alive = alive_;  // a handler may destroy this client
  auto reports = connection_->take_reports();
  std::size_t refused = 0;  // messages that the broker will not take
  int refusal = 0;          // why, the last of them
  std::vector<std::pair<MqttMessage, int>> undelivered;
  for (const auto& [mid, reason] : reports.acknowledged) {
    if (is_acknowledged_once(mid, reason)) continue;
    const auto order = order_by_mid_.find(mid);
    if (order == order_by_mid_.end()) continue;  // QoS 0 and already written
    const auto message = unacked_.find(order->second);
    bytes_ -= message->second.payload.size();
    unacked_bytes_ -= message->second.payload.size();
    if (reason >= MQTT_RC_UNSPECIFIED || reason == MQTT_RC_NO_MATCHING_SUBSCRIBERS)
      undelivered.emplace_back(std::move(message->second), reason);
    unacked_.erase(message);
    order_by_mid_.erase(order);
  }
  if (reports.accepted) {
    accepted_ = protocol_fits_ = true;
    window_ = std::min(options_.in_flight_max, *reports.accepted);
    if (!filters_.empty()) connection_->subscribe(filters_);
  }
  const bool is_subscribed = reports.subscribed || (reports.accepted && filters_.empty());
  if (reports.subscribed == false && !options_.on_filter_refused) return lost("the broker refused a subscription");
  for (const std::string& filter : reports.filters_refused) {
    if (options_.on_filter_refused) options_.on_filter_refused(filter);
    if (!*alive) return;
  }
  const auto handlers = handlers_;  // lives as long as one of them runs
  for (auto& [message, reason] : undelivered) {
    const bool is_expected = handlers->on_undelivered && handlers->on_undelivered(message);
    if (!*alive) return;
    if (is_expected || reason < MQTT_RC_UNSPECIFIED) continue;
    ++refused;
    refusal = reason;
  }
  counters_.received += reports.messages.size();
  if (refused > 0) {
    counters_.refused += refused;
    hub_log().warn("the broker refused {} messages, the last because: {}", refused, mosquitto_reason_string(refusal));
  }
  if (is_subscribed && !ready_) accepted();
  if (!*alive) return;
  for (auto& message : reports.messages) {
    if (!*alive || stopping_) return;
    handlers->on_message(std::move(message));
  }
  if (!*alive) return;
  if (reports.ended) return lost(*reports.ended, reports.ended_code);
  flush_outbox();
}

void MosquittoClient::accepted() {
  if (stopping_) return;
  ready_ = true;
  routes_.clear();  // the remaining routes, which were not needed
  host_is_left_ = false;
  backoff_ = options_.reconnect_min;
  if (options_.connect_once) std::vector<std::string>().swap(filters_);  // not needed again
  tick();
  flush_outbox();
  if (const auto handlers = handlers_; handlers->on_ready) handlers->on_ready();
}

void MosquittoClient::tick() {
  timer_.expires_after(keep_alive_interval);
  timer_.async_wait([this, alive = alive_](const boost::system::error_code& cancelled) {
    if (cancelled || !*alive || !connection_) return;
    tick();
    connection_->keep_alive();
    take_reports();
  });
}

void MosquittoClient::note_loss(int code) {
  loss_ = {};
  loss_.code = code;
  loss_.is_host_unknown = std::exchange(is_host_unknown_, false);
  reached_ = reached_ || (connection_ && connection_->was_broken_off());
  loss_.was_reached = reached_ || silent_;
  loss_.was_accepted = accepted_;
  if (!connection_) return;
  loss_.is_not_mqtt = connection_->is_not_mqtt();
  loss_.tls = connection_->tls_trouble();
  if (loss_.tls == TlsTrouble::none && loss_.was_reached && connection_->is_shaking_hands())
    loss_.tls = TlsTrouble::no_tls;
  // A handshake that fails at once may close the socket before it was recorded as connected.
  if (loss_.tls != TlsTrouble::none && loss_.tls != TlsTrouble::ca_file) loss_.was_reached = true;
}

void MosquittoClient::lost(const std::string& reason, int code) {
  ready_ = false;
  note_loss(code);
  consider_other_protocol();
  ++opened_;
  boost::system::error_code ignored;
  socket_.close(ignored);
  connection_.reset();
  watching_writable_ = writes_soon_ = false;
  take_back_unacknowledged();
  end_published_once("the connection to the broker was lost before it acknowledged the message");
  if (!reached_ && !stopping_ && !routes_.empty()) return open_next();
  if (!reached_ && !stopping_ && host_is_left_) return look_up();
  routes_.clear();
  ++attempt_;
  resolver_.cancel();
  timer_.cancel();
  if (stopping_) return;
  if (!options_.connect_once) {
    is_waiting_to_connect_ = true;
    connect_after(backoff_);
    backoff_ = std::min(backoff_ * 2, options_.reconnect_max);
  }
  if (const auto handlers = handlers_; handlers && handlers->on_lost) handlers->on_lost(reason);
}

void MosquittoClient::connect_after(std::chrono::milliseconds pause) {
  if (!is_waiting_to_connect_ || stopping_) return;
  timer_.expires_after(pause);
  timer_.async_wait([this, alive = alive_](const boost::system::error_code& cancelled) {
    if (!cancelled && *alive && !stopping_ && std::exchange(is_waiting_to_connect_, false)) connect();
  });
}

/// A broker that knows MQTT 3.1.1 only says so, or ends the connection without a word.
void MosquittoClient::consider_other_protocol() {
  if (options_.protocol != Protocol::v5_or_v311 || protocol_fits_ || !loss_.was_reached || stopping_) return;
  if (loss_.tls != TlsTrouble::none) return;
  const bool is_about_protocol = loss_.code == 0 || loss_.code == MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION ||
                                 loss_.code == MQTT_RC_MALFORMED_PACKET || loss_.code == MQTT_RC_PROTOCOL_ERROR;
  if (is_about_protocol) speaks_v311_ = !speaks_v311_;
}

Task<void> MosquittoClient::look_again_soon() {
  asio::steady_timer pause(context_, std::chrono::milliseconds(2));
  co_await pause.async_wait(asio::use_awaitable);
}

Task<void> MosquittoClient::stop() {
  loop_.check();
  const auto alive = alive_;  // the client may be destroyed while this waits
  const auto give_up = std::chrono::steady_clock::now() + stop_patience;
  while (*alive && ready_ && (waiting() > 0 || !unacked_.empty()) && std::chrono::steady_clock::now() < give_up)
    co_await look_again_soon();
  if (!*alive) co_return;
  stopping_ = true;
  if (connection_ && ready_) {
    connection_->disconnect();
    watch_writable();
    while (*alive && connection_ && connection_->wants_to_write() && std::chrono::steady_clock::now() < give_up)
      co_await look_again_soon();
  }
  if (*alive) lost("stopped");
}

}  // namespace strawberry
