/// The languages that the rules understand, and which of them a sentence is in.
///
/// Pure functions over constant tables. Bounds: those of the sentence.
#pragma once

#include <string>
#include <string_view>

#include "bridge/rules/words.h"

namespace strawberry::bridge::rules {

/// The language with more of its own words in the sentence; `otherwise` when that is a tie.
Language language_of(const Sentence& sentence, Language otherwise = Language::english);

/// One of two texts.
inline std::string in(Language language, std::string_view english, std::string_view german) {
  return std::string(language == Language::german ? german : english);
}

}  // namespace strawberry::bridge::rules
