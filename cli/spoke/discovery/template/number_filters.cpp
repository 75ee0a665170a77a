// Filters of numbers and times, and those that Home Assistant adds.
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>

#include "cli/spoke/discovery/template/operation_tables.h"

namespace strawberry::cli::discovery {
namespace {

Value filter_float(OperationCall& call) {
  if (const auto number = as_number(call.input)) return *number;
  if (call.input.is_string()) {
    if (const auto number = parse_number(call.input.get_ref<const std::string&>())) return *number;
  }
  return call.default_or_fail(0, "number");
}

Value filter_int(OperationCall& call) {
  if (const auto number = as_number(call.input)) return whole_or_float(std::trunc(*number));
  if (!call.input.is_string()) return call.default_or_fail(0, "whole number");
  const auto base = static_cast<int>(whole_argument(call, 1, "base", 10));
  std::string text = stripped_text(call.input.get<std::string>(), " \t\r\n", true, true);
  if (base != 10) {
    if (base < 2 || base > 36) return call.fail("a base is 2 to 36");
    if (base == 16 && (text.substr(0, 2) == "0x" || text.substr(0, 2) == "0X")) text.erase(0, 2);
    std::int64_t whole = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), whole, base);
    if (end.ec == std::errc() && end.ptr == text.data() + text.size() && !text.empty()) return whole;
    return call.default_or_fail(0, "whole number");
  }
  if (const auto number = parse_number(text)) return whole_or_float(std::trunc(*number));
  return call.default_or_fail(0, "whole number");
}

/// Rounds like Python: the exact value of the double, a half to even.
double rounded(double number, std::int64_t digits) {
  if (digits <= 0) {
    const double scale = std::pow(10.0, static_cast<double>(-digits));
    return std::nearbyint(number / scale) * scale;
  }
  std::array<char, 400> text{};
  std::snprintf(text.data(), text.size(), "%.*f", static_cast<int>(std::min<std::int64_t>(digits, 30)), number);
  return parse_number(text.data()).value_or(number);
}

Value filter_round(OperationCall& call) {
  auto number = as_number(call.input);
  if (!number && call.input.is_string()) number = parse_number(call.input.get_ref<const std::string&>());
  if (!number) return call.default_or_fail(2, "number");
  const auto digits = std::max<std::int64_t>(-300, whole_argument(call, 0, "precision", 0));
  const std::string method = text_argument(call, 1, "method", "common");
  const double scale = std::pow(10.0, static_cast<double>(std::min<std::int64_t>(digits, 30)));
  double result = 0;
  if (method == "ceil") {
    result = std::ceil(*number * scale) / scale;
  } else if (method == "floor") {
    result = std::floor(*number * scale) / scale;
  } else if (method == "half") {
    result = rounded(*number * 2, 0) / 2;
  } else {
    result = rounded(*number, digits);
  }
  if (!std::isfinite(result)) return call.fail("a number is too large");
  return digits == 0 && method != "half" ? whole_or_float(result) : Value(result);
}

Value filter_abs(OperationCall& call) {
  const auto number = as_number(call.input);
  if (!number) return call.fail("no number: " + std::string(name_of_type(call.input)));
  return call.input.is_number_float() ? Value(std::abs(*number)) : whole_or_float(std::abs(*number));
}

Value filter_multiply(OperationCall& call) {
  auto number = as_number(call.input);
  if (!number && call.input.is_string()) number = parse_number(call.input.get_ref<const std::string&>());
  const Value* by = call.argument(0, "amount");
  const auto times = by != nullptr ? as_number(*by) : std::nullopt;
  if (!number || !times) return call.default_or_fail(1, "number");
  return Value(*number * *times);
}

Value filter_sqrt(OperationCall& call) {
  const auto number = as_number(call.input);
  if (!number || *number < 0) return call.default_or_fail(0, "number with a root");
  return std::sqrt(*number);
}

Value bitwise(OperationCall& call, bool is_and) {
  const Value* other = call.argument(0, "second_value");
  if (!call.input.is_number_integer() || other == nullptr || !other->is_number_integer())
    return call.fail("it wants two whole numbers");
  const auto a = call.input.get<std::int64_t>(), b = other->get<std::int64_t>();
  return is_and ? a & b : a | b;
}
Value filter_bitwise_and(OperationCall& call) { return bitwise(call, true); }
Value filter_bitwise_or(OperationCall& call) { return bitwise(call, false); }

Value filter_bool(OperationCall& call) {
  if (call.input.is_boolean()) return call.input;
  if (const auto number = as_number(call.input)) return *number != 0;
  const std::string text = lower_text(call.input.is_string() ? call.input.get<std::string>() : "");
  for (const char* yes : {"1", "true", "yes", "on", "enable"})
    if (text == yes) return true;
  for (const char* no : {"0", "false", "no", "off", "disable"})
    if (text == no) return false;
  return call.default_or_fail(0, "yes or no");
}

