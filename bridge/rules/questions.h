/// Formulates questions to the user, and understands the answers.
///
/// Pure functions. Bounds: names listed (wording.h), answer_words_max.
#pragma once

#include <optional>

#include "bridge/rules/context.h"

namespace strawberry::bridge::rules {

inline constexpr std::size_t answer_words_max = 12;

/// Calls the skill when the intent is complete; else asks for the first missing part.
Thought pursue(Intent intent, Language language);
Thought ask_device(Intent intent, std::vector<const OfferingDevice*> devices, Language language);
/// `why`: a sentence in front of the question.
Thought ask_slot(Intent intent, const Slot& slot, Language language, const std::string& why = {});

/// Returns nothing when the sentence does not answer the question.
std::optional<Thought> answer_question(const Question& question, const Sentence& sentence, const Household& household);

}  // namespace strawberry::bridge::rules
