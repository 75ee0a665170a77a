/// Fills a skill's parameters from the words a sentence has left: choices, yes and no, numbers, quoted text, and the
/// words nobody else wants, as text. What has a default and is not spoken of stays out.
///
/// Pure; works on SlotWork, which says which words are taken.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <vector>

#include "bridge/rules/skill_view.h"
#include "bridge/rules/words.h"

namespace strawberry::bridge::rules {

struct SlotWork {
  const Sentence& sentence;
  const SkillView& skill;
  std::size_t from;
  std::size_t to;
  std::vector<bool> taken;           // words that have found their meaning
  std::vector<std::size_t> texts{};  // words that are (part of) a text value; taken too
  nlohmann::json arguments = nlohmann::json::object();
  bool nouns_skipped = false;                   // nouns stood between the verb and the text
  std::function<bool(std::size_t)> explains{};  // whether a word is known to the skill
  std::size_t text_from = 0;                    // where text may begin: after the verb
  std::size_t typed_fills = 0;                  // parameters filled by choice, boolean or number
  bool is_answer = false;                       // to a question for one parameter: its unit is known
  std::vector<std::string> doubts{};            // why a number was not taken, as sentences

  bool is_text(std::size_t word) const;
  /// Words of text that were not quoted.
  std::size_t text_words() const;
};

void fill_slots(SlotWork& work);

}  // namespace strawberry::bridge::rules
