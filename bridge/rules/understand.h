/// Decides what to do with a sentence: call these skills, ask a question, or answer in words.
///
/// The earlier sentences of the conversation count: they are understood again, in their order, so nothing is stored
/// between two calls. A question of the rules is open only when the conversation contains exactly their words as the
/// answer; a call counts as made unless its answer reports a failure (wording.h).
///
/// Pure, deterministic. Bounds: exchanges_max, calls_max, values_known_max, suggestions_max.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bridge/rules/ability.h"
#include "bridge/rules/words.h"

namespace strawberry::bridge::rules {

inline constexpr std::size_t exchanges_max = 12;
inline constexpr std::size_t commands_max = 4;
inline constexpr std::size_t calls_max = 16;
inline constexpr std::size_t suggestions_max = 3;

/// A sentence of the user and its answer.
struct Exchange {
  std::string said;
  std::string answered;  // empty: no answer
};

struct Talk {
  std::vector<Exchange> before;  // oldest first; the last exchanges_max count
  std::string said;
};

struct Decision {
  enum class Kind {
    act,      // make the calls
    ask,      // something is unclear: `words` is a question
    answer,   // small talk
    nothing,  // no skill fits: `words` says so
  };
  struct Call {
    const Ability* ability = nullptr;
    const OfferingDevice* device = nullptr;               // null: the hub chooses
    nlohmann::json arguments = nlohmann::json::object();  // without the device
  };
  Kind kind = Kind::nothing;
  Language language = Language::english;
  std::vector<Call> calls;
  std::string words;
};

Decision understand(const Talk& talk, const std::vector<Ability>& abilities);

/// Returns the language of the last sentence, as understand() detects it.
Language language_of(const Talk& talk);

/// True for a skill that only returns information and changes nothing.
bool only_tells(const Ability& ability);

}  // namespace strawberry::bridge::rules
