/// What people say that asks for no skill: hello, thanks, help, never mind.
///
/// Pure functions. Bounds: those of the sentence.
#pragma once

#include <optional>
#include <string>

#include "bridge/rules/words.h"

namespace strawberry::bridge::rules {

enum class SmallTalk { hello, how_are_you, thanks, bye, never_mind, help, who, agree };

/// Only when the whole sentence is small talk.
std::optional<SmallTalk> read_small_talk(const Sentence& sentence);

/// `examples`: what can be said, as text; empty when there is nothing.
std::string answer_small_talk(SmallTalk talk, const std::string& examples, Language language);

}  // namespace strawberry::bridge::rules
