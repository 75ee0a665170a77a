#include "bridge/app_options.h"

#include <sstream>

#include "bridge/llm/http_provider.h"
#include "bridge/llm/rules_provider.h"

namespace strawberry::bridge {
namespace {

/// How long the broker keeps what arrives while the bridge is away.
constexpr std::chrono::seconds broker_session_expiry{300};

std::size_t size(std::int64_t value) { return static_cast<std::size_t>(value); }

std::unique_ptr<Wire> make_wire(const LlmProviderConfig& configured) {
  const WireOptions options{configured.base_url, configured.api_key};
  if (configured.kind == "anthropic") return make_anthropic_wire(options);
  if (configured.kind == "gemini") return make_gemini_wire(options);
  if (configured.kind == "ollama") return make_ollama_wire(options);
  return make_openai_wire(options);
}

/// As HttpRequest has it.
std::optional<std::string> proxy_of(const LlmProviderConfig& configured) {
  if (configured.proxy == "environment") return std::nullopt;
  return configured.proxy == "none" ? std::string() : configured.proxy;
}

}  // namespace

SqliteStorage::Options store_options(const Config& config) {
  SqliteStorage::Options options;
  options.limits.stored_bytes_per_user_max = config.limits.stored_bytes_per_user_max;
  options.limits.sessions_per_user_max = config.limits.sessions_per_user_max;
  options.limits.messages_per_user_max = config.limits.messages_per_user_max;
  options.limits.messages_per_session_max = config.limits.messages_per_session_max;
  options.limits.devices_per_user_max = config.limits.devices_per_user_max;
  options.disk.free_min_mib = config.limits.disk_free_min_mib;
  options.limits.tokens_per_user_max = config.limits.tokens_per_user_max;
  options.limits.tokens_per_principal_max = config.limits.tokens_per_principal_max;
  return options;
}

DeviceService::Options device_service_options(const Config& config) {
  DeviceService::Options options;
  options.registrations_per_hour_max = config.limits.device_registrations_per_hour;
  options.tokens.line_max = std::chrono::hours(24) * config.limits.token_line_days_max;
  return options;
}

ProgramTokens::Options program_token_options(const Config& config) {
  ProgramTokens::Options options;
  options.line_max = device_service_options(config).tokens.line_max;
  return options;
}

TokenService::Options token_service_options(const Config& config) {
  TokenService::Options options;
  options.line_max = device_service_options(config).tokens.line_max;
  return options;
}

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
  SkillService::Options options;
  options.skills_per_device_max = size(config.limits.skills_per_device_max);
  options.call_timeout = std::chrono::milliseconds(config.timeouts.remote_skill_call_ms);
  options.confirms_always = config.skills.confirm == "always";
  return options;
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

HomeAssistant::Options home_assistant_options(const Config& config) {
  HomeAssistant::Options options;
  options.enabled = config.home_assistant.enabled;
  options.hub_version = STRAWBERRY_VERSION;
  std::istringstream users(config.home_assistant.off_for);
  for (std::string user; users >> user;) options.off_for.insert(user);
  return options;
}

AuditTrail::Options audit_options(const Config& config) {
  AuditTrail::Options options;
  options.days = config.limits.audit_days;
  options.lines_max = config.limits.audit_lines_max;
  return options;
}

BackupFiles::Options backup_options(const Config& config) {
  BackupFiles::Options options;
  options.directory = config.data.directory + "/backups";
  return options;
}

UserLimitTable::Defaults limit_defaults(const Config& config) {
  UserLimitTable::Defaults defaults{};
  const auto put = [&defaults](LimitKind kind, std::int64_t value) {
    defaults[static_cast<std::size_t>(kind)] = value;
  };
  put(LimitKind::devices, config.limits.devices_per_user_max);
  put(LimitKind::skills, config.limits.skills_per_user_max);
  put(LimitKind::sessions, config.limits.sessions_per_user_max);
  put(LimitKind::messages, config.limits.messages_per_user_max);
  put(LimitKind::stored_bytes, config.limits.stored_bytes_per_user_max);
  put(LimitKind::chats_per_minute, config.limits.chat_requests_per_minute);
  put(LimitKind::tokens_per_day, config.limits.chat_tokens_per_day);
  return defaults;
}

StoredUsageLedger::Options usage_options(const Config& config, const UserLimitTable& own) {
  StoredUsageLedger::Options options;
  options.limits.chats_per_minute_max = config.limits.chat_requests_per_minute;
  options.limits.tokens_per_day_max = config.limits.chat_tokens_per_day;
  options.limits.own = &own;
  return options;
}

RequestPipeline::Options pipeline_options(const Config& config) {
  RequestPipeline::Options options;
  options.payload_bytes_max = size(config.limits.payload_bytes_max);
  options.requests_in_flight_max = size(config.limits.requests_in_flight_max);
  options.requests_in_flight_per_user_max = size(config.limits.requests_in_flight_per_user_max);
  options.requests_in_flight_per_sender_max = size(config.limits.requests_in_flight_per_sender_max);
  options.requests_waiting_max = size(config.limits.requests_waiting_max);
  options.requests_waiting_per_sender_max = size(config.limits.requests_waiting_per_sender_max);
  options.busy_answers_per_second_max = config.limits.busy_answers_per_second_max;
  options.replies.lifetime = std::chrono::minutes(config.limits.dedup_minutes);
  options.replies.bytes_max = size(config.limits.dedup_bytes_max);
  options.replies.requests_max = size(config.limits.dedup_requests_max);
  return options;
}

MosquittoClient::Options mqtt_options(const Config& config, std::function<std::string()> password, std::string will) {
  MosquittoClient::Options options;
  options.host = config.broker.host;
  options.port = static_cast<std::uint16_t>(config.broker.port);
  options.socket = config.broker_socket();
  if (config.broker.tls) options.tls = {config.broker.ca_file, config.broker.tls_server_name};
  options.client_id = options.user_name = std::string(bridge_principal_id);
  options.password = std::move(password);
  options.clean_start = false;
  options.session_expiry_s = static_cast<std::uint32_t>(broker_session_expiry.count());
  options.keepalive = std::chrono::seconds(config.broker.keepalive_s);
  options.reconnect_min = std::chrono::milliseconds(config.broker.reconnect_min_ms);
  options.reconnect_max = std::chrono::milliseconds(config.broker.reconnect_max_ms);
  MqttMessage message;
  message.topic = hub_state_topic;
  message.payload = std::move(will);
  message.retained = true;
  options.will = std::move(message);
  return options;
}

CurlClient::Options http_options(const Config& config) {
  CurlClient::Options options;
  // A chat asks one model at a time, and each provider has a limit of its own: none is turned away here, where it would
  // look like a provider that is down.
  options.transfers_max = size(config.limits.requests_in_flight_max);
  options.proxy_from_environment = true;
  return options;
}

std::map<std::string, std::uint64_t> queue_limits(const Config& config) {
  const MosquittoClient::Options mqtt;
  const SqliteStorage::Options store;
  const RequestPipeline::Options requests = pipeline_options(config);
  return {{"store", store.jobs_max},
          {"store_bytes", store.bytes_max},
          {"requests_waiting", requests.requests_waiting_max},
          {"requests_in_flight", requests.requests_in_flight_max},
          {"calls_in_flight", call_router_options(config).open_calls_max},
          {"outbox", mqtt.outbox_messages_max},
          {"outbox_bytes", mqtt.outbox_bytes_max},
          {"reply_cache_bytes", requests.replies.bytes_max}};
}

ProviderChain make_provider_chain(HttpClient& http, const Clock& clock, Events& events, const Config& config) {
  std::vector<std::unique_ptr<Provider>> embedded;
  embedded.push_back(std::make_unique<RulesProvider>());
  ProviderChain::Options options;
  options.aliases = config.llm.aliases;
  ProviderChain chain(clock, events, std::move(embedded), std::move(options));
  for (const auto& configured : config.llm.providers) add_provider(chain, http, clock, configured);
  return chain;
}

void add_provider(ProviderChain& chain, HttpClient& http, const Clock& clock, const LlmProviderConfig& configured) {
  HttpProvider::Options options;
  options.name = configured.name;
  options.api_key = configured.api_key;
  options.model = configured.model;
  options.connect_timeout = std::chrono::milliseconds(configured.connect_timeout_ms);
  options.first_token_timeout = std::chrono::milliseconds(configured.first_token_timeout_ms);
  options.idle_timeout = std::chrono::milliseconds(configured.idle_timeout_ms);
  options.total_timeout = std::chrono::milliseconds(configured.total_timeout_ms);
  options.proxy = proxy_of(configured);
  ProviderChain::Limits limits;
  limits.retry.retries_max = size(configured.retries_max);
  limits.gate.requests_in_flight_max = size(configured.requests_in_flight_max);
  limits.gate.requests_in_flight_per_user_max = size(configured.requests_in_flight_per_user_max);
  limits.gate.requests_per_minute_max = size(configured.requests_per_minute_max);
  chain.add(std::make_unique<HttpProvider>(http, clock, make_wire(configured), std::move(options)), limits);
}

LocalOptions local_options(const Config& config) {
  LocalOptions options;
  options.ollama_port = static_cast<int>(config.llm.ollama_port);
  options.llama_cpp_port = static_cast<int>(config.llm.llama_cpp_port);
  options.model = config.llm.default_model;
  return options;
}

LlmProviderConfig local_provider(const LocalServer& server) {
  LlmProviderConfig provider;
  provider.name = server.name;
  provider.kind = server.kind;
  provider.base_url = server.base_url;
  provider.model = server.model;
  return provider;
}

std::vector<ProviderHealth> provider_health(const ProviderChain& chain) {
  std::vector<ProviderHealth> all;
  for (const auto& health : chain.health())
    all.push_back({health.name, std::string(to_string(health.state)), health.counts.requests, health.counts.failures,
                   health.retry_in});
  return all;
}

}  // namespace strawberry::bridge