Value filter_default(OperationCall& call) {
  const Value* also_false = call.argument(1, "boolean");
  const bool is_replaced =
      is_undefined(call.input) || (also_false != nullptr && is_truthy(*also_false) && !is_truthy(call.input));
  if (!is_replaced) return call.input;
  const Value* given = call.argument(0, "default_value");
  return given != nullptr ? *given : Value("");
}

Value filter_is_defined(OperationCall& call) {
  if (!is_undefined(call.input)) return call.input;
  call.is_missing = true;
  return call.fail("the value is not there");
}

Value filter_iif(OperationCall& call) {
  const bool is_function = is_undefined(call.input) && !call.args.empty();
  const std::size_t first = is_function ? 1 : 0;
  const Value& asked = is_function ? call.args[0] : call.input;
  if (asked.is_null() && call.argument(first + 2, "if_none") != nullptr) return *call.argument(first + 2, "if_none");
  if (is_truthy(asked)) {
    const Value* yes = call.argument(first, "if_true");
    return yes != nullptr ? *yes : Value(true);
  }
  const Value* no = call.argument(first + 1, "if_false");
  return no != nullptr ? *no : Value(false);
}

/// Returns seconds since 1970 for a number, or for a date and time as text.
std::optional<double> timestamp_of(const Value& value) {
  if (const auto number = as_number(value)) return number;
  if (!value.is_string()) return std::nullopt;
  std::string text = value.get<std::string>();
  if (text.size() > 10 && text[10] == ' ') text[10] = 'T';
  // RFC 3339 requires an offset; a time without one is UTC here.
  auto time = parse_rfc3339(text);
  if (!time) time = parse_rfc3339(text + "Z");
  if (!time) return std::nullopt;
  return static_cast<double>(to_unix_ms(*time)) / 1000;
}

Value filter_as_timestamp(OperationCall& call) {
  const bool is_function = is_undefined(call.input) && !call.args.empty();
  const auto seconds = timestamp_of(is_function ? call.args[0] : call.input);
  if (!seconds) return call.default_or_fail(is_function ? 1 : 0, "time");
  return *seconds;
}

Value print_time(OperationCall& call, const std::string& format, bool is_local) {
  const auto seconds = as_number(call.input);
  if (!seconds || std::abs(*seconds) > 1e11) return call.default_or_fail(2, "time");
  const auto whole = static_cast<std::time_t>(std::floor(*seconds));
  std::tm parts{};
  const bool is_good = (is_local ? localtime_r(&whole, &parts) : gmtime_r(&whole, &parts)) != nullptr;
  std::array<char, 256> text{};
  const auto size =
      is_good && format.size() < 100 ? std::strftime(text.data(), text.size(), format.c_str(), &parts) : 0;
  if (size == 0) return call.fail("a format of a time that is not supported");
  std::string out(text.data(), size);
  // `+0100` becomes `+01:00`, the form of ISO 8601.
  if (format.substr(std::max<std::size_t>(format.size(), 2) - 2) == "%z" && format.size() > 10 && out.size() > 5)
    out.insert(out.size() - 2, ":");
  return out;
}

Value filter_timestamp_local(OperationCall& call) { return print_time(call, "%Y-%m-%dT%H:%M:%S%z", true); }
Value filter_timestamp_utc(OperationCall& call) { return print_time(call, "%Y-%m-%dT%H:%M:%S%z", false); }
Value filter_timestamp_custom(OperationCall& call) {
  const Value* local = call.argument(1, "local");
  return print_time(call, text_argument(call, 0, "format_string", "%Y-%m-%d %H:%M:%S"),
                    local == nullptr || is_truthy(*local));
}

constexpr std::array number_filter_table = {
    Operation{"float", 1, filter_float},
    Operation{"int", 2, filter_int},
    Operation{"round", 3, filter_round},
    Operation{"abs", 0, filter_abs},
    Operation{"multiply", 2, filter_multiply},
    Operation{"sqrt", 1, filter_sqrt},
    Operation{"bitwise_and", 1, filter_bitwise_and},
    Operation{"bitwise_or", 1, filter_bitwise_or},
    Operation{"bool", 1, filter_bool},
    Operation{"default", 2, filter_default},
    Operation{"d", 2, filter_default},
    Operation{"is_defined", 0, filter_is_defined},
    Operation{"iif", 4, filter_iif},
    Operation{"as_timestamp", 2, filter_as_timestamp},
    Operation{"timestamp_local", 1, filter_timestamp_local},
    Operation{"timestamp_utc", 1, filter_timestamp_utc},
    Operation{"timestamp_custom", 3, filter_timestamp_custom},
};

}  // namespace

std::span<const Operation> number_filters() { return number_filter_table; }

}  // namespace strawberry::cli::discovery
