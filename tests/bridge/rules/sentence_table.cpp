#include "tests/bridge/rules/sentence_table.h"

#include <cstdlib>
#include <fstream>
#include <iostream>

#include "bridge/rules/wording.h"
#include "common/contract/signature.h"

namespace strawberry::test {
namespace {

using nlohmann::json;

OfferedSkill offer(const std::string& class_name, const std::string& signature, const std::string& docstring,
                   std::vector<OfferingDevice> devices) {
  OfferedSkill skill;
  skill.skill.class_name = class_name;
  skill.skill.function_name = signature.substr(0, signature.find('('));
  skill.skill.signature = signature;
  skill.skill.docstring = docstring;
  skill.devices = std::move(devices);
  return skill;
}

std::vector<OfferedSkill> table_household() {
  const OfferingDevice speaker{"s", "Living Room Speaker", "living_room_speaker", true};
  const OfferingDevice tablet{"t", "Kitchen Tablet", "kitchen_tablet", true};
  const OfferingDevice thermostat{"h", "Hallway Thermostat", "hallway_thermostat", true};
  const OfferingDevice door{"d", "Front Door", "front_door", true};
  const OfferingDevice fan{"f", "Office Fan", "office_fan", true};
  const std::vector<OfferingDevice> lights = {{"l1", "Bedroom Lamp", "bedroom_lamp", true},
                                              {"l2", "Kitchen Light", "kitchen_light", true},
                                              {"l3", "Living Room Lamp", "living_room_lamp", true}};
  const std::vector<OfferingDevice> blinds = {{"b1", "Bedroom Blinds", "bedroom_blinds", true},
                                              {"b2", "Living Room Blinds", "living_room_blinds", true}};
  return {
      offer("MusicControlSkill", "play_song(name: str, volume: int = 50) -> str", "Play a song.", {speaker}),
      offer("MusicControlSkill", "pause() -> None", "Pause the music.", {speaker}),
      offer("MusicControlSkill", "resume() -> None", "Go on with the music.", {speaker}),
      offer("MusicControlSkill", "stop() -> None", "Stop the music.", {speaker}),
      offer("MusicControlSkill", "next_track() -> None", "Skip to the next track.", {speaker}),
      offer("MusicControlSkill", "set_volume(level: int) -> None", "Set the volume, from 0 to 100.", {speaker}),
      offer("MusicControlSkill", "volume_up() -> None", "Make it louder.", {speaker}),
      offer("MusicControlSkill", "volume_down() -> None", "Make it quieter.", {speaker}),
      offer("LightSkill", "turn_on() -> None", "Turn the light on.", lights),
      offer("LightSkill", "turn_off() -> None", "Turn the light off.", lights),
      offer("LightSkill", "set_brightness(level: int) -> None", "How bright the light is, from 0 to 100.", lights),
      offer("LightSkill", "set_color(color: str) -> None", "Change the color of the light.", lights),
      offer("BlindsSkill", "open() -> None", "Open the blinds.", blinds),
      offer("BlindsSkill", "close() -> None", "Close the blinds.", blinds),
      offer("ThermostatSkill", "get_temperature() -> float", "The temperature in the hallway.", {thermostat}),
      offer("ThermostatSkill", "set_temperature(degrees: float) -> None", "Set the temperature, 5 to 30.",
            {thermostat}),
      offer("ThermostatSkill", "set_mode(mode: Literal['heat', 'cool', 'eco']) -> None", "Heat or cool.", {thermostat}),
      offer("FanSkill", "set_speed(speed: int) -> None", "How fast the fan turns, from 0 to 3.", {fan}),
      offer("LockSkill", "lock() -> None", "Lock the front door.", {door}),
      offer("LockSkill", "unlock() -> None", "Unlock the front door.", {door}),
      offer("TimerSkill", "start_timer(seconds: int, label: str = '') -> None", "Start a countdown.", {tablet}),
      offer("ShoppingListSkill", "add_items(items: list[str]) -> None", "Put things on the shopping list.", {tablet}),
      offer("WeatherSkill", "get_weather(city: str) -> str", "The weather somewhere.", {tablet}),
      offer("MessageSkill", "send_message(recipient: str, text: str) -> None", "Send somebody a message.", {tablet})};
}

std::string trimmed(std::string text) {
  const auto begin = text.find_first_not_of(' ');
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

/// The answer as the chat stores it: the question, or the result of a call that succeeded.
std::string answer_to(const rules::Decision& decision) {
  std::string text = decision.words;
  for (const auto& call : decision.calls) {
    rules::Made made;
    made.function_name = call.ability->skill->skill.function_name;
    if (call.device != nullptr) made.device = call.device->name;
    text += rules::tell(made, {{"result", nullptr}}, decision.language);
  }
  return text;
}

Verdict judge(const std::string& expected, const rules::Decision& decision, const std::string& got) {
  const bool is_act = decision.kind == rules::Decision::Kind::act;
  if (got == expected || (expected == "-" && !is_act)) return Verdict::right;
  return is_act ? Verdict::wrong : Verdict::missed;
}

}  // namespace

std::vector<TableLine> read_table(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    std::cerr << path << ": cannot be read\n";
    std::exit(1);
  }
  std::vector<TableLine> table;
  std::string text;
  for (std::size_t number = 1; std::getline(file, text); ++number) {
    if (text.empty() || text[0] == '#') continue;
    const auto bar = text.rfind(" | ");
    if (bar == std::string::npos) {
      std::cerr << path << ":" << number << ": SENTENCE | EXPECTED is wanted\n";
      std::exit(1);
    }
    TableLine line;
    line.number = number;
    line.goes_on = text[0] == '>';
    line.sentence = trimmed(text.substr(line.goes_on ? 1 : 0, bar - (line.goes_on ? 1 : 0)));
    line.expected = trimmed(text.substr(bar + 3));
    table.push_back(std::move(line));
  }
  return table;
}

const std::vector<std::string>& twists(const std::string& language) {
  static const std::vector<std::string> english = {
      "don't |",
      "do not |",
      "please don't |",
      "never |",
      "should I |?",
      "why would you |?",
      "what happens if I |",
      "did you |?",
      "I will |",
      "I could |",
      "you never |",
      "she said |",
      "she said: |",
      "|, she said",
      "remember to |",
      "remind me to |",
      "tell Bob to |",
      "if it rains, |",
      "if it rains |",
      "| if it rains",
      "| when I get home",
      "| unless it rains",
      "tomorrow |",
      "| tomorrow",
      "| in ten minutes",
      "in ten minutes |",
      "| at 7 pm",
      "at 7 pm |",
      "| later",
      "| next week",
      "every day |",
      "|, no wait",
      "|. Don't.",
      "| or not",
      "let me |",
      "how do I |",
      "I forgot to |",
      "Bob wants to |",
      "is it possible to |?",
      "don't forget to |",
  };
  static const std::vector<std::string> german = {
      "wenn es regnet, |",  "|, wenn es regnet", "| in zehn Minuten",
      "in zehn Minuten |",  "morgen |",          "| morgen",
      "er sagte: |",        "er sagte, |",       "|, sagte er",
      "|, nein doch nicht", "| um sieben Uhr",   "niemals |",
      "bitte nicht: |",     "warum |?",          "soll ich |?",
      "vergiss nicht: |",   "| oder nicht",      "| sobald es dunkel ist",
  };
  return language == "de" ? german : english;
}

std::vector<TableLine> twisted(const std::vector<TableLine>& table, const std::string& twist) {
  constexpr std::size_t commands_max = 100;
  const auto bar = twist.find('|');
  std::vector<TableLine> lines;
  for (const auto& line : table) {
    const bool is_call = line.expected.ends_with("}");
    const bool is_free = line.expected.find("send_message") != std::string::npos ||
                         line.expected.find("add_items") != std::string::npos ||
                         line.expected.find("get_") != std::string::npos;
    if (line.goes_on || !is_call || is_free || lines.size() == commands_max) continue;
    std::string sentence = line.sentence;
    while (!sentence.empty() && std::string(".!?").find(sentence.back()) != std::string::npos) sentence.pop_back();
    lines.push_back({line.number, false, twist.substr(0, bar) + sentence + twist.substr(bar + 1), "-"});
  }
  return lines;
}

std::string in_table_form(const rules::Decision& decision) {
  using Kind = rules::Decision::Kind;
  if (decision.kind == Kind::ask) return "ask";
  if (decision.kind == Kind::answer) return "answer";
  if (decision.kind == Kind::nothing) return "nothing";
  std::string text;
  for (const auto& call : decision.calls) {
    text += (text.empty() ? "" : " + ") + call.ability->skill->skill.function_name;
    if (call.device != nullptr && call.ability->skill->devices.size() > 1) text += "@" + call.device->normalized_name;
    text += " " + call.arguments.dump();
  }
  return text;
}

std::vector<Tried> try_table(const std::vector<TableLine>& table) {
  const auto skills = table_household();
  std::vector<rules::Ability> abilities;
  for (const auto& skill : skills) {
    const bool is_several = skill.devices.size() > 1;
    abilities.push_back({skill.path(), &skill, is_several ? "device" : "", is_several});
  }
  std::vector<Tried> tried;
  rules::Talk talk;
  for (const auto& line : table) {
    if (!line.goes_on) talk.before.clear();
    talk.said = line.sentence;
    const auto decision = rules::understand(talk, abilities);
    const auto got = in_table_form(decision);
    tried.push_back({line, got, decision.words, judge(line.expected, decision, got)});
    talk.before.push_back({line.sentence, answer_to(decision)});
  }
  return tried;
}

}  // namespace strawberry::test
