// Lights whose payloads are templates (`schema: template`).
#include <algorithm>
#include <cmath>

#include "cli/spoke/discovery/components/components.h"
#include "cli/spoke/discovery/components/light.h"

namespace strawberry::cli::discovery {
namespace {

bool take_template_light_state(Entity& entity, const std::string& text) {
  return take_on_off(entity, text, "on", "off");
}

bool take_template_light_brightness(Entity& entity, const std::string& text) {
  const auto number = parse_number(text);
  if (number || text == "None") keep_brightness(entity, number);
  return number || text == "None";
}

template <std::size_t Part>
bool take_template_light_part(Entity& entity, const std::string& text) {
  const auto number = parse_number(text);
  if (!number) return text == "None";
  auto& color = entity.values["rgb_color"];
  if (!color.is_array()) color = {0, 0, 0};
  color[Part] = static_cast<int>(std::clamp(*number, 0.0, 255.0));
  return true;
}

constexpr Reading template_light_readings[] = {{"state_topic", "state_template", take_template_light_state},
                                               {"state_topic", "brightness_template", take_template_light_brightness},
                                               {"state_topic", "color_temp_template", take_light_temperature},
                                               {"state_topic", "red_template", take_template_light_part<0>},
                                               {"state_topic", "green_template", take_template_light_part<1>},
                                               {"state_topic", "blue_template", take_template_light_part<2>},
                                               {"state_topic", "effect_template", take_light_effect}};

class TemplateLight final : public Component {
 public:
  std::string_view name() const override { return "light"; }
  std::vector<std::string_view> required() const override {
    return {"command_topic", "command_on_template", "command_off_template"};
  }
  std::span<const Reading> readings() const override { return template_light_readings; }

  std::vector<Action> actions(const Entity& entity) const override {
    const Settings& settings = entity.settings;
    if (!settings.can_use("command_on_template") || !settings.can_use("command_off_template")) return {};
    LightFeatures features;
    features.brightness = settings.has("brightness_template");
    features.color_temp = settings.has("color_temp_template");
    features.color = settings.has("red_template") && settings.has("green_template") && settings.has("blue_template");
    features.transition = settings.flag("transition", true);
    features.flash = settings.flag("flash", true);
    features.effects = settings.list("effect_list");
    return light_actions(entity, features);
  }

  Result<void> act(Entity& entity, const std::string& action, const Arguments& given, Commands& out) const override {
    const Settings& settings = entity.settings;
    const LightCall call = read_light_call(given);
    const bool is_on = real_light_action(entity, action, given) == "turn_on";
    Commands::More more = {{"state", is_on}};
    if (call.transition)
      more.emplace_back("transition", number_value(*call.transition, std::trunc(*call.transition) == *call.transition));
    if (is_on) {
      if (call.brightness) more.emplace_back("brightness", whole_or_float(*call.brightness));
      if (call.kelvin) more.emplace_back("color_temp", whole_or_float(counted_temperature(entity, *call.kelvin)));
      if (call.has_color()) {
        const Rgb rgb = call.color_rgb();
        const HueSaturation hs = call.color_hs();
        more.emplace_back("red", whole_or_float(rgb[0]));
        more.emplace_back("green", whole_or_float(rgb[1]));
        more.emplace_back("blue", whole_or_float(rgb[2]));
        more.emplace_back("hue", hs.hue);
        more.emplace_back("sat", hs.saturation);
      }
      if (!call.effect.empty()) more.emplace_back("effect", call.effect);
      if (!call.flash.empty()) more.emplace_back("flash", call.flash);
    }
    auto payload = out.render(is_on ? "command_on_template" : "command_off_template", more);
    if (!payload) return tl::unexpected(payload.error());
    out.publish(settings.text("command_topic"), std::move(*payload));
    if (is_optimistic(entity) || !settings.has("state_template")) {
      if (is_on) keep_light_call(entity, call);
      if (!is_on) entity.state = "off";
    }
    return {};
  }
};

}  // namespace

const Component& template_light() {
  static const TemplateLight light;
  return light;
}

}  // namespace strawberry::cli::discovery
