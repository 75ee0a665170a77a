#include "sdk/cpp/src/mqtt_link.h"

#include <MQTTAsync.h>
#include <mqtt/async_client.h>

#include <algorithm>
#include <cstdio>
#include <mutex>
#include <string_view>
#include <tuple>
#include <utility>

#include "common/text/printable.h"
#include "sdk/cpp/src/no_delay.h"

namespace strawberry::sdk {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds slice{25};
constexpr int refusal_min = 0x80;  // of MQTT 5's reason codes
constexpr int session_taken_over = 0x8E;
constexpr milliseconds subscribe_timeout{10'000};

std::string uri_of(const Access& access) {
  const bool is_ipv6 = access.host.find(':') != std::string::npos;
  const std::string host = is_ipv6 ? "[" + access.host + "]" : access.host;
  return (access.tls ? "ssl://" : "tcp://") + host + ":" + std::to_string(access.port);
}

std::string words_of(int reason) {
  const char* words = MQTTReasonCode_toString(static_cast<MQTTReasonCodes>(reason));
  return words != nullptr ? words : "reason " + std::to_string(reason);
}

/// Versions of Paho differ in where they put a reason code.
int reason_of(const mqtt::exception& error) { return std::max(error.get_return_code(), error.get_reason_code()); }

LinkFailure failure_of(const mqtt::exception& error) {
  const int reason = reason_of(error);
  constexpr int reason_max = 0xFF;
  if (reason >= refusal_min && reason <= reason_max) return {LossCause::refused, words_of(reason)};
  const std::string what = error.what();
  return {LossCause::unreachable, printable(what.empty() ? "no connection" : what, 200)};
}

}  // namespace

class MqttLink::Paho : public virtual mqtt::iaction_listener {
 public:
  Paho(Options options, Handlers handlers)
      : options_(std::move(options)),
        handlers_(std::move(handlers)),
        client_(uri_of(options_.access), options_.client_id,
                mqtt::create_options_builder().mqtt_version(MQTTVERSION_5).finalize()) {
    client_.set_message_callback([this](const mqtt::const_message_ptr& message) { arrived(*message); });
    client_.set_connection_lost_handler([this](const std::string& why) {
      lost({LossCause::unreachable, why.empty() ? "the connection was lost" : printable(why, 200)});
    });
    client_.set_disconnected_handler([this](const mqtt::properties&, mqtt::ReasonCode code) {
      const int reason = static_cast<int>(code);
      lost({reason == session_taken_over ? LossCause::taken_over : LossCause::unreachable,
            "the broker ended the connection: " + words_of(reason)});
    });
  }

  ~Paho() override {
    try {
      client_.disable_callbacks();
    } catch (const mqtt::exception&) {  // there was none
    }
  }

  Result<void, LinkFailure> open(const std::atomic<bool>& stops) {
    try {
      auto connected = client_.connect(connect_options());
      if (!wait(connected, options_.connect_timeout + milliseconds(500), stops))
        return tl::unexpected(LinkFailure{LossCause::unreachable, "no answer in time"});
      set_no_delay(options_.access.port);
      auto filters = mqtt::string_collection::create(options_.filters);
      auto subscribed = client_.subscribe(filters, std::vector<int>(options_.filters.size(), 1));
      if (!wait(subscribed, subscribe_timeout, stops))
        return tl::unexpected(LinkFailure{LossCause::unreachable, "no answer to SUBSCRIBE in time"});
      return {};
    } catch (const mqtt::exception& error) {
      return tl::unexpected(failure_of(error));
    } catch (const std::exception& error) {  // from the C++ library, when memory or threads are missing
      return tl::unexpected(LinkFailure{LossCause::unreachable, printable(error.what(), 200)});
    }
  }

  bool publish(const Sending& sending) {
    try {
      mqtt::properties properties;
      if (!sending.response_topic.empty())
        properties.add(mqtt::property(mqtt::property::RESPONSE_TOPIC, sending.response_topic));
      if (sending.expiry_s)
        properties.add(
            mqtt::property(mqtt::property::MESSAGE_EXPIRY_INTERVAL, static_cast<int32_t>(*sending.expiry_s)));
      auto message = mqtt::make_message(sending.topic, sending.payload, 1, false);
      if (!properties.empty()) message->set_properties(std::move(properties));
      client_.publish(message, reinterpret_cast<void*>(static_cast<std::uintptr_t>(sending.number)), *this);
      return true;
    } catch (const std::exception&) {  // not connected any more: `lost` reports it
      return false;
    }
  }

