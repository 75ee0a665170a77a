/// A household's tools, as the chat would offer them: what the rules are tried on.
#pragma once

#include <string>
#include <vector>

#include "bridge/llm/provider.h"
#include "common/contract/signature.h"

namespace strawberry::test {

using namespace bridge;

inline OfferingDevice device(std::string id, std::string name, std::string normalized, bool connected = true) {
  return {std::move(id), std::move(name), std::move(normalized), connected};
}

/// `path` is Class.function; a skill on several devices gets the property `device`.
inline Tool make_tool(const std::string& class_name, const std::string& signature, const std::string& docstring,
                      std::vector<OfferingDevice> devices, bool is_device_required = false) {
  const auto parsed = parse_signature(signature);
  Tool tool;
  OfferedSkill skill;
  skill.skill.class_name = class_name;
  skill.skill.function_name = parsed ? parsed->function_name : "broken";
  skill.skill.signature = signature;
  skill.skill.docstring = docstring;
  skill.devices = std::move(devices);
  tool.name = class_name + "-" + skill.skill.function_name;
  tool.description = docstring;
  if (parsed) tool.parameters = parameters_schema(*parsed);
  if (skill.devices.size() > 1) {
    tool.device_parameter = "device";
    tool.parameters["properties"]["device"] = {{"type", "string"}};
    if (is_device_required) tool.parameters["required"].push_back("device");
  }
  tool.skill = std::move(skill);
  return tool;
}

inline std::vector<Tool> household() {
  const auto speaker = device("lrs", "Living Room Speaker", "living_room_speaker");
  const auto kitchen_light = device("kl", "Kitchen Light", "kitchen_light");
  const auto bedroom_lamp = device("bl", "Bedroom Lamp", "bedroom_lamp");
  const auto thermostat = device("th", "Hallway Thermostat", "hallway_thermostat");
  const auto tablet = device("kt", "Kitchen Tablet", "kitchen_tablet");
  const auto door = device("fd", "Büro-Computer", "buro_computer");
  const std::vector lights = {kitchen_light, bedroom_lamp};
  return {
      make_tool("MusicControlSkill", "play_song(song: str, volume: int = 50) -> bool", "Play a song.", {speaker}),
      make_tool("MusicControlSkill", "pause()", "Pause playback.", {speaker}),
      make_tool("MusicControlSkill", "resume()", "Resume playback.", {speaker}),
      make_tool("MusicControlSkill", "stop() -> None", "Stop playback.", {speaker}),
      make_tool("MusicControlSkill", "next_track()", "Skip to the next track.", {speaker}),
      make_tool("MusicControlSkill", "set_volume(level: int)", "Set the volume in percent.", {speaker}),
      make_tool("MusicControlSkill", "volume_up()", "Make it louder.", {speaker}),
      make_tool("LightSkill", "turn_on()", "Turn the light on.", lights, true),
      make_tool("LightSkill", "turn_off()", "Turn the light off.", lights, true),
      make_tool("LightSkill", "set_brightness(level: int)", "How bright the light is, in percent.", lights, true),
      make_tool("LightSkill", "set_color(color: str)", "Change the color of the light.", lights, true),
      make_tool("ThermostatSkill", "get_temperature() -> float", "The temperature in the hallway.", {thermostat}),
      make_tool("ThermostatSkill", "set_temperature(degrees: float)", "Set the target temperature.", {thermostat}),
      make_tool("ThermostatSkill", "set_mode(mode: Literal['heat', 'cool', 'eco'])", "Heating or cooling.",
                {thermostat}),
      make_tool("TimerSkill", "start_timer(seconds: int, label: str = '')", "Start a countdown.", {tablet}),
      make_tool("ReminderSkill", "add_reminder(text: str)", "Remember something.", {tablet}),
      make_tool("ShoppingListSkill", "add_items(items: list[str])", "Put things on the shopping list.", {tablet}),
      make_tool("MessageSkill", "send_message(recipient: str, text: str)", "Send somebody a message.", {tablet}),
      make_tool("WeatherSkill", "get_weather(city: str)", "The weather somewhere.", {tablet}),
      make_tool("WebSearchSkill", "search(query: str)", "Search the web.", {tablet}),
      make_tool("DoorSkill", "lock_door()", "Lock the front door.", {door}),
      make_tool("DoorSkill", "unlock_door()", "Unlock the front door.", {door}),
      make_tool("CameraSkill", "take_photo(flash: bool = False)", "Take a picture.", {tablet}),
      make_tool("PowerSkill", "set_power(on: bool)", "Switch the heater.", {door}),
  };
}

}  // namespace strawberry::test
