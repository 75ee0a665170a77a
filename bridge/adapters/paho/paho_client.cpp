#include "bridge/adapters/paho/paho_client.h"

#include <mqtt/async_client.h>

#include <algorithm>
#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>
#include <atomic>
#include <mutex>

#include "bridge/adapters/paho/tcp_nodelay.h"

namespace strawberry {
namespace {

constexpr int qos = 1;
constexpr int qos_not_kept = 0;
constexpr std::chrono::milliseconds send_again_after{2};

bool is_overdue(const MqttMessage& message) {
  return message.not_after && std::chrono::steady_clock::now() >= *message.not_after;
}

/// How long the broker may keep a message for a device that is away. MQTT has whole seconds, and Mosquitto's clock for
/// them is up to one behind: what is left is rounded down, less that one. Nothing when there is no limit.
std::optional<std::chrono::seconds> time_kept(const MqttMessage& message) {
  if (!message.not_after) return std::nullopt;
  const auto left = *message.not_after - std::chrono::steady_clock::now();
  return std::max(std::chrono::floor<std::chrono::seconds>(left) - std::chrono::seconds(1), std::chrono::seconds(0));
}

mqtt::const_message_ptr to_paho(const MqttMessage& message) {
  mqtt::properties properties;
  if (message.response_topic) properties.add({mqtt::property::RESPONSE_TOPIC, *message.response_topic});
  if (message.correlation_data) properties.add({mqtt::property::CORRELATION_DATA, *message.correlation_data});
  if (message.expiry_s) {
    properties.add({mqtt::property::MESSAGE_EXPIRY_INTERVAL, static_cast<std::int32_t>(*message.expiry_s)});
  }
  for (const auto& [name, value] : message.user_properties) {
    properties.add({mqtt::property::USER_PROPERTY, name, value});
  }
  const auto kept = time_kept(message);
  if (kept && kept->count() > 0) {
    properties.add({mqtt::property::MESSAGE_EXPIRY_INTERVAL, static_cast<std::int32_t>(kept->count())});
  }
  const bool is_kept = !kept || kept->count() > 0;
  return mqtt::message::create(message.topic, message.payload, is_kept ? qos : qos_not_kept, message.retained,
                               properties);
}

MqttMessage from_paho(const mqtt::message& message) {
  MqttMessage out;
  out.topic = message.get_topic();
  out.payload = message.get_payload();
  out.retained = message.is_retained();
  const auto& properties = message.get_properties();
  if (properties.contains(mqtt::property::RESPONSE_TOPIC)) {
    out.response_topic = mqtt::get<std::string>(properties, mqtt::property::RESPONSE_TOPIC);
  }
  if (properties.contains(mqtt::property::CORRELATION_DATA)) {
    out.correlation_data = mqtt::get<std::string>(properties, mqtt::property::CORRELATION_DATA);
  }
  if (properties.contains(mqtt::property::MESSAGE_EXPIRY_INTERVAL)) {
    out.expiry_s = mqtt::get<std::uint32_t>(properties, mqtt::property::MESSAGE_EXPIRY_INTERVAL);
  }
  const auto pairs = properties.count(mqtt::property::USER_PROPERTY);
  for (std::size_t i = 0; i < pairs; ++i) {
    auto [name, value] = mqtt::get<mqtt::string_pair>(properties, mqtt::property::USER_PROPERTY, i);
    out.user_properties.emplace_back(std::move(name), std::move(value));
  }
  return out;
}

std::string text_of(mqtt::ReasonCode code) { return mqtt::exception::reason_code_str(static_cast<int>(code)); }

std::string reason_of(const mqtt::token& token) {
  const auto code = token.get_reason_code();
  return code >= mqtt::ReasonCode::UNSPECIFIED_ERROR ? text_of(code)
                                                     : mqtt::exception::error_str(token.get_return_code());
}

/// How many unacknowledged messages the broker takes (MQTT 5, section 3.2.2.3.3).
std::size_t receive_maximum_of(const mqtt::token& token) {
  constexpr std::size_t receive_maximum_default = 65'535;
  const auto response = token.get_connect_response();
  const auto& properties = response.get_properties();
  if (!properties.contains(mqtt::property::RECEIVE_MAXIMUM)) return receive_maximum_default;
  return mqtt::get<std::uint16_t>(properties, mqtt::property::RECEIVE_MAXIMUM);
}

/// How many of them may be used. Paho reports an acknowledgement before it has taken the message off its own count: a
/// message handed over at that moment would be one too many for it, and wait for a second.
std::size_t safe_window(std::size_t receive_maximum) {
  return std::max<std::size_t>(receive_maximum - (receive_maximum + 7) / 8, 1);
}

}  // namespace

/// Lives as long as Paho may call back; talks to the client only through the loop, and only while it is there.
struct PahoClient::Wire final : std::enable_shared_from_this<Wire>, mqtt::iaction_listener {
  /// Which action a token belongs to: Paho hands the context pointer back.
  enum Action : std::intptr_t { connecting = 1, subscribing, publishing };

