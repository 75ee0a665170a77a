// Tests, which are written after `is`.
#include <algorithm>
#include <array>
#include <cmath>

#include "cli/spoke/discovery/template/evaluator.h"
#include "cli/spoke/discovery/template/operation_tables.h"

namespace strawberry::cli::discovery {
namespace {

Value test_defined(OperationCall& call) { return !is_undefined(call.input); }
Value test_undefined(OperationCall& call) { return is_undefined(call.input); }
Value test_none(OperationCall& call) { return call.input.is_null(); }
Value test_boolean(OperationCall& call) { return call.input.is_boolean(); }
Value test_true(OperationCall& call) { return call.input.is_boolean() && call.input.get<bool>(); }
Value test_false(OperationCall& call) { return call.input.is_boolean() && !call.input.get<bool>(); }
Value test_number(OperationCall& call) { return call.input.is_number() || call.input.is_boolean(); }
Value test_integer(OperationCall& call) { return call.input.is_number_integer(); }
Value test_float(OperationCall& call) { return call.input.is_number_float(); }
Value test_string(OperationCall& call) { return call.input.is_string(); }
Value test_mapping(OperationCall& call) { return call.input.is_object(); }
Value test_list(OperationCall& call) { return call.input.is_array(); }
Value test_iterable(OperationCall& call) { return call.input.is_structured() || call.input.is_string(); }

bool is_multiple(OperationCall& call, double of) {
  const auto number = as_number(call.input);
  if (!number || of == 0) return call.fail("no number to divide, or by 0"), false;
  return std::fmod(*number, of) == 0;
}
Value test_even(OperationCall& call) { return is_multiple(call, 2); }
Value test_odd(OperationCall& call) { return !is_multiple(call, 2); }
Value test_divisible(OperationCall& call) {
  return is_multiple(call, call.args.empty() ? 0 : as_number(call.args[0]).value_or(0));
}

bool has_other(OperationCall& call) {
  if (!call.args.empty()) return true;
  call.fail("it wants a value");
  return false;
}

Value test_equal(OperationCall& call) { return has_other(call) && is_equal(call.input, call.args[0]); }
Value test_unequal(OperationCall& call) { return has_other(call) && !is_equal(call.input, call.args[0]); }

template <class Fits>
Value ordered(OperationCall& call, Fits fits) {
  if (!has_other(call)) return undefined();
  const auto order = compare(call.input, call.args[0]);
  return order ? Value(fits(*order)) : call.fail("they have no order");
}
Value test_greater(OperationCall& call) {
  return ordered(call, [](int order) { return order > 0; });
}
Value test_greater_equal(OperationCall& call) {
  return ordered(call, [](int order) { return order >= 0; });
}
Value test_less(OperationCall& call) {
  return ordered(call, [](int order) { return order < 0; });
}
Value test_less_equal(OperationCall& call) {
  return ordered(call, [](int order) { return order <= 0; });
}

bool has(OperationCall& call, const Value& all, const Value& one) {
  if (all.is_string() && one.is_string())
    return all.get_ref<const std::string&>().find(one.get_ref<const std::string&>()) != std::string::npos;
  if (all.is_object()) return all.contains(key_text(one));
  if (!call.budget.spend(all.size())) return false;
  return all.is_array() && std::any_of(all.begin(), all.end(), [&](const Value& each) { return is_equal(each, one); });
}
Value test_in(OperationCall& call) { return has_other(call) && has(call, call.args[0], call.input); }
Value test_contains(OperationCall& call) { return has_other(call) && has(call, call.input, call.args[0]); }

Value test_lower(OperationCall& call) {
  const std::string text = text_of_input(call);
  return lower_text(text) == text;
}
Value test_upper(OperationCall& call) {
  const std::string text = text_of_input(call);
  return upper_text(text) == text;
}

constexpr std::array test_table = {
    Operation{"defined", 0, test_defined},
    Operation{"undefined", 0, test_undefined},
    Operation{"none", 0, test_none},
    Operation{"None", 0, test_none},
    Operation{"boolean", 0, test_boolean},
    Operation{"true", 0, test_true},
    Operation{"false", 0, test_false},
    Operation{"number", 0, test_number},
    Operation{"integer", 0, test_integer},
    Operation{"float", 0, test_float},
    Operation{"string", 0, test_string},
    Operation{"mapping", 0, test_mapping},
    Operation{"list", 0, test_list},
    Operation{"sequence", 0, test_iterable},
    Operation{"iterable", 0, test_iterable},
    Operation{"even", 0, test_even},
    Operation{"odd", 0, test_odd},
    Operation{"divisibleby", 1, test_divisible},
    Operation{"eq", 1, test_equal},
    Operation{"equalto", 1, test_equal},
    Operation{"sameas", 1, test_equal},
    Operation{"==", 1, test_equal},
    Operation{"ne", 1, test_unequal},
    Operation{"gt", 1, test_greater},
    Operation{"greaterthan", 1, test_greater},
    Operation{"ge", 1, test_greater_equal},
    Operation{"lt", 1, test_less},
    Operation{"lessthan", 1, test_less},
    Operation{"le", 1, test_less_equal},
    Operation{"in", 1, test_in},
    Operation{"contains", 1, test_contains},
    Operation{"lower", 0, test_lower},
    Operation{"upper", 0, test_upper},
};

}  // namespace

std::span<const Operation> tests_of_values() { return test_table; }

}  // namespace strawberry::cli::discovery
