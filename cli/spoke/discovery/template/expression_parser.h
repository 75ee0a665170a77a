/// Parses expressions from a template's tokens, with Jinja's precedence; parser.cpp parses statements with it.
///
/// After the first error every function still returns a node, and reads no further token.
/// Threading: one thread.   Errors: error().   Bounds: nesting_max, links_max.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/spoke/discovery/template/node.h"
#include "cli/spoke/discovery/template/operation.h"
#include "cli/spoke/discovery/template/token.h"

namespace strawberry::cli::discovery {

inline constexpr std::size_t links_max = 500;  // operations in a chain, each of which may be a level of the tree

using MadeNode = std::unique_ptr<Node>;

MadeNode make_node(Node::Kind kind, std::string text = {});

class ExpressionParser {
 public:
  explicit ExpressionParser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  /// Parses one expression, or several separated by commas, which are a list.
  MadeNode tuple_or_expression();
  MadeNode expression();
  /// Parses without `… if … else …`, for the iterable of a loop.
  MadeNode either();

  const std::string& error() const { return error_; }

 protected:
  const Token& now() const { return error_.empty() ? tokens_[at_] : end_; }
  const Token& next() const { return error_.empty() && at_ + 1 < tokens_.size() ? tokens_[at_ + 1] : end_; }
  bool is_at(Token::Kind kind) const { return now().kind == kind; }
  bool is_sign(std::string_view text) const { return is_at(Token::Kind::sign) && now().text == text; }
  bool is_word(std::string_view text) const { return is_at(Token::Kind::name) && now().text == text; }
  std::string take();
  bool pass_sign(std::string_view text) { return pass(Token::Kind::sign, text); }
  bool pass_word(std::string_view text) { return pass(Token::Kind::name, text); }
  void want_sign(std::string_view text);
  std::string want_name();
  void mistake(std::string what);
  std::string shown() const;

  /// Counts open levels, so that no template nests deeper than the stack allows.
  class Level {
   public:
    explicit Level(ExpressionParser& parser);
    ~Level() { --parser_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    ExpressionParser& parser_;
  };

 private:
  bool pass(Token::Kind kind, std::string_view text);
  MadeNode join(Node::Kind kind, MadeNode left, MadeNode right, std::string text = {});
  MadeNode deepen(MadeNode node);
  std::string comparison();
  MadeNode both();
  MadeNode opposite();
  MadeNode compare();
  MadeNode joined();
  MadeNode sum();
  MadeNode product();
  MadeNode unary(bool with_filters = true);
  MadeNode filtered(MadeNode value);
  MadeNode operation(const Operation* which, const char* complaint, const std::string& name, MadeNode input);
  MadeNode test(const std::string& name, MadeNode input);
  void arguments(Node& node);
  void want_few_arguments(const Node& node);
  MadeNode postfix(MadeNode value);
  MadeNode method(const std::string& name, MadeNode input);
  MadeNode subscript(MadeNode value);
  MadeNode number(const std::string& text);
  MadeNode primary();
  MadeNode named(const std::string& name);
  MadeNode in_brackets();
  MadeNode list(std::string_view close);
  MadeNode dict();

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::size_t links_ = 0;
  std::string error_;
  const Token end_{};
};

}  // namespace strawberry::cli::discovery
