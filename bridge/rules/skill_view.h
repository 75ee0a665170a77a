/// A skill as the rules see it: what its function does, to what, and which parameters want filling.
///
/// Pure. Lifetime: refers to the Ability it was made from.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bridge/rules/ability.h"

namespace strawberry::bridge::rules {

/// What a number may be, as the docstring says (slot_doc.h).
struct NumberDoc {
  std::optional<double> least;
  std::optional<double> most;
  bool is_percent = false;
  bool is_temperature = false;
  std::string scale;     // fahrenheit or kelvin when it is not celsius
  int unit_seconds = 0;  // of a time
};

struct Slot {
  enum class Kind { integer, number, boolean, choice, text, list, other };
  std::string name;
  std::vector<std::string> words;  // of the name, stemmed
  Kind kind = Kind::text;
  Kind item = Kind::text;               // of a list
  std::vector<nlohmann::json> choices;  // of a choice
  bool is_required = false;
  NumberDoc number{};
};

struct SkillView {
  const Ability* ability = nullptr;
  std::string head;                       // the function's verb, stemmed; a noun when it has none
  std::vector<std::string_view> actions;  // what the verb means; empty when it is not known
  std::string particle;                   // on, off, up or down, when the function's name has one
  std::vector<std::string> nouns;         // the function's other words
  std::vector<std::string> class_words;
  std::vector<std::string> doc_words;
  std::vector<Slot> slots;

  bool is_reading = false;  // only tells something: may answer a question

  bool does(std::string_view action) const;
  bool is_about(std::string_view noun) const;  // its function, class or a parameter is called so
  bool has_text_slot() const;
  /// The one required number, when there is exactly one required parameter.
  const Slot* only_number() const;
};

/// Nothing when its signature does not parse.
std::optional<SkillView> view_skill(const Ability& ability);

}  // namespace strawberry::bridge::rules
