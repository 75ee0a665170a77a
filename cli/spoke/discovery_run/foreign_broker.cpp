#include "cli/spoke/discovery_run/foreign_broker.h"

#include <algorithm>
#include <utility>

#include "cli/text.h"
#include "common/runtime/libmosquitto.h"
#include "common/runtime/mqtt/mosquitto_client.h"
#include "common/text/ids.h"

namespace strawberry::cli::discovery {
namespace {

constexpr std::uint32_t packet_bytes_max = 4 * 1024 * 1024;
constexpr std::size_t in_flight_max = 200;
constexpr std::size_t packets_at_once_max = 256;

/// Makes an id of letters and digits, at most 23, which every broker accepts.
std::string client_id_there() {
  std::string id = "strawberry" + new_id();
  std::erase(id, '-');
  return id.substr(0, 23);
}

bool is_about_login(int code) {
  return code == MQTT_RC_NOT_AUTHORIZED || code == MQTT_RC_BAD_USERNAME_OR_PASSWORD || code == MQTT_RC_BANNED ||
         code == MQTT_RC_CLIENTID_NOT_VALID;
}

}  // namespace

ForeignBroker::ForeignBroker(asio::io_context& loop, Options options) : loop_(loop), options_(std::move(options)) {}

ForeignBroker::~ForeignBroker() = default;

Outcome<void> ForeignBroker::start() {
  MosquittoClient::Options mqtt;
  mqtt.host = options_.address.host;
  mqtt.port = options_.address.port;
  mqtt.protocol = MosquittoClient::Protocol::v5_or_v311;
  if (options_.address.tls) mqtt.tls = MosquittoClient::Tls{options_.ca_file, {}};
  mqtt.client_id = client_id_there();
  if (!options_.login_file.empty()) {
    auto login = read_login_file(options_.login_file);
    if (!login) return tl::unexpected(login.error());
    // Read at each connect: it may have been changed.
    mqtt.login = [this] {
      auto now = read_login_file(options_.login_file);
      const std::string trouble_now = now ? std::string() : now.error().message;
      if (std::exchange(login_trouble_, trouble_now) != trouble_now && !now) options_.say(trouble_now);
      return now ? std::pair(now->user, now->password) : std::pair(std::string(), std::string());
    };
  }
  mqtt.reconnect_min = options_.reconnect_min;
  mqtt.reconnect_max = options_.reconnect_max;
  mqtt.in_flight_max = in_flight_max;
  mqtt.packets_at_once_max = packets_at_once_max;
  mqtt.incoming_packet_bytes_max = packet_bytes_max;
  mqtt.on_filter_refused = [this](const std::string& filter) { refused(filter); };
  client_ = std::make_unique<MosquittoClient>(loop_, std::move(mqtt));
  MqttClient::Handlers handlers;
  handlers.on_ready = [this] { connected(); };
  handlers.on_lost = [this](const std::string& reason) { lost(reason); };
  handlers.on_message = [this](MqttMessage message) { options_.on_message(std::move(message)); };
  client_->start(options_.filters(), std::move(handlers));
  return {};
}

void ForeignBroker::connected() {
  connected_ = true;
  connected_at_ = std::chrono::steady_clock::now();
  trouble_.clear();
  if (quick_pause_.count() == 0) troubles_.over();
  const std::string line =
      "connected to the broker " + options_.address.url() + (client_->speaks_v311() ? ", which speaks MQTT 3.1.1" : "");
  if (quick_pause_ <= options_.reconnect_min || troubles_.is_new(line)) options_.say(line);
  options_.on_connected();
}

void ForeignBroker::lost(const std::string& reason) {
  if (std::exchange(connected_, false)) {
    const bool is_quick = std::chrono::steady_clock::now() - connected_at_ < options_.quick_loss;
    quick_pause_ = is_quick ? std::clamp(2 * quick_pause_, options_.reconnect_min, options_.reconnect_max)
                            : std::chrono::milliseconds(0);
    if (is_quick) client_->connect_after(quick_pause_);
  }
  filters_refused_ = 0;
  client_->set_filters(options_.filters());
  trouble_ = trouble(reason);
  if (troubles_.is_new(trouble_)) options_.say(trouble_ + "; trying again");
  options_.on_lost();
}

std::string ForeignBroker::trouble(const std::string& reason) const {
  const auto& loss = client_->loss();
  const std::string broker = "the broker " + options_.address.url();
  const std::string why = printable(reason, 200);
  if (is_about_login(loss.code)) {
    return broker + " does not accept the login: " + why +
           (options_.login_file.empty() ? " (give user and password with --login-file)"
                                        : " (compare user and password in " + options_.login_file + ")");
  }
  if (loss.is_host_unknown) return broker + " has an unknown host: " + why + " (check the name)";
  if (loss.tls == TlsTrouble::no_tls) return broker + " does not speak TLS: " + why + " (try mqtt:// or another port)";
  if (loss.tls != TlsTrouble::none)
    return broker + " has a certificate that is not accepted: " + why + " (give its CA with --discovery-ca-file)";
  if (loss.is_not_mqtt) return broker + " does not speak MQTT: " + why + " (try mqtts:// or another port)";
  if (!loss.was_reached) return broker + " cannot be reached: " + why + " (is it running?)";
  return "not connected to " + broker + ": " + why;
}

std::string ForeignBroker::why_not() const {
  if (connected_) return "the broker " + options_.address.url() + " does not take more messages at this moment";
  return trouble_.empty() ? "not connected to the broker " + options_.address.url() + " yet" : trouble_;
}

void ForeignBroker::refused(const std::string& filter) {
  if (++filters_refused_ > options_.filters_said_max) return;
  const bool is_last = filters_refused_ == options_.filters_said_max;
  options_.say("the broker refuses a subscription: " + in_quotes(filter, 200) +
               " (the login needs the right to read it)" + (is_last ? "; further ones are not named" : ""));
}

void ForeignBroker::change_filters(const std::vector<std::string>& more, const std::vector<std::string>& fewer) {
  if (connected_) {
    client_->subscribe_now(more);
    client_->unsubscribe_now(fewer);
  } else {
    client_->set_filters(options_.filters());
  }
}

bool ForeignBroker::publish(const MqttMessage& message, int qos, OnPublished on_published) {
  return connected_ && client_->publish_once(message, qos, std::move(on_published));
}

Task<void> ForeignBroker::stop() {
  if (client_) co_await client_->stop();
  connected_ = false;
}

}  // namespace strawberry::cli::discovery
