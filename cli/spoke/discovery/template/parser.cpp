#include "cli/spoke/discovery/template/parser.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "cli/spoke/discovery/template/operation.h"
#include "cli/spoke/discovery/template/template.h"
#include "cli/spoke/discovery/template/token.h"
#include "cli/text.h"

namespace strawberry::cli::discovery {
namespace {

using Made = std::unique_ptr<Node>;
using Kind = Node::Kind;

Made make(Kind kind, std::string text = {}) {
  auto node = std::make_unique<Node>();
  node->kind = kind;
  node->text = std::move(text);
  return node;
}

Made constant(Value value) {
  auto node = make(Kind::constant);
  node->value = std::move(value);
  return node;
}

/// After the first mistake every function returns a constant, and nothing reads on.
class TemplateParser {
 public:
  explicit TemplateParser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Result<NodePtr> parse() {
    auto root = block({});
    if (error_.empty() && !is_at(Token::Kind::end)) mistake("a block ends that did not begin: " + shown());
    if (!error_.empty()) return fail(error_);
    return NodePtr(std::move(root));
  }

 private:
  // --- tokens ---
  const Token& now() const { return error_.empty() ? tokens_[at_] : end_; }
  const Token& next() const { return error_.empty() && at_ + 1 < tokens_.size() ? tokens_[at_ + 1] : end_; }
  bool is_at(Token::Kind kind) const { return now().kind == kind; }
  bool is_sign(std::string_view text) const { return is_at(Token::Kind::sign) && now().text == text; }
  bool is_word(std::string_view text) const { return is_at(Token::Kind::name) && now().text == text; }
  std::string take() {
    std::string text = now().text;
    if (error_.empty() && at_ + 1 < tokens_.size()) ++at_;
    return text;
  }
  bool pass(Token::Kind kind, std::string_view text) {
    if (!is_at(kind) || now().text != text) return false;
    take();
    return true;
  }
  bool pass_sign(std::string_view text) { return pass(Token::Kind::sign, text); }
  bool pass_word(std::string_view text) { return pass(Token::Kind::name, text); }
  void want_sign(std::string_view text) {
    if (!pass_sign(text)) mistake("'" + std::string(text) + "' is missing before " + shown());
  }
  void want_end_of_block() {
    if (!is_at(Token::Kind::block_end)) return mistake("not expected in a tag: " + shown());
    take();
  }
  std::string want_name() {
    if (is_at(Token::Kind::name)) return take();
    mistake("a name is missing before " + shown());
    return {};
  }
  void mistake(std::string what) {
    if (error_.empty()) error_ = std::move(what);
  }
  std::string shown() const {
    switch (now().kind) {
      case Token::Kind::end: return "the end";
      case Token::Kind::text: return "a text";
      case Token::Kind::print_end: return "'}}'";
      case Token::Kind::block_end: return "'%}'";
      default: return in_quotes(now().text, 40);
    }
  }

  /// Counts what is open, so that no template is nested deeper than the stack.
  class Level {
   public:
    explicit Level(TemplateParser& parser) : parser_(parser) {
      if (++parser_.depth_ > nesting_max)
        parser_.mistake("it nests deeper than " + std::to_string(nesting_max) + " levels");
    }
    ~Level() { --parser_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    TemplateParser& parser_;
  };

  // --- statements ---
  /// Up to a tag with one of these words, which stays.
  Made block(const std::set<std::string, std::less<>>& ends) {
    const Level level(*this);
    auto all = make(Kind::block);
    while (error_.empty() && !is_at(Token::Kind::end)) {
      if (is_at(Token::Kind::text)) {
        all->kids.push_back(make(Kind::text, take()));
      } else if (is_at(Token::Kind::print_begin)) {
        take();
        auto print = make(Kind::print);
        print->kids.push_back(expression());
        if (!is_at(Token::Kind::print_end)) mistake("not expected in a tag: " + shown());
        take();
        all->kids.push_back(std::move(print));
      } else {
        if (next().kind == Token::Kind::name && ends.count(next().text) == 1) return all;
        if (next().kind == Token::Kind::name && next().text.substr(0, 3) == "end") return all;
        take();
        if (auto statement = this->statement()) all->kids.push_back(std::move(statement));
      }
    }
    return all;
  }

  Made statement() {
    const std::string word = want_name();
    if (word == "if") return branch("endif");
    if (word == "for") return loop();
    if (word == "set") return assign();
    mistake("a statement that is not supported: " + in_quotes(word, 40));
    return nullptr;
  }

  /// `{% word`, and the end of the tag.
  void want_tag(std::string_view word) {
    if (is_at(Token::Kind::block_begin) && next().text == word) {
      take();
      take();
      return want_end_of_block();
    }
    mistake("a block does not end: '" + std::string(word) + "' is missing");
  }

  Made branch(std::string_view end) {
    const Level level(*this);
    auto node = make(Kind::branch);
    node->kids.push_back(expression());
    want_end_of_block();
    node->kids.push_back(block({"elif", "else"}));
    if (is_at(Token::Kind::block_begin) && next().text == "elif") {
      take();
      take();
      node->kids.push_back(branch(end));
      return node;
    }
    if (is_at(Token::Kind::block_begin) && next().text == "else") {
      want_tag("else");
      node->kids.push_back(block({}));
    } else {
      node->kids.push_back(nullptr);
    }
    want_tag(end);
    return node;
  }

