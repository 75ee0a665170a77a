/// Fills a skill's parameters from the remaining words of a sentence: choices, yes and no, numbers, quoted text, and
/// unused words as text. A parameter with a default that is not mentioned is left out.
///
/// Pure; works on SlotWork, which marks the words that are taken.
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
  std::vector<bool> taken;           // words that have been interpreted
  std::vector<std::size_t> texts{};  // words that are (part of) a text value; taken too
  nlohmann::json arguments = nlohmann::json::object();
  bool nouns_skipped = false;                   // nouns between the verb and the text were skipped
  std::function<bool(std::size_t)> explains{};  // returns whether the skill knows a word
  std::size_t text_from = 0;                    // where text may begin: after the verb
  std::size_t typed_fills = 0;                  // parameters filled by choice, boolean or number
  bool is_answer = false;                       // the sentence answers a question for one parameter: its unit is known
  std::vector<std::string> doubts{};            // sentences why a number was not accepted

  bool is_text(std::size_t word) const;
  /// Returns the number of words in texts that were not quoted.
  std::size_t text_words() const;
};

void fill_slots(SlotWork& work);

}  // namespace strawberry::bridge::rules
