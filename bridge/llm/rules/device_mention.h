/// Finds where a sentence names a device: `on the living room speaker`, `in the living room`, `kitchen light`.
/// Pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bridge/llm/rules/words.h"
#include "bridge/skills/offered_skill.h"

namespace strawberry::rules {

struct Mention {
  std::size_t begin = 0;  // words, with the preposition and article in front
  std::size_t end = 0;
  bool is_full = false;                 // the whole name
  std::vector<std::string> device_ids;  // all that the words fit
};

/// A name the way its devices are called, split into words.
struct NamedDevice {
  std::string device_id;
  std::vector<std::string> words;
};
std::vector<NamedDevice> name_devices(const std::vector<OfferingDevice>& devices);

/// The best mention within words [from, to) that leaves `taken` words alone: a whole name rather than a part, more
/// words rather than fewer, later rather than earlier. A part of a name counts only after a preposition and at the end
/// of its phrase, so that song titles keep their words.
std::optional<Mention> find_mention(const Sentence& sentence, std::size_t from, std::size_t to,
                                    const std::vector<bool>& taken, const std::vector<NamedDevice>& devices);

}  // namespace strawberry::rules
