#include "bridge/app_parts.h"

#include "bridge/llm/http_provider.h"
#include "bridge/llm/rules/rules_provider.h"

namespace strawberry {
namespace {

std::size_t size(std::int64_t value) { return static_cast<std::size_t>(value); }

}  // namespace

SkillRegistry::Options skill_registry_options(const Config& config) {
  return {std::chrono::seconds(config.skills.expiry_s)};
}

CallRouter::Options call_router_options(const Config& config) {
  CallRouter::Options options;
  options.open_calls_max = size(config.limits.open_calls_max);
  options.open_calls_per_target_max = size(config.limits.open_calls_per_target_max);
  options.result_bytes_max = size(config.limits.payload_bytes_max);
  return options;
}

SkillService::Options skill_service_options(const Config& config) {
  return {size(config.limits.skills_per_device_max), std::chrono::milliseconds(config.timeouts.remote_skill_call_ms)};
}

ChatService::Options chat_service_options(const Config& config) {
  ChatService::Options options;
  options.chats_per_principal_max = size(config.limits.chats_per_principal_max);
  options.default_timeout = std::chrono::milliseconds(config.timeouts.interface_ms);
  options.tool_timeout = std::chrono::milliseconds(config.timeouts.remote_skill_call_ms);
  options.agent.steps_max = size(config.limits.agent_steps_max);
  options.agent.calls_per_step_max = size(config.limits.tool_calls_per_step_max);
  options.agent.result_bytes_max = size(config.limits.tool_result_bytes_max);
  return options;
}

StoredUsageLedger::Options usage_options(const Config& config) {
  StoredUsageLedger::Options options;
  options.limits.chats_per_minute_max = config.limits.chat_requests_per_minute;
  options.limits.tokens_per_day_max = config.limits.chat_tokens_per_day;
  return options;
}

Dispatcher::Options dispatcher_options(const Config& config) {
  Dispatcher::Options options;
  options.payload_bytes_max = size(config.limits.payload_bytes_max);
  options.requests_in_flight_max = size(config.limits.requests_in_flight_max);
  options.requests_in_flight_per_user_max = size(config.limits.requests_in_flight_per_user_max);
  options.requests_in_flight_per_sender_max = size(config.limits.requests_in_flight_per_sender_max);
  options.requests_waiting_max = size(config.limits.requests_waiting_max);
  options.requests_waiting_per_sender_max = size(config.limits.requests_waiting_per_sender_max);
  options.replies.lifetime = std::chrono::minutes(config.limits.dedup_minutes);
  options.replies.bytes_max = size(config.limits.dedup_bytes_max);
  return options;
}

std::map<std::string, std::uint64_t> queue_limits(const Config& config) {
  const PahoClient::Options mqtt;
  const SqliteStore::Options store;
  const Dispatcher::Options requests = dispatcher_options(config);
  return {{"store", store.jobs_max},
          {"requests_waiting", requests.requests_waiting_max},
          {"requests_in_flight", requests.requests_in_flight_max},
          {"calls_in_flight", call_router_options(config).open_calls_max},
          {"outbox", mqtt.outbox_messages_max},
          {"outbox_bytes", mqtt.outbox_bytes_max},
          {"inbox", mqtt.inbox_messages_max},
          {"reply_cache_bytes", requests.replies.bytes_max}};
}

ProviderChain make_provider_chain(HttpClient& http, const Clock& clock, const Config& config) {
  std::vector<std::unique_ptr<Provider>> providers;
  for (const auto& configured : config.llm.providers) {
    HttpProvider::Options options;
    options.name = configured.name;
    options.api_key = configured.api_key;
    options.model = configured.model;
    options.connect_timeout = std::chrono::milliseconds(configured.connect_timeout_ms);
    options.total_timeout = std::chrono::milliseconds(configured.total_timeout_ms);
    auto wire = make_openai_wire({configured.base_url, configured.api_key});
    providers.push_back(std::make_unique<HttpProvider>(http, clock, std::move(wire), std::move(options)));
  }
  providers.push_back(std::make_unique<RulesProvider>());
  return ProviderChain(clock, std::move(providers), {});
}

}  // namespace strawberry
