/// From the configuration to each part's own Options. Nothing here has a state or waits.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "bridge/adapters/curl/curl_client.h"
#include "bridge/adapters/sqlite/sqlite_storage.h"
#include "bridge/chat/chat_service.h"
#include "bridge/config/config.h"
#include "bridge/devices/device_service.h"
#include "bridge/devices/program_tokens.h"
#include "bridge/home_assistant/home_assistant.h"
#include "bridge/hub/audit_trail.h"
#include "bridge/hub/hub_topics.h"
#include "bridge/llm/local_server.h"
#include "bridge/llm/provider_chain.h"
#include "bridge/pipeline/request_pipeline.h"
#include "bridge/ports/user_limit_table.h"
#include "bridge/skills/skill_service.h"
#include "bridge/usage/stored_usage_ledger.h"
#include "bridge/users/backup_files.h"
#include "bridge/users/token_service.h"
#include "common/runtime/mqtt/mosquitto_client.h"

namespace strawberry::bridge {

SqliteStorage::Options store_options(const Config& config);
DeviceService::Options device_service_options(const Config& config);
ProgramTokens::Options program_token_options(const Config& config);
TokenService::Options token_service_options(const Config& config);
SkillRegistry::Options skill_registry_options(const Config& config);
CallRouter::Options call_router_options(const Config& config);
SkillService::Options skill_service_options(const Config& config);
ChatService::Options chat_service_options(const Config& config);
HomeAssistant::Options home_assistant_options(const Config& config);
AuditTrail::Options audit_options(const Config& config);
BackupFiles::Options backup_options(const Config& config);
UserLimitTable::Defaults limit_defaults(const Config& config);
/// `own`: limits of single users; outlives the ledger.
StoredUsageLedger::Options usage_options(const Config& config, const UserLimitTable& own);
RequestPipeline::Options pipeline_options(const Config& config);
CurlClient::Options http_options(const Config& config);
/// `password` is asked for at each attempt to connect; `will` says on hub/state that the bridge is away.
MosquittoClient::Options mqtt_options(const Config& config, std::function<std::string()> password, std::string will);

/// The most that each queue of hub/health may hold, by its name there.
std::map<std::string, std::uint64_t> queue_limits(const Config& config);

/// The configured providers in order, and the embedded rules after them. Throws std::invalid_argument when one cannot
/// be built.
ProviderChain make_provider_chain(HttpClient& http, const Clock& clock, Events& events, const Config& config);
void add_provider(ProviderChain& chain, HttpClient& http, const Clock& clock, const LlmProviderConfig& configured);

LocalOptions local_options(const Config& config);
LlmProviderConfig local_provider(const LocalServer& server);

std::vector<ProviderHealth> provider_health(const ProviderChain& chain);

}  // namespace strawberry::bridge
