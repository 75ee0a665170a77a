/// Corrects small typing errors: two letters exchanged (`ligth`), one left out (`kichen`), doubled (`lightt`) or
/// replaced by its neighbour on the keyboard (`kitchrn`).
///
/// Corrects only unknown words, and only when exactly one known word is near. Verbs that open or destroy are never
/// guessed.
/// Pure functions. Bounds: those of the sentence; vocabulary_max.
#pragma once

#include <set>
#include <string>

#include "bridge/rules/words.h"

namespace strawberry::bridge::rules {

inline constexpr std::size_t vocabulary_max = 4096;
using Vocabulary = std::set<std::string>;

/// Words that may be meant, besides those of the lexicon.
bool is_slip_of(std::string_view written, std::string_view meant);

/// Returns true when a word was corrected.
bool mend_typos(Sentence& sentence, const Vocabulary& vocabulary);

}  // namespace strawberry::bridge::rules
