/// A sentence with one word for each thing, whichever of several words was used and in whichever language; numbers in
/// words are one word each. What was written stays as it is: texts are taken from there.
///
/// Pure functions. Bounds: those of the sentence.
#pragma once

#include "bridge/rules/language.h"
#include "bridge/rules/words.h"

namespace strawberry::bridge::rules {

/// `otherwise`: the language of a sentence that could be in either.
Sentence normal_form(Sentence sentence, Language otherwise = Language::english);

}  // namespace strawberry::bridge::rules
