// Lights that receive and report JSON (`schema: json`), as those of zigbee2mqtt.
#include <algorithm>
#include <cmath>

#include "cli/spoke/discovery/components/components.h"
#include "cli/spoke/discovery/components/light.h"
#include "common/contract/bounded_json.h"
#include "common/text/json_text.h"

namespace strawberry::cli::discovery {
namespace {

using nlohmann::json;

constexpr std::size_t light_json_bytes_max = 64 * 1024;

struct JsonLightModes {
  bool brightness = false, color_temp = false, hs = false, xy = false, rgb = false, rgbw = false, rgbww = false,
       white = false;
  bool has_color() const { return hs || xy || rgb || rgbw || rgbww; }
};

JsonLightModes modes_of(const Entity& entity) {
  const Settings& settings = entity.settings;
  JsonLightModes modes;
  const auto named = settings.list("supported_color_modes");
  const auto is_named = [&](const char* mode) { return std::find(named.begin(), named.end(), mode) != named.end(); };
  if (named.empty()) {
    modes.hs = settings.flag("hs", false);
    modes.xy = settings.flag("xy", false);
    modes.rgb = settings.flag("rgb", false);
    modes.color_temp = settings.flag("color_temp", false);
    modes.brightness = settings.flag("brightness", false) || modes.rgb;
    return modes;
  }
  modes.hs = is_named("hs");
  modes.xy = is_named("xy");
  modes.rgb = is_named("rgb");
  modes.rgbw = is_named("rgbw");
  modes.rgbww = is_named("rgbww");
  modes.white = is_named("white");
  modes.color_temp = is_named("color_temp");
  modes.brightness = std::any_of(named.begin(), named.end(), [](const auto& mode) { return mode != "onoff"; });
  return modes;
}

double number_in(const json& object, const char* name) {
  const auto there = object.find(name);
  return there != object.end() && there->is_number() ? there->get<double>() : -1;
}

void take_json_color(Entity& entity, const json& color) {
  const auto has = [&](const char* name) { return number_in(color, name) >= 0; };
  if (has("r") && has("g") && has("b")) {
    keep_color(entity, {number_in(color, "r"), number_in(color, "g"), number_in(color, "b")});
  } else if (has("x") && has("y")) {
    keep_color(entity, rgb_of(Chromaticity{number_in(color, "x"), number_in(color, "y")}));
  } else if (has("h") && has("s")) {
    keep_color(entity, rgb_of(HueSaturation{number_in(color, "h"), number_in(color, "s")}));
  }
}

bool take_json_light(Entity& entity, const std::string& text) {
  if (text.size() > light_json_bytes_max || nests_too_deep(text)) return false;
  const json told = json_from(text);
  if (!told.is_object()) return false;
  if (const auto state = told.find("state"); state != told.end()) {
    if (*state == "ON") entity.state = "on";
    if (*state == "OFF") entity.state = "off";
    if (state->is_null()) entity.state = nullptr;
  }
  if (const double brightness = number_in(told, "brightness"); brightness >= 0)
    keep_brightness(entity, brightness / std::max(1.0, entity.settings.number("brightness_scale", 255)) * 255);
  if (const double temperature = number_in(told, "color_temp"); temperature > 0) {
    if (entity.settings.flag("color_temp_kelvin", false)) {
      keep_kelvin(entity, temperature);
    } else {
      keep_mireds(entity, temperature);
    }
  }
  if (const auto color = told.find("color"); color != told.end() && color->is_object()) take_json_color(entity, *color);
  if (const auto mode = told.find("color_mode"); mode != told.end() && mode->is_string()) {
    entity.values["color_mode"] = *mode;
    entity.values.erase(*mode == "color_temp" ? "rgb_color" : "color_temp_kelvin");
  }
  if (const auto effect = told.find("effect"); effect != told.end() && effect->is_primitive())
    entity.values["effect"] = *effect;
  return true;
}

constexpr Reading json_light_readings[] = {{"state_topic", "", take_json_light}};

class JsonLight final : public Component {
 public:
  std::string_view name() const override { return "light"; }
  std::vector<std::string_view> required() const override { return {"command_topic"}; }
  std::span<const Reading> readings() const override { return json_light_readings; }

  std::vector<Action> actions(const Entity& entity) const override {
    const JsonLightModes modes = modes_of(entity);
    LightFeatures features;
    features.brightness = modes.brightness;
    features.color_temp = modes.color_temp;
    features.color = modes.has_color();
    features.transition = entity.settings.flag("transition", true);
    features.flash = entity.settings.flag("flash", true);
    if (entity.settings.flag("effect", false)) features.effects = entity.settings.list("effect_list");
    return light_actions(entity, features);
  }

  Result<void> act(Entity& entity, const std::string& action, const Arguments& given, Commands& out) const override {
    const LightCall call = read_light_call(given);
    const bool is_on = real_light_action(entity, action, given) == "turn_on";
    Value message = {{"state", is_on ? "ON" : "OFF"}};
    if (is_on) add_wishes(entity, call, message);
    if (call.transition)
      message["transition"] = number_value(*call.transition, std::trunc(*call.transition) == *call.transition);
    if (is_optimistic(entity)) {
      if (is_on) keep_light_call(entity, call);
      if (!is_on) entity.state = "off";
    }
    return out.send("command_topic", "", to_json_text(message, /*has_spaces=*/false));
  }

 private:
  static void add_wishes(const Entity& entity, const LightCall& call, Value& message) {
    const Settings& settings = entity.settings;
    if (call.brightness)
      message["brightness"] =
          whole_or_float(scaled_brightness(*call.brightness, settings.number("brightness_scale", 255)));
    if (call.kelvin) message["color_temp"] = whole_or_float(counted_temperature(entity, *call.kelvin));
    if (call.has_color()) message["color"] = color_in(modes_of(entity), call);
    if (!call.effect.empty()) message["effect"] = call.effect;
    if (!call.flash.empty())
      message["flash"] = whole_or_float(call.flash == "long" ? settings.number("flash_time_long", 10)
                                                             : settings.number("flash_time_short", 2));
  }

  static Value color_in(const JsonLightModes& modes, const LightCall& call) {
    if (modes.hs) {
      const HueSaturation color = call.color_hs();
      return {{"h", color.hue}, {"s", color.saturation}};
    }
    const Rgb rgb = call.color_rgb();
    if (modes.xy) {
      const Chromaticity color = chromaticity_of(rgb);
      return {{"x", color.x}, {"y", color.y}};
    }
    Value color = {{"r", whole_or_float(rgb[0])}, {"g", whole_or_float(rgb[1])}, {"b", whole_or_float(rgb[2])}};
    if (modes.rgbww && !modes.rgb) color["c"] = 0;
    if ((modes.rgbw || modes.rgbww) && !modes.rgb) color["w"] = 0;
    return color;
  }
};

}  // namespace

const Component& json_light() {
  static const JsonLight light;
  return light;
}

}  // namespace strawberry::cli::discovery
