/// Python expressions, as they stand in signatures: read by Python's own rules, kept as far as a JSON Schema can use
/// them.
///
/// Reads the grammar of Python 3.11 (https://docs.python.org/3.11/reference/expressions.html) on one line, without
/// comments, `await` and `yield`, and what `inspect.signature` prints of objects: `<object object at 0x7f…>`. Whatever
/// is read but is neither a type nor a literal is Kind::other.
///
/// Pure.   Errors: what was expected and where (a byte offset).
/// Bounds: the text's length is the caller's; brackets nest brackets_max deep, everything together depth_max.
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
    value,        // literal: None, True, False, a number or a text that JSON can say
    list,         // parts; also a tuple
    dict,         // parts: key, value, key, …
    subscript,    // parts: what, and what is between the brackets
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
  std::string name = {};                          // of a name, as Python keeps it
  std::optional<nlohmann::json> value = nullptr;  // of a number or text; nothing when JSON has none
  bool is_bytes = false;                          // a text: b''
};

/// The text's tokens, with an end behind them.
Result<std::vector<Token>> tokenize(std::string_view text);

/// Reads tokens left to right. After a failure nothing more is read.
class Parser {
 public:
  /// `tokens` outlive it, and end with an end.
  explicit Parser(const std::vector<Token>& tokens) : tokens_(tokens) {}

  const Token& next() const { return tokens_[at_]; }
  bool sees(std::string_view sign) const;
  bool take(std::string_view sign);
  /// Empty when there is none.
  std::string take_name();
  bool at_end() const { return !failure_ && next().kind == Token::Kind::end; }

  std::optional<Expression> expression();
  /// Up to `closing`, which is taken: `)` of a `def`, or `:` of a lambda, which has no annotations.
  std::optional<std::vector<Parameter>> parameters(std::string_view closing, std::size_t parameters_max);
  /// Of what failed, else of what was expected next.
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
  /// `name := expression`, or an expression, or with `*` in front.
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

/// The whole text is one expression.
Result<Expression> parse_expression(std::string_view text);

}  // namespace strawberry::python
