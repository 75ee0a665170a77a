/// Code that the three kinds of lights share: their actions, and the reading of calls.
///
/// Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/spoke/discovery/component.h"
#include "cli/spoke/discovery/components/color.h"

namespace strawberry::cli::discovery {

struct LightFeatures {
  bool brightness = false;
  bool color = false;
  bool color_temp = false;
  bool transition = false;
  bool flash = false;
  std::vector<std::string> effects{};
};

/// Makes `turn_on`, `turn_off` and `toggle`.
std::vector<Action> light_actions(const Entity& entity, const LightFeatures& features);

/// The request of a call of `turn_on`.
struct LightCall {
  std::optional<double> brightness;  // 0 to 255
  std::optional<Rgb> rgb;
  std::optional<HueSaturation> hs;
  std::optional<double> kelvin;
  std::string effect;
  std::optional<double> transition;
  std::string flash;  // short, long

  bool has_color() const { return rgb || hs; }
  Rgb color_rgb() const { return rgb ? *rgb : rgb_of(*hs); }
  HueSaturation color_hs() const { return hs ? *hs : hue_saturation_of(*rgb); }
};
LightCall read_light_call(const Arguments& given);

/// Replaces `toggle`, and `turn_on` with a brightness of 0, by one of the other two.
std::string real_light_action(const Entity& entity, const std::string& action, const Arguments& given);

/// Converts 0 to 255 to the light's scale: at least 1.
double scaled_brightness(double brightness, double scale);

/// The colour temperature as the light counts it: kelvin, or mireds unless `color_temp_kelvin` is true.
double counted_temperature(const Entity& entity, double kelvin);

/// States: a colour temperature, counted so; an effect.
bool take_light_temperature(Entity& entity, const std::string& text);
bool take_light_effect(Entity& entity, const std::string& text);

/// Into the values of the entity: brightness as it is and in percent; kelvin; colour.
void keep_brightness(Entity& entity, std::optional<double> brightness);
void keep_mireds(Entity& entity, std::optional<double> mireds);
void keep_kelvin(Entity& entity, std::optional<double> kelvin);
void keep_color(Entity& entity, const Rgb& color);

/// Sets the requested values as the state of a light that reports none.
void keep_light_call(Entity& entity, const LightCall& call);

}  // namespace strawberry::cli::discovery
