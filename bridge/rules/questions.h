/// Asking back in words, and understanding the answer.
///
/// Pure functions. Bounds: names listed (wording.h), answer_words_max.
#pragma once

#include <optional>

#include "bridge/rules/context.h"

namespace strawberry::bridge::rules {

inline constexpr std::size_t answer_words_max = 12;

/// Calls what is complete; else asks for the first thing that is missing.
Thought pursue(Intent intent, Language language);
Thought ask_device(Intent intent, std::vector<const OfferingDevice*> devices, Language language);
/// `why` goes in front of the question.
Thought ask_slot(Intent intent, const Slot& slot, Language language, const std::string& why = {});

/// Nothing when the sentence is no answer to the question.
std::optional<Thought> answer_question(const Question& question, const Sentence& sentence, const Household& household);

}  // namespace strawberry::bridge::rules
