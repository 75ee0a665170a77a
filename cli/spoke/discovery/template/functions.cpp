// Functions, and methods of texts and mappings.
#include <algorithm>
#include <array>

#include "cli/spoke/discovery/template/operation_tables.h"

namespace strawberry::cli::discovery {
namespace {

constexpr std::int64_t range_max = 10'000;
constexpr std::int64_t range_value_max = 1'000'000'000'000;
constexpr std::string_view blanks = " \t\r\n\v\f";

/// Runs a filter with the first argument as its input.
Value as_function(OperationCall& call, std::string_view filter) {
  if (call.args.empty()) return call.fail("it wants a value");
  call.input = std::move(call.args.front());
  call.args.erase(call.args.begin());
  return find_filter(filter)->run(call);
}
Value function_float(OperationCall& call) { return as_function(call, "float"); }
Value function_int(OperationCall& call) { return as_function(call, "int"); }
Value function_bool(OperationCall& call) { return as_function(call, "bool"); }
Value function_sqrt(OperationCall& call) { return as_function(call, "sqrt"); }
Value function_min(OperationCall& call) { return find_filter("min")->run(call); }
Value function_max(OperationCall& call) { return find_filter("max")->run(call); }
Value function_iif(OperationCall& call) { return find_filter("iif")->run(call); }
Value function_as_timestamp(OperationCall& call) { return find_filter("as_timestamp")->run(call); }

Value function_dict(OperationCall& call) {
  Value made = Value::object();
  for (const auto& [name, value] : call.named) made[name] = value;
  return made;
}

Value function_range(OperationCall& call) {
  const bool has_begin = call.args.size() > 1;
  const auto from = has_begin ? whole_argument(call, 0, "", 0) : 0;
  const auto to = whole_argument(call, has_begin ? 1 : 0, "", 0);
  const auto step = whole_argument(call, 2, "", 1);
  if (step == 0) return call.fail("a range with no step");
  const auto is_large = [](std::int64_t number) { return number > range_value_max || number < -range_value_max; };
  if (is_large(from) || is_large(to) || is_large(step)) return call.fail("a range of numbers that are too large");
  Value list = Value::array();
  for (auto i = from; step > 0 ? i < to : i > to; i += step) {
    if (static_cast<std::int64_t>(list.size()) == range_max || !call.budget.spend(1))
      return call.fail("a range of more than " + std::to_string(range_max) + " numbers");
    list.push_back(i);
  }
  return list;
}

constexpr std::array function_table = {
    Operation{"float", 2, function_float}, Operation{"int", 3, function_int},
    Operation{"bool", 2, function_bool},   Operation{"sqrt", 2, function_sqrt},
    Operation{"min", 20, function_min},    Operation{"max", 20, function_max},
    Operation{"iif", 4, function_iif},     Operation{"as_timestamp", 2, function_as_timestamp},
    Operation{"dict", 20, function_dict},  Operation{"namespace", 20, function_dict},
    Operation{"range", 3, function_range},
};

// --- methods ---

bool is_text(OperationCall& call) {
  if (call.input.is_string()) return true;
  call.fail(std::string(name_of_type(call.input)) + " has no such method");
  return false;
}

bool is_mapping(OperationCall& call) {
  if (call.input.is_object()) return true;
  call.fail(std::string(name_of_type(call.input)) + " has no such method");
  return false;
}

template <class Change>
Value changed(OperationCall& call, Change change) {
  return is_text(call) ? Value(change(text_of_input(call))) : undefined();
}
Value method_lower(OperationCall& call) { return changed(call, lower_text); }
Value method_upper(OperationCall& call) { return changed(call, upper_text); }
Value method_title(OperationCall& call) { return changed(call, title_text); }
Value method_capitalize(OperationCall& call) { return changed(call, capital_text); }

Value strip(OperationCall& call, bool at_begin, bool at_end) {
  return changed(call, [&](const std::string& text) {
    return stripped_text(text, text_argument(call, 0, "chars", std::string(blanks)), at_begin, at_end);
  });
}
Value method_strip(OperationCall& call) { return strip(call, true, true); }
Value method_lstrip(OperationCall& call) { return strip(call, true, false); }
Value method_rstrip(OperationCall& call) { return strip(call, false, true); }

Value method_replace(OperationCall& call) { return is_text(call) ? find_filter("replace")->run(call) : undefined(); }

Value method_startswith(OperationCall& call) {
  if (!is_text(call)) return undefined();
  const std::string what = text_argument(call, 0, "prefix", "");
  return call.input.get_ref<const std::string&>().compare(0, what.size(), what) == 0;
}

Value method_endswith(OperationCall& call) {
  if (!is_text(call)) return undefined();
  const std::string what = text_argument(call, 0, "suffix", "");
  const auto& text = call.input.get_ref<const std::string&>();
  return text.size() >= what.size() && text.compare(text.size() - what.size(), what.size(), what) == 0;
}

Value method_find(OperationCall& call) {
  if (!is_text(call)) return undefined();
  const auto& text = call.input.get_ref<const std::string&>();
  const auto at = text.find(text_argument(call, 0, "sub", ""));
  if (at == std::string::npos) return -1;
  return length_of_text(std::string_view(text).substr(0, at));
}

Value method_isdigit(OperationCall& call) {
  if (!is_text(call)) return undefined();
  const auto& text = call.input.get_ref<const std::string&>();
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

Value method_split(OperationCall& call) {
  if (!is_text(call)) return undefined();
  const std::string text = text_of_input(call);
  const Value* given = call.argument(0, "sep");
  auto left = std::max<std::int64_t>(-1, whole_argument(call, 1, "maxsplit", -1));
  Value list = Value::array();
  if (given != nullptr && given->is_string()) {
    const auto& by = given->get_ref<const std::string&>();
    if (by.empty()) return call.fail("an empty separator");
    std::size_t at = 0;
    for (std::size_t found = text.find(by); found != std::string::npos && left != 0;
         found = text.find(by, at), --left) {
      if (!call.budget.spend(1, found - at)) return undefined();
      list.push_back(text.substr(at, found - at));
      at = found + by.size();
    }
    list.push_back(text.substr(at));
    return list;
  }
  for (std::size_t at = text.find_first_not_of(blanks); at != std::string::npos;) {
    const std::size_t end = left == 0 ? text.size() : std::min(text.find_first_of(blanks, at), text.size());
    if (!call.budget.spend(1, end - at)) return undefined();
    list.push_back(text.substr(at, end - at));
    at = text.find_first_not_of(blanks, end);
    --left;
  }
  return list;
}

Value method_join(OperationCall& call) {
  if (!is_text(call) || call.args.empty()) return call.fail("it wants a list");
  Value between = std::move(call.input);
  call.input = std::move(call.args[0]);
  call.args[0] = std::move(between);
  return find_filter("join")->run(call);
}

Value method_get(OperationCall& call) {
  if (!is_mapping(call)) return undefined();
  const Value* key = call.argument(0, "key");
  if (key == nullptr) return call.fail("it wants a key");
  const auto there = call.input.find(to_python_text(*key));
  if (there != call.input.end()) return *there;
  const Value* otherwise = call.argument(1, "default");
  return otherwise != nullptr ? *otherwise : Value(nullptr);
}

Value method_keys(OperationCall& call) { return is_mapping(call) ? find_filter("list")->run(call) : undefined(); }
Value method_items(OperationCall& call) { return is_mapping(call) ? find_filter("items")->run(call) : undefined(); }
Value method_values(OperationCall& call) {
  if (!is_mapping(call)) return undefined();
  return Value(std::vector<Value>(call.input.begin(), call.input.end()));
}

constexpr std::array method_table = {
    Operation{"lower", 0, method_lower},
    Operation{"upper", 0, method_upper},
    Operation{"title", 0, method_title},
    Operation{"capitalize", 0, method_capitalize},
    Operation{"strip", 1, method_strip},
    Operation{"lstrip", 1, method_lstrip},
    Operation{"rstrip", 1, method_rstrip},
    Operation{"replace", 3, method_replace},
    Operation{"startswith", 1, method_startswith},
    Operation{"endswith", 1, method_endswith},
    Operation{"find", 1, method_find},
    Operation{"isdigit", 0, method_isdigit},
    Operation{"isnumeric", 0, method_isdigit},
    Operation{"split", 2, method_split},
    Operation{"join", 1, method_join},
    Operation{"get", 2, method_get},
    Operation{"keys", 0, method_keys},
    Operation{"items", 0, method_items},
    Operation{"values", 0, method_values},
};

}  // namespace

std::span<const Operation> functions() { return function_table; }
std::span<const Operation> methods() { return method_table; }

}  // namespace strawberry::cli::discovery
