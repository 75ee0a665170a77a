// python::Parser: expressions in brackets. See python_expression.h.
#include <set>
#include <utility>

#include "common/contract/python_parser_parts.h"

namespace strawberry::python {

using nlohmann::json;
using Kind = Expression::Kind;

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

/// Reads comma-separated items up to the closing bracket; a trailing comma is allowed.
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

/// Reads a dict or a set.
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

/// Reads the names that a loop assigns, with brackets and commas.
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

}  // namespace strawberry::python
