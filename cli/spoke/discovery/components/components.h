/// All kinds of entities.
#pragma once

#include <string_view>

#include "cli/spoke/discovery/component.h"

namespace strawberry::cli::discovery {

/// Returns null for an unknown component. For lights, the one for the settings' `schema`.
const Component* find_component(std::string_view name, const Settings& settings);

/// True for components with nothing to call or read, which are ignored: `device_automation`, `tag`, `camera`, `image`.
bool is_passed_over(std::string_view component);

const Component& default_light();
const Component& json_light();
const Component& template_light();
const Component& switch_component();
const Component& siren();
const Component& cover();
const Component& valve();
const Component& climate();
const Component& water_heater();
const Component& fan();
const Component& humidifier();
const Component& lock();
const Component& alarm_control_panel();
const Component& number();
const Component& select_component();
const Component& text_component();
const Component& button();
const Component& scene();
const Component& notify();
const Component& vacuum();
const Component& lawn_mower();
const Component& update_component();
const Component& sensor();
const Component& binary_sensor();
const Component& device_tracker();
const Component& event_component();

}  // namespace strawberry::cli::discovery
