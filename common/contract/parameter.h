/// One parameter of a Python function.
#pragma once

#include <optional>
#include <string>

namespace strawberry {

struct Parameter {
  enum class Kind { positional_only, positional, keyword_only, var_positional, var_keyword };
  std::string name;
  Kind kind = Kind::positional;
  std::string annotation;                    // as written; empty: no annotation
  std::optional<std::string> default_value;  // as written

  bool is_required() const { return !default_value && kind != Kind::var_positional && kind != Kind::var_keyword; }
};

}  // namespace strawberry
