/// The values of a template: JSON, and `undefined`. They print, compare and convert like Python's.
///
/// Pure functions.   Bounds: the caller limits nesting (depth_max of JSON, list_depth_max of the evaluator).
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace strawberry::cli::discovery {

/// Members keep their order, as in Python.
using Value = nlohmann::ordered_json;

/// The value of a missing name or member. It prints as an empty text.
inline Value undefined() { return Value(Value::value_t::discarded); }
inline bool is_undefined(const Value& value) { return value.is_discarded(); }

bool is_truthy(const Value& value);

/// Returns `str(value)`: 21.0, True, None, ['a', 1].
std::string to_python_text(const Value& value);
/// Returns `repr(number)`.
std::string to_python_text(double number);

/// Converts numbers and booleans; nullopt for all others.
std::optional<double> as_number(const Value& value);
/// Parses like `float(text)`; nullopt for text that is not a number, and for infinity and NaN.
std::optional<double> parse_number(std::string_view text);

/// Returns an integer if the number is whole and JSON's integers can hold it.
Value whole_or_float(double number);
/// The same, for JSON that is not a template's.
nlohmann::json json_number(double number);

bool is_equal(const Value& left, const Value& right);
/// Returns a negative number, 0 or a positive one; nullopt when the two cannot be compared.
std::optional<int> compare(const Value& left, const Value& right);

/// Like `json.dumps`, with Python's spaces when `has_spaces`.
std::string to_json_text(const Value& value, bool has_spaces);

/// Counts characters, not bytes.
std::size_t length_of_text(std::string_view text);

/// Returns a list of characters.
Value characters_of(std::string_view text);

std::string_view name_of_type(const Value& value);

}  // namespace strawberry::cli::discovery
