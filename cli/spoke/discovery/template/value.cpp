#include "cli/spoke/discovery/template/value.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "common/text/json_text.h"

namespace strawberry::cli::discovery {
namespace {

constexpr double whole_double_max = 9.2e18;

/// Quotes a string as Python does in a list.
std::string quoted_as_python(std::string_view text) {
  const char quote = text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos ? '"' : '\'';
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else {
      out += c;
    }
  }
  return out + quote;
}

std::string python_repr(const Value& value) {
  if (value.is_string()) return quoted_as_python(value.get_ref<const std::string&>());
  return to_python_text(value);
}

void append_with_spaces(std::string& out, const Value& value) {
  if (value.is_array()) {
    out += '[';
    bool is_first = true;
    for (const Value& each : value) {
      if (!std::exchange(is_first, false)) out += ", ";
      append_with_spaces(out, each);
    }
    out += ']';
  } else if (value.is_object()) {
    out += '{';
    bool is_first = true;
    for (const auto& [name, member] : value.items()) {
      if (!std::exchange(is_first, false)) out += ", ";
      out += to_text(Value(name)) + ": ";
      append_with_spaces(out, member);
    }
    out += '}';
  } else {
    out += is_undefined(value) ? "null" : to_text(value);
  }
}

}  // namespace

bool is_truthy(const Value& value) {
  switch (value.type()) {
    case Value::value_t::boolean: return value.get<bool>();
    case Value::value_t::number_integer: return value.get<std::int64_t>() != 0;
    case Value::value_t::number_unsigned: return value.get<std::uint64_t>() != 0;
    case Value::value_t::number_float: return value.get<double>() != 0;
    case Value::value_t::string: return !value.get_ref<const std::string&>().empty();
    case Value::value_t::array:
    case Value::value_t::object: return !value.empty();
    default: return false;
  }
}

std::string to_python_text(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
  std::array<char, 64> text{};
  const double size = std::abs(number);
  const bool has_exponent = size != 0 && (size < 1e-4 || size >= 1e16);
  const auto format = has_exponent ? std::chars_format::scientific : std::chars_format::fixed;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number, format);
  std::string out(text.data(), end.ptr);
  if (!has_exponent && out.find('.') == std::string::npos) out += ".0";
  return out;
}

std::string to_python_text(const Value& value) {
  if (is_undefined(value)) return "";
  if (value.is_null()) return "None";
  if (value.is_boolean()) return value.get<bool>() ? "True" : "False";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return to_python_text(value.get<double>());
  if (value.is_array()) {
    std::string out = "[";
    for (const Value& each : value) out += (out.size() > 1 ? ", " : "") + python_repr(each);
    return out + "]";
  }
  if (value.is_object()) {
    std::string out = "{";
    for (const auto& [name, member] : value.items())
      out += (out.size() > 1 ? ", " : "") + quoted_as_python(name) + ": " + python_repr(member);
    return out + "}";
  }
  return to_text(value);
}

std::optional<double> as_number(const Value& value) {
  if (value.is_boolean()) return value.get<bool>() ? 1 : 0;
  if (value.is_number()) return value.get<double>();
  return std::nullopt;
}

std::optional<double> parse_number(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  double number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_whole_text = end.ec == std::errc() && end.ptr == text.data() + text.size();
  if (text.empty() || !is_whole_text || !std::isfinite(number)) return std::nullopt;
  return number;
}

Value whole_or_float(double number) {
  if (std::trunc(number) == number && std::abs(number) < whole_double_max) return static_cast<std::int64_t>(number);
  return number;
}

nlohmann::json json_number(double number) {
  return json_from(to_json_text(whole_or_float(number), /*has_spaces=*/false));
}

bool is_equal(const Value& left, const Value& right) {
  if (is_undefined(left) || is_undefined(right)) return is_undefined(left) && is_undefined(right);
  const auto a = as_number(left), b = as_number(right);
  if (a && b) return *a == *b;
  return left == right;
}

std::optional<int> compare(const Value& left, const Value& right) {
  const auto a = as_number(left), b = as_number(right);
  if (a && b) return *a < *b ? -1 : static_cast<int>(*a > *b);
  if (left.is_string() && right.is_string())
    return left.get_ref<const std::string&>().compare(right.get_ref<const std::string&>());
  if (left.is_array() && right.is_array()) {
    for (std::size_t i = 0; i < left.size() && i < right.size(); ++i) {
      const auto order = compare(left[i], right[i]);
      if (!order || *order != 0) return order;
    }
    return left.size() < right.size() ? -1 : static_cast<int>(left.size() > right.size());
  }
  return std::nullopt;
}

std::string to_json_text(const Value& value, bool has_spaces) {
  if (!has_spaces) return is_undefined(value) ? "null" : to_text(value);
  std::string out;
  append_with_spaces(out, value);
  return out;
}

std::size_t length_of_text(std::string_view text) {
  std::size_t characters = 0;
  for (const char c : text) characters += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  return characters;
}

Value characters_of(std::string_view text) {
  Value list = Value::array();
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) ++end;
    list.push_back(text.substr(at, end - at));
    at = end;
  }
  return list;
}

std::string_view name_of_type(const Value& value) {
  switch (value.type()) {
    case Value::value_t::null: return "None";
    case Value::value_t::boolean: return "a boolean";
    case Value::value_t::string: return "a text";
    case Value::value_t::array: return "a list";
    case Value::value_t::object: return "a mapping";
    case Value::value_t::discarded: return "undefined";
    default: return "a number";
  }
}

}  // namespace strawberry::cli::discovery
