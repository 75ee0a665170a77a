/// What of a conversation matters for the next sentence.
///
/// Plain data. Lifetime: refers to the views and devices of one understand(). Bounds: values_known_max.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bridge/rules/match_skill.h"
#include "bridge/rules/understand.h"

namespace strawberry::bridge::rules {

inline constexpr std::size_t values_known_max = 16;

/// A skill with its arguments and devices, complete or not.
struct Intent {
  const SkillView* skill = nullptr;
  nlohmann::json arguments = nlohmann::json::object();
  std::vector<const OfferingDevice*> chosen;
};

/// What the rules asked: a parameter, or which of `devices`.
struct Question {
  Intent intent;
  std::string slot;  // empty: which device
  std::vector<const OfferingDevice*> devices{};
};

struct KnownValue {
  const Ability* ability = nullptr;
  const OfferingDevice* device = nullptr;
  double value = 0;
};

struct Context {
  Language language = Language::english;
  std::optional<Question> question;
  std::vector<Intent> last;        // what was done last
  std::vector<KnownValue> values;  // that skills were last set to, oldest first

  std::optional<Antecedent> antecedent() const;
  const KnownValue* find_value(const Ability* ability, const OfferingDevice* device) const;
  void remember(const Intent& intent);
};

/// A decision and what it would leave behind.
struct Thought {
  Decision decision;
  std::optional<Question> question;
  std::vector<Intent> intents;
};

}  // namespace strawberry::bridge::rules
