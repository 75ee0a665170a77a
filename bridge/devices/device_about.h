/// What a request says of a device: its name, room, other names, capabilities and metadata, checked.
///
/// Names of devices and rooms and other names follow one rule: letters or digits that normalize_device_name()
/// keeps, at most device_name_bytes_max bytes, and not `hub`.
///
/// Pure.   Errors: `bad_request` with details.path.   Bounds: those below; the request's schema has them as well.
#pragma once

#include <string>

#include "bridge/devices/device_registry.h"
#include "bridge/pipeline/service.h"
#include "bridge/ports/device_store.h"

namespace strawberry::bridge {

inline constexpr std::size_t device_aliases_max = 8;
inline constexpr std::size_t device_capabilities_max = 32;
inline constexpr std::size_t device_metadata_bytes_max = 4096;
inline constexpr std::size_t device_metadata_depth_max = 8;

/// The name a request gives a device (`name`, which is there), or why it cannot have it.
Reply<std::string> wanted_name(const Request& request);

/// What `update` changes of `device`; `name` is as written, and may have to be numbered.
Reply<DeviceChange> wanted_change(const Request& request, const DeviceRow& device, const DeviceRegistry& devices);

/// What `list` is asked for: nothing but devices in that room, and with that capability.
struct DeviceFilter {
  std::string room;        // normalised; empty: any
  std::string capability;  // parse_wanted_capability() takes it; empty: any

  bool fits(const Device& device) const;
};
Reply<DeviceFilter> wanted_devices(const Request& request);

}  // namespace strawberry::bridge
