/// Renders a template's tree. One object renders once.
///
/// Threading: one thread.   Lifetime: the tree and the variables outlive it.   Errors: TemplateFailure.
/// Bounds: steps_max, made_bytes_max, output_bytes_max (template.h).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/spoke/discovery/template/node.h"
#include "cli/spoke/discovery/template/operation.h"
#include "cli/spoke/discovery/template/template.h"

namespace strawberry::cli::discovery {

class Evaluator {
 public:
  Evaluator(const Variables& variables, WallTime now) : variables_(variables), now_(now) {}

  Result<std::string, TemplateFailure> print(const Node& root);

 private:
  using Scope = std::vector<std::pair<std::string, Value>>;

  bool is_good() const { return !has_failed_; }
  Value fail(std::string message, bool is_missing = false);
  bool spend(std::size_t steps, std::size_t bytes = 0);
  void write(std::string_view text);

  void run(const Node& node);
  void run_loop(const Node& node);
  void assign(const Node& node);
  void set(const std::string& name, Value value);

  Value evaluate(const Node& node);
  /// Returns the value itself, without a copy, if it is a variable or part of one. Null for all others.
  const Value* peek(const Node& node);
  const Value* variable(std::string_view name) const;
  const Value* member_of(const Value& value, const Node& node);
  const Value* item_of(const Value& value, const Value& key);
  /// Returns peek(), or the value stored in `own`.
  const Value& look(const Node& node, Value& own);

  Value item(const Node& node);
  Value slice(const Node& node);
  Value dict(const Node& node);
  Value compare_all(const Node& node);
  bool holds(const std::string& sign, const Value& left, const Value& right);
  bool contains(const Value& all, const Value& one);
  Value binary(const Node& node);
  Value add(const Value& left, const Value& right);
  Value calculate(const std::string& sign, const Value& left, const Value& right);
  Value operate(const Node& node);

  const Variables& variables_;
  const WallTime now_;
  std::vector<Scope> scopes_{1};
  Budget budget_{steps_max, made_bytes_max};
  std::string out_;
  bool has_failed_ = false;
  TemplateFailure failure_;
};

/// Returns a key as a mapping's text key, as `str()` makes it.
std::string key_text(const Value& key);

}  // namespace strawberry::cli::discovery
