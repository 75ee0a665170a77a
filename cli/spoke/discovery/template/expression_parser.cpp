#include "cli/spoke/discovery/template/expression_parser.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "cli/spoke/discovery/template/template.h"
#include "cli/text.h"

namespace strawberry::cli::discovery {
namespace {

using Kind = Node::Kind;

MadeNode constant(Value value) {
  auto node = make_node(Kind::constant);
  node->value = std::move(value);
  return node;
}

}  // namespace

MadeNode make_node(Node::Kind kind, std::string text) {
  auto node = std::make_unique<Node>();
  node->kind = kind;
  node->text = std::move(text);
  return node;
}

// --- tokens ---

std::string ExpressionParser::take() {
  std::string text = now().text;
  if (error_.empty() && at_ + 1 < tokens_.size()) ++at_;
  return text;
}

bool ExpressionParser::pass(Token::Kind kind, std::string_view text) {
  if (!is_at(kind) || now().text != text) return false;
  take();
  return true;
}

void ExpressionParser::want_sign(std::string_view text) {
  if (!pass_sign(text)) mistake("'" + std::string(text) + "' is missing before " + shown());
}

std::string ExpressionParser::want_name() {
  if (is_at(Token::Kind::name)) return take();
  mistake("a name is missing before " + shown());
  return {};
}

void ExpressionParser::mistake(std::string what) {
  if (error_.empty()) error_ = std::move(what);
}

std::string ExpressionParser::shown() const {
  switch (now().kind) {
    case Token::Kind::end: return "the end";
    case Token::Kind::text: return "a text";
    case Token::Kind::print_end: return "'}}'";
    case Token::Kind::block_end: return "'%}'";
    default: return in_quotes(now().text, 40);
  }
}

ExpressionParser::Level::Level(ExpressionParser& parser) : parser_(parser) {
  if (++parser_.depth_ > nesting_max)
    parser_.mistake("it nests deeper than " + std::to_string(nesting_max) + " levels");
}

void ExpressionParser::want_few_arguments(const Node& node) {
  if (node.operation != nullptr && node.kids.size() > node.operation->arguments_max + 1)
    mistake("too many arguments: " + in_quotes(node.text, 40));
}

// --- expressions, lowest precedence first ---

MadeNode ExpressionParser::tuple_or_expression() {
  auto first = expression();
  if (!is_sign(",")) return first;
  auto list = make_node(Kind::list);
  list->kids.push_back(std::move(first));
  while (pass_sign(",") && !is_at(Token::Kind::block_end)) list->kids.push_back(expression());
  return list;
}

MadeNode ExpressionParser::expression() {
  const Level level(*this);
  auto value = either();
  while (pass_word("if")) {
    auto node = make_node(Kind::conditional);
    node->kids.push_back(either());
    node->kids.push_back(std::move(value));
    node->kids.push_back(pass_word("else") ? NodePtr(expression()) : nullptr);
    value = std::move(node);
  }
  return value;
}

MadeNode ExpressionParser::join(Kind kind, MadeNode left, MadeNode right, std::string text) {
  auto node = make_node(kind, std::move(text));
  node->kids.push_back(std::move(left));
  node->kids.push_back(std::move(right));
  return deepen(std::move(node));
}

/// Chains (`a + b + c`) nest to the left, so their length is limited too.
MadeNode ExpressionParser::deepen(MadeNode node) {
  if (++links_ > links_max) mistake("it is too long: more than " + std::to_string(links_max) + " operations");
  return node;
}

MadeNode ExpressionParser::either() {
  auto left = both();
  while (pass_word("or")) left = join(Kind::either, std::move(left), both());
  return left;
}

MadeNode ExpressionParser::both() {
  auto left = opposite();
  while (pass_word("and")) left = join(Kind::both, std::move(left), opposite());
  return left;
}

MadeNode ExpressionParser::opposite() {
  const Level level(*this);
  if (!pass_word("not")) return compare();
  auto node = make_node(Kind::opposite);
  node->kids.push_back(opposite());
  return node;
}

std::string ExpressionParser::comparison() {
  constexpr std::array<std::string_view, 6> signs = {"==", "!=", "<", ">", "<=", ">="};
  if (is_at(Token::Kind::sign) && std::find(signs.begin(), signs.end(), now().text) != signs.end()) return take();
  if (is_word("in")) return take();
  if (is_word("not") && next().kind == Token::Kind::name && next().text == "in") {
    take();
    take();
    return "not in";
  }
  return {};
}

MadeNode ExpressionParser::compare() {
  auto left = joined();
  std::string sign = comparison();
  if (sign.empty()) return left;
  auto node = make_node(Kind::compare);
  node->kids.push_back(std::move(left));
  for (; !sign.empty(); sign = comparison()) {
    node->names.push_back(sign);
    node->kids.push_back(joined());
  }
  return node;
}

MadeNode ExpressionParser::joined() {
  auto left = sum();
  while (pass_sign("~")) left = join(Kind::binary, std::move(left), sum(), "~");
  return left;
}

MadeNode ExpressionParser::sum() {
  auto left = product();
  while (is_sign("+") || is_sign("-")) {
    std::string sign = take();
    left = join(Kind::binary, std::move(left), product(), std::move(sign));
  }
  return left;
}

MadeNode ExpressionParser::product() {
  auto left = unary();
  while (is_sign("*") || is_sign("/") || is_sign("//") || is_sign("%")) {
    std::string sign = take();
    left = join(Kind::binary, std::move(left), unary(), std::move(sign));
  }
  return left;
}

MadeNode ExpressionParser::unary(bool with_filters) {
  const Level level(*this);
  if (pass_sign("+")) return unary(with_filters);
  MadeNode left;
  if (pass_sign("-")) {
    left = make_node(Kind::minus);
    left->kids.push_back(unary(/*with_filters=*/false));
  } else {
    left = postfix(primary());
    if (pass_sign("**")) left = join(Kind::binary, std::move(left), unary(), "**");
  }
  return with_filters ? filtered(std::move(left)) : std::move(left);
}

MadeNode ExpressionParser::filtered(MadeNode value) {
  while (error_.empty()) {
    if (pass_sign("|")) {
      const std::string name = want_name();
      value = operation(find_filter(name), "a filter that is not supported: ", name, std::move(value));
    } else if (pass_word("is")) {
      const bool is_not = pass_word("not");
      const std::string name = is_at(Token::Kind::sign) && now().text == "==" ? take() : want_name();
      value = test(name, std::move(value));
      if (is_not) {
        auto node = make_node(Kind::opposite);
        node->kids.push_back(std::move(value));
        value = std::move(node);
      }
    } else {
      break;
    }
  }
  return value;
}

MadeNode ExpressionParser::operation(const Operation* which, const char* complaint, const std::string& name,
                                     MadeNode input) {
  auto node = make_node(Kind::operation, name);
  node->operation = which;
  if (which == nullptr) mistake(complaint + in_quotes(name, 40));
  node->kids.push_back(std::move(input));
  node->names.emplace_back();
  if (pass_sign("(")) arguments(*node);
  want_few_arguments(*node);
  return deepen(std::move(node));
}

/// `is divisibleby(2)`, `is divisibleby 2`.
MadeNode ExpressionParser::test(const std::string& name, MadeNode input) {
  auto node = operation(find_test(name), "a test that is not supported: ", name, std::move(input));
  const bool takes_one = node->operation != nullptr && node->operation->arguments_max == 1;
  const bool has_value = is_at(Token::Kind::string) || is_at(Token::Kind::number) || is_sign("[") ||
                         (is_at(Token::Kind::name) && !is_word("and") && !is_word("or") && !is_word("if") &&
                          !is_word("else") && !is_word("is") && !is_word("not") && !is_word("in"));
  if (takes_one && node->kids.size() == 1 && has_value) {
    node->kids.push_back(postfix(primary()));
    node->names.emplace_back();
  }
  return node;
}

/// Call it after the opening bracket was read.
void ExpressionParser::arguments(Node& node) {
  while (error_.empty() && !pass_sign(")")) {
    std::string name;
    if (is_at(Token::Kind::name) && next().kind == Token::Kind::sign && next().text == "=") {
      name = take();
      take();
    }
    if (is_sign("*") || is_sign("**")) return mistake("arguments with '*' are not supported");
    node.kids.push_back(expression());
    node.names.push_back(std::move(name));
    if (!pass_sign(",") && !is_sign(")")) return mistake("not expected in arguments: " + shown());
  }
}

MadeNode ExpressionParser::postfix(MadeNode value) {
  while (error_.empty()) {
    if (pass_sign(".")) {
      const bool is_index = is_at(Token::Kind::number);
      const std::string name = is_index ? take() : want_name();
      if (pass_sign("(")) {
        value = method(name, std::move(value));
        continue;
      }
      auto node = make_node(is_index ? Kind::item : Kind::member, name);
      node->kids.push_back(std::move(value));
      if (is_index) node->kids.push_back(number(name));
      value = deepen(std::move(node));
    } else if (pass_sign("[")) {
      value = deepen(subscript(std::move(value)));
    } else if (is_sign("(")) {
      mistake("a call of this is not supported");
    } else {
      break;
    }
  }
  return value;
}

MadeNode ExpressionParser::method(const std::string& name, MadeNode input) {
  auto node = make_node(Kind::operation, name);
  node->operation = find_method(name);
  if (node->operation == nullptr) mistake("a method that is not supported: " + in_quotes(name, 40));
  node->kids.push_back(std::move(input));
  node->names.emplace_back();
  arguments(*node);
  want_few_arguments(*node);
  return deepen(std::move(node));
}

MadeNode ExpressionParser::subscript(MadeNode value) {
  NodePtr from = is_sign(":") ? nullptr : NodePtr(expression());
  if (!pass_sign(":")) {
    want_sign("]");
    auto node = make_node(Kind::item);
    node->kids.push_back(std::move(value));
    node->kids.push_back(std::move(from));
    return node;
  }
  NodePtr to = is_sign("]") ? nullptr : NodePtr(expression());
  if (is_sign(":")) mistake("a slice with a step is not supported");
  want_sign("]");
  auto node = make_node(Kind::slice);
  node->kids.push_back(std::move(value));
  node->kids.push_back(std::move(from));
  node->kids.push_back(std::move(to));
  return node;
}

MadeNode ExpressionParser::number(const std::string& text) {
  if (text.find_first_of(".eE") == std::string::npos) {
    std::int64_t whole = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), whole);
    if (end.ec == std::errc()) return constant(whole);
  }
  const auto value = parse_number(text);
  if (!value) mistake("a number that is too large: " + in_quotes(text, 40));
  return constant(value.value_or(0));
}

