/// Parses Python expressions that occur in signatures by Python's own rules. Keeps what a JSON Schema can use.
///
/// Reads the grammar of Python 3.11 (https://docs.python.org/3.11/reference/expressions.html) on one line, without
/// comments, `await` and `yield`, and what `inspect.signature` prints of objects: `<object object at 0x7f…>`. An
/// expression that is neither a type nor a literal becomes Kind::other.
///
/// Pure.   Errors: what was expected and where (a byte offset).
/// Bounds: the caller limits the text's length; brackets nest at most brackets_max deep, everything together depth_max.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/contract/parameter.h"
#include "common/text/result.h"

namespace strawberry::python {

inline constexpr std::size_t brackets_max = 16;
inline constexpr std::size_t depth_max = 150;

struct Expression {
  enum class Kind {
    name,         // text: dotted
    value,        // literal: None, True, False, a number or a text that JSON can represent
    list,         // parts; also a tuple
    dict,         // parts: key, value, key, …
    subscript,    // parts: the name, then what the brackets contain
    alternative,  // parts: `a | b`
    other
  };
  Kind kind = Kind::other;
  std::string text = {};
  nlohmann::json literal = nullptr;
  std::vector<Expression> parts = {};
};

struct Token {
  enum class Kind { end, name, keyword, number, text, sign, object };
  Kind kind = Kind::end;
  std::string_view source;                        // as written
  std::size_t at = 0;                             // its first byte
  std::string name = {};                          // of a name, normalized as Python does
  std::optional<nlohmann::json> value = nullptr;  // of a number or text; nothing when JSON cannot represent it
  bool is_bytes = false;                          // a bytes literal: b''
};

/// Splits the text into tokens. An end token comes last.
Result<std::vector<Token>> tokenize(std::string_view text);

/// Reads tokens left to right. Stops at the first failure.
class Parser {
 public:
  /// `tokens` must outlive the parser, and end with an end token.
  explicit Parser(const std::vector<Token>& tokens) : tokens_(tokens) {}

  const Token& next() const { return tokens_[at_]; }
  bool sees(std::string_view sign) const;
  bool take(std::string_view sign);
  /// Returns an empty name when the next token is not one.
  std::string take_name();
  bool at_end() const { return !failure_ && next().kind == Token::Kind::end; }

  std::optional<Expression> expression();
  /// Reads up to and including `closing`: `)` of a `def`, or `:` of a lambda, which has no annotations.
  std::optional<std::vector<Parameter>> parameters(std::string_view closing, std::size_t parameters_max);
  /// Returns the failure that occurred, else one that says `expected` was missing at the next token.
  Failure failure(std::string_view expected) const;

 private:
  class ParameterList;
  class Deeper;

  using Parsed = std::optional<Expression>;
  Parsed fail(std::string_view expected);
  bool sees_keyword(std::string_view word, std::size_t ahead = 0) const;
  bool take_keyword(std::string_view word);
  Parsed lambda();
  Parsed binary(int precedence);
  int operator_ahead(std::size_t& length) const;
  Parsed unary();
  Parsed power();
  Parsed primary();
  Parsed atom();
  Parsed texts();
  Parsed parenthesis();
  Parsed list();
  Parsed braces();
  bool close(std::string_view sign);
  /// Reads `name := expression`, an expression, or either with `*` in front.
  Parsed item(bool may_be_starred, bool* is_starred = nullptr);
  bool items(std::string_view closing, std::vector<Expression>& into);
  bool comprehension();
  bool loop_targets(bool is_nested);
  bool call_arguments();
  bool subscripts(Expression& into);
  Parsed slice();

  const std::vector<Token>& tokens_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::size_t brackets_ = 0;
  std::optional<Failure> failure_;
};

/// Parses a text that is one expression as a whole.
Result<Expression> parse_expression(std::string_view text);

}  // namespace strawberry::python