  Wire(asio::io_context& loop, PahoClient& client, const Options& options)
      : context(loop), owner(&client), messages_max(options.inbox_messages_max), bytes_max(options.inbox_bytes_max) {
    // What waits for the library's sending thread counts as buffered, also while connected.
    mqtt::create_options create(MQTTVERSION_5);
    create.set_max_buffered_messages(static_cast<int>(options.in_flight_max) + 1);
    const auto uri = "tcp://" + options.host + ":" + std::to_string(options.port);
    paho = std::make_unique<mqtt::async_client>(uri, options.client_id, create, nullptr);
    paho->set_message_callback([this](const mqtt::const_message_ptr& message) { arrived(*message); });
    paho->set_connection_lost_handler([this](const std::string& cause) {
      on_loop([cause](PahoClient& c) { c.lost(cause.empty() ? "connection lost" : cause); });
    });
    paho->set_disconnected_handler([this](const mqtt::properties&, mqtt::ReasonCode code) {
      const auto reason = text_of(code);
      on_loop([reason](PahoClient& c) { c.lost("the broker ended the connection: " + reason); });
    });
  }

  template <class Function>
  void on_loop(Function function) {
    asio::post(context, [self = shared_from_this(), function = std::move(function)] {
      if (self->owner != nullptr) function(*self->owner);
    });
  }

  void arrived(const mqtt::message& message) {
    bool wake = false;
    {
      const std::lock_guard lock(mutex);
      ++received;
      const auto bytes = message.get_payload().size();
      if (inbox.size() >= messages_max || inbox_bytes + bytes > bytes_max) {
        ++dropped;
        return;
      }
      wake = inbox.empty();
      inbox_bytes += bytes;
      inbox.push_back(from_paho(message));
    }
    if (wake) on_loop([](PahoClient& c) { c.drain_inbox(); });
  }

  void on_success(const mqtt::token& token) override {
    switch (reinterpret_cast<std::intptr_t>(token.get_user_context())) {
      case connecting: on_loop([maximum = receive_maximum_of(token)](PahoClient& c) { c.connected(maximum); }); break;
      case subscribing: {
        const auto response = token.get_subscribe_response();
        const auto& codes = response.get_reason_codes();
        const bool granted =
            std::all_of(codes.begin(), codes.end(), [](auto code) { return code <= mqtt::ReasonCode::GRANTED_QOS_2; });
        if (granted) {
          on_loop([](PahoClient& c) { c.subscribed(); });
        } else {
          on_loop([](PahoClient& c) { c.lost("the broker refused a subscription"); });
        }
        break;
      }
      default: published();
    }
  }
  void on_failure(const mqtt::token& token) override {
    const auto action = reinterpret_cast<std::intptr_t>(token.get_user_context());
    if (action == publishing) return published();
    on_loop([reason = reason_of(token)](PahoClient& c) { c.lost(reason); });
  }

  void published() {
    --in_flight;
    if (outbox_waits.exchange(false)) on_loop([](PahoClient& c) { c.flush_outbox(); });
  }

  asio::io_context& context;
  PahoClient* owner;  // loop only
  std::unique_ptr<mqtt::async_client> paho;

  std::mutex mutex;  // guards what follows
  std::vector<MqttMessage> inbox;
  std::size_t inbox_bytes = 0;
  std::uint64_t received = 0;
  std::uint64_t dropped = 0;

