#include "broker-plugin/topic_policy.h"

#include <array>
#include <optional>

#include "common/contract/control.h"
#include "common/contract/topics.h"
#include "common/text/ids.h"

namespace strawberry::plugin {
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

/// The first level's, whatever follows it.
std::optional<Service> service_of(const Topic& topic) {
  return topic.service ? std::optional(topic.service->service) : parse_service(topic.first);
}

/// Whether the second level is an id that there may be.
bool has_id(const Topic& topic) { return topic.service || is_valid_id(topic.second); }

Verdict allowed_if(bool allowed) { return allowed ? Verdict::allowed : Verdict::not_listed; }

/// A topic of the sender's own: denied as somebody else's when only the id differs.
Verdict own(const Principal& who, std::string_view id) { return id == who.id ? Verdict::allowed : Verdict::not_yours; }

bool has_service(const Principal& who, Service service) {
  if (who.type == PrincipalType::grant && service == Service::users) return true;
  if (is_one_time(who.type)) return service == Service::devices;
  return who.type != PrincipalType::gateway || service == Service::users;
}

// --- scopes ---

/// Its token's scopes, within what its user's role allows.
Scopes scopes_within_role(const Client& client, const DeviceOwners& owners) {
  return client.scopes & scopes_of(owners.standing_of(client.principal.user_id).role);
}

/// What is announced of all devices names all skills, also those marked `confirm`.
bool has_scope_for_announcements(Scopes scopes) {
  return Scopes::of({Scope::devices_read, Scope::skills_read, Scope::any_skill, Scope::confirmed}).is_within(scopes);
}

/// `verdict`, unless it is a yes and `has_scope` is false.
Verdict within_scope(Verdict verdict, bool has_scope) {
  return verdict == Verdict::allowed && !has_scope ? Verdict::not_in_scope : verdict;
}

/// A user who runs the hub, with a token that may do all: sees what an admin's token does.
bool runs_the_hub(const Client& client, const DeviceOwners& owners) {
  return client.principal.type == PrincipalType::user && client.scopes.is_all() &&
         owners.standing_of(client.principal.user_id).role == Role::admin;
}

// --- devices, users, admins, the gateway and one-time tokens ---

Verdict client_write(const Client& client, const Topic& topic, const DeviceOwners& owners) {
  const Principal& who = client.principal;
  const Scopes scopes = scopes_within_role(client, owners);
  if (topic.first == "homeassistant") {
    const bool is_status = who.type == PrincipalType::user && topic.second == "status" && topic.rest.empty();
    return within_scope(allowed_if(is_status), has_scope_for_announcements(scopes));
  }
  const auto service = service_of(topic);
  if (!service || !has_service(who, *service)) return Verdict::not_listed;
  if (topic.rest == "request") return within_scope(own(who, topic.second), has_scope_for(scopes, *service));
  if (who.type != PrincipalType::device) return Verdict::not_listed;
  if (*service == Service::skills && topic.rest == "result")
    return within_scope(own(who, topic.second), scopes.has(Scope::skills_register));
  return *service == Service::devices && topic.rest == "status" ? own(who, topic.second) : Verdict::not_listed;
}

/// What is said of a device to all who have the same user.
bool is_about_a_device(const Topic& topic) {
  return topic.first == "devices" && (topic.rest == "status" || topic.rest == "skills");
}

/// Whether it hears of devices at all.
bool has_devices_to_see(const Principal& who) { return !is_one_time(who.type) && who.type != PrincipalType::gateway; }

/// Of the same user; a guest sees those of its host.
Verdict client_status(const Principal& who, std::string_view device_id, const DeviceOwners& owners) {
  if (!has_devices_to_see(who)) return Verdict::not_listed;
  const std::string_view owner = owners.owner_of(device_id);
  const std::string_view house = who.type == PrincipalType::user
                                     ? house_of(who.user_id, owners.standing_of(who.user_id))
                                     : std::string_view(who.user_id);
  return !owner.empty() && owner == house ? Verdict::allowed : Verdict::not_yours;
}

bool has_scope_for_status(Scopes scopes, std::string_view leaf) {
  return scopes.has(leaf == "skills" ? Scope::skills_read : Scope::devices_read);
}

Verdict client_hub(const Principal& who, std::string_view leaf) {
  return allowed_if(who.type == PrincipalType::gateway ? leaf == "state" : is_hub_topic_for_all(leaf));
}

/// What a service sends to `id`: replies, and calls of a device's skills.
Verdict client_inbox(const Principal& who, Scopes scopes, const Topic& topic) {
  const auto service = service_of(topic);
  if (!service || !has_service(who, *service)) return Verdict::not_listed;
  if (is_response(topic.rest)) return own(who, topic.second);
  const bool call = *service == Service::skills && topic.rest == "call" && who.type == PrincipalType::device;
  return call ? within_scope(own(who, topic.second), scopes.has(Scope::skills_register)) : Verdict::not_listed;
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

/// Nobody but the bridge hears what is asked of `users`, which may be a password, and only who asked the answers, which
/// may be tokens. What else an admin sees is everything.
Verdict admin_read(const Principal& who, const Topic& topic) {
  if (topic.first == "users") return is_response(topic.rest) ? own(who, topic.second) : Verdict::not_listed;
  return allowed_if(topic.first != "$CONTROL");
}

/// As an admin, but for the tokens that devices are given.
bool operator_reads(const Principal& who, const Topic& topic) {
  const bool may_be_token = topic.first == "devices" && is_response(topic.rest);
  return !may_be_token && admin_read(who, topic) == Verdict::allowed;
}

Verdict client_read(const Client& client, const Topic& topic, const DeviceOwners& owners) {
  const Principal& who = client.principal;
  if (topic.first == "hub" && !runs_the_hub(client, owners))
    return topic.rest.empty() ? client_hub(who, topic.second) : Verdict::not_listed;
  if (runs_the_hub(client, owners) && operator_reads(who, topic)) return Verdict::allowed;
  const Scopes scopes = scopes_within_role(client, owners);
  if (is_about_a_device(topic))
    return within_scope(client_status(who, topic.second, owners), has_scope_for_status(scopes, topic.rest));
  if (topic.first == "homeassistant" && who.type == PrincipalType::user)
    return within_scope(user_reads_announcement(who, topic, owners), has_scope_for_announcements(scopes));
  return client_inbox(who, scopes, topic);
}

/// A filter delivers what may be read.
Verdict client_subscribe(const Client& client, const Topic& filter, const DeviceOwners& owners) {
  const Principal& who = client.principal;
  if (runs_the_hub(client, owners)) return allowed_if(filter.first != "$CONTROL");
  if (filter.first == "hub") {
    const bool is_all = filter.rest.empty() && filter.second == "+" && who.type != PrincipalType::gateway;
    return is_all ? Verdict::allowed : client_read(client, filter, owners);
  }
  const Scopes scopes = scopes_within_role(client, owners);
  if (is_about_a_device(filter) && filter.second == "+")
    return within_scope(allowed_if(has_devices_to_see(who)), has_scope_for_status(scopes, filter.rest));
  if (filter.first == "homeassistant") {
    const bool is_theirs = who.type == PrincipalType::user && !filter.second.empty();
    return within_scope(allowed_if(is_theirs), has_scope_for_announcements(scopes));
  }
  return client_read(client, filter, owners);
}

// --- the bridge ---

Verdict bridge_write(const Topic& topic) {
  if (topic.first == "$CONTROL") return allowed_if(topic.second == "strawberry" && topic.rest == "v1");
  if (topic.first == "hub") {
    return allowed_if(!topic.second.empty() && topic.second != plugins_hub_topic && topic.rest.empty());
  }
  if (topic.first == "homeassistant") return allowed_if(!topic.second.empty() && topic.second != "status");
  const auto service = service_of(topic);
  if (!service || !has_id(topic)) return Verdict::not_listed;
  return allowed_if(is_response(topic.rest) || (*service == Service::skills && topic.rest == "call") ||
                    (*service == Service::devices && is_about_a_device(topic)));
}

/// Also its filters, with `+` for service and id.
Verdict bridge_read(const Topic& topic) {
  if (topic.first == "$CONTROL") return allowed_if(topic.second == "strawberry" && topic.rest == "v1/response");
  if (topic.first == "hub") return allowed_if(!topic.second.empty() && topic.second != "#" && topic.rest.empty());
  if (topic.first == "homeassistant") return allowed_if(topic.second == "status" && topic.rest.empty());
  const auto service = service_of(topic);
  if ((!service && topic.first != "+") || (topic.second != "+" && !has_id(topic))) return Verdict::not_listed;
  return allowed_if(topic.rest == "request" || (service == Service::skills && topic.rest == "result") ||
                    (service == Service::devices && topic.rest == "status"));
}

// --- everybody ---

Verdict check_filter(const Client& client, const Topic& filter, const DeviceOwners& owners) {
  switch (client.principal.type) {
    case PrincipalType::admin: return allowed_if(filter.first != "$CONTROL");
    case PrincipalType::bridge: return bridge_read(filter);
    case PrincipalType::device:
    case PrincipalType::user:
    case PrincipalType::enroll:
    case PrincipalType::gateway:
    case PrincipalType::grant: return client_subscribe(client, filter, owners);
  }
  return Verdict::not_listed;
}

Verdict check_subscription(const Client& client, const Topic& filter, const DeviceOwners& owners) {
  if (filter.first != "$share") return check_filter(client, filter, owners);
  const Principal& who = client.principal;
  if (filter.second.empty()) return who.type == PrincipalType::admin ? Verdict::allowed : Verdict::not_listed;
  if (who.type != PrincipalType::bridge && who.type != PrincipalType::admin) return Verdict::shared_subscription;
  const bool group_has_wildcard = filter.second.find_first_of("+#") != std::string_view::npos;
  if (group_has_wildcard || filter.rest.empty() || filter.rest.starts_with("$share/")) return Verdict::not_canonical;
  return check_filter(client, read_topic(filter.rest), owners);
}

Verdict check_read(const Client& client, const Topic& topic, const DeviceOwners& owners) {
  if (client.principal.type == PrincipalType::admin) return admin_read(client.principal, topic);
  return client.principal.type == PrincipalType::bridge ? bridge_read(topic) : client_read(client, topic, owners);
}

Verdict check_write(const Client& client, const Topic& topic, bool retain, const DeviceOwners& owners) {
  const bool is_bridge = client.principal.type == PrincipalType::bridge;
  const Verdict verdict = is_bridge ? bridge_write(topic) : client_write(client, topic, owners);
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
    case Verdict::not_in_scope: return "not_in_scope";
    case Verdict::retained: return "retained";
    case Verdict::will_is_no_request: return "will_is_no_request";
    case Verdict::shared_subscription: return "shared_subscription";
    case Verdict::too_large: return "too_large";
    case Verdict::too_many_filters: return "too_many_filters";
  }
  return "unknown";
}

Verdict check_topic(const Client& client, Access access, const Topic& topic, bool retain, const DeviceOwners& owners) {
  if (!topic.is_canonical) return Verdict::not_canonical;
  if (access == Access::subscribe) return check_subscription(client, topic, owners);
  if (topic.has_wildcard) return Verdict::not_canonical;
  const bool asks = topic.text == control_topic || (topic.carries_sender && topic.text != home_assistant_status_topic);
  if (access == Access::will && asks) return Verdict::will_is_no_request;
  return access == Access::read ? check_read(client, topic, owners) : check_write(client, topic, retain, owners);
}

}  // namespace strawberry::plugin
