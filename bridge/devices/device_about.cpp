#include "bridge/devices/device_about.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/contract/capability.h"
#include "common/contract/device_name.h"
#include "common/text/json_depth.h"
#include "common/text/json_text.h"
#include "common/text/printable.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

tl::unexpected<Error> wrong(std::string message, std::string path) {
  return error(ErrorCode::bad_request, std::move(message), {{"path", std::move(path)}});
}

bool is_name(const std::string& name) {
  const auto normalized = normalize_device_name(name);
  return !normalized.empty() && normalized != "hub" && name.size() <= device_name_bytes_max;
}

std::string rule_of(const char* what) {
  return std::string(what) + " has letters or digits, is not 'hub' and has at most " +
         std::to_string(device_name_bytes_max) + " bytes";
}

/// Absent or null: none.
Reply<std::string> read_room(const json& room) {
  if (!room.is_string() || room.get_ref<const std::string&>().empty()) return std::string();
  auto name = room.get<std::string>();
  if (!is_name(name)) return wrong(rule_of("the name of a room"), "/room");
  return name;
}

Reply<std::vector<std::string>> read_aliases(const json& listed, const DeviceRow& device,
                                             const DeviceRegistry& devices) {
  std::vector<std::string> aliases;
  std::set<std::string> seen;
  if (listed.size() > device_aliases_max)
    return wrong("a device has at most " + std::to_string(device_aliases_max) + " aliases", "/aliases");
  for (const auto& alias : listed) {
    const auto path = "/aliases/" + std::to_string(seen.size());
    auto name = alias.get<std::string>();
    if (!is_name(name)) return wrong(rule_of("an alias"), path);
    const auto normalized = normalize_device_name(name);
    if (!seen.insert(normalized).second) return wrong("this alias is there twice: " + printable(name, 64), path);
    const Device* other = devices.named(device.user_id, normalized);
    if (other != nullptr && other->row.device_id != device.device_id)
      return wrong("another device is called " + printable(name, 64) + ": " + printable(other->row.name, 64), path);
    aliases.push_back(std::move(name));
  }
  return aliases;
}

Reply<std::vector<std::string>> read_capabilities(const json& listed) {
  std::vector<std::string> capabilities;
  if (listed.size() > device_capabilities_max)
    return wrong("a device has at most " + std::to_string(device_capabilities_max) + " capabilities", "/capabilities");
  for (const auto& each : listed) {
    const auto path = "/capabilities/" + std::to_string(capabilities.size());
    auto capability = each.get<std::string>();
    if (!parse_capability(capability))
      return wrong("not a capability: " + printable(capability, 64) + " (write motor.differential:v1.0)", path);
    if (std::find(capabilities.begin(), capabilities.end(), capability) != capabilities.end())
      return wrong("this capability is there twice: " + printable(capability, 64), path);
    capabilities.push_back(std::move(capability));
  }
  return capabilities;
}

Reply<std::string> read_metadata(const json& metadata) {
  auto text = to_text(metadata);
  if (text.size() > device_metadata_bytes_max)
    return wrong("metadata has at most " + std::to_string(device_metadata_bytes_max) + " bytes", "/metadata");
  if (json_nests_deeper_than(text, device_metadata_depth_max))
    return wrong("metadata has at most " + std::to_string(device_metadata_depth_max) + " levels", "/metadata");
  return text;
}

/// Stores what was read, or says why it cannot be.
template <class T>
std::optional<Error> put(Reply<T> read, std::optional<T>& member) {
  if (!read) return std::move(read.error());
  member = std::move(*read);
  return std::nullopt;
}

}  // namespace

Reply<std::string> wanted_name(const Request& request) {
  auto name = request.body.at("name").get<std::string>();
  if (!is_name(name)) return wrong(rule_of("a device name"), "/name");
  return name;
}

Reply<DeviceChange> wanted_change(const Request& request, const DeviceRow& device, const DeviceRegistry& devices) {
  DeviceChange change;
  const json& body = request.body;
  std::optional<Error> problem;
  if (body.contains("name")) problem = put(wanted_name(request), change.name);
  if (!problem && body.contains("room")) problem = put(read_room(body.at("room")), change.room);
  if (!problem && body.contains("aliases"))
    problem = put(read_aliases(body.at("aliases"), device, devices), change.aliases);
  if (!problem && body.contains("capabilities"))
    problem = put(read_capabilities(body.at("capabilities")), change.capabilities);
  if (!problem && body.contains("metadata")) problem = put(read_metadata(body.at("metadata")), change.metadata);
  if (problem) return tl::unexpected<Error>(std::move(*problem));
  const bool says_something = change.name || change.room || change.aliases || change.capabilities || change.metadata;
  if (!says_something)
    return error(ErrorCode::bad_request, "nothing to change (give name, room, aliases, capabilities or metadata)");
  return change;
}

bool DeviceFilter::fits(const Device& device) const {
  if (!room.empty() && device.normalized_room != room) return false;
  if (capability.empty()) return true;
  const auto wanted = parse_wanted_capability(capability);
  return wanted && has_capability(device.row.about.capabilities, *wanted);
}

Reply<DeviceFilter> wanted_devices(const Request& request) {
  DeviceFilter filter;
  if (const auto room = request.body.value("room", std::string()); !room.empty()) {
    filter.room = normalize_device_name(room);
    if (filter.room.empty()) return wrong("the name of a room has letters or digits", "/room");
  }
  filter.capability = request.body.value("capability", std::string());
  if (!filter.capability.empty() && !parse_wanted_capability(filter.capability))
    return wrong("not a capability: " + printable(filter.capability, 64) +
                     " (write motor.differential, with :v1 or :v1.0 behind it for a version)",
                 "/capability");
  return filter;
}

}  // namespace strawberry::bridge
