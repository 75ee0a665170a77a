#include "cli/spoke/discovery/device_registration.h"

#include <utility>

#include "cli/spoke/device_skills.h"
#include "cli/spoke/discovery/skill_text.h"
#include "common/text/json_text.h"

namespace strawberry::cli::discovery {

using nlohmann::json;

const Action& read_action() {
  static const Action action{"read", "read the states of %"};
  return action;
}

DeviceRegistration registration_of(const HomeDevice& device) {
  DeviceRegistration made{json::array()};
  json read = skill_of(read_action(), device_skill_class, device.info.name, device.info.area, false);
  read["signature"] = "read() -> dict";
  std::size_t bytes = to_text(read).size();
  made.skills.push_back(std::move(read));
  // The most useful skills come first, in case a registration cannot hold all.
  for (const bool are_settings : {false, true}) {
    for (const Entity* entity : device.entities) {
      if (are_settings == entity->settings.text("entity_category").empty()) continue;
      const std::string shown = entity->shown_name(device.info.name);
      for (const Action& action : entity->component->actions(*entity)) {
        json skill = skill_of(action, entity->class_name, shown, device.info.area, are_settings);
        const std::size_t more = to_text(skill).size() + 1;
        if (made.skills.size() == skills_max || bytes + more > registration_text_bytes_max) {
          ++made.left_out;
          continue;
        }
        bytes += more;
        made.skills.push_back(std::move(skill));
      }
    }
  }
  return made;
}

}  // namespace strawberry::cli::discovery
