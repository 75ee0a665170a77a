#include "cli/spoke/discovery/components/components.h"

#include <algorithm>
#include <array>

namespace strawberry::cli::discovery {

const Component* find_component(std::string_view name, const Settings& settings) {
  if (name == "light") {
    const std::string schema = settings.text("schema", "basic");
    if (schema == "json") return &json_light();
    if (schema == "template") return &template_light();
    return schema == "basic" || schema == "default" ? &default_light() : nullptr;
  }
  static const std::array<const Component*, 23> all = {&switch_component(),
                                                       &siren(),
                                                       &cover(),
                                                       &valve(),
                                                       &climate(),
                                                       &water_heater(),
                                                       &fan(),
                                                       &humidifier(),
                                                       &lock(),
                                                       &alarm_control_panel(),
                                                       &number(),
                                                       &select_component(),
                                                       &text_component(),
                                                       &button(),
                                                       &scene(),
                                                       &notify(),
                                                       &vacuum(),
                                                       &lawn_mower(),
                                                       &update_component(),
                                                       &sensor(),
                                                       &binary_sensor(),
                                                       &device_tracker(),
                                                       &event_component()};
  const auto there = std::find_if(all.begin(), all.end(), [&](const Component* each) { return each->name() == name; });
  return there == all.end() ? nullptr : *there;
}

bool is_passed_over(std::string_view component) {
  constexpr std::array<std::string_view, 5> passed = {"device_automation", "tag", "camera", "image", "infrared"};
  return std::find(passed.begin(), passed.end(), component) != passed.end();
}

}  // namespace strawberry::cli::discovery
