/// Small slips of the keyboard put right: two letters exchanged (`ligth`), one left out (`kichen`), doubled (`lightt`)
/// or its neighbour on the keyboard (`kitchrn`).
///
/// Only words that nothing knows, and only towards one known word. Verbs that open or destroy are never guessed.
/// Pure functions. Bounds: those of the sentence; vocabulary_max.
#pragma once

#include <set>
#include <string>

#include "bridge/rules/words.h"

namespace strawberry::bridge::rules {

inline constexpr std::size_t vocabulary_max = 4096;
using Vocabulary = std::set<std::string>;

/// What a typist may have meant besides the words of the lexicon.
bool is_slip_of(std::string_view written, std::string_view meant);

/// True when a word was put right.
bool mend_typos(Sentence& sentence, const Vocabulary& vocabulary);

}  // namespace strawberry::bridge::rules
