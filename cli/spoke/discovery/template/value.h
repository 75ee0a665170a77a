/// The values of a template: JSON, and `undefined`. They print, compare and convert as Python's do.
///
/// Pure functions.   Bounds: nesting, by the caller (depth_max of JSON, list_depth_max of the evaluator).
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace strawberry::cli::discovery {

/// Members keep their order, as they do in Python.
using Value = nlohmann::ordered_json;

/// What a name or member that is missing stands for. It prints as nothing.
inline Value undefined() { return Value(Value::value_t::discarded); }
inline bool is_undefined(const Value& value) { return value.is_discarded(); }

bool is_truthy(const Value& value);

/// `str(value)`: 21.0, True, None, ['a', 1].
std::string to_python_text(const Value& value);
/// `repr(number)`.
std::string to_python_text(double number);

/// Numbers and booleans; nothing for all else.
std::optional<double> as_number(const Value& value);
/// As `float(text)`; nothing when it is no number, infinite or not a number.
std::optional<double> parse_number(std::string_view text);

/// Whole when it is one that JSON's integers can hold.
Value whole_or_float(double number);

bool is_equal(const Value& left, const Value& right);
/// Negative, 0, positive; nothing when the two have no order.
std::optional<int> compare(const Value& left, const Value& right);

/// `json.dumps`, with Python's spaces when `has_spaces`.
std::string to_json_text(const Value& value, bool has_spaces);

/// Characters, not bytes.
std::size_t length_of_text(std::string_view text);

/// A list of them.
Value characters_of(std::string_view text);

std::string_view name_of_type(const Value& value);

}  // namespace strawberry::cli::discovery
