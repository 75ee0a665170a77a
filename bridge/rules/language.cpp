#include "bridge/rules/language.h"

#include "bridge/rules/german.h"
#include "bridge/rules/lexicon.h"
#include "bridge/rules/manner.h"

namespace strawberry::bridge::rules {
namespace {

constexpr int first_word_weight = 3;  // `spiel Let It Be`: the verb counts for more than a title

bool is_english_word(const Word& word) {
  return is_empty_word(word.fold) || is_question(word.fold) || is_condition(word.fold) || is_copula(word.fold) ||
         is_particle(word.fold) || is_particle_verb(word.fold) || !actions_of(word.fold).empty() ||
         is_known_thing(canonical(word.stem));
}

}  // namespace

Language language_of(const Sentence& sentence, Language otherwise) {
  int german = 0, english = 0;
  bool is_first = true;
  for (const auto& word : sentence.words) {
    if (word.is_quoted || word.number || is_in_both_languages(word.fold)) continue;
    const int weight = is_first ? first_word_weight : 1;
    is_first = false;
    if (is_german_word(word.fold)) {
      german += weight;
    } else if (is_english_word(word)) {
      english += weight;
    }
  }
  if (german == english) return otherwise;
  return german > english ? Language::german : Language::english;
}

}  // namespace strawberry::bridge::rules
