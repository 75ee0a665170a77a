/// German put into the words of the English lexicon, one by one and in its order: `mach das Licht in der Küche an` is
/// read as `turn the light in the kitchen on`. What was written stays as it is, so texts are taken from there.
///
/// Pure functions over constant tables. Bounds: those of the sentence; one word becomes at most three.
#pragma once

#include "bridge/rules/words.h"

namespace strawberry::bridge::rules {

/// Whether a folded word is German and not English as well.
bool is_german_word(std::string_view folded);

/// Whether it is a word of both languages.
bool is_in_both_languages(std::string_view folded);

Sentence from_german(Sentence sentence);

/// A device's name, split and folded: `kuche`, `licht` → kitchen, light. Words that are not German stay.
std::vector<std::string> name_from_german(const std::vector<std::string>& words);

}  // namespace strawberry::bridge::rules