MadeNode ExpressionParser::primary() {
  const Level level(*this);
  if (is_at(Token::Kind::number)) return number(take());
  if (is_at(Token::Kind::string)) {
    std::string text = take();
    while (is_at(Token::Kind::string)) text += take();
    return constant(std::move(text));
  }
  if (pass_sign("(")) return in_brackets();
  if (pass_sign("[")) return list("]");
  if (pass_sign("{")) return dict();
  if (!is_at(Token::Kind::name)) {
    mistake("a value is missing before " + shown());
    return constant(nullptr);
  }
  return named(take());
}

MadeNode ExpressionParser::named(const std::string& name) {
  if (name == "true" || name == "True") return constant(true);
  if (name == "false" || name == "False") return constant(false);
  if (name == "none" || name == "None") return constant(nullptr);
  if (!pass_sign("(")) return make_node(Kind::name, name);
  auto node = make_node(Kind::operation, name);
  node->operation = find_function(name);
  if (node->operation == nullptr) mistake("a function that is not supported: " + in_quotes(name + "()", 40));
  node->kids.push_back(nullptr);  // a function has no input
  node->names.emplace_back();
  arguments(*node);
  want_few_arguments(*node);
  return node;
}

MadeNode ExpressionParser::in_brackets() {
  if (pass_sign(")")) return make_node(Kind::list);
  auto first = expression();
  if (pass_sign(")")) return first;
  want_sign(",");
  auto rest = list(")");
  rest->kids.insert(rest->kids.begin(), std::move(first));
  return rest;
}

MadeNode ExpressionParser::list(std::string_view close) {
  auto node = make_node(Kind::list);
  while (error_.empty() && !pass_sign(close)) {
    node->kids.push_back(expression());
    if (!pass_sign(",") && !is_sign(close)) mistake("not expected in a list: " + shown());
  }
  return node;
}

MadeNode ExpressionParser::dict() {
  auto node = make_node(Kind::dict);
  while (error_.empty() && !pass_sign("}")) {
    node->kids.push_back(expression());
    want_sign(":");
    node->kids.push_back(expression());
    if (!pass_sign(",") && !is_sign("}")) mistake("not expected in a mapping: " + shown());
  }
  return node;
}

}  // namespace strawberry::cli::discovery
