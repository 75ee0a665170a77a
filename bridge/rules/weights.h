/// Every number by which the rules prefer one reading of a sentence to another.
#pragma once

#include <cstddef>

namespace strawberry::bridge::rules {

/// How well the verb fits, from 0 to 1.
struct VerbQuality {
  double own = 1.0;       // the function's own verb
  double phrase = 0.9;    // `turn … on`
  double synonym = 0.8;   // a word that asks for the same; anything less is vague and needs a noun
  double related = 0.75;  // `mute` for a volume of nothing
  double question = 0.7;  // `what is the …`, `lights off`
  double noun = 0.6;      // no verb at all: `volume 30`
};

struct Weights {
  double verb = 10;         // times its quality
  double noun = 4;          // a noun of the function that was said
  double noun_missed = -2;  // one that was not
  double class_word = 3;
  double doc_word = 1;
  double typed_value = 2;     // a number, choice or yes-no that found its parameter
  double text_word = -0.5;    // a word that is only text
  double text_words_max = 6;  // that count
  double device = 3;          // the device was named
  int doc_words_max = 3;      // that count

  double equal_within = 0.75;  // readings this close are a tie: ask
  double clearly_better = 4;   // what cannot be called wins over what can be only by this much
  double sure_in_a_row = 8;    // of each command when several are given at once
};

inline constexpr VerbQuality verb_quality{};
inline constexpr Weights weights{};

}  // namespace strawberry::bridge::rules
