/// Declarations shared by the sources of python::Parser only: python_expression.cpp, python_brackets.cpp,
/// python_parameters.cpp.
#pragma once

#include <utility>

#include "common/contract/python_expression.h"

namespace strawberry::python {

/// Binding strength of `or` and `|`, in the order of Python's grammar: 1 is loosest.
inline constexpr int binds_or = 1;
inline constexpr int binds_alternative = 5;

/// An expression that is neither a type nor a literal.
inline Expression other() { return {}; }

inline Expression value(nlohmann::json literal) {
  Expression made;
  made.kind = Expression::Kind::value;
  made.literal = std::move(literal);
  return made;
}

/// Adds one level of nesting while it lives; fails beyond the limit.
class Parser::Deeper {
 public:
  explicit Deeper(Parser& parser) : parser_(parser) { ++parser_.depth_; }
  ~Deeper() { --parser_.depth_; }
  Deeper(const Deeper&) = delete;
  Deeper& operator=(const Deeper&) = delete;
  bool is_too_deep() const { return parser_.depth_ > depth_max; }

 private:
  Parser& parser_;
};

}  // namespace strawberry::python
