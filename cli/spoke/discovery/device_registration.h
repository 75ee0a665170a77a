/// Makes the skills of a device: `Device.read`, then the actions of its entities, settings last.
///
/// Pure.   Bounds: skills_max (device_skills.h), registration_text_bytes_max; further skills are left out.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>

#include "cli/spoke/discovery/component.h"
#include "cli/spoke/discovery/device_table.h"

namespace strawberry::cli::discovery {

inline constexpr std::size_t registration_text_bytes_max = 240 * 1024;  // a request has at most 256 KiB
inline constexpr const char* device_skill_class = "Device";

const Action& read_action();

struct DeviceRegistration {
  nlohmann::json skills;  // as in a registration
  std::size_t left_out = 0;
};
DeviceRegistration registration_of(const HomeDevice& device);

}  // namespace strawberry::cli::discovery
