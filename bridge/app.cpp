#include "bridge/app.h"

#include <utility>

#include "bridge/app_options.h"
#include "bridge/app_parts.h"
#include "common/runtime/log.h"
#include "common/runtime/request_log.h"
#include "common/text/printable.h"

namespace strawberry::bridge {
namespace {

constexpr std::chrono::seconds usage_interval{1};
constexpr std::chrono::seconds health_interval{10};
constexpr std::int64_t limits_counted_every_s = 60;
// Together with the adapter's last second they make five.
constexpr std::chrono::milliseconds stop_patience{3'500};

const std::vector<std::string> filters = {"devices/+/status",
                                          "skills/+/request",
                                          "skills/+/result",
                                          "chat/+/request",
                                          "devices/+/request",
                                          "sessions/+/request",
                                          "users/+/request",
                                          hub_state_topic,
                                          std::string(home_assistant_status_topic),
                                          std::string(control_response_topic)};

}  // namespace

Result<std::unique_ptr<App>> App::create(asio::io_context& loop, const Config& config) {
  auto keys = KeyFile::open(config.data.keys_file());
  if (!keys) return tl::unexpected(keys.error());
  try {
    auto parts = std::make_unique<Parts>(loop, config, std::move(*keys));
    if (auto loaded = parts->load(); !loaded) return tl::unexpected(loaded.error());
    return std::unique_ptr<App>(new App(std::move(parts)));
  } catch (const std::exception& failure) {
    return fail(failure.what());
  }
}

App::App(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
App::~App() = default;

std::size_t App::requests_in_flight() const { return parts_->pipeline.counters().in_flight; }

// --- the broker ---

void App::ready() {
  if (parts_->stop.is_set()) return;
  // The broker sent the retained presence before it will send this back: when it comes, everybody's state is known.
  const auto now = parts_->clock.wall_now();
  parts_->ready_mark = hub_state(true, now, now);
  parts_->publish(hub_info_topic, hub_info(parts_->info(), now), true);
  parts_->publish(hub_state_topic, parts_->ready_mark, true);
}

void App::lost(const std::string& reason) {
  hub_log().warn("no broker at {}: {}; trying again", printable(parts_->mqtt.where()), printable(reason));
  parts_->is_serving = false;
  parts_->plugin.lost();
  parts_->home_assistant.stop_serving();
  parts_->pipeline.hold();
}

void App::receive(MqttMessage message) {
  parts_->affinity.check();
  const auto topic = parse_service_topic(message.topic);
  if (topic && topic->service == Service::devices && topic->rest == "status") {
    return parts_->principals.status_arrived(topic->id, message);
  }
  if (message.topic == hub_state_topic) {
    if (!parts_->is_serving && message.payload == parts_->ready_mark) start_serving();
    return;
  }
  if (message.topic == control_response_topic) return parts_->plugin.response_arrived(message.payload);
  if (message.topic == home_assistant_status_topic) return parts_->home_assistant.status_arrived(message);
  if (!topic) return;
  if (topic->rest == "request") {
    parts_->mqtt_door.receive(*topic, std::move(message));
  } else if (topic->service == Service::skills && topic->rest == "result" && !message.retained) {
    parts_->calls.result_arrived(topic->id, message.payload);
  }
}

void App::start_serving() {
  parts_->is_serving = true;
  hub_log().info("serving at {}: {} devices are online, {} requests were waiting", printable(parts_->mqtt.where()),
                 parts_->devices.online_count(), parts_->pipeline.waiting());
  parts_->pipeline.release();
  parts_->home_assistant.start_serving();
  parts_->publish(hub_health_topic, hub_health(parts_->health(), parts_->clock.wall_now()), true);
}

// --- from start to end ---

Task<void> App::run() {
  parts_->start_metrics();
  // Before anybody can ask for more than a day's tokens.
  if (auto loaded = co_await parts_->usage.load(); !loaded)
    hub_log().error("what was used today is unknown: counting from none");
  MqttClient::Handlers handlers;
  handlers.on_ready = [this] { ready(); };
  handlers.on_lost = [this](const std::string& reason) { lost(reason); };
  handlers.on_message = [this](MqttMessage message) { receive(std::move(message)); };
  parts_->mqtt.start(filters, std::move(handlers));
  asio::co_spawn(parts_->context, report_health(), asio::detached);
  asio::co_spawn(parts_->context, write_usage(), asio::detached);
  asio::co_spawn(parts_->context, parts_->home_assistant.run(), asio::detached);
  if (parts_->config.llm.find_local && parts_->config.llm.providers.empty()) find_local_model();
  co_await parts_->stop.wait();
  co_await finish_open_work();
}

void App::find_local_model() {
  auto found = [this](const LocalServer& server) {
    add_provider(parts_->providers, parts_->http, parts_->clock, local_provider(server));
    if (parts_->metrics) parts_->metrics->know_models(parts_->providers);
  };
  asio::co_spawn(parts_->context,
                 look_for_local_servers(&parts_->http, local_options(parts_->config), std::move(found)),
                 asio::detached);
}

Task<void> App::report_health() {
  while (!parts_->stop.is_set()) {
    parts_->health_timer.expires_after(health_interval);
    co_await parts_->health_timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (parts_->is_serving) {
      parts_->publish(hub_health_topic, hub_health(parts_->health(), parts_->clock.wall_now()), true);
    } else if (parts_->mqtt.is_ready()) {
      ready();  // the mark got lost among what the broker had queued
    }
  }
}

Task<void> App::write_usage() {
  for (std::int64_t seconds = 0; !parts_->stop.is_set();) {
    parts_->usage_timer.expires_after(usage_interval);
    co_await parts_->usage_timer.async_wait(asio::as_tuple(asio::use_awaitable));
    co_await parts_->usage.flush();  // what fails is tried again
    if (seconds++ % limits_counted_every_s == 0) co_await parts_->count_stored_at_limit();
    parts_->audit.tick();
    co_await parts_->audit.flush();
    tick_logging();
  }
}

void App::request_stop() {
  parts_->stop.set();
  parts_->health_timer.cancel();
  parts_->usage_timer.cancel();
  parts_->home_assistant.stop();
}

Task<void> App::finish_open_work() {
  auto& pipeline = parts_->pipeline;
  const auto begun_at = parts_->clock.steady_now();
  hub_log().info("stopping: {} requests are open", pipeline.counters().in_flight);
  pipeline.refuse_new();
  co_await pipeline.drained(begun_at + stop_patience / 2);
  // Not shutting_down for calls that are open: that says nothing has run.
  parts_->calls.refuse_new();
  parts_->calls.end_all(
      {ErrorCode::timeout, "the hub stopped before the device answered; whether the skill ran is unknown", {}});
  co_await pipeline.drained(begun_at + stop_patience);
  // A service that may never finish, such as a model that does not answer, is not waited for.
  pipeline.end_all(
      {ErrorCode::timeout, "the hub stopped before this was finished; whether it happened is unknown", {}});
  co_await parts_->audit.flush();
  if (auto written = co_await parts_->usage.flush(); !written) {
    hub_log().error("what was used last is not written: {}", written.error().message);
  }
  const auto now = parts_->clock.wall_now();
  parts_->publish(hub_state_topic, hub_state(false, now, now), true);
  co_await parts_->mqtt.stop();
}

}  // namespace strawberry::bridge
