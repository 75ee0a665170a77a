#include "broker-plugin/topic_policy.h"

#include <array>
#include <optional>

#include "common/contract/control.h"
#include "common/contract/topics.h"
#include "common/text/ids.h"

namespace strawberry {
namespace {

/// The plugin itself writes this one.
constexpr std::string_view plugins_hub_topic = "broker";
constexpr std::array<std::string_view, 3> hub_topics_for_all = {"state", "info", "health"};

bool is_hub_topic_for_all(std::string_view leaf) {
  for (const std::string_view topic : hub_topics_for_all) {
    if (topic == leaf) return true;
  }
  return false;
}

bool is_response(std::string_view rest) { return rest == "response" || rest.starts_with("response/"); }

bool may_be_retained(const Topic& topic) {
  return (topic.first == "devices" && topic.rest == "status") || topic.first == "homeassistant" ||
         (topic.first == "hub" && is_hub_topic_for_all(topic.second));
}

Verdict allowed_if(bool allowed) { return allowed ? Verdict::allowed : Verdict::not_listed; }

/// A topic of the sender's own: denied as somebody else's when only the id differs.
Verdict own(const Principal& who, std::string_view id) { return id == who.id ? Verdict::allowed : Verdict::not_yours; }

bool has_service(const Principal& who, Service service) {
  return !is_one_time(who.type) || service == Service::devices;
}

// --- devices, users, admins and one-time tokens ---

Verdict client_write(const Principal& who, const Topic& topic) {
  if (topic.first == "homeassistant") {
    return allowed_if(who.type == PrincipalType::user && topic.second == "status" && topic.rest.empty());
  }
  const auto service = parse_service(topic.first);
  if (!service || !has_service(who, *service)) return Verdict::not_listed;
  const bool device_only = (*service == Service::skills && topic.rest == "result") ||
                           (*service == Service::devices && topic.rest == "status");
  if (topic.rest == "request" || (device_only && who.type == PrincipalType::device)) return own(who, topic.second);
  return Verdict::not_listed;
}

/// What is said of a device to all who have the same user.
bool is_about_a_device(const Topic& topic) {
  return topic.first == "devices" && (topic.rest == "status" || topic.rest == "skills");
}

Verdict client_status(const Principal& who, std::string_view device_id, const DeviceOwners& owners) {
  if (is_one_time(who.type)) return Verdict::not_listed;
  const std::string_view owner = owners.owner_of(device_id);
  return !owner.empty() && owner == who.user_id ? Verdict::allowed : Verdict::not_yours;
}

Verdict client_hub(std::string_view leaf) { return allowed_if(is_hub_topic_for_all(leaf)); }

/// What a service sends to `id`: replies, and calls of a device's skills.
Verdict client_inbox(const Principal& who, const Topic& topic) {
  const auto service = parse_service(topic.first);
  if (!service || !has_service(who, *service)) return Verdict::not_listed;
  const bool call = *service == Service::skills && topic.rest == "call" && who.type == PrincipalType::device;
  return is_response(topic.rest) || call ? own(who, topic.second) : Verdict::not_listed;
}

/// `homeassistant/device/<id>/config` and `/state`: of the user's own devices and, by the user's id, of the hub.
Verdict user_reads_announcement(const Principal& who, const Topic& topic, const DeviceOwners& owners) {
  const std::size_t slash = topic.rest.find('/');
  if (topic.second != "device" || slash == std::string_view::npos) return Verdict::not_listed;
  const std::string_view leaf = topic.rest.substr(slash);
  if (leaf != "/config" && leaf != "/state") return Verdict::not_listed;
  const std::string_view id = topic.rest.substr(0, slash);
  // A device of that name goes before the user of that name.
  return owners.owner_of(id).empty() ? own(who, id) : client_status(who, id, owners);
}

Verdict client_read(const Principal& who, const Topic& topic, const DeviceOwners& owners) {
  if (topic.first == "hub") return topic.rest.empty() ? client_hub(topic.second) : Verdict::not_listed;
  if (is_about_a_device(topic)) return client_status(who, topic.second, owners);
  if (topic.first == "homeassistant" && who.type == PrincipalType::user) {
    return user_reads_announcement(who, topic, owners);
  }
  return client_inbox(who, topic);
}

Verdict client_subscribe(const Principal& who, const Topic& filter, const DeviceOwners& owners) {
  if (filter.first == "hub") {
    return filter.rest.empty() && filter.second == "+" ? Verdict::allowed : client_read(who, filter, owners);
  }
  if (is_about_a_device(filter) && filter.second == "+") {
    return allowed_if(!is_one_time(who.type));  // delivers what may be read
  }
  if (filter.first == "homeassistant") return allowed_if(who.type == PrincipalType::user && !filter.second.empty());
  return client_read(who, filter, owners);
}

// --- the bridge ---

Verdict bridge_write(const Topic& topic) {
  if (topic.first == "$CONTROL") return allowed_if(topic.second == "strawberry" && topic.rest == "v1");
  if (topic.first == "hub") {
    return allowed_if(!topic.second.empty() && topic.second != plugins_hub_topic && topic.rest.empty());
  }
  if (topic.first == "homeassistant") return allowed_if(!topic.second.empty() && topic.second != "status");
  const auto service = parse_service(topic.first);
  if (!service || !is_valid_id(topic.second)) return Verdict::not_listed;
  return allowed_if(is_response(topic.rest) || (*service == Service::skills && topic.rest == "call") ||
                    (*service == Service::devices && is_about_a_device(topic)));
}

/// Also its filters, with `+` for service and id.
Verdict bridge_read(const Topic& topic) {
  if (topic.first == "$CONTROL") return allowed_if(topic.second == "strawberry" && topic.rest == "v1/response");
  if (topic.first == "hub") return allowed_if(!topic.second.empty() && topic.second != "#" && topic.rest.empty());
  if (topic.first == "homeassistant") return allowed_if(topic.second == "status" && topic.rest.empty());
  const auto service = parse_service(topic.first);
  if ((!service && topic.first != "+") || (topic.second != "+" && !is_valid_id(topic.second))) {
    return Verdict::not_listed;
  }
  return allowed_if(topic.rest == "request" || (service == Service::skills && topic.rest == "result") ||
                    (service == Service::devices && topic.rest == "status"));
}

// --- everybody ---

Verdict check_filter(const Principal& who, const Topic& filter, const DeviceOwners& owners) {
  switch (who.type) {
    case PrincipalType::admin: return allowed_if(filter.first != "$CONTROL");
    case PrincipalType::bridge: return bridge_read(filter);
    case PrincipalType::device:
    case PrincipalType::user:
    case PrincipalType::enroll:
    case PrincipalType::grant: return client_subscribe(who, filter, owners);
  }
  return Verdict::not_listed;
}

Verdict check_subscription(const Principal& who, const Topic& filter, const DeviceOwners& owners) {
  if (filter.first != "$share" || filter.second.empty()) return check_filter(who, filter, owners);
  if (who.type != PrincipalType::bridge && who.type != PrincipalType::admin) return Verdict::shared_subscription;
  const bool group_has_wildcard = filter.second.find_first_of("+#") != std::string_view::npos;
  if (group_has_wildcard || filter.rest.empty() || filter.rest.starts_with("$share/")) return Verdict::not_canonical;
  return check_filter(who, read_topic(filter.rest), owners);
}

Verdict check_read(const Principal& who, const Topic& topic, const DeviceOwners& owners) {
  if (who.type == PrincipalType::admin) return allowed_if(topic.first != "$CONTROL");
  return who.type == PrincipalType::bridge ? bridge_read(topic) : client_read(who, topic, owners);
}

Verdict check_write(const Principal& who, const Topic& topic, bool retain) {
  const Verdict verdict = who.type == PrincipalType::bridge ? bridge_write(topic) : client_write(who, topic);
  if (verdict == Verdict::allowed && retain && !may_be_retained(topic)) return Verdict::retained;
  return verdict;
}

}  // namespace

std::string_view to_string(Access access) {
  switch (access) {
    case Access::read: return "read";
    case Access::write: return "publish";
    case Access::will: return "will";
    case Access::subscribe: return "subscribe";
  }
  return "unknown";
}

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::allowed: return "allowed";
    case Verdict::not_canonical: return "not_canonical";
    case Verdict::not_listed: return "not_listed";
    case Verdict::not_yours: return "not_yours";
    case Verdict::retained: return "retained";
    case Verdict::will_is_no_request: return "will_is_no_request";
    case Verdict::shared_subscription: return "shared_subscription";
    case Verdict::too_large: return "too_large";
    case Verdict::too_many_filters: return "too_many_filters";
  }
  return "unknown";
}

Verdict check_topic(const Principal& who, Access access, const Topic& topic, bool retain, const DeviceOwners& owners) {
  if (!topic.is_canonical) return Verdict::not_canonical;
  if (access == Access::subscribe) return check_subscription(who, topic, owners);
  if (topic.has_wildcard) return Verdict::not_canonical;
  const bool asks = topic.text == control_topic || (topic.carries_sender && topic.text != home_assistant_status_topic);
  if (access == Access::will && asks) return Verdict::will_is_no_request;
  return access == Access::read ? check_read(who, topic, owners) : check_write(who, topic, retain);
}

}  // namespace strawberry
