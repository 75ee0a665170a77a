/// The rules' view of a skill: its action, its objects, and its parameters.
///
/// Pure. Lifetime: refers to the Ability it was made from.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bridge/rules/ability.h"

namespace strawberry::bridge::rules {

/// The valid values of a number, from the docstring (slot_doc.h).
struct NumberDoc {
  std::optional<double> least;
  std::optional<double> most;
  bool is_percent = false;
  bool is_temperature = false;
  std::string scale;     // fahrenheit or kelvin; empty: celsius
  int unit_seconds = 0;  // for a duration
};

struct Slot {
  enum class Kind { integer, number, boolean, choice, text, list, other };
  std::string name;
  std::vector<std::string> words;  // of the parameter's name, stemmed
  Kind kind = Kind::text;
  Kind item = Kind::text;               // for a list
  std::vector<nlohmann::json> choices;  // for a choice
  bool is_required = false;
  NumberDoc number{};
};

struct SkillView {
  const Ability* ability = nullptr;
  std::string head;                       // the function's verb, stemmed; a noun when it has none
  std::vector<std::string_view> actions;  // meanings of the verb; empty: unknown
  std::string particle;                   // on, off, up or down, if the function's name has one
  std::vector<std::string> nouns;         // the function's other words
  std::vector<std::string> class_words;
  std::vector<std::string> doc_words;
  std::vector<Slot> slots;

  bool is_reading = false;  // only returns information: may answer a question

  bool does(std::string_view action) const;
  bool is_about(std::string_view noun) const;  // the function, class or a parameter has this name
  bool has_text_slot() const;
  /// Returns the one required number, when there is exactly one required parameter.
  const Slot* only_number() const;
};

/// Returns nothing when its signature cannot be parsed.
std::optional<SkillView> view_skill(const Ability& ability);

}  // namespace strawberry::bridge::rules
