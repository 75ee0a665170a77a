#include "tests/bench/skill_mix.h"

#include <array>
#include <nlohmann/json.hpp>
#include <random>
#include <string_view>

namespace strawberry::bench {
namespace {

using nlohmann::json;

constexpr std::size_t shared_classes = 500;
constexpr std::size_t functions_per_class = 5;

constexpr std::array<std::string_view, 24> verbs{"play",   "pause",    "stop",     "start",  "open",     "close",
                                                 "dim",    "brighten", "lock",     "unlock", "measure",  "report",
                                                 "water",  "record",   "announce", "heat",   "cool",     "count",
                                                 "charge", "clean",    "compare",  "rename", "schedule", "remind"};
constexpr std::array<std::string_view, 40> things{
    "song",    "album",    "radio",    "lamp",     "curtain", "window",   "door",     "garage",  "oven",    "kettle",
    "fridge",  "garden",   "camera",   "alarm",    "timer",   "note",     "calendar", "mail",    "invoice", "backup",
    "printer", "monitor",  "keyboard", "charger",  "battery", "heater",   "fan",      "filter",  "pump",    "valve",
    "sensor",  "doorbell", "speaker",  "playlist", "photo",   "document", "folder",   "network", "router",  "vacuum"};
constexpr std::array<std::string_view, 20> places{
    "kitchen", "bedroom",  "cellar",  "attic",  "office",  "hallway", "balcony",  "bathroom", "nursery", "studio",
    "lounge",  "workshop", "terrace", "pantry", "library", "laundry", "corridor", "porch",    "shed",    "guestroom"};

template <std::size_t size>
std::string pick(const std::array<std::string_view, size>& words, std::size_t number) {
  return std::string(words[number % size]);
}

std::string capital(std::string word) {
  if (!word.empty()) word[0] = static_cast<char>(word[0] - 'a' + 'A');
  return word;
}

/// Function `function` of class `number`; the class name is the same for all its functions.
bridge::SkillRow skill(std::size_t number, std::size_t function) {
  const std::string thing = pick(things, number);
  const std::string place = pick(places, number / things.size() + number);
  const std::string verb = pick(verbs, number * 7 + function * 5);
  bridge::SkillRow row;
  row.class_name = capital(place) + capital(thing) + std::to_string(number) + "Skill";
  row.function_name = verb + "_" + thing;
  row.signature =
      row.function_name + "(name: str, level: int = " + std::to_string(number % 100) + ", wait: bool = False) -> str";
  row.docstring = capital(verb) + " the " + thing + " in the " + place + ".\n\nlevel: how much, from 0 to 100.\n" +
                  "Returns what it did, in one sentence.";
  row.device_agnostic = number % 10 == 0;
  return row;
}

}  // namespace

std::vector<bridge::SkillRow> skills_of(std::size_t device, Mix mix) {
  std::vector<bridge::SkillRow> rows;
  constexpr std::size_t classes = skills_per_device / functions_per_class;
  for (std::size_t i = 0; i < classes; ++i) {
    const std::size_t number = device * classes + i;
    for (std::size_t function = 0; function < functions_per_class; ++function) {
      rows.push_back(skill(mix == Mix::shared ? number % shared_classes : shared_classes + number, function));
    }
  }
  return rows;
}

std::string register_request(const std::vector<bridge::SkillRow>& skills, const std::string& correlation_id) {
  json listed = json::array();
  for (const bridge::SkillRow& skill : skills) {
    listed.push_back({{"class_name", skill.class_name},
                      {"function_name", skill.function_name},
                      {"signature", skill.signature},
                      {"docstring", skill.docstring},
                      {"device_agnostic", skill.device_agnostic}});
  }
  return json{{"op", "register"}, {"correlation_id", correlation_id}, {"timeout_ms", 60'000}, {"skills", listed}}
      .dump();
}

std::vector<std::string> queries(std::size_t count) {
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): every run asks the same
  const auto below = [&](std::size_t end) { return static_cast<std::size_t>(random()) % end; };
  std::vector<std::string> all;
  while (all.size() < count) {
    const std::string verb = pick(verbs, below(verbs.size()));
    const std::string thing = pick(things, below(things.size()));
    const std::string place = pick(places, below(places.size()));
    switch (all.size() % 6) {
      case 0: all.push_back(verb + " " + thing); break;
      case 1: all.push_back(capital(verb) + " the " + thing + " " + place); break;
      case 2: all.push_back(place + thing + std::to_string(below(1'000))); break;
      case 3: all.push_back(thing.substr(0, 4) + " " + place.substr(1, 4)); break;
      case 4: all.push_back(verb + "_" + thing + " " + place); break;
      default: all.push_back("submarine " + std::to_string(below(100)) + "x");
    }
  }
  return all;
}

}  // namespace strawberry::bench
