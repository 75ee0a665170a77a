/// Finds where a sentence names devices: `on the living room speaker`, `in the living room`, `kitchen lights`, `in the
/// kitchen and the bedroom`. A room is one that devices are in, or the first part of their names. Lamp and light,
/// curtain and blind are one word, in names too; German names may be said in English and the other way round.
///
/// Pure functions. Bounds: those of the sentence; mentions_max.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bridge/rules/words.h"
#include "bridge/skills/offered_skill.h"

namespace strawberry::bridge::rules {

inline constexpr std::size_t mentions_max = 8;

struct Mention {
  std::size_t begin = 0;  // words, with the preposition and article in front
  std::size_t end = 0;
  bool is_full = false;                 // the whole name
  std::vector<std::string> device_ids;  // all that the words fit
};

/// A way to say which device: words as written, and their canonical stems.
struct NamedDevice {
  enum class Kind {
    name,           // its name or an alias
    room,           // the room alone: `in the kitchen`, `kitchen lights`; never a whole name
    name_in_place,  // `ceiling lamp in the kitchen`, `kitchen ceiling lamp`
  };
  std::string device_id;
  std::vector<std::string> words;
  std::vector<std::string> stems;
  Kind kind = Kind::name;
  bool has_room = false;  // the device has; a part of its name is no place then, when a room is called so
};
std::vector<NamedDevice> name_devices(const std::vector<OfferingDevice>& devices);

/// The best mention within words [from, to) that leaves `taken` words alone: a whole name rather than a part, more
/// words rather than fewer, later rather than earlier. A part of a name counts only after a preposition and at the end
/// of its phrase, or in front of a thing (`kitchen lights`), so that song titles keep their words.
std::optional<Mention> find_mention(const Sentence& sentence, std::size_t from, std::size_t to,
                                    const std::vector<bool>& taken, const std::vector<NamedDevice>& devices);

/// The mention and those listed with it: `in the kitchen, the bedroom and the hall`.
std::vector<Mention> find_mentions(const Sentence& sentence, std::size_t from, std::size_t to,
                                   const std::vector<bool>& taken, const std::vector<NamedDevice>& devices);

/// A mention of exactly words [from, to), where nothing but a device can be meant: a part of its name is enough.
std::optional<Mention> read_mention(const Sentence& sentence, std::size_t from, std::size_t to,
                                    const std::vector<NamedDevice>& devices);

}  // namespace strawberry::bridge::rules
