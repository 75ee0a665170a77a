// Entities that are only read: sensors, trackers, events.
#include "cli/spoke/discovery/components/components.h"
#include "common/contract/bounded_json.h"
#include "common/text/json_text.h"

namespace strawberry::cli::discovery {
namespace {

using nlohmann::json;

constexpr std::size_t sensor_text_bytes_max = 1024;

void describe_unit(const Entity& entity, json& out) {
  for (const auto& [key, shown] :
       {std::pair{"unit_of_measurement", "unit"}, std::pair{"device_class", "device_class"}}) {
    const std::string text = entity.settings.text(key);
    if (!text.empty()) out[shown] = text;
  }
}

bool take_sensor(Entity& entity, const std::string& text) {
  if (text.size() > sensor_text_bytes_max) return false;
  if (text == "None") return entity.state = nullptr, true;
  const bool is_number = entity.settings.has("unit_of_measurement") || entity.settings.has("state_class");
  const auto number = is_number ? parse_number(text) : std::nullopt;
  if (!number) return entity.state = text, true;
  entity.state = json_number(*number);
  return true;
}

constexpr Reading sensor_readings[] = {{"state_topic", "value_template", take_sensor}};

class Sensor final : public Component {
 public:
  std::string_view name() const override { return "sensor"; }
  std::vector<std::string_view> required() const override { return {"state_topic"}; }
  std::span<const Reading> readings() const override { return sensor_readings; }
  void describe(const Entity& entity, json& out) const override { describe_unit(entity, out); }
};

constexpr Reading binary_sensor_readings[] = {{"state_topic", "value_template", take_power}};

class BinarySensor final : public Component {
 public:
  std::string_view name() const override { return "binary_sensor"; }
  std::vector<std::string_view> required() const override { return {"state_topic"}; }
  std::span<const Reading> readings() const override { return binary_sensor_readings; }
  void describe(const Entity& entity, json& out) const override { describe_unit(entity, out); }
};

bool take_tracker(Entity& entity, const std::string& text) {
  const Settings& settings = entity.settings;
  if (text == settings.text("payload_home", "home")) {
    entity.state = "home";
  } else if (text == settings.text("payload_not_home", "not_home")) {
    entity.state = "not_home";
  } else if (text == "None" || text == settings.text("payload_reset", "None")) {
    entity.state = nullptr;
  } else {
    entity.state = text.substr(0, 255);
  }
  return true;
}

constexpr Reading tracker_readings[] = {{"state_topic", "value_template", take_tracker}};

class DeviceTracker final : public Component {
 public:
  std::string_view name() const override { return "device_tracker"; }
  std::span<const Reading> readings() const override { return tracker_readings; }
};

bool take_event(Entity& entity, const std::string& text) {
  if (text.size() > 8 * 1024 || nests_too_deep(text)) return false;
  const json told = json_from(text);
  const std::string type = text_member(told, "event_type");
  if (type.empty()) return false;
  entity.state = type;
  return true;
}

constexpr Reading event_readings[] = {{"state_topic", "value_template", take_event}};

class Event final : public Component {
 public:
  std::string_view name() const override { return "event"; }
  std::vector<std::string_view> required() const override { return {"state_topic"}; }
  std::span<const Reading> readings() const override { return event_readings; }
  void describe(const Entity& entity, json& out) const override {
    describe_unit(entity, out);
    out["event_types"] = entity.settings.list("event_types");
  }
};

}  // namespace

const Component& sensor() {
  static const Sensor one;
  return one;
}
const Component& binary_sensor() {
  static const BinarySensor one;
  return one;
}
const Component& device_tracker() {
  static const DeviceTracker one;
  return one;
}
const Component& event_component() {
  static const Event one;
  return one;
}

}  // namespace strawberry::cli::discovery
