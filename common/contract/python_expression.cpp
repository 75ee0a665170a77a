#include "common/contract/python_expression.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "common/contract/python_name.h"

namespace strawberry::python {
namespace {

using nlohmann::json;
using Kind = Expression::Kind;

// How tightly operators bind, as Python's grammar nests them.
constexpr int binds_or = 1;
constexpr int binds_and = 2;
constexpr int binds_not = 3;
constexpr int binds_comparison = 4;
constexpr int binds_alternative = 5;

struct Operator {
  std::string_view sign;
  int binds;
};
constexpr std::array<Operator, 20> operators = {
    {{"<", 4},  {">", 4}, {"==", 4}, {">=", 4}, {"<=", 4}, {"!=", 4},  {"|", 5},  {"^", 6},  {"&", 7},  {"<<", 8},
     {">>", 8}, {"+", 9}, {"-", 9},  {"*", 10}, {"/", 10}, {"//", 10}, {"%", 10}, {"@", 10}, {"or", 1}, {"and", 2}}};

Expression other() { return {}; }

Expression value(json literal) {
  Expression made;
  made.kind = Kind::value;
  made.literal = std::move(literal);
  return made;
}

/// `-5` and `+5`; of anything else, also of a number that has a sign, it makes an expression.
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

/// One step down; what is too deep fails.
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

/// Closes a bracket.
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

/// Of the operator that comes next; 0: none does. `length`: how many tokens it has.
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

/// Texts that stand beside each other are one.
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

Parser::Parsed Parser::item(bool may_be_starred, bool* is_starred) {
  if (may_be_starred && take("*")) {
    if (is_starred) *is_starred = true;
    if (!binary(binds_alternative)) return std::nullopt;
    return other();
  }
  const bool has_name = next().kind == Token::Kind::name && at_ + 1 < tokens_.size() &&
                        tokens_[at_ + 1].kind == Token::Kind::sign && tokens_[at_ + 1].source == ":=";
  if (!has_name) return expression();
  at_ += 2;
  if (!expression()) return std::nullopt;
  return other();
}

/// Items up to the closing bracket, with commas between them and perhaps one behind.
bool Parser::items(std::string_view closing, std::vector<Expression>& into) {
  while (!sees(closing)) {
    auto read = item(true);
    if (!read) return false;
    into.push_back(std::move(*read));
    if (!take(",")) break;
  }
  return close(closing);
}

Parser::Parsed Parser::parenthesis() {
  ++brackets_;
  Expression tuple;
  tuple.kind = Kind::list;
  if (take(")")) return --brackets_, tuple;
  bool is_starred = false;
  auto first = item(true, &is_starred);
  if (!first) return std::nullopt;
  if (!is_starred && sees_keyword("for")) {
    if (!comprehension() || !close(")")) return std::nullopt;
    return other();
  }
  if (!take(",")) {
    if (is_starred) return fail("','");
    if (!close(")")) return std::nullopt;
    return first;
  }
  tuple.parts.push_back(std::move(*first));
  if (!items(")", tuple.parts)) return std::nullopt;
  return tuple;
}

Parser::Parsed Parser::list() {
  ++brackets_;
  Expression made;
  made.kind = Kind::list;
  if (take("]")) return --brackets_, made;
  bool is_starred = false;
  auto first = item(true, &is_starred);
  if (!first) return std::nullopt;
  if (!is_starred && sees_keyword("for")) {
    if (!comprehension() || !close("]")) return std::nullopt;
    return other();
  }
  made.parts.push_back(std::move(*first));
  if (sees("]") || take(",")) {
    if (!items("]", made.parts)) return std::nullopt;
    return made;
  }
  return fail("',' or ']'");
}

/// A dict or a set.
Parser::Parsed Parser::braces() {
  ++brackets_;
  Expression made;
  made.kind = Kind::dict;
  bool is_set = false, is_first = true, is_plain = true;
  for (; !sees("}"); is_first = false) {
    if (take("**")) {
      if (is_set || !binary(binds_alternative)) return fail("an item of the set");
      is_plain = false;
    } else {
      bool is_starred = false;
      auto key = item(is_first || is_set, &is_starred);
      if (!key) return std::nullopt;
      const bool is_pair = !is_starred && take(":");
      if (is_first) is_set = !is_pair;
      if (is_set == is_pair) return fail(is_set ? "','" : "':'");
      if (is_pair) {
        auto content = expression();
        if (!content) return std::nullopt;
        made.parts.push_back(std::move(*key));
        made.parts.push_back(std::move(*content));
      }
      if (is_first && !is_starred && sees_keyword("for")) {
        if (!comprehension() || !close("}")) return std::nullopt;
        return other();
      }
    }
    if (!take(",")) break;
  }
  if (!close("}")) return std::nullopt;
  if (is_set || !is_plain) return other();
  return made;
}

bool Parser::comprehension() {
  while (take_keyword("for")) {
    if (!loop_targets(false)) return false;
    if (!take_keyword("in")) return fail("'in'"), false;
    if (!binary(binds_or)) return false;
    while (take_keyword("if"))
      if (!binary(binds_or)) return false;
  }
  return true;
}

/// Names, with brackets and commas.
bool Parser::loop_targets(bool is_nested) {
  const Deeper deeper(*this);
  if (deeper.is_too_deep()) return fail("less nesting"), false;
  do {
    if (is_nested && (sees(")") || sees("]"))) return true;
    if (!is_nested && sees_keyword("in")) return true;
    take("*");
    if (take("(")) {
      if (!loop_targets(true)) return false;
      if (!take(")")) return fail("')'"), false;
    } else if (take("[")) {
      if (!loop_targets(true)) return false;
      if (!take("]")) return fail("']'"), false;
    } else if (take_name().empty()) {
      return fail("a name"), false;
    }
  } while (take(","));
  return true;
}

bool Parser::call_arguments() {
  std::set<std::string> names;
  bool after_name = false, after_names = false;
  std::size_t count = 0;
  for (; !sees(")"); ++count) {
    const bool is_named = next().kind == Token::Kind::name && at_ + 1 < tokens_.size() &&
                          tokens_[at_ + 1].kind == Token::Kind::sign && tokens_[at_ + 1].source == "=";
    if (take("**")) {
      after_names = true;
      if (!expression()) return false;
    } else if (is_named) {
      after_name = true;
      const auto name = take_name();
      if (name.empty() || !names.insert(name).second) return fail("another name"), false;
      take("=");
      if (!expression()) return false;
    } else if (take("*")) {
      if (after_names) return fail("an argument by name"), false;
      if (!expression()) return false;
    } else {
      if (after_name || after_names) return fail("an argument by name"), false;
      if (!item(false)) return false;
      if (sees_keyword("for")) {
        if (count > 0 || !comprehension()) return fail("','"), false;
        return close(")");
      }
    }
    if (!take(",")) break;
  }
  return close(")");
}

bool Parser::subscripts(Expression& into) {
  do {
    if (sees("]") && into.parts.size() > 1) break;
    auto part = slice();
    if (!part) return false;
    into.parts.push_back(std::move(*part));
  } while (take(","));
  return close("]");
}

Parser::Parsed Parser::slice() {
  Parsed read = other();
  if (!sees(":")) {
    read = item(true);
    if (!read || !sees(":")) return read;
  }
  for (int colons = 0; colons < 2 && take(":"); ++colons) {
    if (sees(":") || sees(",") || sees("]")) continue;
    if (!expression()) return std::nullopt;
  }
  return other();
}

// --- parameters ---

/// With the order rules of `def` and `lambda`.
class Parser::ParameterList {
 public:
  ParameterList(Parser& parser, std::string_view closing, std::size_t parameters_max)
      : parser_(parser), closing_(closing), is_annotated_(closing == ")"), parameters_max_(parameters_max) {}

