#include "cli/hub_connection.h"

#include <algorithm>
#include <exception>

#include "cli/text.h"
#include "common/contract/envelope.h"
#include "common/runtime/asio.h"
#include "common/runtime/libmosquitto.h"
#include "common/runtime/mqtt/mosquitto_client.h"
#include "common/text/ids.h"

namespace strawberry::cli {
namespace {

/// How long to wait for the retained hub/state, which a hub that never ran does not have.
constexpr std::chrono::milliseconds state_patience{200};

using nlohmann::json;

/// The time that a reply may arrive after the timeout that the hub was given.
std::chrono::milliseconds reply_slack(std::chrono::milliseconds timeout) {
  return std::clamp(timeout / 4, std::chrono::milliseconds(50), std::chrono::milliseconds(1'000));
}

MosquittoClient::Options mqtt_options(const HubConnection::Options& options, const std::string& client_id) {
  MosquittoClient::Options mqtt;
  mqtt.host = options.endpoint.host;
  mqtt.port = options.endpoint.port;
  mqtt.socket = {options.endpoint.socket, false};
  if (options.endpoint.tls) mqtt.tls = MosquittoClient::Tls{options.endpoint.ca_file, {}};
  mqtt.client_id = client_id;
  mqtt.password = options.token;
  mqtt.clean_start = true;
  mqtt.session_expiry_s = 0;
  mqtt.connect_once = !options.reconnect;
  mqtt.reconnect_max = options.reconnect_max;
  return mqtt;
}

CliError error_of(const json& reply) {
  const auto error = reply.find("error");
  if (error == reply.end() || !error->is_object()) return {ExitCode::refused, "the hub's reply is not understood"};
  CliError read{ExitCode::refused, {}, text_member(*error, "code"), {}};
  const std::string message = text_member(*error, "message");
  read.message = printable(read.hub_code.empty() ? "error" : read.hub_code, 64) + ": " +
                 printable(message.empty() ? "no message" : message, 600);
  const auto details = error->find("details");
  if (details == error->end() || !details->is_object()) return read;
  if (!details->empty()) read.message += " " + show_value(*details, 400);
  read.details = to_text(*details);
  return read;
}

CliError bridge_is_down() {
  return {ExitCode::unreachable, "the broker is there, but the bridge is not: start it with scripts/run"};
}

}  // namespace

HubConnection::HubConnection(asio::io_context& loop, Options options)
    : loop_(loop),
      options_(std::move(options)),
      client_id_(options_.own_client_id ? options_.who.principal.id : "ctl-" + new_id()),
      state_heard_(std::make_shared<OneShot<bool>>(loop.get_executor())),
      client_(std::make_unique<MosquittoClient>(loop, mqtt_options(options_, client_id_))) {}

HubConnection::~HubConnection() = default;

std::string HubConnection::own_response_topic(Service service) const {
  return response_topic(service, options_.who.principal.id) + "/" + client_id_;
}

LossCause HubConnection::loss_cause() const {
  switch (client_->loss_code()) {
    case 0: return LossCause::unreachable;
    case MQTT_RC_SESSION_TAKEN_OVER: return LossCause::taken_over;
    case MQTT_RC_NOT_AUTHORIZED:
    case MQTT_RC_BAD_USERNAME_OR_PASSWORD:
    case MQTT_RC_CLIENTID_NOT_VALID:
    case MQTT_RC_BANNED: return LossCause::refused;
    default: return LossCause::ended;
  }
}

std::string HubConnection::where() const { return printable(client_->where(), 200); }

Task<Outcome<void>> HubConnection::open() {
  opened_ = std::make_shared<OneShot<Outcome<void>>>(loop_.get_executor());
  std::vector<std::string> filters = options_.filters;
  for (const Service service : options_.services) filters.push_back(own_response_topic(service));
  const bool watches_state = !options_.services.empty();
  if (watches_state) filters.emplace_back(hub_state_topic);

  MqttClient::Handlers handlers;
  handlers.on_ready = [this] {
    opened_->set(Outcome<void>{});
    if (options_.on_ready) options_.on_ready();
  };
  handlers.on_lost = [this](const std::string& reason) {
    const std::string broker = "the broker at " + where();
    const std::string why = " (" + printable(reason, 200) + ")";
    const std::string line =
        loss_cause() == LossCause::refused
            ? broker + " does not accept the token" + why +
                  ": it has other keys, or the token has expired or was revoked; see 'strawberryctl doctor'"
            : "cannot reach " + broker + why + ": is the hub running (scripts/run), and is this its --data-dir?";
    const CliError error{ExitCode::unreachable, line};
    // A token that was refused would be refused again.
    if (!options_.reconnect || options_.first_must_succeed || loss_cause() == LossCause::refused) {
      opened_->set(tl::unexpected(error));  // has no effect once it was opened
    }
    if (!options_.reconnect) fail_all(error);
    if (options_.on_lost) options_.on_lost(reason);
  };
  handlers.on_message = [this](const MqttMessage& message) { receive(message); };
  client_->start(std::move(filters), std::move(handlers));

  const auto opened = opened_;
  const auto deadline = std::chrono::steady_clock::now() + options_.connect_timeout;
  std::optional<Outcome<void>> outcome = co_await opened->wait_until(deadline);
  // The retained message follows the broker's answer to the subscription: without it nobody knows whether a request
  // would only be kept for a bridge that is down.
  if (outcome && *outcome && watches_state && !options_.reconnect) {
    const auto heard = state_heard_;
    (void)co_await heard->wait_until(std::chrono::steady_clock::now() + state_patience);
  }
  if (outcome) co_return *outcome;
  co_return cli_error(ExitCode::unreachable,
                      "the broker at " + where() + " did not let us in in time: is the hub running (scripts/run)?");
}

Task<Outcome<json>> HubConnection::request(Service service, json body, std::chrono::milliseconds timeout,
                                           OnEvent on_event) {
  if (hub_state_ == "offline" && !options_.reconnect) co_return tl::unexpected(bridge_is_down());
  std::string correlation_id = text_member(body, "correlation_id");
  if (correlation_id.empty()) body["correlation_id"] = correlation_id = new_id();
  if (!body.contains("timeout_ms")) body["timeout_ms"] = std::min(timeout, timeout_max).count();

  const auto done = std::make_shared<OneShot<Outcome<json>>>(loop_.get_executor());
  waiting_[correlation_id] = Waiting{done, std::move(on_event)};
  MqttMessage message;
  message.topic = request_topic(service, options_.who.principal.id);
  message.payload = to_text(body);
  message.response_topic = own_response_topic(service);
  if (!client_->publish(std::move(message))) {
    waiting_.erase(correlation_id);
    co_return cli_error(ExitCode::unreachable, "the connection to the broker is gone: is the hub still running?");
  }
  const auto deadline = std::chrono::steady_clock::now() + timeout + reply_slack(timeout);
  std::optional<Outcome<json>> outcome = co_await done->wait_until(deadline);
  waiting_.erase(correlation_id);
  if (!outcome && hub_state_ == "offline") outcome = tl::unexpected(bridge_is_down());
  if (!outcome) {
    outcome = cli_error(ExitCode::unreachable, "no answer within " + std::to_string(timeout.count()) +
                                                   " ms: see the bridge's log, or allow more with --timeout");
  }
  // Also to a bridge that is down: the broker keeps requests for it.
  if (!*outcome && outcome->error().code == ExitCode::unreachable) outcome->error().is_sent = true;
  co_return std::move(*outcome);
}

bool HubConnection::publish(const std::string& topic, const json& payload) {
  return publish_text(topic, to_text(payload));
}

bool HubConnection::publish_text(const std::string& topic, std::string payload) {
  MqttMessage message;
  message.topic = topic;
  message.payload = std::move(payload);
  return client_->publish(std::move(message));
}

Task<void> HubConnection::close() {
  co_await client_->stop();
  fail_all({ExitCode::unreachable, "the connection was closed"});
  stop_opening();
}

void HubConnection::connect_after(std::chrono::milliseconds pause) { client_->connect_after(pause); }

void HubConnection::stop_opening() {
  if (opened_) opened_->set(cli_error(ExitCode::unreachable, "the connection was closed"));
}

void HubConnection::receive(const MqttMessage& message) {
  if (message.topic == hub_state_topic) {
    state_heard_->set(true);
    const auto state = parse_json(message.payload);
    hub_state_ = state && state->is_object() ? text_member(*state, "state") : "";
    if (hub_state_ == "offline" && !options_.reconnect) fail_all(bridge_is_down());
  }
  for (const Service service : options_.services) {
    if (message.topic != own_response_topic(service)) continue;
    if (const auto reply = parse_json(message.payload); reply && reply->is_object()) answer(*reply);
    return;
  }
  if (options_.on_message) options_.on_message(message);
}

void HubConnection::answer(const json& reply) {
  const auto found = waiting_.find(text_member(reply, "correlation_id"));
  if (found == waiting_.end()) return;
  const Waiting waiting = found->second;
  const auto success = reply.find("success");
  if (success == reply.end()) {
    const auto data = reply.find("data");
    if (waiting.on_event) waiting.on_event(text_member(reply, "event"), data == reply.end() ? json() : *data);
    return;
  }
  if (!success->is_boolean() || !success->get<bool>()) {
    waiting.done->set(tl::unexpected(error_of(reply)));
    return;
  }
  const auto result = reply.find("result");
  waiting.done->set(result == reply.end() ? json() : *result);
}

void HubConnection::fail_all(const CliError& error) {
  for (auto& [correlation_id, waiting] : waiting_) waiting.done->set(tl::unexpected(error));
}

Outcome<void> run(asio::io_context& loop, Task<Outcome<void>> task) {
  Outcome<void> outcome;
  asio::co_spawn(loop, std::move(task), [&](std::exception_ptr thrown, Outcome<void> ended) {
    if (thrown) std::rethrow_exception(thrown);
    outcome = std::move(ended);
    loop.stop();
  });
  loop.run();
  return outcome;
}

}  // namespace strawberry::cli
