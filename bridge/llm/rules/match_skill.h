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

#include "bridge/llm/rules/device_mention.h"
#include "bridge/llm/rules/skill_view.h"
#include "bridge/llm/rules/words.h"

namespace strawberry::rules {

struct Fit {
  enum class Kind {
    complete,      // can be called
    missing,       // asks for it, but parameters have no value: `missing`
    which_device,  // asks for it, but not on which of `devices`
    unclear,       // asks for it, but a word or number does not fit: `doubts`
    other_device,  // asks for it on a device that does not offer it: `devices`
  };
  Kind kind = Kind::complete;
  const SkillView* skill = nullptr;
  nlohmann::json arguments = nlohmann::json::object();  // by parameter, the device among them
  double score = 0;
  bool is_literal = false;  // the function's own verb was said
  std::vector<std::string> missing;
  std::vector<std::string> doubts;   // sentences
  std::vector<std::string> devices;  // names as their owner wrote them
};

/// Words [from, to) of the sentence. `all_devices` are the user's, whatever they offer.
std::optional<Fit> match_skill(const SkillView& skill, const Sentence& sentence, std::size_t from, std::size_t to,
                               const std::vector<OfferingDevice>& all_devices);

}  // namespace strawberry::rules