  Made loop() {
    auto node = make(Kind::loop);
    node->names = targets();
    if (!pass_word("in")) mistake("'in' is missing before " + shown());
    node->kids.push_back(either());
    NodePtr only_if;
    if (pass_word("if")) only_if = expression();
    if (is_word("recursive")) mistake("a loop that is recursive is not supported");
    want_end_of_block();
    node->kids.push_back(block({"else"}));
    node->kids.push_back(std::move(only_if));
    if (is_at(Token::Kind::block_begin) && next().text == "else") {
      want_tag("else");
      node->kids.push_back(block({}));
    } else {
      node->kids.push_back(nullptr);
    }
    want_tag("endfor");
    return node;
  }

  std::vector<std::string> targets() {
    std::vector<std::string> names;
    const bool has_bracket = pass_sign("(");
    do names.push_back(want_name());
    while (pass_sign(","));
    if (has_bracket) want_sign(")");
    return names;
  }

  Made assign() {
    auto node = make(Kind::assign);
    node->names = targets();
    if (node->names.size() == 1 && pass_sign(".")) node->text = want_name();
    if (pass_sign("=")) {
      node->kids.push_back(tuple_or_expression());
      want_end_of_block();
      return node;
    }
    if (is_sign("|")) mistake("a filter of a block is not supported");
    want_end_of_block();
    node->kind = Kind::assign_text;
    node->kids.push_back(block({}));
    want_tag("endset");
    return node;
  }

  // --- expressions, the weakest first ---
  Made tuple_or_expression() {
    auto first = expression();
    if (!is_sign(",")) return first;
    auto list = make(Kind::list);
    list->kids.push_back(std::move(first));
    while (pass_sign(",") && !is_at(Token::Kind::block_end)) list->kids.push_back(expression());
    return list;
  }

  Made expression() {
    const Level level(*this);
    auto value = either();
    while (pass_word("if")) {
      auto node = make(Kind::conditional);
      node->kids.push_back(either());
      node->kids.push_back(std::move(value));
      node->kids.push_back(pass_word("else") ? NodePtr(expression()) : nullptr);
      value = std::move(node);
    }
    return value;
  }

  Made join(Kind kind, Made left, Made right, std::string text = {}) {
    auto node = make(kind, std::move(text));
    node->kids.push_back(std::move(left));
    node->kids.push_back(std::move(right));
    return deepen(std::move(node));
  }

  /// Chains (`a + b + c`) nest to the left: their length counts, too.
  Made deepen(Made node) {
    if (++links_ > links_max) mistake("it is too long: more than " + std::to_string(links_max) + " operations");
    return node;
  }

  Made either() {
    auto left = both();
    while (pass_word("or")) left = join(Kind::either, std::move(left), both());
    return left;
  }

  Made both() {
    auto left = opposite();
    while (pass_word("and")) left = join(Kind::both, std::move(left), opposite());
    return left;
  }

  Made opposite() {
    const Level level(*this);
    if (!pass_word("not")) return compare();
    auto node = make(Kind::opposite);
    node->kids.push_back(opposite());
    return node;
  }

