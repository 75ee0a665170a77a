#include "bridge/rules/normal_form.h"

#include <utility>

#include "bridge/rules/german.h"
#include "bridge/rules/lexicon.h"
#include "bridge/rules/numbers.h"

namespace strawberry::bridge::rules {

Sentence normal_form(Sentence sentence, Language otherwise) {
  sentence = join_numbers(std::move(sentence));
  if (language_of(sentence, otherwise) == Language::german) sentence = from_german(std::move(sentence));
  for (std::size_t at = 0; at < sentence.words.size(); ++at) {
    Word& word = sentence.words[at];
    if (word.is_quoted) continue;
    word.stem = canonical(word.stem);
    // `how warm is it` asks for the temperature.
    const bool is_asked_for = at > 0 && sentence.words[at - 1].fold == "how" && !sentence.words[at - 1].is_quoted;
    if (const auto noun = noun_implied_by(word.fold); is_asked_for && !noun.empty()) word.stem = noun;
  }
  return sentence;
}

}  // namespace strawberry::bridge::rules
