/// Does a sentence ask for this skill, and with which arguments? The heart of the rules: strict, so that words that are
/// not understood stop a call instead of being ignored.
///
/// A fit needs the verb (or what means the same) in front, courtesy aside, and every other word explained: as noun of
/// the function, class or docstring, as the device, as a value for a parameter, or as a word without meaning.
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
    missing,       // asks for it, but parameters have no value: `missing`
    which_device,  // asks for it, but not on which of `devices`
    unclear,       // asks for it, but a word or number does not fit: `doubts`
    too_many,      // asks for it on more devices than are called at once: `devices`
    other_device,  // asks for it on a device that does not offer it: `devices`
  };
  Kind kind = Kind::complete;
  const SkillView* skill = nullptr;
  nlohmann::json arguments = nlohmann::json::object();  // by parameter, without the device
  double score = 0;
  bool is_literal = false;  // the function's own verb was said
  std::vector<std::string> missing;
  std::vector<std::string> doubts;             // sentences
  std::vector<const OfferingDevice*> chosen;   // to be called, one after the other; empty: the hub chooses
  std::vector<const OfferingDevice*> devices;  // to be asked about, or told of
};

/// The devices of what was done before, for `turn it off again`.
struct Antecedent {
  std::string class_name;
  std::vector<std::string> device_ids;
};

/// What stays the same for all skills a sentence is tried on.
struct Household {
  std::vector<OfferingDevice> devices;  // the user's, whatever they offer
  std::vector<NamedDevice> names;
};

/// Words [from, to) of the sentence. `before` may be null.
std::optional<Fit> match_skill(const SkillView& skill, const Sentence& sentence, std::size_t from, std::size_t to,
                               const Household& household, const Antecedent* before);

}  // namespace strawberry::bridge::rules
