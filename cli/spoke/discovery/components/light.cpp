#include "cli/spoke/discovery/components/light.h"

#include <algorithm>
#include <cmath>

namespace strawberry::cli::discovery {
namespace {

using nlohmann::json;
using Type = ActionParameter::Type;

constexpr double mireds_least = 153, mireds_most = 500;  // Home Assistant's defaults
constexpr double transition_s_max = 6553;

double kelvin_of(double mireds) { return std::floor(1'000'000 / std::max(mireds, 1.0)); }

}  // namespace

std::vector<Action> light_actions(const Entity& entity, const LightFeatures& features) {
  const Settings& settings = entity.settings;
  std::vector<ActionParameter> on;
  if (features.brightness)
    on.push_back(
        {.name = "brightness_pct", .type = Type::integer, .about = "brightness in percent", .least = 0, .most = 100});
  if (features.color) {
    std::vector<std::string> names;
    for (const NamedColor& each : named_colors()) names.emplace_back(each.name);
    on.push_back(choice("color_name", "color", std::move(names), false));
  }
  if (features.color_temp) {
    const double warmest = settings.number("min_kelvin", kelvin_of(settings.number("max_mireds", mireds_most)));
    const double coldest = settings.number("max_kelvin", kelvin_of(settings.number("min_mireds", mireds_least)));
    on.push_back({.name = "color_temp_kelvin",
                  .type = Type::integer,
                  .about = "color temperature in kelvin",
                  .least = std::min(warmest, coldest),
                  .most = std::max(warmest, coldest)});
  }
  if (features.color) {
    on.push_back({.name = "rgb_color",
                  .type = Type::integers,
                  .about = "red, green and blue",
                  .least = 0,
                  .most = 255,
                  .items = 3});
    on.push_back({.name = "hs_color",
                  .type = Type::numbers,
                  .about = "hue in degrees and saturation in percent",
                  .least = 0,
                  .most = 360,
                  .items = 2});
  }
  if (!features.effects.empty()) on.push_back(choice("effect", "effect", features.effects, false));
  const ActionParameter transition{.name = "transition",
                                   .type = Type::number,
                                   .about = "time of the change in seconds",
                                   .least = 0,
                                   .most = transition_s_max};
  std::vector<ActionParameter> off;
  if (features.transition) {
    on.push_back(transition);
    off.push_back(transition);
  }
  if (features.flash) on.push_back(choice("flash", "flash for a short or a long time", {"short", "long"}, false));
  return {{"turn_on", "turn on %", std::move(on)}, {"turn_off", "turn off %", std::move(off)}, {"toggle", "toggle %"}};
}

LightCall read_light_call(const Arguments& given) {
  LightCall call;
  if (given.has("brightness_pct")) call.brightness = std::round(given.number("brightness_pct") * 255 / 100);
  if (given.has("color_temp_kelvin")) call.kelvin = given.number("color_temp_kelvin");
  if (given.has("color_name")) call.rgb = color_of_name(given.text("color_name"));
  if (given.has("rgb_color")) {
    const auto parts = given.numbers("rgb_color");
    call.rgb = Rgb{parts[0], parts[1], parts[2]};
  }
  if (given.has("hs_color")) {
    const auto parts = given.numbers("hs_color");
    call.hs = HueSaturation{parts[0], std::min(parts[1], 100.0)};
  }
  call.effect = given.text_or_empty("effect");
  if (given.has("transition")) call.transition = given.number("transition");
  call.flash = given.text_or_empty("flash");
  return call;
}

std::string real_light_action(const Entity& entity, const std::string& action, const Arguments& given) {
  if (action == "toggle") return entity.state == "on" ? "turn_off" : "turn_on";
  const bool is_dark = action == "turn_on" && given.has("brightness_pct") && given.number("brightness_pct") == 0;
  return is_dark ? "turn_off" : action;
}

double scaled_brightness(double brightness, double scale) {
  return std::clamp(std::round(brightness / 255 * scale), 1.0, std::max(scale, 1.0));
}

double counted_temperature(const Entity& entity, double kelvin) {
  return entity.settings.flag("color_temp_kelvin", false) ? kelvin : std::round(1'000'000 / std::max(kelvin, 1.0));
}

bool take_light_temperature(Entity& entity, const std::string& text) {
  const auto number = parse_number(text);
  if (!number && text != "None") return false;
  if (entity.settings.flag("color_temp_kelvin", false)) {
    keep_kelvin(entity, number);
  } else {
    keep_mireds(entity, number);
  }
  return true;
}

bool take_light_effect(Entity& entity, const std::string& text) { return take_text(entity, "effect", text); }

void keep_brightness(Entity& entity, std::optional<double> brightness) {
  if (!brightness) {
    entity.values["brightness"] = entity.values["brightness_pct"] = nullptr;
    return;
  }
  const double value = std::clamp(std::round(*brightness), 0.0, 255.0);
  entity.values["brightness"] = static_cast<int>(value);
  entity.values["brightness_pct"] = static_cast<int>(std::round(value * 100 / 255));
}

void keep_kelvin(Entity& entity, std::optional<double> kelvin) {
  entity.values["color_temp_kelvin"] =
      kelvin ? json(static_cast<std::int64_t>(std::clamp(std::round(*kelvin), 0.0, 1e6))) : json();
}

void keep_mireds(Entity& entity, std::optional<double> mireds) {
  keep_kelvin(entity, mireds && *mireds > 0 ? std::optional(1'000'000 / *mireds) : std::nullopt);
}

void keep_color(Entity& entity, const Rgb& color) {
  json parts = json::array();
  for (const double part : color)
    parts.push_back(std::isfinite(part) ? static_cast<int>(std::clamp(std::round(part), 0.0, 255.0)) : 0);
  entity.values["rgb_color"] = std::move(parts);
}

void keep_light_call(Entity& entity, const LightCall& call) {
  entity.state = "on";
  if (call.brightness) keep_brightness(entity, call.brightness);
  if (call.kelvin) keep_kelvin(entity, call.kelvin);
  if (call.has_color()) keep_color(entity, call.color_rgb());
  if (!call.effect.empty()) entity.values["effect"] = call.effect;
}

}  // namespace strawberry::cli::discovery
