/// Colours as lights use them: red, green and blue (0 to 255), hue (0 to 360) and saturation (0 to 100), CIE x and y.
///
/// Pure functions.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

namespace strawberry::cli::discovery {

using Rgb = std::array<double, 3>;  // whole numbers

struct HueSaturation {
  double hue = 0;
  double saturation = 0;
};

struct Chromaticity {
  double x = 0;
  double y = 0;
};

Rgb rgb_of(const HueSaturation& color);
Rgb rgb_of(const Chromaticity& color);
HueSaturation hue_saturation_of(const Rgb& color);
Chromaticity chromaticity_of(const Rgb& color);

/// Common names of colours.
struct NamedColor {
  std::string_view name;
  Rgb color;
};
std::span<const NamedColor> named_colors();
std::optional<Rgb> color_of_name(std::string_view name);

}  // namespace strawberry::cli::discovery