  void close(milliseconds timeout) {
    try {
      const std::atomic<bool> never{false};
      if (client_.is_connected()) wait(client_.disconnect(static_cast<int>(timeout.count())), timeout, never);
    } catch (const std::exception&) {  // already lost
    }
  }

 private:
  mqtt::connect_options connect_options() {
    mqtt::connect_options options;
    options.set_mqtt_version(MQTTVERSION_5);
    options.set_clean_start(true);
    options.set_automatic_reconnect(false);
    options.set_keep_alive_interval(options_.keep_alive);
    options.set_connect_timeout(std::chrono::ceil<std::chrono::seconds>(options_.connect_timeout));
    options.set_user_name(options_.access.claims.id);
    options.set_password(options_.access.token);
    if (options_.access.tls) {
      mqtt::ssl_options tls;
      if (!options_.access.ca_file.empty()) tls.set_trust_store(options_.access.ca_file);
      tls.set_enable_server_cert_auth(true);
      tls.set_verify(true);
      options.set_ssl(tls);
    }
    return options;
  }

  /// Returns false when it did not end in time, or `stops` is true. Throws the reason if it failed.
  static bool wait(const mqtt::token_ptr& token, milliseconds timeout, const std::atomic<bool>& stops) {
    const auto deadline = steady_clock::now() + timeout;
    while (!token->wait_for(slice)) {
      if (stops || steady_clock::now() >= deadline) return false;
    }
    return true;
  }

  void arrived(const mqtt::message& message) {
    Received received;
    received.topic = message.get_topic();
    received.payload = message.get_payload();
    received.retained = message.is_retained();
    const auto& properties = message.get_properties();
    if (properties.contains(mqtt::property::MESSAGE_EXPIRY_INTERVAL))
      received.expiry_s = mqtt::get<uint32_t>(properties, mqtt::property::MESSAGE_EXPIRY_INTERVAL);
    handlers_.received(received);
  }

  void on_success(const mqtt::token& token) override { acknowledged(token, 0); }
  void on_failure(const mqtt::token& token) override {
    const int reason = std::max(static_cast<int>(token.get_reason_code()), token.get_return_code());
    acknowledged(token, std::max(reason, refusal_min));
  }
  void acknowledged(const mqtt::token& token, int reason) {
    handlers_.acknowledged(reinterpret_cast<std::uintptr_t>(token.get_user_context()), reason);
  }

  /// Only the first cause is reported.
  void lost(LinkFailure why) {
    if (!is_lost_.exchange(true)) handlers_.lost(std::move(why));
  }

  const Options options_;
  const Handlers handlers_;
  mqtt::async_client client_;
  std::atomic<bool> is_lost_{false};
};

namespace {

/// True for Paho C from 1.3.15 on: 1.3.16 leaves two sockets open whenever the last client of the process goes
/// (eclipse-paho/paho.mqtt.c, issue 1676), 1.3.12 and 1.3.14 do not.
bool leaves_sockets() {
  int numbers[3] = {};
  for (const MQTTAsync_nameValue* about = MQTTAsync_getVersionInfo(); about->name != nullptr; ++about) {
    if (std::string_view(about->name) == "Version")
      std::sscanf(about->value, "%d.%d.%d", &numbers[0], &numbers[1], &numbers[2]);
  }
  return std::tie(numbers[0], numbers[1], numbers[2]) >= std::make_tuple(1, 3, 15);
}

/// With such a version one client stays, which never connects. 1.3.12 would take a second longer to end the others.
void keep_library() {
  static const auto* const stays = leaves_sockets() ? new mqtt::async_client("tcp://127.0.0.1:1", "stays") : nullptr;
  static_cast<void>(stays);
}

}  // namespace

MqttLink::MqttLink(Options options, Handlers handlers)
    : paho_(std::make_unique<Paho>(std::move(options), std::move(handlers))) {
  keep_library();
}
MqttLink::~MqttLink() = default;

Result<void, LinkFailure> MqttLink::open(const std::atomic<bool>& stops) { return paho_->open(stops); }
bool MqttLink::publish(const Sending& message) { return paho_->publish(message); }
void MqttLink::close(milliseconds timeout) { paho_->close(timeout); }

}  // namespace strawberry::sdk
