#include "common/contract/schemas/quick_check.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

namespace strawberry {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 6> annotations = {"$schema",     "$id",     "title",
                                                         "description", "default", "examples"};

template <class Range, class Value>
bool contains(const Range& range, const Value& value) {
  return std::find(range.begin(), range.end(), value) != range.end();
}

/// Returns the schema's name for the value's type. Empty for a fraction, which may be an integer all the same (1.0).
std::string_view type_of(const json& value) {
  if (value.is_number()) return value.is_number_integer() ? "integer" : "";
  return value.type_name();
}

bool is_same(const json& a, const json& b) { return a.is_number_float() == b.is_number_float() && a == b; }

std::optional<std::int64_t> integer(const json& value) {
  if (!value.is_number_integer()) return std::nullopt;
  const bool is_too_large =
      value.is_number_unsigned() && value.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max();
  return is_too_large ? std::nullopt : std::optional(value.get<std::int64_t>());
}

}  // namespace

QuickCheck QuickCheck::of_schema(const json& schema) {
  QuickCheck check;
  check.is_understood_ = schema.is_object();
  if (!check.is_understood_) return check;
  for (const auto& [keyword, value] : schema.items()) check.take_keyword(keyword, value);
  return check;
}

void QuickCheck::take_keyword(const std::string& keyword, const json& value) {
  const auto take_number = [&](auto& into) {
    const auto number = integer(value);
    is_understood_ = is_understood_ && number;
    if (number) into = *number;
  };
  if (contains(annotations, keyword)) return;
  if (keyword == "type") {
    if (value.is_string()) types_ = {value.get<std::string>()};
    if (value.is_array()) types_ = value.get<std::vector<std::string>>();
  } else if (keyword == "const") {
    values_ = {value};
  } else if (keyword == "enum") {
    values_ = value.get<std::vector<json>>();
  } else if (keyword == "minLength") {
    take_number(characters_min_);
  } else if (keyword == "maxLength") {
    take_number(characters_max_);
  } else if (keyword == "minimum") {
    take_number(minimum_);
  } else if (keyword == "maximum") {
    take_number(maximum_);
  } else if (keyword == "minItems") {
    take_number(items_min_);
  } else if (keyword == "maxItems") {
    take_number(items_max_);
  } else if (keyword == "maxProperties") {
    take_number(members_max_);
  } else if (keyword == "items") {
    items_ = std::make_unique<QuickCheck>(of_schema(value));
  } else if (keyword == "required") {
    required_ = value.get<std::vector<std::string>>();
  } else if (keyword == "properties") {
    for (const auto& [name, schema] : value.items()) members_.emplace(name, of_schema(schema));
  } else if (keyword == "additionalProperties" && value.is_boolean()) {
    takes_others_ = value.get<bool>();
  } else {
    is_understood_ = false;
  }
}

bool QuickCheck::accepts(const json& value) const {
  if (!is_understood_ || !accepts_type(value)) return false;
  if (!values_.empty() &&
      std::none_of(values_.begin(), values_.end(), [&](const json& known) { return is_same(known, value); })) {
    return false;
  }
  switch (value.type()) {
    case json::value_t::string: return accepts_text(value.get_ref<const std::string&>());
    case json::value_t::object: return accepts_object(value.get_ref<const json::object_t&>());
    case json::value_t::array: return accepts_array(value.get_ref<const json::array_t&>());
    case json::value_t::number_integer:
    case json::value_t::number_unsigned: {
      const auto number = integer(value);
      return number && accepts_integer(*number);
    }
    case json::value_t::number_float: return !minimum_ && !maximum_;
    default: return true;
  }
}

bool QuickCheck::accepts_type(const json& value) const {
  if (types_.empty()) return true;
  const auto type = type_of(value);
  return contains(types_, type) || (value.is_number() && contains(types_, "number"));
}

/// Compares the number of bytes; a character has one to four. Does not accept U+0000, at which the validator stops
/// counting.
bool QuickCheck::accepts_text(const std::string& text) const {
  const bool is_long_enough = static_cast<std::int64_t>((text.size() + 3) / 4) >= characters_min_;
  const bool is_short_enough = !characters_max_ || static_cast<std::int64_t>(text.size()) <= *characters_max_;
  return is_long_enough && is_short_enough && text.find('\0') == std::string::npos;
}

bool QuickCheck::accepts_integer(std::int64_t value) const {
  return (!minimum_ || value >= *minimum_) && (!maximum_ || value <= *maximum_);
}

bool QuickCheck::accepts_object(const json::object_t& object) const {
  if (members_max_ && static_cast<std::int64_t>(object.size()) > *members_max_) return false;
  if (!std::all_of(required_.begin(), required_.end(), [&](const auto& name) { return object.contains(name); })) {
    return false;
  }
  return std::all_of(object.begin(), object.end(), [&](const auto& member) {
    const auto known = members_.find(member.first);
    return known == members_.end() ? takes_others_ : known->second.accepts(member.second);
  });
}

bool QuickCheck::accepts_array(const json::array_t& array) const {
  const auto items = static_cast<std::int64_t>(array.size());
  if (items < items_min_ || (items_max_ && items > *items_max_)) return false;
  return !items_ || std::all_of(array.begin(), array.end(), [&](const json& item) { return items_->accepts(item); });
}

}  // namespace strawberry
