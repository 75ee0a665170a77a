/// The parts of the bridge, in the order in which they need each other: the only place that builds them and knows them
/// all. What one part does is an event to the others (connect()).
///
/// Threading: the loop's thread.   Lifetime: the App's.   Errors: the constructor throws std::exception.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bridge/adapters/curl/curl_client.h"
#include "bridge/adapters/sodium/sodium_passwords.h"
#include "bridge/app.h"
#include "bridge/app_metrics.h"
#include "bridge/chat/chat_service.h"
#include "bridge/config/config.h"
#include "bridge/devices/device_registry.h"
#include "bridge/devices/device_service.h"
#include "bridge/devices/plugin_control.h"
#include "bridge/devices/principal_watch.h"
#include "bridge/devices/program_tokens.h"
#include "bridge/devices/token_issuer.h"
#include "bridge/home_assistant/home_assistant.h"
#include "bridge/hub/audit_trail.h"
#include "bridge/hub/hub_topics.h"
#include "bridge/llm/provider_chain.h"
#include "bridge/mqtt_door/mqtt_door.h"
#include "bridge/pipeline/request_pipeline.h"
#include "bridge/ports/storage.h"
#include "bridge/ports/user_limit_table.h"
#include "bridge/sessions/session_service.h"
#include "bridge/skills/skill_service.h"
#include "bridge/usage/quota_refusals.h"
#include "bridge/usage/stored_usage_ledger.h"
#include "bridge/usage/usage_service.h"
#include "bridge/users/account_records.h"
#include "bridge/users/audit_service.h"
#include "bridge/users/backup_service.h"
#include "bridge/users/export_service.h"
#include "bridge/users/quota_service.h"
#include "bridge/users/token_service.h"
#include "bridge/users/user_directory.h"
#include "bridge/users/user_service.h"
#include "common/contract/schemas/request_schemas.h"
#include "common/runtime/asio.h"
#include "common/runtime/events.h"
#include "common/runtime/mqtt/mosquitto_client.h"
#include "common/runtime/signal.h"

namespace strawberry::bridge {

struct App::Parts {
  Parts(asio::io_context& loop, const Config& configured, KeyFile keys);

  /// Reads into memory what is kept there.
  Result<void> load();
  bool publish(std::string topic, std::string payload, bool retained);
  HubInfo info() const;
  HubHealth health() const;
  void start_metrics();
  Task<void> count_stored_at_limit();

  LoopAffinity affinity;
  asio::io_context& context;
  const Config config;
  const SystemClock clock;
  TokenIssuer tokens;
  const RequestSchemas schemas;
  const WallTime started_at;
  const SteadyTime started_steady;
  Events events;

  const std::unique_ptr<Storage> store;
  DeviceRegistry devices;
  UserLimitTable limits;
  QuotaRefusals quota_refusals;
  UsersAtLimit stored_at_limit;  // as last counted in the database
  UserDirectory users;
  SkillRegistry skills;
  MosquittoClient mqtt;
  const std::function<bool(MqttMessage)> send = [this](MqttMessage message) {
    return mqtt.publish(std::move(message));
  };
  PluginControl plugin;
  AuditTrail audit;
  CurlClient http;
  ProviderChain providers;
  SkillCalls calls;
  SkillService skill_service;
  DeviceService device_service;
  ProgramTokens program_tokens;
  PrincipalWatch principals;
  SodiumPasswords passwords;
  UserService user_service;
  TokenService token_service;
  SessionService session_service;
  StoredUsageLedger usage;
  ChatService chat_service;
  QuotaService quota_service;
  AuditService audit_service;
  AccountRecords accounts;
  ExportService export_service;
  BackupService backup_service;
  UsageService usage_service;
  HomeAssistant home_assistant;
  RequestPipeline pipeline;
  MqttDoor mqtt_door;
  std::optional<AppMetrics> metrics;  // when the configuration wants them

  /// Requests that came before the retained presence had: until then nobody would seem to be there.
  bool is_serving = false;
  std::string ready_mark;
  asio::steady_timer health_timer;
  asio::steady_timer usage_timer;
  Signal stop;
  std::vector<Subscription> subscriptions;  // last: while it lives, the parts before it are told

 private:
  void connect();
  template <class Event>
  void listen(const char* name, std::function<void(const Event&)> listener) {
    subscriptions.push_back(events.listen<Event>(name, std::move(listener)));
  }
  std::string own_token();
  UsersAtLimit users_at_limit() const;
  void connect_users();
  void end_work_of(const std::string& device_id);
};

}  // namespace strawberry::bridge
