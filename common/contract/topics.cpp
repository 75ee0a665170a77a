#include "common/contract/topics.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/text/ids.h"

namespace strawberry {
namespace {

constexpr std::size_t response_topic_bytes_max = 512;

constexpr std::array<std::pair<Service, std::string_view>, services_count> service_names = {{
    {Service::skills, "skills"},
    {Service::chat, "chat"},
    {Service::sessions, "sessions"},
    {Service::devices, "devices"},
    {Service::users, "users"},
}};

std::string join(std::string_view service, std::string_view id, std::string_view leaf) {
  std::string topic;
  topic.reserve(service.size() + id.size() + leaf.size() + 2);
  topic.append(service).append(1, '/').append(id).append(1, '/').append(leaf);
  return topic;
}

bool forbidden_in_response_topic(char c) { return c < 0x20 || c >= 0x7f || c == '+' || c == '#'; }

}  // namespace

std::string_view to_string(Service service) {
  for (const auto& [known, name] : service_names) {
    if (known == service) return name;
  }
  return "unknown";
}

bool has_scope_for(Scopes scopes, Service service) {
  switch (service) {
    case Service::skills:
      return scopes.has(Scope::skills_read) || scopes.has(Scope::skills_call) || scopes.has(Scope::skills_register);
    case Service::chat: return scopes.has(Scope::chat);
    case Service::sessions: return scopes.has(Scope::sessions);
    case Service::devices: return true;  // every token may be exchanged for a new one
    case Service::users: return scopes.has(Scope::users);
  }
  return false;
}

std::optional<Service> parse_service(std::string_view text) {
  for (const auto& [service, name] : service_names) {
    if (name == text) return service;
  }
  return std::nullopt;
}

std::optional<ServiceTopic> parse_service_topic(std::string_view topic) {
  const std::size_t first = topic.find('/');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = topic.find('/', first + 1);
  if (second == std::string_view::npos || second + 1 == topic.size()) return std::nullopt;

  const auto service = parse_service(topic.substr(0, first));
  const std::string_view id = topic.substr(first + 1, second - first - 1);
  if (!service || !is_valid_id(id)) return std::nullopt;
  return ServiceTopic{*service, id, topic.substr(second + 1)};
}

std::string announcement_topic(std::string_view id) { return join("homeassistant/device", id, "config"); }
std::string announced_state_topic(std::string_view id) { return join("homeassistant/device", id, "state"); }

std::string_view announced_id(std::string_view topic) {
  constexpr std::string_view before = "homeassistant/device/";
  if (!topic.starts_with(before)) return {};
  topic.remove_prefix(before.size());
  const auto id = topic.substr(0, topic.find('/'));
  const auto leaf = topic.substr(id.size());
  return is_valid_id(id) && (leaf == "/config" || leaf == "/state") ? id : std::string_view();
}

std::string request_topic(Service service, std::string_view id) { return join(to_string(service), id, "request"); }
std::string response_topic(Service service, std::string_view id) { return join(to_string(service), id, "response"); }
std::string status_topic(std::string_view device_id) { return join("devices", device_id, "status"); }
std::string skills_changed_topic(std::string_view device_id) { return join("devices", device_id, "skills"); }
std::string skill_call_topic(std::string_view device_id) { return join("skills", device_id, "call"); }
std::string skill_result_topic(std::string_view device_id) { return join("skills", device_id, "result"); }

bool is_response_topic(std::string_view topic, Service service, std::string_view id) {
  // The broker does not check a Response Topic, but ends the connection of a client that publishes to a topic with too
  // many levels or one that is not UTF-8.
  if (topic.size() > response_topic_bytes_max) return false;
  if (static_cast<std::size_t>(std::count(topic.begin(), topic.end(), '/')) >= topic_levels_max) return false;
  if (std::any_of(topic.begin(), topic.end(), forbidden_in_response_topic)) return false;
  if (topic.find("//") != std::string_view::npos || topic.ends_with('/')) return false;

  const auto parsed = parse_service_topic(topic);
  return parsed && parsed->service == service && parsed->id == id &&
         (parsed->rest == "response" || parsed->rest.starts_with("response/"));
}

}  // namespace strawberry
