// python::Parser: the parameters of a function. See python_expression.h.
#include <set>
#include <utility>

#include "common/contract/python_name.h"
#include "common/contract/python_parser_parts.h"

namespace strawberry::python {

/// Reads parameters and checks the order that `def` and `lambda` demand.
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

  /// Returns the text of the next expression as written, or nothing when it cannot be parsed.
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

}  // namespace strawberry::python
