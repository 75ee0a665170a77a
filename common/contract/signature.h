/// Python-style signatures: `play_song(name: str, volume: int = 50) -> bool`.
///
/// Accepts what Python 3.11 accepts between `def` and `:` on one line (annotations, defaults, `*`, `/`, `*args`,
/// `**kwargs`, names of any script), and what `inspect.signature` prints. Annotations and defaults are kept as text.
/// Refuses what Python refuses. Pure functions. Bounds: signature_bytes_max, parameters_max, python::brackets_max.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "common/contract/parameter.h"
#include "common/text/result.h"

namespace strawberry {

inline constexpr std::size_t signature_bytes_max = 2048;
inline constexpr std::size_t parameters_max = 32;

struct Signature {
  std::string function_name;  // this and the parameters' names in NFKC, as in Python
  std::vector<Parameter> parameters;
  std::string return_annotation;
};

/// Errors: what was expected and where (a byte offset).
Result<Signature> parse_signature(std::string_view text);

/// Returns the JSON Schema (an object) of the parameters by name: int, float, str, bool, list[T], dict, Optional[T], T
/// | None, Literal[...]; any other annotation admits any value. Includes as `default` the literals that JSON can
/// represent.
nlohmann::json parameters_schema(const Signature& signature);

}  // namespace strawberry
