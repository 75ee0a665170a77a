#include "cli/spoke/discovery/template/parser.h"

#include <functional>
#include <set>
#include <utility>
#include <vector>

#include "cli/spoke/discovery/template/expression_parser.h"
#include "cli/text.h"

namespace strawberry::cli::discovery {
namespace {

using Kind = Node::Kind;

/// Parses statements.
class TemplateParser : private ExpressionParser {
 public:
  using ExpressionParser::ExpressionParser;

  Result<NodePtr> parse() {
    auto root = block({});
    if (!is_at(Token::Kind::end)) mistake("a block ends that did not begin: " + shown());
    if (!error().empty()) return fail(error());
    return NodePtr(std::move(root));
  }

 private:
  void want_end_of_block() {
    if (!is_at(Token::Kind::block_end)) return mistake("not expected in a tag: " + shown());
    take();
  }

  /// Parses until a tag with one of these words, which is not consumed.
  MadeNode block(const std::set<std::string, std::less<>>& ends) {
    const Level level(*this);
    auto all = make_node(Kind::block);
    while (error().empty() && !is_at(Token::Kind::end)) {
      if (is_at(Token::Kind::text)) {
        all->kids.push_back(make_node(Kind::text, take()));
      } else if (is_at(Token::Kind::print_begin)) {
        take();
        auto print = make_node(Kind::print);
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

  MadeNode statement() {
    const std::string word = want_name();
    if (word == "if") return branch("endif");
    if (word == "for") return loop();
    if (word == "set") return assign();
    mistake("a statement that is not supported: " + in_quotes(word, 40));
    return nullptr;
  }

  /// Consumes `{% word`, and the end of the tag.
  void want_tag(std::string_view word) {
    if (is_at(Token::Kind::block_begin) && next().text == word) {
      take();
      take();
      return want_end_of_block();
    }
    mistake("a block does not end: '" + std::string(word) + "' is missing");
  }

  MadeNode branch(std::string_view end) {
    const Level level(*this);
    auto node = make_node(Kind::branch);
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

  MadeNode loop() {
    auto node = make_node(Kind::loop);
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

  MadeNode assign() {
    auto node = make_node(Kind::assign);
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
};

}  // namespace

Result<NodePtr> parse_template(std::string_view text) {
  auto tokens = read_tokens(text);
  if (!tokens) return tl::unexpected(tokens.error());
  return TemplateParser(std::move(*tokens)).parse();
}

}  // namespace strawberry::cli::discovery
