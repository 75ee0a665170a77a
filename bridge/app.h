/// The bridge, put together: the only place that builds concrete parts and knows them all.
///
/// Life: create() opens what it needs and fails with one sentence; run() connects and serves until request_stop(),
/// answers what is open, and returns. Threading: the loop's thread.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "bridge/adapters/curl/curl_client.h"
#include "bridge/adapters/sqlite/sqlite_storage.h"
#include "bridge/app_metrics.h"
#include "bridge/chat/chat_service.h"
#include "bridge/config/config.h"
#include "bridge/devices/device_registry.h"
#include "bridge/devices/device_service.h"
#include "bridge/devices/plugin_control.h"
#include "bridge/devices/token_issuer.h"
#include "bridge/home_assistant/home_assistant.h"
#include "bridge/hub/audit_trail.h"
#include "bridge/hub/hub_topics.h"
#include "bridge/llm/provider_chain.h"
#include "bridge/mqtt_door/mqtt_door.h"
#include "bridge/pipeline/request_pipeline.h"
#include "bridge/sessions/session_service.h"
#include "bridge/skills/skill_service.h"
#include "bridge/usage/stored_usage_ledger.h"
#include "bridge/usage/usage_service.h"
#include "common/contract/schemas/request_schemas.h"
#include "common/runtime/asio.h"
#include "common/runtime/mqtt/mosquitto_client.h"
#include "common/runtime/signal.h"

namespace strawberry {

class App {
 public:
  static Result<std::unique_ptr<App>> create(asio::io_context& loop, const Config& config);

  Task<void> run();
  /// Idempotent.
  void request_stop();
  /// Of all services, those that wait for something included.
  std::size_t requests_in_flight() const { return pipeline_.counters().in_flight; }

 private:
  App(asio::io_context& loop, const Config& config, KeyFile keys, std::unique_ptr<SqliteStorage> store);

  Result<void> remember();
  MosquittoClient::Options mqtt_options();
  DeviceService::Neighbours neighbours();
  ChatService::Neighbours chat_neighbours();
  HomeAssistant::Neighbours home_assistant_neighbours();
  MqttClient::Handlers handlers();
  void ready();
  void receive(MqttMessage message);
  std::optional<Error> admit(const Principal& sender);
  Task<void> take_id(std::string id);
  void status_arrived(std::string_view device_id, const MqttMessage& message);
  void start_serving();
  bool publish(std::string topic, std::string payload, bool retained);
  HubInfo info() const;
  HubHealth health() const;
  void start_metrics();
  Task<void> report_health();
  Task<void> write_usage();
  void find_local_model();
  Task<void> finish_open_work();

  LoopAffinity affinity_;
  asio::io_context& context_;
  const Config config_;
  const SystemClock clock_;
  TokenIssuer tokens_;
  const RequestSchemas schemas_;
  const WallTime started_at_;
  const SteadyTime started_steady_;

  std::unique_ptr<SqliteStorage> store_;
  DeviceRegistry devices_;
  SkillRegistry skills_;
  MosquittoClient mqtt_;
  PluginControl plugin_;
  AuditTrail audit_;
  CurlClient http_;
  ProviderChain providers_;
  SkillCalls calls_;
  SkillService skill_service_;
  DeviceService device_service_;
  SessionService session_service_;
  StoredUsageLedger usage_;
  ChatService chat_service_;
  UsageService usage_service_;
  HomeAssistant home_assistant_;
  RequestPipeline pipeline_;
  MqttDoor mqtt_door_;

  /// Requests that came before the retained presence had: until then nobody would seem to be there.
  bool serving_ = false;
  WallTime serving_since_;
  std::string ready_mark_;
  asio::steady_timer health_timer_;
  asio::steady_timer usage_timer_;
  Signal stop_;
  std::optional<AppMetrics> metrics_;  // when the configuration wants them
};

}  // namespace strawberry
