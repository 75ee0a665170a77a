#include "cli/spoke/discovery/components/color.h"

#include <algorithm>
#include <cmath>

namespace strawberry::cli::discovery {
namespace {

constexpr std::array color_names = {NamedColor{"red", {255, 0, 0}},       NamedColor{"orange", {255, 165, 0}},
                                    NamedColor{"yellow", {255, 255, 0}},  NamedColor{"lime", {0, 255, 0}},
                                    NamedColor{"green", {0, 128, 0}},     NamedColor{"turquoise", {64, 224, 208}},
                                    NamedColor{"cyan", {0, 255, 255}},    NamedColor{"blue", {0, 0, 255}},
                                    NamedColor{"purple", {128, 0, 128}},  NamedColor{"violet", {238, 130, 238}},
                                    NamedColor{"magenta", {255, 0, 255}}, NamedColor{"pink", {255, 192, 203}},
                                    NamedColor{"white", {255, 255, 255}}, NamedColor{"gold", {255, 215, 0}},
                                    NamedColor{"coral", {255, 127, 80}},  NamedColor{"lavender", {230, 230, 250}}};

double in_places(double number, double scale) { return std::round(number * scale) / scale; }

/// Converts sRGB's gamma, in both directions.
double linear(double part) { return part > 0.04045 ? std::pow((part + 0.055) / 1.055, 2.4) : part / 12.92; }
double curved(double part) { return part <= 0.0031308 ? 12.92 * part : 1.055 * std::pow(part, 1 / 2.4) - 0.055; }

}  // namespace

Rgb rgb_of(const HueSaturation& color) {
  const double hue = std::fmod(std::max(color.hue, 0.0), 360) / 60, saturation = color.saturation / 100;
  const auto part = [&](double shift) {
    const double at = std::fmod(shift + hue, 6);
    return std::round(255 * (1 - saturation * std::max(0.0, std::min({at, 4 - at, 1.0}))));
  };
  return {part(5), part(3), part(1)};
}

HueSaturation hue_saturation_of(const Rgb& color) {
  const double most = std::max({color[0], color[1], color[2]}), least = std::min({color[0], color[1], color[2]});
  const double spread = most - least;
  if (spread == 0) return {0, 0};
  double hue = 0;
  if (most == color[0]) {
    hue = std::fmod((color[1] - color[2]) / spread + 6, 6);
  } else if (most == color[1]) {
    hue = (color[2] - color[0]) / spread + 2;
  } else {
    hue = (color[0] - color[1]) / spread + 4;
  }
  return {in_places(hue * 60, 1000), in_places(spread / most * 100, 1000)};
}

Chromaticity chromaticity_of(const Rgb& color) {
  const double r = linear(color[0] / 255), g = linear(color[1] / 255), b = linear(color[2] / 255);
  const double x = r * 0.664511 + g * 0.154324 + b * 0.162028;
  const double y = r * 0.283881 + g * 0.668433 + b * 0.047685;
  const double z = r * 0.000088 + g * 0.072310 + b * 0.986039;
  const double sum = x + y + z;
  if (sum == 0) return {0, 0};
  return {in_places(x / sum, 1000), in_places(y / sum, 1000)};
}

Rgb rgb_of(const Chromaticity& color) {
  if (color.y <= 0) return {0, 0, 0};
  const double x = color.x / color.y, z = (1 - color.x - color.y) / color.y;
  Rgb parts = {x * 1.656492 - 0.354851 - z * 0.255038, -x * 0.707196 + 1.655397 + z * 0.036152,
               x * 0.051713 - 0.121364 + z * 1.011530};
  for (double& part : parts) part = curved(std::max(part, 0.0));
  const double most = std::max({parts[0], parts[1], parts[2], 1e-9});
  for (double& part : parts) part = std::clamp(std::round(part / std::max(most, 1.0) * 255), 0.0, 255.0);
  return parts;
}

std::span<const NamedColor> named_colors() { return color_names; }

std::optional<Rgb> color_of_name(std::string_view name) {
  for (const NamedColor& each : color_names) {
    if (each.name == name) return each.color;
  }
  return std::nullopt;
}

}  // namespace strawberry::cli::discovery
