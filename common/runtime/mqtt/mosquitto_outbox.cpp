// MosquittoClient: the outbox and sending.
#include <algorithm>
#include <utility>

#include "common/contract/topics.h"
#include "common/runtime/mqtt/connection.h"
#include "common/runtime/mqtt/mosquitto_client.h"
#include "common/runtime/request_log.h"
#include "common/text/printable.h"

namespace strawberry {
namespace {

constexpr std::chrono::seconds between_lines{1};

bool is_overdue(const MqttMessage& message) {
  return message.not_after && std::chrono::steady_clock::now() >= *message.not_after;
}

/// Returns the receiver of the topic: messages of one receiver keep their order.
std::string receiver_of(std::string_view topic) {
  if (const auto parsed = parse_service_topic(topic)) return std::string(parsed->id);
  if (const auto id = announced_id(topic); !id.empty()) return std::string(id);
  return std::string(topic.substr(0, topic.find('/')));
}

}  // namespace

/// Puts them, in the order in which they were sent, before messages that were never sent.
void MosquittoClient::take_back_unacknowledged() {
  if (next_) returned_.push_front(std::move(*next_));
  next_.reset();
  for (auto message = unacked_.rbegin(); message != unacked_.rend(); ++message)
    returned_.push_front(std::move(message->second));
  unacked_.clear();
  unacked_bytes_ = 0;
  order_by_mid_.clear();
}

bool MosquittoClient::publish(MqttMessage message) {
  loop_.check();
  if (stopping_) return false;
  const std::size_t bytes = message.payload.size();
  const bool is_alone = waiting() == 0;
  const std::string receiver = is_alone ? std::string() : receiver_of(message.topic);
  if (waiting() + unacked_.size() >= options_.outbox_messages_max || bytes_ + bytes > options_.outbox_bytes_max ||
      (!is_alone && !outbox_.has_room_for(receiver, {}, bytes))) {
    ++counters_.dropped_outbox_full;
    say_dropped(message);
    return false;
  }
  bytes_ += bytes;
  if (is_alone) {
    next_ = std::move(message);
  } else {
    outbox_.push(receiver, {}, std::move(message), bytes);
  }
  flush_outbox();
  return true;
}

void MosquittoClient::say_dropped(const MqttMessage& message) {
  const auto now = std::chrono::steady_clock::now();
  if (now < silent_until_) return;
  silent_until_ = now + between_lines;
  log_for(message.correlation_data.value_or(""))
      .warn("a message to {} is dropped: too much waits to be sent; {} so far", printable(message.topic),
            counters_.dropped_outbox_full);
}

/// The limit includes an eighth of the free space: however many receivers are backed up, some space remains for the
/// next.
bool MosquittoClient::is_backed_up(const std::string& receiver) const {
  const std::size_t left = options_.outbox_bytes_max - bytes_;
  return outbox_.bytes_of(receiver) >=
         std::max<std::size_t>(1, std::min(options_.outbox_receiver_bytes_max / 2, left / 8));
}

bool MosquittoClient::take_next() {
  if (next_) return true;
  if (!returned_.empty()) {
    next_ = std::move(returned_.front());
    returned_.pop_front();
  } else {
    next_ = outbox_.pop();
  }
  return next_.has_value();
}

void MosquittoClient::flush_outbox() {
  // Messages that do not fit into the socket wait here, where they are counted and can become overdue, not in the
  // library.
  while (may_send() && take_next()) {
    const std::size_t bytes = next_->payload.size();
    const Sent sent = is_overdue(*next_) ? Sent::never : send(*next_);
    if (sent == Sent::no_connection) break;  // next_ is kept for the next connection
    if (sent == Sent::never) bytes_ -= bytes;
    next_.reset();
  }
  watch_writable();
}

bool MosquittoClient::may_send() const {
  return ready_ && unacked_.size() < window_ && unacked_bytes_ < options_.in_flight_bytes_max &&
         !connection_->wants_to_write();
}

MosquittoClient::Sent MosquittoClient::send(MqttMessage& message) {
  int mid = 0;
  const int error = connection_->publish(message, mid);
  switch (error) {
    case MOSQ_ERR_SUCCESS: break;
    case MOSQ_ERR_NO_CONN:
    case MOSQ_ERR_CONN_LOST:
    case MOSQ_ERR_ERRNO:
    case MOSQ_ERR_NOMEM: return Sent::no_connection;
    default:
      ++counters_.dropped_unsendable;
      log_for(message.correlation_data.value_or(""))
          .warn("a message to {} cannot be sent: {}", printable(message.topic), mosquitto_strerror(error));
      return Sent::never;
  }
  if (mid == 0) return Sent::never;  // QoS 0: written, no acknowledgement follows
  order_by_mid_[mid] = ++sent_;
  unacked_bytes_ += message.payload.size();
  unacked_.emplace(sent_, std::move(message));
  return Sent::yes;
}

bool MosquittoClient::publish_once(const MqttMessage& message, int qos, OnPublished on_published) {
  loop_.check();
  if (!ready_ || stopping_ || published_once_.size() >= options_.in_flight_max || connection_->wants_to_write())
    return false;
  int mid = 0;
  if (connection_->publish(message, qos, mid) != MOSQ_ERR_SUCCESS) return false;
  published_once_[mid] = std::move(on_published);
  // The library itself acknowledges QoS 0 as soon as it is written.
  asio::post(context_, [this, alive = alive_, opened = opened_] {
    if (*alive && opened == opened_) take_reports();
  });
  watch_writable();
  return true;
}

bool MosquittoClient::is_acknowledged_once(int mid, int reason) {
  const auto waiting = published_once_.extract(mid);
  if (waiting.empty()) return false;
  asio::post(context_, [on_published = std::move(waiting.mapped()), reason] {
    on_published(reason < MQTT_RC_UNSPECIFIED ? std::nullopt
                                              : std::optional<std::string>(mosquitto_reason_string(reason)));
  });
  return true;
}

void MosquittoClient::end_published_once(const std::string& why) {
  for (auto& [mid, on_published] : std::exchange(published_once_, {}))
    asio::post(context_, [on_published = std::move(on_published), why] { on_published(why); });
}

}  // namespace strawberry
