#include "common/contract/python_expression.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/contract/python_name.h"
#include "common/contract/python_parser_parts.h"

namespace strawberry::python {
namespace {

using nlohmann::json;
using Kind = Expression::Kind;

// Binding strength of operators, in the order of Python's grammar.
constexpr int binds_not = 3;
constexpr int binds_comparison = 4;

struct Operator {
  std::string_view sign;
  int binds;
};
constexpr std::array<Operator, 20> operators = {
    {{"<", 4},  {">", 4}, {"==", 4}, {">=", 4}, {"<=", 4}, {"!=", 4},  {"|", 5},  {"^", 6},  {"&", 7},  {"<<", 8},
     {">>", 8}, {"+", 9}, {"-", 9},  {"*", 10}, {"/", 10}, {"//", 10}, {"%", 10}, {"@", 10}, {"or", 1}, {"and", 2}}};

/// Returns `-5` or `+5` as a number. A sign before anything else, or before a number that has a sign, gives an
/// expression.
Expression with_sign(std::string_view sign, Expression operand) {
  const json& number = operand.literal;
  if (operand.kind != Kind::value || !number.is_number()) return other();
  const bool has_sign = number.is_number_float() ? number.get<double>() < 0 : !number.is_number_unsigned();
  if (has_sign) return other();
  if (sign == "+") return operand;
  if (sign != "-") return other();
  if (operand.literal.is_number_float()) return value(-operand.literal.get<double>());
  constexpr std::uint64_t most = std::uint64_t{1} << 63U;
  const auto size = number.get<std::uint64_t>();
  if (size > most) return other();
  return size == 0 ? value(size) : value(static_cast<std::int64_t>(~size + 1));
}

}  // namespace

// --- tokens ---

bool Parser::sees(std::string_view sign) const { return next().kind == Token::Kind::sign && next().source == sign; }

bool Parser::take(std::string_view sign) {
  if (failure_ || !sees(sign)) return false;
  ++at_;
  return true;
}

bool Parser::sees_keyword(std::string_view word, std::size_t ahead) const {
  const auto index = std::min(at_ + ahead, tokens_.size() - 1);
  return tokens_[index].kind == Token::Kind::keyword && tokens_[index].source == word;
}

bool Parser::take_keyword(std::string_view word) {
  if (failure_ || !sees_keyword(word)) return false;
  ++at_;
  return true;
}

std::string Parser::take_name() {
  if (failure_ || next().kind != Token::Kind::name || is_python_keyword(next().name)) return {};
  return tokens_[at_++].name;
}

Failure Parser::failure(std::string_view expected) const {
  if (failure_) return *failure_;
  return {"expected " + std::string(expected) + " at byte " + std::to_string(next().at)};
}

Parser::Parsed Parser::fail(std::string_view expected) {
  failure_ = failure(expected);
  return std::nullopt;
}

/// Reads a closing bracket.
bool Parser::close(std::string_view sign) {
  if (!take(sign)) return fail("'" + std::string(sign) + "'"), false;
  --brackets_;
  return true;
}

// --- expressions ---

Parser::Parsed Parser::expression() {
  const Deeper deeper(*this);
  if (deeper.is_too_deep()) return fail("less nesting");
  if (sees_keyword("lambda")) return lambda();
  auto chosen = binary(binds_or);
  if (!chosen || !take_keyword("if")) return chosen;
  if (!binary(binds_or)) return std::nullopt;
  if (!take_keyword("else")) return fail("'else'");
  if (!expression()) return std::nullopt;
  return other();
}

Parser::Parsed Parser::lambda() {
  take_keyword("lambda");
  if (!parameters(":", SIZE_MAX) || !expression()) return std::nullopt;
  return other();
}

/// Returns the binding strength of the next operator; 0: the next token is not one. `length`: its number of tokens.
int Parser::operator_ahead(std::size_t& length) const {
  length = 1;
  if (sees_keyword("in")) return binds_comparison;
  if (sees_keyword("is")) return length = sees_keyword("not", 1) ? 2 : 1, binds_comparison;
  if (sees_keyword("not")) return length = 2, sees_keyword("in", 1) ? binds_comparison : 0;
  if (next().kind != Token::Kind::sign && next().kind != Token::Kind::keyword) return 0;
  const auto found = std::find_if(operators.begin(), operators.end(),
                                  [&](const Operator& each) { return each.sign == next().source; });
  return found == operators.end() ? 0 : found->binds;
}

Parser::Parsed Parser::binary(int precedence) {
  const Deeper deeper(*this);
  if (deeper.is_too_deep()) return fail("less nesting");
  Parsed left;
  if (sees_keyword("not")) {
    if (precedence > binds_not) return fail("a value");
    take_keyword("not");
    if (!binary(binds_not)) return std::nullopt;
    left = other();
  } else {
    left = unary();
  }
  while (left) {
    std::size_t length = 0;
    const int binds = operator_ahead(length);
    if (binds == 0 || binds < precedence) return left;
    at_ += length;
    auto right = binary(binds + 1);
    if (!right) return std::nullopt;
    if (binds != binds_alternative) {
      left = other();
      continue;
    }
    if (left->kind != Kind::alternative) {
      Expression both;
      both.kind = Kind::alternative;
      both.parts.push_back(std::move(*left));
      left = std::move(both);
    }
    left->parts.push_back(std::move(*right));
  }
  return std::nullopt;
}

Parser::Parsed Parser::unary() {
  const Deeper deeper(*this);
  if (deeper.is_too_deep()) return fail("less nesting");
  for (const std::string_view sign : {"-", "+", "~"}) {
    if (!take(sign)) continue;
    auto operand = unary();
    if (!operand) return std::nullopt;
    return with_sign(sign, std::move(*operand));
  }
  return power();
}

Parser::Parsed Parser::power() {
  auto base = primary();
  if (!base || !take("**")) return base;
  if (!unary()) return std::nullopt;
  return other();
}

Parser::Parsed Parser::primary() {
  auto read = atom();
  while (read) {
    if (take(".")) {
      const bool is_local = next().kind == Token::Kind::object;  // module.function.<locals>.Class
      const auto member = is_local ? std::string() : take_name();
      if (member.empty() && !is_local) return fail("a name");
      if (is_local) {
        ++at_;
        read = other();
      } else if (read->kind == Kind::name) {
        read->text += "." + member;
      } else {
        read = other();
      }
    } else if (take("(")) {
      ++brackets_;
      if (!call_arguments()) return std::nullopt;
      read = other();
    } else if (take("[")) {
      ++brackets_;
      Expression subscript;
      subscript.kind = Kind::subscript;
      subscript.parts.push_back(std::move(*read));
      if (!subscripts(subscript)) return std::nullopt;
      read = std::move(subscript);
    } else {
      return read;
    }
  }
  return std::nullopt;
}

Parser::Parsed Parser::atom() {
  if (failure_) return std::nullopt;
  if (brackets_ >= brackets_max && (sees("(") || sees("[") || sees("{"))) return fail("less nesting");
  const Token& token = next();
  switch (token.kind) {
    case Token::Kind::name: {
      Expression name;
      name.kind = Kind::name;
      name.text = token.name;
      ++at_;
      return name;
    }
    case Token::Kind::number: ++at_; return token.value ? value(*token.value) : other();
    case Token::Kind::text: return texts();
    case Token::Kind::object: ++at_; return other();
    case Token::Kind::keyword:
      if (take_keyword("None")) return value(nullptr);
      if (take_keyword("True")) return value(true);
      if (take_keyword("False")) return value(false);
      break;
    case Token::Kind::sign:
      if (take("(")) return parenthesis();
      if (take("[")) return list();
      if (take("{")) return braces();
      if (take("...")) return other();
      break;
    case Token::Kind::end: break;
  }
  return fail("a value");
}

/// Reads adjacent text literals as one.
Parser::Parsed Parser::texts() {
  const bool is_bytes = next().is_bytes;
  json whole = "";
  bool has_value = true;
  for (; next().kind == Token::Kind::text; ++at_) {
    if (next().is_bytes != is_bytes) return fail(is_bytes ? "bytes" : "text");
    has_value = has_value && next().value;
    if (has_value) whole.get_ref<std::string&>() += next().value->get_ref<const std::string&>();
  }
  return has_value ? value(std::move(whole)) : other();
}

Result<Expression> parse_expression(std::string_view text) {
  const auto tokens = tokenize(text);
  if (!tokens) return tl::unexpected(tokens.error());
  Parser parser(*tokens);
  auto read = parser.expression();
  if (!read || !parser.at_end()) return tl::unexpected(parser.failure("the end"));
  return std::move(*read);
}

}  // namespace strawberry::python
