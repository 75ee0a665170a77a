#include "bridge/app.h"

#include <utility>

#include "bridge/app_parts.h"
#include "bridge/devices/presence.h"
#include "bridge/pipeline/request_log.h"
#include "common/identity/token_admission.h"
#include "common/runtime/asio.h"
#include "common/runtime/log.h"
#include "common/text/ids.h"
#include "common/text/printable.h"

namespace strawberry {
namespace {

const std::string bridge_id(bridge_principal_id);
constexpr auto bridge_token_lifetime = std::chrono::hours(24 * 365);
/// How long the broker keeps what arrives while the bridge is away.
constexpr std::chrono::seconds broker_session_expiry{300};
constexpr std::chrono::seconds usage_interval{1};
// Together with the adapter's last second they make five.
constexpr std::chrono::milliseconds stop_patience{3'500};

const std::vector<std::string> filters = {"devices/+/status",
                                          "skills/+/request",
                                          "skills/+/result",
                                          "chat/+/request",
                                          "devices/+/request",
                                          "sessions/+/request",
                                          hub_state_topic,
                                          std::string(home_assistant_status_topic),
                                          std::string(control_response_topic)};

}  // namespace

Result<std::unique_ptr<App>> App::create(asio::io_context& loop, const Config& config) {
  auto keys = KeyFile::open(config.data.keys_file());
  if (!keys) return tl::unexpected(keys.error());
  auto store = SqliteStorage::open(loop, config.data.database_file(), store_options(config));
  if (!store) return tl::unexpected(store.error());
  try {
    std::unique_ptr<App> app(new App(loop, config, std::move(*keys), std::move(*store)));
    if (auto remembered = app->remember(); !remembered) return tl::unexpected(remembered.error());
    return app;
  } catch (const std::exception& failure) {
    return fail(failure.what());
  }
}

App::App(asio::io_context& loop, const Config& config, KeyFile keys, std::unique_ptr<SqliteStorage> store)
    : context_(loop),
      config_(config),
      tokens_(std::move(keys)),
      schemas_(RequestSchemas::load()),
      started_at_(clock_.wall_now()),
      started_steady_(clock_.steady_now()),
      store_(std::move(store)),
      skills_(clock_, devices_, skill_registry_options(config_)),
      mqtt_(loop, mqtt_options()),
      plugin_(loop, clock_, [this](MqttMessage message) { return mqtt_.publish(std::move(message)); }, {}),
      audit_(clock_, [this](std::string line) { publish(audit_topic, std::move(line), false); }),
      http_(loop.get_executor(), http_options(config_)),
      providers_(make_provider_chain(http_, clock_, config_)),
      calls_(
          loop, clock_, devices_, skills_, [this](MqttMessage message) { return mqtt_.publish(std::move(message)); },
          call_router_options(config_)),
      skill_service_(clock_, devices_, skills_, calls_, store_->skills(), skill_service_options(config_)),
      device_service_(clock_, devices_, store_->devices(), tokens_, neighbours(), device_service_options(config_)),
      session_service_(clock_, store_->conversations()),
      usage_(clock_, store_->usage(), usage_options(config_)),
      chat_service_(clock_, chat_neighbours(), chat_service_options(config_)),
      usage_service_(usage_, chat_service_options(config_).default_timeout),
      home_assistant_(loop, clock_, home_assistant_neighbours(), home_assistant_options(config_)),
      pipeline_(loop, clock_, schemas_, pipeline_options(config_)),
      mqtt_door_(clock_, pipeline_, [this](MqttMessage message) { return mqtt_.publish(std::move(message)); }),
      health_timer_(loop),
      usage_timer_(loop),
      stop_(loop.get_executor()) {
  pipeline_.hold();  // until everybody's presence is known
  pipeline_.admit_with([this](const Principal& sender) { return admit(sender); });
  pipeline_.busy_when([this](const std::string& id) { return mqtt_.is_backed_up(id); });
  pipeline_.audit_with(
      [this](const Principal& sender, const std::string& action, const std::string& subject, const Error* refusal) {
        if (refusal == nullptr) return audit_.acted(sender.id, action, subject);
        audit_.refused(sender.id, action, subject, to_string(refusal->code), refusal->message);
      });
  pipeline_.add(skill_service_);
  pipeline_.add(device_service_);
  pipeline_.add(session_service_);
  pipeline_.add(chat_service_);
  pipeline_.add(usage_service_);
  pipeline_.limit_with(CountsAs::chat, usage_);
  skill_service_.on_registered([this](const std::string& id) { home_assistant_.device_changed(id); });
  skill_service_.on_changed([this](const std::string& id) {
    publish(skills_changed_topic(id), skills_changed(id, skills_.count(id), clock_.wall_now()), false);
  });
  usage_.on_change([this](const std::string& user_id) { home_assistant_.used_more(user_id); });
}

Result<void> App::remember() {
  auto loaded = store_->load_devices([this](DeviceRow device, const std::vector<SkillRow>& skills) {
    const auto id = device.device_id;
    const auto user = device.user_id;
    devices_.put(std::move(device));
    if (!skills.empty()) skills_.put(id, user, skills);
  });
  if (!loaded) return loaded;
  loaded = store_->load_taken_ids([this](const std::string& id) { devices_.note_user(id); });
  if (!loaded) return loaded;
  hub_log().info("{} devices, {} skills in {}", devices_.size(), skills_.total(), config_.data.database_file());
  return {};
}

MosquittoClient::Options App::mqtt_options() {
  MosquittoClient::Options options;
  options.host = config_.broker.host;
  options.port = static_cast<std::uint16_t>(config_.broker.port);
  options.socket = config_.broker_socket();
  if (config_.broker.tls) options.tls = {config_.broker.ca_file, config_.broker.tls_server_name};
  options.client_id = bridge_id;
  options.user_name = bridge_id;
  options.password = [this] {
    Claims claims;
    claims.principal = {PrincipalType::bridge, bridge_id, ""};
    claims.issued_at = clock_.wall_now();
    claims.expires_at = claims.issued_at + bridge_token_lifetime;
    claims.jti = new_id();
    auto token = tokens_.issue(claims);
    if (!token) hub_log().error("cannot sign the bridge's own token: {}", token.error().message);
    return token ? token->token : std::string();
  };
  options.clean_start = false;
  options.session_expiry_s = static_cast<std::uint32_t>(broker_session_expiry.count());
  options.keepalive = std::chrono::seconds(config_.broker.keepalive_s);
  options.reconnect_min = std::chrono::milliseconds(config_.broker.reconnect_min_ms);
  options.reconnect_max = std::chrono::milliseconds(config_.broker.reconnect_max_ms);
  MqttMessage will;
  will.topic = hub_state_topic;
  // The moment it will be published is unknown now: `since` is when this bridge was last known to serve.
  will.payload = hub_state(false, started_at_, started_at_);
  will.retained = true;
  options.will = std::move(will);
  return options;
}

DeviceService::Neighbours App::neighbours() {
  DeviceService::Neighbours neighbours;
  neighbours.skill_count = [this](const std::string& id) { return skills_.count(id); };
  neighbours.device_gone = [this](const std::string& id) {
    chat_service_.sender_left(id);
    calls_.target_left(id);
  };
  neighbours.device_deleted = [this](const std::string& id) {
    skills_.remove(id);
    publish(skills_changed_topic(id), skills_changed(id, 0, clock_.wall_now()), false);
    publish(status_topic(id), "", true);  // clears what was retained
  };
  neighbours.tell_plugin = [this](std::vector<std::string> ids) { return plugin_.changed(std::move(ids)); };
  neighbours.changed = [this](const std::string& id) { home_assistant_.device_changed(id); };
  neighbours.taken_back = [this](const DeviceRow& row) {
    home_assistant_.device_changed(row.device_id);
    home_assistant_.device_changed(row.user_id);  // the hub, should that have been the user's only device
  };
  neighbours.audit = [this](const std::string& actor, const std::string& act, const std::string& id) {
    hub_log().info("audit: {} by {} on {}", act, actor, id);
    audit_.acted(actor, "devices." + act, id);
  };
  return neighbours;
}

ChatService::Neighbours App::chat_neighbours() {
  const auto waiting = [this] {
    const auto mqtt = mqtt_.counters();
    return AnswerStream::Backlog{mqtt.outbox_messages, mqtt.outbox_bytes};
  };
  return {providers_, skill_service_, store_->conversations(), usage_, waiting};
}

HomeAssistant::Neighbours App::home_assistant_neighbours() {
  return {devices_,
          skills_,
          store_->announcements(),
          [this](const std::string& user_id) { return usage_.used_today(user_id); },
          [this](MqttMessage message) { return mqtt_.publish(std::move(message)); },
          [this] { return mqtt_.counters().outbox_messages; }};
}

MqttClient::Handlers App::handlers() {
  MqttClient::Handlers handlers;
  handlers.on_ready = [this] { ready(); };
  handlers.on_lost = [this](const std::string& reason) {
    hub_log().warn("no broker at {}: {}; trying again", printable(mqtt_.where()), printable(reason));
    serving_ = false;
    plugin_.lost();
    home_assistant_.stop_serving();
    pipeline_.hold();
  };
  handlers.on_message = [this](MqttMessage message) { receive(std::move(message)); };
  return handlers;
}

void App::ready() {
  if (stop_.is_set()) return;
  // The broker sent the retained presence before it will send this back: when it comes, everybody's state is known.
  serving_since_ = clock_.wall_now();
  ready_mark_ = hub_state(true, serving_since_, serving_since_);
  publish(hub_info_topic, hub_info(info(), clock_.wall_now()), true);
  publish(hub_state_topic, ready_mark_, true);
}

void App::receive(MqttMessage message) {
  affinity_.check();
  const auto topic = parse_service_topic(message.topic);
  if (topic && topic->service == Service::devices && topic->rest == "status") return status_arrived(topic->id, message);
  if (message.topic == hub_state_topic) {
    if (!serving_ && message.payload == ready_mark_) start_serving();
    return;
  }
  if (message.topic == control_response_topic) return plugin_.response_arrived(message.payload);
  if (message.topic == home_assistant_status_topic) return home_assistant_.status_arrived(message);
  if (!topic) return;
  if (topic->rest == "request") {
    mqtt_door_.receive(*topic, std::move(message));
  } else if (topic->service == Service::skills && topic->rest == "result" && !message.retained) {
    calls_.result_arrived(topic->id, message.payload);
  }
}

void App::start_serving() {
  serving_ = true;
  hub_log().info("serving at {}: {} devices are online, {} requests were waiting", printable(mqtt_.where()),
                 devices_.online_count(), pipeline_.waiting());
  pipeline_.release();
  home_assistant_.start_serving();
  publish(hub_health_topic, hub_health(health(), clock_.wall_now()), true);
}

void App::status_arrived(std::string_view device_id, const MqttMessage& message) {
  const auto report = read_presence(message.payload);
  if (!report) {
    hub_log().info("status of {}: neither online nor offline, ignored: {}", printable(device_id),
                   printable(message.payload, 64));
    return;
  }
  const auto* device = devices_.find(device_id);
  if (device == nullptr) return;
  const bool is_change = devices_.set_online(device_id, report->online);
  const std::string id(device_id);
  if (is_change && !report->online) {
    chat_service_.sender_left(id);
    calls_.target_left(id);
  }
  // A retained status tells what happened while the bridge was away.
  const auto last_seen =
      last_seen_after(*report, {message.retained, is_change, clock_.wall_now()}, device->row.last_seen_ms);
  if (last_seen) {
    devices_.set_last_seen(id, *last_seen);
    asio::co_spawn(context_, store_->devices().set_last_seen(device->row.user_id, id, *last_seen), asio::detached);
  }
  if (last_seen || (is_change && !message.retained)) home_assistant_.presence_changed(id);
}

/// A revoked device may still be speaking until the plugin has ended its connection, and what it sent before may wait.
std::optional<Error> App::admit(const Principal& sender) {
  const auto* device = devices_.find(sender.id);
  const bool is_person = sender.type == PrincipalType::user || sender.type == PrincipalType::admin;
  if (is_person && device == nullptr && devices_.note_user(sender.id)) {
    asio::co_spawn(context_, take_id(sender.id), asio::detached);
  }
  const auto standing =
      device == nullptr ? std::nullopt : std::optional(DeviceStanding{device->row.is_active, device->row.user_id});
  if (objection_to_principal(sender, standing).empty()) return std::nullopt;
  return Error{ErrorCode::forbidden, "this device is unknown or has been revoked", {}};
}

Task<void> App::take_id(std::string id) {
  auto stored = co_await store_->devices().take_id(id, to_unix_ms(clock_.wall_now()));
  if (!stored) devices_.user_not_stored(id);  // tried again when it asks again
}

bool App::publish(std::string topic, std::string payload, bool retained) {
  MqttMessage message;
  message.topic = std::move(topic);
  message.payload = std::move(payload);
  message.retained = retained;
  return mqtt_.publish(std::move(message));
}

Task<void> App::write_usage() {
  while (!stop_.is_set()) {
    usage_timer_.expires_after(usage_interval);
    co_await usage_timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    co_await usage_.flush();  // what fails is tried again
    audit_.tick();
    tick_logging();
  }
}

void App::find_local_model() {
  auto found = [this](const LocalServer& server) {
    add_provider(providers_, http_, clock_, local_provider(server));
    if (metrics_) metrics_->know_models(providers_);
  };
  asio::co_spawn(context_, look_for_local_servers(&http_, local_options(config_), std::move(found)), asio::detached);
}

void App::request_stop() {
  stop_.set();
  health_timer_.cancel();
  usage_timer_.cancel();
  home_assistant_.stop();
}

Task<void> App::run() {
  start_metrics();
  // Before anybody can ask for more than a day's tokens.
  if (auto loaded = co_await usage_.load(); !loaded)
    hub_log().error("what was used today is unknown: counting from none");
  mqtt_.start(filters, handlers());
  asio::co_spawn(context_, report_health(), asio::detached);
  asio::co_spawn(context_, write_usage(), asio::detached);
  asio::co_spawn(context_, home_assistant_.run(), asio::detached);
  if (config_.llm.find_local && config_.llm.providers.empty()) find_local_model();
  co_await stop_.wait();
  co_await finish_open_work();
}

Task<void> App::finish_open_work() {
  hub_log().info("stopping: {} requests are open", pipeline_.counters().in_flight);
  pipeline_.refuse_new();
  const auto give_up = clock_.steady_now() + stop_patience;
  co_await pipeline_.drained(clock_.steady_now() + stop_patience / 2);
  while (pipeline_.unanswered() > 0 && clock_.steady_now() < give_up) {
    // Not shutting_down: that says nothing has run. Again and again, since a chat may go on to its next call.
    calls_.end_all(
        {ErrorCode::timeout, "the hub stopped before the device answered; whether the skill ran is unknown", {}});
    co_await pipeline_.drained(clock_.steady_now() + std::chrono::milliseconds(10));
  }
  // A service that may never finish, such as a model that does not answer, is not waited for.
  pipeline_.end_all(
      {ErrorCode::timeout, "the hub stopped before this was finished; whether it happened is unknown", {}});
  if (auto written = co_await usage_.flush(); !written) {
    hub_log().error("what was used last is not written: {}", written.error().message);
  }
  const auto now = clock_.wall_now();
  publish(hub_state_topic, hub_state(false, now, now), true);
  co_await mqtt_.stop();
}

}  // namespace strawberry
