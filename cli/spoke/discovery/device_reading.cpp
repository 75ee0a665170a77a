#include "cli/spoke/discovery/device_reading.h"

#include <set>

#include "cli/spoke/discovery/component.h"
#include "common/text/json_text.h"

namespace strawberry::cli::discovery {
namespace {

using nlohmann::json;

bool is_older(const Entity& entity, SteadyTime now, const char* key) {
  const double seconds = entity.settings.number(key, 0);
  if (seconds <= 0 || seconds > 1e9 || !entity.heard) return false;
  return now - *entity.heard > std::chrono::duration<double>(seconds);
}

json read_entity_state(const Entity& entity, const std::string& device_name, SteadyTime now) {
  json out = json::object();
  out["name"] = entity.name.empty() ? device_name : entity.name;
  out["kind"] = entity.component->name();
  out["state"] = entity.state;
  if (entity.component->name() == "binary_sensor" && entity.state == "on" && is_older(entity, now, "off_delay"))
    out["state"] = "off";
  for (const auto& [name, value] : entity.values.items()) {
    if (!value.is_null()) out[name] = value;
  }
  entity.component->describe(entity, out);
  if (!is_available(entity, now)) {
    out["available"] = false;
    out["state"] = nullptr;
  }
  if (!entity.problems.empty()) out["problem"] = entity.problems.front();
  return out;
}

}  // namespace

bool is_available(const Entity& entity, SteadyTime now) {
  return entity.availability.is_available() && !is_older(entity, now, "expire_after");
}

json read_device(const HomeDevice& device, SteadyTime now) {
  json all = json::object();
  std::set<const json*> seen;  // shared attributes are returned once
  std::size_t bytes = 0;
  for (const Entity* entity : device.entities) {
    json one = read_entity_state(*entity, device.info.name, now);
    if (entity->attributes && seen.insert(entity->attributes.get()).second) {
      const std::size_t size = to_text(*entity->attributes).size();
      if (bytes + size <= read_bytes_max) one["attributes"] = *entity->attributes;
      bytes += size;
    }
    bytes += to_text(one).size();
    all[entity->class_name] = std::move(one);
  }
  return all;
}

}  // namespace strawberry::cli::discovery
