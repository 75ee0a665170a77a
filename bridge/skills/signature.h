/// Python-style signatures: `play_song(name: str, volume: int = 50) -> bool`.
///
/// Accepts what `def` accepts in front of a body (PEP 3107 annotations, defaults, `*`, `/`, `*args`, `**kwargs`), with
/// annotations and defaults kept as text. Pure functions. Bounds: signature_bytes_max, parameters_max, nesting 16.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace strawberry {

inline constexpr std::size_t signature_bytes_max = 2048;
inline constexpr std::size_t parameters_max = 32;

struct Parameter {
  enum class Kind { positional_only, positional, keyword_only, var_positional, var_keyword };
  std::string name;
  Kind kind = Kind::positional;
  std::string annotation;                    // as written; empty when there is none
  std::optional<std::string> default_value;  // as written

  bool is_required() const { return !default_value && kind != Kind::var_positional && kind != Kind::var_keyword; }
};

struct Signature {
  std::string function_name;
  std::vector<Parameter> parameters;
  std::string return_annotation;
};

/// Fails with what was expected and where (a byte offset).
Result<Signature> parse_signature(std::string_view text);

/// JSON Schema (an object) of the parameters by name: int, float, str, bool, list[T], dict, Optional[T], T | None,
/// Literal[...]; anything else admits any value. Defaults that are literals are given as `default`.
nlohmann::json parameters_schema(const Signature& signature);

}  // namespace strawberry
