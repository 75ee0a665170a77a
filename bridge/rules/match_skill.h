/// Decides whether a sentence requests a skill, and with which arguments. The central part of the rules: strict, so
/// that words that are not understood prevent a call instead of being ignored.
///
/// A fit needs the verb (or a synonym) in front, apart from courtesy, and an explanation for every other word: as noun
/// of the function, class or docstring, as the device, as a value for a parameter, or as a word without meaning.
///
/// Pure, deterministic. Bounds: those of the sentence.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bridge/rules/device_mention.h"
#include "bridge/rules/skill_view.h"
#include "bridge/rules/words.h"

namespace strawberry::bridge::rules {

inline constexpr std::size_t devices_at_once_max = 8;

struct Fit {
  enum class Kind {
    complete,      // can be called
    missing,       // requests it, but parameters have no value: `missing`
    which_device,  // requests it, but the device is unclear: `devices`
    unclear,       // requests it, but a word or number does not fit: `doubts`
    too_many,      // requests it on more devices than may be called at once: `devices`
    other_device,  // requests it on a device that does not offer it: `devices`
  };
  Kind kind = Kind::complete;
  const SkillView* skill = nullptr;
  nlohmann::json arguments = nlohmann::json::object();  // by parameter, without the device
  double score = 0;
  bool is_literal = false;  // the sentence has the function's own verb
  std::vector<std::string> missing;
  std::vector<std::string> doubts;             // sentences
  std::vector<const OfferingDevice*> chosen;   // to be called, one after the other; empty: the hub chooses
  std::vector<const OfferingDevice*> devices;  // to ask about, or to name in the answer
};

/// The devices of the previous calls, for `turn it off again`.
struct Antecedent {
  std::string class_name;
  std::vector<std::string> device_ids;
};

/// Data that is the same for all skills tried on a sentence.
struct Household {
  std::vector<OfferingDevice> devices;  // all of the user's devices
  std::vector<NamedDevice> names;
};

/// Matches words [from, to) of the sentence. `before` may be null.
std::optional<Fit> match_skill(const SkillView& skill, const Sentence& sentence, std::size_t from, std::size_t to,
                               const Household& household, const Antecedent* before);

}  // namespace strawberry::bridge::rules