  std::optional<std::vector<Parameter>> parse() {
    while (!parser_.take(closing_)) {
      if (!parameters_.empty() || slash_ || star_) {
        if (!parser_.take(",")) return fail("',' or '" + std::string(closing_) + "'");
        if (parser_.take(closing_)) return finish();
      }
      if (parameters_.size() == parameters_max_)
        return fail("at most " + std::to_string(parameters_max_) + " parameters");
      if (!parse_one()) return std::nullopt;
    }
    return finish();
  }

 private:
  std::optional<std::vector<Parameter>> fail(std::string_view expected) {
    parser_.fail(expected);
    return std::nullopt;
  }
  bool refuse(std::string_view expected) { return parser_.fail(expected), false; }

  std::optional<std::vector<Parameter>> finish() {
    if (star_needs_name_) return fail("a parameter after '*'");
    return std::move(parameters_);
  }

  bool parse_one() {
    if (var_keyword_) return refuse("'" + std::string(closing_) + "' after the '**' parameter");
    if (parser_.take("/")) {
      if (slash_ || star_ || parameters_.empty()) return refuse("a parameter name");
      slash_ = true;
      for (auto& parameter : parameters_) parameter.kind = Parameter::Kind::positional_only;
      return true;
    }
    if (parser_.take("**")) {
      if (star_needs_name_) return refuse("a parameter name between '*' and '**'");
      var_keyword_ = true;
      return parse_named(Parameter::Kind::var_keyword);
    }
    if (parser_.take("*")) {
      if (star_) return refuse("only one '*'");
      star_ = true;
      star_needs_name_ = parser_.sees(",") || parser_.sees(closing_);
      return star_needs_name_ || parse_named(Parameter::Kind::var_positional);
    }
    star_needs_name_ = false;
    return parse_named(star_ ? Parameter::Kind::keyword_only : Parameter::Kind::positional);
  }

