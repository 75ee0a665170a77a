/// The hub's topic grammar (docs/contract.md, section 2): `<service>/{id}/<leaf>`, `devices/{id}/status`, `hub/<leaf>`,
/// `homeassistant/device/{id}/<leaf>`.
/// Pure functions; views point into their argument.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "common/contract/rights.h"

namespace strawberry {

/// Of a topic or filter that a client may name. The broker keeps a node in memory for each level of a filter.
inline constexpr std::size_t topic_levels_max = 32;

enum class Service { skills, chat, sessions, devices, users };
inline constexpr std::size_t services_count = 5;

std::string_view to_string(Service service);
/// Whether a token with these scopes can ask anything of the service; the bridge knows which operations.
bool has_scope_for(Scopes scopes, Service service);
std::optional<Service> parse_service(std::string_view text);

/// `<service>/{id}/<rest>`; `rest` may have further levels. Nothing when the service is unknown, `id` is no valid
/// id or a level is missing.
struct ServiceTopic {
  Service service;
  std::string_view id;
  std::string_view rest;
};
std::optional<ServiceTopic> parse_service_topic(std::string_view topic);

// What the hub says about itself, retained.
inline constexpr const char* hub_state_topic = "hub/state";
inline constexpr const char* hub_info_topic = "hub/info";
inline constexpr const char* hub_health_topic = "hub/health";
inline constexpr const char* hub_broker_topic = "hub/broker";  // by the plugin, for admins

/// Where a Home Assistant says that it is there (`online`), and its will that it is not.
inline constexpr std::string_view home_assistant_status_topic = "homeassistant/status";
/// What announces a device or, by the user's id, the hub: `homeassistant/device/<id>/config`; and the numbers beside
/// it.
std::string announcement_topic(std::string_view id);
std::string announced_state_topic(std::string_view id);
/// The id in one of these two; empty elsewhere.
std::string_view announced_id(std::string_view topic);

std::string request_topic(Service service, std::string_view id);
std::string response_topic(Service service, std::string_view id);
std::string status_topic(std::string_view device_id);
/// Where the bridge says that a device's live skills are others than before.
std::string skills_changed_topic(std::string_view device_id);
std::string skill_call_topic(std::string_view device_id);
std::string skill_result_topic(std::string_view device_id);

/// True when `topic` is `response_topic(service, id)` or a canonical topic name below it: printable ASCII, no
/// wildcards, no empty level, at most 32 levels and 512 bytes.
bool is_response_topic(std::string_view topic, Service service, std::string_view id);

}  // namespace strawberry
