#include "gateway/hub/hub_link.h"

#include <algorithm>
#include <array>

#include "common/ids.h"
#include "common/json_depth.h"
#include "gateway/json.h"

namespace strawberry::gateway {
namespace {

using nlohmann::json;

constexpr const char* hub_state_topic = "hub/state";
constexpr std::array services{Service::skills, Service::chat, Service::sessions, Service::devices};
constexpr std::size_t json_levels_max = 128;
constexpr std::chrono::milliseconds state_timeout{500};

MosquittoClient::Options mqtt_options(const HubLink::Options& options) {
  MosquittoClient::Options mqtt;
  mqtt.host = options.broker.host;
  mqtt.port = options.broker.port;
  mqtt.socket = options.broker.socket;
  mqtt.tls = options.broker.tls;
  mqtt.client_id = options.client_id;
  mqtt.password = [token = options.token] { return token; };
  mqtt.clean_start = true;
  mqtt.session_expiry_s = 0;
  mqtt.connect_once = true;
  mqtt.keepalive = std::chrono::seconds(60);
  mqtt.outbox_messages_max = 10'000;
  mqtt.outbox_bytes_max = 16 * 1024 * 1024;
  mqtt.outbox_receiver_messages_max = 10'000;
  return mqtt;
}

std::string own_response_topic(const HubLink::Options& options, Service service) {
  return response_topic(service, options.principal.id) + "/" + options.client_id;
}

/// Reasons of MQTT 5 that are about the token: not authorized, bad user name or password, banned.
bool is_about_the_token(int reason) { return reason == 0x86 || reason == 0x87 || reason == 0x8A; }

}  // namespace

HubLink::HubLink(asio::io_context& loop, Options options)
    : loop_(loop), options_(std::move(options)), client_(loop, mqtt_options(options_)), state_timer_(loop) {}

HubLink::~HubLink() = default;

void HubLink::start() {
  std::vector<std::string> filters = options_.filters;
  if (options_.principal.type == PrincipalType::enroll) {
    filters.push_back(own_response_topic(options_, Service::devices));  // all that it may read
  } else {
    filters.emplace_back(hub_state_topic);
    for (const Service service : services) filters.push_back(own_response_topic(options_, service));
  }
  MqttClient::Handlers handlers;
  const std::weak_ptr<HubLink> self = weak_from_this();
  handlers.on_ready = [self] {
    if (const auto link = self.lock()) link->subscribed();
  };
  handlers.on_lost = [self](const std::string& reason) {
    if (const auto link = self.lock()) link->ended(reason);
  };
  handlers.on_message = [self](MqttMessage message) {
    if (const auto link = self.lock()) link->receive(std::move(message));
  };
  client_.start(std::move(filters), std::move(handlers));
}

Task<HubLink::State> HubLink::opened(SteadyTime deadline) {
  const auto self = shared_from_this();
  if (state_ != State::opening) co_return state_;
  const auto signal = std::make_shared<Signal>(loop_.get_executor());
  waiting_.push_back(signal);
  co_await signal->wait_until(deadline);
  co_return state_;
}

/// The hub says on a retained topic whether it is there; without a word soon, it is not.
void HubLink::subscribed() {
  if (options_.principal.type == PrincipalType::enroll) return ready();
  hub_offline_ = true;
  state_timer_.expires_after(state_timeout);
  state_timer_.async_wait([self = weak_from_this()](const boost::system::error_code& cancelled) {
    const auto link = self.lock();
    if (!cancelled && link) link->ready();
  });
}

void HubLink::ready() {
  if (state_ != State::opening) return;
  state_ = State::ready;
  for (const auto& waiting : std::exchange(waiting_, {})) waiting->set();
}

void HubLink::ended(const std::string& reason) {
  const auto self = shared_from_this();
  const bool was_ready = state_ == State::ready;
  reason_ = reason;
  state_ = is_about_the_token(client_.loss_code()) ? State::refused : State::unreachable;
  for (const auto& waiting : std::exchange(waiting_, {})) waiting->set();
  for (auto& [correlation_id, calls] : std::exchange(calls_, {})) {
    for (const auto& call : calls) {
      if (call->on_lost) call->on_lost();
    }
  }
  if (was_ready && options_.on_ended) std::exchange(options_.on_ended, nullptr)();
}

bool HubLink::call(Service service, const json& body, std::shared_ptr<Call> call) {
  if (state_ != State::ready || calls_.size() >= calls_max) return false;
  const std::string id = body.at("correlation_id").get<std::string>();
  MqttMessage message;
  message.topic = request_topic(service, options_.principal.id);
  message.payload = dumped(body);
  message.response_topic = own_response_topic(options_, service);
  if (!client_.publish(std::move(message))) return false;
  calls_[id].push_back(std::move(call));
  return true;
}

void HubLink::tell(json body) {
  auto nobody = std::make_shared<Call>();
  nobody->on_reply = [](const json&) {};
  body["correlation_id"] = new_id();
  call(Service::chat, body, std::move(nobody));
}

void HubLink::forget(const std::string& correlation_id, const std::shared_ptr<Call>& call) {
  const auto found = calls_.find(correlation_id);
  if (found == calls_.end()) return;
  std::erase(found->second, call);
  if (found->second.empty()) calls_.erase(found);
}

void HubLink::close() {
  options_.on_ended = nullptr;
  asio::co_spawn(
      loop_,
      [self = shared_from_this()]() -> Task<void> {
        co_await self->client_.stop();
        if (self->state_ == State::ready) self->ended("closed");
      },
      asio::detached);
}

void HubLink::receive(MqttMessage message) {
  const bool is_state = message.topic == hub_state_topic;
  const bool is_reply = !is_state && std::any_of(services.begin(), services.end(), [&](Service service) {
    return message.topic == own_response_topic(options_, service);
  });
  if (!is_state && !is_reply) {
    if (options_.on_message) options_.on_message(std::move(message));
    return;
  }
  if (json_nests_deeper_than(message.payload, json_levels_max)) return;
  json payload = json::parse(message.payload, nullptr, false);
  if (!payload.is_object()) return;
  if (is_state) {
    hub_offline_ = text(payload, "state") != "online";
    state_timer_.cancel();
    return ready();
  }
  const auto id = payload.find("correlation_id");
  if (id == payload.end() || !id->is_string()) return;
  const auto found = calls_.find(id->get_ref<const std::string&>());
  if (found == calls_.end()) return;
  if (!payload.contains("success")) {
    const auto calls = found->second;
    for (const auto& call : calls) {
      if (call->on_event) call->on_event(payload);
    }
    return;
  }
  const auto calls = std::move(found->second);
  calls_.erase(found);
  for (const auto& call : calls) call->on_reply(payload);
}

}  // namespace strawberry::gateway
