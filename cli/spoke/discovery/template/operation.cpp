#include "cli/spoke/discovery/template/operation.h"

#include <algorithm>

#include "cli/spoke/discovery/template/operation_tables.h"

namespace strawberry::cli::discovery {
namespace {

constexpr std::size_t value_depth_max = 100;

/// Counts steps for a value with its elements, and bytes of its texts; returns false when it nests too deep or has more
/// steps than `steps_max`.
bool weigh(const Value& value, std::size_t depth, std::size_t limit, std::size_t& steps, std::size_t& bytes) {
  if (depth > value_depth_max || ++steps > limit) return false;
  if (value.is_string()) bytes += value.get_ref<const std::string&>().size();
  if (!value.is_structured()) return true;
  return std::all_of(value.begin(), value.end(),
                     [&](const Value& each) { return weigh(each, depth + 1, limit, steps, bytes); });
}

template <class Table>
const Operation* find_in(const Table& table, std::string_view name) {
  const auto there = std::find_if(table.begin(), table.end(), [&](const Operation& each) { return each.name == name; });
  return there == table.end() ? nullptr : &*there;
}

}  // namespace

bool Budget::spend_copy(const Value& value) {
  std::size_t steps = 0, bytes = 0;
  if (!weigh(value, 0, steps_, steps, bytes)) is_over_ = true;
  return spend(steps, bytes);
}

const Value* OperationCall::argument(std::size_t position, std::string_view name) const {
  if (position < args.size()) return &args[position];
  const auto there = std::find_if(named.begin(), named.end(), [&](const auto& each) { return each.first == name; });
  return there == named.end() ? nullptr : &there->second;
}

Value OperationCall::default_or_fail(std::size_t position, std::string_view what) {
  if (const Value* given = argument(position, "default")) return *given;
  return fail("no " + std::string(what) + ": " + std::string(name_of_type(input)) +
              (input.is_string() ? " '" + input.get<std::string>().substr(0, 40) + "'" : ""));
}

const Operation* find_filter(std::string_view name) {
  for (const auto& table : {text_filters(), number_filters(), list_filters()}) {
    if (const auto* found = find_in(table, name)) return found;
  }
  return nullptr;
}

const Operation* find_test(std::string_view name) { return find_in(tests_of_values(), name); }
const Operation* find_function(std::string_view name) { return find_in(functions(), name); }
const Operation* find_method(std::string_view name) { return find_in(methods(), name); }

}  // namespace strawberry::cli::discovery