  const std::size_t messages_max;
  const std::size_t bytes_max;
  std::atomic<std::size_t> in_flight{0};
  std::atomic<bool> outbox_waits{false};  // for the next acknowledgement
};

PahoClient::PahoClient(asio::io_context& loop, Options options)
    : context_(loop), options_(std::move(options)), retry_(loop), again_(loop), backoff_(options_.reconnect_min) {
  tcp_nodelay_connections();
  wire_ = std::make_shared<Wire>(loop, *this, options_);
}

PahoClient::~PahoClient() {
  wire_->owner = nullptr;
  wire_->paho.reset();  // joins nothing of ours: Paho stops calling back
}

void PahoClient::start(std::vector<std::string> filters, Handlers handlers) {
  loop_.check();
  filters_ = std::move(filters);
  handlers_ = std::move(handlers);
  connect();
}

void PahoClient::connect() {
  auto build = mqtt::connect_options_builder();
  build.mqtt_version(MQTTVERSION_5)
      .clean_start(options_.clean_start)
      .keep_alive_interval(options_.keepalive)
      .connect_timeout(options_.connect_timeout)
      .user_name(options_.user_name)
      .password(options_.password())
      .properties({{mqtt::property::SESSION_EXPIRY_INTERVAL, static_cast<std::int32_t>(options_.session_expiry_s)}});
  if (options_.will) build.will(mqtt::will_options(*to_paho(*options_.will)));
  try {
    wire_->paho->connect(build.finalize(), reinterpret_cast<void*>(Wire::connecting), *wire_);
  } catch (const mqtt::exception& failure) {
    lost(failure.what());
  }
}

void PahoClient::connected(std::size_t receive_maximum) {
  if (stopping_) return;
  window_ = std::min(options_.in_flight_max, safe_window(receive_maximum));
  if (filters_.empty()) return subscribed();
  try {
    wire_->paho->subscribe(mqtt::string_collection::create(filters_),
                           mqtt::iasync_client::qos_collection(filters_.size(), qos),
                           reinterpret_cast<void*>(Wire::subscribing), *wire_);
  } catch (const mqtt::exception& failure) {
    lost(failure.what());
  }
}

void PahoClient::subscribed() {
  if (stopping_) return;
  ready_ = true;
  backoff_ = options_.reconnect_min;
  flush_outbox();
  if (handlers_.on_ready) handlers_.on_ready();
}

void PahoClient::lost(const std::string& reason) {
  ready_ = false;
  if (stopping_) return;
  if (handlers_.on_lost) handlers_.on_lost(reason);
  if (options_.connect_once) return;
  retry_.expires_after(backoff_);
  backoff_ = std::min(backoff_ * 2, options_.reconnect_max);
  retry_.async_wait([wire = wire_](const asio::error_code& cancelled) {
    if (cancelled || wire->owner == nullptr || wire->owner->stopping_) return;
    if (wire->paho->is_connected()) {
      // A refused subscription leaves a connection behind; the next attempt starts with a new one.
      try {
        wire->paho->disconnect();
      } catch (const mqtt::exception&) {
        // Not connected after all: nothing to end.
      }
      return wire->owner->lost("subscription refused");
    }
    wire->owner->connect();
  });
}

void PahoClient::drain_inbox() {
  std::vector<MqttMessage> batch;
  {
    const std::lock_guard lock(wire_->mutex);
    batch.swap(wire_->inbox);
    wire_->inbox_bytes = 0;
  }
  const auto wire = wire_;  // a handler may destroy this client
  for (auto& message : batch) {
    if (wire->owner == nullptr || stopping_) return;
    handlers_.on_message(std::move(message));
  }
}

bool PahoClient::publish(MqttMessage message) {
  loop_.check();
  if (stopping_) return false;
  const std::size_t bytes = message.payload.size();
  if (outbox_.size() >= options_.outbox_messages_max || outbox_bytes_ + bytes > options_.outbox_bytes_max) {
    ++dropped_outbox_full_;
    return false;
  }
  outbox_bytes_ += bytes;
  outbox_.push_back(std::move(message));
  flush_outbox();
  return true;
}

bool PahoClient::send(const MqttMessage& message) {
  try {
    ++wire_->in_flight;
    wire_->paho->publish(to_paho(message), reinterpret_cast<void*>(Wire::publishing), *wire_);
    return true;
  } catch (const mqtt::exception&) {
    --wire_->in_flight;
    return false;
  }
}

void PahoClient::flush_outbox() {
  while (ready_ && !outbox_.empty()) {
    if (wire_->in_flight >= window_) {
      wire_->outbox_waits = true;
      // The last acknowledgement may have come between the look and the note.
      if (wire_->in_flight >= window_ || !wire_->outbox_waits.exchange(false)) return;
    }
    if (!is_overdue(outbox_.front()) && !send(outbox_.front())) return try_again_soon();
    outbox_bytes_ -= outbox_.front().payload.size();
    outbox_.pop_front();
  }
}

/// Paho takes nothing just now, for a reason of its own. When it is that the connection goes, the next one sends.
void PahoClient::try_again_soon() {
  again_.expires_after(send_again_after);
  again_.async_wait([wire = wire_](const asio::error_code& cancelled) {
    if (!cancelled && wire->owner != nullptr) wire->owner->flush_outbox();
  });
}

Task<void> PahoClient::stop() {
  loop_.check();
  asio::steady_timer pause(context_);
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  while (ready_ && (wire_->in_flight > 0 || !outbox_.empty()) && std::chrono::steady_clock::now() < give_up) {
    pause.expires_after(std::chrono::milliseconds(5));
    co_await pause.async_wait(asio::use_awaitable);
  }
  stopping_ = true;
  ready_ = false;
  retry_.cancel();
  again_.cancel();
  try {
    const auto leaving = wire_->paho->disconnect();
    while (!leaving->is_complete() && std::chrono::steady_clock::now() < give_up) {
      pause.expires_after(std::chrono::milliseconds(2));
      co_await pause.async_wait(asio::use_awaitable);
    }
  } catch (const mqtt::exception&) {
    // Was not connected.
  }
}

PahoClient::Counters PahoClient::counters() const {
  const std::lock_guard lock(wire_->mutex);
  return {wire_->received, wire_->dropped, dropped_outbox_full_, outbox_.size() + wire_->in_flight, outbox_bytes_};
}

}  // namespace strawberry
