/// Recognises sentences that request no skill: hello, thanks, help, never mind.
///
/// Pure functions. Bounds: those of the sentence.
#pragma once

#include <optional>
#include <string>

#include "bridge/rules/words.h"

namespace strawberry::bridge::rules {

enum class SmallTalk { hello, how_are_you, thanks, bye, never_mind, help, who, agree };

/// Returns nothing unless the whole sentence is small talk.
std::optional<SmallTalk> read_small_talk(const Sentence& sentence);

/// `examples`: sentences that would be understood, as text; empty when there are none.
std::string answer_small_talk(SmallTalk talk, const std::string& examples, Language language);

}  // namespace strawberry::bridge::rules
