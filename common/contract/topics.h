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

/// Levels of a topic or filter that a client may name. The broker keeps a node in memory for each level of a filter.
inline constexpr std::size_t topic_levels_max = 32;

enum class Service { skills, chat, sessions, devices, users };
inline constexpr std::size_t services_count = 5;

std::string_view to_string(Service service);
/// True when a token with these scopes may use at least one operation of the service; the bridge checks which.
bool has_scope_for(Scopes scopes, Service service);
std::optional<Service> parse_service(std::string_view text);

/// `<service>/{id}/<rest>`; `rest` may have further levels. Nothing when the service is unknown, `id` is not a valid id
/// or a level is missing.
struct ServiceTopic {
  Service service;
  std::string_view id;
  std::string_view rest;
};
std::optional<ServiceTopic> parse_service_topic(std::string_view topic);

// Retained topics with the state of the hub.
inline constexpr const char* hub_state_topic = "hub/state";
inline constexpr const char* hub_info_topic = "hub/info";
inline constexpr const char* hub_health_topic = "hub/health";
inline constexpr const char* hub_broker_topic = "hub/broker";  // published by the plugin, for admins

/// Home Assistant announces itself here (`online`), and its will announces that it is gone.
inline constexpr std::string_view home_assistant_status_topic = "homeassistant/status";
/// Announces a device or, by the user's id, the hub to Home Assistant: `homeassistant/device/<id>/config`. The second
/// topic carries the numbers that belong to it.
std::string announcement_topic(std::string_view id);
std::string announced_state_topic(std::string_view id);
/// Returns the id in one of these two topics; empty for other topics.
std::string_view announced_id(std::string_view topic);

std::string request_topic(Service service, std::string_view id);
std::string response_topic(Service service, std::string_view id);
std::string status_topic(std::string_view device_id);
/// The bridge publishes here when the live skills of a device have changed.
std::string skills_changed_topic(std::string_view device_id);
std::string skill_call_topic(std::string_view device_id);
std::string skill_result_topic(std::string_view device_id);

/// True when `topic` is `response_topic(service, id)` or a canonical topic name below it: printable ASCII, no
/// wildcards, no empty level, at most 32 levels and 512 bytes.
bool is_response_topic(std::string_view topic, Service service, std::string_view id);

}  // namespace strawberry
