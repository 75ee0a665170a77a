#include "bridge/skills/place_target.h"

#include <algorithm>
#include <utility>

#include "common/contract/device_name.h"
#include "common/text/printable.h"

namespace strawberry::bridge {
namespace {

using Words = std::vector<std::string>;

/// The words of a normalised name.
Words words_of_name(const std::string& normalized) {
  Words words;
  std::size_t from = 0;
  while (from < normalized.size()) {
    const auto to = std::min(normalized.find('_', from), normalized.size());
    if (to > from) words.push_back(normalized.substr(from, to - from));
    from = to + 1;
  }
  return words;
}

/// `CeilingLightSkill` → ceiling, light, skill.
Words words_of_class(const std::string& class_name) {
  std::string parted;
  for (std::size_t i = 0; i < class_name.size(); ++i) {
    const bool is_capital = class_name[i] >= 'A' && class_name[i] <= 'Z';
    const bool was_capital = i > 0 && class_name[i - 1] >= 'A' && class_name[i - 1] <= 'Z';
    if (is_capital && !was_capital) parted += ' ';
    parted += class_name[i];
  }
  return words_of_name(normalize_device_name(parted));
}

bool is_among(const std::string& word, const Words& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// Says only that a place follows.
bool leads_in(const std::string& word) {
  static const Words words = {"in",  "at",  "on",  "of",  "the", "my",  "our", "from", "im",     "am",    "an",
                              "auf", "der", "die", "das", "den", "dem", "des", "vom",  "meiner", "meinem"};
  return is_among(word, words);
}

/// The target without the room's words and without what leads in; nothing when the room is not in it.
std::optional<Words> without_room(const Words& target, const std::string& room) {
  const auto room_words = words_of_name(room);
  if (room_words.empty()) return std::nullopt;
  const auto found = std::search(target.begin(), target.end(), room_words.begin(), room_words.end());
  if (found == target.end()) return std::nullopt;
  Words rest(target.begin(), found);
  rest.insert(rest.end(), found + static_cast<std::ptrdiff_t>(room_words.size()), target.end());
  std::erase_if(rest, leads_in);
  return rest;
}

/// Whether each word of `rest` is of the device's names, or of the class.
bool may_be_called(const Words& rest, const std::string& normalized_name, const std::vector<std::string>& aliases,
                   const Words& class_words) {
  Words known = words_of_name(normalized_name);
  for (const auto& alias : aliases)
    for (auto& word : words_of_name(alias)) known.push_back(std::move(word));
  known.insert(known.end(), class_words.begin(), class_words.end());
  return std::all_of(rest.begin(), rest.end(), [&](const std::string& word) { return is_among(word, known); });
}

/// The longest room whose words are in the target, and what else the target says.
struct Place {
  std::string room;
  Words rest;
};
std::optional<Place> place_in(const Words& target, const std::vector<std::string>& rooms) {
  std::optional<Place> best;
  for (const auto& room : rooms) {
    auto rest = without_room(target, room);
    if (rest && (!best || room.size() > best->room.size())) best = Place{room, std::move(*rest)};
  }
  return best;
}

}  // namespace

std::optional<Reply<std::string>> choose_in_place(const PlaceQuestion& question,
                                                  const std::vector<CallCandidate>& candidates) {
  const auto place = place_in(words_of_name(normalize_device_name(question.target)), question.rooms);
  if (!place) return std::nullopt;
  const auto class_words = words_of_class(question.class_name);
  std::vector<CallCandidate> there;
  for (const auto& candidate : candidates)
    if (candidate.normalized_room == place->room &&
        may_be_called(place->rest, candidate.normalized_name, candidate.aliases, class_words))
      there.push_back(candidate);
  if (there.empty()) {
    return Reply<std::string>(error(ErrorCode::not_found, "no device offers " + printable(question.skill_path) +
                                                              " there: " + printable(question.target, 128)));
  }
  return choose_device(there, /*caller_id=*/"", question.skill_path);
}

std::vector<const OfferingDevice*> devices_in_place(const std::string& words, const std::string& class_name,
                                                    const std::vector<OfferingDevice>& devices) {
  std::vector<const OfferingDevice*> meant;
  const auto normalized = normalize_device_name(words);
  for (const auto& device : devices)
    if (device.normalized_name == normalized) return {&device};
  for (const auto& device : devices)
    if (is_among(normalized, device.aliases)) return {&device};
  std::vector<std::string> rooms;
  for (const auto& device : devices) rooms.push_back(device.normalized_room);
  const auto place = place_in(words_of_name(normalized), rooms);
  if (!place) return meant;
  const auto class_words = words_of_class(class_name);
  for (const auto& device : devices)
    if (device.normalized_room == place->room &&
        may_be_called(place->rest, device.normalized_name, device.aliases, class_words))
      meant.push_back(&device);
  const auto is_offline = [](const OfferingDevice* device) { return !device->connected; };
  if (!std::all_of(meant.begin(), meant.end(), is_offline)) std::erase_if(meant, is_offline);
  return meant;
}

}  // namespace strawberry::bridge
