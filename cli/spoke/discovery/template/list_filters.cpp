// Filters of lists and mappings.
#include <algorithm>
#include <array>

#include "cli/spoke/discovery/template/operation_tables.h"

namespace strawberry::cli::discovery {
namespace {

/// Returns the elements that a loop over the input has.
Value list_of_input(OperationCall& call) {
  if (call.input.is_array()) return call.input;
  Value list = Value::array();
  if (call.input.is_object()) {
    for (const auto& [name, member] : call.input.items()) list.push_back(name);
  } else if (call.input.is_string()) {
    const auto& text = call.input.get_ref<const std::string&>();
    if (!call.budget.spend(text.size(), text.size())) return list;
    list = characters_of(text);
  } else if (!is_undefined(call.input)) {
    call.fail("no list: " + std::string(name_of_type(call.input)));
  }
  return list;
}

Value filter_length(OperationCall& call) {
  if (call.input.is_string()) return length_of_text(call.input.get_ref<const std::string&>());
  if (call.input.is_structured()) return call.input.size();
  if (is_undefined(call.input)) return 0;
  return call.fail("no length: " + std::string(name_of_type(call.input)));
}

Value filter_first(OperationCall& call) {
  const Value list = list_of_input(call);
  return list.empty() ? undefined() : list.front();
}
Value filter_last(OperationCall& call) {
  const Value list = list_of_input(call);
  return list.empty() ? undefined() : list.back();
}
Value filter_list(OperationCall& call) { return list_of_input(call); }

Value filter_join(OperationCall& call) {
  const std::string between = text_argument(call, 0, "d", "");
  std::string out;
  bool is_first = true;
  for (const Value& each : list_of_input(call)) {
    if (!std::exchange(is_first, false)) out += between;
    if (!call.budget.spend_copy(each)) return undefined();
    const std::string text = to_python_text(each);
    if (!call.budget.spend(1, between.size() + text.size())) return undefined();
    out += text;
  }
  return out;
}

/// Returns the smallest or largest value; fails if two cannot be compared.
Value extreme(OperationCall& call, int wanted) {
  const Value list = !call.args.empty() && is_undefined(call.input)
                         ? (call.args.size() == 1 && call.args[0].is_array() ? call.args[0] : Value(call.args))
                         : list_of_input(call);
  const Value* best = nullptr;
  for (const Value& each : list) {
    if (!call.budget.spend(1)) return undefined();
    const auto order = best == nullptr ? wanted : compare(each, *best);
    if (!order) return call.fail("they have no order");
    if ((wanted < 0 && *order < 0) || (wanted > 0 && *order > 0)) best = &each;
  }
  return best == nullptr ? undefined() : *best;
}
Value filter_min(OperationCall& call) { return extreme(call, -1); }
Value filter_max(OperationCall& call) { return extreme(call, 1); }

Value filter_sum(OperationCall& call) {
  double sum = 0;
  bool are_whole = true;
  for (const Value& each : list_of_input(call)) {
    const auto number = as_number(each);
    if (!number) return call.fail("no number: " + std::string(name_of_type(each)));
    sum += *number;
    are_whole = are_whole && !each.is_number_float();
  }
  return are_whole ? whole_or_float(sum) : Value(sum);
}

Value filter_sort(OperationCall& call) {
  Value list = list_of_input(call);
  const auto good = [&](const Value& each) {
    return (each.is_string() && list.front().is_string()) || (as_number(each) && as_number(list.front()));
  };
  if (!std::all_of(list.begin(), list.end(), good)) return call.fail("they have no order");
  if (!call.budget.spend(list.size() * 16)) return undefined();
  const Value* down = call.argument(0, "reverse");
  const bool is_down = down != nullptr && is_truthy(*down);
  std::stable_sort(list.begin(), list.end(), [&](const Value& a, const Value& b) {
    return compare(is_down ? b : a, is_down ? a : b).value_or(0) < 0;
  });
  return list;
}

Value filter_reverse(OperationCall& call) {
  Value list = list_of_input(call);
  std::reverse(list.begin(), list.end());
  if (!call.input.is_string()) return list;
  std::string text;
  for (const Value& each : list) text += each.get_ref<const std::string&>();
  return text;
}

Value filter_unique(OperationCall& call) {
  const Value list = list_of_input(call);
  Value out = Value::array();
  for (const Value& each : list) {
    if (!call.budget.spend(1 + out.size())) return undefined();
    if (std::none_of(out.begin(), out.end(), [&](const Value& there) { return is_equal(there, each); }))
      out.push_back(each);
  }
  return out;
}

Value filter_items(OperationCall& call) {
  if (!call.input.is_object()) return call.fail("no mapping: " + std::string(name_of_type(call.input)));
  Value list = Value::array();
  for (const auto& [name, member] : call.input.items()) list.push_back(Value::array({name, member}));
  return list;
}

/// Applies the operation `name` to a value, with the arguments after that name.
Value apply(OperationCall& call, const Operation* operation, const Value& value, std::size_t arguments_from) {
  OperationCall inner{.input = value, .budget = call.budget, .now = call.now};
  for (std::size_t i = arguments_from; i < call.args.size(); ++i) inner.args.push_back(call.args[i]);
  Value result = operation->run(inner);
  if (!inner.error.empty()) return call.fail(inner.error);
  return result;
}

Value member(const Value& value, const std::string& name) {
  if (!value.is_object() || !value.contains(name)) return undefined();
  return value.at(name);
}

Value filter_map(OperationCall& call) {
  const Value* attribute = call.argument(20, "attribute");
  const std::string name = text_argument(call, 0, "name", "");
  const Operation* filter = find_filter(name);
  if (attribute == nullptr && filter == nullptr) return call.fail("a filter that is not supported: '" + name + "'");
  Value out = Value::array();
  for (const Value& each : list_of_input(call)) {
    if (!call.budget.spend(2)) return undefined();
    out.push_back(attribute != nullptr ? member(each, to_python_text(*attribute)) : apply(call, filter, each, 1));
    if (!call.error.empty()) return undefined();
  }
  return out;
}

Value choose(OperationCall& call, bool by_attribute, bool wanted) {
  const std::size_t at = by_attribute ? 1 : 0;
  const std::string name = text_argument(call, at, "test", "");
  const Operation* test = find_test(name);
  if (!name.empty() && test == nullptr) return call.fail("a test that is not supported: '" + name + "'");
  Value out = Value::array();
  for (const Value& each : list_of_input(call)) {
    if (!call.budget.spend(2)) return undefined();
    const Value asked = by_attribute ? member(each, text_argument(call, 0, "attribute", "")) : each;
    const bool holds = is_truthy(test == nullptr ? asked : apply(call, test, asked, at + 1));
    if (!call.error.empty()) return undefined();
    if (holds == wanted) out.push_back(each);
  }
  return out;
}
Value filter_select(OperationCall& call) { return choose(call, false, true); }
Value filter_reject(OperationCall& call) { return choose(call, false, false); }
Value filter_selectattr(OperationCall& call) { return choose(call, true, true); }
Value filter_rejectattr(OperationCall& call) { return choose(call, true, false); }

constexpr std::array list_filter_table = {
    Operation{"length", 0, filter_length},
    Operation{"count", 0, filter_length},
    Operation{"first", 0, filter_first},
    Operation{"last", 0, filter_last},
    Operation{"list", 0, filter_list},
    Operation{"join", 1, filter_join},
    Operation{"min", 0, filter_min},
    Operation{"max", 0, filter_max},
    Operation{"sum", 0, filter_sum},
    Operation{"sort", 1, filter_sort},
    Operation{"reverse", 0, filter_reverse},
    Operation{"unique", 0, filter_unique},
    Operation{"items", 0, filter_items},
    Operation{"map", 5, filter_map},
    Operation{"select", 5, filter_select},
    Operation{"reject", 5, filter_reject},
    Operation{"selectattr", 5, filter_selectattr},
    Operation{"rejectattr", 5, filter_rejectattr},
};

}  // namespace

std::span<const Operation> list_filters() { return list_filter_table; }

}  // namespace strawberry::cli::discovery
