/// Finds the verb of a request and whether it asks for a skill: `turn … on`, `dim`, `could you make the music louder`;
/// or that things alone are named, `lights off`, `volume 30`.
///
/// Pure; marks what it has understood as taken. Bounds: those of the sentence.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bridge/rules/device_mention.h"
#include "bridge/rules/fill_slots.h"

namespace strawberry::bridge::rules {

struct Verb {
  double quality = 0;              // weights.h
  std::vector<std::size_t> words;  // the verb and its particle
  bool is_literal = false;         // the function's own verb was said
  std::string implied_noun;        // what the verb is about without saying so
  std::vector<Mention> mentions;   // of a device in front of the verb
};

/// Sets `taken`, `text_from` and perhaps `arguments` of the work.
std::optional<Verb> find_verb(SlotWork& work, const std::vector<NamedDevice>& names);

}  // namespace strawberry::bridge::rules
