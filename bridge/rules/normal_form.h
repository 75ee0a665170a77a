/// Converts a sentence to one word for each thing, independent of synonyms and language; a number in words becomes one
/// word. The original text is kept, and text parameters are taken from it.
///
/// Pure functions. Bounds: those of the sentence.
#pragma once

#include "bridge/rules/language.h"
#include "bridge/rules/words.h"

namespace strawberry::bridge::rules {

/// `otherwise`: the language of a sentence that could be in either.
Sentence normal_form(Sentence sentence, Language otherwise = Language::english);

}  // namespace strawberry::bridge::rules
