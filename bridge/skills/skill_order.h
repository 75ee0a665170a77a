/// The order of a user's skills by class, function, signature and schema, and places in it.
///
/// Pure functions.
#pragma once

#include <algorithm>
#include <string_view>
#include <tuple>

#include "bridge/skills/input_schema.h"
#include "bridge/skills/skill_registry.h"

namespace strawberry::bridge {

inline auto order_of(const SkillText& text) {
  return std::tuple(text.class_name(), text.function_name(), text.signature(), text.input_schema());
}

/// Of a range in that order, the first behind a place. `text_of`: the SkillText of what an iterator gives.
template <class Iterator, class TextOf>
Iterator behind(Iterator first, Iterator last, const SkillRegistry::Place& place, const TextOf& text_of) {
  using Text = std::string_view;
  const std::tuple<Text, Text, Text> wanted(place.class_name, place.function_name, place.signature);
  const auto place_of = [&](const auto& each) {
    const SkillText& text = text_of(each);
    return std::tuple<Text, Text, Text>(text.class_name(), text.function_name(), text.signature());
  };
  first = std::partition_point(first, last, [&](const auto& each) { return place_of(each) < wanted; });
  // Skills that differ in their schemas alone: behind the one that was last, or behind all when it is gone.
  for (bool is_behind = false; !is_behind && first != last && place_of(*first) == wanted; ++first)
    is_behind = digest_of_schema(text_of(*first).input_schema()) == place.schema_digest;
  return first;
}

}  // namespace strawberry::bridge
