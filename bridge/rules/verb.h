/// Finds the verb of a sentence and decides whether it requests a skill: `turn … on`, `dim`, `could you make the music
/// louder`; or finds that only things are named: `lights off`, `volume 30`.
///
/// Pure; marks the words it has understood as taken. Bounds: those of the sentence.
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
  bool is_literal = false;         // the sentence has the function's own verb
  std::string implied_noun;        // the noun that the verb implies
  std::vector<Mention> mentions;   // devices named in front of the verb
};

/// Sets `taken`, `text_from` and possibly `arguments` of the work.
std::optional<Verb> find_verb(SlotWork& work, const std::vector<NamedDevice>& names);

}  // namespace strawberry::bridge::rules
