/// The languages of the rules, and detecting the language of a sentence.
///
/// Pure functions over constant tables. Bounds: those of the sentence.
#pragma once

#include <string>
#include <string_view>

#include "bridge/rules/words.h"

namespace strawberry::bridge::rules {

/// Returns the language with more of its own words in the sentence; `otherwise` when that is a tie.
Language language_of(const Sentence& sentence, Language otherwise = Language::english);

/// Returns the text in that language.
inline std::string in(Language language, std::string_view english, std::string_view german) {
  return std::string(language == Language::german ? german : english);
}

}  // namespace strawberry::bridge::rules