  std::string comparison() {
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

  Made compare() {
    auto left = joined();
    std::string sign = comparison();
    if (sign.empty()) return left;
    auto node = make(Kind::compare);
    node->kids.push_back(std::move(left));
    for (; !sign.empty(); sign = comparison()) {
      node->names.push_back(sign);
      node->kids.push_back(joined());
    }
    return node;
  }

  Made joined() {
    auto left = sum();
    while (pass_sign("~")) left = join(Kind::binary, std::move(left), sum(), "~");
    return left;
  }

  Made sum() {
    auto left = product();
    while (is_sign("+") || is_sign("-")) {
      std::string sign = take();
      left = join(Kind::binary, std::move(left), product(), std::move(sign));
    }
    return left;
  }

  Made product() {
    auto left = unary();
    while (is_sign("*") || is_sign("/") || is_sign("//") || is_sign("%")) {
      std::string sign = take();
      left = join(Kind::binary, std::move(left), unary(), std::move(sign));
    }
    return left;
  }

  Made unary(bool with_filters = true) {
    const Level level(*this);
    if (pass_sign("+")) return unary(with_filters);
    Made left;
    if (pass_sign("-")) {
      left = make(Kind::minus);
      left->kids.push_back(unary(/*with_filters=*/false));
    } else {
      left = postfix(primary());
      if (pass_sign("**")) left = join(Kind::binary, std::move(left), unary(), "**");
    }
    return with_filters ? filtered(std::move(left)) : std::move(left);
  }

  Made filtered(Made value) {
    while (error_.empty()) {
      if (pass_sign("|")) {
        const std::string name = want_name();
        value = operation(find_filter(name), "a filter that is not supported: ", name, std::move(value));
      } else if (pass_word("is")) {
        const bool is_not = pass_word("not");
        const std::string name = is_at(Token::Kind::sign) && now().text == "==" ? take() : want_name();
        value = test(name, std::move(value));
        if (is_not) {
          auto node = make(Kind::opposite);
          node->kids.push_back(std::move(value));
          value = std::move(node);
        }
      } else {
        break;
      }
    }
    return value;
  }

  Made operation(const Operation* which, const char* complaint, const std::string& name, Made input) {
    auto node = make(Kind::operation, name);
    node->operation = which;
    if (which == nullptr) mistake(complaint + in_quotes(name, 40));
    node->kids.push_back(std::move(input));
    node->names.emplace_back();
    if (pass_sign("(")) arguments(*node);
    if (which != nullptr && node->kids.size() > which->arguments_max + 1)
      mistake("too many arguments: " + in_quotes(name, 40));
    return deepen(std::move(node));
  }

  /// `is divisibleby(2)`, `is divisibleby 2`.
  Made test(const std::string& name, Made input) {
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

  /// After the bracket has been opened.
  void arguments(Node& node) {
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

  Made postfix(Made value) {
    while (error_.empty()) {
      if (pass_sign(".")) {
        const bool is_index = is_at(Token::Kind::number);
        const std::string name = is_index ? take() : want_name();
        if (pass_sign("(")) {
          value = method(name, std::move(value));
          continue;
        }
        auto node = make(is_index ? Kind::item : Kind::member, name);
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

  Made method(const std::string& name, Made input) {
    auto node = make(Kind::operation, name);
    node->operation = find_method(name);
    if (node->operation == nullptr) mistake("a method that is not supported: " + in_quotes(name, 40));
    node->kids.push_back(std::move(input));
    node->names.emplace_back();
    arguments(*node);
    if (node->operation != nullptr && node->kids.size() > node->operation->arguments_max + 1)
      mistake("too many arguments: " + in_quotes(name, 40));
    return deepen(std::move(node));
  }

  Made subscript(Made value) {
    NodePtr from = is_sign(":") ? nullptr : NodePtr(expression());
    if (!pass_sign(":")) {
      want_sign("]");
      auto node = make(Kind::item);
      node->kids.push_back(std::move(value));
      node->kids.push_back(std::move(from));
      return node;
    }
    NodePtr to = is_sign("]") ? nullptr : NodePtr(expression());
    if (is_sign(":")) mistake("a slice with a step is not supported");
    want_sign("]");
    auto node = make(Kind::slice);
    node->kids.push_back(std::move(value));
    node->kids.push_back(std::move(from));
    node->kids.push_back(std::move(to));
    return node;
  }

  Made number(const std::string& text) {
    if (text.find_first_of(".eE") == std::string::npos) {
      std::int64_t whole = 0;
      const auto end = std::from_chars(text.data(), text.data() + text.size(), whole);
      if (end.ec == std::errc()) return constant(whole);
    }
    const auto value = parse_number(text);
    if (!value) mistake("a number that is too large: " + in_quotes(text, 40));
    return constant(value.value_or(0));
  }

  Made primary() {
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

  Made named(const std::string& name) {
    if (name == "true" || name == "True") return constant(true);
    if (name == "false" || name == "False") return constant(false);
    if (name == "none" || name == "None") return constant(nullptr);
    if (!pass_sign("(")) return make(Kind::name, name);
    auto node = make(Kind::operation, name);
    node->operation = find_function(name);
    if (node->operation == nullptr) mistake("a function that is not supported: " + in_quotes(name + "()", 40));
    node->kids.push_back(nullptr);  // it has no input
    node->names.emplace_back();
    arguments(*node);
    if (node->operation != nullptr && node->kids.size() > node->operation->arguments_max + 1)
      mistake("too many arguments: " + in_quotes(name, 40));
    return node;
  }

  Made in_brackets() {
    if (pass_sign(")")) return make(Kind::list);
    auto first = expression();
    if (pass_sign(")")) return first;
    want_sign(",");
    auto rest = list(")");
    rest->kids.insert(rest->kids.begin(), std::move(first));
    return rest;
  }

  Made list(std::string_view close) {
    auto node = make(Kind::list);
    while (error_.empty() && !pass_sign(close)) {
      node->kids.push_back(expression());
      if (!pass_sign(",") && !is_sign(close)) mistake("not expected in a list: " + shown());
    }
    return node;
  }

  Made dict() {
    auto node = make(Kind::dict);
    while (error_.empty() && !pass_sign("}")) {
      node->kids.push_back(expression());
      want_sign(":");
      node->kids.push_back(expression());
      if (!pass_sign(",") && !is_sign("}")) mistake("not expected in a mapping: " + shown());
    }
    return node;
  }

  static constexpr std::size_t links_max = 500;  // each may be a level of the tree
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::size_t links_ = 0;
  std::string error_;
  const Token end_{};
};

}  // namespace

Result<NodePtr> parse_template(std::string_view text) {
  auto tokens = read_tokens(text);
  if (!tokens) return tl::unexpected(tokens.error());
  return TemplateParser(std::move(*tokens)).parse();
}

}  // namespace strawberry::cli::discovery
