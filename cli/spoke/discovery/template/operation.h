/// The operations on a template's values: filters, tests, functions and methods by name.
///
/// Pure.   Errors: OperationCall::fail().   Bounds: an operation spends its result's size before making it (Budget).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/spoke/discovery/template/value.h"
#include "common/text/clock.h"

namespace strawberry::cli::discovery {

/// The resources that are left for one rendering.
class Budget {
 public:
  Budget(std::size_t steps, std::size_t bytes) : steps_(steps), bytes_(bytes) {}
  /// Returns false once more was requested than was left.
  bool spend(std::size_t steps, std::size_t bytes = 0) {
    is_over_ = is_over_ || steps > steps_ || bytes > bytes_;
    if (is_over_) return false;
    steps_ -= steps;
    bytes_ -= bytes;
    return true;
  }
  /// Spends a copy of the value.
  bool spend_copy(const Value& value);
  bool is_over() const { return is_over_; }

 private:
  std::size_t steps_;
  std::size_t bytes_;
  bool is_over_ = false;
};

struct Operation;

struct OperationCall {
  Value input = undefined();  // of a filter, test or method
  std::vector<Value> args = {};
  std::vector<std::pair<std::string, Value>> named = {};
  Budget& budget;
  WallTime now = {};
  std::string error = {};
  bool is_missing = false;

  /// Returns an argument by position or by name; null when it is not given.
  const Value* argument(std::size_t position, std::string_view name) const;
  Value fail(std::string message) { return error = std::move(message), undefined(); }
  /// Returns the value of the default argument; fails when there is none.
  Value default_or_fail(std::size_t position, std::string_view what);
};

struct Operation {
  std::string_view name;
  std::size_t arguments_max;
  Value (*run)(OperationCall&);
};

/// Returns null when there is none of this name.
const Operation* find_filter(std::string_view name);
const Operation* find_test(std::string_view name);
const Operation* find_function(std::string_view name);
const Operation* find_method(std::string_view name);

/// Formats `'%02X' % 255`, `'%s: %d' % [a, b]`.
Value format_percent(OperationCall& call, const std::string& format, const std::vector<Value>& values);

}  // namespace strawberry::cli::discovery
