/// From what was said to what is to be done: call these skills, ask that, or say this.
///
/// What was said before in the same conversation counts: the earlier sentences are understood anew, in their order, so
/// nothing is kept between two calls. A question that the rules asked is open only when the conversation holds exactly
/// their words as the answer; a call counts as made unless its answer tells a failure (wording.h).
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

/// Somebody said something and was answered.
struct Exchange {
  std::string said;
  std::string answered;  // empty: not at all
};

struct Talk {
  std::vector<Exchange> before;  // oldest first; the last exchanges_max count
  std::string said;
};

struct Decision {
  enum class Kind {
    act,      // make the calls
    ask,      // something is not clear: `words` asks
    answer,   // small talk
    nothing,  // nothing fits: `words` says so
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

/// The language of what was said, as understand() sees it.
Language language_of(const Talk& talk);

/// Whether a skill only tells something and changes nothing.
bool only_tells(const Ability& ability);

}  // namespace strawberry::bridge::rules
