#include "bridge/llm/rules/normal_form.h"

#include "bridge/llm/rules/lexicon.h"

namespace strawberry::rules {

Sentence normal_form(Sentence sentence) {
  for (auto& word : sentence.words)
    if (!word.is_quoted) word.stem = canonical(word.stem);
  return sentence;
}

}  // namespace strawberry::rules
