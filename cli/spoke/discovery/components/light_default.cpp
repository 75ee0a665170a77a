// Lights with a topic for each property (`schema: basic`, or none), as those of Tasmota and WLED.
#include <algorithm>
#include <cmath>

#include "cli/spoke/discovery/components/components.h"
#include "cli/spoke/discovery/components/light.h"

namespace strawberry::cli::discovery {
namespace {

/// Parses `255,0,128`: exactly `wanted` numbers.
std::optional<std::vector<double>> numbers_in(const std::string& text, std::size_t wanted) {
  std::vector<double> numbers;
  for (std::size_t at = 0; at <= text.size() && numbers.size() <= wanted;) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const auto number = parse_number(text.substr(at, end - at));
    if (!number) return std::nullopt;
    numbers.push_back(*number);
    at = end + 1;
  }
  if (numbers.size() != wanted) return std::nullopt;
  return numbers;
}

bool take_light_brightness(Entity& entity, const std::string& text) {
  const auto number = parse_number(text);
  if (!number && text != "None") return false;
  const double scale = std::max(1.0, entity.settings.number("brightness_scale", 255));
  keep_brightness(entity, number ? std::optional(*number / scale * 255) : std::nullopt);
  return true;
}

template <std::size_t Parts>
bool take_light_rgb(Entity& entity, const std::string& text) {
  const auto parts = numbers_in(text, Parts);
  if (!parts) return text == "None";
  keep_color(entity, {(*parts)[0], (*parts)[1], (*parts)[2]});
  const bool has_own_brightness = !entity.settings.text("brightness_state_topic").empty();
  if (!has_own_brightness) keep_brightness(entity, std::max({(*parts)[0], (*parts)[1], (*parts)[2]}));
  return true;
}

bool take_light_hs(Entity& entity, const std::string& text) {
  const auto parts = numbers_in(text, 2);
  if (parts) keep_color(entity, rgb_of(HueSaturation{(*parts)[0], (*parts)[1]}));
  return parts || text == "None";
}

bool take_light_xy(Entity& entity, const std::string& text) {
  const auto parts = numbers_in(text, 2);
  if (parts) keep_color(entity, rgb_of(Chromaticity{(*parts)[0], (*parts)[1]}));
  return parts || text == "None";
}

bool take_light_mode(Entity& entity, const std::string& text) { return take_text(entity, "color_mode", text); }

constexpr Reading light_readings[] = {{"state_topic", "state_value_template", take_power, "value_template"},
                                      {"brightness_state_topic", "brightness_value_template", take_light_brightness},
                                      {"color_temp_state_topic", "color_temp_value_template", take_light_temperature},
                                      {"rgb_state_topic", "rgb_value_template", take_light_rgb<3>},
                                      {"rgbw_state_topic", "rgbw_value_template", take_light_rgb<4>},
                                      {"rgbww_state_topic", "rgbww_value_template", take_light_rgb<5>},
                                      {"hs_state_topic", "hs_value_template", take_light_hs},
                                      {"xy_state_topic", "xy_value_template", take_light_xy},
                                      {"effect_state_topic", "effect_value_template", take_light_effect},
                                      {"color_mode_state_topic", "color_mode_value_template", take_light_mode}};

class DefaultLight final : public Component {
 public:
  std::string_view name() const override { return "light"; }
  std::vector<std::string_view> required() const override { return {"command_topic"}; }
  std::span<const Reading> readings() const override { return light_readings; }

  std::vector<Action> actions(const Entity& entity) const override {
    LightFeatures features;
    features.color = has_color(entity);
    features.brightness =
        can_send(entity, "brightness_command_topic", "brightness_command_template") || scales_color(entity);
    features.color_temp = can_send(entity, "color_temp_command_topic", "color_temp_command_template");
    if (can_send(entity, "effect_command_topic", "effect_command_template"))
      features.effects = entity.settings.list("effect_list");
    auto actions = light_actions(entity, features);
    if (can_send(entity, "white_command_topic"))
      actions[0].parameters.push_back({.name = "white",
                                       .type = ActionParameter::Type::integer,
                                       .about = "white light alone, this bright in percent",
                                       .least = 0,
                                       .most = 100});
    return actions;
  }

  Result<void> act(Entity& entity, const std::string& action, const Arguments& given, Commands& out) const override {
    const Settings& settings = entity.settings;
    if (real_light_action(entity, action, given) == "turn_off") {
      if (is_optimistic(entity)) entity.state = "off";
      return out.send("command_topic", "", power_word(entity, false));
    }
    LightCall call = read_light_call(given);
    const std::string type = settings.text("on_command_type", "last");
    const bool says_on = type != "brightness";
    if (!says_on && !call.brightness && !call.has_color()) {
      const auto last = entity.values.find("brightness");
      call.brightness = last != entity.values.end() && last->is_number() && *last > 0 ? last->get<double>() : 255;
    }
    const std::string on = power_word(entity, true);
    if (type == "first") {
      if (auto sent = out.send("command_topic", "", on); !sent) return sent;
    }
    if (auto sent = send_wishes(entity, call, given, out); !sent) return sent;
    if (type == "last") {
      if (auto sent = out.send("command_topic", "", on); !sent) return sent;
    }
    keep(entity, call);
    return {};
  }