  /// As it is written, or nothing when it cannot be read.
  std::optional<std::string> source_of_expression(bool may_be_starred) {
    const char* start = parser_.next().source.data();
    if (may_be_starred && parser_.take("*")) {
      if (!parser_.binary(binds_alternative)) return std::nullopt;
    } else if (!parser_.expression()) {
      return std::nullopt;
    }
    const auto& last = parser_.tokens_[parser_.at_ - 1].source;
    return std::string(start, static_cast<std::size_t>(last.data() + last.size() - start));
  }

  bool parse_named(Parameter::Kind kind) {
    using Kinds = Parameter::Kind;
    auto name = parser_.take_name();
    if (name.empty()) return refuse("a parameter name");
    if (!names_.insert(name).second) return refuse("a parameter name other than '" + name + "', which is taken");
    Parameter parameter{std::move(name), kind, {}, {}};
    if (is_annotated_ && parser_.take(":")) {
      auto annotation = source_of_expression(kind == Kinds::var_positional);
      if (!annotation) return refuse("a type after ':'");
      parameter.annotation = std::move(*annotation);
    }
    if (parser_.sees("=") && (kind == Kinds::var_positional || kind == Kinds::var_keyword))
      return refuse("no default for '*' and '**'");
    if (parser_.take("=")) {
      auto value = source_of_expression(false);
      if (!value) return refuse("a default value after '='");
      parameter.default_value = std::move(*value);
      if (kind == Kinds::positional) default_seen_ = true;
    } else if (default_seen_ && kind == Kinds::positional) {
      return refuse("a default for '" + parameter.name + "', since one before it has a default");
    }
    parameters_.push_back(std::move(parameter));
    return true;
  }

  Parser& parser_;
  const std::string_view closing_;
  const bool is_annotated_;
  const std::size_t parameters_max_;
  std::vector<Parameter> parameters_;
  std::set<std::string> names_;
  bool slash_ = false;
  bool star_ = false;
  bool star_needs_name_ = false;
  bool var_keyword_ = false;
  bool default_seen_ = false;
};

std::optional<std::vector<Parameter>> Parser::parameters(std::string_view closing, std::size_t parameters_max) {
  return ParameterList(*this, closing, parameters_max).parse();
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
