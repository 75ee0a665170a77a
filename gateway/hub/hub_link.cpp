#include "gateway/hub/hub_link.h"

#include <algorithm>
#include <array>

#include "common/text/ids.h"
#include "common/text/json_depth.h"
#include "common/text/json_text.h"
#include "gateway/http/json.h"

namespace strawberry::gateway {
namespace {

using nlohmann::json;

constexpr std::array services{Service::skills, Service::chat, Service::sessions, Service::devices, Service::users};
constexpr std::size_t reply_levels_max = 128;
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

/// Returns the service that answers on a topic of own_response_topic(); nullopt for another topic.
std::optional<Service> answering_service(const HubLink::Options& options, std::string_view topic) {
  constexpr std::string_view leaf = "response/";
  const auto parsed = parse_service_topic(topic);
  if (!parsed || parsed->id != options.principal.id || !parsed->rest.starts_with(leaf)) return std::nullopt;
  if (parsed->rest.substr(leaf.size()) != options.client_id) return std::nullopt;
  return parsed->service;
}

/// The hub identifies requests by service and correlation id. Names of services have no space.
std::string key_of(Service service, const std::string& correlation_id) {
  return std::string(to_string(service)) + " " + correlation_id;
}

/// A one-time token may only be exchanged, the door's own token may only ask for logins, all others may use every
/// service.
bool may_ask(PrincipalType type, Service service) {
  switch (type) {
    case PrincipalType::enroll: return service == Service::devices;
    case PrincipalType::grant: return service == Service::devices || service == Service::users;
    case PrincipalType::gateway: return service == Service::users;
    default: return true;
  }
}

bool is_of_a_reused_id(const json& reply) {
  return text_member(member(member(reply, "error"), "details"), "reason") == "id_reused";
}

/// True for MQTT 5 reasons that reject the token: not authorized, bad user name or password, banned.
bool is_about_the_token(int reason) { return reason == 0x86 || reason == 0x87 || reason == 0x8A; }

}  // namespace

HubLink::HubLink(asio::io_context& loop, Options options)
    : loop_(loop), options_(std::move(options)), client_(loop, mqtt_options(options_)), state_timer_(loop) {
  std::string().swap(options_.token);  // the client has its copy; thousands of links are idle
}

HubLink::~HubLink() = default;

void HubLink::start() {
  std::vector<std::string> filters = options_.filters;
  // Subscribes to everything that the principal may read.
  const PrincipalType type = options_.principal.type;
  if (!is_one_time(type)) filters.emplace_back(hub_state_topic);
  for (const Service service : services) {
    if (may_ask(type, service)) filters.push_back(own_response_topic(options_, service));
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

/// The hub publishes on a retained topic whether it is there; without that message soon, it counts as absent.
void HubLink::subscribed() {
  if (is_one_time(options_.principal.type)) return ready();
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
  for (auto& [topic, retained] : retained_) retained.tell();
  lose_calls();
  for (const auto& call : std::exchange(held_, {})) call->on_lost();
  for (const auto& watch : std::exchange(watches_, {})) watch->on_lost();
  if (was_ready && options_.on_ended) std::exchange(options_.on_ended, nullptr)();
}

void HubLink::lose_calls() {
  for (auto& [key, calls] : std::exchange(calls_, {})) {
    for (const auto& call : calls) {
      if (call->on_lost) call->on_lost();
    }
  }
}

bool HubLink::call(Service service, const json& body, std::shared_ptr<Call> call) {
  if (state_ != State::ready || calls_.size() >= calls_max) return false;
  call->key = key_of(service, body.at("correlation_id").get<std::string>());
  MqttMessage message;
  message.topic = request_topic(service, options_.principal.id);
  message.payload = to_text(body);
  message.response_topic = own_response_topic(options_, service);
  call->contents = std::hash<std::string>()(message.payload);
  if (!client_.publish(std::move(message))) return false;
  std::string key = call->key;
  calls_[std::move(key)].push_back(std::move(call));
  return true;
}

Task<std::optional<std::string>> HubLink::retained(std::string topic, SteadyTime deadline) {
  const auto self = shared_from_this();
  if (state_ != State::ready || is_one_time(options_.principal.type)) co_return std::nullopt;
  const auto [entry, is_new] = retained_.try_emplace(topic);
  Retained& kept = entry->second;  // the reference stays valid
  if (is_new) client_.subscribe(std::move(topic));
  if (kept.payload.empty()) {
    const auto signal = std::make_shared<Signal>(loop_.get_executor());
    kept.waiting.push_back(signal);
    co_await signal->wait_until(deadline);
    std::erase(kept.waiting, signal);
  }
  if (kept.payload.empty()) co_return std::nullopt;
  co_return kept.payload;
}

bool HubLink::watch(std::shared_ptr<Watch> watch) {
  if (state_ != State::ready || is_one_time(options_.principal.type)) return false;
  if (!changes_) {
    changes_ = std::make_unique<SkillChanges>();
    client_.subscribe(all_statuses);
    client_.subscribe(all_skill_changes);
    client_.subscribe(hub_info_topic);  // retained: its arrival shows that the two before are active
  }
  watches_.push_back(std::move(watch));
  return true;
}

void HubLink::unwatch(const std::shared_ptr<Watch>& watch) { std::erase(watches_, watch); }

Task<void> HubLink::watching(SteadyTime deadline) {
  const auto self = shared_from_this();
  if (sees_changes_ || state_ != State::ready) co_return;
  const auto signal = std::make_shared<Signal>(loop_.get_executor());
  waiting_.push_back(signal);
  co_await signal->wait_until(deadline);
  std::erase(waiting_, signal);
}

void HubLink::tell_watches() {
  const auto all = watches_;
  for (const auto& watch : all) watch->on_change();
}

bool HubLink::hold(std::shared_ptr<Call> call) {
  if (state_ != State::ready) return false;
  call->key.clear();
  held_.push_back(std::move(call));
  return true;
}

void HubLink::tell(json body) {
  auto nobody = std::make_shared<Call>();
  nobody->on_reply = [](const json&) {};
  body["correlation_id"] = new_id();
  call(Service::chat, body, std::move(nobody));
}

void HubLink::forget(const std::shared_ptr<Call>& call) {
  std::erase(held_, call);
  const auto found = calls_.find(call->key);
  if (found == calls_.end()) return;
  std::erase(found->second, call);
  if (found->second.empty()) calls_.erase(found);
}

void HubLink::close() {
  options_.on_ended = nullptr;
  asio::co_spawn(loop_, stop(shared_from_this()), asio::detached);
}

Task<void> HubLink::stop(std::shared_ptr<HubLink> self) {
  co_await self->client_.stop();
  if (self->state_ == State::ready) self->ended("closed");
}

void HubLink::receive(MqttMessage message) {
  const bool is_state = message.topic == hub_state_topic;
  const auto service = answering_service(options_, message.topic);
  if (!is_state && !service) {
    if (changes_ && SkillChanges::is_about(message.topic)) {
      if (changes_->note(message)) tell_watches();
      return;
    }
    if (changes_ && message.topic == hub_info_topic && !std::exchange(sees_changes_, true)) {
      for (const auto& waiting : std::exchange(waiting_, {})) waiting->set();
    }
    if (const auto kept = retained_.find(message.topic); kept != retained_.end()) {
      kept->second.payload = std::move(message.payload);
      return kept->second.tell();
    }
    if (options_.on_message) options_.on_message(std::move(message));
    return;
  }
  if (json_nests_deeper_than(message.payload, reply_levels_max)) return;
  json payload = json_from(message.payload);
  if (!payload.is_object()) return;
  if (is_state) {
    const bool was_offline = std::exchange(hub_offline_, text_member(payload, "state") != "online");
    state_timer_.cancel();
    if (was_offline && !hub_offline_) tell_watches();
    // The hub has answered what it could, and has forgotten the rest.
    if (hub_offline_) lose_calls();
    return ready();
  }
  const auto id = payload.find("correlation_id");
  if (id == payload.end() || !id->is_string()) return;
  const std::string key = key_of(*service, id->get_ref<const std::string&>());
  answer(key, std::move(payload));
}

void HubLink::answer(const std::string& key, json message) {
  const auto found = calls_.find(key);
  if (found == calls_.end()) return;
  if (!message.contains("success")) {
    const auto calls = found->second;
    if (calls.size() == 1) {
      if (calls.front()->on_event) calls.front()->on_event(std::move(message));
      return;
    }
    for (const auto& call : calls) {
      if (call->on_event) call->on_event(message);
    }
    return;
  }
  auto& waiting = found->second;
  const auto is_another = [contents = waiting.front()->contents](const auto& call) {
    return call->contents != contents;
  };
  // A reply to an earlier request with the same id must not end this one.
  const bool is_of_others = is_of_a_reused_id(message) && std::any_of(waiting.begin(), waiting.end(), is_another);
  std::vector<std::shared_ptr<Call>> answered;
  std::copy_if(waiting.begin(), waiting.end(), std::back_inserter(answered),
               [&](const auto& call) { return !is_of_others || is_another(call); });
  std::erase_if(waiting, [&](const auto& call) { return !is_of_others || is_another(call); });
  if (waiting.empty()) calls_.erase(found);
  if (answered.size() == 1) return answered.front()->on_reply(std::move(message));
  for (const auto& call : answered) call->on_reply(message);
}

}  // namespace strawberry::gateway