 private:
  static bool has_color(const Entity& entity) {
    return can_send(entity, "rgb_command_topic", "rgb_command_template") ||
           can_send(entity, "hs_command_topic", "hs_command_template") ||
           can_send(entity, "xy_command_topic", "xy_command_template") ||
           can_send(entity, "rgbw_command_topic", "rgbw_command_template") ||
           can_send(entity, "rgbww_command_topic", "rgbww_command_template");
  }
  /// True if it has no brightness except that of its colour.
  static bool scales_color(const Entity& entity) {
    return entity.settings.text("brightness_command_topic").empty() &&
           can_send(entity, "rgb_command_topic", "rgb_command_template");
  }

  static Result<void> send_wishes(const Entity& entity, const LightCall& call, const Arguments& given, Commands& out) {
    const Settings& settings = entity.settings;
    if (call.has_color()) {
      if (auto sent = send_color(entity, call, out); !sent) return sent;
    } else if (call.brightness && scales_color(entity)) {
      LightCall same = call;
      same.rgb = known_color(entity);
      if (auto sent = send_color(entity, same, out); !sent) return sent;
    }
    if (call.brightness && can_send(entity, "brightness_command_topic")) {
      const double value = scaled_brightness(*call.brightness, settings.number("brightness_scale", 255));
      auto sent = out.send("brightness_command_topic", "brightness_command_template", whole_or_float(value));
      if (!sent) return sent;
    }
    if (call.kelvin) {
      const double value = counted_temperature(entity, *call.kelvin);
      auto sent = out.send("color_temp_command_topic", "color_temp_command_template", whole_or_float(value));
      if (!sent) return sent;
    }
    if (!call.effect.empty()) {
      if (auto sent = out.send("effect_command_topic", "effect_command_template", call.effect); !sent) return sent;
    }
    if (!given.has("white")) return {};
    const double white = std::round(given.number("white") / 100 * settings.number("white_scale", 255));
    return out.send("white_command_topic", "", whole_or_float(white));
  }

  static Rgb known_color(const Entity& entity) {
    const auto known = entity.values.find("rgb_color");
    Rgb color{255, 255, 255};
    if (known == entity.values.end() || !known->is_array() || known->size() != 3) return color;
    for (std::size_t i = 0; i < 3; ++i) color[i] = (*known)[i].get<double>();
    const double most = std::max({color[0], color[1], color[2]});
    if (most <= 0) return {255, 255, 255};
    for (double& part : color) part = std::round(part / most * 255);
    return color;
  }

  static Result<void> send_color(const Entity& entity, const LightCall& call, Commands& out) {
    Rgb rgb = call.color_rgb();
    if (can_send(entity, "hs_command_topic", "hs_command_template")) {
      const HueSaturation hs = call.color_hs();
      Commands::More more{{"hue", hs.hue}, {"sat", hs.saturation}};
      return out.send("hs_command_topic", "hs_command_template", list_text({hs.hue, hs.saturation}, false),
                      std::move(more));
    }
    if (can_send(entity, "xy_command_topic", "xy_command_template") &&
        !can_send(entity, "rgb_command_topic", "rgb_command_template")) {
      const Chromaticity xy = chromaticity_of(rgb);
      Commands::More more{{"x", xy.x}, {"y", xy.y}};
      return out.send("xy_command_topic", "xy_command_template", list_text({xy.x, xy.y}, false), std::move(more));
    }
    if (entity.settings.text("brightness_command_topic").empty() && call.brightness) {
      for (double& part : rgb) part = std::round(part * *call.brightness / 255);
    }
    Commands::More more{
        {"red", whole_or_float(rgb[0])}, {"green", whole_or_float(rgb[1])}, {"blue", whole_or_float(rgb[2])}};
    if (can_send(entity, "rgb_command_topic", "rgb_command_template"))
      return out.send("rgb_command_topic", "rgb_command_template", list_text({rgb[0], rgb[1], rgb[2]}, true),
                      std::move(more));
    if (can_send(entity, "rgbww_command_topic", "rgbww_command_template")) {
      more.emplace_back("cold_white", 0);
      more.emplace_back("warm_white", 0);
      return out.send("rgbww_command_topic", "rgbww_command_template", list_text({rgb[0], rgb[1], rgb[2], 0, 0}, true),
                      std::move(more));
    }
    more.emplace_back("white", 0);
    return out.send("rgbw_command_topic", "rgbw_command_template", list_text({rgb[0], rgb[1], rgb[2], 0}, true),
                    std::move(more));
  }

  static std::string list_text(const std::vector<double>& numbers, bool are_whole) {
    std::string text;
    for (const double number : numbers)
      text += (text.empty() ? "" : ",") + to_python_text(number_value(number, are_whole));
    return text;
  }

  /// Sets the values that no topic reports.
  static void keep(Entity& entity, const LightCall& call) {
    const bool is_told = entity.settings.flag("optimistic", false);
    const auto unreported = [&](const char* topic) { return is_told || entity.settings.text(topic).empty(); };
    if (unreported("state_topic")) entity.state = "on";
    if (call.brightness && unreported("brightness_state_topic")) keep_brightness(entity, call.brightness);
    if (call.kelvin && unreported("color_temp_state_topic")) keep_kelvin(entity, call.kelvin);
    if (call.has_color() && unreported("rgb_state_topic") && unreported("hs_state_topic") &&
        unreported("xy_state_topic"))
      keep_color(entity, call.color_rgb());
    if (!call.effect.empty() && unreported("effect_state_topic")) entity.values["effect"] = call.effect;
  }
};

}  // namespace

const Component& default_light() {
  static const DefaultLight light;
  return light;
}

}  // namespace strawberry::cli::discovery
